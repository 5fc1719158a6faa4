"""tensorflow-datasets, with files of ours instead of its downloads."""

import gzip
import pathlib
import re

import numpy as np
import pytest
import tensorflow_datasets as tfds

from gan_keras import data
from gan_keras.data import download
from gan_keras.ui.console import UserError


def test_tensorflow_datasets_prepares_what_it_downloads(tmp_path, monkeypatch, idx_folder):
    """The real builder, with our files instead of the download."""
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
    monkeypatch.setattr(download, "check_reachable", lambda name, builder: None)
    monkeypatch.setattr("tensorflow_datasets.image_classification.mnist._TRAIN_EXAMPLES", 60)
    monkeypatch.setattr("tensorflow_datasets.image_classification.mnist._TEST_EXAMPLES", 20)
    ours, theirs = data.load("mnist", idx_folder), data.load("mnist")
    assert re.fullmatch(rf"tensorflow-datasets mnist/[0-9.]+ in {tmp_path}/tfds/mnist/[0-9.]+", theirs.source)
    for one, other in ((ours.train, theirs.train), (ours.test, theirs.test)):
        assert sorted(image.tobytes() for image in one.images) == sorted(image.tobytes() for image in other.images)
        np.testing.assert_array_equal(np.bincount(one.labels), np.bincount(other.labels))


def test_without_network_it_fails_fast_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.constants, "DATA_DIR", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="--data-dir"):
        data.load("fashion_mnist")
