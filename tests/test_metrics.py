"""Every metric against something that is not our code: a closed form, a brute-force twin, another package, a law."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from prdc import compute_prdc
from sklearn.metrics.pairwise import polynomial_kernel

from gan_keras import metrics
from gan_keras.console import UserError

RANDOM = np.random.default_rng


def features(count, dimensions=8, mean=0.0, scale=1.0, seed=0):
    return (mean + scale * RANDOM(seed).normal(size=(count, dimensions))).astype(np.float32)


def one_hot_logits(classes, sureness=50.0):
    return sureness * np.eye(10, dtype=np.float32)[classes]


# Fréchet distance


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
    assert metrics.frechet_distance(*samples)["fid"] == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_shifted_and_scaled_copies():
    base = with_moments(np.zeros(4), np.eye(4))
    assert metrics.frechet_distance(base, base)["fid"] == pytest.approx(0, abs=1e-6)
    assert metrics.frechet_distance(base, base + 3)["fid"] == pytest.approx(4 * 9, rel=1e-6)
    assert metrics.frechet_distance(base, 3 * base)["fid"] == pytest.approx(4 * (3 - 1) ** 2, rel=1e-6)


def test_frechet_distance_of_degenerate_sets():
    same = np.ones((50, 8), np.float32)
    assert metrics.frechet_distance(same, same)["fid"] == pytest.approx(0, abs=1e-9)
    # A point against a Gaussian: |μ|² + tr Σ.
    cloud = with_moments(np.zeros(8), np.eye(8))
    assert metrics.frechet_distance(cloud, same)["fid"] == pytest.approx(8 + 8, rel=1e-6)
    few = features(5, 8)  # fewer samples than features: a singular covariance is no obstacle
    assert metrics.frechet_distance(few, few)["fid"] == pytest.approx(0, abs=1e-5)
    with pytest.raises(UserError, match="two samples"):
        metrics.frechet_distance(features(1), features(10))


# Score


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        (one_hot_logits(np.arange(100) % 10), 10.0),  # sure and varied
        (one_hot_logits(np.zeros(100, int)), 1.0),  # one class only
        (np.zeros((100, 10), np.float32), 1.0),  # never sure
        (one_hot_logits(np.arange(100) % 5), 5.0),  # half of the classes
        # Two samples, p = (3/4, 1/4) and (1/4, 3/4): KL to (1/2, 1/2) is 3/4 log 3/2 + 1/4 log 1/2.
        (np.log([[3.0, 1.0], [1.0, 3.0]]), np.exp(0.75 * np.log(1.5) + 0.25 * np.log(0.5))),
    ],
)
def test_score_by_hand(logits, expected):
    assert metrics.score(logits)["score"] == pytest.approx(expected, rel=1e-5)


# Kernel distance


def test_kernel_distance_equals_its_definition_with_scikit_learns_kernel():
    real, fake = features(60, seed=1), features(50, mean=0.5, seed=2)

    def kernel(x, y):
        return polynomial_kernel(x, y, degree=3, gamma=1 / x.shape[1], coef0=1)

    def off_diagonal_mean(matrix):
        return (matrix.sum() - np.trace(matrix)) / (len(matrix) * (len(matrix) - 1))

    # The mean over three blocks, as even as they come.
    blocks = zip(np.split(real, 3), np.split(fake, [16, 33]), strict=True)
    distances = [
        off_diagonal_mean(kernel(x, x)) + off_diagonal_mean(kernel(y, y)) - 2 * kernel(x, y).mean() for x, y in blocks
    ]
    assert metrics.kernel_distance(real, fake)["kernel_distance"] == pytest.approx(np.mean(distances), rel=1e-5)


def test_kernel_distance_is_unbiased():
    distances = [
        metrics.kernel_distance(features(50, seed=2 * n), features(50, seed=2 * n + 1))["kernel_distance"]
        for n in range(40)
    ]
    assert abs(np.mean(distances)) < 3 * np.std(distances) / np.sqrt(40)
    assert min(distances) < 0


def test_kernel_distances_deviation_is_that_of_repeated_draws():
    repeats = [
        metrics.kernel_distance(features(4096, seed=n), features(4096, mean=0.2, seed=99 + n)) for n in range(12)
    ]
    deviation = np.std([repeat["kernel_distance"] for repeat in repeats], ddof=1)
    assert np.mean([repeat["kernel_distance_deviation"] for repeat in repeats]) == pytest.approx(deviation, rel=0.6)


# Sliced Wasserstein


def images(count, seed=0, low=0, high=256):
    return RANDOM(seed).integers(low, high, (count, 6, 5, 1), dtype=np.uint8)


def test_sliced_wasserstein_equals_scipys_along_each_direction():
    real, fake = images(40, 1), images(40, 2, high=128)
    directions = RANDOM(0).normal(size=(30, 16)).astype("f4")
    directions /= np.linalg.norm(directions, axis=0)
    flat = [stack.reshape(40, -1) / 255 for stack in (real, fake)]
    expected = np.mean([scipy.stats.wasserstein_distance(*(pixels @ way for pixels in flat)) for way in directions.T])
    assert metrics.sliced_wasserstein(real, fake, projections=16)["sliced_wasserstein"] == pytest.approx(
        expected, rel=1e-4
    )


def test_sliced_wasserstein_grows_with_a_shift():
    real = images(100, low=100, high=150)
    distances = [
        metrics.sliced_wasserstein(real, real + np.uint8(shift))["sliced_wasserstein"] for shift in (0, 10, 50)
    ]
    assert distances[0] == 0
    assert distances[2] == pytest.approx(5 * distances[1], rel=1e-3)


# Precision, recall, density, coverage


def brute_force(real, fake, k):
    """The four by their definitions, a loop for each quantifier."""

    def radius(points, index):
        return sorted(np.linalg.norm(points - points[index], axis=1))[k]

    real_radii, fake_radii = ([radius(points, i) for i in range(len(points))] for points in (real, fake))
    inside = [[np.linalg.norm(x - y) <= r for x, r in zip(real, real_radii, strict=True)] for y in fake]
    reached = [any(np.linalg.norm(x - y) <= r for y, r in zip(fake, fake_radii, strict=True)) for x in real]
    return {
        "precision": np.mean([any(row) for row in inside]),
        "recall": np.mean(reached),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.mean([any(row[i] for row in inside) for i in range(len(real))]),
    }


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (1.0, 0.3), (0.0, 3.0), (30.0, 1.0)])
def test_the_four_equal_brute_force_and_the_package_prdc(mean, scale):
    real, fake = features(80, 4, seed=1), features(70, 4, mean, scale, seed=2)
    ours = metrics.precision_recall_density_coverage(real, fake, k=3)
    assert ours == pytest.approx(brute_force(real.astype("f8"), fake.astype("f8"), 3), abs=0.015)
    assert ours == pytest.approx(compute_prdc(real, fake, nearest_k=3), abs=0.015)


def test_the_four_on_collapse_and_on_noise():
    real = features(500, 4)
    collapsed = metrics.precision_recall_density_coverage(real, real[:1] + 1e-3 * features(500, 4, seed=1))
    assert collapsed["precision"] == 1
    assert collapsed["recall"] < 0.05
    assert collapsed["coverage"] < 0.05
    far = metrics.precision_recall_density_coverage(real, features(500, 4, mean=100))
    assert set(far.values()) == {0.0}
    with pytest.raises(UserError, match="more than 5 samples"):
        metrics.precision_recall_density_coverage(real, real[:5])


# Classes


def test_class_balance_by_hand():
    balanced = metrics.class_balance(one_hot_logits(np.arange(100) % 10))
    assert balanced == pytest.approx({"distance_from_uniform": 0, "vanished_classes": 0})
    single = metrics.class_balance(one_hot_logits(np.zeros(50, int)))
    assert single == pytest.approx({"distance_from_uniform": 0.9, "vanished_classes": 9})
    half = metrics.class_balance(one_hot_logits(np.arange(100) % 5))
    assert half == pytest.approx({"distance_from_uniform": 0.5, "vanished_classes": 5})


def test_confidence_and_label_accuracy_by_hand():
    logits = np.log([[0.95, 0.05], [0.85, 0.15], [0.3, 0.7], [0.01, 0.99]])
    assert metrics.confidence(logits) == {"confident_share": 0.5}
    assert metrics.label_accuracy(logits, np.array([0, 1, 1, 1])) == {"label_accuracy": 0.75}


# Memorisation


def test_nearest_training_images_equal_brute_force():
    samples, training = images(20, 1), images(50, 2)
    distances, indices = metrics.nearest_training_images(samples, training)
    every = np.linalg.norm((samples[:, None] / 255.0 - training[None] / 255.0).reshape(20, 50, -1), axis=2)
    np.testing.assert_allclose(distances, every.min(axis=1), rtol=1e-4)
    np.testing.assert_array_equal(indices, every.argmin(axis=1))


def test_a_training_image_is_not_its_own_nearest():
    training = images(50, 2)
    own = np.array([7, -1, 3])
    distances, indices = metrics.nearest_training_images(training[[7, 9, 3]], training, own)
    every = np.linalg.norm((training[:, None] / 255.0 - training[None] / 255.0).reshape(50, 50, -1), axis=2)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_array_equal(indices, [every[7].argmin(), 9, every[3].argmin()])
    np.testing.assert_allclose(distances, [every[7].min(), 0, every[3].min()], rtol=1e-4)


def test_copies_of_training_images_are_counted():
    training, unseen = images(2000, 1), images(1000, 2)
    samples = unseen.copy()
    samples[:100] = training[:100]
    real, _ = metrics.nearest_training_images(images(1000, 3), training)
    distances, indices = metrics.nearest_training_images(samples, training)
    assert metrics.near_copies(distances, real)["near_copies"] == pytest.approx(0.1, abs=0.005)
    np.testing.assert_array_equal(indices[:100], np.arange(100))


def test_few_samples_have_a_kernel_distances_deviation_too():
    random = np.random.default_rng(0)
    values = metrics.kernel_distance(random.normal(size=(60, 8)), random.normal(size=(60, 8)))
    assert 0 < values["kernel_distance_deviation"] < 10
    assert abs(values["kernel_distance"]) < 10


# Discriminator, stacked digits


def test_discriminator_accuracy_by_hand():
    values = metrics.discriminator_accuracy(np.array([0.9, 0.8, 0.2, 0.6]), np.array([0.7, 0.1, 0.4, 0.3]))
    assert values == pytest.approx(
        {
            "discriminator_real_accuracy": 3 / 4,
            "discriminator_fake_accuracy": 3 / 4,
            "discriminator_precision": 3 / 4,
            "discriminator_recall": 3 / 4,
            "discriminator_f1": 3 / 4,
        }
    )
    calls_all_real = metrics.discriminator_accuracy(np.ones(10), np.ones(10))
    assert calls_all_real["discriminator_f1"] == pytest.approx(2 / 3)
    assert metrics.discriminator_accuracy(np.zeros(10), np.zeros(10))["discriminator_f1"] == 0


def test_stacked_modes_by_hand():
    every = np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1)
    assert metrics.stacked_modes(every, every) == pytest.approx({"modes": 1000, "modes_divergence": 0})
    quarter = np.repeat(every[:250], 4, axis=0)
    assert metrics.stacked_modes(quarter, every) == pytest.approx({"modes": 250, "modes_divergence": np.log(4)})
