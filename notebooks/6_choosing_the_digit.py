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
# # 6. Choosing the digit
#
# So far our generators drew any digit they liked. Here both players take labels: you get the digit that you ask for, in
# any handwriting. Then you walk through the space of handwritings, do arithmetic in it, and draw a postcode.
#
# It takes about three minutes on two cores.

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
from pathlib import Path

import book
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from gan_keras import train
from gan_keras.evaluation import classifier, metrics, traits
from gan_keras.exporting import loading
from gan_keras.models import proposed
from gan_keras.ui import pictures

# %% [markdown]
# ## Labels for both players
#
# If only the generator took the label, it could ignore it. So the discriminator takes it too: it sees an image *and* a
# label, and must find out whether this is a real image of that class. A perfect 3 with the label 5 counts as fake.
#
# Mirza and Osindero (2014) gave the discriminator the label together with the image. The model we use does something
# better. It compares the image's features $\phi(x)$ with a vector $v_y$ that it learns for each class $y$, by their
# inner product (Miyato and Koyama 2018):
#
# $$D(x, y) = f(\phi(x)) + v_y \cdot \phi(x)$$
#
# It is `proposed`, the package's version of the paper's model, and the default of `gan_keras.train`.

# %%
run = train.run(
    proposed.Config(out=Path("runs/conditional"), overwrite=True, epochs=5, steps_per_epoch=book.steps(300))
)

# %% [markdown]
# ## The digit you ask for
#
# The exported generator takes latents and labels. Without labels it makes each class in turn, so we show one column for
# each.

# %%
generator = loading.load_generator(run)
samples, labels = loading.make(generator, count=500, seed=1)
book.show(samples[:80], title="A column for each class")

# %% [markdown]
# Does it draw the right digit? We ask the classifier which digits it sees.

# %%
logits = classifier.load()(samples).logits
seen = logits[:, 0].argmax(axis=1)
print(f"{metrics.classes.label_accuracy(logits[:, 0], labels)['label_accuracy']:.1%} are the digit that was asked for")
print(f"score {metrics.classes.score(logits[:, 0])['score']:.2f}")

# %%
confusion = np.zeros([10, 10], int)
np.add.at(confusion, (labels, seen), 1)
plt.figure(figsize=(4, 4))
plt.imshow(confusion, cmap="Blues")
plt.xlabel("seen")
plt.ylabel("asked for")
plt.xticks(range(10))
plt.yticks(range(10))
plt.show()

# %% [markdown]
# ## What is left for the latent
#
# The label determines *which* digit is drawn. The latent only has to determine *how* it is written: bold or thin,
# upright or slanted, round or narrow. Here each row has one latent and all ten labels.

# %% tags=["cover"]
latents = tf.random.stateless_normal([6, 100], seed=[0, 3])
every_digit = tf.tile(tf.range(10), [6])
book.show(generator.serve(tf.repeat(latents, 10, axis=0), every_digit), title="A row for each latent")

# %% [markdown]
# Each row is, more or less, one person's handwriting. The network found this out without any label for it.
#
# ## A walk
#
# Between two latents there are others. But we do not take the straight line: a hundred normal numbers nearly always
# have a length around 10, and the middle of the straight line between two such latents is shorter, where the generator
# was never trained. So we walk along the arc, by *spherical interpolation*:


# %%
def arc(start, end, count):
    """Return `count` latents on the great circle from one latent to another."""
    cosine = np.dot(start, end) / np.linalg.norm(start) / np.linalg.norm(end)
    angle = np.arccos(cosine)
    share = np.linspace(0, 1, count)[:, None]
    return (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)


lengths = np.linalg.norm(np.random.default_rng(0).normal(size=[1000, 100]), axis=1)
print(f"lengths of 1,000 latents: from {lengths.min():.1f} to {lengths.max():.1f}")

# %%
start, end = latents.numpy()[:2]
walks = np.tile(arc(start, end, 12), [4, 1])
book.show(
    generator.serve(walks.astype(np.float32), np.repeat([2, 4, 5, 8], 12).astype(np.int32)),
    columns=12,
    title="From one handwriting to another",
)

# %% [markdown]
# There are no jumps: each step of the latent is a small change of the image. A generator that had memorised its
# training images would jump from one to the next.
#
# ## Arithmetic
#
# Is there a direction that means "bolder"? We need no labels for it. Make many images, take the latents of the ones
# with the most ink and of those with the least, and subtract the averages.

