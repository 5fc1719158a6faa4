"""CycleGAN: images of one hand become those of another, and back (Zhu et al. 2017, arXiv:1703.10593).

python -m gan_keras.train --model cyclegan

|  | in the source | here |
| --- | --- | --- |
| least squares, cycle loss of 10, pool of 50 | sections 3 and 4 | as in the source |
| identity loss | of 5, for paintings | none, which saves a third of the time |
| generators | 64 filters, 6 or 9 blocks, two strides | 16 filters, 4 blocks, a stride less than the DCGAN's |
| discriminators | 70x70 patches, three halvings | as many halvings as the images allow |
| borders | reflected | zeros: digits end before the border |
| batch | 1 | 16: as many images in a tenth of the time |
| what is exported | the last weights | their average, as of all models here |
| semantic loss | none | after CyCADA (Hoffman et al. 2018, arXiv:1711.03213, equation 4), with the source's labels |
| its readers | one, fixed, of the source (CyCADA) | learn along; that of both gives the target its pseudo-labels |
"""

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import keras
import tensorflow as tf
from keras import layers

from gan_keras import data, distribution
from gan_keras.game import config, gan, losses, pool, pseudo_labels
from gan_keras.game.augmentation import augment
from gan_keras.game.networks import feed, halvings, infer
from gan_keras.game.randomness import Stream
from gan_keras.layers import Conv2DTranspose, LeakyReLU
from gan_keras.options import Count, Fraction, Images, NotNegative, Rate, Schedule, Size
from gan_keras.ui.console import UserError

VIEWS = 3  # of each image, that the reader learns from in a step
ZOOM = 1.4  # how much larger or smaller they are
ROWS = 6  # of the picture: an image, its translation, and that one translated back, for both domains


@dataclass(frozen=True, kw_only=True)
class Config(config.Config):
    """The options of the CycleGAN."""

    source: str = ""  # the first domain: a data set, or a folder or file; default: what --dataset or --data-dir says
    target: str = "digits8x8"  # the second domain: a data set, or a folder or file with images
    filters: Size = 16  # channels of the layers next to the image; a quarter of its paper's, whose photos are larger
    blocks: Count = 4  # residual blocks of a generator; 6 in its paper for images of 128x128
    cycle: NotNegative = 10.0  # weight of the cycle loss: an image translated there and back is the same
    # weight of the identity loss: an image that is in the domain already stays as it is; 5 in its paper, for paintings
    identity: NotNegative = 0.0
    semantic: NotNegative = 3.0  # weight of the semantic loss: a translation has its image's class; 0: as in its paper
    pool: Count = 50  # earlier fakes that the discriminators are shown; 50 as in its paper
    batch_size: Count = 16  # images in a batch; 1 in its paper
    learning_rate: Rate = 5e-4  # learning rate of both players; its paper's 2e-4 is for batches of 1
    schedule: Schedule = "cooldown"  # learning rate over time; constant and then falling, as in its paper
    average_decay: Fraction = 0.995  # decay of the averaged generators and readers; digits need few thousand steps
    samples: Images = 60  # images in the picture after each epoch, in six rows
    latent_dim: ClassVar[int] = 0  # type: ignore[misc]  # no option here: it draws no latents

    presets = config.Config.presets | {"quick": {"epochs": 8, "steps_per_epoch": 100}}

    def __post_init__(self) -> None:
        if self.source:  # another way to write a data set or a place
            name, place = data.place_of(self.source)
            for option, value in (("dataset", name), ("data_dir", place)):
                if value and getattr(self, option) not in ("", None, value):
                    raise UserError(f"--source {self.source} and --dataset or --data-dir differ; give one of them.")
                object.__setattr__(self, option, value or getattr(self, option))
            object.__setattr__(self, "source", "")
        name, place = data.place_of(self.target)
        object.__setattr__(self, "target", name or str(place))
        super().__post_init__()
        if self.pool < self.batch_size:
            raise UserError(f"--pool is {self.pool}; it must hold a batch of {self.batch_size}.")

    @property
    def folder(self) -> Path:
        """The run's folder: `out`, or one named after the model and both domains."""
        plain = super().folder
        return self.out or plain.with_name(f"{plain.name}-{config.path_name(Path(self.target).name)}")

    def complete(self, dataset: data.Dataset) -> data.Dataset:
        """Return the source with the target as its `partner`, whose images get the size and colours of the source's."""
        height, _, channels = dataset.image_shape
        name, place = data.place_of(self.target)
        alike = data.Conversion(image_size=height, channels=channels, skip_damaged=self.skip_damaged)
        return dataclasses.replace(dataset, partner=data.load(name, place, alike))


