"""The training step that every model shares. This is the only place where an optimizer of a GAN takes a step."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import tensorflow as tf

from gan_keras import distribution
from gan_keras.data import Batch
from gan_keras.game import losses, penalties, randomness, state
from gan_keras.game.augmentation import augment
from gan_keras.game.config import Config
from gan_keras.game.networks import Part, feed, infer, input_names, noise_shapes, probability, split
from gan_keras.game.player import Player
from gan_keras.game.randomness import Stream
from gan_keras.game.schedules import scheduled
from gan_keras.game.trainer import Trainer
from gan_keras.layers.adam import Adam
from gan_keras.layers.copies import leaves, portable
from gan_keras.layers.precision import precision
from gan_keras.ui import pictures


class GAN(Trainer):
    """A generator and a discriminator, trained against each other by `fit()` on batches of `data.Batch`.

    A model derives from this class and states what differs. The simplest one builds two networks and stops there; the
    other class attributes and methods have defaults that suit it. The inputs of networks are named after what they
    take: `latent`, `label`, `image`, or whatever else the model puts into its batches. A generator's inputs with other
    names take normal noise.

    Args:
        config: the model's options.
        image_shape: (height, width, channels) of the images.
        classes: the number of classes, for models that take labels.
    """

    adversarial_loss: losses.AdversarialLoss = losses.non_saturating
    generator_networks: ClassVar[tuple[str, ...]] = ("generator",)  # the networks that the generator player moves
    discriminator_networks: ClassVar[tuple[str, ...]] = ("discriminator",)
    averaged_networks: ClassVar[tuple[str, ...]] = ("generator",)  # those that keep a running average of their weights
    tracked: ClassVar[tuple[str, ...]] = ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy")
    sampled: ClassVar[str] = "generator"  # the exported network that makes the samples
    controls: ClassVar[dict[str, float]] = {}  # numbers that a sampler takes besides latents and labels: name → default
    parts: ClassVar[dict[str, Part]] = {}  # functions that the sampler's SavedModel has besides
    # what the networks of `exports` return, by their names there
    results: ClassVar[dict[str, str]] = {"generator": "image", "discriminator": "probability", "critic": "score"}

    def __init__(self, config: Config, image_shape: tuple[int, int, int], classes: int = 10):
        super().__init__(name=config.model)
        self.config = config
        self.image_shape = image_shape
        self.classes = classes
        self.class_names = [str(label) for label in range(classes)]
        with precision(config.precision):
            self.networks = self.build_networks()
        for name, network in self.networks.items():
            setattr(self, name, network)
        self.averages = {name: portable(self.networks[name]) for name in self.averaged_networks}
        self.memory = self.build_memory()
        self.built = True

    # What a model states about itself

    def build_networks(self) -> dict[str, keras.Model]:
        """Return the networks by name. Each of them becomes an attribute of the model."""
        return {"generator": self.build_generator(), "discriminator": self.build_discriminator()}

    def build_generator(self) -> keras.Model:
        """Return the network from `latent` [batch, latent_dim], and perhaps `label` int32 [batch], to images."""
        raise TypeError(f"{type(self).__module__}.Model must define build_generator or build_networks.")

    def build_discriminator(self) -> keras.Model:
        """Return the network from `image`, and perhaps `label`, to [batch, 1 or more]: the logit comes first."""
        raise TypeError(f"{type(self).__module__}.Model must define build_discriminator or build_networks.")

    def build_memory(self) -> dict[str, tf.Variable]:
        """Return by name what training changes besides weights, such as a pool of images."""
        return {}

    def build_optimizer(self, rate: Any) -> keras.optimizers.Optimizer:
        """Return the optimizer of a player; `rate` is a learning rate or a schedule of it."""
        return Adam(rate, beta_1=self.config.beta_1, beta_2=self.config.beta_2)

    def stage_starts(self) -> list[int]:
        """Return the first step of each stage of the training: from there on steps take another time than before."""
        return [0]

    def sampler(self) -> keras.Model:
        """Return the network that makes the samples, mostly from `latent` (and `label`, and `controls`)."""
        return self.averages[self.sampled]

    def exports(self) -> dict[str, keras.Model]:
        """Return the networks that other programs get, by the name of their folder."""
        if not self.adversarial_loss.has_threshold:
            return {"generator": self.sampler(), "critic": self.discriminator}
        return {"generator": self.sampler(), "discriminator": probability(self.discriminator)}

    # How it is compiled, and what a backup holds

    def compile(self, total_steps: int, steps_per_execution: int = 1) -> None:
        """Make the optimizers; the learning rate's schedule ends after `total_steps` steps of the generator."""
        rate, critic_steps = self.config.learning_rate, self.config.critic_steps
        self.generator_player = self.make_player(
            self.generator_networks, self.config.generator_learning_rate or rate, total_steps
        )
        self.discriminator_player = self.make_player(self.discriminator_networks, rate, total_steps * critic_steps)
        # XLA takes twice as long as oneDNN's kernels on a CPU (`python -m benchmarks.tricks`).
        super().compile(optimizer=None, steps_per_execution=steps_per_execution, jit_compile=False)

    def make_player(self, networks: tuple[str, ...], rate: float, steps: int) -> Player:
        """Return a player that takes `steps` steps."""
        optimizer = self.build_optimizer(scheduled(rate, self.config.schedule, steps, self.config.cooldown))
        if self.config.precision == "float16":  # it cannot hold small gradients; bfloat16 has float32's exponents
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        player = Player([self.networks[name] for name in networks], optimizer)
        optimizer.build(player.variables)
        return player

    def state(self) -> state.State:
        """Return by name all that training changes: what a backup needs to continue exactly where it stopped."""
        players = {"generator": self.generator_player, "discriminator": self.discriminator_player}
        parts = [state.prefixed(name, state.of_network(network)) for name, network in self.networks.items()]
        parts += [state.prefixed(f"average/{name}", state.of_network(copy)) for name, copy in self.averages.items()]
        parts += [
            state.prefixed(f"optimizer/{name}", state.of_optimizer(player.optimizer, player.variables))
            for name, player in players.items()
        ]
        parts += [state.prefixed(f"mean/{name}", mean.variables()) for name, mean in self.means.items()]
        parts += [state.prefixed("memory", dict(self.memory)), {"step": self.step}]
        return {name: variable for part in parts for name, variable in part.items()}

    # The game

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Move the discriminator `critic_steps` times, each time on fresh images, and then the generator once."""
        for number, real in enumerate(split(batch, self.config.critic_steps)):
            with tf.GradientTape() as generator_tape:
                fake = self.shown(self.generate(real, number), 2 * number)
            real = self.shown(real, 2 * number + 1)  # noqa: PLW2901  (the players see no others)
            # The fakes are made outside this tape: they are constants to the discriminator.
            with tf.GradientTape() as discriminator_tape:
                discriminator_loss = self.discriminator_loss(real, fake)
            self.update(self.discriminator_player, discriminator_loss, discriminator_tape)
        # The last fakes serve the generator too: its weights have not moved since they were made.
        with generator_tape:
            generator_loss = self.generator_loss(real, fake)
        self.update(self.generator_player, generator_loss, generator_tape)
        self.update_averages()
        self.step.assign_add(1)
        self.track(generator_loss=generator_loss, discriminator_loss=discriminator_loss)
        return self.logs()

    def logs(self) -> dict[str, tf.Tensor]:
        """Return the means of the epoch so far, and the learning rate."""
        rate = tf.convert_to_tensor(self.discriminator_player.optimizer.learning_rate)
        return super().logs() | {"learning_rate": rate}

    def generate(self, real: Batch, number: int = 0) -> Batch:
        """Return a batch of fakes, as many as in `real`. `number` counts the batches within a step."""
        size = tf.shape(real["image"])[0]
        latent = self.random(tf.random.stateless_normal, [size, self.config.latent_dim], Stream.LATENT, number)
        batch = {**real, "latent": latent}
        noises = noise_shapes(self.generator, batch)
        for index, (name, shape) in enumerate(noises.items()):
            count = number * len(noises) + index
            batch[name] = self.random(tf.random.stateless_normal, [size, *shape], Stream.INPUT, count)
        return batch | {"image": self.image_of(batch)}

    def image_of(self, batch: Batch) -> tf.Tensor:
        """Return a generator's images for a batch in training."""
        return feed(self.generator, batch)

    def shown(self, batch: Batch, number: int) -> Batch:
        """Return a batch as the players see it: its images augmented, if that is asked for."""
        if not self.config.augment:
            return batch
        draw = functools.partial(self.random, tf.random.stateless_uniform, stream=Stream.AUGMENT, number=number)
        return batch | {"image": augment(batch["image"], draw)}

    def discriminate(self, batch: Batch) -> tf.Tensor:
        """Return the discriminator's outputs for a batch in training."""
        return feed(self.discriminator, batch)

    def discriminate_both(self, real: Batch, fake: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return real_logits and fake_logits: in one pass, unless batch normalisation would mix the two."""
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in leaves(self.discriminator)):
            return self.discriminate(real), self.discriminate(fake)
        both = self.discriminate({name: tf.concat([real[name], fake[name]], axis=0) for name in real})
        return tuple(tf.split(both, 2))

    def discriminator_loss(self, real: Batch, fake: Batch) -> tf.Tensor:
        """Return what the discriminator minimises."""
        return self.adversarial_discriminator_loss(*self.discriminate_both(real, fake))

    def adversarial_discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Return the discriminator's part of the adversarial loss, and track its accuracies if it has any."""
        if real_logits.shape.rank != 2:
            raise ValueError(f"the discriminator returns {real_logits.shape}; it must be [batch, 1 or more].")
        if self.adversarial_loss.has_threshold:
            self.track(real_accuracy=losses.share(real_logits > 0), fake_accuracy=losses.share(fake_logits < 0))
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def generator_loss(self, real: Batch, fake: Batch) -> tf.Tensor:
        """Return what the generator minimises."""
        return self.adversarial_loss.generator(self.discriminate(fake))

    def critic(self, batch: Batch) -> penalties.Critic:
        """Return the discriminator as a function of images alone, with the labels of a batch: penalties need this."""
        return lambda image: self.discriminate({**batch, "image": image})

    def gradient_penalty(self, real: Batch, fake: Batch) -> tf.Tensor:
        """Return the discriminator's gradient penalty between real and fake images, not weighted."""
        shape = [tf.shape(real["image"])[0], 1, 1, 1]
        # Each of several critic steps draws anew: the optimizer counts them.
        number = self.discriminator_player.optimizer.iterations
        mix = self.random(tf.random.stateless_uniform, shape, Stream.MIX, number)
        return penalties.gradient_penalty(self.critic(real), real["image"], fake["image"], mix)

    def update(self, player: Player, loss: tf.Tensor, tape: tf.GradientTape) -> None:
        """Move a player's weights down the gradient of its loss."""
        scale = player.optimizer.scale_loss(tf.constant(1.0 / distribution.replicas()))  # it adds up their gradients
        variables = player.variables
        gradients = tape.gradient(loss, variables, output_gradients=scale)
        player.optimizer.apply_gradients(zip(gradients, variables, strict=True))

    def update_averages(self) -> None:
        """Move the averaged networks towards the networks.

        The decay rises as (1 + step) / (10 + step): otherwise the average over the first few thousand steps would
        consist mostly of untrained weights.
        """
        step = tf.cast(self.step, tf.float32)
        decay = tf.minimum(self.config.average_decay, (1 + step) / (10 + step))
        for name, copy in self.averages.items():
            for average, weight in zip(copy.weights, self.networks[name].weights, strict=True):
                average.assign_add((1 - decay) * (weight - average))

    # What is drawn

    def random(
        self, function: Callable[..., tf.Tensor], shape: Any, stream: Stream, number: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Return what one of TensorFlow's stateless functions draws for this seed, step, stream and number.

        The first number of the shape counts this replica's images. Each replica gets its share of what a single one
        would draw for the whole batch.
        """
        count, *rest = shape
        return distribution.share(self.random_alike(function, [count * distribution.replicas(), *rest], stream, number))

    def random_alike(
        self, function: Callable[..., tf.Tensor], shape: Any, stream: Stream, number: int | tf.Tensor = 0
    ) -> tf.Tensor:
        """Return what `function` draws, the same on all replicas."""
        return randomness.draw(function, shape, seed=self.config.seed, step=self.step, stream=stream, number=number)

    def sample_latents(self, count: int) -> tf.Tensor:
        """Return latents [count, latent_dim], always the same ones."""
        return randomness.fixed_normal([count, self.config.latent_dim], self.config.seed, Stream.SAMPLES)

    def display_latents(self) -> tf.Tensor:
        """Return the latents of the picture that is drawn after each epoch."""
        return self.sample_latents(self.config.samples)

    def display(self, examples: Batch) -> tf.Tensor:
        """Return the images in [-1, 1] that are drawn after each epoch. `examples` are real images, always the same."""
        return self.images_of(self.display_latents())

    @property
    def takes_labels(self) -> bool:
        """Whether a generator makes images of the class that it is asked for."""
        return any("label" in input_names(network) for network in self.averages.values())

    @property
    def reads_labels(self) -> bool:
        """Whether the training uses the labels of the images."""
        return self.takes_labels

    def display_columns(self) -> int | None:
        """Return the columns of that picture: one for each class, if a generator takes labels; None for a square."""
        by_class = self.takes_labels and self.classes <= pictures.MOST_COLUMNS
        return min(self.classes, self.config.samples) if by_class else None

    def images_of(self, latents: tf.Tensor) -> tf.Tensor:
        """Return the sampler's images in [-1, 1]; if it takes labels, of each class in turn."""
        sampler, count = self.sampler(), len(latents)
        batch = {"latent": latents, "label": tf.range(count) % self.classes}
        batch |= {name: tf.fill([count], value) for name, value in self.controls.items()}
        for index, (name, shape) in enumerate(noise_shapes(sampler, batch).items()):
            batch[name] = randomness.fixed_normal([count, *shape], self.config.seed, Stream.INPUT + index)
        return infer(sampler, batch)

    def measured_images(self, count: int, examples: Batch) -> tf.Tensor:
        """Return the images in [-1, 1] that live evaluation measures, `count` at most. `examples` are real images."""
        return self.images_of(self.sample_latents(count))
