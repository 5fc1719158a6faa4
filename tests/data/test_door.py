"""What is found in a folder: which data set it is, what is chosen, what is said, and what is refused."""

import shutil

import numpy as np
import pandas as pd
import pytest
from layouts import (
    SPLITS,
    TEST,
    TRAIN,
    TURNED,
    arrays_of,
    assert_right,
    marked,
    read_off,
    write_csv,
    write_idx,
    write_parquet,
    write_pictures,
)

from gan_keras import data
from gan_keras.data import Conversion, Split
from gan_keras.ui.console import UserError


def test_files_can_be_named_themselves(tmp_path):
    np.savez(tmp_path / "mnist.npz", **arrays_of(SPLITS))
    write_pictures(tmp_path / "pictures" / "train", SPLITS["train"])
    write_pictures(tmp_path / "pictures" / "test", SPLITS["test"])
    shutil.make_archive(str(tmp_path / "archive"), "zip", tmp_path / "pictures")
    for name in ("mnist.npz", "archive.zip"):
        assert_right(data.load(data_dir=tmp_path / name))


def test_without_test_images_every_seventh_is_held_out(tmp_path):
    write_csv(tmp_path / "train.csv", marked(TRAIN, 0, classes=2))
    unlabelled = pd.DataFrame(SPLITS["test"].images.reshape(TEST, -1)).add_prefix("pixel")
    unlabelled.to_csv(tmp_path / "test.csv", index=False)  # as in Kaggle's Digit Recognizer
    pd.DataFrame({"ImageId": [1, 2], "Label": [0, 0]}).to_csv(tmp_path / "sample_submission.csv", index=False)
    dataset = data.load(data_dir=tmp_path)
    assert len(dataset.train.images) + len(dataset.test.images) == TRAIN
    assert 0 < len(dataset.test.images) <= TRAIN / 7
    for split in (dataset.train, dataset.test):
        np.testing.assert_array_equal(read_off(split.images), split.labels)


OTHERS = ["FashionMNIST/raw", "KMNIST/raw", "fashion", "digits", "emnist", "notmnist", "kannada-mnist", "mnist_m"]


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_mnist_is_not_called_so(name, tmp_path):
    assert data.load(data_dir=write_idx(tmp_path / name)).name != "mnist"


@pytest.mark.parametrize("labels", [(3, 8), range(1, 11), range(48, 58)])
def test_labels_with_gaps_are_counted_and_keep_their_numbers_as_names(labels, tmp_path):
    images, numbers = SPLITS["train"]
    numbers = np.array(labels, np.int32)[numbers % len(labels)]
    write_csv(tmp_path / "train.csv", Split(images, numbers))
    dataset = data.load(data_dir=tmp_path)
    assert dataset.class_names == [str(label) for label in labels]
    known = {image.tobytes(): str(number) for image, number in zip(images, numbers, strict=True)}
    for split in (dataset.train, dataset.test):
        assert [dataset.class_names[label] for label in split.labels] == [known[i.tobytes()] for i in split.images]


def test_test_pictures_without_labels_are_left_out(tmp_path, capsys):
    write_pictures(tmp_path / "train", SPLITS["train"])
    write_pictures(tmp_path / "test", SPLITS["test"], class_name=lambda label: "images")
    dataset = data.load(data_dir=tmp_path)
    assert len(dataset.train.images) + len(dataset.test.images) == TRAIN
    np.testing.assert_array_equal(read_off(dataset.train.images), dataset.train.labels)
    assert "left out" in capsys.readouterr().out


def test_a_part_alone_is_all_that_there_is(tmp_path):
    write_pictures(tmp_path / "val", SPLITS["train"])
    dataset = data.load(data_dir=tmp_path)
    assert len(dataset.class_names) == 10 and len(dataset.train.images) + len(dataset.test.images) == TRAIN


def test_more_classes_than_folders_in_each_are_classes(tmp_path):
    """As NIST's, where each class has folders of groups of writers."""
    write_pictures(tmp_path, SPLITS["train"], class_name=lambda label: f"{label}/hsf_{label % 2}")
    assert len(data.load(data_dir=tmp_path).class_names) == 10


def test_folders_named_after_mnist_hold_it_if_it_may_be_so(tmp_path):
    assert data.load(data_dir=write_idx(tmp_path / "MNIST" / "raw")).name == "mnist"
    letters = {part: marked(52, seed, 13) for seed, part in enumerate(("train", "test"))}
    assert data.load(data_dir=write_idx(tmp_path / "mnist-letters", letters)).name == "mnist_letters"


def test_letters_begin_at_0_and_are_upright(tmp_path):
    letters = {part: marked(52, seed, 26) for seed, part in enumerate(("train", "test"))}
    for split in letters.values():
        split.images[:, 3] = np.minimum(split.images[:, 3], 100)
        split.images[np.arange(52), split.labels, 5] = 255
    turned = {part: split._replace(images=split.images.swapaxes(1, 2)) for part, split in letters.items()}
    write_idx(tmp_path, turned, ("emnist-letters-train", "emnist-letters-test"), offset=1)
    (tmp_path / "emnist-letters-mapping.txt").write_text("".join(f"{n + 1} {65 + n} {97 + n}\n" for n in range(26)))
    dataset = data.load(data_dir=tmp_path)
    assert (dataset.name, "".join(dataset.class_names)) == ("emnist_letters", "abcdefghijklmnopqrstuvwxyz")
    np.testing.assert_array_equal(dataset.train.images[:, :26, 5, 0].argmax(axis=1), dataset.train.labels)


