"""Tables: where the labels stand, what they are, and the texts that tables are written in."""

import bz2
import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from layouts import SPLITS, assert_labelled, assert_right, marked, write_csv

from gan_keras import data
from gan_keras.data import Split
from gan_keras.ui.console import UserError


def table(count: int = 40, side: int = 8, high: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of pixels, whose first one is the row's label, and the labels."""
    pixels = np.random.default_rng(0).integers(0, high + 1, (count, side * side))
    labels = np.arange(count) % 4
    pixels[:, 0], pixels[0, 1] = labels, high
    return pixels, labels


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("last", [True, False])
def test_labels_stand_first_or_last(header, last, tmp_path):
    pixels, labels = table()
    frame = pd.DataFrame(pixels).add_prefix("p")
    frame.insert(frame.shape[1] if last else 0, "class" if header else "x", labels)
    if last and not header:
        frame.iloc[:, 0] += 50  # or the first column would count classes as well
    frame.to_csv(tmp_path / "data.csv", index=False, header=header)
    split = data.load("", tmp_path, data.Conversion(image_size=8)).train
    np.testing.assert_array_equal(split.images[:, 0, 0, 0] - (50 if last and not header else 0), split.labels)


def test_words_become_the_names_of_the_classes(tmp_path):
    pixels, labels = table()
    frame = pd.DataFrame(pixels)
    frame["kind"] = np.array(list("bdac"))[labels]
    frame.to_csv(tmp_path / "data.csv", index=False)
    dataset = data.load("", tmp_path, data.Conversion(image_size=8))
    assert dataset.class_names == list("abcd")
    words = np.array(dataset.class_names)[dataset.train.labels]
    np.testing.assert_array_equal(np.array(list("bdac"))[dataset.train.images[:, 0, 0, 0]], words)


def test_seventeen_greys_are_scaled(tmp_path):
    """As UCI has its digits of 8x8, and scikit-learn: white is 16."""
    pixels, labels = table(high=16)
    pd.DataFrame(np.column_stack([pixels, labels])).to_csv(tmp_path / "optdigits.csv", index=False, header=False)
    assert data.load("", tmp_path, data.Conversion(image_size=8)).train.images.max() == 255


def test_tables_of_other_classes_do_not_belong_together(tmp_path):
    pixels, labels = table()
    for part, names in (("train", "abcd"), ("test", "abce")):
        frame = pd.DataFrame(pixels)
        frame.insert(0, "label", np.array(list(names))[labels])
        frame.to_csv(tmp_path / f"{part}.csv", index=False)
    with pytest.raises(UserError, match="different classes"):
        data.load(data_dir=tmp_path)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"picture": [b"x"], "label": [0]}, "it needs one named image"),
        ({"image": [3], "label": [0]}, "holds no encoded pictures"),
        ({"image": [{"bytes": b"x", "path": None}], "label": [0]}, "image 0: cannot identify"),
    ],
)
def test_a_parquet_file_without_pictures_is_refused(columns, message, tmp_path):
    pa.parquet.write_table(pa.table(columns), tmp_path / "data.parquet")
    with pytest.raises(UserError, match=message):
        data.load(data_dir=tmp_path)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("header", [True, False])
def test_two_words_are_labels(header, last, tmp_path):
    images, labels = marked(100, 0, 2)
    frame = pd.DataFrame(images.reshape(100, -1)).add_prefix("p")
    frame.insert(frame.shape[1] if last else 0, "kind", np.array(["neg", "pos"])[labels])
    frame.to_csv(tmp_path / "data.csv", index=False, header=header)
    assert_labelled(tmp_path, 100, ["neg", "pos"])


@pytest.mark.parametrize("name", ["data.csv", "data.arff"])
def test_a_table_without_rows_is_said_to_have_none(name, tmp_path):
    write_csv(tmp_path / name, Split(np.zeros((1, 28, 28, 1)), np.zeros(1)))
    if name.endswith("csv"):
        (tmp_path / name).write_text((tmp_path / name).read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    else:
        (tmp_path / name).write_text("@RELATION a\n@ATTRIBUTE p REAL\n@DATA\n", encoding="utf-8")
    with pytest.raises(UserError, match="no rows of images"):
        data.load(data_dir=tmp_path)


def fields(split, separator=",", last=False):
    """Return the text of a table without a head."""
    rows = [(*image.ravel(), label) if last else (label, *image.ravel()) for image, label in zip(*split, strict=True)]
    return "\n".join(separator.join(map(str, row)) for row in rows) + "\n"


def semicolons(part, split):
    return f"{part}.csv", fields(split, ";").encode()


def tabs(part, split):
    return f"mnist_{part}.tsv", fields(split, "\t").encode()


def of_uci(part, split):
    return f"optdigits.{part[:3]}", fields(split, last=True).encode()


def of_hastie(part, split):
    """The post office's digits of The Elements of Statistical Learning: numbers from -1 to 1 between spaces."""
    scaled = split._replace(images=split.images / 127.5 - 1, labels=split.labels.astype(float))
    return f"zip.{part}.gz", gzip.compress(fields(scaled, " ").encode())


def sparse(split, lowest=0, scale=1.0, shift=0.0):
    """Return the text of LIBSVM's format; pixels that are 0 are left out."""
    lines = []
    for image, label in zip(*split, strict=True):
        values = image.ravel() * scale + shift
        lines.append(" ".join([str(label + lowest), *(f"{i + 1}:{v:g}" for i, v in enumerate(values) if v)]))
    return bz2.compress(("\n".join(lines) + "\n").encode())


def of_libsvm(part, split):
    return f"mnist{'.t' if part == 'test' else ''}.bz2", sparse(split)


def of_torchvision(part, split):
    """Its USPS: digits from -1 to 1, whose labels are counted from 1."""
    return f"usps{'.t' if part == 'test' else ''}.bz2", sparse(split, 1, 2 / 255, -1)


@pytest.mark.parametrize("write", [semicolons, tabs, of_uci, of_hastie, of_libsvm, of_torchvision])
def test_texts_as_they_are_found(write, tmp_path):
    for part, split in SPLITS.items():
        name, content = write(part, split)
        (tmp_path / name).write_bytes(content)
    assert_right(data.load(data_dir=tmp_path))


def test_openml(tmp_path):
    """Its mnist_784.arff, whose labels are texts."""
    split = marked(100, 0)
    head = [f"@ATTRIBUTE pixel{number + 1} REAL" for number in range(784)]
    head = ["@RELATION mnist_784", *head, "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}", "@DATA\n"]
    (tmp_path / "mnist_784.arff").write_text("\n".join(head) + fields(split, last=True), encoding="utf-8")
    assert_labelled(tmp_path, 100)


def test_a_text_of_words_is_no_table(tmp_path):
    (tmp_path / "notes.txt").write_text("many words " * 100, encoding="utf-8")
    with pytest.raises(UserError, match=r"nothing that can be read as images; it holds notes\.txt"):
        data.load(data_dir=tmp_path)
