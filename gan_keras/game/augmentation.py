"""Differentiable augmentation: the discriminator sees changed images, real and fake alike (Zhao et al. 2020).

With few images a discriminator learns them by heart. If all that it sees is randomly moved and covered, it cannot, and
the generator still learns to draw unchanged images, because its gradients pass through the changes
(arXiv:2006.10738). Images are float32 [batch, height, width, channels] in [-1, 1].
"""

from collections.abc import Callable

import tensorflow as tf

SHIFT = 1 / 8  # largest shift, as a part of the side; as in the paper
HOLE = 1 / 2  # side of the covered square, as a part of the image's; as in the paper
NUMBERS = 7  # random numbers that an image takes

Draw = Callable[[list], tf.Tensor]  # shape → uniform numbers in [0, 1)


def augment(images: tf.Tensor, draw: Draw) -> tf.Tensor:
    """Return images that are changed at random, each in its own way; of coloured ones also the colours.

    Args:
        images: the images.
        draw: draws uniform numbers of a shape.
    """
    numbers = draw([tf.shape(images)[0], NUMBERS])
    if images.shape[-1] == 3:
        images = colour(images, numbers[:, 4:])
    return cutout(translation(images, numbers[:, :2]), numbers[:, 2:4])


def translation(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Shift each image by up to an eighth of its sides; what comes in is black.

    Args:
        images: the images.
        numbers: uniform numbers [batch, 2].
    """
    sides = tf.cast(tf.shape(images)[1:3], tf.float32)
    most = tf.round(sides * SHIFT)
    shift = tf.floor(numbers * (2 * most + 1)) - most
    one, zero = tf.ones_like(shift[:, 0]), tf.zeros_like(shift[:, 0])
    # Where a pixel of the result comes from: (column, row) = (x - shift, y - shift).
    transforms = tf.stack([one, zero, -shift[:, 1], zero, one, -shift[:, 0], zero, zero], axis=1)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images + 1,  # black is 0 now, as is what comes in
        transforms=transforms,
        output_shape=tf.shape(images)[1:3],
        fill_value=0.0,
        interpolation="NEAREST",
        fill_mode="CONSTANT",
    )
    return tf.ensure_shape(moved, images.shape) - 1


def cutout(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Cover a square of half the side in each image with grey; it may reach over the border.

    Args:
        images: the images.
        numbers: uniform numbers [batch, 2].
    """
    covered = []
    for axis in (1, 2):
        side = tf.shape(images)[axis]
        half = tf.cast(side, tf.float32) * HOLE / 2
        centre = tf.floor(numbers[:, axis - 1] * tf.cast(side + 1, tf.float32))[:, None]
        places = tf.range(side, dtype=tf.float32)[None] + 0.5
        covered.append(tf.abs(places - centre) < half)
    hole = covered[0][:, :, None, None] & covered[1][:, None, :, None]
    return tf.where(hole, tf.zeros_like(images), images)


def colour(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Change brightness, saturation and contrast of each image.

    Args:
        images: the images.
        numbers: uniform numbers [batch, 3].
    """
    brightness, saturation, contrast = tf.unstack(numbers[:, :, None, None, None], axis=1)
    images += brightness - 0.5
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = (images - grey) * 2 * saturation + grey
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (images - mean) * (contrast + 0.5) + mean
