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
# # 11. How good is it? How others measure
#
# [Notebook 4](4_measuring.ipynb) computes the numbers of the papers. This one takes them apart: how the number of
# samples decides who wins, why two papers' numbers do not compare, how a generator trades variety for beauty, and which
# numbers praise a thief. Afterwards you know what to ask when somebody shows you a table.
#
# It takes about three minutes on two cores. Nothing is trained: the generator is the one that comes with the package.

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
import scipy.ndimage
import tensorflow as tf
from sklearn.decomposition import PCA

from gan_keras import data
from gan_keras.evaluation import classifier, metrics
from gan_keras.evaluation.metrics.copies import nearest_training_images
from gan_keras.exporting import loading

digits = data.load("mnist")
look = classifier.load()
generator = loading.load_generator(loading.SHIPPED)
random = np.random.default_rng(0)


def features_of(images):
    return look(images).features


def frechet(real_features, fake_features):
    return metrics.distances.frechet_distance(real_features, fake_features)["fid"]


# %% [markdown]
# Half of the test digits are the reference, and never change. The other half plays a perfect generator.

# %%
order = random.permutation(len(digits.test.images))
half = min(3000, len(order) // 2)
reference, perfect = digits.test.images[order[:half]], digits.test.images[order[half : 2 * half]]
labels = digits.test.labels[order[half : 2 * half]]
made, _ = loading.make(generator, count=half, seed=1, labels=labels)  # as many of each digit as among the real ones
book.show(np.concatenate([perfect[:16], made[:16]]), columns=16, title="Real above, made below")

# %% [markdown]
# ## The number of samples decides who wins
#
# Here is a worse generator: the same one, but all that it draws is out of focus. We measure all three with more and
# more samples, always against the same reference. To see more than chance, we take several sets of each size and show
# the mean.

# %%
blurred = scipy.ndimage.gaussian_filter(made, sigma=(0, 0.75, 0.75, 0))
competitors = {
    "real digits": features_of(perfect),
    "the generator": features_of(made),
    "the same, out of focus": features_of(blurred),
}
reference_features = features_of(reference)
counts = [count for count in (50, 100, 200, 500, 1000) if count < half] + [half]


def by_count(distance, features):
    """Return for each number of samples the mean distance of at most eight sets of so many."""
    means = []
    for count in counts:
        starts = range(0, min(8 * count, half - count + 1), count)
        means.append(np.mean([distance(reference_features, features[start : start + count]) for start in starts]))
    return means


curves = {name: by_count(frechet, features) for name, features in competitors.items()}

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for name, values in curves.items():
    left.loglog(counts, values, marker="o", label=name)
    right.plot(1 / np.array(counts[2:]), values[2:], marker="o")
    slope, limit = np.polyfit(1 / np.array(counts[2:]), values[2:], 1)
    right.plot([0, 1 / counts[2]], [limit, limit + slope / counts[2]], color="grey", linestyle="--", linewidth=0.8)
    print(
        f"{name:23} with {counts[0]} samples {values[0]:.2f}, with {counts[-1]:,} {values[-1]:.2f}, limit {limit:.2f}"
    )
left.set(xlabel="samples", ylabel="Fréchet distance")
right.set(xlabel="1 / samples", ylim=0, xlim=0)
for axes in (left, right):
    axes.grid(alpha=0.3)
left.legend()
plt.show()

# %% [markdown]
# All curves fall, although no generator gets any better along them. Few samples know their covariance badly, and the
# error does not cancel: it always *adds* to the distance. It is a *bias*. Read the left picture from side to side: the
# blurred digits, measured with many samples, get a better number than real ones measured with few. A table in which one
# line was measured with 1,000 samples and another with 10,000 is worthless.
#
# The right picture has a remedy. For many samples the bias is proportional to one over their number, so the curves
# become straight lines, and where a line meets the left edge is the distance for infinitely many samples (Chong and
# Forsyth 2020). It is not quite free of bias here, since the reference is finite as well. The other remedy is another
# distance. The *kernel distance* has no bias: the right value is its average, whatever the number of samples. It only
# scatters more when they are few.


# %%
def kernel(real_features, fake_features):
    return metrics.distances.kernel_distance(real_features, fake_features)["kernel_distance"]


plt.figure(figsize=(6, 3))
for name, features in competitors.items():
    values = by_count(kernel, features)
    plt.semilogx(counts, values, marker="o", label=name)
plt.axhline(0, color="grey", linestyle="--", linewidth=0.8)
plt.xlabel("samples")
plt.title("Kernel distance")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# A kernel distance can be a little below zero: an estimate without bias must err to both sides, and that of real digits
# errs around 0. With few samples the three curves err together, because their samples show the same digits.
#
# ## Whose distance?
#
# A Fréchet distance has a unit, and the unit is the classifier. Multiply all features by two, which changes nothing
# that the classifier knows, and the distance is four times as large:

# %%
print(f"{frechet(reference_features, competitors['the generator']):.3f}")
print(f"{frechet(2 * reference_features, 2 * competitors['the generator']):.3f}")

# %% [markdown]
# If it were only the unit, at least the order would be the same. Let us see. Four rulers judge four sets of images. One
# is the package's classifier. One is the same classifier's `places`, features that keep where something is. One looks
# at the pixels, through the 64 directions in which they vary most. The last is a network that nobody has trained: its
# weights are still random.

# %%
directions = PCA(64, random_state=0).fit(reference.reshape(half, -1) / 255)
keras.utils.set_random_seed(0)
untrained = classifier.build((28, 28, 1), 10)
untrained = keras.Model(untrained.inputs, untrained.layers[-2].output)
rulers = {
    "classifier": features_of,
    "places": lambda images: look(images).places,
    "pixels": lambda images: directions.transform(images.reshape(len(images), -1) / 255),
    "untrained": lambda images: untrained.predict(data.standardise(images), verbose=0),
}
some = min(1000, half)
sets = {
    "real": perfect[:some],
    "made": made[:some],
    "out of focus": blurred[:some],
    "moved by a pixel": np.roll(perfect[:some], 1, axis=2),
    "without 1": np.resize(perfect[:some][labels[:some] != 1], perfect[:some].shape),
}
table = {}
for ruler, measure in rulers.items():
    real = measure(reference[:some])
    table[ruler] = [frechet(real, measure(images)) for images in sets.values()]
print(f"{'':18}" + "".join(f"{ruler:>14}" for ruler in table))
for row, name in enumerate(sets):
    print(f"{name:18}" + "".join(f"{values[row]:14.3g}" for values in table.values()))

# %% tags=["cover"]
plt.figure(figsize=(7, 3))
for ruler, values in table.items():
    plt.plot(list(sets), np.argsort(np.argsort(values)) + 1, marker="o", label=ruler)
plt.yticks(range(1, len(sets) + 1))
plt.ylabel("place in the ranking")
plt.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.grid(alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# Not one column can be compared with another, and they do not even agree on the order. Each ruler sees what it was made
# to see: this classifier was trained to ignore where a digit is, so it forgives a shift that the pixels punish. There
# is no right ruler, only a stated one. Papers measure MNIST with Inception, which has seen photographs of dogs, with
# LeNet, or with a classifier of their own: "FID 5" from one of them and "FID 8" from another say nothing about who is
# better. Measure both generators yourself, with one ruler and one number of samples.
#
# ## Beauty against variety
#
# The latents of this generator are normal numbers, and most are neither very small nor very large. What if we shrink
# them? It then draws what is close to the middle of what it knows. BigGAN's famous pictures were made so: the
# *truncation trick*.

# %%
count = min(1000, half)
latents = tf.random.stateless_normal([count, 100], seed=[0, 1]).numpy()
scales = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
scaled = {
    scale: loading.images_of(generator, scale * latents, labels[:count], 0).round().astype(np.uint8) for scale in scales
}
for scale in (0.25, 1.0, 1.5):
    book.show(scaled[scale][:40], columns=20, title=f"Latents times {scale}")

# %%
values = []
for scale in scales:
    features = features_of(scaled[scale])
    found = metrics.manifolds.precision_recall_density_coverage(reference_features[:count], features)
    values.append([found["precision"], found["recall"], frechet(reference_features, features)])
values = np.array(values)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
left.plot(scales, values[:, :2], marker="o", label=["precision", "recall"])
left.set(xlabel="latents times", ylim=[0, 1.02])
left.legend()
right.semilogy(scales, values[:, 2], marker="o")
right.set(xlabel="latents times", title="Fréchet distance")
for axes in (left, right):
    axes.grid(alpha=0.3)
plt.show()

# %% [markdown]
# Halved latents give clear digits that all look alike: precision is as high as it gets, and recall is halved. Enlarged
# ones reach every kind of real digit, and many of them are none. (Divided by four, precision falls as well: the middle
# of all handwritings is a hand that nobody has.) The Fréchet distance punishes both, and is lowest where the generator
# was trained. So whoever shows pictures of truncated samples should say so, and show the recall beside them.
#
# ## The thief
#
# A generator that hands out training images draws perfect digits. Which number notices? We plant copies: a growing part
# of the samples is replaced by training images of the same labels, first as they are, then *disguised*: each is moved
# by a pixel or two.

# %%
training = data.Split(digits.train.images[:10_000], digits.train.labels[:10_000])  # what the thief has stolen from


def disguise(images):
    moved = [np.roll(image, random.choice([-2, -1, 1, 2], 2), axis=(0, 1)) for image in images]
    return np.reshape(moved, images.shape)


stolen = np.stack([random.choice(training.images[training.labels == label]) for label in labels[:count]])
book.show(np.concatenate([stolen[:16], disguise(stolen[:16])]), columns=16, title="Stolen, and disguised")

# %%
stolen_bytes = {image.tobytes() for image in training.images}
real_distance, real_index = nearest_training_images(perfect[:count], training.images)


def judge(images):
    features = features_of(images)
    found = metrics.manifolds.precision_recall_density_coverage(reference_features[:count], features)
    distance, index = nearest_training_images(images, training.images)
    classes = training.labels
    copies = metrics.copies.near_copies(distance, classes[index], real_distance, classes[real_index])
    known = np.mean([image.tobytes() in stolen_bytes for image in images])
    return frechet(reference_features, features), found["precision"], known, copies["near_copies"]


print(f"{'stolen':>8}{'':11} Fréchet  precision  equal pixels  near copies")
for name, change in (("", lambda images: images), ("disguised", disguise)):
    for share in (0, 10, 50, 100):
        part = count * share // 100
        mixed = np.concatenate([change(stolen[:part]), made[part:count]])
        print("{:7} % {:11}{:7.2f}{:11.2f}{:13.2f}{:13.2f}".format(share, name, *judge(mixed)))

# %% [markdown]
# No distance and no precision gives the alarm: stolen digits are as good as real ones, since they *are* real ones. To
# look for equal pixels finds only the clumsiest thief. `near_copies` compares what is left when place and sharpness are
# taken away, and counts the samples that are nearer to a training image than nearly all test digits of the same class
# are. It finds nearly all copies, disguised or not, and hardly accuses the honest generator.
#
# It looks for whole images. Who steals strokes and puts them together anew, goes free; there is no metric for
# everything.
#
# ## What to ask
#
# | they say | ask |
# | --- | --- |
# | "our FID is 3.2" | with how many samples, which features, against which images? What do real ones get? |
# | "better than that paper's" | did you measure theirs, with your ruler? |
# | "look at our samples" | chosen by whom? Truncated? What is the recall? |
# | "near the floor in everything" | how near are the samples to training images, beside what test images get? |
# | "better by 0.1" | how much does it vary from seed to seed? |
#
# ## Exercises
#
# 1. Estimate the limit for infinitely many samples from small counts alone (up to a third of `half`). Is it still the
#    same?
# 2. Find a `sigma` of the blur at which the generator out of focus gets the same Fréchet distance as the sharp one with
#    a tenth of the samples.
# 3. Can one cheat the kernel distance by choosing the number of samples?
#
# <details><summary>Solutions</summary>
#
# 1. `np.polyfit(1 / np.array(counts[:3]), curves["the generator"][:3], 1)[1]`: roughly, but it scatters. With few
#    samples the bias is not yet proportional to one over their number.
# 2. Put the blur into a function of `sigma` and halve the interval. What you find depends on the ruler, as you have
#    seen.
# 3. Not by its average. But who measures ten times with few samples, and shows the best, cheats with any number.
# </details>
#
# ## Read on
#
# - M. J. Chong and D. Forsyth, *Effectively unbiased FID and Inception Score* (2020), arXiv:1911.07023.
# - M. Bińkowski and others, *Demystifying MMD GANs* (2018), arXiv:1801.01401: the kernel distance, and why FID is
#   biased.
# - A. Brock and others, *Large scale GAN training* (2019), arXiv:1809.11096: truncation.
# - T. Kynkäänniemi and others, *Improved precision and recall metric* (2019), arXiv:1904.06991.
# - G. Stein and others, *Exposing flaws of generative model evaluation metrics* (2023), arXiv:2306.04675.
# - [How each metric of the package is defined](../docs/metrics.md).
# - Next: [from one hand to another](12_from_one_hand_to_another.ipynb).
