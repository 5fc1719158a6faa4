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
# # 4. Measuring
#
# "These digits look good" is not a result. Here you compute the two numbers that papers report, the *Fréchet distance*
# and the *score*, by hand; check them against the package; and learn when not to believe them.
#
# It takes about three minutes on two cores. No GAN is trained: we spoil real digits in ways we understand, and see what
# the numbers say.

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
import scipy.special
from sklearn.metrics import pairwise_distances

from gan_keras import data
from gan_keras.evaluation import classifier, metrics

digits = data.load("mnist")
random = np.random.default_rng(0)

# %% [markdown]
# ## Good and bad digits
#
# One set of test digits is our reference for what is real. A second set of the same size plays the part of a perfect
# generator: it is real, but not the same. Then we spoil it in several ways, but keep its size, because the numbers
# depend on it: a set without some digits is filled up with copies of its others.

# %%
order = random.permutation(len(digits.test.images))
half = min(2000, len(order) // 2)
reference, perfect = digits.test.images[order[:half]], digits.test.images[order[half : 2 * half]]
reference_labels, perfect_labels = digits.test.labels[order[:half]], digits.test.labels[order[half : 2 * half]]

fakes = {
    "perfect": perfect,
    "blurred": scipy.ndimage.gaussian_filter(perfect, sigma=(0, 1, 1, 0)),
    "noisy": np.clip(perfect + random.normal(0, 60, perfect.shape), 0, 255).astype(np.uint8),
    "no 1, 4, 7": np.resize(perfect[~np.isin(perfect_labels, [1, 4, 7])], perfect.shape),
    "one image": np.repeat(perfect[:1], half, axis=0),
    "noise": random.integers(0, 256, perfect.shape, dtype=np.uint8),
}
for name, images in fakes.items():
    book.show(images[:16], columns=16, title=name)

# %% [markdown]
# By eye, you could put these sets in some order. A number should agree with you.
#
# ## Not the pixels
#
# Could we compare pixels? Move a digit to the right by two pixels: it is still the same digit, written by the same
# hand. Then look among the reference digits for the one that is nearest to the original by its pixels, but is *another*
# digit. Which of the two is nearer?

# %% tags=["cover"]
moved = np.roll(perfect, 2, axis=2)
distances = pairwise_distances(perfect.reshape(half, -1).astype(float), reference.reshape(half, -1).astype(float))
distances[perfect_labels[:, None] == reference_labels] = np.inf
nearest = reference[distances.argmin(axis=1)]
to_itself, to_another = (
    np.sqrt(((perfect.astype(float) - images) ** 2).sum(axis=(1, 2, 3))) for images in (moved, nearest)
)
book.show(np.concatenate([perfect[:16], moved[:16], nearest[:16]]), columns=16, title="Digit, moved, another digit")
print(f"distance to itself, moved by two pixels: {to_itself.mean():.0f}")
print(f"distance to the nearest other digit:     {to_another.mean():.0f}")
print(f"for {np.mean(to_another < to_itself):.0%} of the digits, the other one is nearer")

# %% [markdown]
# For most digits the pixels say that another digit is more like it than it is like itself. Pixels compare places, not
# shapes.
#
# So we ask a network that has learnt what matters in a digit. The package has a small classifier, trained on the
# digits. It turns an image into 128 *features*, from which it computes ten *logits*, one for each class. A classifier
# whose features the metrics use is called their *ruler*.

# %%
look = classifier.load()
features, _, logits = look(reference)
logits = logits[:, 0]  # of the only channel
print("features", features.shape, "logits", logits.shape)

# %% [markdown]
# ## The Fréchet distance
#
# Think of the features of many images as a cloud of points. Two clouds are alike if they have the same centre and the
# same shape. Take the centre as the mean $\mu$ and the shape as the covariance $\Sigma$. If both clouds were normal
# distributions, the distance between them that Fréchet defined would be exactly
#
# $$d^2 = \|\mu_1 - \mu_2\|^2 + \operatorname{tr}\left(\Sigma_1 + \Sigma_2 - 2\,(\Sigma_1 \Sigma_2)^{1/2}\right)$$
#
# In one dimension this is $(\mu_1 - \mu_2)^2 + (\sigma_1 - \sigma_2)^2$: how far the centres are apart, and how
# different the widths are.
#
# The trace of a matrix is the sum of its eigenvalues, and the eigenvalues of a square root are the roots of the
# eigenvalues. So we need no root of a matrix.


# %%
def frechet_distance(first, second):
    difference = first.mean(axis=0) - second.mean(axis=0)
    covariance_1, covariance_2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    eigenvalues = np.linalg.eigvals(covariance_1 @ covariance_2).real  # real and not negative, except for rounding
    trace_of_root = np.sqrt(eigenvalues.clip(min=0)).sum()
    return difference @ difference + np.trace(covariance_1 + covariance_2) - 2 * trace_of_root


seen = {name: look(images) for name, images in fakes.items()}
for name, (fake_features, *_) in seen.items():
    ours = frechet_distance(features, fake_features)
    package = metrics.distances.frechet_distance(features, fake_features)["fid"]
    print(f"{name:12} by hand {ours:8.2f}   package {package:8.2f}")

# %% [markdown]
# Both computations agree, and the order is *nearly* the one you would have chosen. But did you expect the noisy digits
# to be so bad? You can read them at once. The classifier has never seen such noise, and takes nearly all of them for
# the same digit. Remember: the numbers are the ruler's opinion, not yours. Papers call the distance *FID*, the Fréchet
# *Inception* distance, because their ruler is the Inception network.
#
# ## The floor
#
# The distance of "perfect" is not 0, although all its digits are real. With few images, mean and covariance are known
# only roughly. The fewer images, the larger the distance between two sets of real ones:

# %%
counts = [*(count for count in (50, 100, 200, 400, 1000) if count < half), half]
floors = [frechet_distance(features[:count], look(perfect[:count])[0]) for count in counts]
plt.figure(figsize=(6, 3))
plt.loglog(counts, floors, marker="o")
plt.xlabel("images in each set")
plt.title("Fréchet distance between real digits and real digits")
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# So a distance means nothing without the number of samples, and without its *floor*: the value that real images get
# with the same number of samples. `gan_keras.evaluate` always shows both.
#
# ## The score
#
# A good set of samples has two properties. Each image is clearly of one class: the classifier's probabilities $p(y|x)$
# are near 0 or 1. And all classes occur: the mean of these probabilities, $p(y)$, is even. The *score* puts both into
# one number:
#
# $$S = \exp\Big(\mathbb{E}_x \sum_y p(y|x) \log\frac{p(y|x)}{p(y)}\Big)$$


# %%
def score(logits):
    probability = scipy.special.softmax(logits.astype(float), axis=1)
    mean = probability.mean(axis=0)
    return np.exp((probability * np.log((probability + 1e-20) / mean)).sum(axis=1).mean())


for name, (*_, fake_logits) in seen.items():
    logits = fake_logits[:, 0]
    print(f"{name:12} by hand {score(logits):5.2f}   package {metrics.classes.score(logits)['score']:5.2f}")

# %% [markdown]
# At best it is the number of classes, 10. The set with one image has a score of 1: every image is clear, but there is
# only one class.
#
# Note what the score does *not* see. Blurred digits score well, as long as the classifier can read them, and a
# generator that makes one perfect image for each class would get 10.

# %%
ten = np.repeat([perfect[perfect_labels == label][0] for label in range(10)], half // 10, axis=0)
print(f"ten images: score {score(look(ten)[2][:, 0]):.2f}, distance {frechet_distance(features, look(ten)[0]):.1f}")

# %% [markdown]
# The Fréchet distance sees it. No single number is enough, so `evaluate` has several, among them *precision* (do the
# samples look real?) and *recall* (do they reach every kind of real image?):

# %%
for name, (fake_features, *_) in seen.items():
    values = metrics.manifolds.precision_recall_density_coverage(features, fake_features)
    print(f"{name:12} precision {values['precision']:.2f}   recall {values['recall']:.2f}")

# %% [markdown]
# Without three of the digits, precision stays high and recall falls: what is there is good, but not all is there.
#
# ## Another classifier, another number
#
# How much does the distance depend on the classifier? We train another one, on a part of the digits, for a short time.

# %%
options = classifier.Training(epochs=3, seed=1)
part = data.Split(digits.train.images[: 128 * book.steps(60)], digits.train.labels[: 128 * book.steps(60)])
network = classifier.train(part, 10, options)
extract = keras.Model(network.inputs, network.layers[-2].output)


def other(images):
    return extract.predict(data.standardise(images), verbose=0)


# %%
other_features = other(reference)
print(f"{'':12} shipped   other")
for name, images in fakes.items():
    shipped = frechet_distance(features, seen[name][0])
    print(f"{name:12} {shipped:7.2f} {frechet_distance(other_features, other(images)):7.3g}")

# %% [markdown]
# The numbers have nothing to do with each other, and not even the order is the same. (With all 60,000 digits, *noisy*
# and *one image* change places.) **Fréchet distances from different rulers cannot be compared.** This also holds for
# this project's ruler and a paper's. When a paper reports an FID on MNIST without its features and its number of
# samples, the number says little. [Notebook 11](11_how_others_measure.ipynb) goes on from here.
#
# With all 60,000 digits the sets here have 2,000 images instead of a few hundred, and all the floors are lower.
#
# ## Exercises
#
# 1. How much blur is as bad as having no ones at all? Compute the distance for several `sigma`.
# 2. The distance assumes clouds that are normal distributions. Plot the histogram of one feature. Is it normal?
# 3. A generator memorises the training set and returns it. What are its distance and its score? What would you measure?
#
# <details><summary>Solutions</summary>
#
# 1. Compare `frechet_distance(features, look(np.resize(perfect[perfect_labels != 1], perfect.shape))[0])` with the
#    distances of blurred images: these grow slowly at first and then fast, when strokes run into each other. A `sigma`
#    a little above 1 is as bad.
# 2. Not at all: many features are zero for most images. The formula is then not the exact distance, but still a useful
#    number.
# 3. Both are perfect. You have to look for samples that are too near to training images: `near_copies` in `evaluate`.
# </details>
#
# ## Read on
#
# - M. Heusel and others, *GANs trained by a two time-scale update rule* (2017), arXiv:1706.08500: the Fréchet distance.
# - T. Salimans and others, *Improved techniques for training GANs* (2016), arXiv:1606.03498: the score.
# - T. Kynkäänniemi and others, *Improved precision and recall metric* (2019), arXiv:1904.06991.
# - Next: [better losses](5_better_losses.ipynb).
