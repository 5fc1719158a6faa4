"""Small data and small runs that several tests share."""

import csv
import gzip
import os
import shutil
import struct
from pathlib import Path

from gan_keras import models, train  # first: it chooses TensorFlow's kernels

# isort: split
import keras
import numpy as np
import pytest
import tensorflow as tf

# Two logical processors, so that a test can train on two replicas. Before TensorFlow starts any.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

os.environ.pop("MNIST_DIR", None)  # a developer's own does not belong to the tests

TINY = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 4, "samples": 4, "precision": "float32"}


@pytest.fixture(autouse=True)
def seed() -> None:
    """What a test draws is the same every time; the runs' own seed is 0, so that one that forgets it shows."""
    keras.utils.set_random_seed(1)


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


@pytest.fixture(scope="session")
def two_and_three_epochs(tmp_path_factory, idx_folder) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("epochs")
    return tuple(
        train.run(tiny_config("dcgan", data_dir=idx_folder, out=folder / str(epochs), epochs=epochs))
        for epochs in (2, 3)
    )


@pytest.fixture
def copied_run(two_and_three_epochs, tmp_path) -> tuple[Path, Path]:
    """Return a copy of a run of two epochs, to be damaged or gone on with, and one of three to compare with."""
    two, three = two_and_three_epochs
    return shutil.copytree(two, tmp_path / "run"), three


def resume(run: Path, idx_folder: Path, **options) -> Path:
    """Go on with a run as `tiny_config` makes it, to three epochs if nothing else is said."""
    return train.run(tiny_config("dcgan", data_dir=idx_folder, out=run, resume=True, **{"epochs": 3} | options))


def history(run: Path) -> list[dict[str, str]]:
    """Return the rows of history.csv without the one column that is a time."""
    with (run / "history.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "images_per_second"} for row in csv.DictReader(file)
        ]


def final_state(run: Path) -> dict[str, np.ndarray]:
    """Return every variable in the newest backup."""
    reader = tf.train.load_checkpoint(str(max((run / "backup").glob("step_*")) / "state"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("state/")]
    return {name: np.asarray(reader.get_tensor(name)) for name in names}


def assert_same_run(one: Path, other: Path) -> None:
    """The final weights, the history and the pictures are equal, bit for bit."""
    first, second = final_state(one), final_state(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
    assert history(one) == history(other)
    pictures = sorted(path.relative_to(one) for path in (one / "samples").iterdir())
    assert pictures == sorted(path.relative_to(other) for path in (other / "samples").iterdir())
    for picture in [*pictures, "progress.gif", "losses.png"]:
        assert (one / picture).read_bytes() == (other / picture).read_bytes(), picture


def leftovers(run: Path) -> list[Path]:
    """Return what was begun to be written and is not whole."""
    return [path for path in run.rglob("*") if path.name.startswith(".partial")]
