"""StyleGAN: latents become styles, which each layer applies (Karras et al. 2019, arXiv:1812.04948).

python -m gan_keras.train --model stylegan

|  | in the source | here |
| --- | --- | --- |
| mapping network, noise, mixing | 8 layers of 512 | as in the source, 4 layers of 64 |
| truncation | of the coarse layers | of all |
| demodulation, skip generator, residual discriminator, lazy R1 | its second paper (arXiv:1912.04958) | as there |
| equalised learning rate | kernels scaled in each pass | in the optimizer's step, which is the same for Adam |
| path length regularisation | its second paper | none: small images are smooth already |
| growth | its first paper | none, as in its second one |
| labels | none | both players get them; without labels or with `--no-conditional`, none |
| upsampling | bilinear, by a blur | bilinear |
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import keras
import tensorflow as tf
from keras import layers, ops

from gan_keras import distribution
from gan_keras.game import config, gan, penalties, state
from gan_keras.game.networks import Part, feed, halvings
from gan_keras.game.randomness import Stream
from gan_keras.layers import LeakyReLU, ModulatedConv2D
from gan_keras.layers.adam import EqualizedAdam
from gan_keras.models.progan import deviation, normal, normalised
from gan_keras.options import Count, Fraction, NotNegative, Rate, Schedule, Size

DECAY = 0.995  # of the average of styles; as in its paper
SLOWNESS = 0.01  # of the mapping network's learning rate; as in its paper


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the StyleGAN."""

    conditional: bool = True  # give both players the labels if there are any: better images, and you choose the digit
    filters: Size = 16  # channels of the layers next to the image; two and four times as many further in
    latent_dim: Size = 64  # size of the latent vector and of the styles; its paper's 512 are for photos
    mapping_layers: Count = 4  # layers of the mapping network; half of its paper's
    mixing: Fraction = 0.9  # part of the images whose fine layers get the style of another latent; as in its paper
    r1: NotNegative = 0.1  # weight of the R1 penalty; its paper's 10 is for images of a million pixels
    penalty_every: Count = 16  # steps from one penalty to the next, which counts as many times; as in its second paper
    batch_size: Count = 64  # images in a batch
    # learning rate of both players, relative to the size of each kernel; as in its second paper
    learning_rate: Rate = 2e-3
    beta_1: Fraction = 0.0  # Adam's momentum; 0 as in its paper
    beta_2: Fraction = 0.99  # decay of Adam's average of squared gradients; 0.99 as in its paper
    schedule: Schedule = "cooldown"  # learning rate over time; constant, until it falls in the last steps
    average_decay: Fraction = 0.998  # decay of the averaged generator; it must forget the steps before the rate falls

    presets = config.Config.presets | {"quick": {"epochs": 8, "steps_per_epoch": 200}}


