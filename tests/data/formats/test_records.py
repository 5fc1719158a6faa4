"""Rows of encoded pictures: TensorFlow's records and Arrow's tables."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf
from layouts import SPLITS, assert_labelled, assert_right, marked, png, write_parquet

from gan_keras import data
from gan_keras.data import Split, writing
from gan_keras.ui.console import UserError


def feature(value) -> tf.train.Feature:
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))


def write_records(path, rows, options=""):
    """Write a record with these features for each row."""
    with tf.io.TFRecordWriter(str(path), options) as file:
        for row in rows:
            features = tf.train.Features(feature={name: feature(value) for name, value in row.items()})
            file.write(tf.train.Example(features=features).SerializeToString())


def encoded(split: Split, image="image", label="label"):
    return [{image: png(one), label: number} for one, number in zip(*split, strict=True)]


def raw(split: Split):
    size = {"height": 28, "width": 28, "depth": 1}
    return [{"image_raw": one.tobytes(), "label": number} | size for one, number in zip(*split, strict=True)]


def synthesized(folder):
    """As `gan_keras.synthesize` writes them."""
    for part, split in SPLITS.items():
        with writing.FORMATS["tfrecord"](folder, part, len(split.labels), (28, 28, 1), list("0123456789")) as write:
            write(*split)


def prepared(folder):
    """As tensorflow-datasets keeps them."""
    inner = folder / "mnist" / "3.0.1"
    inner.mkdir(parents=True)
    for part, split in SPLITS.items():
        write_records(inner / f"mnist-{part}.tfrecord-00000-of-00001", encoded(split))
    (inner / "features.json").write_text("{}", encoding="utf-8")


def shards(folder):
    """As on Kaggle, with other names of features."""
    for part, split in SPLITS.items():
        for number in range(2):
            half = Split(*(rows[number::2] for rows in split))
            rows = encoded(half, "image/encoded", "image/class/label")
            write_records(folder / f"{part}{number:02}-{len(rows)}.tfrec", rows)


def unencoded(folder):
    for part, split in SPLITS.items():
        write_records(folder / f"{part}.tfrecords", raw(split))


def packed(folder):
    for part, split in SPLITS.items():
        write_records(folder / f"{part}.tfrecord.gz", encoded(split), "GZIP")


def arrow(folder):
    """As `save_to_disk` of Hugging Face's datasets writes them."""
    for part, (images, labels) in SPLITS.items():
        (folder / part).mkdir()
        table = pa.table({"image": [{"bytes": png(one), "path": None} for one in images], "label": labels})
        with pa.ipc.new_stream(folder / part / "data-00000-of-00001.arrow", table.schema) as file:
            file.write_table(table)
        (folder / part / "state.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize("layout", [synthesized, prepared, shards, unencoded, packed, arrow])
def test_records_are_read_with_the_right_labels_and_split(layout, tmp_path):
    layout(tmp_path)
    assert_right(data.load(data_dir=tmp_path))


def test_tensorflow_datasets_keeps_the_names_of_classes_beside(tmp_path):
    write_records(tmp_path / "own-train.tfrecord-00000-of-00001", encoded(marked(100, 0)))
    names = [f"kind {number}" for number in range(10)]
    (tmp_path / "label.labels.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    assert data.load(data_dir=tmp_path).class_names == names
    assert_labelled(tmp_path, 100, names)


def test_sizes_in_names_are_no_numbers_of_parts(tmp_path):
    """Two data sets whose names differ in a number are not one."""
    for name in ("cifar10", "cifar100"):
        write_parquet(tmp_path / f"{name}.parquet", SPLITS["train"])
    with pytest.raises(UserError, match=r"(?s)more than one data set.*cifar10\.parquet.*cifar100\.parquet"):
        data.load(data_dir=tmp_path)


def test_a_table_of_arrow_may_have_a_column_for_each_pixel(tmp_path):
    """As OpenML's data sets, whose labels are texts of a category."""
    images, labels = marked(100, 0)
    table = pd.DataFrame(images.reshape(100, -1)).add_prefix("pixel")
    table["class"] = pd.Categorical(labels.astype(str))
    table.to_parquet(tmp_path / "dataset.pq")
    assert_labelled(tmp_path, 100)


def test_records_without_pictures_are_refused(tmp_path):
    write_records(tmp_path / "train.tfrecord", [{"text": b"x", "label": 1}])
    with pytest.raises(UserError, match=r"train\.tfrecord has no pictures; its records have the features label, text"):
        data.load(data_dir=tmp_path)
    write_records(tmp_path / "train.tfrecord", encoded(marked(10, 0)))
    content = (tmp_path / "train.tfrecord").read_bytes()
    (tmp_path / "train.tfrecord").write_bytes(content[:-30])
    with pytest.raises(UserError, match=r"train\.tfrecord is damaged"):
        data.load(data_dir=tmp_path)


def test_a_table_without_rows_is_refused(tmp_path):
    write_parquet(tmp_path / "train.parquet", Split(*(rows[:0] for rows in SPLITS["train"])))
    with pytest.raises(UserError, match="no rows of images"):
        data.load(data_dir=tmp_path)


def test_labels_may_have_gaps(tmp_path):
    images, labels = marked(100, 0)
    write_records(tmp_path / "train.tfrecord", encoded(Split(images, labels * 3)))
    dataset = data.load(data_dir=tmp_path)
    assert dataset.class_names == [str(3 * number) for number in range(10)]
    np.testing.assert_array_equal(np.unique(dataset.train.labels), np.arange(10))
