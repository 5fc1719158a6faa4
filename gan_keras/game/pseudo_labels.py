"""Pseudo-labels: a classifier learns images without labels from what it reads in them already.

Alone this confirms mistakes: a class that is often taken for another one is soon never read. So the guesses are
weighted until each class is read as often as it occurs among the labelled images, and then sharpened (distribution
alignment: Berthelot et al. 2020, arXiv:1911.09785, section 3.1). That assumes that both have about the same shares of
classes. Another view of the image has to be read as the guess says (the same, section 3.2, with plainer changes).
"""

from collections.abc import Callable

import tensorflow as tf

from gan_keras import distribution
from gan_keras.game import state

DECAY = 0.99  # of the running shares of the classes
TEMPERATURE = 0.5  # below 1 guesses are sharpened; as in the paper
TINY = 1e-8  # so that no guess is 0 divided by 0 where a class does not occur
SHIFT = 0.1  # how far views are moved, as a part of a side


def create(classes: int) -> tf.Variable:
    """Return the running shares of the classes, [2, classes], equal at first: those labelled, and those read."""
    return state.kept(tf.fill([2, classes], 1 / classes))


def align(shares: tf.Variable, labels: tf.Tensor, read: tf.Tensor) -> tf.Tensor:
    """Return pseudo-labels, float32 [batch, classes], and update the running shares. No gradients go through them.

    Args:
        shares: what `create` returned.
        labels: of labelled images, int [batch].
        read: probabilities that the classifier gives for images without labels, float32 [batch, classes].
    """
    read = tf.stop_gradient(read)
    now = tf.stack([tf.reduce_mean(tf.one_hot(labels, read.shape[1]), axis=0), tf.reduce_mean(read, axis=0)])
    known, seen = tf.unstack(shares.assign(DECAY * shares + (1 - DECAY) * distribution.mean(now)))
    guesses = (read * known / (seen + TINY) + TINY) ** (1 / TEMPERATURE)
    return guesses / tf.reduce_sum(guesses, axis=1, keepdims=True)


def zoomed(images: tf.Tensor, draw: Callable, smallest: float, largest: float) -> tf.Tensor:
    """Return views of images: each at a size, and moved a little, by random numbers of its own.

    Hands differ in size and place. A classifier that has seen one in many sizes and places reads more of another.

    Args:
        images: float32 [batch, height, width, channels] in [-1, 1]; what is beyond their borders is black.
        draw: draws uniform numbers of a shape.
        smallest: size of the smallest view, as a share of the image.
        largest: size of the largest one.
    """
    size = tf.shape(images)[0]
    numbers = draw([size, 3])
    side = (largest / smallest) ** (1 - numbers[:, :1]) / largest  # of the part that fills the view
    corner = (1 - side) / 2 + SHIFT * (2 * numbers[:, 1:] - 1)
    boxes = tf.concat([corner, corner + side], axis=1)
    return tf.image.crop_and_resize(images, boxes, tf.range(size), tf.shape(images)[1:3], extrapolation_value=-1.0)
