"""Compare a model's choices with those of its source: both in equal steps, with several seeds.

The deviations of the seeds stand beside the means. One seed takes minutes.

Examples:
  python -m benchmarks.choices --data-dir DIR
  python -m benchmarks.choices --data-dir DIR --choices dcgan dcgan-small-weights --steps 938
  python -m benchmarks.choices --data-dir DIR --choices proposed proposed-augmented --images 100
"""

import dataclasses
import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
import tyro
from keras import layers

from benchmarks import machine
from gan_keras import data
from gan_keras.evaluation import classifier
from gan_keras.evaluation.metrics import classes, distances, manifolds
from gan_keras.game.config import Config
from gan_keras.game.gan import GAN
from gan_keras.layers import BatchNormalization, LeakyReLU
from gan_keras.layers.copies import leaves
from gan_keras.layers.statistics import measure_statistics
from gan_keras.models import cgan, dcgan, proposed
from gan_keras.options import Count, OptionalCount, OptionalPath, check_ranges
from gan_keras.ui import console, pictures
from gan_keras.ui.console import UserError


class SmallWeights(dcgan.Model):
    """A DCGAN whose weights start as in Radford et al. 2015: N(0, 0.02)."""

    def build_networks(self):
        networks = super().build_networks()
        kernels = [
            layer.kernel for network in networks.values() for layer in leaves(network) if hasattr(layer, "kernel")
        ]
        for number, kernel in enumerate(kernels):
            kernel.assign(0.02 * tf.random.stateless_normal(kernel.shape, [self.config.seed, number]))
        return networks


class NormalisedDiscriminator(dcgan.Model):
    """A DCGAN with batch normalisation in the discriminator, but in its first layer, as in Radford et al. 2015."""

    def build_features(self, image_shape):
        filters, kernel = self.config.filters, self.config.kernel_size
        return keras.Sequential(
            [
                keras.Input(image_shape, name="image"),
                layers.Conv2D(filters, kernel, strides=2, padding="same"),
                LeakyReLU(0.2),
                layers.Conv2D(2 * filters, kernel, strides=2, padding="same", use_bias=False),
                BatchNormalization(),
                LeakyReLU(0.2),
                layers.Flatten(),
            ],
            name="features",
        )


class Embedded:
    """A conditional model whose label embeddings start as N(0, `deviation`); Keras' start uniform in ±0.05."""

    deviation: float

    def build_networks(self):
        networks = super().build_networks()
        embeddings = [
            layer.embeddings
            for network in networks.values()
            for layer in leaves(network)
            if isinstance(layer, layers.Embedding)
        ]
        for number, embedding in enumerate(embeddings):
            normal = tf.random.stateless_normal(embedding.shape, [self.config.seed, number])
            embedding.assign(self.deviation * normal)
        return networks


def embedded(model: type[GAN], deviation: float) -> type[GAN]:
    """Return a conditional model with embeddings of this deviation."""
    return type("Model", (Embedded, model), {"deviation": deviation})


CHOICES = {  # a model, and its options
    "dcgan": (dcgan.Model, dcgan.Config()),
    "dcgan-small-weights": (SmallWeights, dcgan.Config()),
    "dcgan-normalised-discriminator": (NormalisedDiscriminator, dcgan.Config()),
    "cgan": (cgan.Model, cgan.Config()),
    "cgan-embedding-0.2": (embedded(cgan.Model, 0.2), cgan.Config()),
    "cgan-embedding-1": (embedded(cgan.Model, 1.0), cgan.Config()),
    "proposed": (proposed.Model, proposed.Config()),
    "proposed-without-labels": (proposed.Model, proposed.Config(conditional=False)),
    "proposed-augmented": (proposed.Model, proposed.Config(augment=True)),
    "proposed-momentum": (proposed.Model, proposed.Config(beta_1=0.5)),
    "proposed-short-cooldown": (proposed.Model, proposed.Config(cooldown=0.1)),
    "proposed-momentum-short-cooldown": (proposed.Model, proposed.Config(beta_1=0.5, cooldown=0.1)),
    "proposed-embedding-0.2": (embedded(proposed.Model, 0.2), proposed.Config()),
    "proposed-embedding-1": (embedded(proposed.Model, 1.0), proposed.Config()),
}

