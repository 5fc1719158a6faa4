"""Fixtures that several tests share: small data, and the folders of small runs."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

from gan_keras.training.run import run as train  # first: it chooses TensorFlow's kernels

# isort: split
import keras
import pytest
import tensorflow as tf
from helpers import tiny_config, write_idx_folder

# Two logical processors, so that a test can train on two replicas. They must exist before TensorFlow starts any.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

# Tracing makes many objects, and Python looks for garbage after every few hundred. Let it look less often, and never at
# what was imported, which stays: a step of the DCGAN is then traced in two thirds of the time.
gc.freeze()
gc.set_threshold(20_000)

# What a developer has set or downloaded must not change the tests.
os.environ.pop("MNIST_DIR", None)
os.environ["KERAS_HOME"] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()


@pytest.fixture(autouse=True)
def seed() -> None:
    """What a test draws is always the same. The seed of runs is 0, so that one that ignores it shows."""
    keras.utils.set_random_seed(1)


@pytest.fixture(scope="session")
def idx_folder(tmp_path_factory) -> Path:
    return write_idx_folder(tmp_path_factory.mktemp("data") / "mnist")


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, idx_folder) -> Path:
    """Return the folder of a finished tiny run of the DCGAN."""
    return train(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path_factory.mktemp("runs") / "dcgan"))


@pytest.fixture(scope="session")
def labelled_run(tmp_path_factory, idx_folder) -> Path:
    """Return the folder of a finished tiny run of the conditional GAN."""
    return train(tiny_config("cgan", data_dir=idx_folder, out=tmp_path_factory.mktemp("runs") / "cgan"))


@pytest.fixture(scope="session")
def two_and_three_epochs(finished_run, tmp_path_factory, idx_folder) -> tuple[Path, Path]:
    """Return a run of two epochs and one of three that is the same otherwise."""
    out = tmp_path_factory.mktemp("epochs") / "three"
    return finished_run, train(tiny_config("dcgan", data_dir=idx_folder, out=out, epochs=3))


@pytest.fixture
def copied_run(two_and_three_epochs, tmp_path) -> tuple[Path, Path]:
    """Return a copy of a run of two epochs, to be damaged or continued, and one of three to compare with."""
    two, three = two_and_three_epochs
    return shutil.copytree(two, tmp_path / "run"), three
