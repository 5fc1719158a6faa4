"""Arrays under the names that are in use, in NumPy's, HDF5's and Python's files."""

import gzip
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from layouts import SPLITS, TEST, TRAIN, arrays_of, assert_labelled, assert_right, marked

from gan_keras import data
from gan_keras.data import Conversion, Split
from gan_keras.data.formats.arrays import role
from gan_keras.ui.console import UserError


def by_pattern(images, labels):
    """Return a function that gives arrays names in which the part stands."""
    return lambda: {
        pattern.format(part): values[..., 0] if pattern is images else values
        for part, split in SPLITS.items()
        for pattern, values in zip((images, labels), split, strict=True)
    }


def save_npz(path, arrays):
    np.savez(path.with_suffix(".npz"), **arrays)


def save_npy(path, arrays):
    for name, values in arrays.items():
        np.save(path.parent / f"{name}.npy", values)


def save_hdf5(path, arrays):
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        for name, values in arrays.items():
            file[name] = values


def save_pickle(path, arrays):
    path.with_suffix(".pkl").write_bytes(pickle.dumps(arrays))


NAMES = [("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X{}", "Y{}"), ("{}X", "{}Y"), ("{}_set_x", "{}_set_y")]
NAMES += [("{}ing_images", "{}ing_labels"), ("data_{}", "target_{}")]


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[0])
@pytest.mark.parametrize("save", [save_npz, save_npy, save_hdf5, save_pickle])
def test_arrays_are_known_by_their_names(save, names, tmp_path):
    save(tmp_path / "digits", by_pattern(*names)())
    assert_right(data.load(data_dir=tmp_path))


@pytest.mark.parametrize("save", [save_npz, save_npy, save_hdf5, save_pickle])
@pytest.mark.parametrize("names", [("images", "labels"), ("image", "label"), ("X", "Y"), ("features", "labels")])
def test_without_a_part_some_are_held_out(save, names, tmp_path):
    save(tmp_path / "digits", dict(zip(names, marked(100, 0), strict=True)))
    assert_labelled(tmp_path, 100)


def test_usps_has_groups_and_fractions(tmp_path):
    with h5py.File(tmp_path / "usps.h5", "w") as file:
        for part, (images, labels) in SPLITS.items():
            file[f"{part}/data"], file[f"{part}/target"] = images.reshape(len(images), -1) / 255, labels
    assert_right(data.load(data_dir=tmp_path))


def test_the_name_of_the_file_tells_the_part(tmp_path):
    for part, (images, labels) in SPLITS.items():
        np.savez(tmp_path / f"{part}.npz", images=images, labels=labels)
    assert_right(data.load(data_dir=tmp_path))


def test_a_file_for_each_array_without_a_name(tmp_path):
    """As Kannada-MNIST has them."""
    for part, (images, labels) in SPLITS.items():
        np.savez(tmp_path / f"X_kannada_MNIST_{part}.npz", images[..., 0])
        np.savez(tmp_path / f"y_kannada_MNIST_{part}.npz", labels)
    assert_right(data.load(data_dir=tmp_path))


def test_two_arrays_without_names_are_images_and_labels(tmp_path):
    np.savez(tmp_path / "saved.npz", *marked(100, 0))
    assert_labelled(tmp_path, 100)


def test_validation_images_are_no_training_images(tmp_path):
    images, labels = SPLITS["test"]
    arrays = {
        "val_images": images[:10],
        "val_labels": labels[:10],
        "test_images": images[10:],
        "test_labels": labels[10:],
    }
    np.savez(
        tmp_path / "octmnist.npz", train_images=SPLITS["train"].images, train_labels=SPLITS["train"].labels, **arrays
    )
    assert_right(data.load(data_dir=tmp_path))


@pytest.mark.parametrize("encoded", [str, str.encode])
def test_labels_may_be_words(encoded, tmp_path):
    words = [f"class {number}" for number in range(10)]
    arrays = arrays_of()
    for name in ("y_train", "y_test"):
        arrays[name] = np.array([encoded(words[label]) for label in arrays[name]])
    np.savez(tmp_path / "words.npz", **arrays)
    dataset = data.load(data_dir=tmp_path)
    assert_right(dataset, names=words)
    assert dataset.class_names == words


@pytest.mark.parametrize(
    ("scale", "shift"),
    [(1 / 255, 0), (2 / 255, -1), (1 / 255, -0.5), (1, 0)],
    ids=["0 to 1", "-1 to 1", "-½ to ½", "bytes"],
)
def test_black_and_white_of_every_usual_range(scale, shift, tmp_path):
    images = np.arange(256, dtype=np.float64).reshape(1, 16, 16)
    np.save(tmp_path / "x.npy", images * scale + shift)
    assert data.read(tmp_path / "x.npy", (16, 16, 1)).images.ravel().tolist() == list(range(256))


def test_greys_of_12_bits_are_scaled(tmp_path):
    values = np.linspace(0, 4095, 256).astype(np.uint16).reshape(1, 16, 16)
    np.save(tmp_path / "x.npy", values)
    np.testing.assert_allclose(data.read(tmp_path / "x.npy", (16, 16, 1)).images.ravel(), np.arange(256), atol=1)


def test_all_parts_are_scaled_alike(tmp_path):
    ramp = np.arange(256).reshape(1, 16, 16)
    for part, top in (("train", 4095), ("test", 1000)):
        np.save(tmp_path / f"x_{part}.npy", np.rint(ramp * (top / 255)).astype(np.uint16))
    images = data.read(tmp_path, (16, 16, 1)).images
    np.testing.assert_allclose(images[0, ..., 0], ramp[0], atol=1)
    np.testing.assert_allclose(images[1, ..., 0], ramp[0] * 1000 / 4095, atol=1)


