"""Growth: what each stage shows and moves, and that nothing jumps when one begins."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_same_run, assert_same_start, stopped, tiny_config

from gan_keras import models, train
from gan_keras.game.stages import stage_at
from gan_keras.models import progan

PERIOD = 40  # images, which are ten steps of four


@pytest.fixture
def two_stages(monkeypatch):
    """Leave the last stage out: to trace it takes as long as the others do. A tiny run in test_models.py has it."""
    monkeypatch.setattr(progan.Model, "last", 1)


@pytest.fixture(scope="module")
def game():
    return build()


def build():
    keras.utils.set_random_seed(0)
    model = progan.Model(tiny_config("progan", period=PERIOD), (28, 28, 1))
    model.compile(total_steps=100)
    return model


def real_batch(count=4):
    return {"image": tf.random.stateless_uniform([count, 28, 28, 1], [1, 2], -1, 1)}


def blocks(images, side):
    """Return images in which each square of this side has its mean everywhere."""
    means = images.reshape(-1, 28 // side, side, 28 // side, side, 1).mean(axis=(2, 4), keepdims=True)
    return np.broadcast_to(means, [len(images), 28 // side, side, 28 // side, side, 1]).reshape(images.shape)


@pytest.mark.parametrize(
    ("images", "number", "fade"),
    [
        (0, 0, 1),
        (39, 0, 1),
        (40, 1, 0),
        (60, 1, 0.5),
        (80, 1, 1),
        (119, 1, 1),
        (120, 2, 0),
        (130, 2, 0.25),
        (9999, 2, 1),
    ],
)
def test_each_stage_is_faded_in_for_a_period_and_stays_for_another(images, number, fade):
    stage = stage_at(tf.constant(images, tf.int64), 3, PERIOD)
    assert (int(stage.number), float(stage.fade)) == (number, fade)


@pytest.mark.parametrize("batch_size", [4, 7])
def test_a_stage_starts_where_its_number_is_first_seen(batch_size):
    game = progan.Model(tiny_config("progan", period=PERIOD, batch_size=batch_size), (28, 28, 1))
    numbers = []
    for step in range(40):
        game.step.assign(step)
        numbers.append(int(game.stage().number))
    assert game.stage_starts() == [numbers.index(number) for number in range(3)]


def test_nothing_jumps_when_a_stage_begins(game):
    """At its first image a stage shows, and says of what it is shown, the same as the one before at its end."""
    real = real_batch()
    for first in (10, 30):
        shown, said = [], []
        for step in (first - 1, first):
            game.step.assign(step)
            fake = {**real, "latent": tf.ones([4, 100]), "fade": game.fades(real)}
            shown.append(game.image_of(fake).numpy())
            said.append(game.discriminate(real).numpy())
        np.testing.assert_allclose(shown[1], shown[0], atol=1e-6)
        np.testing.assert_allclose(said[1], said[0], atol=1e-5)
        game.step.assign(first + 9)
        assert abs(game.image_of({**fake, "fade": game.fades(real)}).numpy() - shown[1]).max() > 1e-3


def test_images_are_as_coarse_as_their_stage(game):
    real = real_batch()
    for step, side in ((0, 4), (20, 2), (40, 1)):
        game.step.assign(step)
        images = game.generate(real)["image"].numpy()
        np.testing.assert_array_equal(images, blocks(images, side))
        number, fade = game.stage()
        np.testing.assert_allclose(
            game.faded(real["image"], fade, int(number)), blocks(real["image"].numpy(), side), atol=1e-6
        )
    half = game.faded(real["image"], 0.5, 1)
    expected = (blocks(real["image"].numpy(), 4) + blocks(real["image"].numpy(), 2)) / 2
    np.testing.assert_allclose(half, expected, atol=1e-6)


def test_a_step_moves_what_its_stage_has_and_nothing_else(two_stages):
    game = build()
    before = {name: network.get_weights() for name, network in game.networks.items()}
    step = tf.function(game.train_step, autograph=False)  # as in `fit`
    step(real_batch() | {"label": tf.zeros([4], tf.int32)})
    for name, network in game.networks.items():
        first = (game.generators if name == "generator" else game.discriminators)[0]
        of_stage = {weight.path for weight in first.trainable_variables}
        for weight, old in zip(network.weights, before[name], strict=True):
            assert (weight.numpy() != old).any() == (weight.path in of_stage), weight.path


def test_vectors_are_normalised_and_the_deviation_is_over_the_batch():
    values = np.random.default_rng(0).normal(3, 2, (5, 4, 4, 6)).astype("float32")
    normalised = keras.ops.convert_to_numpy(progan.normalised(values))
    np.testing.assert_allclose((normalised**2).mean(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(normalised / values, (normalised / values)[..., :1].repeat(6, axis=-1), rtol=1e-4)
    channel = keras.ops.convert_to_numpy(progan.deviation(values))
    assert channel.shape == (5, 4, 4, 1)
    np.testing.assert_allclose(channel, values.std(axis=0).mean(), rtol=1e-5)


@pytest.mark.slow
def test_a_run_that_stops_in_the_middle_of_a_fade_ends_the_same(tmp_path, idx_folder, two_stages):
    options = {"data_dir": idx_folder, "period": 10}  # an epoch has twelve images
    whole = train.run(tiny_config("progan", out=tmp_path / "whole", **options))
    assert_same_start(tiny_config("progan", **options))
    parts = stopped(whole, tmp_path / "parts")
    train.run(tiny_config("progan", out=parts, **options, resume=True))
    assert_same_run(whole, parts)


def test_its_quick_preset_ends_with_the_last_stage():
    config = models.load("progan").Config
    quick = config(**config.presets["quick"])
    stage = stage_at(tf.constant(quick.epochs * quick.steps_per_epoch * quick.batch_size), 3, quick.period)
    assert (int(stage.number), float(stage.fade)) == (2, 1)
