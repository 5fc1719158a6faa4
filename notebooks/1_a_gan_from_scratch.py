# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1. A GAN from scratch
#
# We write a generative adversarial network (GAN) ourselves: two networks, one loss, one training step. Nothing is
# hidden in a package: `gan_keras` only loads the data, shows the images and scores them at the end. You will have made
# digits that nobody ever wrote. Of the first ones many cannot be read; then one more idea makes nearly all of them
# readable.
#
# It takes about four minutes on two cores.

# %%
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

PROJECT = ""  # the address of the project, for a notebook that was opened without it, as in Colab

if not Path("book.py").exists():
    if not Path("project").exists():  # not gan_keras: Python would take the folder for the package
        assert PROJECT, "Open this notebook in the project, or put the project's address into PROJECT."
        subprocess.run(["git", "clone", "--depth=1", PROJECT, "project"], check=True)
    os.chdir("project/notebooks")
if importlib.util.find_spec("gan_keras") is None:
    project = Path("..").resolve()
    print(f"Installing {project} and the packages it needs into {sys.prefix}: this takes some minutes.", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--editable", project], check=True)
    sys.path.append(str(project))

# %%
import book
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

from gan_keras import data
from gan_keras.evaluation import classifier, metrics
from gan_keras.ui import pictures

keras.utils.set_random_seed(0)
digits = data.load("mnist")

# %% [markdown]
# ## A forger and a detective
#
# A *generator* $G$ turns random numbers $z$ into an image. A *discriminator* $D$ looks at an image and estimates the
# probability that it is real. The generator is a forger who tries to be believed, the discriminator a detective who
# tries not to be fooled. Each gets better because the other does.
#
# Ian Goodfellow and his colleagues described this in 2014 as a game about one number:
#
# $$\min_G \max_D \; V(D, G) = \mathbb{E}_x[\log D(x)] + \mathbb{E}_z[\log(1 - D(G(z)))]$$
#
# The discriminator tries to make $V$ large: $D(x)$ near 1 for real images $x$, $D(G(z))$ near 0 for fake ones. The
# generator tries to make it small. Each of them is a *player*: a network with an optimizer and a loss.
#
# ## The generator
#
# A hundred random numbers must become 28 × 28 pixels. A dense layer makes a coarse image of 7 × 7 pixels with 32
# channels, and two *transposed convolutions* each double its size. After each of these layers come batch normalisation,
# which keeps the numbers in a good range, and a ReLU. A last transposed convolution keeps the size, makes one channel,
# and ends in $\tanh$, so that pixels lie between -1 and 1. This is a small DCGAN, after Radford and others (2015). The
# package's DCGAN, in the next notebook, is wider.

# %%
LATENT = 100


def build_generator(inputs):
    return keras.Sequential(
        [
            keras.Input([inputs]),
            layers.Dense(7 * 7 * 32, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Reshape([7, 7, 32]),
            layers.Conv2DTranspose(32, kernel_size=4, strides=2, padding="same", use_bias=False),  # 14 x 14
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(16, kernel_size=4, strides=2, padding="same", use_bias=False),  # 28 x 28
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, kernel_size=4, padding="same", activation="tanh"),
        ]
    )


generator = build_generator(LATENT)

# %% [markdown]
# What does it draw before it has learnt anything? We keep these 64 random inputs, called *latents*, to see later how
# their images change.

# %%
latents = tf.random.stateless_normal([64, LATENT], seed=[0, 1])
book.show(generator(latents), columns=16, title="Untrained")

# %% [markdown]
# The images are grey. You know from the last notebook that real digits are mostly black and white: the discriminator
# will have an easy start.
#
# ## The discriminator
#
# Two convolutions halve the image's size, each followed by a *leaky* ReLU, which lets a small part of negative numbers
# through, so that the gradient never vanishes on its way to the generator. Then a dense layer gives one number for the
# whole image.
#
# This number is a *logit*, positive for "real", negative for "fake". Its sigmoid would be the probability, but the loss
# is computed more exactly from the logit.


# %%
def build_discriminator(outputs):
    return keras.Sequential(
        [
            keras.Input([28, 28, 1]),
            layers.Conv2D(16, kernel_size=4, strides=2, padding="same"),  # 14 x 14
            layers.LeakyReLU(0.2),
            layers.Conv2D(32, kernel_size=4, strides=2, padding="same"),  # 7 x 7
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(outputs),
        ]
    )


discriminator = build_discriminator(1)
print("generator:    ", f"{generator.count_params():>9,} weights")
print("discriminator:", f"{discriminator.count_params():>9,} weights")

# %% [markdown]
# ## The loss
#
# The discriminator's task is to classify images as real or fake, and $-V$ is the loss of that task, the *binary
# cross-entropy*: $-\log D(x)$ for a real image, $-\log(1 - D(G(z)))$ for a fake one. Keras has it.

# %%
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_logits, fake_logits):
    real_part = cross_entropy(tf.ones_like(real_logits), real_logits)
    fake_part = cross_entropy(tf.zeros_like(fake_logits), fake_logits)
    return real_part + fake_part


