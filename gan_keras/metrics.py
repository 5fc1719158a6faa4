"""How good images are: one function per metric, each returns a dict of floats, and a few that they share.

Features are float32 [count, dimensions] and logits float32 [count, classes] of a classifier (`classifier.py`), images
uint8 [count, height, width, channels]. Where TensorFlow-GAN has the metric, it is TensorFlow-GAN's.

Values are comparable only between evaluations with the same classifier and the same number of samples.
"""

import numpy as np
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from gan_keras import data, tfgan
from gan_keras.console import UserError

NEIGHBOURS = 5  # of precision, recall, density and coverage, as in Naeem et al. 2020
CONFIDENT = 0.9  # a class probability from which on a classifier counts as sure
VANISHED = 0.1  # a class is vanished when it has less than this part of its fair share
COPY_QUANTILE = 0.001  # so few real images are as near to a training image as a near copy is


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½) of the features: Heusel et al. 2017 (arXiv:1706.08500), equation 6.

    Raises:
        UserError: with fewer than two samples, which have no covariance.
    """
    if min(len(real), len(fake)) < 2:
        raise UserError("the Fréchet distance needs at least two samples of each kind.")
    classifier_metrics = tfgan.load("eval.classifier_metrics")
    # In float64: the trace is a small difference of large numbers.
    distance = classifier_metrics.frechet_classifier_distance_from_activations(real.astype("f8"), fake.astype("f8"))
    return {"fid": max(0.0, float(distance))}


def score(logits: np.ndarray) -> dict[str, float]:
    """Exp E[KL(p(y|x) ‖ p(y))]: Salimans et al. 2016 (arXiv:1606.03498), section 4; from 1 to the number of classes."""
    classifier_metrics = tfgan.load("eval.classifier_metrics")
    return {"score": float(classifier_metrics.classifier_score_from_logits(tf.constant(logits, tf.float64)))}


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Squared maximum mean discrepancy with the kernel (x·y/d + 1)³, and its standard deviation over blocks.

    Bińkowski et al. 2018 (arXiv:1801.01401), section 4; unbiased: between two real sets it is 0 on average.
    """
    classifier_metrics = tfgan.load("eval.classifier_metrics")
    distance, deviation = classifier_metrics.kernel_classifier_distance_and_std_from_activations(
        tf.constant(real, tf.float64),
        tf.constant(fake, tf.float64),
        max_block_size=min(1000, -(-max(len(real), len(fake)) // 3)),  # a deviation needs some blocks
    )
    return {"kernel_distance": float(distance), "kernel_distance_deviation": float(deviation)}


def sliced_wasserstein(real: np.ndarray, fake: np.ndarray, projections: int = 256, seed: int = 0) -> dict[str, float]:
    """Mean Wasserstein-1 distance of the images' pixels in [0, 1] along random directions (Rabin et al. 2011).

    Both sets must be of the same size. TensorFlow-GAN's variant of Karras et al. 2018 is of no use here: it divides
    each patch by its deviation, which is 0 in the black margins of a digit.
    """
    pixels = np.prod(real.shape[1:])
    directions = np.random.default_rng(seed).normal(size=(pixels, projections)).astype("f4")
    directions /= np.linalg.norm(directions, axis=0)
    first, second = (
        np.sort(images.reshape(len(images), pixels).astype("f4") / 255 @ directions, axis=0) for images in (real, fake)
    )
    return {"sliced_wasserstein": float(np.abs(first - second).mean())}


def precision_recall_density_coverage(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> dict[str, float]:
    """Whether fakes lie among the real features (precision, density) and reach all of them (recall, coverage).

    The manifold of a set is the union of balls around its points that reach to their k-th neighbour.
    Kynkäänniemi et al. 2019 (arXiv:1904.06991), equations 1 and 2; Naeem et al. 2020 (arXiv:2002.09797), equations 3
    and 4. Precision, recall and coverage are shares; density may exceed 1.

    Raises:
        UserError: with no more samples than neighbours.
    """
    if min(len(real), len(fake)) <= k:
        raise UserError(f"precision and recall need more than {k} samples of each kind.")
    real_radii, fake_radii = (radii(features, k) for features in (real, fake))
    in_real_balls = np.zeros(len(fake), int)  # of how many real points each fake is in the ball
    in_some_fake_ball, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    start = 0
    for distances in pairwise_distances_chunked(real, fake):  # rows: some of the real points
        rows = slice(start, start + len(distances))
        start = rows.stop
        inside = distances <= real_radii[rows, None]
        in_real_balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        in_some_fake_ball[rows] = (distances <= fake_radii).any(axis=1)
    return {
        "precision": float(np.mean(in_real_balls > 0)),
        "recall": float(np.mean(in_some_fake_ball)),
        "density": float(np.mean(in_real_balls) / k),
        "coverage": float(np.mean(covered)),
    }


def radii(features: np.ndarray, k: int) -> np.ndarray:
    """Return each point's distance to its k-th neighbour, itself not counted."""
    distances, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(features).kneighbors()
    return distances[:, -1]


def class_balance(logits: np.ndarray) -> dict[str, float]:
    """How far the classes are from equally many: total variation from uniform, and how many have vanished."""
    shares = class_shares(logits)
    return {
        "distance_from_uniform": float(0.5 * np.abs(shares - 1 / len(shares)).sum()),
        "vanished_classes": float(np.sum(shares < VANISHED / len(shares))),
    }


def class_shares(logits: np.ndarray) -> np.ndarray:
    """Return the share of each class among the predictions."""
    return np.bincount(logits.argmax(axis=1), minlength=logits.shape[1]) / len(logits)


def confidence(logits: np.ndarray) -> dict[str, float]:
    """Share of images of whose class the classifier is sure."""
    return {"confident_share": float(np.mean(softmax(logits, axis=1).max(axis=1) >= CONFIDENT))}


def nearest_training_images(
    images: np.ndarray, training: np.ndarray, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return each image's distance (Euclidean, pixels in [0, 1]) to the nearest training image, and its index.

    `own` int [count] is for images that are training images themselves: their index, so that none is its own nearest;
    -1 for the others.
    """
    flat, training = (stack.reshape(len(stack), -1).astype("f4") / 255 for stack in (images, training))
    # |x - y|² = |x|² + (x, 1)·(-2y, |y|²): all in one product, of the pixels in which training images differ at all.
    # scikit-learn multiplies in float64, which takes twice as long.
    differ = np.ptp(training, axis=0) > 0
    keys = np.concatenate([-2 * training[:, differ], np.sum(training**2, axis=1, keepdims=True)], axis=1).T
    queries = np.concatenate([flat[:, differ], np.ones((len(flat), 1), "f4")], axis=1)
    keys = tf.constant(keys)
    own = np.full(len(flat), -1) if own is None else own

    def nearest(rows: np.ndarray) -> tuple[np.ndarray]:
        distances = tf.matmul(queries[rows], keys).numpy()  # a quarter faster than NumPy
        mine = own[rows] >= 0
        distances[mine, own[rows][mine]] = np.inf
        return (distances.argmin(axis=1),)

    (indices,) = data.in_batches(nearest, np.arange(len(flat)), 500)
    return np.linalg.norm(flat - training[indices], axis=1), indices


def near_copies(distances: np.ndarray, test_distances: np.ndarray) -> dict[str, float]:
    """Share of images nearer to a training image than all but one in a thousand test images are."""
    return {"near_copies": float(np.mean(distances <= np.quantile(test_distances, COPY_QUANTILE)))}


def discriminator_accuracy(real_probability: np.ndarray, fake_probability: np.ndarray) -> dict[str, float]:
    """How well a discriminator tells held-out real images from fakes; "real" is the positive class of F1."""
    true_positives = np.sum(real_probability > 0.5)
    positives = true_positives + np.sum(fake_probability > 0.5)
    precision = true_positives / positives if positives else 0.0
    recall = true_positives / len(real_probability)
    return {
        "discriminator_real_accuracy": float(recall),
        "discriminator_fake_accuracy": float(np.mean(fake_probability <= 0.5)),
        "discriminator_precision": float(precision),
        "discriminator_recall": float(recall),
        "discriminator_f1": float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0,
    }


def label_accuracy(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Share of images whose class is the one that was asked for."""
    return {"label_accuracy": float(np.mean(logits.argmax(axis=1) == labels))}


def stacked_modes(predictions: np.ndarray, real_predictions: np.ndarray) -> dict[str, float]:
    """Modes found of the 1,000 of stacked MNIST, and KL(fake ‖ real) over them, in nats: PacGAN (arXiv:1712.04086).

    Predictions are int [count, 3]: the digit in each channel.
    """
    counts, real_counts = (
        np.bincount(stack @ [100, 10, 1], minlength=1000).astype(float) for stack in (predictions, real_predictions)
    )
    # A real mode without a sample would make the divergence infinite: half a count, as is usual.
    return {
        "modes": float(np.sum(counts > 0)),
        "modes_divergence": float(entropy(counts, np.maximum(real_counts, 0.5))),
    }
