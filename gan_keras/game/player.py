"""The players of a game."""

import itertools
from dataclasses import dataclass

import keras


@dataclass(frozen=True)
class Player:
    """One or more networks, with the optimizer that moves their weights."""

    networks: list[keras.Model]
    optimizer: keras.optimizers.Optimizer

    @property
    def variables(self) -> list[keras.Variable]:
        return list(itertools.chain.from_iterable(network.trainable_variables for network in self.networks))