# %% [markdown]
# The generator's loss in the game is $\log(1 - D(G(z)))$. Early in the training the discriminator is sure: its logit of
# a fake image is far below zero. There this loss, as a function of the logit, is flat: there is no slope to learn from.
# Goodfellow's remedy is to minimise $-\log D(G(z))$ instead. It has the same aim, and it is steep exactly where the
# generator is bad. It is called the *non-saturating* loss.

# %%
logit = np.linspace(-6, 6, 100)
probability = 1 / (1 + np.exp(-logit))
plt.figure(figsize=(6, 3))
plt.plot(logit, np.log(1 - probability), label="log(1 - D(G(z))): flat on the left")
plt.plot(logit, -np.log(probability), label="-log D(G(z)): steep on the left")
plt.xlabel("the discriminator's logit of a fake image")
plt.legend()
plt.grid(alpha=0.3)
plt.show()


# %%
def generator_loss(fake_logits):
    return cross_entropy(tf.ones_like(fake_logits), fake_logits)


# %% [markdown]
# ## One move of each
#
# In the training step we draw latents, make images, ask the discriminator about real and fake ones, and compute both
# losses. A *gradient tape* records what is computed, so that TensorFlow can find how each weight changes the loss. We
# need two tapes, because each player has its own loss and its own weights. The discriminator moves down the gradient of
# its loss. The generator moves down the gradient of the other loss, *through* the discriminator, whose weights stay as
# they are.
#
# `training=True` makes batch normalisation use the batch's own mean and variance. Without it, as in our pictures, it
# uses averages that it collected in training.
#
# Both players use the optimizer Adam. Its momentum $\beta_1$ is 0 instead of the usual 0.9: with momentum, two players
# who chase each other overshoot. The learning rate falls to 0 until the last step, so that in the end both come to
# rest. `@tf.function` compiles the step; without it everything works too, but more slowly.

# %%
STEPS = book.steps(1500)


def new_optimizer():
    return keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(2e-3, STEPS, 0.0), beta_1=0.0)


def move(player, loss, tape, optimizer):
    gradients = tape.gradient(loss, player.trainable_variables)
    optimizer.apply_gradients(zip(gradients, player.trainable_variables, strict=True))


generator_optimizer, discriminator_optimizer = new_optimizer(), new_optimizer()


@tf.function
def train_step(real_images):
    latent = tf.random.normal([len(real_images), LATENT])
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        fake_images = generator(latent, training=True)
        real_logits = discriminator(real_images, training=True)
        fake_logits = discriminator(fake_images, training=True)
        loss_of_generator = generator_loss(fake_logits)
        loss_of_discriminator = discriminator_loss(real_logits, fake_logits)
    move(generator, loss_of_generator, generator_tape, generator_optimizer)
    move(discriminator, loss_of_discriminator, discriminator_tape, discriminator_optimizer)
    return loss_of_generator, loss_of_discriminator


# %% [markdown]
# ## Training
#
# We train for 1,500 steps on batches of 32. We record the losses, and from time to time the generator's images for our
# 64 latents.

