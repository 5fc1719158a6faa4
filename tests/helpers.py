"""Small data and small runs, and how to compare them."""

import csv
import functools
import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from gan_keras import models
from gan_keras.training import setup
from gan_keras.training.run import run as train

# The models that make images of latents; the others translate images.
SAMPLED = [name for name in models.names() if models.load(name).Model.sampled == "generator"]

# One step at a time, because a loop over several takes a second more to compile.
TINY = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 4, "samples": 4, "precision": "float32"}
TINY |= {"dataset": "mnist", "steps_per_execution": 1}


@functools.cache  # TensorFlow confuses what the replicas of several strategies in one process exchange
def replicas() -> tf.distribute.Strategy:
    """Return the strategy of the two logical processors that conftest.py makes."""
    return tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices("CPU")])


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


def tiny_config(model: str, **options):
    """Return a model's options for a run of seconds."""
    config_class = models.load(model).Config
    small = {"filters": 4, "units": 4, "labelled": 20}
    small = {name: value for name, value in small.items() if hasattr(config_class, name)}
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


def train_eagerly(config) -> Path:
    """Train for a few steps without compiling them, which would take longer; for tests of what is exported."""

    def build(*arguments):
        model = compiled(*arguments)
        model.run_eagerly = True
        return model

    compiled = setup.build
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup, "build", build)
        return train(config)


def resume(run: Path, idx_folder: Path, **options) -> Path:
    """Continue a run as `tiny_config` makes it, to three epochs unless the options say otherwise."""
    return train(tiny_config("dcgan", data_dir=idx_folder, out=run, resume=True, **{"epochs": 3} | options))


def stopped(run: Path, out: Path) -> Path:
    """Return a copy of a run as it stood before its last epoch: what it has of that one is gone."""
    shutil.copytree(run, out)
    max((out / "backup").iterdir()).unlink()
    max((out / "samples").iterdir()).unlink()
    lines = (out / "history.csv").read_text().splitlines(keepends=True)
    (out / "history.csv").write_text("".join(lines[:-1]))
    for name in ("progress.gif", "losses.png"):
        (out / name).unlink()
    return out


def history(run: Path) -> list[dict[str, str]]:
    """Return the rows of history.csv without the one column that is a time."""
    with (run / "history.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "images_per_second"} for row in csv.DictReader(file)
        ]


def final_state(run: Path) -> dict[str, np.ndarray]:
    """Return every variable in the newest backup, by name."""
    with np.load(max((run / "backup").glob("step_*.npz"))) as content:
        return dict(content)


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


def assert_same_start(config) -> None:
    """Two models with the same options begin with the same weights."""
    dataset = config.load_data()
    one, other = (setup.build(config, dataset, steps_per_epoch=1).get_weights() for _ in range(2))
    for weights, others in zip(one, other, strict=True):
        np.testing.assert_array_equal(weights, others)


def leftovers(run: Path) -> list[Path]:
    """Return what was begun to be written and is not whole."""
    return [path for path in run.rglob("*") if path.name.startswith(".partial")]


def normal_inputs(shape) -> tf.Tensor:
    """Return inputs of a layer, always the same ones: normal numbers around 3."""
    return tf.constant(np.random.default_rng(1).normal(3.0, 2.0, shape).astype("float32"))
