"""What a model can be without a word about it anywhere else: each is defined here, trains, resumes and exports.

The three are the shapes of games to come: two generators against two discriminators, networks that grow, and a
discriminator without accuracies.
"""

import shutil
import sys
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_same_run, final_state, history, stopped, tiny_config
from keras import layers, ops

from gan_keras import models, train
from gan_keras.game import config, gan
from gan_keras.game.networks import feed
from gan_keras.models import dcgan

SHAPE = (28, 28, 1)

pytestmark = pytest.mark.slow  # seven runs


def network(source: str, outputs: list, name: str) -> keras.Model:
    """Return a small network from one named input."""
    shape = [20] if source == "latent" else SHAPE
    return keras.Sequential([keras.Input(shape, name=source), layers.Flatten(), *outputs], name=name)


def to_image(name: str, source: str = "image") -> keras.Model:
    return network(source, [layers.Dense(784, activation="tanh"), layers.Reshape(SHAPE)], name)


def to_logit(name: str) -> keras.Model:
    return network("image", [layers.Dense(8, activation="relu"), layers.Dense(1)], name)


class Translation(gan.GAN):
    """Two generators between two domains, each with a discriminator, and a pool of past fakes: as a CycleGAN.

    The second domain are the first one's images, inverted.
    """

    generator_networks = ("invert", "restore")
    discriminator_networks = ("inverted_critic", "restored_critic")
    averaged_networks = generator_networks
    tracked = ("generator_loss", "discriminator_loss", "cycle")

    def build_networks(self):
        networks = {name: to_image(name) for name in self.generator_networks}
        return networks | {name: to_logit(name) for name in self.discriminator_networks}

    def build_memory(self):
        return {"pool": tf.Variable(tf.zeros([4, *SHAPE]), trainable=False)}

    def generate(self, real, number=0):
        return {"inverted": feed(self.invert, real), "restored": feed(self.restore, {"image": -real["image"]})}

    def discriminator_loss(self, real, fake):
        seen = tf.concat([fake["inverted"], self.memory["pool"]], axis=0)
        self.memory["pool"].assign(seen[:4])
        logits = [
            feed(self.inverted_critic, {"image": -real["image"]}),
            feed(self.restored_critic, real),
            feed(self.inverted_critic, {"image": seen}),
            feed(self.restored_critic, {"image": fake["restored"]}),
        ]
        return sum(tf.reduce_mean((one - target) ** 2) for one, target in zip(logits, (1, 1, 0, 0), strict=True))

    def generator_loss(self, real, fake):
        cycle = tf.reduce_mean(tf.abs(feed(self.restore, {"image": fake["inverted"]}) - real["image"]))
        self.track(cycle=cycle)
        fooled = tf.reduce_mean((feed(self.inverted_critic, {"image": fake["inverted"]}) - 1) ** 2)
        return fooled + tf.reduce_mean((feed(self.restored_critic, {"image": fake["restored"]}) - 1) ** 2) + 10 * cycle

    def display(self, examples):
        inverted = feed(self.averages["invert"], examples, training=False)
        restored = feed(self.averages["restore"], {"image": inverted}, training=False)
        return tf.concat([examples["image"], inverted, restored], axis=0)

    def exports(self):
        return self.averages


class Growing(gan.GAN):
    """Images of 14x14, and of 28x28 after four steps, with truncation of the latents: networks with stages."""

    controls: ClassVar = {"truncation": 1.0}
    averaged_networks = ("generator", "generator_14")

    def build_networks(self):
        small = [layers.Dense(196, activation="tanh"), layers.Reshape([14, 14, 1]), layers.UpSampling2D()]
        return {
            "generator_14": network("latent", small, "generator_14"),
            "generator": to_image("generator", "latent"),
            "discriminator": to_logit("discriminator"),
        }

    generator_networks = ("generator_14", "generator")

    def stage(self) -> tf.Tensor:
        return tf.cast(self.step >= 4, tf.int32)

    def generate(self, real, number=0):
        latent = self.random(tf.random.stateless_normal, [tf.shape(real["image"])[0], 20], gan.Stream.LATENT, number)
        stages = [self.networks["generator_14"], self.networks["generator"]]
        grown = [lambda one=one: feed(one, {"latent": latent}) for one in stages]
        return {**real, "latent": latent, "image": tf.switch_case(self.stage(), grown)}

    def sampler(self):
        now = self.averages["generator" if int(self.stage()) else "generator_14"]
        latent, truncation = keras.Input([20], name="latent"), keras.Input([], name="truncation")
        return keras.Model([latent, truncation], now(latent * ops.expand_dims(truncation, 1)), name="generator")


