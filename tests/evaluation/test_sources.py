import dataclasses

import numpy as np
import pytest

from gan_keras import data
from gan_keras.evaluation import sources
from gan_keras.ui.console import UserError


def dataset(images: np.ndarray, labels: np.ndarray) -> data.Dataset:
    split = data.Split(images, labels.astype(np.int32))
    return data.Dataset("mnist", "made up", split, split, [str(digit) for digit in range(10)])


def test_a_model_that_is_told_the_class_is_asked_for_what_the_data_have(labelled_run):
    images, labels = np.zeros([40, 28, 28, 1], np.uint8), np.repeat([1, 3, 3, 7], 10)
    real = dataset(images, labels)
    source = sources.load(labelled_run)
    made, asked = source.draw(40, 0, real)
    assert made.shape == images.shape
    np.testing.assert_array_equal(np.bincount(asked), np.bincount(labels))
    letters = dataclasses.replace(real, name="letters", class_names=[*real.class_names, "A"])
    with pytest.raises(UserError, match=r"has 10 classes, and letters has 11.*--dataset"):
        source.draw(40, 0, letters)


def test_a_files_images_are_drawn_with_their_labels(tmp_path):
    labels = np.arange(30) % 10
    images = np.broadcast_to(labels[:, None, None], [30, 28, 28]).astype(np.uint8)  # each shows its label
    np.savez(tmp_path / "digits.npz", images=images, labels=labels)
    source, real = sources.load(tmp_path / "digits.npz"), dataset(images[..., None], labels)
    drawn, kept = source.draw(12, 0, real)
    assert drawn.shape == (12, 28, 28, 1)
    np.testing.assert_array_equal(drawn[:, 0, 0, 0], kept)
    assert sources.load(tmp_path / "digits.npz").draw(12, 1, real)[1].tolist() != kept.tolist()
    everything, _ = source.draw(99, 0, real)
    np.testing.assert_array_equal(np.sort(everything[:, 0, 0, 0]), np.sort(labels))


def test_walks_are_continuous_and_the_same_for_the_same_seed(labelled_run):
    source = sources.load(labelled_run)
    start, same = source.walk(6, 3, 0.0)
    np.testing.assert_array_equal(start, same)
    assert start.shape == (6, 28, 28, 1)
    assert start.dtype == np.float32
    assert 0 <= start.min() < start.max() <= 255
    near, far = (np.abs(np.subtract(*source.walk(6, 3, step))).mean(axis=(1, 2, 3)) for step in (0.01, 0.5))
    assert (near > 0).all()
    assert (near < far).all()
