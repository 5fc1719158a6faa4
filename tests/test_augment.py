import json
from functools import partial

import imageio.v3 as imageio
import numpy as np
import pytest
from helpers import run_command

from gan_keras import augment, data
from gan_keras.comparison import study, study_classifier, study_data
from gan_keras.comparison.study_data import Parts
from gan_keras.models import sgan

run = partial(run_command, augment.main)

EACH = ["real", "classical+gan", "sgan-images", "sgan"]  # what each part of a method does is in one of them


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Return a study of seconds for each method."""
    monkeypatch.setattr(study_data, "EPOCHS", 2)
    monkeypatch.setattr(study_data, "IMAGES", 100)
    monkeypatch.setattr(study_classifier, "SHARES", (0.25, 0.75))
    small = ["--labels", 20, "--seeds", 1, "--gan-steps", 4, "--classifier-steps", 3]
    return ["--dataset", "digits8x8", "--methods", *EACH, *small, "--out", tmp_path / "out"]


def content(command):
    return json.loads((command[-1] / "augmentation.json").read_text())


@pytest.mark.slow
def test_a_study_goes_on_where_it_was_stopped(command, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # when the first GAN is trained, and its images are wanted
        patch.setattr(study, "drawn", stop)
        code, text = run(capsys, *command)
        assert (code, "goes on" in text) == (130, True)
    first = content(command)["cells"]
    assert [one["method"] for one in first] == ["real"]
    generator = command[-1] / "runs" / "proposed-20-0" / "generator.keras"
    trained = generator.stat().st_mtime_ns
    code, text = run(capsys, *command)
    assert code == 0, text
    made = content(command)["cells"]
    assert made[:1] == first
    assert [one["method"] for one in made] == EACH
    assert all(0 <= one["accuracy"] <= 1 for one in made)
    assert generator.stat().st_mtime_ns == trained
    page = (command[-1] / "augmentation.md").read_text()
    assert all(f"| `{one['method']}` | {100 * one['accuracy']:.1f}" in page for one in made)
    assert page in text
    assert imageio.imread(command[-1] / "augmentation.png").std() > 0

    only_seen_as_they_should_be(command[-1])

    code, text = run(capsys, *command, "--methods", "real")
    assert (code, "[1 of 1]" in text) == (0, False)
    assert "`sgan`" not in (command[-1] / "augmentation.md").read_text()
    assert content(command)["cells"] == made


def only_seen_as_they_should_be(out):
    """The GANs have been given the labelled images and the pool, and never a test image."""
    dataset = data.load("digits8x8")
    parts = Parts.of(dataset)
    few = parts.labelled(20, seed=0)
    known = sgan.Config(data_dir=out / "data" / "pool.npz", image_size=8, labelled=20).load_data()
    np.testing.assert_array_equal(known.train.images, parts.pool.images)
    np.testing.assert_array_equal(known.partner.train.images[:20], few.images)
    np.testing.assert_array_equal(known.partner.train.labels[:20], few.labels)
    alone = data.load("", out / "data" / "labelled-20-0.npz", data.Conversion(image_size=8))
    assert {image.tobytes() for image in alone.train.images} == {image.tobytes() for image in few.images}
    tests = {image.tobytes() for image in parts.test.images} - {image.tobytes() for image in dataset.train.images}
    for given in (known, alone):
        assert not tests & {image.tobytes() for split in (given.train, given.test) for image in split.images}
    for name in ("proposed-20-0", "sgan-20-0"):
        options = json.loads((out / "runs" / name / "config.json").read_text())["options"]
        assert options["data_dir"].startswith(str((out / "data").resolve()))


@pytest.mark.slow
def test_other_terms_and_damage_are_refused(command, capsys, monkeypatch):
    few = [*command, "--methods", "real"]
    assert run(capsys, *few)[0] == 0
    code, text = run(capsys, *few, "--classifier-steps", 5)
    assert (code, "has classifier_steps 3, not 5" in text) == (2, True)
    with monkeypatch.context() as other_network:
        other_network.setattr(study_classifier, "FILTERS", (8,))
        code, text = run(capsys, *few)
        assert (code, "has classifier_filters [32, 64, 128], not [8]" in text) == (2, True), text
    file = command[-1] / "augmentation.json"
    whole = file.read_text()
    for damaged in ("{", "[]", '{"cells": [{}], "terms": {}, "versions": {}, "data": {}}'):
        file.write_text(damaged)
        code, text = run(capsys, *few)
        assert (code, "augmentation.json is damaged" in text) == (2, True)
    file.write_text(whole)
    assert run(capsys, *few)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "gam"], "Did you mean gan"),
        (["--labels", "5"], "--labels has 5; it must be from 10 classes to 54 images"),
        (["--labels", "20", "55"], "--labels has 55"),
        (["--seeds", "0"], "--seeds is 0"),
        (["--data-dir", "absent"], "absent"),
    ],
)
def test_mistakes_are_known_before_anything_is_written(arguments, message, tmp_path, idx_folder, capsys):
    data_dir = [] if "--data-dir" in arguments else ["--data-dir", idx_folder]
    labels = [] if "--labels" in arguments else ["--labels", 20]
    code, text = run(capsys, *arguments, *data_dir, *labels, "--out", tmp_path / "out")
    assert (code, message in text) == (2, True), text
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_stays_as_it_is(tmp_path, idx_folder, capsys):
    (tmp_path / "thesis.txt").touch()
    code, text = run(capsys, "--data-dir", idx_folder, "--labels", 20, "--out", tmp_path)
    assert (code, "holds no study" in text) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_data_without_labels_are_refused(tmp_path, capsys):
    np.save(tmp_path / "images.npy", np.zeros([30, 28, 28], np.uint8))
    code, text = run(capsys, "--data-dir", tmp_path / "images.npy", "--labels", 20, "--out", tmp_path / "out")
    assert (code, "the study needs labels" in text) == (2, True)
