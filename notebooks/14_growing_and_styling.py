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
# # 14. Growing and styling
#
# How does one get from small, soft digits to faces that nobody can tell from photographs? Two ideas of the same people
# led there. First they let the networks *grow*, from tiny images to large ones (Karras and others 2018). Then they gave
# each layer a *style* (Karras and others 2019), and a year later they found that growing was no longer needed (Karras
# and others 2020). Here you see both, on digits: images while they grow, a table of mixed styles, what noise is for, and
# how a number called ψ trades variety for clarity.
#
# It takes about five minutes on two cores.

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
import time

import book
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.svm import SVC

from gan_keras import data
from gan_keras.evaluation import metrics
from gan_keras.layers import ModulatedConv2D
from gan_keras.models import progan, stylegan
from gan_keras.training import setup
from gan_keras.ui import pictures

digits = data.load("mnist")

# %% [markdown]
# ## Small images first
#
# In 2017 no GAN could draw a face of a million pixels. The generator had to invent head, hair and pores all at once,
# and the discriminator found some fault among the details long before there was a head. The *progressive* GAN (Karras
# and others 2018) asks for less at first: tiny images, in which there is nothing but the coarse form. When the networks
# can draw these, both get more layers, for images of twice the size.
#
# For MNIST's 28x28 pixels there are three stages. This is what the discriminator of each one gets to see:

# %%
real = data.standardise(digits.test.images[:20])
for doublings in (2, 1, 0):
    coarse = progan.enlarged(progan.reduced(real, doublings), doublings)
    book.show(coarse, columns=20, title=f"{28 >> doublings}x{28 >> doublings}")

# %% [markdown]
# In 7x7 pixels you can still read most digits, although nothing is sharp. A network for them needs few layers, and its
# steps are cheap.
#
# New layers know nothing. To put them in all at once would destroy what the old ones have learned. So they are *faded
# in*. For a while the image is a mixture of the old, small one, enlarged, and of the new one, and the share of the new
# one rises from 0 to 1. Real images are mixed in the same way. In the package this is one line, but for the shape of `fade`:
#
# ```python
# mixed = before + fade * (now - before)
# ```
#
# Which stage it is, and how much of it is faded in, follows from the number of images seen. Each stage is faded in
# during one *period* and then stays for another. Ours is short: the default is 12,800 images.

# %%
BATCH, PHASE = 64, book.steps(120)  # steps in each phase
PHASES = ("7x7", "fading in 14x14", "14x14", "fading in 28x28", "28x28")
MEMORY = 0.98  # decay of the averaged generator: it must forget soon, as there are few steps
options = progan.Config(filters=8, batch_size=BATCH, period=BATCH * PHASE, epochs=1, average_decay=MEMORY)
growing = setup.build(options, digits, steps_per_epoch=PHASE * len(PHASES))
networks = progan.by_stage(growing.averages["generator"])
latents = growing.sample_latents(20)


def draw():
    """Return what the networks draw for the same latents in this stage of their growth."""
    number, fade = growing.stage()
    return networks[int(number)]([latents, tf.fill([len(latents)], fade)], training=False)


# %%
step, frames, seconds = tf.function(growing.train_step), {}, []
batches = iter(data.batches(digits.train, BATCH, seed=0))
step(next(batches))  # it compiles the step, which would spoil the times
for phase in PHASES:
    start = time.process_time()
    for number in range(PHASE):
        if phase == PHASES[3] and number == PHASE // 2:  # half of the last fading is over: keep all that it mixes
            shares = np.linspace(0, 1, 9, dtype=np.float32)
            faded = [networks[2]([latents, tf.fill([len(latents)], share)], training=False) for share in shares]
        step(next(batches))
    seconds.append(time.process_time() - start)
    frames[phase] = draw()
for phase, images in frames.items():
    book.show(images, columns=20, title=f"After the phase: {phase}")

# %% [markdown]
# Each column has the same latent from top to bottom. After so few steps not many of them are digits, and at 7x7 there is
# little but a grey patch in the middle. But from 14x14 on you can follow each one down: its coarse form stays, and later
# stages draw its lines more finely.
#
# And here is the fading from 14x14 to 28x28, stopped half-way, where the share is 0.5: that is the middle column. The
# others show what the same networks would give with another share: on the left the old 14x14 image alone, on the right
# the new one alone. Alone the new one is no image yet: until now it was only ever an addition to the old one.