class Model(gan.GAN):
    """A mapping network from latents to styles, and a synthesis network that begins with the same map for all images.

    Each layer of the synthesis is modulated by its style, and adds noise with a learned strength.
    """

    config: Config
    controls: ClassVar = {"truncation": 1.0}
    parts: ClassVar = {"map": Part("mapping", "style"), "synthesize": Part("synthesis", "image")}

    @property
    def conditional(self) -> bool:
        """Whether the players get labels: those of a single class say nothing."""
        return self.config.conditional and self.classes > 1

    @property
    def last(self) -> int:
        """The number of the last resolution; 0 is the first."""
        return halvings(self.image_shape)

    @property
    def styles(self) -> int:
        """The number of layers that have a style: one in the first resolution, two in each other one."""
        return 1 + 2 * self.last

    def channels(self, resolution: int) -> int:
        """Return the channels of a resolution's layers."""
        return self.config.filters * 2 ** min(self.last - resolution, 2)

    def build_memory(self) -> dict[str, tf.Variable]:
        return {"average_style": state.kept(tf.zeros([self.config.latent_dim]))}

    def build_generator(self) -> keras.Model:
        mapping, synthesis = self.build_mapping(), self.build_synthesis()
        given = [keras.Input(value.shape[1:], dtype=value.dtype, name=value.name) for value in mapping.inputs]
        noises = [keras.Input(value.shape[1:], name=value.name) for value in synthesis.inputs[1:]]
        style = mapping(given if len(given) > 1 else given[0])
        images = synthesis([repeated(style, self.styles), *noises])
        return keras.Model([*given, *noises], images, name="generator")

    def build_mapping(self) -> keras.Model:
        """Return the network from `latent`, and `label` if conditional, to a style [batch, latent_dim]."""
        size = self.config.latent_dim
        latent = keras.Input([size], name="latent")
        inputs, values = [latent], normalised(latent)
        if self.conditional:
            label = keras.Input([], dtype="int32", name="label")
            embedded = layers.Dense(size, kernel_initializer=normal(2))(ops.one_hot(label, self.classes))
            inputs, values = [latent, label], layers.Concatenate()([values, normalised(embedded)])
        for _ in range(self.config.mapping_layers):
            values = LeakyReLU(0.2)(layers.Dense(size, kernel_initializer=normal(2))(values))
        return keras.Model(inputs, values, name="mapping")

    def build_synthesis(self) -> keras.Model:
        """Return the network from `style` [batch, styles, latent_dim] and noises to images."""
        height, width, colours = self.image_shape
        style = keras.Input([self.styles, self.config.latent_dim], name="style")
        small = [height >> self.last, width >> self.last, self.channels(0)]
        # The map that all images begin with: the only row of an embedding.
        first = layers.Embedding(1, math.prod(small), embeddings_initializer="random_normal")
        values = layers.Reshape(small)(first(ops.zeros_like(style[:, 0, 0], dtype="int32")))
        noises, image = [], None
        for number in range(self.styles):
            resolution = (number + 1) // 2
            if number % 2:  # the first of two
                values, image = (layers.UpSampling2D(interpolation="bilinear")(maps) for maps in (values, image))
            noise = keras.Input([*values.shape[1:3], 1], name=f"noise_{number}")
            noises.append(noise)
            values = self.styled(values, style[:, number], ModulatedConv2D(self.channels(resolution), 3))
            values = values + layers.Dense(values.shape[-1], use_bias=False, kernel_initializer="zeros")(noise)
            values = LeakyReLU(0.2)(values) * math.sqrt(2)
            if number % 2 == 0:  # the last one of its resolution
                colour = self.styled(values, style[:, number], ModulatedConv2D(colours, 1, demodulate=False))
                image = colour if image is None else image + colour
        image = layers.Activation("linear", dtype="float32")(image)
        return keras.Model([style, *noises], image, name="synthesis")

    def styled(self, values, style, convolve: ModulatedConv2D):
        """Return the outputs of a layer that a style modulates: it begins with no effect."""
        affine = layers.Dense(values.shape[-1], kernel_initializer=normal(1), bias_initializer="ones")
        return convolve([values, affine(style)])

    def build_discriminator(self) -> keras.Model:
        image = keras.Input(self.image_shape, name="image")
        values = LeakyReLU(0.2)(convolution(self.channels(self.last), 1)(image))
        for resolution in range(self.last, 0, -1):
            inner, outer = self.channels(resolution), self.channels(resolution - 1)
            skipped = convolution(outer, 1, use_bias=False)(layers.AveragePooling2D(2)(values))
            for channels in (inner, outer):
                values = LeakyReLU(0.2)(convolution(channels, 3)(values))
            values = (layers.AveragePooling2D(2)(values) + skipped) / math.sqrt(2)
        values = layers.Concatenate()([values, deviation(values)])
        values = LeakyReLU(0.2)(convolution(self.channels(0), 3)(values))
        features = LeakyReLU(0.2)(
            layers.Dense(self.channels(0), kernel_initializer=normal(2))(layers.Flatten()(values))
        )
        logits = layers.Dense(1, kernel_initializer=normal(1), dtype="float32")(features)
        if not self.conditional:
            return keras.Model(image, logits, name="discriminator")
        label = keras.Input([], dtype="int32", name="label")
        embedded = layers.Dense(self.channels(0), use_bias=False)(ops.one_hot(label, self.classes))
        projection = layers.Dot(axes=1, dtype="float32")([embedded, features])
        return keras.Model([image, label], layers.Add(dtype="float32")([logits, projection]), name="discriminator")

    def build_optimizer(self, rate):
        mapping = self.generator.get_layer(self.parts["map"].layer)
        slowness = {weight.path: SLOWNESS for weight in mapping.trainable_variables}
        options = {"beta_1": self.config.beta_1, "beta_2": self.config.beta_2, "epsilon": 1e-8}
        return EqualizedAdam(rate, slowness=slowness, **options)

    def image_of(self, batch):
        """Return images of mixed styles: the fine layers of most get the style of another latent."""
        mapping, synthesis = (self.generator.get_layer(part.layer) for part in self.parts.values())
        size = tf.shape(batch["latent"])[0]
        # Each of several critic steps draws anew: the optimizer counts them.
        number = 2 * self.discriminator_player.optimizer.iterations
        other = self.random(tf.random.stateless_normal, [size, self.config.latent_dim], Stream.MIX, number)
        chance = self.random(tf.random.stateless_uniform, [size, 2, 1], Stream.MIX, number + 1)
        style, fine = (feed(mapping, batch | {"latent": latent}) for latent in (batch["latent"], other))
        average = self.memory["average_style"]
        centre = distribution.mean(tf.reduce_mean(tf.cast(style, tf.float32), axis=0))
        average.assign_add((1 - DECAY) * (centre - average))
        # The first layer whose style is the other one's; past the last one if none is.
        crossing = 1 + tf.floor(chance[:, 0] * (self.styles - 1))
        crossing = tf.where(chance[:, 1] < self.config.mixing, crossing, float(self.styles))
        is_coarse = (tf.range(self.styles, dtype=tf.float32) < crossing)[..., None]
        return feed(synthesis, batch | {"style": tf.where(is_coarse, style[:, None], fine[:, None])})

    def discriminate_both(self, real, fake):
        return self.discriminate(real), self.discriminate(fake)  # or the deviations of one would be the other's too

    def discriminator_loss(self, real, fake):
        penalty = penalties.lazy(
            self.step,
            self.config.penalty_every,
            lambda: penalties.zero_centred_penalty(self.critic(real), real["image"]),
        )
        return super().discriminator_loss(real, fake) + self.config.r1 * penalty

    def sampler(self) -> keras.Model:
        """Return the network whose styles are drawn towards their average by the control `truncation`."""
        mapping, synthesis = (self.averages["generator"].get_layer(part.layer) for part in self.parts.values())
        given = [keras.Input(value.shape[1:], dtype=value.dtype, name=value.name) for value in mapping.inputs]
        noises = [keras.Input(value.shape[1:], name=value.name) for value in synthesis.inputs[1:]]
        truncation = keras.Input([], name="truncation")
        average = layers.Embedding(1, self.config.latent_dim, name="average_style")
        centre = average(ops.zeros_like(truncation, dtype="int32"))
        average.set_weights([self.memory["average_style"][None]])
        style = mapping(given if len(given) > 1 else given[0])
        style = centre + truncation[:, None] * (style - centre)
        images = synthesis([repeated(style, self.styles), *noises])
        return keras.Model([*given, truncation, *noises], ops.clip(images, -1, 1), name="generator")


def repeated(style, count: int):
    """Repeat a style [batch, size] for each of `count` layers: [batch, count, size]."""
    return ops.repeat(style[:, None], count, axis=1)


def convolution(channels: int, kernel_size: int, **options) -> layers.Conv2D:
    """Return a convolution of the discriminator."""
    return layers.Conv2D(channels, kernel_size, padding="same", kernel_initializer=normal(2), **options)
