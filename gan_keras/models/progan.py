"""Progressive growing: small images first, then larger ones (Karras et al. 2018, arXiv:1710.10196).

python -m gan_keras.train --model progan

|  | in the source | here |
| --- | --- | --- |
| growth, fade-in | from 4x4, each stage twice as large, faded in | as in the source, from 7x7 for 28x28 |
| pixel normalisation, minibatch deviation | sections 3 and 4.2 | as in the source; the batch is one group |
| equalised learning rate | kernels scaled in each pass | in the optimizer's step, which is the same for Adam |
| loss | WGAN-GP with a drift of 0.001 | as in the source |
| images per phase | 600,000 or more | 12,800: digits within minutes |
| learning rate | 0.001 | 0.005, for as few steps |
| size | 512 channels | 64 at most, latents of 100 |
"""

import functools
import math
from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers, ops

from gan_keras.game import config, gan, losses
from gan_keras.game.networks import feed, halvings
from gan_keras.game.stages import Stage, choose, stage_at, starts
from gan_keras.layers import LeakyReLU
from gan_keras.layers.adam import EqualizedAdam
from gan_keras.options import Count, Fraction, NotNegative, Rate, Size


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the progressive GAN."""

    filters: Size = 16  # channels of the layers next to the image; two and four times as many further in
    period: Count = 12_800  # images while a stage is faded in, and again while it then stays
    batch_size: Count = 64  # images in a batch; half the DCGAN's, for more steps per minute
    # learning rate of both players, relative to the size of each kernel; five times its paper's: digits within minutes
    learning_rate: Rate = 5e-3
    beta_1: Fraction = 0.0  # Adam's momentum; 0 as in its paper
    beta_2: Fraction = 0.99  # decay of Adam's average of squared gradients; 0.99 as in its paper
    gradient_penalty: NotNegative = 10.0  # weight of the gradient penalty; 10 as in WGAN-GP
    drift: NotNegative = 1e-3  # weight of the squared logits of real images, which keeps them near 0; as in its paper

    presets = config.Config.presets | {"quick": {"epochs": 8, "steps_per_epoch": 200}}


class Model(gan.GAN):
    """A WGAN-GP whose networks begin with images of 7x7 and grow by a stage whenever they have seen enough.

    All images are of the full size: those of an earlier stage are enlarged, and the discriminator reduces them again.
    """

    config: Config
    adversarial_loss = losses.wasserstein

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.generators, self.discriminators = by_stage(self.generator), by_stage(self.discriminator)

    @property
    def last(self) -> int:
        """The number of the last stage; 0 is the first."""
        return halvings(self.image_shape)

    def stage(self) -> Stage:
        """Return the stage of this step."""
        return stage_at(self.step * self.config.images_per_step, self.last + 1, self.config.period)

    def stage_starts(self):
        return [math.ceil(seen / self.config.images_per_step) for seen in starts(self.last + 1, self.config.period)]

    def channels(self, stage: int) -> int:
        """Return the channels of a stage's layers."""
        return self.config.filters * 2 ** min(self.last - stage, 2)

    def build_generator(self) -> keras.Model:
        """Return the network from `latent` and `fade` [batch] to a list of images, one for each stage."""
        latent, fade = keras.Input([self.config.latent_dim], name="latent"), keras.Input([], name="fade")
        height, width, colours = self.image_shape
        small = [height >> self.last, width >> self.last, self.channels(0)]
        values = layers.Dense(math.prod(small), kernel_initializer=normal(2 / 16))(normalised(latent))
        values = normalised(LeakyReLU(0.2)(layers.Reshape(small)(values)))
        values = normalised(self.convolution(self.channels(0))(values))
        previous, images = None, []
        for stage in range(self.last + 1):
            if stage:
                values = layers.UpSampling2D()(values)
                values = layers.Reshape(values.shape[1:])(values)  # LiteRT does not know the sides otherwise
                for _ in range(2):
                    values = normalised(self.convolution(self.channels(stage))(values))
            image = layers.Conv2D(colours, 1, kernel_initializer=normal(1), dtype="float32")(values)
            mixed = image if previous is None else mix(layers.UpSampling2D()(previous), image, fade)
            images.append(enlarged(mixed, self.last - stage))
            previous = image
        return keras.Model([latent, fade], images, name="generator")

    def build_discriminator(self) -> keras.Model:
        """Return the network from `image` and `fade` [batch] to a list of logits, one for each stage."""
        image, fade = keras.Input(self.image_shape, name="image"), keras.Input([], name="fade")
        entries = [keras.Sequential(self.entry(stage)) for stage in range(self.last + 1)]
        blocks = [keras.Sequential(self.halving(stage)) for stage in range(1, self.last + 1)]
        end = self.end()
        logits = []
        for stage in range(self.last + 1):
            values = entries[stage](reduced(image, self.last - stage))
            for below in reversed(range(stage)):
                values = blocks[below](values)
                if below == stage - 1:
                    values = mix(entries[below](reduced(image, self.last - below)), values, fade)
            logits.append(end(layers.Concatenate()([values, deviation(values)])))
        return keras.Model([image, fade], logits, name="discriminator")

    def entry(self, stage: int) -> list[layers.Layer]:
        """Return the layers from an image of a stage's size to its channels."""
        return [layers.Conv2D(self.channels(stage), 1, kernel_initializer=normal(2)), LeakyReLU(0.2)]

    def halving(self, stage: int) -> list[layers.Layer]:
        """Return the layers of the discriminator from a stage to the one below."""
        convolutions = [self.convolution(self.channels(number)) for number in (stage, stage - 1)]
        return [*convolutions, layers.AveragePooling2D(2)]

    def end(self) -> keras.Sequential:
        """Return the discriminator's last layers, which all stages share."""
        dense = layers.Dense(self.channels(0), kernel_initializer=normal(2))
        logit = layers.Dense(1, kernel_initializer=normal(1), dtype="float32")
        return keras.Sequential(
            [self.convolution(self.channels(0)), layers.Flatten(), dense, LeakyReLU(0.2), logit], name="end"
        )

    def convolution(self, channels: int) -> keras.Sequential:
        """Return a convolution and its activation."""
        return keras.Sequential(
            [layers.Conv2D(channels, 3, padding="same", kernel_initializer=normal(2)), LeakyReLU(0.2)]
        )

    def build_optimizer(self, rate):
        return EqualizedAdam(rate, beta_1=self.config.beta_1, beta_2=self.config.beta_2, epsilon=1e-8)

    def generate(self, real, number=0):
        return super().generate(real | {"fade": self.fades(real)}, number)

    def fades(self, batch) -> tf.Tensor:
        """Return how far the stage is faded in, for each image."""
        return tf.fill(tf.shape(batch["image"])[:1], self.stage().fade)

    def image_of(self, batch):
        return choose(self.stage(), [functools.partial(feed, one, batch) for one in self.generators])

    def discriminate(self, batch):
        batch = batch | {"fade": self.fades(batch)}
        return choose(self.stage(), [functools.partial(feed, one, batch) for one in self.discriminators])

    def discriminate_both(self, real, fake):
        return self.discriminate(real), self.discriminate(fake)  # or the deviations of one would be the other's too

    def discriminator_loss(self, real, fake):
        images, fade = real["image"], self.stage().fade
        shown = [functools.partial(self.faded, images, fade, stage) for stage in range(self.last + 1)]
        real = real | {"image": choose(self.stage(), shown)}
        real_logits, fake_logits = self.discriminate_both(real, fake)
        loss = self.adversarial_discriminator_loss(real_logits, fake_logits)
        loss += self.config.drift * tf.reduce_mean(tf.cast(real_logits, tf.float32) ** 2)
        return loss + self.config.gradient_penalty * self.gradient_penalty(real, fake)

    def faded(self, images: tf.Tensor, fade: tf.Tensor, stage: int) -> tf.Tensor:
        """Return real images as a stage shows them: reduced to its size, mixed with those of the stage before."""
        now, before = (enlarged(reduced(images, by), by) for by in (self.last - stage, self.last - max(stage - 1, 0)))
        return before + fade * (now - before)

    def sampler(self) -> keras.Model:
        stage, fade = (value.numpy() for value in self.stage())
        latent = keras.Input([self.config.latent_dim], name="latent")
        fades = ops.zeros_like(latent[:, 0]) + float(fade)
        image = by_stage(self.averages["generator"])[stage]([latent, fades])
        return keras.Model(latent, ops.clip(image, -1, 1), name="generator")

    def exports(self) -> dict[str, keras.Model]:
        stage, fade = (value.numpy() for value in self.stage())
        image = keras.Input(self.image_shape, name="image")
        fades = ops.zeros_like(image[:, 0, 0, 0]) + float(fade)
        critic = keras.Model(image, self.discriminators[stage]([image, fades]), name="critic")
        return {"generator": self.sampler(), "critic": critic}


