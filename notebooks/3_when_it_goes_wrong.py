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
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

from gan_keras import data
from gan_keras.evaluation import classifier, metrics
from gan_keras.game import losses
from gan_keras.models import dcgan
from gan_keras.training import setup
from gan_keras.ui import pictures

digits = data.load("mnist")
look = classifier.load()

# %% [markdown]
# We use a DCGAN with a quarter of the usual channels, which is fast. `setup.build` makes the model that `train.run`
# would train, and `batches` gives it data for as many steps as we like.

# %%
CONFIG = dcgan.Config(filters=16, batch_size=64, learning_rate=1e-3)


def new_game():
    return setup.build(CONFIG, digits, steps_per_epoch=100)


def batches(count, seed=0):
    return data.batches(digits.train, CONFIG.batch_size, seed).take(book.steps(count))


def samples_of(game):
    return game.generator(game.sample_latents(200), training=False)


def describe(name, images):
    logits = look(pictures.to_uint8(images)).logits
    values = metrics.classes.score(logits[:, 0]) | metrics.classes.class_balance(logits[:, 0])
    print(f"{name}: score {values['score']:.2f}, {values['vanished_classes']:.0f} classes missing")


# %% [markdown]
# First we train a healthy model, for comparison. The step is compiled by `tf.function`, as in notebook 1.

# %%
healthy = new_game()
step = tf.function(healthy.train_step)
for batch in batches(1200):
    step(batch)
book.show(samples_of(healthy)[:32], columns=16, title="Healthy")
describe("healthy", samples_of(healthy))

# %% [markdown]
# ## Mode collapse
#
# What would a generator do if the discriminator never learnt anything new? It would find the one image that fools the
# discriminator best, and make it every time. So we stop the discriminator, and train the generator alone. The package
# has what we need: the generator's loss, and `update`, which moves one player. The latents depend on the seed, the
# number of the step, and a number within the step. Our loop does not count the model's steps, so we give that last
# number ourselves.

# %%
frames, captions = [samples_of(healthy)[:36]], ["both train"]


@tf.function
def generator_alone(batch, number):
    with tf.GradientTape() as tape:
        loss = healthy.generator_loss(batch, healthy.generate(batch, number))
    healthy.update(healthy.generator_player, loss, tape)


for number, batch in enumerate(batches(400, seed=1), start=1):
    generator_alone(batch, tf.constant(number))
    if number in {book.steps(count) for count in (20, 60, 120, 200, 300, 400)}:
        frames.append(samples_of(healthy)[:36])
        captions.append(f"alone for {number} steps")
book.film(frames, captions)

# %% [markdown]
# Whatever latent it gets, it makes nearly the same image, which need not even be a digit: it only has to fool a
# discriminator that no longer learns. In the numbers, the score falls and classes are missing. (They are never all
# missing, even if every image is the same: the classifier must name some digit even where there is none.)

# %%
book.show(samples_of(healthy)[:32], columns=16, title="Collapsed")
describe("collapsed", samples_of(healthy))

# %% [markdown]
# **The cure** is a discriminator that keeps up: as soon as one image appears too often, it learns that this image is
# fake, and the generator must try others. We train both again.

# %%
for batch in batches(600, seed=2):
    step(batch)
book.show(samples_of(healthy)[:32], columns=16, title="Both train again")
describe("cured", samples_of(healthy))

# %% [markdown]
# In practice nobody stops the discriminator, but a generator that learns too fast, or an optimizer with too much
# momentum, has the same effect. The usual cures are a lower learning rate, $\beta_1 = 0.5$, more discriminator steps,
# and the losses of [notebook 5](5_better_losses.ipynb). `gan_keras.train --evaluate-every 1` watches for missing
# classes and raises an alarm.
#
# ## The discriminator wins
#
# Now the discriminator trains alone, and the generator does not change. After each step we measure how strong a
# gradient the generator would get: from the loss of the original game, $\log(1 - D(G(z)))$, and from the non-saturating
# one.

# %%
game = new_game()
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


for number, batch in enumerate(batches(60, seed=3), start=1):
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
# | mode collapse | the same image everywhere | missing classes, low score | a discriminator that keeps up |
# | the discriminator wins | they stop changing | both accuracies at 1 | the non-saturating loss; notebook 5 |
# | checkerboards | a fine grid | | kernel sizes that are multiples of the stride |
#
# ## Exercises
#
# 1. Give both players `beta_1=0.9` in `CONFIG` and train. Is it worse? Also try a learning rate of 1e-2.
# 2. Call `generator_alone` ten times, each time with another number, for each step of the discriminator. Which failure
#    do you get?
# 3. Our discriminators have no batch normalisation. If they had it, why would it need separate batches of real and fake
#    images?
#
# <details><summary>Solutions</summary>
#
# 1. With 0.9 the images swing from one kind of digit to another; at 1e-2 the training often fails for good.
# 2. Mode collapse, but the image changes: each time the discriminator has learnt to reject one, another takes its
#    place.
# 3. In a mixed batch, each image's normalised values depend on the others. The discriminator would learn with the
#    statistics of real and fake images together, but the generator would use it with those of fake images alone: that
#    is another function.
# </details>
#
# ## Read on
#
# - M. Arjovsky and L. Bottou, *Towards principled methods for training GANs* (2017), arXiv:1701.04862.
# - A. Odena and others, *Deconvolution and checkerboard artifacts* (2016), Distill.
# - J. Brownlee, *Generative Adversarial Networks with Python*, the chapter on failure modes.
# - Next: [measuring](4_measuring.ipynb).
