"""Conditional GANs as others publish them: their networks, losses, optimizers, batches and numbers of steps, rebuilt.

Their own loops go through `train_on_batch` and `predict`. Here a step is compiled, which spares them Keras' overhead.
"""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf
from keras import layers

CLASSES = 10


class Training(NamedTuple):
    """A training that has begun."""

    generator: keras.Model
    step: Callable[[tf.Tensor, tf.Tensor], None]  # images [batch, 28, 28, 1] in [-1, 1], labels int32 [batch]
    generate: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # latents, labels → images in [-1, 1]


class Rival(NamedTuple):
    """A published training."""

    source: str
    begin: Callable[[], Training]
    steps: int
    batch_size: int
    latent_dim: int


def keras_gan_cgan() -> Training:
    """Begin the conditional GAN of Keras-GAN: dense networks, whose inputs are multiplied by an embedding of the label.

    The fakes of the discriminator come from `predict`, that is, with the batch statistics of inference.
    """
    generator = multiplied(
        "latent",
        100,
        [*_dense(256), *_dense(512), *_dense(1024), layers.Dense(784, "tanh"), layers.Reshape([28, 28, 1])],
    )
    hidden = [layers.Dense(512), layers.LeakyReLU(0.2)]
    for _ in range(2):
        hidden += [layers.Dense(512), layers.LeakyReLU(0.2), layers.Dropout(0.4)]
    flat = multiplied("image", 784, [*hidden, layers.Dense(1, "sigmoid")])
    image, label = keras.Input([28, 28, 1]), keras.Input([], dtype="int32")
    discriminator = keras.Model([image, label], flat([layers.Flatten()(image), label]))
    entropy = keras.losses.BinaryCrossentropy()
    of_discriminator, of_generator = _optimizers([discriminator, generator], 2e-4, 0.5)

    @tf.function
    def step(images, labels):
        latent = tf.random.normal([len(labels), 100])
        fakes = generator([latent, labels], training=False)
        for shown, target in ((images, 1.0), (fakes, 0.0)):
            with tf.GradientTape() as tape:
                answer = discriminator([shown, labels], training=True)
                loss = entropy(tf.fill(tf.shape(answer), target), answer)
            _descend(of_discriminator, discriminator, tape, loss)
        asked = tf.random.uniform([len(labels)], 0, CLASSES, tf.int32)
        with tf.GradientTape() as tape:
            answer = discriminator([generator([latent, asked], training=True), asked], training=True)
            loss = entropy(tf.ones_like(answer), answer)
        _descend(of_generator, generator, tape, loss)

    return Training(generator, step, lambda latent, label: generator([latent, label], training=False))


def keras_gan_acgan() -> Training:
    """Begin the AC-GAN of Keras-GAN: the discriminator also names the class, with an eleventh for fakes."""
    convolutions = [
        layers.Dense(7 * 7 * 128, "relu"),
        layers.Reshape([7, 7, 128]),
        layers.BatchNormalization(momentum=0.8),
    ]
    for filters in (128, 64):
        convolutions += [layers.UpSampling2D(), layers.Conv2D(filters, 3, padding="same", activation="relu")]
        convolutions.append(layers.BatchNormalization(momentum=0.8))
    generator = multiplied("latent", 100, [*convolutions, layers.Conv2D(1, 3, padding="same", activation="tanh")])
    features: list[layers.Layer] = []
    for number, (filters, strides) in enumerate(((16, 2), (32, 2), (64, 2), (128, 1))):
        features.append(layers.Conv2D(filters, 3, strides, padding="same"))
        features += [layers.ZeroPadding2D(((0, 1), (0, 1)))] if number == 1 else []
        features += [layers.LeakyReLU(0.2), layers.Dropout(0.25)]
        features += [layers.BatchNormalization(momentum=0.8)] if number in (1, 2) else []
    image = keras.Input([28, 28, 1])
    values = keras.Sequential([*features, layers.Flatten()])(image)
    outputs = [layers.Dense(1, "sigmoid")(values), layers.Dense(CLASSES + 1, "softmax")(values)]
    discriminator = keras.Model(image, outputs)
    entropy, of_classes = keras.losses.BinaryCrossentropy(), keras.losses.SparseCategoricalCrossentropy()
    of_discriminator, of_generator = _optimizers([discriminator, generator], 2e-4, 0.5)

    @tf.function
    def step(images, labels):
        latent = tf.random.normal([len(labels), 100])
        asked = tf.random.uniform([len(labels)], 0, CLASSES, tf.int32)
        fakes = generator([latent, asked], training=False)
        for shown, target, named in ((images, 1.0, labels), (fakes, 0.0, tf.fill(tf.shape(labels), CLASSES))):
            with tf.GradientTape() as tape:
                answer, kind = discriminator(shown, training=True)
                loss = entropy(tf.fill(tf.shape(answer), target), answer) + of_classes(named, kind)
            _descend(of_discriminator, discriminator, tape, loss)
        with tf.GradientTape() as tape:
            answer, kind = discriminator(generator([latent, asked], training=True), training=True)
            loss = entropy(tf.ones_like(answer), answer) + of_classes(asked, kind)
        _descend(of_generator, generator, tape, loss)

    return Training(generator, step, lambda latent, label: generator([latent, label], training=False))


