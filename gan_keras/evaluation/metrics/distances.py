"""Distances between the samples and real images."""

import numpy as np
import tensorflow as tf

from gan_keras import data
from gan_keras.evaluation import tfgan
from gan_keras.evaluation.metrics.metric import Estimate, Value, metric
from gan_keras.ui.console import UserError

SINGULAR = 1e-9  # part of the largest eigenvalue below which a covariance counts as singular


@metric(fid=Value("distance of features", "low", of_ruler=True))
def frechet_distance(real_features: np.ndarray, fake_features: np.ndarray) -> dict[str, float]:
    """Fréchet distance of the features: Heusel et al. 2017 (arXiv:1706.08500), equation 6."""
    return {"fid": frechet(real_features, fake_features)}


@metric(sfid=Value("distance of places", "low", of_ruler=True))
def spatial_frechet_distance(real_places: np.ndarray, fake_places: np.ndarray) -> dict[str, float]:
    """The same of features that keep where something is, and how sharp: Nash et al. 2021 (arXiv:2103.03841), sFID."""
    return {"sfid": frechet(real_places, fake_places)}


def frechet(real: np.ndarray, fake: np.ndarray) -> Estimate:
    """Return |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) of features [count, dimensions].

    Raises:
        UserError: with fewer than two samples, which have no covariance.
    """
    if min(len(real), len(fake)) < 2:
        raise UserError("the Fréchet distance needs at least two samples of each kind.")
    real, fake = real.astype("f8"), fake.astype("f8")  # the trace is a small difference of large numbers
    classifier_metrics = tfgan.load("eval.classifier_metrics")
    distance = float(classifier_metrics.frechet_classifier_distance_from_activations(real, fake))
    return Estimate(max(0.0, distance), _frechet_error(real, fake))


def _frechet_error(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the standard error of a Fréchet distance against fixed real features, by the infinitesimal jackknife.

    The derivative of the distance by the weight of a sample x is 2 (μ₂ - μ₁)·d + dᵀ (I - T) d up to a constant, with
    d = x - μ₂ and T = Σ₁^½ (Σ₁^½ Σ₂ Σ₁^½)^-½ Σ₁^½, the linear map of the optimal transport from fake to real.
    """
    offset = fake - fake.mean(axis=0)
    root = _power(np.cov(real, rowvar=False), 0.5)
    transport = root @ _power(root @ np.cov(fake, rowvar=False) @ root, -0.5) @ root
    influence = 2 * offset @ (fake.mean(axis=0) - real.mean(axis=0))
    influence += np.sum(offset**2, axis=1) - np.sum(offset @ transport * offset, axis=1)
    return float(np.std(influence) / np.sqrt(len(fake)))


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Return a power of a symmetric matrix in the space where it is not singular."""
    values, vectors = np.linalg.eigh(np.atleast_2d(matrix))
    large = values > SINGULAR * values.max(initial=0)
    return (vectors[:, large] * values[large] ** exponent) @ vectors[:, large].T


@metric(kernel_distance=Value("features, unbiased MMD", "low"))
def kernel_distance(real_features: np.ndarray, fake_features: np.ndarray) -> dict[str, float]:
    """Squared maximum mean discrepancy with the kernel (x·y/d + 1)³.

    Bińkowski et al. 2018 (arXiv:1801.01401), section 4. It is unbiased: between two real sets it is 0 on average.
    """
    classifier_metrics = tfgan.load("eval.classifier_metrics")
    distance, _ = classifier_metrics.kernel_classifier_distance_and_std_from_activations(
        tf.constant(real_features, tf.float64),
        tf.constant(fake_features, tf.float64),
        max_block_size=min(1000, -(-max(len(real_features), len(fake_features)) // 3)),  # at least three blocks
    )
    return {"kernel_distance": Estimate(float(distance), _kernel_error(real_features, fake_features))}


def _kernel_error(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the standard error of a kernel distance against fixed real features, by the infinitesimal jackknife.

    The derivative by the weight of a sample is twice how much more like the fakes than like the real ones it is.
    """
    real, fake = (tf.constant(features, tf.float32) for features in (real, fake))

    def likeness(rows: np.ndarray, others: tf.Tensor) -> tf.Tensor:
        products = tf.matmul(tf.gather(fake, rows), others, transpose_b=True)
        return tf.reduce_mean((products / fake.shape[1] + 1) ** 3, axis=1)

    (influence,) = data.in_batches(
        lambda rows: [likeness(rows, fake) - likeness(rows, real)], np.arange(len(fake)), 1000
    )
    return float(2 * np.std(influence) / np.sqrt(len(fake)))


@metric(sliced_wasserstein=Value("distance of the pixels", "low"))
def sliced_wasserstein(
    real_images: np.ndarray, fake_images: np.ndarray, projections: int = 256, seed: int = 0
) -> dict[str, float]:
    """Mean Wasserstein-1 distance of the pixels in [0, 1] along random directions (Rabin et al. 2011).

    Both sets must have the same size. TensorFlow-GAN's variant (Karras et al. 2018) cannot be used: it divides each
    patch by its deviation, which is 0 in the black margins of a digit.
    """
    pixels = np.prod(real_images.shape[1:])
    directions = np.random.default_rng(seed).normal(size=(pixels, projections))
    directions /= np.linalg.norm(directions, axis=0)
    whole = np.round(directions * 2**24)  # with whole numbers the sums are exact, in whatever order threads make them
    first, second = (
        np.sort(images.reshape(len(images), pixels).astype("f8") @ whole, axis=0)
        for images in (real_images, fake_images)
    )
    return {"sliced_wasserstein": float(np.abs(first - second).mean() / 255 / 2**24)}