# %%
losses, frames, captions = [], [generator(latents)], ["step 0"]
for step, batch in enumerate(data.batches(digits.train, 32, seed=0).take(STEPS), start=1):
    losses.append([float(loss) for loss in train_step(batch["image"])])
    if step % max(1, STEPS // 12) == 0:
        frames.append(generator(latents))
        captions.append(f"step {step}")

# %%
book.film(frames, captions)

# %% [markdown]
# The grey turns into blobs, the blobs become strokes, the strokes become digits. Each place of the picture keeps its
# latent: a digit does not appear suddenly, it grows.

# %% tags=["cover"]
book.show(generator(latents), columns=16, title=f"After {STEPS} steps")

# %% [markdown]
# And the losses?

# %%
plt.figure(figsize=(7, 3))
plt.plot(losses, label=["generator", "discriminator"], linewidth=0.8)
plt.axhline(2 * np.log(2), color="grey", linestyle="--", label="2 log 2: the discriminator guesses")
plt.xlabel("step")
plt.legend()
plt.show()

# %% [markdown]
# They do not fall to zero, and they should not: when one player wins, the other loses. The losses of a GAN show who is
# ahead, not how good the images are. If both played perfectly, the discriminator could only guess, with $D = \frac12$
# for every image, and its loss would be $2 \log 2 \approx 1.39$.
#
# So how good are our digits? A classifier trained on real digits gives a *score*, which you will compute by hand in
# [notebook 4](4_measuring.ipynb). It is 1 if the classifier sees the same in all images, or is never sure, and at most
# 10.

# %%
look = classifier.load()


def print_score(name, images):
    print(f"{name:12} {metrics.classes.score(look(images).logits[:, 0])['score']:.2f}")


many = tf.random.stateless_normal([500, LATENT], seed=[0, 2])
print_score("noise", np.random.default_rng(0).integers(0, 256, [500, 28, 28, 1], dtype=np.uint8))
print_score("our digits", pictures.to_uint8(generator(many)))
print_score("real digits", digits.test.images[:500])

# %% [markdown]
# Some can be read and others cannot, and the score says the same. More steps help a little. Something else helps much
# more.
#
# ## Tell them which digit
#
# So far the generator has to find out by itself that there are ten kinds of digits, and that nothing is allowed between
# a 3 and an 8. The data set knows it: each image has a *label*. We tell both players.
#
# - The generator gets ten more inputs: all 0, but for a 1 at the place of the label.
# - The discriminator gets ten outputs instead of one: how real is this as a 0, as a 1, and so on. Only the one of the
#   label counts. So a beautiful 3 does not help a generator that was asked for an 8.

# %%
generator, discriminator = build_generator(LATENT + 10), build_discriminator(10)
generator_optimizer, discriminator_optimizer = new_optimizer(), new_optimizer()


def with_labels(latent, labels):
    return tf.concat([latent, tf.one_hot(labels, 10)], axis=1)


def judge(images, labels):
    return tf.gather(discriminator(images, training=True), labels, batch_dims=1)


@tf.function
def train_step_with_labels(real_images, labels):
    latent = with_labels(tf.random.normal([len(real_images), LATENT]), labels)
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        fake_images = generator(latent, training=True)
        real_logits = judge(real_images, labels)
        fake_logits = judge(fake_images, labels)
        loss_of_generator = generator_loss(fake_logits)
        loss_of_discriminator = discriminator_loss(real_logits, fake_logits)
    move(generator, loss_of_generator, generator_tape, generator_optimizer)
    move(discriminator, loss_of_discriminator, discriminator_tape, discriminator_optimizer)


# %% [markdown]
# Three lines of the step have changed. The losses are the same, and so is the number of steps. We ask for the ten
# digits in turn, so that each has its columns.

# %%
asked = tf.range(60) % 10
latents = with_labels(tf.random.stateless_normal([60, LATENT], seed=[0, 1]), asked)
frames, captions = [generator(latents)], ["step 0"]
for step, batch in enumerate(data.batches(digits.train, 32, seed=0).take(STEPS), start=1):
    train_step_with_labels(batch["image"], batch["label"])
    if step % max(1, STEPS // 12) == 0:
        frames.append(generator(latents))
        captions.append(f"step {step}")
book.film(frames, captions, columns=10)

# %%
book.show(generator(latents), columns=20, title=f"After {STEPS} steps, told which digit")

# %%
labels = np.arange(500) % 10
samples = pictures.to_uint8(generator(with_labels(many, labels)))
print_score("our digits", samples)
right = look(samples).logits[:, 0].argmax(axis=1) == labels
print(f"{right.mean():.0%} are recognised as the digit that we asked for")

# %% [markdown]
# Nobody ever wrote these digits, and nearly all of them can be read. [Notebook 6](6_choosing_the_digit.ipynb) shows how
# the package does it, and what else one can do with a generator that takes labels. With all 60,000 digits, 1,875 of our
# steps show nearly every image once.
#
# ## Exercises
#
# 1. Use the saturating loss for the generator: $\log(1 - D(G(z)))$ is
#    `-cross_entropy(tf.zeros_like(fake_logits), fake_logits)`. Run all cells from the generator's cell on, because
#    `tf.function` has compiled the old loss. Does the training start? Was the discriminator ever sure?
# 2. Set `LATENT = 2` and train again, from the generator's cell on. Then show the images for latents on a regular grid.
#    What do you see?
# 3. Why are `fake_images` not computed twice, once for each player? When would that be needed?
#
# <details><summary>Solutions</summary>
#
# 1. Where the discriminator is never sure for long, as the plot of the losses shows, it starts as well. The flat part
#    is harmful where the discriminator is sure: train it alone for some hundred steps first, or see notebook 3.
# 2. `x, y = np.meshgrid(np.linspace(-2, 2, 10), np.linspace(-2, 2, 10))` and
#    `generator(np.stack([x.ravel(), y.ravel()], axis=1))` give a map of digits in which neighbours look alike.
# 3. Both need the same images, and the generator does not change between the two uses. If the discriminator took
#    several steps for each step of the generator, it would need new images for each.
# </details>
#
# ## Read on
#
# - I. Goodfellow and others, *Generative adversarial networks* (2014), arXiv:1406.2661.
# - M. Mirza and S. Osindero, *Conditional generative adversarial nets* (2014), arXiv:1411.1784: labels.
# - A. Radford and others, *Unsupervised representation learning with deep convolutional GANs* (2015), arXiv:1511.06434.
# - J. Brownlee, *Generative Adversarial Networks with Python*, part II; D. Foster, *Generative Deep Learning*, chapter
#   4.
# - Next: [the same in three lines](2_the_same_in_three_lines.ipynb).