def keras_io() -> Training:
    """Begin the conditional GAN of keras.io's examples: labels as ten more latents, and as ten more channels."""
    inner = 128 + CLASSES
    generator = keras.Sequential(
        [
            keras.Input([inner]),
            layers.Dense(7 * 7 * inner),
            layers.LeakyReLU(0.2),
            layers.Reshape([7, 7, inner]),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(1, 7, padding="same", activation="sigmoid"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input([28, 28, 1 + CLASSES]),
            layers.Conv2D(64, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(128, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ]
    )
    entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    of_discriminator, of_generator = _optimizers([discriminator, generator], 3e-4, 0.9)

    def make(latent, label, training):
        return generator(tf.concat([latent, tf.one_hot(label, CLASSES)], axis=1), training=training)

    @tf.function
    def step(images, labels):
        planes = tf.tile(tf.one_hot(labels, CLASSES)[:, None, None], [1, 28, 28, 1])
        real = tf.concat([(images + 1) / 2, planes], axis=-1)
        fake = tf.concat([make(tf.random.normal([len(labels), 128]), labels, True), planes], axis=-1)
        targets = tf.concat([tf.ones([len(labels), 1]), tf.zeros([len(labels), 1])], axis=0)  # 1 is fake
        with tf.GradientTape() as tape:
            loss = entropy(targets, discriminator(tf.concat([fake, real], axis=0), training=True))
        _descend(of_discriminator, discriminator, tape, loss)
        with tf.GradientTape() as tape:
            fake = tf.concat([make(tf.random.normal([len(labels), 128]), labels, True), planes], axis=-1)
            answer = discriminator(fake, training=True)
            loss = entropy(tf.zeros_like(answer), answer)
        _descend(of_generator, generator, tape, loss)

    return Training(generator, step, lambda latent, label: 2 * make(latent, label, False) - 1)


RIVALS = {
    "keras_gan_cgan": Rival("github.com/eriklindernoren/Keras-GAN, cgan.py", keras_gan_cgan, 20_000, 32, 100),
    "keras_gan_acgan": Rival("github.com/eriklindernoren/Keras-GAN, acgan.py", keras_gan_acgan, 14_000, 32, 100),
    # 20 epochs of the 60,000 digits; the example also trains on the test digits
    "keras_io": Rival("keras.io/examples/generative/conditional_gan", keras_io, 20 * 937, 64, 128),
}


def multiplied(name: str, size: int, then: list[layers.Layer]) -> keras.Model:
    """Return a network from vectors of this size and labels, which begins with their product with an embedding."""
    values, label = keras.Input([size], name=name), keras.Input([], dtype="int32", name="label")
    product = layers.Multiply()([values, layers.Embedding(CLASSES, size)(label)])
    return keras.Model([values, label], keras.Sequential(then)(product))


def _dense(units: int) -> list[layers.Layer]:
    return [layers.Dense(units), layers.LeakyReLU(0.2), layers.BatchNormalization(momentum=0.8)]


def _optimizers(networks: list[keras.Model], rate: float, beta_1: float) -> list[keras.optimizers.Optimizer]:
    optimizers = [keras.optimizers.Adam(rate, beta_1=beta_1) for _ in networks]
    for optimizer, network in zip(optimizers, networks, strict=True):
        optimizer.build(network.trainable_variables)
    return optimizers


def _descend(
    optimizer: keras.optimizers.Optimizer, network: keras.Model, tape: tf.GradientTape, loss: tf.Tensor
) -> None:
    gradients = tape.gradient(loss, network.trainable_variables)
    optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
