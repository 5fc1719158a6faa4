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
# # 10. Codes nobody taught
#
# In [notebook 6](6_choosing_the_digit.ipynb) both players were told which digit it is, and so you could choose it. Here
# nobody is told anything. A generator gets a code that means nothing, and a third network has to read it off the image.
# To be readable, the code must become visible, and what becomes visible is what varies in the data: which digit it is,
# how it is written. This is the InfoGAN (Chen and others 2016). At the end we give the same networks labels after all,
# which is the AC-GAN, and see what teaching is worth.
#
# It takes about two minutes on two cores, with the small digits of scikit-learn, 8 by 8 pixels, which need no download.

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
import inspect

import book
import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize
import tensorflow as tf
from sklearn.neighbors import KNeighborsClassifier

from gan_keras import data
from gan_keras.evaluation import traits
from gan_keras.models import acgan, infogan
from gan_keras.training import setup
from gan_keras.ui import pictures

digits = data.load("digits8x8")

# %% [markdown]
# ## A code that can be read
#
# The latent of an InfoGAN has three parts:
#
# | numbers | what they are |
# | --- | --- |
# | 62 | noise, as always |
# | 10 | a *class*: the largest of them says which of ten, the others are ignored |
# | 2 | two *continuous codes*, mapped to numbers between -1 and 1 |
#
# Without more, the generator could ignore the class and the codes. So a *code head* sits on the discriminator's
# features and says what class and codes it sees in an image. Its error is a loss that *both* players lower: the
# discriminator, by learning to read, and the generator, by writing legibly. How much the images tell about the codes
# $c$ is their mutual information, and the head's error bounds it from below:
#
# $$I(c;\, G(z, c)) \;\ge\; \mathbb{E}[\log Q(c \mid G(z, c))] + H(c)$$
#
# $Q$ is what the head believes, and $H(c)$ does not depend on any network. This is all of it in the package:

# %%
print(inspect.getsource(infogan.Model.discriminate))
print(inspect.getsource(infogan.Model.code_loss))

# %% [markdown]
# ## Training
#
# No label is used. We only look at them to watch from outside: every hundred steps a classifier, which finds the most
# similar three training images, names the digits that are drawn for each class of the code. A class is *pure* if they
# are all the same digit.


# %%
def flat(images):
    return images.reshape(len(images), -1)


judge = KNeighborsClassifier(3).fit(flat(digits.train.images), digits.train.labels)


def count_digits(images, codes):
    """Return how often each digit [column] is seen for each class of the code [row]."""
    table = np.zeros([10, 10], int)
    np.add.at(table, (codes, judge.predict(flat(images))), 1)
    return table


def purity(table):
    return table.max(axis=1).sum() / table.sum()


