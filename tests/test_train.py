"""Whole runs, and what they leave."""

import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tensorflow as tf
from helpers import TINY, assert_same_run, history, leftovers, tiny_config

from gan_keras import data, train
from gan_keras.game import gan
from gan_keras.training import setup

COLUMNS = "epoch,generator_loss,discriminator_loss,real_accuracy,fake_accuracy,learning_rate,images_per_second"


def test_a_run_leaves_all_that_it_promises(finished_run):
    config = json.loads((finished_run / "config.json").read_text())
    assert config["options"]["epochs"] == TINY["epochs"]
    assert (config["data"]["train_images"], config["data"]["test_images"]) == (60, 20)
    assert config["versions"]["tensorflow"] == tf.__version__
    assert (finished_run / "history.csv").read_text().startswith(COLUMNS)
    assert [row["epoch"] for row in history(finished_run)] == ["1", "2"]
    samples = sorted(path.name for path in (finished_run / "samples").iterdir())
    assert samples == ["epoch_0000.png", "epoch_0001.png", "epoch_0002.png"]
    assert len(imageio.imread(finished_run / "progress.gif")) == 3
    for name in ("losses.png", "generator.keras", "generator/saved_model.pb", "discriminator/saved_model.pb"):
        assert (finished_run / name).is_file()
    assert len(list((finished_run / "backup").iterdir())) == 2
    assert leftovers(finished_run) == []


def test_tensorboard_gets_steps_epochs_and_samples(finished_run):
    tags = set()
    for file in (finished_run / "logs").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            tags |= {(value.tag, event.step) for value in event.summary.value}
    assert {("samples", epoch) for epoch in range(3)} <= tags
    assert {("epoch/generator_loss", 1), ("epoch/images_per_second", 2)} <= tags
    assert {("step/discriminator_loss", step) for step in (3, 6)} <= tags


@pytest.mark.slow
def test_the_same_options_give_the_same_run_and_another_seed_another(finished_run, tmp_path, idx_folder):
    same, other = (
        train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / str(seed), seed=seed)) for seed in (0, 1)
    )
    assert_same_run(finished_run, same)
    assert history(finished_run) != history(other)


def test_one_step_at_a_time_gives_the_same_run_as_several_in_one_execution(finished_run, tmp_path, idx_folder):
    several = train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / "run", steps_per_execution=3))
    assert_same_run(finished_run, several)


@pytest.mark.slow
def test_later_epochs_compile_no_step_again(tmp_path, idx_folder, monkeypatch):
    """Python runs the step only where TensorFlow makes a graph of it."""
    step, graphs = gan.GAN.train_step, []
    monkeypatch.setattr(gan.GAN, "train_step", lambda self, batch: graphs.append(1) or step(self, batch))
    for epochs in (1, 4):
        options = {"epochs": epochs, "evaluate_every": 1, "data_dir": idx_folder, "out": tmp_path / str(epochs)}
        train.run(tiny_config("dcgan", **options))
        graphs.append("end of the run")
    end = graphs.index("end of the run")
    assert end > 0
    assert graphs == graphs[: end + 1] * 2


def test_an_epoch_is_once_through_the_images_or_a_little_less_for_longer_executions():
    options = tiny_config("dcgan", batch_size=1, steps_per_epoch=None, steps_per_execution=20)
    for images in [*range(1, 600), 937, 60_000]:
        split = data.Split(np.empty([images, 0, 0, 0], np.uint8), np.zeros([images], np.int32))
        steps = setup.steps_of_an_epoch(options, data.Dataset("mnist", "nothing", split, split, ["0"]))
        together = [number for number in range(1, 21) if images % number == 0]
        assert max(images - 7, images * 63 / 64) <= steps <= images
        if max(together) >= 8:
            assert steps == images
        if images >= 448:  # of which a 64th is seven: one of eight neighbours is a multiple of eight
            assert any(steps % number == 0 for number in range(8, 21))


def test_an_empty_folder_is_a_place_for_a_run(tmp_path, idx_folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = train.run(tiny_config("vanilla", data_dir=idx_folder, out=Path(), epochs=1))
    assert (run / "generator" / "saved_model.pb").exists()


def test_images_in_a_folder_of_ones_own(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(8):
            imageio.imwrite(tmp_path / "pets" / name / f"{number}.png", np.full((40, 30), 30 * number, np.uint8))
    run = train.run(tiny_config("vanilla", dataset=f"folder:{tmp_path / 'pets'}", out=tmp_path / "run", epochs=1))
    assert json.loads((run / "config.json").read_text())["data"]["train_images"] == 14
