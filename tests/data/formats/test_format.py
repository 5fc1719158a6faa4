"""A format is one function: what it finds is found through `--data-dir`."""

import functools

import numpy as np
import pytest

from gan_keras import data
from gan_keras.data import Split
from gan_keras.data.formats import format as formats
from gan_keras.data.formats.format import Found, Loaded, Place
from gan_keras.ui.console import UserError


def my_files(place: Place):
    for file in place.files():
        if file.suffix == ".my":
            yield Found(file, f"my own file {file.name}", functools.partial(load, file))


def load(file, conversion) -> Loaded:
    count = int(file.read_text())
    return Loaded(
        Split(np.zeros((count, 28, 28, 1), np.uint8), np.arange(count, dtype=np.int32) % 2), class_names=["a", "b"]
    )


def test_a_new_reader_needs_no_other_change(tmp_path, monkeypatch):
    (tmp_path / "digits.my").write_text("30")
    with pytest.raises(UserError, match=r"it holds digits\.my"):
        data.load(data_dir=tmp_path)
    monkeypatch.setattr(formats, "readers", [])
    assert formats.reader(my_files) is my_files
    monkeypatch.setattr("gan_keras.data.formats.readers", formats.readers)
    assert data.load(data_dir=tmp_path).describe().endswith(f"2 classes: my own file digits.my in {tmp_path}")


def test_a_place_has_the_files_of_two_folders_below_it_in_natural_order(tmp_path):
    for name in ("2.txt", "10.txt", "a/b/deep.txt", "a/b/c/too_deep.txt", ".hidden/x.txt", "__MACOSX/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [file.name for file in Place(tmp_path).files()] == ["2.txt", "10.txt", "deep.txt"]
    assert list(Place(tmp_path / "2.txt").files()) == [tmp_path / "2.txt"]
