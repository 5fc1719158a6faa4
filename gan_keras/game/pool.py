"""A pool of earlier fakes: a discriminator that is shown them too does not forget what it has learned to reject."""

from collections.abc import Callable

import tensorflow as tf

from gan_keras.game import state


def create(size: int, image_shape: tuple[int, int, int]) -> tf.Variable:
    """Return an empty pool for `size` images."""
    return state.kept(tf.zeros([size, *image_shape]))


def exchange(pool: tf.Variable, images: tf.Tensor, seen: tf.Tensor, draw: Callable) -> tf.Tensor:
    """Put new fakes into a pool, and return what a discriminator is shown instead of them.

    As in Zhu et al. 2017 (arXiv:1703.10593, section 4): while the pool is filling, the new images themselves; then, for
    about half of them, an earlier one, whose place the new one takes.

    Args:
        pool: float32 [size, height, width, channels].
        images: new fakes float32 [batch, height, width, channels], at most as many as there are places.
        seen: int64, the number of images that have been put in before.
        draw: a function of a stateless random function and a shape, such as `GAN.random` for a stream and number.
    """
    size, count = pool.shape[0], tf.shape(images)[0]
    filling = seen < size
    in_turn = tf.cast((seen + tf.range(count, dtype=tf.int64)) % size, tf.int32)
    shuffled = draw(lambda shape, seed: tf.random.experimental.stateless_shuffle(tf.range(shape[0]), seed), [size])
    places = tf.where(filling, in_turn, shuffled[:count])
    swap = draw(tf.random.stateless_uniform, [count]) < 0.5
    earlier = tf.gather(pool, places)
    keeps_new = (swap | filling)[:, None, None, None]
    images = tf.cast(images, tf.float32)
    pool.assign(tf.tensor_scatter_nd_update(pool, places[:, None], tf.where(keeps_new, images, earlier)))
    return tf.where((swap & ~filling)[:, None, None, None], earlier, images)
