"""Distances against closed forms, other packages and laws."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from sklearn.metrics.pairwise import polynomial_kernel

from gan_keras.evaluation.metrics import distances
from gan_keras.ui.console import UserError

RANDOM = np.random.default_rng


def features(count, dimensions=8, mean=0.0, scale=1.0, seed=0):
    return (mean + scale * RANDOM(seed).normal(size=(count, dimensions))).astype(np.float32)


def with_moments(mean, covariance, count=200, seed=0):
    """Return samples whose mean and (unbiased) covariance are exactly the given ones."""
    raw = RANDOM(seed).normal(size=(count, len(mean)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def random_covariance(dimensions, seed):
    root = RANDOM(seed).normal(size=(dimensions, dimensions))
    return root @ root.T + 0.1 * np.eye(dimensions)


def test_frechet_distance_equals_the_closed_form_for_gaussians():
    means, covariances = RANDOM(0).normal(size=(2, 5)), [random_covariance(5, seed) for seed in (1, 2)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(covariances[0] + covariances[1] - 2 * root)
    samples = [with_moments(mean, covariance) for mean, covariance in zip(means, covariances, strict=True)]
    assert distances.frechet_distance(*samples)["fid"] == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_shifted_and_scaled_copies():
    base = with_moments(np.zeros(4), np.eye(4))
    assert distances.frechet_distance(base, base)["fid"] == pytest.approx(0, abs=1e-6)
    assert distances.frechet_distance(base, base + 3)["fid"] == pytest.approx(4 * 9, rel=1e-6)
    assert distances.frechet_distance(base, 3 * base)["fid"] == pytest.approx(4 * (3 - 1) ** 2, rel=1e-6)


def test_frechet_distance_of_degenerate_sets():
    same = np.ones((50, 8), np.float32)
    assert distances.frechet_distance(same, same)["fid"] == pytest.approx(0, abs=1e-9)
    # A point against a Gaussian: |μ|² + tr Σ.
    cloud = with_moments(np.zeros(8), np.eye(8))
    assert distances.frechet_distance(cloud, same)["fid"] == pytest.approx(8 + 8, rel=1e-6)
    few = features(5, 8)  # fewer samples than features: a singular covariance is no obstacle
    assert distances.frechet_distance(few, few)["fid"] == pytest.approx(0, abs=1e-5)
    with pytest.raises(UserError, match="two samples"):
        distances.frechet_distance(features(1), features(10))


def test_kernel_distance_equals_its_definition_with_scikit_learns_kernel():
    real, fake = features(60, seed=1), features(50, mean=0.5, seed=2)

    def kernel(x, y):
        return polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1)

    def off_diagonal_mean(matrix):
        return (matrix.sum() - np.trace(matrix)) / (len(matrix) * (len(matrix) - 1))

    # The mean over three blocks, as even as they come.
    blocks = zip(np.split(real, 3), np.split(fake, [16, 33]), strict=True)
    values = [
        off_diagonal_mean(kernel(x, x)) + off_diagonal_mean(kernel(y, y)) - 2 * kernel(x, y).mean() for x, y in blocks
    ]
    assert distances.kernel_distance(real, fake)["kernel_distance"] == pytest.approx(np.mean(values), rel=1e-5)


def test_kernel_distance_is_unbiased():
    values = [
        distances.kernel_distance(features(50, seed=2 * n), features(50, seed=2 * n + 1))["kernel_distance"]
        for n in range(40)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(40)
    assert min(values) < 0


@pytest.mark.slow
def test_a_kernel_distances_error_is_that_of_repeated_draws():
    real = features(1000, seed=999)
    draws = [distances.kernel_distance(real, features(1000, mean=0.3, seed=n))["kernel_distance"] for n in range(60)]
    assert np.mean([draw.error for draw in draws]) == pytest.approx(np.std(draws, ddof=1), rel=0.35)


def test_few_samples_have_a_kernel_distances_error_too():
    random = np.random.default_rng(0)
    value = distances.kernel_distance(random.normal(size=(60, 8)), random.normal(size=(60, 8)))["kernel_distance"]
    assert 0 < value.error < 10
    assert abs(value) < 10


@pytest.mark.parametrize(
    ("count", "mean", "scale"), [(2000, 0.0, 1.0), (2000, 0.1, 1.0), (2000, 0.0, 1.2), (500, 0.5, 0.7), (500, 0, 1)]
)
def test_a_frechet_distances_error_is_that_of_repeated_draws(count, mean, scale):
    """Nothing else than the samples is drawn again. Of equal distributions the derivative is 0 and the error too large.

    The deviation of 100 draws is known to 7 %.
    """
    real = features(2000, 16, seed=999) * np.linspace(0.1, 1, 16)
    draws = [
        distances.frechet(real, features(count, 16, mean, scale, seed) * np.linspace(0.1, 1, 16)) for seed in range(100)
    ]
    ratios = np.array([draw.error for draw in draws]) / np.std(draws, ddof=1)
    assert 1 / 1.3 < ratios.mean() < 1.5
    assert 1 / 1.5 < ratios.min() < ratios.max() < 2


@pytest.mark.slow
def test_a_frechet_distances_error_is_its_derivative_by_the_weights_of_the_samples():
    """Doubling a sample changes the distance as the influence of that sample says."""
    real, fake = features(300, 3, seed=1), features(200, 3, 0.5, 1.3, seed=2)
    value = distances.frechet(real, fake)
    weighted = [
        distances.frechet(real, np.concatenate([np.repeat(fake, 50, axis=0), fake[[row]]])) for row in range(len(fake))
    ]
    influence = (np.array(weighted) - distances.frechet(real, np.repeat(fake, 50, axis=0))) * (50 * len(fake) + 1)
    assert value.error == pytest.approx(np.std(influence) / np.sqrt(len(fake)), rel=0.02)


def images(count, seed=0, low=0, high=256):
    return RANDOM(seed).integers(low, high, (count, 6, 5, 1), dtype=np.uint8)


def test_sliced_wasserstein_equals_scipys_along_each_direction():
    real, fake = images(40, 1), images(40, 2, high=128)
    directions = RANDOM(0).normal(size=(30, 16)).astype("f4")
    directions /= np.linalg.norm(directions, axis=0)
    flat = [stack.reshape(40, -1) / 255 for stack in (real, fake)]
    expected = np.mean([scipy.stats.wasserstein_distance(*(pixels @ way for pixels in flat)) for way in directions.T])
    assert distances.sliced_wasserstein(real, fake, projections=16)["sliced_wasserstein"] == pytest.approx(
        expected, rel=1e-4
    )


def test_sliced_wasserstein_has_no_rounding_that_depends_on_the_order_of_sums():
    """It equals what whole numbers give, whose sums are the same in any order."""
    real, fake = images(333, 1), images(333, 2, high=128)
    directions = RANDOM(0).normal(size=(real[0].size, 256))
    whole = np.round(directions / np.linalg.norm(directions, axis=0) * 2**24).astype(int)
    first, second = (np.sort(stack.reshape(333, -1).astype(int) @ whole, axis=0) for stack in (real, fake))
    expected = np.abs(first - second).sum() / first.size / 255 / 2**24
    assert distances.sliced_wasserstein(real, fake)["sliced_wasserstein"] == pytest.approx(expected, rel=1e-12)


def test_sliced_wasserstein_grows_with_a_shift():
    real = images(100, low=100, high=150)
    values = [distances.sliced_wasserstein(real, real + np.uint8(shift))["sliced_wasserstein"] for shift in (0, 10, 50)]
    assert values[0] == 0
    assert values[2] == pytest.approx(5 * values[1], rel=1e-3)
