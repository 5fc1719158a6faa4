"""The pool of earlier fakes: nothing is lost, nothing is made up."""

import numpy as np
import tensorflow as tf

from gan_keras.game import pool

SHAPE = (2, 2, 1)


def numbered(first, count):
    """Return images that can be told apart: image number n is full of n."""
    return tf.ones([count, *SHAPE]) * tf.range(first, first + count, dtype=tf.float32)[:, None, None, None]


def numbers(images):
    return [int(image[0, 0, 0]) for image in np.asarray(images)]


def exchange(variable, images, seen, step):
    return pool.exchange(variable, images, tf.constant(seen, tf.int64), lambda draw, shape: draw(shape, [7, step]))


def test_while_it_fills_the_new_images_are_shown_and_kept_in_turn():
    variable = pool.create(6, SHAPE)
    for step in range(2):
        assert numbers(exchange(variable, numbered(3 * step, 3), 3 * step, step)) == [*range(3 * step, 3 * step + 3)]
    assert numbers(variable) == [0, 1, 2, 3, 4, 5]


def test_then_images_are_exchanged_and_about_half_of_those_shown_are_earlier_ones():
    variable, earlier = pool.create(8, SHAPE), 0
    exchange(variable, numbered(0, 8), 0, 0)
    for step in range(1, 200):
        new, before = numbers(numbered(8 * step, 4)), numbers(variable)
        shown = numbers(exchange(variable, numbered(8 * step, 4), 8 * step, step))
        assert sorted(shown + numbers(variable)) == sorted(new + before), "nothing is lost and nothing is there twice"
        assert all(one == fresh or one in before for one, fresh in zip(shown, new, strict=True))
        earlier += len(set(shown) & set(before))
    assert 0.4 < earlier / (199 * 4) < 0.6
