"""Time what makes a training step fast, each trick by its absence.

The model as it is and the one without the trick take turns in one process, a few steps each, so that what slows the
machine for a while slows both.

Examples:
  python -m benchmarks.tricks
  python -m benchmarks.tricks --tricks fused-adam one-pass-over-both --rounds 50
"""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Annotated
from unittest import mock

import tyro

from gan_keras import console, gan, layers, train  # first: it chooses TensorFlow's kernels
from gan_keras.config import Between, Count, check_ranges
from gan_keras.models import dcgan

# isort: split
import keras
import tensorflow as tf

from benchmarks import alone, machine


def _generator_loss_of_fakes_made_again(self, real, fake):
    return self.adversarial_loss.generator(self.discriminate(self.generate(real)))


def _discriminate_in_turn(self, real, fake):
    return self.discriminate(real), self.discriminate(fake)


def _compile_with_xla(self, compile_keras=keras.Model.compile, **options):
    compile_keras(self, **options | {"jit_compile": True})


def _divide_inputs(self, inputs, training=None):
    return self.layer(inputs / tf.cast(self.largest_singular_value(training), inputs.dtype))


@dataclass(frozen=True)
class Trick:
    """What is replaced to be without it, in which model."""

    owner: object
    attribute: str
    replacement: object
    model: str = "dcgan"


TRICKS = {
    "fused-batch-normalization": Trick(dcgan, "BatchNormalization", keras.layers.BatchNormalization),
    "last-layer-as-product": Trick(dcgan, "Conv2DTranspose", keras.layers.Conv2DTranspose),
    "leaky-relu-in-convolution": Trick(dcgan, "LeakyReLU", keras.layers.LeakyReLU),
    "fused-adam": Trick(gan, "Adam", keras.optimizers.Adam),
    "fakes-made-once": Trick(gan.GAN, "generator_loss", _generator_loss_of_fakes_made_again),
    "one-pass-over-both": Trick(gan.GAN, "discriminate_both", _discriminate_in_turn),
    "steps-free-of-python": Trick(train, "execution", lambda *_: 1),
    "precompiled-kernels": Trick(keras.Model, "compile", _compile_with_xla),
    "kernels-divided": Trick(layers.SpectralNormalization, "call", _divide_inputs, model="proposed"),
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time, and how often."""

    tricks: tuple[str, ...] = tuple(TRICKS)
    rounds: Annotated[int, Between(2)] = 20
    steps: Count = 10  # of each of the two in a round
    batch_size: Annotated[int, Between(2)] = 128

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.tricks:
            if name not in TRICKS:
                raise console.nearest("trick", name, TRICKS)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Time each trick and print the table."""
    options = tyro.cli(Options, prog="python -m benchmarks.tricks", args=arguments, description=__doc__)
    print(
        f"{machine.describe()}\n"
        f"Batches of {options.batch_size}, rounds: {options.rounds}, of {options.steps} steps each.\n\n"
        "| | ms per step | without it | times as long: median and quartiles |\n"
        "| --- | --- | --- | --- |",
        flush=True,
    )
    for trick in options.tricks:
        print(trick, file=sys.stderr, flush=True)
        result = alone.call(
            "train_with_and_without",
            trick=trick,
            batch_size=options.batch_size,
            steps=options.steps,
            rounds=options.rounds,
        )
        print(row(trick, result["rounds"]), flush=True)


def undone(name: str) -> AbstractContextManager:
    """Build and trace models without one of the tricks."""
    trick = TRICKS[name]
    return mock.patch.object(trick.owner, trick.attribute, trick.replacement)


def row(trick: str, rounds: list[list[float]]) -> str:
    """Return a trick's line of the table: medians over the rounds, and the ratio within each with its quartiles."""
    with_it, without_it = (1000 * median(seconds) for seconds in zip(*rounds, strict=True))
    low, middle, high = quantiles((other / one for one, other in rounds), method="inclusive")
    return f"| {trick} | {with_it:.0f} | {without_it:.0f} | {middle:.2f} ({low:.2f} to {high:.2f}) |"


if __name__ == "__main__":
    main(sys.argv[1:])
