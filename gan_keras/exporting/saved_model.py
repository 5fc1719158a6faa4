"""SavedModels that other TensorFlow code can load without this package, and their signatures."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from gan_keras.game.gan import GAN
from gan_keras.game.networks import CHUNK, Part, feed, input_names, noise_shapes
from gan_keras.layers.copies import fused
from gan_keras.ui import files

NOISE = "noise"  # begins the name of an input that takes it
WITH_NOISE = "_with_noise"  # ends the name of a signature that takes noise where the function of that name draws it
DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
COUNT, SEED = tf.TensorSpec([], tf.int32, "count"), tf.TensorSpec([], tf.int32, "seed")
LABELS = tf.TensorSpec([None], tf.int32, "labels")


def export(model: GAN, folder: Path) -> list[str]:
    """Write a SavedModel of each network that a model exports, and `generator.keras` if it has a generator; float32.

    Returns the names of the networks.
    """
    networks = model.exports()
    for name, network in networks.items():
        export_one(model, name, network, folder / name)
    if "generator" in networks:
        with files.replacing(folder / "generator.keras") as temporary:
            networks["generator"].save(temporary)
    return list(networks)


def export_one(model: GAN, name: str, network: keras.Model, path: Path) -> None:
    """Write a network that a model exports by this name, with all that the model says of it."""
    of_sampler: dict[str, Any] = {"controls": model.controls, "parts": model.parts} if name == model.sampled else {}
    export_network(network, path, model.class_names, result=model.results.get(name, "output"), **of_sampler)


def export_network(
    network: keras.Model,
    path: Path,
    class_names: Sequence[str],
    *,
    result: str = "image",
    controls: Mapping[str, float] | None = None,
    parts: Mapping[str, Part] | None = None,
    half: bool = False,
    fast: bool = True,
) -> None:
    """Write a network; `half` stores the weights in float16, and they still compute in float32.

    The layers are the `fast` ones of this package, or else as they are.

    Its function `serve` takes the network's inputs by name and returns its output, as does the default signature, which
    calls it `result`. A network that takes `latent` float32 [batch, latent_dim] also gets `generate(count, seed)` →
    uint8 images [count, height, width, channels], the same ones for the same seed. If it takes `label` int32 [batch]
    too, `generate(count, seed, labels)` makes images of these classes int32 [count], and without labels of each class
    in turn; `classes()` returns their number, and `class_names()` their names. Each of the `controls` (name → default)
    is another argument of `generate`, one number for all images. Each of the `parts` (name → `Part`) becomes a function
    of its own; its inputs of noise are drawn from a last argument `seed`.

    All of these are signatures too, as servers need them: their inputs and outputs have names. A signature has no
    arguments that can be left out, so `generate` with labels is the signature `generate_labelled`, and a part with
    noise among its inputs is one whose name ends in `_with_noise`.
    """
    network = fused(network) if fast else network
    # TensorFlow's variables: Keras' own objects around them would be stored a second time.
    stored = {
        id(weight): tf.Variable(tf.cast(weight, tf.float16)) if half else weight.value for weight in network.variables
    }
    kinds = ("variables", "trainable_variables", "non_trainable_variables")
    program = Program({kind: [stored[id(weight)] for weight in getattr(network, kind)] for kind in kinds})

    def call(part: keras.Model, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        weights = [(weight, tf.cast(stored[id(weight)], weight.dtype)) for weight in part.variables] if half else []
        with keras.StatelessScope(state_mapping=weights):
            return feed(part, batch, training=False)

    serve = of_batch(functools.partial(call, network), specifications(network))
    program.add("serve", serve, result, signature=DEFAULT)
    for name, part in (parts or {}).items():
        _add_part(program, name, network.get_layer(part.layer), part.result, call)
    if "latent" in input_names(network):
        _add_generate(program, network, serve, class_names, dict(controls or {}))
    with files.replacing(path) as temporary:
        program.write(temporary)


class Functions(tf.Module):
    """What Python gets from a SavedModel: its attributes. They are those that are set; a module finds its variables."""

    variables: Any = ()
    trainable_variables: Any = ()
    non_trainable_variables: Any = ()


class Program:
    """What a SavedModel is made of: functions, which Python calls, and signatures, which servers call by name.

    Args:
        variables: all that the functions use, by the names of the collections that they are in.
    """

    def __init__(self, variables: Mapping[str, Sequence[tf.Variable]]):
        self.functions = Functions()
        for name, values in variables.items():
            setattr(self.functions, name, list(values))
        self.signatures: dict[str, tf.types.experimental.GenericFunction] = {}

    def add(self, name: str, function: tf.types.experimental.GenericFunction, result: str, signature: str = "") -> None:
        """Add a function of tensors, and the same as a signature, by its own name unless it gets another one."""
        setattr(self.functions, name, function)
        self.sign(signature or name, function, function.input_signature, result)

    def sign(self, name: str, function: Callable, inputs: Sequence[tf.TensorSpec], result: str) -> None:
        """Add a signature with these inputs: a function whose only output has the name `result`."""

        def named(*values: tf.Tensor) -> dict[str, tf.Tensor]:
            return {result: function(*values)}

        self.signatures[name] = of_tensors(named, inputs)

    def write(self, path: Path) -> None:
        """Write it as a SavedModel."""
        tf.saved_model.save(self.functions, str(path), signatures=self.signatures)


def of_tensors(function: Callable, inputs: Sequence[tf.TensorSpec]) -> tf.types.experimental.GenericFunction:
    """Return TensorFlow's form of a function, whose arguments have the names of its inputs."""
    names = [specification.name for specification in inputs]
    return tf.function(_with_arguments(function, names), input_signature=inputs, autograph=False)


