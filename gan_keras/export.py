"""SavedModels that other TensorFlow code can load without this package, and their signatures."""

from pathlib import Path

import keras
import tensorflow as tf

from gan_keras import files
from gan_keras.gan import GAN
from gan_keras.layers import fused

CHUNK = 256  # images made at a time by `generate`, so that activations take bounded memory


def export(model: GAN, folder: Path) -> None:
    """Write `generator/`, `discriminator/` and `generator.keras` of a trained model; all compute in float32."""
    export_generator(model.averaged_generator, folder / "generator")
    export_discriminator(model.discriminator, folder / "discriminator")
    with files.replacing(folder / "generator.keras") as temporary:
        model.averaged_generator.save(temporary)


def export_generator(network: keras.Model, path: Path) -> None:
    """Write a generator.

    Default signature: `latent` float32 [batch, latent_dim] → images float32 in [-1, 1].
    `generate(count, seed)` → uint8 images [count, height, width, channels], the same ones for the same seed.
    """
    network = fused(network)
    latent_dim = network.input_shape[-1]
    image_shape = network.output_shape[1:]

    def serve(latent):
        return network(latent, training=False)

    @tf.function
    def generate(count, seed):
        latents = tf.random.stateless_normal([count, latent_dim], tf.stack([seed, 0]))
        chunks = tf.TensorArray(
            tf.uint8, size=0, dynamic_size=True, infer_shape=False, element_shape=[None, *image_shape]
        )
        for start in tf.range(0, count, CHUNK):
            images = serve(latents[start : start + CHUNK])
            chunks = chunks.write(start // CHUNK, tf.cast(tf.round(images * 127.5 + 127.5), tf.uint8))
        return tf.ensure_shape(chunks.concat(), [None, *image_shape])

    scalar = tf.TensorSpec([], tf.int32)
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serve", serve, [tf.TensorSpec([None, latent_dim], tf.float32, name="latent")])
    archive.add_endpoint("generate", generate, [scalar, scalar])
    with files.replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)


def export_discriminator(network: keras.Model, path: Path) -> None:
    """Write a discriminator: `image` float32 [batch, height, width, channels] → probability [batch, 1] to be real."""
    network = fused(network)

    def serve(image):
        return tf.sigmoid(network(image, training=False))

    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serve", serve, [tf.TensorSpec(network.input_shape, tf.float32, name="image")])
    with files.replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)
