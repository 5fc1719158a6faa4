"""The usual tutorial loop, as a learner would find it: the DCGAN in float32 with 5x5 kernels and dropout."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

LATENT_DIM = 100
BATCH_SIZE = 128


def batches(images: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Return one pass over uint8 images, in batches of float32 in [-1, 1]."""
    images = (images.astype("float32") - 127.5) / 127.5
    return tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(batch_size)


def build_generator() -> keras.Model:
    """Return the tutorial's network from latents to images."""

    def upsample(filters: int, strides: int) -> list[layers.Layer]:
        convolve = layers.Conv2DTranspose(filters, 5, strides=strides, padding="same", use_bias=False)
        return [convolve, layers.BatchNormalization(), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input([LATENT_DIM]),
            layers.Dense(7 * 7 * 128, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Reshape([7, 7, 128]),
            *upsample(128, 2),
            *upsample(64, 2),
            layers.Conv2DTranspose(1, 5, padding="same", activation="tanh"),
        ]
    )


def build_discriminator() -> keras.Model:
    """Return the tutorial's network from images to logits."""
    return keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Conv2D(128, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def begin() -> tuple[Callable[[tf.Tensor], None], tf.train.Checkpoint]:
    """Return the tutorial's training step of a batch of images in [-1, 1], and a checkpoint of all that it changes."""
    keras.utils.set_random_seed(0)
    generator, discriminator = build_generator(), build_discriminator()
    generator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
    discriminator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
    generator_optimizer.build(generator.trainable_variables)
    discriminator_optimizer.build(discriminator.trainable_variables)
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def step(images):
        latent = tf.random.normal([tf.shape(images)[0], LATENT_DIM])
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake_images = generator(latent, training=True)
            real_logits = discriminator(images, training=True)
            fake_logits = discriminator(fake_images, training=True)
            generator_loss = entropy(tf.ones_like(fake_logits), fake_logits)
            discriminator_loss = entropy(tf.ones_like(real_logits), real_logits)
            discriminator_loss += entropy(tf.zeros_like(fake_logits), fake_logits)
        for network, optimizer, tape, loss in (
            (generator, generator_optimizer, generator_tape, generator_loss),
            (discriminator, discriminator_optimizer, discriminator_tape, discriminator_loss),
        ):
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return step, tf.train.Checkpoint(
        generator=generator,
        discriminator=discriminator,
        generator_optimizer=generator_optimizer,
        discriminator_optimizer=discriminator_optimizer,
    )