def of_batch(
    function: Callable[[dict[str, tf.Tensor]], tf.Tensor], inputs: Sequence[tf.TensorSpec]
) -> tf.types.experimental.GenericFunction:
    """Return TensorFlow's form of a function of a batch, as one of tensors."""
    names = [specification.name for specification in inputs]
    return of_tensors(lambda *values: function(dict(zip(names, values, strict=True))), inputs)


def specifications(network: keras.Model) -> list[tf.TensorSpec]:
    """Return what a network takes."""
    return [tf.TensorSpec(value.shape, value.dtype, value.name) for value in network.inputs]


def _add_part(
    program: Program,
    name: str,
    part: keras.Model,
    result: str,
    call: Callable[[keras.Model, dict[str, tf.Tensor]], tf.Tensor],
) -> None:
    """Add a part of a network; if it takes noise, that is drawn from a last argument `seed`."""
    inputs = specifications(part)
    noises = {value.name: tuple(value.shape[1:]) for value in inputs if value.name.startswith(NOISE)}
    whole = of_batch(functools.partial(call, part), inputs)
    if not noises:
        program.add(name, whole, result)
        return
    program.sign(f"{name}{WITH_NOISE}", whole, inputs, result)
    given = [value for value in inputs if value.name not in noises]
    drawing = of_batch(lambda batch: call(part, batch | _drawn(noises, batch)), [*given, SEED])
    program.add(name, drawing, result)


def _drawn(noises: Mapping[str, Sequence[int]], batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Return noise by name, for as many images as a batch has, from its `seed`."""
    count = tf.shape(next(iter(batch.values())))[0]
    return {
        name: tf.random.stateless_normal([count, *shape], tf.stack([batch["seed"], 1 + index]))
        for index, (name, shape) in enumerate(noises.items())
    }


def _add_generate(
    program: Program, network: keras.Model, serve: Callable, class_names: Sequence[str], controls: dict[str, float]
) -> None:
    """Add the function `generate` and, if the network takes labels, what says which ones there are."""
    generate = _generate(network, serve, len(class_names), controls)
    program.functions.generate = generate
    program.sign("generate", generate, [COUNT, SEED], "image")
    if "label" not in input_names(network):
        return

    def generate_labelled(labels: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return generate(tf.shape(labels)[0], seed, labels)

    program.sign("generate_labelled", generate_labelled, [LABELS, SEED], "image")
    for name, value in (("classes", len(class_names)), ("class_names", list(class_names))):
        program.add(name, of_tensors(functools.partial(tf.constant, value), []), name)


def _generate(network: keras.Model, serve: Callable, classes: int, controls: dict[str, float]) -> Callable:
    """Return the function `generate` of a SavedModel, traced for all the arguments it can be called with."""
    names, image_shape = input_names(network), network.output_shape[1:]
    latent_dim = network.inputs[names.index("latent")].shape[1]

    optional: dict[str, Any] = ({"labels": None} if "label" in names else {}) | controls
    arguments = ["count", "seed", *optional]

    def images_of(*values):
        given = dict(zip(arguments, values, strict=True))
        count, labels = given["count"], given.get("labels")
        if labels is not None:
            labels = _checked(labels, count, classes)
        batch = {"latent": tf.random.stateless_normal([count, latent_dim], tf.stack([given["seed"], 0]))}
        batch["label"] = tf.range(count) % classes if labels is None else labels
        batch |= {name: tf.fill([count], tf.cast(given[name], tf.float32)) for name in controls}
        batch |= _drawn(noise_shapes(network, batch), batch | {"seed": given["seed"]})
        chunks = tf.TensorArray(
            tf.uint8, size=0, dynamic_size=True, infer_shape=False, element_shape=[None, *image_shape]
        )
        for start in tf.range(0, count, CHUNK):
            images = serve(*(batch[name][start : start + CHUNK] for name in names))
            chunks = chunks.write(start // CHUNK, tf.saturate_cast(tf.round(images * 127.5 + 127.5), tf.uint8))
        return tf.ensure_shape(chunks.concat(), [None, *image_shape])

    generate = tf.function(_with_arguments(images_of, ["count", "seed"], optional))
    scalar, strength = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.float32)
    for given_labels in [{}, {"labels": LABELS}] if "label" in names else [{}]:
        for given_controls in [{}, dict.fromkeys(controls, strength)] if controls else [{}]:
            generate.get_concrete_function(scalar, scalar, **given_labels, **given_controls)
    return generate


def _checked(labels: tf.Tensor, count: tf.Tensor, classes: int) -> tf.Tensor:
    """Return labels. The graph fails with words, instead of in one of its operations, if `generate` cannot use them."""
    number = tf.shape(labels)[0]
    known = tf.reduce_all((labels >= 0) & (labels < classes))
    checks = [
        tf.debugging.Assert(number == count, ["generate takes a label for each of", count, "images, and got", number]),
        tf.debugging.Assert(known, [f"labels must be from 0 to {classes - 1}, and they are", labels], summarize=20),
    ]
    with tf.control_dependencies(checks):
        return tf.identity(labels)


def _with_arguments(function: Any, names: Sequence[str], defaults: Mapping[str, Any] | None = None) -> Any:
    """Give a function the argument names that its callers are to see."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in names]
    parameters += [inspect.Parameter(name, kind, default=value) for name, value in (defaults or {}).items()]
    function.__signature__ = inspect.Signature(parameters)
    return function