def train(options, codes_of):
    count = book.steps(1200)
    game = setup.build(options, digits, steps_per_epoch=count)
    step, latents, by_step = tf.function(game.train_step), game.sample_latents(500), {}
    for number, batch in enumerate(data.batches(digits.train, options.batch_size, seed=0).take(count), start=1):
        step(batch)
        if number % max(1, count // 12) == 0:
            images = pictures.to_uint8(game.images_of(latents))
            by_step[number] = purity(count_digits(images, codes_of(game, latents)))
    return game, by_step


SIZE = {"filters": 32, "batch_size": 64, "epochs": 1}
untaught, untaught_purity = train(
    infogan.Config(**SIZE), lambda game, latents: game.codes(latents)[0].numpy().argmax(axis=1)
)

# %% [markdown]
# ## The classes that it found
#
# A column for each class of the code, a row for each noise.

# %% tags=["cover"]
CODES = 12  # numbers at the end of the latent: ten for the class, two for the codes


def with_codes(noises, classes, first=0.0, second=0.0):
    """Return a latent for each noise and class, as rows of one noise; the codes are the same in all."""
    latents = np.repeat(np.asarray(noises), len(classes), axis=0)
    latents[:, -CODES:-2] = np.tile(3 * np.eye(10, dtype=np.float32)[classes], [len(noises), 1])
    latents[:, -2], latents[:, -1] = first, second
    return tf.constant(latents)


noises = untaught.sample_latents(6)
book.show(untaught.images_of(with_codes(noises, range(10))), title="A column for each class of the code")

# %%
many = untaught.sample_latents(2000)
table = count_digits(pictures.to_uint8(untaught.images_of(many)), untaught.codes(many)[0].numpy().argmax(axis=1))
rows, columns = scipy.optimize.linear_sum_assignment(-table)
plt.figure(figsize=(4, 4))
plt.imshow(table[:, columns], cmap="Blues")
plt.xticks(range(10), columns)
plt.yticks(range(10))
plt.xlabel("digit that the classifier sees")
plt.ylabel("class of the code")
plt.show()
print(f"{purity(table):.0%} of the images show the most frequent digit of their class")

# %% [markdown]
# Nobody told it that there are digits, and yet most classes of the code are mostly one digit. Not all: where two digits
# look alike, they may share a class, and a digit that is written in two ways may get two. The code follows what differs
# most in the images, and that is not always what people have names for.
#
# The head reads made images. Can it read real ones? Then it is a classifier that nobody taught. We give each class of
# the code the digit that it mostly draws, and ask for the test digits:

# %%
features, _ = untaught.discriminator.layers
names = table.argmax(axis=1)


def read(images):
    return untaught.code_head(features(data.standardise(images), training=False)).numpy()


seen = names[read(digits.test.images)[:, :10].argmax(axis=1)]
print(f"{np.mean(seen == digits.test.labels):.0%} of the test digits are named rightly; by chance it would be 10 %")

# %% [markdown]
# That is much better than guessing, although labels were used for nothing but the ten names. It is worse than the share
# above, because real digits differ more than made ones.
#
# ## Two codes, two walks
#
# Now the continuous codes. Each row has one noise and one class; along it one code goes from one end to the other.

# %%
steps = np.linspace(-2, 2, 11, dtype=np.float32)
chosen = table.max(axis=1).argsort()[-4:]  # the purest classes
for code in (0, 1):
    rows = []
    for number, kind in enumerate(chosen):
        latents = np.repeat(with_codes(noises[number : number + 1], [kind]).numpy(), len(steps), axis=0)
        latents[:, code - 2] = steps
        rows.append(untaught.images_of(tf.constant(latents)))
    book.show(tf.concat(rows, axis=0), columns=len(steps), title=f"Code {code + 1}, from -2 to 2")

# %% [markdown]
# What do they mean? Measure it: the slant, the width and the amount of ink at both ends of each code, in deviations
# from image to image.

# %%
print(f"{'':8}" + "".join(f"{name:>11}" for name in ("slant", "width", "thickness")))
latents = untaught.sample_latents(500).numpy()
usual = traits.traits(pictures.to_uint8(untaught.images_of(tf.constant(latents))))
for code in (0, 1):
    ends = []
    for value in (-2, 2):
        latents[:, code - 2] = value
        ends.append(traits.traits(pictures.to_uint8(untaught.images_of(tf.constant(latents)))))
    changes = [np.mean(ends[1][name] - ends[0][name]) / usual[name].std() for name in ("slant", "width", "thickness")]
    latents = untaught.sample_latents(500).numpy()
    print(f"code {code + 1:<3}" + "".join(f"{change:11.2f}" for change in changes))

# %% [markdown]
# With one code it is above all the slant that changes, with the other the width. Nobody asked for that: these are the
# two things in which digits of one kind differ most, so they are the easiest to make readable. But nothing keeps the
# two apart from everything else. The amount of ink changes as well, and at the ends a digit may become another one.
# Train with another seed, and the codes mean something else, or the same in the other order (Locatello and others
# 2019).
#
# ## The same, taught
#
# The AC-GAN (Odena and others 2017) has nearly the same networks: its discriminator also says which class it sees. But
# its classes are the labels, and it learns them from real images as well. Compare the two losses of the discriminator:

# %%
print(inspect.getsource(infogan.Model.discriminator_loss))
print(inspect.getsource(acgan.Model.discriminator_loss))

# %% [markdown]
# One line differs: `class_loss(real_outputs, real)`. Without labels there is no such line, because nobody knows the
# class of a real image.

# %%
taught, taught_purity = train(acgan.Config(**SIZE), lambda game, latents: np.arange(len(latents)) % 10)
images = pictures.to_uint8(taught.images_of(taught.sample_latents(2000)))
asked = np.arange(len(images)) % 10
book.show(images[:60], title="AC-GAN: a column for each label")
print(f"{np.mean(judge.predict(flat(images)) == asked):.0%} are the digit that was asked for")

# %%
plt.figure(figsize=(6, 3))
for name, by_step in (("InfoGAN", untaught_purity), ("AC-GAN", taught_purity)):
    plt.plot(list(by_step), list(by_step.values()), marker="o", label=name)
plt.axhline(0.1, color="grey", linestyle="--", label="one digit in ten")
plt.ylim(0, 1.05)
plt.xlabel("step")
plt.title("Share of the most frequent digit in each class")
plt.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# Taught, it needs a few hundred steps for all ten digits. But look down its columns: is there any difference between
# the rows? We measure how much the images of a class differ from each other.


# %%
def variety(images, classes):
    """Return the deviation of a pixel within a class, in grey levels."""
    variances = [flat(images[classes == label]).astype(float).var(axis=0).mean() for label in np.unique(classes)]
    return np.sqrt(np.mean(variances))


made = pictures.to_uint8(untaught.images_of(many))
print(f"real digits {variety(digits.test.images, digits.test.labels):.0f}")
print(f"AC-GAN      {variety(images, asked):.0f}")
print(f"InfoGAN     {variety(made, untaught.codes(many)[0].numpy().argmax(axis=1)):.0f}, by the class of its code")

# %% [markdown]
# The AC-GAN knows nearly one way to write each digit. Its class loss is lowest for images that cannot be mistaken, and
# nothing rewards it for unusual ones: a known weakness (Gong and others 2019), and with so few steps a strong one. The
# InfoGAN has to show two codes besides the class, so it must draw at least as many different images as these can say.
# The conditional GAN of notebook 6 avoids both: its discriminator does not name the class, but judges whether image and
# label *fit*.
#
# ## Exercises
#
# 1. Train with `information=0.0`. What do the classes of the code draw now?
# 2. Give the InfoGAN 20 classes (`categories=20`). Are they purer? What do two classes with the same digit differ in?
# 3. How many labels does the head need to become a classifier? We used the names of 10 classes, found by looking at
#    made images. Find them from real images of the training set instead: from how many?
#
# <details><summary>Solutions</summary>
#
# 1. Much the same digits in each class: nothing makes the generator use the code, and the head learns nothing.
# 2. `CODES` and every `10` that counts classes become 22 and 20. Usually purer: two ways to write a digit need not
#    share a class with anything else.
# 3. Let the head read some training images and give each class the label that is most frequent in it. A few images for
#    each class are enough to find the names, but no number of them makes an impure class pure.
# </details>
#
# ## Read on
#
# - X. Chen and others, *InfoGAN* (2016), arXiv:1606.03657.
# - A. Odena and others, *Conditional image synthesis with auxiliary classifier GANs* (2017), arXiv:1610.09585.
# - F. Locatello and others, *Challenging common assumptions in the unsupervised learning of disentangled
#   representations* (2019), arXiv:1811.12359: why nobody can promise what a code will mean.
# - M. Gong and others, *Twin auxiliary classifiers GAN* (2019), arXiv:1907.02690: why an AC-GAN's classes lack variety.
# - J. Brownlee, *Generative Adversarial Networks with Python*, the chapters on the InfoGAN and the AC-GAN.
# - Next: [how others measure](11_how_others_measure.ipynb).
