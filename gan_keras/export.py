"""SavedModels that other TensorFlow code can load without this package, and their signatures."""

from pathlib import Path

import keras
import tensorflow as tf

from gan_keras import files
from gan_keras.gan import CHUNK, GAN, feed
from gan_keras.layers import fused


def export(model: GAN, folder: Path) -> None:
    """Write `generator/`, `discriminator/` and `generator.keras` of a trained model; all compute in float32."""
    export_generator(model.averaged_generator, folder / "generator", model.classes)
    export_discriminator(model.discriminator, folder / "discriminator")
    with files.replacing(folder / "generator.keras") as temporary:
        model.averaged_generator.save(temporary)


def export_generator(network: keras.Model, path: Path, classes: int) -> None:
    """Write a generator.

    Default signature: `latent` float32 [batch, latent_dim] → images float32 in [-1, 1].
    `generate(count, seed)` → uint8 images [count, height, width, channels], the same ones for the same seed.
    A network that is told the class takes `label` int32 [batch] too, and `generate(count, seed, labels)` makes images
    of these int32 [count]; without them, of each class in turn. `classes()` says how many there are.
    """
    network = fused(network)
    latent, *label = specifications(network, "latent")
    image_shape = network.output_shape[1:]

    archive = _archive(network)
    infer = archive.add_endpoint(
        "serve", lambda latent, label=None: feed(network, latent, label, training=False), [latent, *label]
    )

    @tf.function
    def generate(count, seed, labels=None):
        values = [tf.random.stateless_normal([count, latent.shape[1]], tf.stack([seed, 0]))]
        if label:
            values.append(tf.range(count) % classes if labels is None else labels)
        chunks = tf.TensorArray(
            tf.uint8, size=0, dynamic_size=True, infer_shape=False, element_shape=[None, *image_shape]
        )
        for start in tf.range(0, count, CHUNK):
            images = infer(*(value[start : start + CHUNK] for value in values))
            chunks = chunks.write(start // CHUNK, tf.cast(tf.round(images * 127.5 + 127.5), tf.uint8))
        return tf.ensure_shape(chunks.concat(), [None, *image_shape])

    scalar = tf.TensorSpec([], tf.int32)
    generate.get_concrete_function(scalar, scalar)
    if label:
        generate.get_concrete_function(scalar, scalar, tf.TensorSpec([None], tf.int32))
        count_classes = tf.function(lambda: tf.constant(classes))
        count_classes.get_concrete_function()
        archive.add_endpoint("classes", count_classes)
    archive.add_endpoint("generate", generate)
    with files.replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)


def export_discriminator(network: keras.Model, path: Path) -> None:
    """Write a discriminator: `image` float32 [batch, height, width, channels] → probability [batch, 1] to be real.

    A network that is told the class takes `label` int32 [batch] too. The first of the network's outputs is the logit.
    """
    network = fused(network)

    def infer(image, label=None):
        return tf.sigmoid(feed(network, image, label, training=False)[:, :1])

    archive = _archive(network)
    archive.add_endpoint("serve", infer, specifications(network, "image"))
    with files.replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)


def _archive(network: keras.Model) -> keras.export.ExportArchive:
    """Return an empty SavedModel that knows a network's variables.

    Keras' own `track` looks through the whole network for lookup tables besides, which takes as long as all the rest.
    """
    archive = keras.export.ExportArchive()
    for name in ("variables", "trainable_variables", "non_trainable_variables"):
        archive.add_variable_collection(name, getattr(network, name))
    return archive


def specifications(network: keras.Model, first: str) -> list[tf.TensorSpec]:
    """Return what a network takes: its first input by this name, and `label` if it takes labels."""
    return [
        tf.TensorSpec(value.shape, value.dtype, name)
        for value, name in zip(network.inputs, (first, "label"), strict=False)
    ]
