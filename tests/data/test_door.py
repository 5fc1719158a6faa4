"""Layouts as they are found: each is loaded with the right label for every image, or refused with advice."""

import gzip
import io
import json
import shutil
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import scipy.io
from helpers import idx_bytes
from PIL import Image

from gan_keras import data
from gan_keras.data import Conversion, Split
from gan_keras.ui.console import UserError

TRAIN, TEST = 40, 20


def marked(count: int, seed: int, classes: int = 10) -> Split:
    """Return images on which the label can be read: at row 3, in column 2 * label, they are white, else dark."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % classes).astype(np.int32)
    images = random.integers(0, 100, (count, 28, 28, 1), dtype=np.uint8)
    images[np.arange(count), 3, 2 * labels % 28] = 255
    return Split(images, labels)


def read_off(images: np.ndarray) -> np.ndarray:
    """Return the labels that are marked on images."""
    return images[:, 3, :, 0].argmax(axis=1) // 2


SPLITS = {"train": marked(TRAIN, 0), "test": marked(TEST, 1)}
TURNED = {part: split._replace(images=split.images.swapaxes(1, 2)) for part, split in SPLITS.items()}


def write_idx(folder, splits=SPLITS, names=("train", "t10k"), *, pattern="{}-{}-idx{}-ubyte", pack=bytes, offset=0):
    folder.mkdir(parents=True, exist_ok=True)
    for (images, labels), name in zip(splits.values(), names, strict=True):
        for what, values in (("images", images[..., 0]), ("labels", (labels + offset).astype(np.uint8))):
            (folder / pattern.format(name, what, values.ndim)).write_bytes(pack(idx_bytes(values)))
    return folder


def write_csv(path, split, header=True):
    frame = pd.DataFrame(split.images.reshape(len(split.images), -1)).add_prefix("pixel")
    frame.insert(0, "label", split.labels)
    frame.to_csv(path, index=False, header=header)


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.squeeze(image)).save(file, "PNG")
    return file.getvalue()


def write_pictures(folder, split, suffix=".png", class_name=str):
    for number, (image, label) in enumerate(zip(*split, strict=True)):
        (folder / class_name(label)).mkdir(parents=True, exist_ok=True)
        (folder / class_name(label) / f"{number}{suffix}").write_bytes(png(image))


def write_parquet(path, split, names=None, words=False):
    labels = [str(label) if words else int(label) for label in split.labels]
    table = pa.table({"image": [{"bytes": png(image), "path": None} for image in split.images], "label": labels})
    if names:
        features = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pa.parquet.write_table(table, path)


def plain_csv(folder):
    write_csv(folder / "mnist_train.csv", SPLITS["train"])
    write_csv(folder / "mnist_test.csv", SPLITS["test"], header=False)


def keras_npz(folder):
    (x_train, y_train), (x_test, y_test) = SPLITS.values()
    np.savez(folder / "mnist.npz", x_train=x_train[..., 0], y_train=y_train, x_test=x_test[..., 0], y_test=y_test)


def kuzushiji(folder):
    for part, (images, labels) in SPLITS.items():
        np.savez_compressed(folder / f"kmnist-{part}-imgs.npz", images[..., 0])
        np.savez_compressed(folder / f"kmnist-{part}-labels.npz", labels.astype(np.uint8))


def emnist_mat(folder):
    parts = {
        part: {"images": images.reshape(len(images), -1), "labels": labels[:, None]}
        for part, (images, labels) in TURNED.items()
    }
    mapping = np.array([[digit, 48 + digit] for digit in range(10)])
    scipy.io.savemat(folder / "emnist-digits.mat", {"dataset": parts | {"mapping": mapping}})


def pictures_with_parts(train="training", test="testing"):
    def write(folder):
        write_pictures(folder / train, SPLITS["train"])
        write_pictures(folder / test, SPLITS["test"])

    return write


def parquet(folder):
    (folder / "mnist").mkdir()
    write_parquet(folder / "mnist" / "train-00000-of-00001.parquet", SPLITS["train"])
    write_parquet(folder / "mnist" / "test-00000-of-00001.parquet", SPLITS["test"])


def zipped(folder):
    write_idx(folder / "raw", pack=gzip.compress, pattern="{}-{}-idx{}-ubyte.gz")
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        for file in (folder / "raw").iterdir():
            archive.write(file, f"some/{file.name}")
            archive.writestr(f"__MACOSX/some/._{file.name}", b"\0")
    shutil.rmtree(folder / "raw")


def tarred(folder):
    write_pictures(folder / "mnist_png" / "training", SPLITS["train"])
    write_pictures(folder / "mnist_png" / "testing", SPLITS["test"])
    with tarfile.open(folder / "mnist_png.tar.gz", "w:gz") as archive:
        archive.add(folder / "mnist_png", "mnist_png")
    shutil.rmtree(folder / "mnist_png")


def tables_in_folders(folder):
    """As Hugging Face's converted data sets, with words for labels that only all parts together number rightly."""
    for part, split in SPLITS.items():
        for number, half in enumerate(np.argsort(split.labels).reshape(2, -1)):
            path = folder / "default" / part / f"{number:04}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_parquet(path, Split(*(rows[half] for rows in split)), words=True)


