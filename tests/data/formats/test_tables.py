"""Tables: where the labels stand, and what they are."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from gan_keras import data
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
