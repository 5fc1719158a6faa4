"""Layouts as they are found: each is loaded with the right label for every image and the split that it has."""

import gzip
import shutil
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pytest
import scipy.io
from layouts import (
    SPLITS,
    TURNED,
    arrays_of,
    assert_right,
    png,
    write_csv,
    write_idx,
    write_parquet,
    write_pictures,
)

from gan_keras import data
from gan_keras.data import Split


def plain_csv(folder):
    write_csv(folder / "mnist_train.csv", SPLITS["train"])
    write_csv(folder / "mnist_test.csv", SPLITS["test"], header=False)


def keras_npz(folder):
    np.savez(folder / "mnist.npz", **arrays_of())


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


def idx_in_two_folders(folder):
    """The four files, those of each part in a folder of its own."""
    write_idx(folder)
    for name, part in (("train", "train"), ("t10k", "test")):
        (folder / part).mkdir()
        for file in list(folder.glob(f"{name}-*")):
            file.rename(folder / part / file.name)


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
    "IDX in two folders": idx_in_two_folders,
    "IDX as a browser renames it": lambda folder: write_idx(folder, pattern="{}-{}-idx{}-ubyte (1)"),
    "IDX by another suffix": lambda folder: write_idx(folder, pattern="{}-{}.idx{}"),
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
    assert_right(dataset)
    assert dataset.class_names == [str(digit) for digit in range(10)]
    assert dataset.describe().startswith("40 + 20 digits 28x28, grey, 10 classes: ")
