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
# # 0. Meet the digits
#
# Before we teach a machine to draw digits, we look at what it will learn from. At the end of this notebook you know
# what MNIST contains, how an image becomes numbers that suit a network, and what a *batch* is. No network is trained
# yet.
#
# This notebook takes a minute. With the Internet it uses all 60,000 digits; without it, 5,000 that come with a package.
# Only the printed numbers differ.
#
# The notebooks follow a research paper that compares GANs on MNIST. We call it *the paper*.
#
# The next cell is the same in all notebooks. It finds the project: the folder above this one. If this Python has no
# package `gan_keras` yet, the cell installs it with pip, and says so. It is installed *editable*: what you change in
# the project's files is used when you start the notebook's kernel again.

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
import matplotlib.pyplot as plt
import numpy as np

from gan_keras import data

# %% [markdown]
# ## The data
#
# `data.load` returns a data set: images and labels for training, and others for testing. We never train on the test
# images. That will matter when we measure how good our digits are.

# %%
digits = data.load("mnist")
print(digits.source)
print("train:", digits.train.images.shape, digits.train.images.dtype)
print("test: ", digits.test.images.shape)

# %% [markdown]
# An image is 28 pixels high and 28 wide. It has one *channel*, its brightness: each pixel is a byte from 0 (black) to
# 255 (white). We show six images of each class: the first six with the label 0, and so on.

# %% tags=["cover"]
examples = [digits.train.images[digits.train.labels == label][:6] for label in range(10)]
book.show(np.stack(examples, axis=1).reshape(-1, 28, 28, 1), title="Six of each")

# %% [markdown]
# Look at the sevens and the ones: there are several ways to write each. A generator that draws only one of them has not
# learnt the data. We call each way a *mode*, and the failure to draw some of them *mode collapse*.
#
# Are all classes equally frequent?

# %%
plt.figure(figsize=(7, 2.5))
plt.bar(range(10), np.bincount(digits.train.labels) / len(digits.train.labels))
plt.axhline(0.1, color="grey", linestyle="--")
plt.xticks(range(10))
plt.title("Share of each digit")
plt.show()

# %% [markdown]
# Nearly. (In the 5,000 digits exactly: they were chosen so.) A generator that draws each digit a tenth of the time is
# close to the truth.
#
# ## What the average hides
#
# Why is it hard to draw a digit? Could a network not simply learn the average? Here is the average of each class, with
# one real image below it.

# %%
averages = [digits.train.images[digits.train.labels == label].mean(axis=0).astype(np.uint8) for label in range(10)]
book.show(np.concatenate([averages, [group[0] for group in examples]]), title="Average above, a real one below")

# %% [markdown]
# The average of many good digits is not a good digit: it is a blur. A network that is trained to be *near all images*,
# for example by the squared error, draws blurs. A GAN is trained to be *taken for real*, and a blur is easy to tell
# from a real image. This is the reason for everything that follows.
#
# ## From bytes to numbers
#
# Networks learn best from small numbers around zero. Our generator will end in a hyperbolic tangent, which gives
# numbers between -1 and 1. So we map the bytes to this range:
#
# $$x = \frac{\text{byte} - 127.5}{127.5}$$

# %%
images = data.standardise(digits.train.images[:1000]).numpy()
print("from", images.min(), "to", images.max(), "mean", images.mean().round(2))

# %%
plt.figure(figsize=(7, 2.5))
plt.hist(images.ravel(), bins=50)
plt.yscale("log")
plt.title("How often each value occurs (logarithmic)")
plt.show()

# %% [markdown]
# Most pixels are black (-1). Of the others, many are white (1), and the greys between them are the edges of strokes. An
# image that is grey all over is therefore easy to recognise as fake. Remember this when you see the first images of an
# untrained generator.
#
# ## Batches
#
# A network is not shown all images at once, nor one at a time, but a *batch* of them: here 128, in random order. One
# pass through all the images is an *epoch*. `data.batches` returns an endless stream of batches.

# %%
batch = next(iter(data.batches(digits.train, 128, seed=0)))
print({name: (tensor.shape, tensor.dtype.name) for name, tensor in batch.items()})
book.show(batch["image"], columns=16, title="A batch")

# %% [markdown]
# The order depends only on the seed: with the same seed, your next run gets the same batches. A run that can be
# repeated can be understood.

# %%
again = next(iter(data.batches(digits.train, 128, seed=0)))
other = next(iter(data.batches(digits.train, 128, seed=1)))
print("same seed, same batch: ", np.array_equal(batch["image"], again["image"]))
print("other seed, same batch:", np.array_equal(batch["image"], other["image"]))

# %% [markdown]
# ## MNIST's relatives
#
# Other data sets also have images of 28 by 28 pixels: clothes (`fashion_mnist`), Japanese characters (`kmnist`),
# letters (`emnist_letters`). `data.load` downloads them when you ask for them. Two need no download. Stacked MNIST puts
# three digits into the three colour channels, which gives 1,000 classes, and shows how many of them a GAN finds. The
# digits of the package scikit-learn have only 8 by 8 pixels and 17 greys.

# %%
for name in ("stacked_mnist", "digits8x8"):
    relative = data.load(name)
    print(
        f"{name}: {len(relative.train.images):,} images of {relative.image_shape}, {len(relative.class_names):,} classes"
    )
    book.show(relative.train.images[:20], title=name)

# %% [markdown]
# ## Exercises
#
# 1. Which digit has the most ink? Compute the mean brightness of each class.
# 2. Show the ten images that are farthest from the average of their class. Are they badly written?
# 3. How many different images are there among the first 1,000 batches of 128?
#
# <details><summary>Solutions</summary>
#
# 1. `[digits.train.images[digits.train.labels == label].mean() for label in range(10)]`: 0 has the most, 1 the least.
# 2. For one class: `group = digits.train.images[digits.train.labels == 4].astype(float)`, `distance = ((group -
#    group.mean(axis=0)) ** 2).sum(axis=(1, 2, 3))`, `book.show(group[distance.argsort()[-10:]].astype("uint8"))`. Most
#    of them are bold or slanted.
# 3. As many as the training set has. Each epoch leaves out the few images that do not fill its last batch, but these
#    are different ones in each epoch: after several epochs, all images have been used.
# </details>
#
# ## Read on
#
# - Y. LeCun and others, *Gradient-based learning applied to document recognition* (1998): where MNIST comes from.
# - D. Foster, *Generative Deep Learning*, chapter 1: what it means to model data.
# - Next: [a GAN from scratch](1_a_gan_from_scratch.ipynb).
