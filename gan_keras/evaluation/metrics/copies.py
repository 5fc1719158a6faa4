"""Whether samples are copies of training images."""

import numpy as np
import tensorflow as tf
from scipy import ndimage

from gan_keras import data
from gan_keras.evaluation.metrics.metric import Value, mean, metric

COPY_QUANTILE = 0.001  # the share of real images that are as near to a training image as a near copy is
DARK = 32  # grey level below which a pixel counts as background, so that noise does not move the centre
SIDE = 14  # side of the images that are compared: half of MNIST's
# deviation of the blur of 28x28 images, in pixels; it makes a slightly blurred or noisy copy equal to its original
BLUR = 0.7


@metric(near_copies=Value("memorised images", "low"))
def near_copies(
    fake_nearest: np.ndarray, fake_nearest_label: np.ndarray, real_nearest: np.ndarray, real_nearest_label: np.ndarray
) -> dict[str, float]:
    """Share of images nearer to a training image than all but one in a thousand test images of the same class.

    The class is that of the training image. Ones are all alike: a threshold for all classes would accuse them.
    """
    copied = np.zeros(len(fake_nearest), bool)
    for label in np.unique(fake_nearest_label):
        alike = real_nearest[real_nearest_label == label]
        limit = np.quantile(alike if len(alike) else real_nearest, COPY_QUANTILE)
        copied |= (fake_nearest_label == label) & (fake_nearest <= limit)
    return {"near_copies": mean(copied)}


def nearest_training_images(
    images: np.ndarray, training: np.ndarray, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return each image's Euclidean distance to the nearest training image, and its index.

    Both are compared as `outlined`, so that a copy stays near when it is moved, slightly blurred or noisy, or dimmed.

    Args:
        images: uint8 [count, height, width, channels].
        training: uint8 images of the same shape.
        own: int [count], for images that are training images themselves: their index, so that none is its own nearest;
            -1 for the others.
    """
    flat, keys = outlined(images), tf.constant(outlined(training).T)
    own = np.full(len(flat), -1) if own is None else own

    def nearest(rows: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        likeness = tf.matmul(flat[rows], keys)  # of vectors of length 1: |x - y|² = 2 - 2 x·y
        mine = np.flatnonzero(own[rows] >= 0)
        places = np.stack([mine, own[rows][mine]], axis=1)
        likeness = tf.tensor_scatter_nd_update(likeness, places, tf.fill([len(mine)], -np.inf))
        best = tf.argmax(likeness, axis=1)
        return tf.gather(likeness, best, batch_dims=1), best

    likeness, indices = data.in_batches(nearest, np.arange(len(flat)), 500)
    return np.sqrt(np.maximum(0, 2 - 2 * likeness)), indices


def outlined(images: np.ndarray) -> np.ndarray:
    """Return float32 [count, dimensions] of length 1: images with their mass in the centre, blurred, small."""
    bright = np.where(images < DARK, 0, images).astype("f4")
    count, *sides, _ = images.shape
    mass = bright.sum(axis=(1, 2, 3)) + 1e-6
    for axis, side in enumerate(sides, start=1):
        others = tuple(other for other in (1, 2, 3) if other != axis)
        centre = bright.sum(axis=others) @ np.arange(side) / mass
        shift = np.rint((side - 1) / 2 - centre).astype(int)
        rows = (np.arange(side) - shift[:, None]) % side
        bright = np.take_along_axis(
            bright, rows.reshape(count, *(side if one == axis else 1 for one in (1, 2, 3))), axis
        )
    step = max(2, max(sides) // SIDE)
    flat = ndimage.gaussian_filter(bright, BLUR * step / 2, axes=(1, 2))[:, ::step, ::step].reshape(count, -1)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