def by_stage(network: keras.Model) -> list[keras.Model]:
    """Return the networks of the stages, which share their layers; each computes only what it needs."""
    return [keras.Model(network.inputs, output) for output in network.outputs]


def normal(gain: float) -> keras.initializers.Initializer:
    """Return normal kernels with the variance gain / fan_in: He et al. 2015 (arXiv:1502.01852) for a gain of 2."""
    return keras.initializers.VarianceScaling(gain, "fan_in", "untruncated_normal")


def normalised(values):
    """Return vectors of root mean square 1: the source's section 4.2."""
    power = ops.mean(ops.square(ops.cast(values, "float32")), axis=-1, keepdims=True)  # float16 cannot hold all squares
    return values * ops.cast(ops.rsqrt(power + 1e-8), values.dtype)


def mix(before, now, fade):
    """Return what is between the stage before and this one."""
    return before + ops.reshape(ops.cast(fade, now.dtype), [-1, 1, 1, 1]) * (now - before)


def enlarged(images, doublings: int):
    """Return images whose sides are doubled so often, by repeating pixels."""
    for axis in (1, 2) if doublings else ():
        images = ops.repeat(images, 2**doublings, axis=axis)
    return images


def reduced(images, halvings: int):
    """Return images whose sides are halved so often, by averages."""
    return ops.average_pool(images, 2**halvings, 2**halvings) if halvings else images


def deviation(values):
    """Return one more channel: the mean of all standard deviations over the batch; the source's section 3."""
    spread = ops.sqrt(ops.var(ops.cast(values, "float32"), axis=0) + 1e-8)
    return ops.zeros_like(values[..., :1]) + ops.cast(ops.mean(spread), values.dtype)
