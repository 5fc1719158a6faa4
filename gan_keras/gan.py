"""The two-player game: the training step that every model shares, and the only place where players move."""

import itertools
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import keras
import tensorflow as tf

from gan_keras import losses
from gan_keras.config import Config, Schedule
from gan_keras.layers import leaves, portable
from gan_keras.optimizers import Adam
from gan_keras.precision import precision

COOLDOWN = 0.1  # share of the steps, the last ones, in which the rate of a "cooldown" falls
CHUNK = 250  # images sampled at a time, so that activations take bounded memory
Batch = dict[str, tf.Tensor]  # "image": float32 [batch, height, width, channels] in [-1, 1], "label": int32 [batch]


class Stream(IntEnum):
    """What a random number is for: each use draws from a stream of its own."""

    LATENT = 1  # 0 is `data.SHUFFLE`
    SAMPLES = 2
    MIX = 3
    NOISE = 4


@dataclass(frozen=True)
class Player:
    """Some networks, with the optimizer that moves their weights."""

    networks: list[keras.Model]
    optimizer: keras.optimizers.Optimizer

    @property
    def variables(self) -> list[keras.Variable]:
        return list(itertools.chain.from_iterable(network.trainable_variables for network in self.networks))


class GAN(keras.Model):
    """A generator and a discriminator, trained against each other by `fit()` on batches of `Batch`.

    A model derives from this class, builds the two networks, and states what else differs: another
    `adversarial_loss`, another `discriminator_loss`, other inputs to its networks.

    Args:
        config: the model's options.
        image_shape: (height, width, channels) of the images.
        classes: how many kinds of images there are, for models that are told the labels.
    """

    adversarial_loss: losses.AdversarialLoss = losses.non_saturating
    metric_names = ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy")

    def __init__(self, config: Config, image_shape: tuple[int, int, int], classes: int = 10):
        super().__init__(name=config.model)
        self.config = config
        self.image_shape = image_shape
        self.classes = classes
        with precision(config.precision):
            self.generator = self.build_generator()
            self.discriminator = self.build_discriminator()
        self.averaged_generator = portable(self.generator)
        self.step = tf.Variable(
            0, dtype=tf.int64, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
        )
        self.means = {name: keras.metrics.Mean(name=name) for name in self.metric_names}
        self.built = True

    @abstractmethod
    def build_generator(self) -> keras.Model:
        """Return the network from latents [batch, latent_dim], and labels int32 [batch] if it takes any, to images."""

    @abstractmethod
    def build_discriminator(self) -> keras.Model:
        """Return the network from images, and labels if it takes any, to [batch, 1 or more]: first the logit."""

    def generator_networks(self) -> list[keras.Model]:
        """Return the networks that move with the generator."""
        return [self.generator]

    def compile(self, total_steps: int, steps_per_execution: int = 1) -> None:
        """Make the optimizers; the learning rate's schedule ends after `total_steps` steps of the generator."""
        rate = self.config.learning_rate
        self.generator_optimizer = self.build_optimizer(self.config.generator_learning_rate or rate, total_steps)
        self.discriminator_optimizer = self.build_optimizer(rate, total_steps * self.config.critic_steps)
        self.generator_player = Player(self.generator_networks(), self.generator_optimizer)
        self.discriminator_player = Player([self.discriminator], self.discriminator_optimizer)
        for player in (self.generator_player, self.discriminator_player):
            player.optimizer.build(player.variables)
        # XLA is slower than oneDNN's kernels on a CPU: 859 ms against 433 a step of the DCGAN (two cores with AVX2).
        super().compile(optimizer=None, steps_per_execution=steps_per_execution, jit_compile=False)

    def state(self) -> list[tf.Variable]:
        """Return all that training changes: what a backup must hold to go on exactly where it stopped."""
        holders = [*self.generator_networks(), self.discriminator, self.averaged_generator]
        holders += [self.generator_optimizer, self.discriminator_optimizer, *self.means.values()]
        return [self.step, *(variable.value for holder in holders for variable in holder.variables)]

    def build_optimizer(self, rate: float, total_steps: int) -> keras.optimizers.Optimizer:
        """Return one player's optimizer."""
        optimizer = self.plain_optimizer(scheduled(rate, self.config.schedule, total_steps))
        # float16 has too few exponents for small gradients; bfloat16 has as many as float32.
        return keras.optimizers.LossScaleOptimizer(optimizer) if self.config.precision == "float16" else optimizer

    def plain_optimizer(self, rate) -> keras.optimizers.Optimizer:
        """Return an optimizer with a learning rate, which may be a schedule."""
        return Adam(rate, beta_1=self.config.beta_1, beta_2=self.config.beta_2)

    # The game

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Move the discriminator `critic_steps` times, each on images of its own, and then the generator once."""
        for number, real in enumerate(split(batch, self.config.critic_steps)):
            with tf.GradientTape() as generator_tape:
                fake = self.generate(real, number)
            # The fakes are made outside this tape: they are constants to the discriminator.
            with tf.GradientTape() as discriminator_tape:
                discriminator_loss = self.discriminator_loss(real, fake)
            self.update(self.discriminator_player, discriminator_loss, discriminator_tape)
        # The last fakes are good for the generator too: its weights have not moved since. With fakes made again, a step
        # of the DCGAN takes 18 % longer (`python -m benchmarks.tricks`, two cores with AVX512-BF16).
        with generator_tape:
            generator_loss = self.generator_loss(real, fake)
        self.update(self.generator_player, generator_loss, generator_tape)
        self.update_average()
        self.step.assign_add(1)
        self.track(generator_loss=generator_loss, discriminator_loss=discriminator_loss)
        logs = {name: mean.result() for name, mean in self.means.items()}
        return logs | {"learning_rate": self.discriminator_optimizer.learning_rate}

    def generate(self, real: Batch, number: int = 0) -> Batch:
        """Return a batch of fakes as large as `real`. `number` counts the batches within a step."""
        size = tf.shape(real["image"])[0]
        latent = self.random(tf.random.stateless_normal, [size, self.config.latent_dim], Stream.LATENT, number)
        return {**real, "image": feed(self.generator, latent, real["label"]), "latent": latent}

    def discriminate(self, batch: Batch) -> tf.Tensor:
        """Return the discriminator's outputs of a batch in training."""
        return feed(self.discriminator, batch["image"], batch["label"])

    def discriminate_both(self, real: Batch, fake: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Return real_logits and fake_logits, in one pass where no batch normalisation would mix the two.

        That buys little: a step of the DCGAN takes 2 % longer with two passes over 4 images each, within the noise, and
        with 128 nothing shows (`python -m benchmarks.tricks`, two cores with AVX2; see benchmarks/RESULTS.md).
        """
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in leaves(self.discriminator)):
            return self.discriminate(real), self.discriminate(fake)
        both = self.discriminate({name: tf.concat([real[name], fake[name]], axis=0) for name in real})
        return tuple(tf.split(both, 2))

    def discriminator_loss(self, real: Batch, fake: Batch) -> tf.Tensor:
        """Return what the discriminator minimises."""
        return self.adversarial_discriminator_loss(*self.discriminate_both(real, fake))

    def adversarial_discriminator_loss(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Return the discriminator's part of the adversarial loss, and track its accuracies."""
        self.track(real_accuracy=share(real_logits > 0), fake_accuracy=share(fake_logits < 0))
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def critic(self, batch: Batch) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return the discriminator as a function of images alone, with the labels of a batch: what penalties take."""
        return lambda image: self.discriminate({**batch, "image": image})

    def gradient_penalty(self, real: Batch, fake: Batch) -> tf.Tensor:
        """Return the discriminator's gradient penalty between real and fake images, weighted as configured."""
        shape = [tf.shape(real["image"])[0], 1, 1, 1]
        # Each of several critic steps draws anew: the optimizer counts them.
        mix = self.random(tf.random.stateless_uniform, shape, Stream.MIX, self.discriminator_optimizer.iterations)
        penalty = losses.gradient_penalty(self.critic(real), real["image"], fake["image"], mix)
        return self.config.gradient_penalty * penalty

    def generator_loss(self, real: Batch, fake: Batch) -> tf.Tensor:
        """Return what the generator minimises."""
        return self.adversarial_loss.generator(self.discriminate(fake))

    def update(self, player: Player, loss: tf.Tensor, tape: tf.GradientTape) -> None:
        """Move a player's weights down the gradient of its loss."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync  # whose gradients the optimizer adds up
        scale = player.optimizer.scale_loss(tf.constant(1.0 / replicas))
        variables = player.variables
        gradients = tape.gradient(loss, variables, output_gradients=scale)
        player.optimizer.apply_gradients(zip(gradients, variables, strict=True))

    def update_average(self) -> None:
        """Move the averaged generator towards the generator.

        The decay ramps up as (1 + step) / (10 + step): an average over the first few thousand steps would mostly
        remember untrained weights.
        """
        step = tf.cast(self.step, tf.float32)
        decay = tf.minimum(self.config.average_decay, (1 + step) / (10 + step))
        for average, weight in zip(self.averaged_generator.weights, self.generator.weights, strict=True):
            average.assign_add((1 - decay) * (weight - average))

    # What is measured

    def track(self, **values: tf.Tensor) -> None:
        """Add values to the means that are shown and logged."""
        for name, value in values.items():
            self.means[name].update_state(value)

    def reset_metrics(self) -> None:
        """Start the epoch's means anew."""
        if not self.within_epoch:
            super().reset_metrics()

    within_epoch = False  # an epoch that goes on after an interruption keeps its means

    # Randomness that needs no state: a run that is resumed draws what it would have drawn

    def random(self, draw: Callable[..., tf.Tensor], shape, stream: Stream, number: int | tf.Tensor = 0) -> tf.Tensor:
        """Return what one of TensorFlow's stateless functions draws for seed, step, stream and number, and no more."""
        seed = tf.stack([tf.constant(self.config.seed, tf.int64), self.step])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        for part in (int(stream), number, replica):
            seed = tf.random.experimental.stateless_fold_in(seed, part)
        return draw(shape, seed)

    def sample_latents(self, count: int) -> tf.Tensor:
        """Return latents [count, latent_dim], always the same ones."""
        seed = tf.constant([self.config.seed, Stream.SAMPLES], tf.int64)
        return tf.random.stateless_normal([count, self.config.latent_dim], seed)

    def display_latents(self) -> tf.Tensor:
        """Return the latents of the picture that is drawn after every epoch."""
        return self.sample_latents(self.config.samples)

    def images_of(self, latents: tf.Tensor) -> tf.Tensor:
        """Return images in [-1, 1] of the averaged generator, of each class in turn if it is told the class."""
        labels = tf.range(len(latents)) % self.classes
        parts = [
            feed(self.averaged_generator, latents[start : start + CHUNK], labels[start : start + CHUNK], training=False)
            for start in range(0, len(latents), CHUNK)
        ]
        return tf.concat(parts, axis=0)


def feed(network: keras.Model, values: tf.Tensor, labels: tf.Tensor | None, training: bool = True) -> tf.Tensor:
    """Call a network with values, and with their labels if it takes any."""
    return network([values, labels] if len(network.inputs) > 1 else values, training=training)


def split(batch: Batch, parts: int) -> list[Batch]:
    """Split a batch into equal smaller ones."""
    pieces = {name: tf.split(tensor, parts) for name, tensor in batch.items()}
    return [{name: piece[part] for name, piece in pieces.items()} for part in range(parts)]


def share(condition: tf.Tensor) -> tf.Tensor:
    """Return the share of elements for which a condition holds."""
    return tf.reduce_mean(tf.cast(condition, tf.float32))


def scheduled(
    rate: float, schedule: Schedule, total_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate itself, or a schedule that begins with it and ends at 0 with the last step.

    "cooldown" is constant until the last tenth of the steps, and there falls along a cosine (after Hägele et al. 2024,
    arXiv:2405.18392).
    """
    if schedule == "linear":
        return keras.optimizers.schedules.PolynomialDecay(rate, total_steps, end_learning_rate=0.0)
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, total_steps)
    if schedule == "cooldown":
        cooling = max(1, round(COOLDOWN * total_steps))
        # What Keras knows as warming up, to the rate at which it begins, is the constant part.
        return keras.optimizers.schedules.CosineDecay(
            rate, cooling, warmup_target=rate, warmup_steps=total_steps - cooling
        )
    return rate