def counted_csv(folder):
    """Tables with a column that counts the rows, and names that differ in more than their part."""
    for name, split in zip(("mnist_train_small.csv", "mnist_test.csv"), SPLITS.values(), strict=True):
        write_csv(folder / name, split)
        table = pd.read_csv(folder / name)
        pd.concat([pd.Series(range(len(table)), name="id"), table], axis=1).to_csv(folder / name, index=False)


def beside_others(folder):
    """A tar's own folder, the tar, a text, and folders of the system."""
    write_pictures(folder / "mnist_png" / "training", SPLITS["train"])
    write_pictures(folder / "mnist_png" / "testing", SPLITS["test"])
    for name in ("README.md", "mnist_png.tar.gz"):
        (folder / name).write_bytes(b"x")
    (folder / "mnist_png" / "training" / "3" / "above").symlink_to(folder / "mnist_png", target_is_directory=True)
    (folder / "mnist_png" / "@eaDir").mkdir()
    (folder / "mnist_png" / "@eaDir" / "thumb.png").write_bytes(png(SPLITS["train"].images[0]))


def as_jpg_on_kaggle(folder):
    """A folder in each folder of its name, and samples of the same pictures beside."""
    write_pictures(folder / "trainingSet" / "trainingSet", SPLITS["train"])
    write_pictures(folder / "testSet" / "testSet", SPLITS["test"])
    write_pictures(folder / "trainingSample" / "trainingSample", SPLITS["train"])


def parts_in_classes(folder):
    for part, split in SPLITS.items():
        write_pictures(folder, split, class_name=lambda label, part=part: f"{label}/{part}")


def idx_twice(folder):
    """As the most used MNIST on Kaggle: each file once more in a folder of its name."""
    write_idx(folder, pattern="{}-{}.idx{}-ubyte")
    for file in list(folder.iterdir()):
        inner = folder / file.name.replace(".", "-")
        inner.mkdir()
        shutil.copy(file, inner / inner.name)


def upper_case_zip(folder):
    zipped(folder)
    (folder / "archive.zip").rename(folder / "ARCHIVE.ZIP")
    (folder / "preview.png").write_bytes(png(SPLITS["train"].images[0]))


