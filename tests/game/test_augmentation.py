"""Augmentation: what it does to an image, that its gradients are those of what it does, and that a run repeats."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_same_run, stopped, tiny_config

from gan_keras import train
from gan_keras.game import augmentation


def images(count: int = 200, side: int = 16, channels: int = 1) -> tf.Tensor:
    return tf.random.stateless_uniform([count, side, side, channels], [0, 0], -1.0, 1.0)


def uniform(count: int, numbers: int, seed: int = 0) -> tf.Tensor:
    return tf.random.stateless_uniform([count, numbers], [seed, 1])


def test_a_translation_shifts_by_whole_pixels_and_brings_in_black():
    real, numbers = images().numpy(), uniform(200, 2)
    moved = augmentation.translation(tf.constant(real), numbers).numpy()
    seen = set()
    for image, result, (down, right) in zip(real, moved, np.floor(numbers.numpy() * 5).astype(int) - 2, strict=True):
        expected = np.full_like(image, -1)
        rows, columns = (slice(max(0, shift), 16 + min(0, shift)) for shift in (down, right))
        sources = (slice(max(0, -shift), 16 - max(0, shift)) for shift in (down, right))
        expected[rows, columns] = image[tuple(sources)]
        np.testing.assert_allclose(result, expected, atol=1e-6)
        seen.add((down, right))
    assert len(seen) == 25, "an eighth of 16 is 2: every shift from -2 to 2 occurs"


def test_a_cutout_covers_a_square_of_half_the_side_or_what_is_within_the_image():
    real = tf.ones([500, 16, 16, 1])
    holes = augmentation.cutout(real, uniform(500, 2)).numpy()[..., 0] == 0
    heights, widths = holes.any(axis=2).sum(axis=1), holes.any(axis=1).sum(axis=1)
    np.testing.assert_array_equal(holes.sum(axis=(1, 2)), heights * widths)
    for sizes in (heights, widths):
        assert (sizes.min(), sizes.max()) == (4, 8)
    assert holes.any(axis=0).all(), "every pixel is covered at times"


def test_colours_change_as_in_the_paper():
    real, numbers = images(8, channels=3).numpy(), uniform(8, 3).numpy()
    for image, result, (brightness, saturation, contrast) in zip(
        real, augmentation.colour(tf.constant(real), tf.constant(numbers)).numpy(), numbers, strict=True
    ):
        brighter = image + brightness - 0.5
        grey = brighter.mean(axis=-1, keepdims=True)
        saturated = grey + 2 * saturation * (brighter - grey)
        expected = saturated.mean() + (contrast + 0.5) * (saturated - saturated.mean())
        np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_those_of_what_is_done(channels):
    """What is done is linear in the image up to a constant: the gradient along a direction is an exact difference."""
    real, direction, weights = (tf.random.stateless_normal([4, 16, 16, channels], [seed, 0]) for seed in range(3))

    def loss(image: tf.Tensor) -> tf.Tensor:
        draw = lambda shape: tf.random.stateless_uniform(shape, [5, 5])  # noqa: E731
        return tf.reduce_sum(weights * augmentation.augment(image, draw))

    with tf.GradientTape() as tape:
        tape.watch(real)
        value = loss(real)
    slope = tf.reduce_sum(tape.gradient(value, real) * direction)
    assert float(slope) == pytest.approx(float(loss(real + direction) - value), rel=1e-3)


@pytest.mark.slow
def test_a_run_with_augmentation_repeats_and_resumes(idx_folder, tmp_path):
    options = {"data_dir": idx_folder, "augment": True, "critic_steps": 2}
    whole = train.run(tiny_config("dcgan", out=tmp_path / "whole", **options))
    parts = stopped(whole, tmp_path / "parts")
    train.run(tiny_config("dcgan", out=parts, resume=True, **options))
    assert_same_run(whole, parts)
