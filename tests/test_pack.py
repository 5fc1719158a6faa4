import hashlib
import json
import shutil
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import run_command

from gan_keras import fetch, pack
from gan_keras.exporting import loading, saved_model


def test_a_packed_generator_is_fetched_as_it_was(labelled_run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    measured = shutil.copytree(labelled_run, tmp_path / "measured")
    place = {"source": str(tmp_path / "mine"), "data": {"name": "mnist", "source": f"IDX files in {tmp_path}"}}
    (measured / "metrics.json").write_text(json.dumps(place | {"metrics": {"fid_mnist": 1.5}}))
    code, text = run_command(pack.main, capsys, measured, "--out", "small.zip")
    assert code == 0, text
    command = text.splitlines()[-1].split()[3:]  # as the user is told to type it
    assert hashlib.sha256((tmp_path / "small.zip").read_bytes()).hexdigest() in command
    (tmp_path / "saved_models").mkdir()
    code, text = run_command(fetch.main, capsys, *command)
    assert code == 0, text
    packed, own = (loading.load_generator(folder) for folder in (tmp_path / "saved_models" / "small", labelled_run))
    np.testing.assert_array_equal(packed.generate(20, 1), own.generate(20, 1))
    np.testing.assert_array_equal(packed.class_names(), own.class_names())
    facts = json.loads((tmp_path / "saved_models/small/config.json").read_text())
    metrics = json.loads((tmp_path / "saved_models/small/metrics.json").read_text())
    assert metrics["metrics"] == {"fid_mnist": 1.5}
    assert str(tmp_path.parent) not in json.dumps([facts, metrics]), "where the data were stays private"
    assert facts["data"]["sha256"] == json.loads((labelled_run / "config.json").read_text())["data"]["sha256"]


def test_half_the_size_gives_the_same_images_to_a_grey_value(labelled_run, tmp_path):
    network = keras.models.load_model(labelled_run / "generator.keras")
    images, sizes = [], []
    for half in (False, True):
        saved_model.export_network(network, tmp_path / str(half), list("0123456789"), half=half)
        generator = loading.load_generator(tmp_path / str(half))
        images.append(generator.generate(50, 0).numpy().astype(int))
        variables = tf.train.list_variables(str(tmp_path / str(half) / "variables" / "variables"))
        sizes.append(sum(np.prod(shape) for name, shape in variables if name.endswith("VARIABLE_VALUE")))
    assert sizes == [network.count_params()] * 2, "each weight is stored once"
    assert images[0].std() > 1
    assert abs(images[0] - images[1]).max() == 1


@pytest.fixture
def packed(labelled_run, tmp_path, capsys):
    """Return a packed generator and its hash."""
    path = tmp_path / "packed.zip"
    assert run_command(pack.main, capsys, labelled_run, "--out", path)[0] == 0
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_not_the_right_file_is_not_unpacked(packed, tmp_path, capsys):
    path, sha256 = packed
    other, text_file = tmp_path / "other.zip", tmp_path / "text.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("cat.txt", "cat")
    text_file.write_text("cat")
    of = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in (other, text_file)}
    (tmp_path / "there").mkdir()
    for source, hexadecimal, out, message in (
        (path, "0" * 64, "out", f"its SHA-256 is {sha256}. Nothing was written"),
        (path, "cat", "out", "must be 64 hexadecimal digits"),
        (path, sha256, "there", "exists already"),
        (other, of[other], "out", "holds no generator"),
        (text_file, of[text_file], "out", "is not a zip"),
        (tmp_path / "absent.zip", sha256, "out", "cannot be read"),
        ("http://localhost:1/digits.zip", sha256, "out", "cannot be read"),
        ("gopher://digits.zip", sha256, "out", "cannot be read"),
    ):
        code, text = run_command(fetch.main, capsys, source, "--sha256", hexadecimal, "--out", tmp_path / out)
        assert (code, message in text) == (2, True), text
        assert not (tmp_path / "out").exists()


def test_only_a_finished_run_is_packed(labelled_run, tmp_path, capsys):
    run = shutil.copytree(labelled_run, tmp_path / "run")
    (run / "generator.keras").write_text("damaged")
    for folder, out, message in (
        (tmp_path, "a.zip", "there is no run in"),
        (run, "a.zip", "generator.keras is damaged"),
        (run, "a.tar", "must end in .zip"),
        (run, "no/a.zip", "there is no folder"),
    ):
        code, text = run_command(pack.main, capsys, folder, "--out", tmp_path / out)
        assert (code, message in text) == (2, True), text
    (run / "generator.keras").unlink()
    code, text = run_command(pack.main, capsys, run, "--out", tmp_path / "a.zip")
    assert (code, "its training is not finished" in text) == (2, True)
    assert not (tmp_path / "a.zip").exists()
