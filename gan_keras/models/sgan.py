"""Semi-supervised GAN: a classifier that needs few labels, since it also learns from the images that have none.

python -m gan_keras.train --model sgan --labelled 100

It is the discriminator of Salimans et al. 2016 (arXiv:1606.03498).

|  | in the source | here |
| --- | --- | --- |
| outputs | a logit for each class; real are those with a class | as in the source, section 5 |
| generator's loss | feature matching, section 3.1 | as in the source |
| classifier | averaged weights | as in the source |
| images without labels | are real | what is read in them also teaches other views of them |
| networks | dense, with weight normalisation | the DCGAN's |
| noise | on the inputs of all the discriminator's layers | on the images |
| labels | of 20 to 200 images | of 1,000 (`--labelled`), each time zoomed and moved |

With `--pseudo-labels 0`, images without labels are only real, and those with labels stay as they are.
"""

import dataclasses
import functools
from dataclasses import dataclass
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from gan_keras import data, distribution
from gan_keras.game import losses, pseudo_labels
from gan_keras.game.randomness import Stream
from gan_keras.models import dcgan
from gan_keras.options import Count, Fraction, NotNegative, Rate, Size
from gan_keras.ui.console import UserError

ZOOM = 1.25  # how much larger than the image the largest view is, and how much smaller the smallest


@dataclass(frozen=True, kw_only=True)
class Config(dcgan.Config):
    """The options of the semi-supervised GAN."""

    labelled: Count = 1000  # training images whose labels are used, as many of each class; drawn by the seed
    # weight of what is read in images without labels, which teaches other views of them; for classes of similar
    # frequency; 0: no such thing and no views of labelled images either, as in the source
    pseudo_labels: NotNegative = 1.0
    noise: NotNegative = 0.3  # deviation of the noise on what the discriminator sees, in [-1, 1]
    filters: Size = 32  # channels of the layers next to the image; half the DCGAN's, for more steps per minute
    batch_size: Count = 64  # images in a batch, and as many labelled ones
    learning_rate: Rate = 1e-3  # learning rate of both players; five times the DCGAN's, as its batches are small
    average_decay: Fraction = 0.998  # decay of the averaged generator and of the averaged classifier

    def complete(self, dataset: data.Dataset) -> data.Dataset:
        """Return data whose `partner` are the images whose labels are used, repeated to fill a batch.

        Raises:
            UserError: if there are no labels, or fewer images than are to be labelled.
        """
        classes, count = len(dataset.class_names), len(dataset.train.images)
        if classes < 2:
            raise UserError(f"sgan learns to tell classes apart, and {dataset.source} has none.")
        if not classes <= self.labelled <= count:
            raise UserError(f"--labelled is {self.labelled}; it must be from {classes} classes to {count} images.")
        rows = np.resize(
            evenly(dataset.train.labels, self.labelled, self.seed), max(self.labelled, self.images_per_step)
        )
        known = dataclasses.replace(
            dataset,
            train=data.Split(*(values[rows] for values in dataset.train)),
            test=data.Split(*(values[:0] for values in dataset.test)),
            source=f"the {self.labelled:,} of them whose labels are used",
        )
        return dataclasses.replace(dataset, partner=known)


class Model(dcgan.Model):
    """A DCGAN whose discriminator tells the classes of real images apart, and these from fakes.

    With the logits l of the classes, the logit of being real is log Σ exp(l): its sigmoid is Z / (Z + 1), as if fakes
    were one more class with the logit 0. The discriminator's output is [batch, 1 + classes]: that logit, then l.
    """

    config: Config
    averaged_networks = ("generator", "discriminator")
    results: ClassVar = dcgan.Model.results | {"classifier": "probability"}
    tracked = (*dcgan.Model.tracked, "label_loss", "label_accuracy")

    def build_discriminator(self) -> keras.Model:
        image = keras.Input(self.image_shape, name="image")
        features = self.build_features(self.image_shape)(image)
        logits = layers.Dense(self.classes, dtype="float32")(features)
        real = ops.logsumexp(logits, axis=1, keepdims=True)
        return keras.Model(image, ops.concatenate([real, logits], axis=1), name="discriminator")

    @property
    def reads_labels(self) -> bool:
        return True

    def build_memory(self):
        return super().build_memory() | {"class_shares": pseudo_labels.create(self.classes)}

    def noisy(self, image: tf.Tensor, number: int) -> tf.Tensor:
        """Return images as the discriminator sees them. `number` counts the batches that it sees in a step."""
        size = tf.shape(image)[0]
        noise = self.random(tf.random.stateless_normal, [size, *self.image_shape], Stream.NOISE, number)
        return image + self.config.noise * noise

    def shown(self, batch, number):
        batch = super().shown(batch, number)
        return batch | {"image": self.noisy(batch["image"], number)}

    def viewed(self, image: tf.Tensor, number: int) -> tf.Tensor:
        """Return images at other sizes and places; without pseudo-labels as they are. `number` tells batches apart."""
        if not self.config.pseudo_labels:
            return image
        draw = functools.partial(self.random, tf.random.stateless_uniform, stream=Stream.MIX, number=number)
        return pseudo_labels.zoomed(image, draw, 1 / ZOOM, ZOOM)

    def discriminator_loss(self, real, fake):
        real_outputs, fake_outputs = self.discriminate_both(real, fake)
        loss = self.adversarial_discriminator_loss(real_outputs[:, :1], fake_outputs[:, :1])
        label, known = (real[f"{data.PARTNER}{name}"] for name in ("label", "image"))
        logits = self.discriminate(self.shown({"image": self.viewed(known, 0)}, 2 * self.config.critic_steps))[:, 1:]
        label_loss = losses.cross_entropy(label, logits)
        right = tf.argmax(logits, axis=1, output_type=tf.int32) == label
        self.track(label_loss=label_loss, label_accuracy=losses.share(right))
        loss += label_loss
        if self.config.pseudo_labels:
            read = tf.nn.softmax(real_outputs[:, 1:])
            guesses = pseudo_labels.align(self.memory["class_shares"], label, read)
            seen = self.discriminate({"image": self.viewed(real["image"], 1)})[:, 1:]
            loss += self.config.pseudo_labels * losses.cross_entropy(guesses, seen)
        return loss

    def generator_loss(self, real, fake):
        """Return how far the mean features of fakes are from those of real images: the source's section 3.1."""
        features = self.discriminator.get_layer("features")
        means = [tf.reduce_mean(tf.cast(features(batch["image"]), tf.float32), axis=0) for batch in (real, fake)]
        return tf.reduce_sum(distribution.mean(means[0] - means[1]) ** 2)

    def exports(self):
        return super().exports() | {"classifier": self.classifier()}

    def classifier(self) -> keras.Model:
        """Return the averaged discriminator as a network from images to the probabilities [batch, classes]."""
        discriminator = self.averages["discriminator"]
        probabilities = ops.softmax(discriminator(discriminator.inputs[0])[:, 1:])
        return keras.Model(discriminator.inputs, probabilities, name="classifier")


def evenly(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return the indices of `count` images drawn at random, of each class as many as of the others, or one more."""
    order = np.random.default_rng(seed).permutation(len(labels))
    rank = np.empty(len(labels), int)  # of an image among those of its class
    for label in np.unique(labels):
        of_class = order[labels[order] == label]
        rank[of_class] = np.arange(len(of_class))
    return order[np.argsort(rank[order], kind="stable")[:count]]