# %%
book.show(np.concatenate([np.stack([images[row] for images in faded]) for row in range(5)]), columns=len(shares))

# %%
for phase, took in zip(PHASES, seconds, strict=True):
    print(f"{phase:16} {1000 * took / PHASE:6.0f} ms of a processor for a step")

# %% [markdown]
# The small steps are cheap, too: another reason to begin with them. (The first step of each stage is slower than the
# others, and counts here.)
#
# ## Why it was given up
#
# Growing has a price. Somebody must choose when each stage begins, and both networks change their form during the
# training. A deeper fault was found two years later: every resolution has once been the last one and had to draw
# finished images, with as much detail as it could. It does not forget that. In faces, teeth and eyes then stick to
# certain pixels and do not follow when the head turns (Karras and others 2020, section 4).
#
# The same people found that one can have the growth without the schedule. If each resolution draws an image of its own
# and the result is the *sum* of all, enlarged, then at first only the coarse ones say anything useful. The network
# begins with them by itself, and moves on to the fine ones when that helps. All layers are there from the start.
#
# This package's StyleGAN has such a generator. But the main idea of a StyleGAN is another one: styles.
#
# ## Styles
#
# A usual generator gets its latent once, at its entrance. In a StyleGAN (Karras and others 2019)
#
# - a *mapping network* turns the latent into a *style*, another vector;
# - the *synthesis network* begins with the same learned map for all images, and the style tells **each** of its layers
#   how strongly to use each of its channels;
# - each layer also gets *noise* of its own, for what is chance: in photographs, where each single hair lies.
#
# We train a small one with labels, on scikit-learn's digits of 8x8 pixels: for larger ones it needs more time than a
# notebook has.

# %%
COUNT = book.steps(1000)
small = data.load("digits8x8")
game = setup.build(stylegan.Config(epochs=1, average_decay=0.99), small, steps_per_epoch=COUNT)
step = tf.function(game.train_step)
for batch in data.batches(small.train, game.config.batch_size, seed=0).take(COUNT):
    step(batch)
book.show(game.images_of(game.sample_latents(60)), columns=20, title="0 to 9, again and again")

# %% [markdown]
# We take the two networks apart.

# %%
mapping, synthesis = (game.averages["generator"].get_layer(name) for name in ("mapping", "synthesis"))
LAYERS = synthesis.input_shape[0][1]
sides = [shape[1] for shape in synthesis.input_shape[1:]]  # of the noise that each layer gets
print(f"The synthesis has {LAYERS} layers with a style. They work on maps with sides of {sides} pixels.")


def styles_of(labels, seed):
    """Return a style for each label: float32 [count, size]."""
    labels = tf.constant(labels, tf.int32)
    return mapping([tf.random.stateless_normal([len(labels), 64], seed=[seed, 0]), labels], training=False)


def noise_of(count, seed):
    """Return noise for all layers."""
    shapes = [shape[1:] for shape in synthesis.input_shape[1:]]
    return [tf.random.stateless_normal([count, *shape], seed=[seed, number]) for number, shape in enumerate(shapes)]


def synthesise(styles, seed=0, network=synthesis):
    """Return images of styles [count, size], or [count, LAYERS, size] where each layer has its own."""
    if styles.shape.rank == 2:
        styles = tf.repeat(styles[:, None], LAYERS, axis=1)
    return network([styles, *noise_of(len(styles), seed)], training=False)


# %% [markdown]
# First: is it true that the network sums up images of several resolutions? We take them out before they are added.