# %%
many = tf.random.stateless_normal([1000, 100], seed=[0, 4]).numpy()
ink = np.mean(generator.serve(many, np.full(1000, 3, np.int32)), axis=(1, 2, 3))
order = ink.argsort()
bolder = many[order[-200:]].mean(axis=0) - many[order[:200]].mean(axis=0)

# %% [markdown]
# We found it on threes. Does it work on other digits, and other handwritings?

# %%
amounts = np.linspace(-1, 1, 10)
changed = np.concatenate([latent + amounts[:, None] * bolder for latent in latents.numpy()[2:5]])
book.show(
    generator.serve(changed.astype(np.float32), np.repeat([0, 6, 9], 10).astype(np.int32)), title="From thin to bold"
)

# %% [markdown]
# It does. Is it *only* bolder that they become? `traits` measures three things in each image: the thickness as the
# amount of ink, the width, and the slant to the right. All ten digits, fifty handwritings, the average of each:

# %%
hands = tf.random.stateless_normal([50, 100], seed=[0, 5]).numpy().repeat(10, axis=0)
classes = np.tile(np.arange(10, dtype=np.int32), 50)
measured = [
    traits.traits(pictures.to_uint8(generator.serve((hands + amount * bolder).astype(np.float32), classes)))
    for amount in amounts
]
figure, places = plt.subplots(1, 3, figsize=(9, 2.5), layout="constrained")
for axes, name in zip(places, measured[0], strict=True):
    values = np.array([each[name] for each in measured])
    usual = values[len(amounts) // 2].std()  # how much handwritings differ in it anyway
    axes.plot(amounts, (values.mean(axis=1) - values.mean()) / usual)
    axes.set(title=name, ylim=[-2.5, 2.5], xlabel="how much of `bolder`")
    axes.grid(alpha=0.3)
places[0].set_ylabel("change, in deviations")
plt.show()

# %% [markdown]
# Not only: the digits also get wider, though not as much as they get bolder, and the slant stays. A bold stroke takes
# more room, and among the handwritings that the generator knows, what is bold is often wide. We asked for the
# difference between two averages, and got all of it. Such a direction is called *entangled*. It also has its limits:
# add twice as much, and the strokes run together into a blot, because the latent then has a length that the generator
# never met. `python -m gan_keras.latent --directions 8` looks for directions in another way, without asking for
# anything.
#
# ## A postcode
#
# All digits of this number have nearly the same latent, so that they look as if one hand wrote them:

# %%
postcode = np.array([1, 0, 1, 1, 7], np.int32)
hand = latents.numpy()[2:3] + np.random.default_rng(1).normal(scale=0.3, size=[len(postcode), 100])
book.show(generator.serve(hand.astype(np.float32), postcode), columns=len(postcode))

# %% [markdown]
# On the command line, `python -m gan_keras.generate notebooks/runs/conditional --digits 10117` draws the number with a
# different latent for each digit.
#
# With all 60,000 digits and ten or more epochs, nearly all of the digits are those that you ask for, and the labels are
# good enough to train a classifier on: `python -m gan_keras.evaluate RUN --labelled` measures how good.
#
# ## Exercises
#
# 1. Find the direction "slanted to the right". What would you measure in the images?
# 2. Walk from one latent to another *on the straight line*. Do you see the difference in the middle? Measure the ink.
# 3. What would the generator draw for a label *between* two classes? Why can you not try it?
#
# <details><summary>Solutions</summary>
#
# 1. The covariance of row and column, weighted with the ink: its sign shows to which side the strokes lean.
# 2. In the middle the images get fainter or less clear; the effect is small in a well-trained network.
# 3. The label is a number that chooses one of ten learnt vectors (an *embedding*), and there is none between them. You
#    could mix two of the vectors: take the network apart with
#    `keras.models.load_model("runs/conditional/generator.keras")` and feed the part behind the embedding.
# </details>
#
# ## Read on
#
# - M. Mirza and S. Osindero, *Conditional generative adversarial nets* (2014), arXiv:1411.1784.
# - T. Miyato and M. Koyama, *cGANs with projection discriminator* (2018), arXiv:1802.05637.
# - T. White, *Sampling generative networks* (2016), arXiv:1609.04468: on walking along the arc.
# - D. Foster, *Generative Deep Learning*, chapter 4, the section on conditional GANs.
# - Next: [out of the notebook](7_out_of_the_notebook.ipynb).
