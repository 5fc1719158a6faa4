"""What is known and not read is refused with a sentence that says what it is and what to do."""

import pytest
from helpers import write_idx_folder
from layouts import SPLITS, write_flat

from gan_keras import data
from gan_keras.ui.console import UserError

KINDS = {
    "mnist.7z": r"packed file .* Unpack it yourself",
    "MNIST/processed/training.pt": r"PyTorch's, which is not read\. Save its arrays as \.npz",
    "data_batch_1.bin": r"Download CIFAR's version for Python",
    "a/1.heic": "Save it as PNG or JPEG",
    "film.mp4": "Save its frames",
    "data.mdb": "database, which is not read",
    "digits.xlsx": "Save it as CSV",
    "fer2013.csv": "table of neither pixels nor pictures beside it",
    "mnist.json": "JSON, which is read only where it lists pictures",
}


@pytest.mark.parametrize("name", KINDS)
def test_it_is_refused_with_advice(name, tmp_path):
    for other in (name, name.replace("1", "2")):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_bytes(b"x")
    with pytest.raises(UserError, match=KINDS[name]) as error:
        data.load(data_dir=tmp_path)
    assert name in str(error.value)


@pytest.mark.parametrize("name", KINDS)
def test_it_gives_way_to_what_can_be_read(name, tmp_path):
    folder = write_idx_folder(tmp_path / "idx")
    (folder / name.replace("/", "-")).write_bytes(b"x")
    assert len(data.load(data_dir=folder).class_names) == 10
    write_flat(tmp_path / "flat", SPLITS["train"])
    (tmp_path / "flat" / name.replace("/", "-")).write_bytes(b"x")
    assert data.load(data_dir=tmp_path / "flat").class_names == ["all"]


INSTEAD = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:a\n": "pointer of Git LFS",
    b"<!DOCTYPE html>": "web page",
}


@pytest.mark.parametrize("name", ["mnist.zip", "mnist.npz", "train.parquet", "a/1.png"])
@pytest.mark.parametrize("content", INSTEAD)
def test_a_file_that_is_something_else_is_said_to_be_so(content, name, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=INSTEAD[content]):
        data.load(data_dir=tmp_path)