# %%
colours = [layer.output for layer in synthesis.layers if isinstance(layer, ModulatedConv2D) and layer.filters == 1]
parts = synthesise(styles_of(np.arange(10), seed=1), network=keras.Model(synthesis.inputs, colours))
for part in parts:
    doublings = int(np.log2(8 // part.shape[1]))
    book.show(np.clip(progan.enlarged(part, doublings), -1, 1), title=f"What {part.shape[1]}x{part.shape[1]} adds")
book.show(synthesise(styles_of(np.arange(10), seed=1)), title="The sum")

# %% [markdown]
# The 2x2 image adds almost nothing, the 4x4 image a bright middle that is much alike for all digits. The 8x8 image draws
# the lines, some of them readable alone, and the sum is clearer than any part.
#
# ## Mixing
#
# Since each layer takes a style, the layers need not agree. Take the first layers' style from one image, and the others'
# from another. (In training most images were made so, but always from two styles of the *same* digit. Otherwise the
# layers would rely on each other. Mixtures of two digits, as here, are new to the network.)

# %% tags=["cover"]
CROSSING = 2  # layers that take the row's style; the others take the column's


def mix(coarse, fine, crossing):
    """Return the styles of mixed images: those of `coarse` for the first `crossing` layers, then those of `fine`."""
    is_coarse = (tf.range(LAYERS) < crossing)[:, None]
    return tf.where(is_coarse, coarse[:, None], fine[:, None])


rows, columns = styles_of([0, 2, 3, 4, 7], seed=2), styles_of([0, 1, 5, 6, 8, 9, 3, 2], seed=3)
table = [np.full([1, 8, 8, 1], -1, np.float32), synthesise(columns)]
for style in rows:
    repeated = tf.repeat(style[None], len(columns), axis=0)
    table += [synthesise(style[None]), synthesise(mix(repeated, columns, CROSSING))]
book.show(np.concatenate(table), columns=len(columns) + 1, title="Left: the coarse styles. Above: the fine ones")

# %% [markdown]
# The first column and the first row are whole images. Every other one has the coarse layers of its row and the fine ones
# of its column. Who decides which digit it is? We let a classifier say, a support vector machine. It looks at the
# pixels themselves, which is good enough for so few of them.


# %%
def flat(images):
    """Return images, uint8 or in [-1, 1], as rows of pixels."""
    images = np.asarray(images)
    images = images if images.dtype == np.uint8 else pictures.to_uint8(images)
    return images.reshape(len(images), -1) / 255


reader = SVC(C=10).fit(flat(small.train.images), small.train.labels)


def read(images):
    """Return the digits that the classifier reads."""
    return reader.predict(flat(images))


print(f"real test digits: {np.mean(read(small.test.images) == small.test.labels):.0%} are read rightly")
coarse_labels = np.arange(300) % 10
fine_labels = (coarse_labels + 1 + np.arange(300) // 10 % 9) % 10  # always another one
coarse, fine = styles_of(coarse_labels, seed=4), styles_of(fine_labels, seed=5)
seen = [read(synthesise(mix(coarse, fine, crossing))) for crossing in range(LAYERS + 1)]
for labels, name in ((coarse_labels, "the first layers' digit"), (fine_labels, "the last layers' digit")):
    plt.plot([np.mean(labels == found) for found in seen], marker="o", label=name)
plt.gcf().set_size_inches(6, 3)
plt.xlabel(f"layers of {LAYERS} that get the first style")
plt.title("Which digit do you see?")
plt.ylim(0, 1.02)
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# The more layers take a style, the more often its digit is seen, and no single layer decides. In the table, where two
# of five layers are the row's, more images are the digits of their columns than of their rows, and many are neither: no
# discriminator ever judged such mixtures. In faces the coarse layers give pose and shape, the fine ones colours and skin.
# In 8x8 pixels there is no detail that does not matter to what digit it is, so the styles here are less separate than
# those of the papers.
#
# ## Noise
#
# The same styles, three times with other noise. Below them, how much each pixel varies over 50 noises, enlarged in
# brightness.

# %%
styles = styles_of(np.arange(10), seed=6)
book.show(np.concatenate([synthesise(styles, seed) for seed in (1, 2, 3)]), title="One style, three noises")


def deviation(styles):
    """Return how much each pixel varies over 50 images of each class, in grey levels."""
    return 127.5 * np.clip(synthesise(styles, seed=9), -1, 1).reshape(50, 10, 8, 8, 1).std(axis=0)


by_noise = deviation(tf.tile(styles, [50, 1]))  # ten styles, each with 50 noises
by_both = deviation(styles_of(np.tile(np.arange(10), 50), seed=9))
book.show(2 * by_noise / by_noise.max() - 1, title="Where the noise counts")
print(f"deviation of a pixel by noise {by_noise.mean():.1f}, by style and noise {by_both.mean():.1f} grey levels")

# %% [markdown]
# The noise moves the greys a little, far less than another style does: a layer learns how strongly it uses its noise,
# and there is little chance in a digit that the style would not decide.
#
# ## Truncation
#
# Styles far from the middle are rare in training, and their images are the worst. So draw each style towards the middle
# of its class, by a share that is called $\psi$:
#
# $$w' = \bar w + \psi\,(w - \bar w)$$

# %%
labels = np.tile(np.arange(10), 70)
centres = tf.reduce_mean(tf.reshape(styles_of(labels, seed=7), [70, 10, -1]), axis=0)
styles, middle = styles_of(labels, seed=8), tf.gather(centres, labels)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
made = {share: synthesise(middle + share * (styles - middle), seed=8) for share in SHARES}
for share in (0.0, 0.5, 1.0, 1.5):
    book.show(made[share][:40], columns=20, title=f"ψ = {share}")

# %%
known = small.train.images[:700], small.train.labels[:700]


def variety(images, labels):
    """Return how much the images of a class differ: the mean deviation of their pixels."""
    return np.mean([flat(images)[labels == label].std(axis=0).mean() for label in range(10)])


curve = []
for images in made.values():
    found = metrics.manifolds.precision_recall_density_coverage(flat(known[0]), flat(images))
    differ = variety(images, labels) / variety(*known)
    curve.append([np.mean(read(images) == labels), found["precision"], differ])
plt.figure(figsize=(6, 3))
plt.plot(SHARES, curve, marker="o", label=["read as asked for", "precision", "variety, of that of real digits"])
plt.xlabel("ψ")
plt.ylim(0, 1.02)
plt.legend()
plt.grid(alpha=0.3)
plt.show()
for share, values in zip(SHARES, curve, strict=True):
    print("ψ = {:4}: read as asked for {:.2f}, precision {:.2f}, variety {:.2f}".format(share, *values))

# %% [markdown]
# That is the trade. At ψ = 0 each class has one image, and nothing varies but the noise; if one of the ten is misread, it
# always is. With a larger ψ the images differ more, and fewer of them are what was asked for. *Precision*, the share
# that lies among real digits ([notebook 11](11_how_others_measure.ipynb)), hardly changes below 1 and falls beyond it,
# where styles are that were rare in training. The images that papers show are often made with a ψ below 1. What trains a
# classifier needs the variety.
#
# The package's generators have ψ as an option. There it draws towards the average of all styles, as in the paper, whose
# images have no classes. So a small ψ also draws away from the digit that you asked for (exercise 2).
#
# ```
# python -m gan_keras.train --model stylegan --preset quick --out saved_models/styles
# python -m gan_keras.generate saved_models/styles --truncation 0.7 --out calm.png
# python -m gan_keras.generate saved_models/styles --mix 8 --out mixed.png
# ```
#
# ## Exercises
#
# 1. Draw the mixing table with `CROSSING` at 1 and at 4. What do the images still have of the other style?
# 2. Draw towards the mean of *all* styles instead of that of each class. What is drawn at ψ = 0, and what becomes of
#    "read as asked for"?
# 3. Train a StyleGAN with `mixing=0.0`, so that no styles are mixed in training. What becomes of mixtures of two styles
#    of the *same* digit?
#
# <details><summary>Solutions</summary>
#
# 1. With 1 most images are still their column's digit, with 4 their row's, as the curve says. A style chooses among
#    channels, not among pixels. What the 2x2 layer makes passes through all later layers, so even it changes the digit
#    now and then; the last layer can only redraw what the others left.
# 2. `middle = tf.reduce_mean(styles, axis=0)`: one image for all labels, which is no digit or an arbitrary one, so at 0
#    the share is about a tenth.
# 3. One expects them to be worse, because the layers may count on a common style. Measure it: give `coarse` and `fine`
#    the same labels, and compare the share that `read` reads for both networks and all crossings.
# </details>
#
# ## Read on
#
# - T. Karras and others, *Progressive growing of GANs* (2018), arXiv:1710.10196.
# - T. Karras and others, *A style-based generator architecture* (2019), arXiv:1812.04948.
# - T. Karras and others, *Analyzing and improving the image quality of StyleGAN* (2020), arXiv:1912.04958: why not to
#   grow.
# - D. Foster, *Generative Deep Learning*, chapter 10; J. Brownlee, *Generative Adversarial Networks with Python*, the
#   chapter on the progressive growing GAN.