VALUES = ("fid", "fid, statistics measured", "sfid", "recall", "label_accuracy")
SAMPLES = 10_000
MEASURED = 50  # batches of 100 that batch normalisation's statistics are measured on


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to compare."""

    choices: tuple[str, ...] = tuple(CHOICES)  # what to train
    steps: tuple[Count, ...] = (1400,)  # training steps after which to measure; the last one ends the schedule
    seeds: Count = 3  # number of seeds: 0, 1, …
    images: OptionalCount = None  # number of training digits; default: all
    options: tuple[str, ...] = ()  # options of all choices, as filters=32
    data_dir: OptionalPath = None  # folder or file with MNIST's digits, in any usual layout; default: download them

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.choices:
            if name not in CHOICES:
                raise console.nearest("choice", name, CHOICES)
            self.config(name, 0)  # an option that cannot be understood is an error at once

    def config(self, name: str, seed: int) -> Config:
        """Return the options of a choice.

        Raises:
            UserError: if one of `options` is none of the model's, or has no value that it can have.
        """
        config = CHOICES[name][1]
        given = dict(option.partition("=")[::2] for option in self.options)
        try:
            values = {option: type(getattr(config, option))(value) for option, value in given.items()}
        except (AttributeError, ValueError) as error:
            raise UserError(f"--options {' '.join(self.options)}: {error}.") from None
        return dataclasses.replace(config, seed=seed, **values)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure and print a row for each choice and number of steps."""
    options = tyro.cli(Options, prog="python -m benchmarks.choices", args=arguments, description=__doc__)
    digits = data.load("mnist", options.data_dir)
    trains = data.Split(*(rows[: options.images] for rows in digits.train))
    ruler = classifier.load()
    real = ruler(digits.test.images)
    print(f"{machine.describe()}\n\n| choice | steps | {' | '.join(VALUES)} |\n| --- | --- |{' --- |' * len(VALUES)}")
    for name in options.choices:
        seeds = [
            [measure(model, ruler, real) for model in train(name, options.config(name, seed), options.steps, trains)]
            for seed in range(options.seeds)
        ]
        for steps, measured in zip(options.steps, zip(*seeds, strict=True), strict=True):
            cells = [spread([one[value] for one in measured]) for value in VALUES]
            print(f"| {name} | {steps:,} | {' | '.join(cells)} |", flush=True)


def train(name: str, config: Config, steps: Sequence[int], digits: data.Split) -> Iterator[GAN]:
    """Train one choice, and yield the model after each number of steps."""
    keras.utils.set_random_seed(config.seed)
    model = CHOICES[name][0](config, digits.images.shape[1:], classes=10)
    model.compile(total_steps=steps[-1], steps_per_execution=math.gcd(*steps, 20))
    for before, until in itertools.pairwise((0, *steps)):
        batches = data.batches(digits, config.batch_size, config.seed, skip=before)
        model.fit(batches, steps_per_epoch=until - before, shuffle=False, verbose=0)
        yield model


def measure(model: GAN, ruler: classifier.Classifier, real: classifier.Measured) -> dict[str, float]:
    """Return the `VALUES` of a model's samples, which are of each class in turn."""
    samples = ruler(pictures.to_uint8(model.images_of(model.sample_latents(SAMPLES))))
    labels = np.arange(SAMPLES) % model.classes
    return (
        distances.frechet_distance(real.features, samples.features)
        | {"fid, statistics measured": distance_with_measured_statistics(model, ruler, real)}
        | distances.spatial_frechet_distance(real.places, samples.places)
        | manifolds.precision_recall_density_coverage(real.features[:2000], samples.features[:2000])
        | classes.label_accuracy(samples.logits[:, 0], labels)
    )


def distance_with_measured_statistics(model: GAN, ruler: classifier.Classifier, real: classifier.Measured) -> float:
    """Return the `fid` of the averaged generator with the statistics of its own weights, not their average."""
    sampler = model.sampler()
    weights = sampler.get_weights()
    latents = tf.random.stateless_normal([MEASURED, 100, model.config.latent_dim], [model.config.seed, 0])
    label = tf.range(100) % model.classes
    measure_statistics(sampler, ([latent, label] if len(sampler.inputs) > 1 else latent for latent in latents))
    samples = ruler(pictures.to_uint8(model.images_of(model.sample_latents(SAMPLES))))
    sampler.set_weights(weights)
    return distances.frechet_distance(real.features, samples.features)["fid"]


def spread(values: Sequence[float]) -> str:
    """Return a mean, and the deviation if there is more than one value."""
    deviation = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
    return f"{np.mean(values):.3g}{deviation}"


if __name__ == "__main__":
    main(sys.argv[1:])
