"""Small data and small runs that several tests share."""

import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from gan_keras import models, train

# Two logical processors, so that a test can train on two replicas. Before TensorFlow starts any.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

os.environ.pop("MNIST_DIR", None)  # a developer's own does not belong to the tests

TINY = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 4, "samples": 4, "precision": "float32"}


def idx_bytes(values: np.ndarray) -> bytes:
    """Return an array of bytes in the IDX format."""
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_idx_folder(
    folder: Path, train_images: int = 60, test_images: int = 20, seed: int = 0, side: int = 28
) -> Path:
    """Write the four files, the training images gzipped and the rest not; the labels are 0 to 9 in turn."""
    random = np.random.default_rng(seed)
    folder.mkdir()
    for prefix, count in (("train", train_images), ("t10k", test_images)):
        images = random.integers(0, 256, (count, side, side), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        if prefix == "train":
            (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        else:
            (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


@pytest.fixture(scope="session")
def idx_folder(tmp_path_factory) -> Path:
    return write_idx_folder(tmp_path_factory.mktemp("data") / "idx")


def tiny_config(model: str, **options):
    """Return a model's options for a run of seconds."""
    config_class = models.load(model).Config
    small = {name: 4 for name in ("filters", "units") if hasattr(config_class, name)}
    return config_class(**(TINY | small | options))


def run_command(main, capsys, *arguments) -> tuple[int, str]:
    """Return the exit code and the output of a command."""
    code = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    text = capsys.readouterr()
    return code, text.out + text.err


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, idx_folder) -> Path:
    """Return the folder of a finished tiny run of the DCGAN."""
    return train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path_factory.mktemp("runs") / "dcgan"))


@pytest.fixture(scope="session")
def labelled_run(tmp_path_factory, idx_folder) -> Path:
    """Return the folder of a finished tiny run of the conditional GAN."""
    return train.run(tiny_config("cgan", data_dir=idx_folder, out=tmp_path_factory.mktemp("runs") / "cgan"))
