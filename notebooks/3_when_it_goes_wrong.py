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
# # 3. When it goes wrong
#
# GANs are known to fail. Here we make them fail on purpose, one way at a time: we see it in the pictures and in the
# numbers, and cure it. Afterwards you will recognise these failures when they are not on purpose.
#
# It takes about three minutes on two cores. The digits are the small ones of scikit-learn, 8 by 8 pixels, which need no
# download: with them a game takes seconds, and you can try all the exercises.

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
from sklearn.neighbors import KNeighborsClassifier

from gan_keras import data
from gan_keras.game import config, gan, losses
from gan_keras.models import dcgan, proposed
from gan_keras.training import setup
from gan_keras.ui import pictures

# %% [markdown]
# ## Mode collapse
#
# The generator is asked for images that are taken for real. Nobody asks it for *different* ones. If it finds one image
# that the discriminator believes, why should it make any other?
#
# ### Eight heaps in a ring
#
# We watch it where everything can be seen: the "images" are points in the plane. The real ones lie in eight small heaps
# on a circle, our eight modes. The game is the package's: a model only states its two networks, and everything else is
# in `gan.GAN`. An image of height 1, width 1 and two channels is a point.

# %%
angles = 2 * np.pi * np.arange(8) / 8
CENTRES = np.stack([np.cos(angles), np.sin(angles)], axis=1)


def real_points(count, random):
    points = CENTRES[random.integers(0, 8, count)] + random.normal(0, 0.02, [count, 2])
    return {"image": tf.constant(points.reshape(count, 1, 1, 2), tf.float32)}


class Ring(gan.GAN):
    def hidden(self):
        return [layers.Dense(128, activation="relu"), layers.Dense(128, activation="relu")]

    def build_generator(self):
        latent = keras.Input([self.config.latent_dim], name="latent")
        return keras.Sequential([latent, *self.hidden(), layers.Dense(2), layers.Reshape(self.image_shape)])

    def build_discriminator(self):
        image = keras.Input(self.image_shape, name="image")
        return keras.Sequential([image, layers.Flatten(), *self.hidden(), layers.Dense(1)])


# %% [markdown]
# A mode is found if at least one in a hundred points is near its centre. We train twice, with the momentum that Adam
# usually has, $\beta_1 = 0.9$, and with the 0.5 that GANs use. Nothing else differs.


# %%
def modes_found(points):
    distances = np.linalg.norm(points[:, None] - CENTRES, axis=2)
    near = distances.argmin(axis=1)[distances.min(axis=1) < 0.15]
    return np.count_nonzero(np.bincount(near, minlength=8) >= len(points) / 100)