def test_several_data_sets_in_one_folder_are_named_and_can_be_chosen(tmp_path):
    for kind in ("digits", "mnist"):
        write_idx(tmp_path, TURNED, (f"emnist-{kind}-train", f"emnist-{kind}-test"))
    with pytest.raises(UserError, match=r"(?s)more than one.*--dataset emnist_digits.*--dataset emnist_mnist"):
        data.load(data_dir=tmp_path)
    assert data.load("emnist_mnist", tmp_path).name == "emnist_mnist"
    with pytest.raises(UserError, match="holds emnist_digits, not kmnist"):
        data.load("kmnist", tmp_path)


def test_a_root_of_torchvision_holds_several_and_the_names_of_folders_tell_them_apart(tmp_path):
    write_idx(tmp_path / "MNIST" / "raw")
    write_idx(tmp_path / "FashionMNIST" / "raw", {part: marked(30, seed) for seed, part in enumerate(SPLITS)})
    with pytest.raises(UserError, match=r"(?s)more than one.*FashionMNIST.*--dataset fashion_mnist.*--dataset mnist"):
        data.load(data_dir=tmp_path)
    for name, count in (("fashion_mnist", 30), ("mnist", TRAIN)):
        dataset = data.load(name, tmp_path)
        assert (dataset.name, len(dataset.train.images)) == (name, count)
        np.testing.assert_array_equal(read_off(dataset.train.images), dataset.train.labels)


def test_classes_have_the_names_that_the_data_give_them(tmp_path):
    write_parquet(tmp_path / "data.parquet", SPLITS["train"], [f"class {digit}" for digit in range(10)])
    assert data.load(data_dir=tmp_path).class_names[3] == "class 3"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "nothing that can be read"),
        (lambda folder: (folder / "notes.txt").write_text("x"), r"it holds notes\.txt"),
        (lambda folder: (folder / "data.npz").write_bytes(b"PK\x03\x04 cut"), "data.npz is damaged"),
        (lambda folder: np.savez(folder / "x.npz", weights=np.zeros(3)), "the arrays weights; images are looked for"),
        (lambda folder: np.savez(folder / "x.npz", images=np.zeros((3, 5, 7, 2))), r"array \(3, 5, 7, 2\)"),
        (lambda folder: np.savez(folder / "x.npz", images=np.full((3, 28, 28), -1.5)), "pixels from -1.5"),
        (lambda folder: np.savez(folder / "x.npz", images=np.full((3, 28, 28), 300.0)), "pixels up to 300"),
        (lambda folder: (folder / "a.zip").write_bytes(b"PK not a zip"), "cannot be unpacked"),
        (lambda folder: (folder / "emnist.mat").write_bytes(b"MATLAB not"), "emnist.mat is damaged"),
        (lambda folder: (folder / "x.parquet").write_bytes(b"PAR1 not"), "x.parquet is damaged"),
        (
            lambda folder: (folder / "t.csv").write_text(",".join(["label", *["p"] * 784]) + "\n" + "a," * 784 + "1\n"),
            "not numbers",
        ),
        (
            lambda folder: (folder / "t.csv").write_text("5," + ",".join(["1"] * 784) + "\n5,3\n"),
            "empty cells",
        ),
        (lambda folder: (folder / "t.csv").write_text(",".join(["1"] * 700) + "\n"), "700 columns"),
        (lambda folder: (write_idx(folder) / "t10k-labels-idx1-ubyte").unlink(), "no testing labels"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(make, message, tmp_path):
    make(tmp_path)
    with pytest.raises(UserError, match=message):
        data.load(data_dir=tmp_path)


def test_every_size_and_colour_can_be_asked_for(tmp_path):
    write_idx(tmp_path)
    for size, channels in ((8, None), (32, 1), (28, 3), (64, 3)):
        dataset = data.load("", tmp_path, Conversion(image_size=size, channels=channels))
        assert dataset.image_shape == (size, size, channels or 1)
    plain, inverted = (data.load("", tmp_path, Conversion(invert=invert)) for invert in (False, True))
    np.testing.assert_array_equal(inverted.train.images, 255 - plain.train.images)
    assert data.load("digits8x8").image_shape == (8, 8, 1)
    assert data.load("digits8x8", None, Conversion(image_size=28)).image_shape == (28, 28, 1)


def test_white_paper_is_noticed(tmp_path, capsys):
    write_pictures(tmp_path, SPLITS["train"]._replace(images=255 - SPLITS["train"].images))
    data.load(data_dir=tmp_path)
    assert "--invert turns them" in capsys.readouterr().out
