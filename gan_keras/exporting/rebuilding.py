"""The networks of a run again as Keras networks, from its SavedModels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gan_keras import models
from gan_keras.exporting import loading, packing
from gan_keras.exporting.saved_model import DEFAULT
from gan_keras.game.config import Config
from gan_keras.game.networks import feed
from gan_keras.layers.copies import portable
from gan_keras.ui.console import UserError

LATER = 10**9  # a step after which no model grows any more
TOLERANCE = 1e-3  # of the outputs of a rebuilt network; they are of the order of 1


def rebuild(folder: Path, config: Config, class_names: Sequence[str]) -> keras.Model:
    """Return the network of a SavedModel of a run, with Keras' own layers where it has them.

    Args:
        folder: the SavedModel, in the folder of its run; `generator.keras` beside one of this name is read instead.
        config: the run's options.
        class_names: the names of its classes.

    Raises:
        UserError: if these options do not make a network that computes the same.
    """
    program = loading.load_saved_model(folder)
    if folder.name == "generator" and (folder.parent / "generator.keras").exists():
        network = packing.read_generator(folder.parent)
    else:
        network = _from_options(folder, program, config, class_names)
    inputs = some_inputs(program.signatures[DEFAULT], len(class_names), count=16, seed=0)
    expected = program.serve(**{name: tf.constant(value) for name, value in inputs.items()})
    if network is None or np.abs(feed(network, inputs, training=False) - expected).max() > TOLERANCE:
        raise UserError(f"the SavedModel in {folder} has no longer the layers that its run's config.json says.")
    return network


def _from_options(folder: Path, program: Any, config: Config, class_names: Sequence[str]) -> keras.Model | None:
    """Return a network that a model with these options exports, with a SavedModel's weights; None if they differ."""
    shapes = {**program.signatures[DEFAULT].structured_input_signature[1]}
    image = shapes["image"].shape[1:] if "image" in shapes else loading.image_shape(program)
    model = models.load(config.model).Model(config, tuple(image), len(class_names))
    model.step.assign(LATER)
    network = model.exports().get(folder.name.removeprefix("best_"))
    weights = [tf.cast(value, tf.float32) for value in program.variables]
    if network is None or [weight.shape for weight in weights] != [tuple(weight.shape) for weight in network.weights]:
        return None
    network.set_weights(weights)
    return portable(network)


def some_inputs(function: Any, classes: int, count: int, seed: int) -> dict[str, np.ndarray]:
    """Return inputs of a signature by name: labels of each class in turn, truncation of 1, else normal numbers."""
    random = np.random.default_rng(seed)
    known = {"label": np.arange(count, dtype=np.int32) % classes, "truncation": np.ones(count, np.float32)}
    return {
        name: known[name] if name in known else random.standard_normal((count, *value.shape[1:]), np.float32)
        for name, value in sorted(function.structured_input_signature[1].items())
    }