class Model(gan.GAN):
    """A generator for each direction, a discriminator for each domain, and readers of the classes.

    Cycle consistency alone lets a 3 become a 6 that comes back as a 3. Readers keep that from happening: what a
    generator makes must be read as before. It is read by one that knows nothing but the domain that it is made for, so
    it must also look as its class does there. The source's reader learns by its labels. The target's are never used: a
    reader of both domains says what it reads in the target's images, and the target's reader learns that.
    """

    config: Config
    adversarial_loss = losses.binary_least_squares
    generator_networks = ("to_target", "to_source")
    critics = ("target_critic", "source_critic")
    tracked = ("generator_loss", "discriminator_loss", "cycle_loss", "semantic_loss")
    results: ClassVar = dict.fromkeys(generator_networks, "translation")
    sampled = "to_source"

    def build_networks(self) -> dict[str, keras.Model]:
        translators = {name: self.build_translator(name) for name in self.generator_networks}
        critics = {name: self.build_critic(name) for name in self.critics}
        return translators | critics | {name: self.build_reader(name) for name in self.readers}

    def build_translator(self, name: str) -> keras.Model:
        """Return a network from images of a domain to images of the other."""
        filters = self.config.filters
        doublings = range(max(1, halvings(self.image_shape) - 1))
        image = keras.Input(self.image_shape, name="image")
        values = normalised(convolution(filters, 7)(image))
        for number in doublings:
            values = normalised(convolution(filters * 2 ** (number + 1), 3, strides=2)(values))
        channels = values.shape[-1]
        for _ in range(self.config.blocks):
            inner = normalised(convolution(channels, 3)(values))
            values = values + instance_normalisation()(convolution(channels, 3)(inner))
        for number in reversed(doublings):
            double = Conv2DTranspose(filters * 2**number, 4, strides=2, padding="same", use_bias=False)
            values = normalised(double(values))
        values = layers.Conv2D(self.image_shape[-1], 7, padding="same")(values)
        return keras.Model(image, layers.Activation("tanh", dtype="float32")(values), name=name)

    def build_critic(self, name: str) -> keras.Model:
        """Return a network from images of a domain to [batch, patches]: how real each patch is."""
        image = keras.Input(self.image_shape, name="image")
        values = LeakyReLU(0.2)(layers.Conv2D(self.config.filters, 4, strides=2, padding="same")(image))
        for number in range(1, halvings(self.image_shape)):
            values = convolution(self.config.filters * 2**number, 4, strides=2)(values)
            values = LeakyReLU(0.2)(instance_normalisation()(values))
        patches = layers.Conv2D(1, 4, padding="same", dtype="float32")(values)
        return keras.Model(image, layers.Flatten(dtype="float32")(patches), name=name)

    def build_reader(self, name: str) -> keras.Model:
        """Return a network from images to the logits of the source's classes."""
        convolutions = [
            layer
            for number in range(halvings(self.image_shape))
            for layer in (
                layers.Conv2D(self.config.filters * 2 ** (number + 1), 5, strides=2, padding="same"),
                LeakyReLU(0.2),
            )
        ]
        image = keras.Input(self.image_shape, name="image")
        logits = layers.Dense(self.classes, dtype="float32")
        return keras.Sequential([image, *convolutions, layers.Flatten(), logits], name=name)

    def build_memory(self) -> dict[str, tf.Variable]:
        pools = {f"{domain}_pool": pool.create(self.config.pool, self.image_shape) for domain in ("target", "source")}
        return pools | {"class_shares": pseudo_labels.create(self.classes)}

    @property
    def reads_labels(self) -> bool:
        return self.config.semantic > 0 and self.classes > 1

    @property
    def readers(self) -> tuple[str, ...]:
        """The names of the readers, if there is a semantic loss: of both domains, and of one alone."""
        return ("reader", "target_reader", "source_reader") if self.reads_labels else ()

    @property
    def discriminator_networks(self):  # type: ignore[override]
        return (*self.critics, *self.readers)

    @property
    def averaged_networks(self):  # type: ignore[override]
        return (*self.generator_networks, *self.readers)

    def generate(self, real, number=0):
        """Return the translations of a batch: `target` of its `image`, and `source` of its `partner_image`."""
        return {
            "target": self.translate("to_target", real["image"]),
            "source": self.translate("to_source", real["partner_image"]),
        }

    def shown(self, batch, number):
        return batch  # the generators see the images as they are; `judge` augments them

    def translate(self, direction: str, image: tf.Tensor) -> tf.Tensor:
        """Return the translations of images in training."""
        return feed(self.networks[direction], {"image": image})

    def judge(self, domain: str, image: tf.Tensor, number: int) -> tf.Tensor:
        """Return what a discriminator says of images. `number` counts the batches that are judged in a step."""
        if self.config.augment:
            draw = functools.partial(self.random, tf.random.stateless_uniform, stream=Stream.AUGMENT, number=number)
            image = augment(image, draw)
        return feed(self.networks[f"{domain}_critic"], {"image": image})

    def discriminator_loss(self, real, fake):
        total = 0.0
        for number, (domain, image) in enumerate((("target", real["partner_image"]), ("source", real["image"]))):
            draw = functools.partial(self.random_alike, stream=Stream.POOL, number=number)
            fakes = distribution.gathered(fake[domain])  # there is one pool, whatever the number of replicas
            before = self.step * tf.cast(tf.shape(fakes)[0], tf.int64)
            earlier = distribution.share(pool.exchange(self.memory[f"{domain}_pool"], fakes, before, draw))
            real_values = self.judge(domain, image, 2 * number)
            fake_values = self.judge(domain, earlier, 2 * number + 1)
            total += self.adversarial_discriminator_loss(real_values, fake_values)
        return total + self.reader_loss(real) if self.readers else total

    def reader_loss(self, real: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the readers' loss: by the source's labels, and by what is read in the target's images already."""
        views = []
        for number, (domain, largest) in enumerate((("image", ZOOM), ("partner_image", 1.0), ("partner_image", 1.0))):
            draw = functools.partial(self.random, tf.random.stateless_uniform, stream=Stream.MIX, number=number)
            views.append(pseudo_labels.zoomed(tf.repeat(real[domain], VIEWS, axis=0), draw, 1 / ZOOM, largest))
        source, target, again = tf.split(feed(self.reader, {"image": tf.concat(views, axis=0)}), 3)
        label = tf.repeat(real["label"], VIEWS)
        guesses = pseudo_labels.align(self.memory["class_shares"], label, tf.nn.softmax(target))
        guess = tf.reduce_mean(tf.reshape(guesses, [-1, VIEWS, self.classes]), axis=1)
        of_source = feed(self.source_reader, {"image": real["image"]})
        of_target = feed(self.target_reader, {"image": real["partner_image"]})
        of_both = losses.cross_entropy(label, source) + losses.cross_entropy(guesses, again)
        return of_both + losses.cross_entropy(real["label"], of_source) + losses.cross_entropy(guess, of_target)

    def read(self, reader: str, image: tf.Tensor) -> tf.Tensor:
        """Return the logits of an averaged reader, which swings less than the one that learns."""
        return feed(self.averages[reader], {"image": image}, training=False)

    def generator_loss(self, real, fake):
        source, target = real["image"], real["partner_image"]
        fooled = [
            self.adversarial_loss.generator(self.judge(domain, fake[domain], 4 + number))
            for number, domain in enumerate(("target", "source"))
        ]
        cycle = difference(self.translate("to_source", fake["target"]), source)
        cycle += difference(self.translate("to_target", fake["source"]), target)
        loss = 2 * sum(fooled) + self.config.cycle * cycle  # its paper halves only the discriminators' loss
        if self.config.identity:
            same = difference(self.translate("to_target", target), target)
            same += difference(self.translate("to_source", source), source)
            loss += self.config.identity * same
        self.track(cycle_loss=cycle)
        return loss + self.config.semantic * self.semantic_loss(real, fake) if self.readers else loss

    def semantic_loss(self, real: dict[str, tf.Tensor], fake: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return how far translations are from being read as their images: CyCADA's equation 4, both ways."""
        loss = losses.cross_entropy(real["label"], self.read("target_reader", fake["target"]))
        read = tf.nn.softmax(self.read("reader", real["partner_image"]))
        loss += losses.cross_entropy(read, self.read("source_reader", fake["source"]))
        self.track(semantic_loss=loss)
        return loss

    def measured_images(self, count, examples):
        return infer(self.sampler(), {"image": examples["partner_image"][:count]})

    def display(self, examples):
        """Return source, translated, translated back; and the same from the target."""
        shown = []
        for name, there, back in (("image", "to_target", "to_source"), ("partner_image", "to_source", "to_target")):
            image = tf.gather(examples[name], tf.range(self.display_columns()) % len(examples[name]))
            translated = feed(self.averages[there], {"image": image}, training=False)
            shown += [image, translated, feed(self.averages[back], {"image": translated}, training=False)]
        return tf.concat(shown, axis=0)

    def display_columns(self) -> int:
        return max(1, self.config.samples // ROWS)

    def exports(self) -> dict[str, keras.Model]:
        return {name: self.averages[name] for name in self.generator_networks}


def difference(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Return the mean absolute difference of images."""
    return tf.reduce_mean(tf.abs(one - other))


def convolution(filters: int, kernel_size: int, strides: int = 1) -> layers.Conv2D:
    """Return a convolution before an instance normalisation, which takes any bias away again."""
    return layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)


def instance_normalisation() -> layers.Layer:
    """Return the layer that gives each map of each image mean and deviation (Ulyanov et al. 2016, arXiv:1607.08022)."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)


def normalised(values):
    """Return what follows most convolutions of a generator."""
    return layers.ReLU()(instance_normalisation()(values))
