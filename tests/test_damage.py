"""Damaged files of every kind: ten thousand mutations, each of which is read, or refused with a message.

`DAMAGE_SEED` and `DAMAGE_COUNT` in the environment choose others, for a longer run by hand.
"""

import copy
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import imageio.v3 as imageio
import keras
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from gan_keras import data
from gan_keras.comparison import comparison, tables
from gan_keras.comparison.options import Options
from gan_keras.data import Conversion, decoding
from gan_keras.evaluation import classifier, sources
from gan_keras.exporting import loading
from gan_keras.training import history, run_folder
from gan_keras.ui.console import UserError

SEED = int(os.environ.get("DAMAGE_SEED", "0"))
COUNT = int(os.environ.get("DAMAGE_COUNT", "1"))  # times ten thousand


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Return bytes with one to eight of them changed, inserted or removed, or cut off, or with a part repeated."""
    changed = bytearray(content)
    for _ in range(random.integers(1, 9)):
        place = int(random.integers(0, len(changed) + 1))
        match random.integers(0, 6):
            case 0:
                changed[place : place + 1] = random.bytes(1)
            case 1:
                changed[place:place] = random.bytes(int(random.integers(1, 9)))
            case 2:
                del changed[place : place + int(random.integers(1, 20))]
            case 3:
                changed[place : place + 1] = random.choice(
                    [b"\x00", b"\xff", b"-", b",", b'"', b"\n", b"9", b"[", b"nan"]
                )
            case 4:
                changed[place:place] = changed[: int(random.integers(0, 50))]
            case 5 if random.random() < 0.2:
                del changed[place:]
    return bytes(changed)


def reshaped(content, random: np.random.Generator):
    """Return JSON with one to three of its parts removed or replaced by something of another type or value."""
    changed = copy.deepcopy(content)
    others = [None, True, -1, 0, 2.5, 10**30, float("nan"), "", "x", "../..", [], [1], {}, {"a": 1}]
    for _ in range(random.integers(1, 4)):
        node, steps = changed, random.integers(1, 5)
        while isinstance(node, dict | list) and len(node) and steps:
            key = random.choice(list(node)) if isinstance(node, dict) else int(random.integers(len(node)))
            steps -= 1
            if steps and isinstance(node[key], dict | list) and len(node[key]):
                node = node[key]
            elif random.random() < 0.3:
                del node[key]
                break
            else:
                node[key] = others[random.integers(len(others))]
                break
    return changed


@pytest.fixture(scope="module")
def originals(tmp_path_factory, finished_run) -> Path:
    """Return a folder with a sound file of each kind."""
    folder = tmp_path_factory.mktemp("originals")
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (6, 8, 8, 1), dtype=np.uint8)
    np.save(folder / "images.npy", images)
    np.savez(folder / "images.npz", images=images, labels=np.arange(6))
    np.savez_compressed(folder / "packed.npz", images=images, labels=np.arange(6))
    for suffix in ("png", "jpg", "gif", "bmp", "webp"):
        imageio.imwrite(folder / f"image.{suffix}", np.tile(images[0, ..., 0], (2, 2)))
    labels = np.arange(6) % 2
    np.savez(folder / "digits.npz", x_train=images[..., 0], y_train=labels)
    frame = pd.DataFrame(images.reshape(6, -1))
    frame.insert(0, "label", labels)
    frame.to_csv(folder / "digits.csv", index=False)
    pngs = [{"bytes": (folder / "image.png").read_bytes(), "path": None}] * 6
    pyarrow.parquet.write_table(pa.table({"image": pngs, "label": labels.tolist()}), folder / "digits.parquet")
    with zipfile.ZipFile(folder / "digits.zip", "w") as archive:
        archive.write(folder / "digits.npz", "digits.npz")
    shutil.copy(finished_run / "history.csv", folder)
    shutil.copy(finished_run / "config.json", folder)
    shutil.copy(tables.PAPER, folder)
    return folder


# Not .mat files: SciPy's reader can end the process on a damaged one.
READERS: dict[str, Callable[[Path], object]] = {
    **dict.fromkeys(["images.npy", "images.npz", "packed.npz"], sources.load),
    **dict.fromkeys(
        [f"image.{suffix}" for suffix in ("png", "jpg", "gif", "bmp", "webp")],
        lambda path: decoding.convert([path], [str(path)], Conversion()),
    ),
    **dict.fromkeys(
        ["digits.npz", "digits.csv", "digits.parquet", "digits.zip"],
        lambda path: data.load(data_dir=path),
    ),
    "history.csv": history.read,
    "config.json": lambda path: run_folder.load(path.parent),
    "paper.csv": lambda path: tables.published(path, {"dcgan"}),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Pillow and NumPy warn of what is odd
@pytest.mark.parametrize("name", READERS)
def test_damaged_bytes_are_read_or_refused(name, originals, tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "MOST_PIXELS", 10**6)  # to decode more takes long, and shows no more
    random = np.random.default_rng(SEED)
    content = (originals / name).read_bytes()
    READERS[name](originals / name)
    for number in range(COUNT * (200 if name.endswith(".csv") else 800)):  # pandas takes 40 ms
        path = tmp_path / name
        path.write_bytes(mutated(content, random))
        try:
            READERS[name](path)
        except UserError as error:
            assert name in str(error) or str(tmp_path) in str(error) or "--" in str(error), (number, error)


@pytest.mark.slow
def test_json_of_another_shape_is_read_or_refused(originals, tmp_path):
    random = np.random.default_rng(SEED)
    content = json.loads((originals / "config.json").read_text())
    for _ in range(COUNT * 1000):
        (tmp_path / "config.json").write_text(json.dumps(reshaped(content, random)))
        try:
            options, facts = run_folder.load(tmp_path)
            assert isinstance(options.epochs, int)
            assert isinstance(facts.get("data", {}), dict)
        except UserError as error:
            assert str(tmp_path) in str(error) or "--" in str(error) or "model" in str(error), error


@pytest.mark.slow
def test_a_comparison_of_another_shape_is_read_or_refused(tmp_path, idx_folder):
    random = np.random.default_rng(SEED)
    dataset = data.load("mnist", idx_folder)
    options = Options(models="dcgan", epochs=1, samples=20, data_dir=idx_folder, out=tmp_path)
    content = comparison.load_or_begin(options, dataset)
    record = {"model": "dcgan", "options": {"seed": 0}, "date": "2026-01-01 00:00:00", "real": {"fid_mnist": 1.0}}
    content["runs"] = [record | {"values": {"fid_mnist": 2.0}, "curve": [{"minutes": 1.0, "fid_mnist": 2.0}]}]
    for _ in range(COUNT * 500):
        (tmp_path / "comparison.json").write_text(json.dumps(reshaped(content, random)))
        try:
            result = comparison.load_or_begin(options, dataset)
            tables.text(result, result["runs"], "command", {})
        except UserError as error:
            assert "comparison" in str(error) or str(tmp_path) in str(error), error


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_damaged_networks_are_loaded_or_refused(finished_run, tmp_path):
    random = np.random.default_rng(SEED)
    for _ in range(COUNT * 20):
        place = shutil.copytree(classifier.SHIPPED, tmp_path / "classifier")
        file = place / random.choice(["classifier.keras", "card.json"])
        file.write_bytes(mutated(file.read_bytes(), random))
        try:
            classifier.load(place)
        except UserError as error:
            assert str(place) in str(error)
        shutil.rmtree(place)
        place = shutil.copytree(finished_run / "generator", tmp_path / "generator")
        file = random.choice(sorted(path for path in place.rglob("*") if path.is_file()))
        file.write_bytes(mutated(file.read_bytes(), random))
        try:
            loading.make(loading.load_generator(place), 4, 0)
        except UserError as error:
            assert str(place) in str(error)
        shutil.rmtree(place)


def test_arrays_and_networks_of_others_cannot_run_code(tmp_path):
    """A pickle or a lambda could: NumPy and Keras refuse both."""

    class Harmful:
        def __reduce__(self):
            return Path.touch, (tmp_path / "harm",)

    np.savez(tmp_path / "harmful.npz", images=np.array([Harmful()], dtype=object))
    with pytest.raises(UserError, match=r"harmful\.npz cannot be read"):
        sources.load(tmp_path / "harmful.npz")
    place = shutil.copytree(classifier.SHIPPED, tmp_path / "classifier")
    network = keras.models.load_model(place / "classifier.keras")
    touch = f"lambda x: (__import__('pathlib').Path({str(tmp_path / 'harm')!r}).touch(), x)[1]"
    harmful = keras.Sequential([*network.layers, keras.layers.Lambda(eval(touch))])
    harmful.build(network.input_shape)
    (tmp_path / "harm").unlink(missing_ok=True)
    harmful.save(place / "classifier.keras")
    with pytest.raises(UserError, match="no intact classifier"):
        classifier.load(place)
    assert not (tmp_path / "harm").exists()