class Scoring(dcgan.Model):
    """A generator with an input of noise, and a discriminator whose loss tracks nothing."""

    def build_generator(self):
        latent, noise = keras.Input([self.config.latent_dim], name="latent"), keras.Input(SHAPE, name="noise")
        plain = super().build_generator()
        return keras.Model([latent, noise], ops.tanh(plain(latent) + layers.Dense(1)(noise)), name="generator")

    def discriminator_loss(self, real, fake):
        real_logits, fake_logits = self.discriminate_both(real, fake)
        return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits) + 0.1 * tf.reduce_mean(real_logits**2)


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the models of this file."""

    latent_dim: int = 20


@pytest.fixture(scope="module")
def train_model(idx_folder):
    """Return a function that trains a model as if it stood in a file of `gan_keras/models`."""
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(models, "names", lambda: ["game"])

    def train_it(model, out, **options):
        module = ModuleType("gan_keras.models.game")
        module.Model, module.__doc__ = model, "A game of this test."
        options_class = dcgan.Config if issubclass(model, dcgan.Model) else Config
        module.Config = partial(options_class, model="game")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return train.run(tiny_config("game", data_dir=idx_folder, out=out, **options))

    yield train_it
    monkeypatch.undo()


@pytest.fixture(scope="module")
def runs(train_model, tmp_path_factory):
    """Return a run of each model: uninterrupted, as it was after one epoch, and that one resumed."""

    @cache
    def runs_of(model) -> tuple[Path, Path, Path]:
        out = tmp_path_factory.mktemp(model.__name__)
        whole = train_model(model, out / "whole")
        early = stopped(whole, out / "early")
        return whole, early, train_model(model, shutil.copytree(early, out / "parts"), resume=True)

    return runs_of


@pytest.mark.parametrize("model", [Translation, Growing, Scoring])
def test_it_trains_moves_every_weight_and_resumes_bit_for_bit(model, runs):
    whole, early, parts = runs(model)
    assert_same_run(whole, parts)
    start, end = final_state(early), final_state(whole)
    assert start.keys() == end.keys()
    for name, value in end.items():
        if name.endswith(("/kernel", "pool")) and not name.startswith(("average", "generator_14")):
            assert (value != start[name]).any(), name


def test_two_generators_export_both_directions_and_draw_their_cycle(runs):
    run, *_ = runs(Translation)
    image = tf.random.stateless_uniform([2, *SHAPE], [1, 2], -1, 1)
    for name in ("invert", "restore"):
        exported = tf.saved_model.load(str(run / name))
        assert exported.serve(image).shape == image.shape
        (result,) = exported.signatures["serving_default"](image=image).values()
        np.testing.assert_array_equal(result, exported.serve(image=image))
    assert not (run / "generator").exists()
    assert list(history(run)[0]) == ["epoch", "generator_loss", "discriminator_loss", "learning_rate", "cycle"]


def test_a_model_that_grows_exports_its_stage_and_is_sampled_by_its_controls(runs, train_model, tmp_path):
    whole, *_ = runs(Growing)
    early = train_model(Growing, tmp_path / "early", epochs=1)
    for run, blocky in ((early, True), (whole, False)):
        generator = tf.saved_model.load(str(run / "generator"))
        images = generator.generate(3, 5).numpy()
        assert (images == images[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)).all() == blocky
        np.testing.assert_array_equal(generator.generate(3, 5, truncation=1.0), images)
        tame = generator.generate(3, 5, truncation=0.0).numpy()
        assert (tame[0] == tame[1]).all(), "without latents all images are the same"
        assert (images[0] != images[1]).any()


def test_a_generator_with_noise_is_exported_with_it(runs):
    run, *_ = runs(Scoring)
    generator = tf.saved_model.load(str(run / "generator"))
    latent, noise = tf.zeros([2, 100]), tf.random.stateless_normal([2, *SHAPE], [1, 2])
    quiet, noisy = (generator.serve(latent=latent, noise=one).numpy() for one in (noise * 0, noise))
    assert (quiet[0] == quiet[1]).all()
    assert (noisy[0] != noisy[1]).any()
    np.testing.assert_array_equal(generator.generate(3, 5), generator.generate(3, 5))


def test_values_that_are_never_tracked_are_left_out(runs):
    run, *_ = runs(Scoring)
    assert "generator_loss" in history(run)[0]
    assert not {"real_accuracy", "fake_accuracy"} & set(history(run)[0])
