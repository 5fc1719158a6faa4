"""SavedModels that other TensorFlow code can load without this package, and their signatures."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from gan_keras.game.gan import GAN
from gan_keras.game.networks import CHUNK, feed, input_names, noise_shapes
from gan_keras.layers.copies import fused
from gan_keras.ui import files

NOISE = "noise"  # begins the name of an input that takes it


def export(model: GAN, folder: Path) -> list[str]:
    """Write a SavedModel of each network that a model exports, and `generator.keras` if it has a generator; float32.

    Returns the names of the networks.
    """
    networks = model.exports()
    for name, network in networks.items():
        if name == "generator":
            export_sampler(network, model, folder / name)
        else:
            export_network(network, folder / name, model.class_names)
    if "generator" in networks:
        with files.replacing(folder / "generator.keras") as temporary:
            networks["generator"].save(temporary)
    return list(networks)


def export_sampler(sampler: keras.Model, model: GAN, path: Path) -> None:
    """Write the network that a model is sampled by, with all that the model says of it."""
    export_network(sampler, path, model.class_names, controls=model.controls, parts=model.parts)


def export_network(
    network: keras.Model,
    path: Path,
    class_names: Sequence[str],
    *,
    controls: Mapping[str, float] | None = None,
    parts: Mapping[str, str] | None = None,
    half: bool = False,
) -> None:
    """Write a network; `half` stores the weights in float16, and they still compute in float32.

    Its default signature `serve` takes the network's inputs by name and returns its output. A network that takes
    `latent` float32 [batch, latent_dim] also gets `generate(count, seed)` → uint8 images [count, height, width,
    channels], the same ones for the same seed. If it takes `label` int32 [batch] too, `generate(count, seed, labels)`
    makes images of these classes int32 [count], and without labels of each class in turn; `classes()` returns their
    number, and `class_names()` their names. Each of the `controls` (name → default) is another argument of `generate`,
    one number for all images. Each of the `parts` (name → name of a layer that is a network) becomes a function of its
    own; its inputs of noise are drawn from a last argument `seed`.
    """
    network = fused(network)
    archive = keras.export.ExportArchive()
    # TensorFlow's variables: Keras' own objects around them would be stored a second time. Keras' `track` also searches
    # the whole network for lookup tables, which takes as long as all the rest.
    stored = {
        id(weight): tf.Variable(tf.cast(weight, tf.float16)) if half else weight.value for weight in network.variables
    }
    for name in ("variables", "trainable_variables", "non_trainable_variables"):
        archive.add_variable_collection(name, [stored[id(weight)] for weight in getattr(network, name)])

    def call(part: keras.Model, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        weights = [(weight, tf.cast(stored[id(weight)], weight.dtype)) for weight in part.variables] if half else []
        with keras.StatelessScope(state_mapping=weights):
            return feed(part, batch, training=False)

    infer = _add(archive, "serve", network.inputs, functools.partial(call, network))
    for name, layer in (parts or {}).items():
        _add_part(archive, name, network.get_layer(layer), call)
    if "latent" in input_names(network):
        archive.add_endpoint("generate", _generate(network, infer, len(class_names), dict(controls or {})))
    if "label" in input_names(network) and "latent" in input_names(network):
        for name, value in (("classes", len(class_names)), ("class_names", list(class_names))):
            constant = tf.function(functools.partial(tf.constant, value))
            constant.get_concrete_function()
            archive.add_endpoint(name, constant)
    with files.replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)


def _add(
    archive: keras.export.ExportArchive,
    name: str,
    inputs: Sequence[keras.KerasTensor],
    function: Callable[[dict[str, tf.Tensor]], tf.Tensor],
) -> Callable:
    """Add a function of a batch with these inputs to a SavedModel, and return it as a function of tensors."""
    names = [value.name for value in inputs]
    specifications = [tf.TensorSpec(value.shape, value.dtype, value.name) for value in inputs]

    def of_tensors(*values: tf.Tensor) -> tf.Tensor:
        return function(dict(zip(names, values, strict=True)))

    return archive.add_endpoint(name, _with_arguments(of_tensors, names), specifications)


def _add_part(
    archive: keras.export.ExportArchive,
    name: str,
    part: keras.Model,
    call: Callable[[keras.Model, dict[str, tf.Tensor]], tf.Tensor],
) -> None:
    """Add a part of a network to a SavedModel; if it takes noise, that is drawn from a last argument `seed`."""
    noises = {value.name: tuple(value.shape[1:]) for value in part.inputs if value.name.startswith(NOISE)}
    given = [value for value in part.inputs if value.name not in noises]
    seed = [keras.KerasTensor([], "int32", name="seed")] if noises else []
    _add(archive, name, given + seed, lambda batch: call(part, batch | _drawn(noises, batch)))


def _drawn(noises: Mapping[str, Sequence[int]], batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Return noise by name, for as many images as a batch has, from its `seed`."""
    count = tf.shape(next(iter(batch.values())))[0]
    return {
        name: tf.random.stateless_normal([count, *shape], tf.stack([batch["seed"], 1 + index]))
        for index, (name, shape) in enumerate(noises.items())
    }


def _generate(network: keras.Model, infer: Callable, classes: int, controls: dict[str, float]) -> Callable:
    """Return the function `generate` of a SavedModel, traced for all the arguments it can be called with."""
    names, image_shape = input_names(network), network.output_shape[1:]
    latent_dim = network.inputs[names.index("latent")].shape[1]

    optional: dict[str, Any] = ({"labels": None} if "label" in names else {}) | controls
    arguments = ["count", "seed", *optional]

    def images_of(*values):
        given = dict(zip(arguments, values, strict=True))
        count, labels = given["count"], given.get("labels")
        batch = {"latent": tf.random.stateless_normal([count, latent_dim], tf.stack([given["seed"], 0]))}
        batch["label"] = tf.range(count) % classes if labels is None else labels
        batch |= {name: tf.fill([count], tf.cast(given[name], tf.float32)) for name in controls}
        batch |= _drawn(noise_shapes(network, batch), batch | {"seed": given["seed"]})
        chunks = tf.TensorArray(
            tf.uint8, size=0, dynamic_size=True, infer_shape=False, element_shape=[None, *image_shape]
        )
        for start in tf.range(0, count, CHUNK):
            images = infer(*(batch[name][start : start + CHUNK] for name in names))
            chunks = chunks.write(start // CHUNK, tf.saturate_cast(tf.round(images * 127.5 + 127.5), tf.uint8))
        return tf.ensure_shape(chunks.concat(), [None, *image_shape])

    generate = tf.function(_with_arguments(images_of, ["count", "seed"], optional))
    scalar, strength = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    for given_labels in [{}, {"labels": tf.TensorSpec([None], tf.int32)}] if "label" in names else [{}]:
        for given_controls in [{}, dict.fromkeys(controls, strength)] if controls else [{}]:
            generate.get_concrete_function(scalar, scalar, **given_labels, **given_controls)
    return generate


def _with_arguments(function: Any, names: Sequence[str], defaults: Mapping[str, Any] | None = None) -> Any:
    """Give a function the argument names that its callers are to see."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in names]
    parameters += [inspect.Parameter(name, kind, default=value) for name, value in (defaults or {}).items()]
    function.__signature__ = inspect.Signature(parameters)
    return function