def train_ring(beta_1):
    keras.utils.set_random_seed(0)
    options = config.Config(model="ring", latent_dim=2, learning_rate=2e-3, beta_1=beta_1, precision="float32")
    game, count = Ring(options, image_shape=(1, 1, 2)), book.steps(2000)
    game.compile(total_steps=count)
    random = np.random.default_rng(0)
    step, latents = tf.function(game.train_step), game.sample_latents(500)
    snapshots, found = {}, {}
    for number in range(1, count + 1):
        step(real_points(128, random))
        if number % max(1, count // 80) == 0:
            points = game.generator(latents).numpy().reshape(-1, 2)
            found[number] = modes_found(points)
            if len(found) % 8 == 0:
                snapshots[number] = points
    return snapshots, found


rings = {beta_1: train_ring(beta_1) for beta_1 in (0.9, 0.5)}

# %% tags=["cover"]
figure, places = plt.subplots(2, 10, figsize=(15, 3.4), layout="constrained")
for row, (beta_1, (snapshots, _)) in zip(places, rings.items(), strict=True):
    row[0].set_ylabel(f"momentum {beta_1}")
    for axes, (number, points) in zip(row, snapshots.items(), strict=False):
        axes.scatter(*points.T, s=1)
        axes.scatter(*CENTRES.T, s=6, color="red")
        axes.set(xlim=[-1.6, 1.6], ylim=[-1.6, 1.6], xticks=[], yticks=[], title=number, aspect="equal")
plt.show()

# %%
plt.figure(figsize=(7, 2.5))
for beta_1, (_, found) in rings.items():
    plt.plot(list(found), list(found.values()), marker=".", label=f"momentum {beta_1}")
plt.xlabel("step")
plt.title("Modes found, of eight")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# Red are the eight real heaps, blue is what the generator makes. With a momentum of 0.9 it goes to one mode, between two,
# or past them all; the discriminator learns that what is there is fake; the generator leaves for the next. Modes are lost
# and found and lost again, and 2,000 steps do not end the chase, since neither player can stop in time. With 0.5 few
# modes are found at first, too, but soon the points spread, and from then on there are some at nearly every heap.
#
# ### On digits
#
# Digits have modes too, at least ten. A classifier counts them: here one that looks for the most similar three of the
# training images. For images as small as these that is good enough.

# %%
digits = data.load("digits8x8")


def flat(images):
    return images.reshape(len(images), -1)


judge = KNeighborsClassifier(3).fit(flat(digits.train.images), digits.train.labels)
print(f"{judge.score(flat(digits.test.images), digits.test.labels):.1%} of the test digits are recognised")

# %% [markdown]
# Two games. One is a DCGAN with a learning rate five times its usual one. The other is the package's default model,
# without labels: its discriminator cannot get steep ([notebook 5](5_better_losses.ipynb) shows how), and there is no
# momentum at all. (`modes=0`: its generator gets no help with the modes either.) `setup.build` makes the model that
# `train.run` would train, for one epoch of 1,200 steps.

# %%
HASTY = dcgan.Config(filters=32, batch_size=64, learning_rate=1e-3, epochs=1)
HEALTHY = proposed.Config(filters=32, batch_size=64, conditional=False, modes=0, epochs=1)


def batches(count, seed=0):
    return data.batches(digits.train, 64, seed).take(count)


def samples_of(game, count=300):
    return pictures.to_uint8(game.generator(game.sample_latents(count), training=False))


def train(options):
    count = book.steps(1200)
    game = setup.build(options, digits, steps_per_epoch=count)
    step = tf.function(game.train_step)
    shares, frames, captions = {}, [], []
    for number, batch in enumerate(batches(count), start=1):
        step(batch)
        if number % max(1, count // 40) == 0:
            samples = samples_of(game)
            shares[number] = np.bincount(judge.predict(flat(samples)), minlength=10) / len(samples)
            frames.append(data.standardise(samples[:40]))
            captions.append(f"step {number}")
    return samples, shares, frames, captions


games = {"hasty": train(HASTY), "healthy": train(HEALTHY)}

# %%
figure, places = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained", sharey=True)
for axes, (name, (_, shares, *_)) in zip(places, games.items(), strict=True):
    axes.stackplot(list(shares), np.transpose(list(shares.values())), labels=range(10), colors=plt.cm.tab10.colors)
    axes.set(title=f"{name}: share of each digit", xlabel="step", ylim=[0, 1])
places[1].legend(reversed(places[1].collections), range(9, -1, -1), loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
book.film(*games["hasty"][2:], columns=10)

# %% [markdown]
# The film shows the hasty game: 40 latents, and all of them become nearly the same few images, again and again
# other ones. The healthy game begins much like it, but from about the 500th step on all ten colours have their
# share and keep it. The end of both:

# %%
for name, (samples, shares, *_) in games.items():
    book.show(samples[:40], columns=20, title=name)
    last = np.array(list(shares.values()))[-1]
    print(f"{name}: {np.count_nonzero(last >= 0.02)} of 10 digits occur in at least 2 % of the samples")

# %% [markdown]
# **The cure** is a discriminator that keeps up, without making the generator run from place to place: as soon as one
# image appears too often, it learns that this image is fake, and the generator must try others *beside* it. The usual
# means are a lower learning rate, little momentum, and the constraints of notebook 5. `gan_keras.train --evaluate-every
# 1` watches for missing classes and raises an alarm.
#
# ## The discriminator wins
#
# Now the discriminator trains alone, and the generator does not change. After each step we measure how strong a
# gradient the generator would get: from the loss of the original game, $\log(1 - D(G(z)))$, and from the non-saturating
# one.

# %%
game = setup.build(dcgan.Config(filters=32, batch_size=64, learning_rate=1e-3), digits, steps_per_epoch=60)
logs = {"original": [], "non-saturating": []}


def original_loss(fake_logits):
    return tf.reduce_mean(-tf.nn.softplus(fake_logits))  # log(1 - sigmoid(x)) = -softplus(x)


@tf.function
def discriminator_alone(batch, number):
    fake = game.generate(batch, number)
    with tf.GradientTape() as tape:
        loss = game.discriminator_loss(batch, fake)
    game.update(game.discriminator_player, loss, tape)


@tf.function
def gradient_norm(loss, batch):
    with tf.GradientTape() as tape:
        value = loss(game.discriminate(game.generate(batch)))
    return tf.linalg.global_norm(tape.gradient(value, game.generator.trainable_variables))


for number, batch in enumerate(batches(book.steps(60), seed=3), start=1):
    discriminator_alone(batch, tf.constant(number))
    logs["original"].append(gradient_norm(original_loss, batch))
    logs["non-saturating"].append(gradient_norm(losses.non_saturating.generator, batch))

# %%
plt.figure(figsize=(6, 3))
for name, norms in logs.items():
    plt.plot(norms, label=name)
plt.yscale("log")
plt.xlabel("steps of the discriminator alone")
plt.title("Gradient that reaches the generator")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# At first both gradients grow, because the discriminator begins to learn something. But the better it becomes, the less
# the original loss teaches the generator: after its peak, the gradient *vanishes*. The gradient of the non-saturating
# loss does not. That loss is **the cure**, and this is why everybody uses it. It has a price: with a perfect
# discriminator its gradient is strong but erratic (Arjovsky and Bottou 2017).
#
# How do you see it in a run? The accuracies on real and on fake images both reach 1 and stay there, and the pictures
# stop changing.
#
# ## Checkerboards
#
# A transposed convolution with stride 2 puts a copy of its kernel at every second pixel. Where copies overlap, the
# output is brighter. Do all pixels get the same number of copies? We count them, with an image of ones and a kernel of
# ones.

# %%
figure, places = plt.subplots(1, 3, figsize=(8, 3))
for axes, size in zip(places, (3, 5, 4), strict=True):
    count_copies = layers.Conv2DTranspose(1, size, strides=2, padding="same", kernel_initializer="ones")
    copies = count_copies(tf.ones([1, 8, 8, 1]))[0, 2:-2, 2:-2, 0]  # without the border
    axes.imshow(copies, cmap="gray", vmin=0)
    axes.set(title=f"kernel {size}x{size}: {sorted(set(np.unique(copies).astype(int).tolist()))}", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# With kernels of 3 or 5, neighbouring pixels get different numbers of copies. This makes a checkerboard, which the
# network must unlearn, often incompletely. **The cure** is a kernel whose size is a multiple of the stride. With 4, all
# pixels get the same number. So this project's networks have kernels of 4 where the tutorials have 5 (Odena and others
# 2016).
#
# ## What you have seen
#
# | failure | in the pictures | in the numbers | cure |
# | --- | --- | --- | --- |
# | mode collapse | the same image everywhere, and later another | missing classes, low score | less momentum, a lower rate, spectral normalisation |
# | the discriminator wins | they stop changing | both accuracies at 1 | the non-saturating loss; notebook 5 |
# | checkerboards | a fine grid | | kernel sizes that are multiples of the stride |
#
# ## Exercises
#
# 1. The two games on digits differ in several options. Which of them makes the healthy one healthy? Try `beta_1=0.0` in
#    `HASTY`, then `learning_rate=2e-4`; and `spectral_normalisation=False` in `HEALTHY`.
# 2. Put the ring's heaps on a line instead. Are modes lost more easily, or less?
# 3. Our discriminators have no batch normalisation. If they had it, why would it need separate batches of real and fake
#    images?
#
# <details><summary>Solutions</summary>
#
# 1. Each run takes less than a minute. Look at several seeds (`seed=1`) before you believe what you see: a game that
#    goes well once may fail the next time.
# 2. `CENTRES = np.stack([0.765 * np.arange(-3.5, 4), np.zeros(8)], axis=1)` keeps the distance between neighbours; the
#    picture then needs `xlim=[-3.2, 3.2]`. The outer heaps have a neighbour on one side only: are they the ones that are
#    missing? Compare several seeds before you answer.
# 3. In a mixed batch, each image's normalised values depend on the others. The discriminator would learn with the
#    statistics of real and fake images together, but the generator would use it with those of fake images alone: that
#    is another function.
# </details>
#
# ## Read on
#
# - L. Metz and others, *Unrolled generative adversarial networks* (2017), arXiv:1611.02163: the ring of eight heaps.
# - M. Arjovsky and L. Bottou, *Towards principled methods for training GANs* (2017), arXiv:1701.04862.
# - A. Odena and others, *Deconvolution and checkerboard artifacts* (2016), Distill.
# - J. Brownlee, *Generative Adversarial Networks with Python*, the chapter on failure modes.
# - Next: [measuring](4_measuring.ipynb).
