"""One's own images, of another size and in colour, through every command."""

import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from helpers import run_command
from PIL import Image

from gan_keras import classifier, evaluate, generate, train
from gan_keras.exporting import loading


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    """Return a folder of red squares and blue bars, 40x40, in the current folder."""
    random = np.random.default_rng(0)
    for name, colour, size in (("squares", (220, 30, 30), (14, 14)), ("bars", (30, 30, 220), (6, 26))):
        (tmp_path / "shapes" / name).mkdir(parents=True)
        for number in range(147):
            image = np.zeros((40, 40, 3), np.uint8)
            down, right = random.integers(0, 14, 2)
            image[down : down + size[0], right : right + size[1]] = colour
            Image.fromarray(image).save(tmp_path / "shapes" / name / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return "shapes"


def test_images_without_labels_are_trained_on_without_them(shapes, capsys):
    small = ["--filters", 4, "--units", 4, "--batch-size", 8, "--epochs", 1, "--steps-per-epoch", 1, "--samples", 4]
    code, text = run_command(train.main, capsys, "--data-dir", f"{shapes}/bars", *small, "--out", "run")
    assert code == 0, text
    assert "Training proposed without labels on\n" in text
    assert not hasattr(loading.load_generator(Path("run")), "classes")


@pytest.mark.slow
def test_colour_images_of_any_size_go_through_every_command(shapes, capsys):
    def run(command, *arguments):
        code, text = run_command(command.main, capsys, *arguments)
        assert code == 0, text
        return text

    options = ["--model", "cgan", "--data-dir", shapes, "--filters", 4, "--batch-size", 8, "--out", "run"]
    text = run(train, *options, "--epochs", 1, "--steps-per-epoch", 2, "--samples", 4)
    assert "252 + 42 images 40x40, RGB, 2 classes: pictures in 2 folders in shapes" in text
    command = next(line.split()[3:] for line in text.splitlines() if "gan_keras.classifier" in line)
    assert imageio.imread("run/samples/epoch_0001.png").shape[-1] == 3
    assert imageio.imread("run/progress.gif").shape[-1] == 3

    generator = loading.load_generator(Path("run"))
    assert [name.decode() for name in generator.class_names().numpy()] == ["bars", "squares"]
    assert json.loads(Path("run/config.json").read_text())["data"]["class_names"] == ["bars", "squares"]
    run(generate, "run", "--count", 6, "--out", "grid.png")
    assert imageio.imread("grid.png").shape[-1] == 3

    code, text = run_command(evaluate.main, capsys, "run", "--samples", 20)
    assert code == 2
    assert "train a classifier on the same data" in text
    run(classifier, *command, "--epochs", 1, "--batch-size", 20)
    text = run(evaluate, "run", "--samples", 20)
    assert "fid_shapes" in text
    assert imageio.imread("run/report.png").shape[0] > 500
    run(train, *options, "--resume", "--epochs", 2)


@pytest.mark.slow
def test_images_without_labels_can_be_measured_too(shapes, capsys):
    folder = f"{shapes}/bars"
    for command, arguments in (
        (train, ["--model", "dcgan", "--data-dir", folder, "--filters", 4, "--batch-size", 8, "--epochs", 1]),
        (classifier, ["--data-dir", folder, "--epochs", 1, "--batch-size", 20, "--out", "eye"]),
    ):
        arguments += ["--image-size", 16, "--channels", 1]
        code, text = run_command(command.main, capsys, *arguments)
        assert code == 0, text
    code, text = run_command(evaluate.main, capsys, "saved_models/dcgan-bars", "--samples", 20)
    assert code == 0, text
    assert "fid_bars" in text
    assert "confident_share" not in text, "there are no classes to be sure of"