@pytest.mark.parametrize("prefix", ["full_numpy_bitmap_", ""])
def test_a_file_for_each_class(prefix, tmp_path):
    """As Quick, Draw! has them."""
    images, labels = marked(100, 0)
    for label in range(10):
        np.save(tmp_path / f"{prefix}{label}.npy", images[labels == label].reshape(-1, 784))
    assert_labelled(tmp_path, 100)


@pytest.mark.parametrize("name", ["{}", "img_{}"])
def test_a_file_for_each_image_in_a_folder_for_each_class(name, tmp_path):
    for part, split in SPLITS.items():
        for number, (image, label) in enumerate(zip(*split, strict=True)):
            (tmp_path / part / str(label)).mkdir(parents=True, exist_ok=True)
            np.save(tmp_path / part / str(label) / f"{name.format(number)}.npy", image[..., 0] / 255)
    assert_right(data.load(data_dir=tmp_path))


def test_a_file_for_each_image_without_classes_is_refused(tmp_path):
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", np.zeros((64, 64)))
    with pytest.raises(UserError, match=r"one image 64x64\. Put those of each class into a folder"):
        data.load(data_dir=tmp_path)


def as_cifar(split: Split) -> np.ndarray:
    """Return coloured images as rows of all reds, all greens and all blues."""
    images = np.repeat(np.pad(split.images, ((0, 0), (2, 2), (2, 2), (0, 0))), 3, axis=-1)
    images[..., 1:] //= 2
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


@pytest.fixture(params=["str", "bytes"])
def cifar(request, tmp_path):
    """Return a folder with the batches of CIFAR-10; those that are made with Python 3 have bytes for keys."""
    key = str if request.param == "str" else str.encode
    train = SPLITS["train"]
    halves = [Split(*(rows[part] for rows in train)) for part in (np.s_[:25], np.s_[25:])]
    for name, split in (("data_batch_1", halves[0]), ("data_batch_2", halves[1]), ("test_batch", SPLITS["test"])):
        content = {key("data"): as_cifar(split), key("labels"): split.labels.tolist(), key("batch_label"): key(name)}
        (tmp_path / name).write_bytes(pickle.dumps(content, 2))
    (tmp_path / "batches.meta").write_bytes(
        pickle.dumps({key("label_names"): [key(f"kind {n}") for n in range(10)]}, 2)
    )
    return tmp_path


def test_cifar(cifar):
    dataset = data.load(data_dir=cifar)
    assert dataset.image_shape == (32, 32, 3)
    assert dataset.class_names == [f"kind {number}" for number in range(10)]
    assert (len(dataset.train.images), len(dataset.test.images)) == (TRAIN, TEST)
    for split in (dataset.train, dataset.test):
        np.testing.assert_array_equal(split.images[:, 5, 2:, 0].argmax(axis=1) // 2, split.labels)
        np.testing.assert_array_equal(split.images[..., 2], split.images[..., 0] // 2)


def test_mnist_of_the_deep_learning_tutorials(tmp_path):
    """Three pairs of images and labels: for training, validation and the test."""
    pairs = [(split.images.reshape(-1, 784) / np.float32(255), split.labels) for split in SPLITS.values()]
    (images, labels), validation = pairs[1], tuple(rows[:5] for rows in pairs[1])
    content = (pairs[0], validation, (images[5:], labels[5:]))
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(content, 2)))
    assert_right(data.load(data_dir=tmp_path))


class Evil:
    """What would write a file when it is loaded."""

    def __reduce__(self):
        return Path.touch, (Path("pwned"),)


@pytest.mark.parametrize("content", [Evil(), {"images": Evil()}, [np.array([Evil()], object)]])
def test_a_pickle_cannot_run_code(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match=r"digits\.pkl is not read: it holds .*, which could run code"):
        data.load(data_dir=tmp_path)
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"x_test": np.zeros((3, 8, 8)), "y_test": np.zeros(3), "x_train": np.zeros((3, 8, 8))},
            "none of the training",
        ),
        ({"images": np.zeros((3, 8, 8)), "labels": np.zeros(2)}, "3 images, and its labels are not one"),
        ({"images": np.zeros((3, 8, 8)), "labels": np.zeros((3, 4))}, "4 labels for each image"),
        (
            {"x_val": np.zeros((3, 8, 8)), "x_test": np.zeros((3, 9, 9)), "x_train": np.zeros((3, 8, 8))},
            "several sizes",
        ),
    ],
)
def test_what_is_no_set_of_images_is_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UserError, match=message):
        data.load("", tmp_path, Conversion(image_size=8))


def test_arrays_that_are_no_images_are_not_taken_for_such(tmp_path):
    save_hdf5(tmp_path / "model", {"dense/kernel": np.zeros((4, 4)), "dense/bias": np.zeros(4)})
    with pytest.raises(UserError, match=r"model\.h5 has the arrays dense/bias, dense/kernel; images are looked for"):
        data.load(data_dir=tmp_path)
    (tmp_path / "model.h5").write_bytes(b"\x89HDF cut short")
    with pytest.raises(UserError, match=r"model\.h5 is damaged"):
        data.load(data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x_train", ("train", "images", ())),
        ("testing_labels", ("testing", "labels", ())),
        ("kmnist-train-imgs", ("train", "images", ("kmnist",))),
        ("label_images", ("", "images", ())),
        ("weights", ("", "", ("weights",))),
    ],
)
def test_what_a_name_says(name, expected):
    assert role(name) == expected
