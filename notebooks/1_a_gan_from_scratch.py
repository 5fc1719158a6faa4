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
# digits that nobody ever wrote.
#
# It takes about four minutes on two cores.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("gan_keras") is None:
    print("Installing gan_keras: this takes some minutes.", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", ".."], check=True)

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
# A hundred random numbers must become 28 × 28 pixels. A dense layer makes a coarse image of 7 × 7 pixels with 64
# channels, and two *transposed convolutions* each double its size. After each of these layers come batch normalisation,
# which keeps the numbers in a good range, and a ReLU. A last transposed convolution keeps the size, makes one channel,
# and ends in $\tanh$, so that pixels lie between -1 and 1. This is a small DCGAN, after Radford and others (2015). The
# package's DCGAN, in the next notebook, is twice as wide.

# %%
LATENT = 100

generator = keras.Sequential(
    [
        keras.Input([LATENT]),
        layers.Dense(7 * 7 * 64, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Reshape([7, 7, 64]),
        layers.Conv2DTranspose(64, kernel_size=4, strides=2, padding="same", use_bias=False),  # 14 x 14
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(32, kernel_size=4, strides=2, padding="same", use_bias=False),  # 28 x 28
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(1, kernel_size=4, padding="same", activation="tanh"),
    ]
)

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
discriminator = keras.Sequential(
    [
        keras.Input([28, 28, 1]),
        layers.Conv2D(32, kernel_size=4, strides=2, padding="same"),  # 14 x 14
        layers.LeakyReLU(0.2),
        layers.Conv2D(64, kernel_size=4, strides=2, padding="same"),  # 7 x 7
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1),
    ]
)
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
# Both players use the optimizer Adam. Its momentum $\beta_1$ is 0.5 instead of the usual 0.9: with much momentum, two
# players who chase each other overshoot. `@tf.function` compiles the step; without it everything works too, but more
# slowly.

# %%
generator_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)
discriminator_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


@tf.function
def train_step(real_images):
    latent = tf.random.normal([len(real_images), LATENT])
    with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
        fake_images = generator(latent, training=True)
        real_logits = discriminator(real_images, training=True)
        fake_logits = discriminator(fake_images, training=True)
        loss_of_generator = generator_loss(fake_logits)
        loss_of_discriminator = discriminator_loss(real_logits, fake_logits)
    for player, loss, tape, optimizer in (
        (generator, loss_of_generator, generator_tape, generator_optimizer),
        (discriminator, loss_of_discriminator, discriminator_tape, discriminator_optimizer),
    ):
        gradients = tape.gradient(loss, player.trainable_variables)
        optimizer.apply_gradients(zip(gradients, player.trainable_variables, strict=True))
    return loss_of_generator, loss_of_discriminator


# %% [markdown]
# ## Training
#
# We train for two thousand steps on batches of 64. We record the losses, and from time to time the generator's images
# for our 64 latents.

# %%
count = book.steps(2000)
losses, frames, captions = [], [generator(latents)], ["step 0"]
for step, batch in enumerate(data.batches(digits.train, 64, seed=0).take(count), start=1):
    losses.append([float(loss) for loss in train_step(batch["image"])])
    if step % max(1, count // 12) == 0:
        frames.append(generator(latents))
        captions.append(f"step {step}")

# %%
book.film(frames, captions)

# %% [markdown]
# The grey turns into blobs, the blobs become strokes, the strokes become digits. Each place of the picture keeps its
# latent: a digit does not appear suddenly, it grows.

# %%
book.show(generator(latents), columns=16, title=f"After {count} steps")

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
samples = pictures.to_uint8(generator(tf.random.stateless_normal([500, LATENT], seed=[0, 2])))
noise = np.random.default_rng(0).integers(0, 256, samples.shape, dtype=np.uint8)
look = classifier.load()
for name, images in (("noise", noise), ("our digits", samples), ("real digits", digits.test.images[:500])):
    logits = look(images).logits
    print(f"{name:12} {metrics.classes.score(logits[:, 0])['score']:.2f}")

# %% [markdown]
# Our digits score higher than noise and lower than real digits. More steps help: change the number of steps and run the
# notebook again. With all 60,000 digits, 937 of our steps show nearly every image once.
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
# 1. It starts here as well: the two players are equally strong, and the discriminator is never sure for long, as the
#    plot of the losses shows. The flat part is harmful where the discriminator is sure: train it alone for some hundred
#    steps first, or see notebook 3.
# 2. `x, y = np.meshgrid(np.linspace(-2, 2, 10), np.linspace(-2, 2, 10))` and
#    `generator(np.stack([x.ravel(), y.ravel()], axis=1))` give a map of digits in which neighbours look alike.
# 3. Both need the same images, and the generator does not change between the two uses. If the discriminator took
#    several steps for each step of the generator, it would need new images for each.
# </details>
#
# ## Read on
#
# - I. Goodfellow and others, *Generative adversarial networks* (2014), arXiv:1406.2661.
# - A. Radford and others, *Unsupervised representation learning with deep convolutional GANs* (2015), arXiv:1511.06434.
# - J. Brownlee, *Generative Adversarial Networks with Python*, part II; D. Foster, *Generative Deep Learning*, chapter
#   4.
# - Next: [the same in three lines](2_the_same_in_three_lines.ipynb).