LAYOUTS = {
    "standard": write_idx,
    "a dot before idx": lambda folder: write_idx(folder, pattern="{}-{}.idx{}-ubyte"),
    "a dot and a folder of each file": lambda folder: [
        write_idx(folder / "archive", pattern="{}-{}.idx{}-ubyte"),
        (folder / "archive" / "train-images-idx3-ubyte").mkdir(),
        (folder / "archive" / ".DS_Store").write_bytes(b"x"),
    ],
    "capital letters": lambda folder: write_idx(folder, pattern="{}-{}-IDX{}-UBYTE"),
    "test- for t10k-": lambda folder: write_idx(folder, names=("train", "test"), pattern="{}-{}-idx{}-ubyte"),
    "gzipped": lambda folder: write_idx(folder, pattern="{}-{}-idx{}-ubyte.gz", pack=gzip.compress),
    "unpacked with the old name": lambda folder: write_idx(folder, pattern="{}-{}-idx{}-ubyte.gz"),
    "torchvision": lambda folder: write_idx(folder / "MNIST" / "raw"),
    "both packed and not": lambda folder: [
        write_idx(folder),
        write_idx(folder, pattern="{}-{}-idx{}-ubyte.gz", pack=gzip.compress),
    ],
    "EMNIST's names": lambda folder: write_idx(
        folder,
        TURNED,
        ("emnist-digits-train", "emnist-digits-test"),
        pattern="{}-{}-idx{}-ubyte.gz",
        pack=gzip.compress,
    ),
    "EMNIST's .mat": emnist_mat,
    "Keras' mnist.npz": keras_npz,
    "Kuzushiji": kuzushiji,
    "CSV": plain_csv,
    "training and testing": pictures_with_parts(),
    "train and val": pictures_with_parts("train", "val"),
    "Parquet": parquet,
    "zip": zipped,
    "tar": tarred,
    "Hugging Face's conversion": tables_in_folders,
    "CSV that counts its rows": counted_csv,
    "pictures beside others": beside_others,
    "JPG on Kaggle": as_jpg_on_kaggle,
    "parts in classes": parts_in_classes,
    "IDX on Kaggle": idx_twice,
    "QMNIST's names": lambda folder: write_idx(folder, names=("qmnist-train", "qmnist-test")),
    "upper-case zip and a preview": upper_case_zip,
    **{
        f"pictures in {train} and {test}": pictures_with_parts(train, test)
        for train, test in (
            ("train_images", "test_images"),
            ("MNIST - JPG - training", "MNIST - JPG - testing"),
            ("mnist_m_train", "mnist_m_test"),
            ("train2017", "val2017"),
            ("train", "dev"),
        )
    },
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_read_with_the_right_labels_and_split(layout, tmp_path):
    LAYOUTS[layout](tmp_path)
    dataset = data.load(data_dir=tmp_path)
    for split, expected in zip((dataset.train, dataset.test), SPLITS.values(), strict=True):
        assert (split.images.shape, split.images.dtype) == (expected.images.shape, np.uint8)
        np.testing.assert_array_equal(read_off(split.images), split.labels)
        assert sorted(split.images.tobytes()[:: 28 * 28]) == sorted(expected.images.tobytes()[:: 28 * 28])
    assert dataset.class_names == [str(digit) for digit in range(10)]
    assert dataset.describe().startswith("40 + 20 digits 28x28, grey, 10 classes: ")


def test_files_can_be_named_themselves(tmp_path):
    keras_npz(tmp_path)
    zipped(tmp_path)
    for name in ("mnist.npz", "archive.zip"):
        np.testing.assert_array_equal(read_off(data.load(data_dir=tmp_path / name).test.images), SPLITS["test"].labels)


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


def test_labels_in_another_file_are_not_read_and_that_is_said(tmp_path, capsys):
    for number, image in enumerate(SPLITS["train"].images):
        (tmp_path / f"{number}.png").write_bytes(png(image))
    (tmp_path / "labels.csv").write_text("name,label\n0.png,3\n", encoding="utf-8")
    assert data.load(data_dir=tmp_path).class_names == ["all"]
    assert "not read: labels.csv" in capsys.readouterr().out


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


def test_classes_have_the_names_that_the_data_give_them(tmp_path):
    write_parquet(tmp_path / "data.parquet", SPLITS["train"], [f"class {digit}" for digit in range(10)])
    assert data.load(data_dir=tmp_path).class_names[3] == "class 3"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "nothing that can be read"),
        (lambda folder: (folder / "notes.txt").write_text("x"), r"it holds notes\.txt"),
        (lambda folder: (folder / "data.npz").write_bytes(b"PK\x03\x04 cut"), "data.npz is damaged"),
        (lambda folder: np.savez(folder / "x.npz", weights=np.zeros(3)), "nothing that can be read"),
        (lambda folder: np.savez(folder / "x.npz", images=np.zeros((3, 5, 7, 2))), r"array \(3, 5, 7, 2\)"),
        (lambda folder: np.savez(folder / "x.npz", images=np.full((3, 28, 28), -1.0)), "pixels from -1"),
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


def test_an_archive_cannot_write_elsewhere(tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        member = tarfile.TarInfo("../../outside.txt")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(UserError, match="cannot be unpacked"):
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
