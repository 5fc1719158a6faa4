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
# # 5. Better losses
#
# The first GAN compares probabilities. Much of what was invented since compares in a better way, or limits the
# discriminator. Here you meet the four ideas that lasted: the Wasserstein distance, the gradient penalty, spectral
# normalisation and the hinge loss. Then you repeat the paper's Table 2 on a small scale.
#
# It takes less than six minutes on two cores.

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
from pathlib import Path

import book
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from IPython.display import Image, Markdown
from keras import layers

from gan_keras import compare
from gan_keras.game import losses, penalties
from gan_keras.layers import SpectralNormalization
from gan_keras.models import sngan, wgan, wgan_gp

# %% [markdown]
# ## How far is it?
#
# Take the simplest case: all real data are the number 0, and the generator makes only the number $\theta$. It should
# move to 0. What would a perfect discriminator tell it?
#
# It can always distinguish 0 from $\theta$, no matter how near they are. So the value of the original game, which
# measures how well the two can be told apart, is the same for every $\theta \ne 0$. It is a step: no slope shows where
# to go. The *Wasserstein* distance asks another question: how far must one of them be carried to become the other? The
# answer is $|\theta|$, and its slope always leads to 0.

# %%
theta = np.linspace(-2, 2, 401)
plt.figure(figsize=(6, 3))
plt.plot(theta, np.where(np.isclose(theta, 0), 0, np.log(2)), label="Jensen-Shannon: the original game")
plt.plot(theta, np.abs(theta), label="Wasserstein")
plt.xlabel("where the generator is; the data are at 0")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %% [markdown]
# ## The Wasserstein GAN
#
# How does one compute such a distance between images? By a theorem of Kantorovich and Rubinstein it is the largest
# difference that any function $f$ can make between the two, if $f$ is nowhere steeper than 1:
#
# $$W = \max_{\|f\|_L \le 1} \; \mathbb{E}_x[f(x)] - \mathbb{E}_z[f(G(z))]$$
#
# So the discriminator becomes a *critic*. It does not classify an image as real or fake, but gives it a number. Its
# loss is this difference with the opposite sign, because losses are minimised:

# %%
print(inspect.getsource(losses.wasserstein.discriminator))
print(inspect.getsource(losses.wasserstein.generator))

# %% [markdown]
# The difficulty is "nowhere steeper than 1". The first WGAN clips all the weights of its critic to a small range. Here
# is the whole model: it states only what it changes in the DCGAN.

# %%
print(inspect.getsource(wgan.Model))

# %% [markdown]
# ## The gradient penalty
#
# Clipping is crude: most weights end at one of the two bounds, and the critic becomes too simple. Gulrajani and others
# penalise the steepness itself. At random places $\hat x$ between real and fake images, the critic's gradient should
# have length 1:
#
# $$\lambda \, \mathbb{E}_{\hat x}\left[(\|\nabla f(\hat x)\| - 1)^2\right]$$
#
# We test it on a function of known steepness: $f(x) = s \cdot \sum_i x_i / \sqrt{784}$ has the steepness $s$
# everywhere. The penalty should be $(s - 1)^2$.

# %%
real, fake = tf.random.normal([2, 8, 28, 28, 1])
mix = tf.random.uniform([8, 1, 1, 1])
for steepness in (0.0, 0.5, 1.0, 2.0, 3.0):

    def critic(images, steepness=steepness):
        return steepness * tf.reduce_sum(images, axis=[1, 2, 3])[:, None] / 28

    penalty = penalties.gradient_penalty(critic, real, fake, mix)
    print(f"steepness {steepness}: penalty {penalty:.3f}, expected {(steepness - 1) ** 2:.3f}")

# %%
print(inspect.getsource(wgan_gp.Model))

# %% [markdown]
# The penalty is costly: it takes the gradient of a gradient, and five steps of the critic for each step of the
# generator.
#
# ## Spectral normalisation
#
# A dense layer stretches no vector by more than its kernel's largest *singular value*. Divide the kernel by it, and the
# layer's steepness is 1. A chain of such dense layers is nowhere steeper than 1, because the LeakyReLUs between them do
# not stretch either.
#
# Finding the singular value at each step would be slow. The *power iteration* multiplies once per step with the kernel
# and its transpose, and its estimate comes nearer each time, because the kernel changes slowly. Watch it:

# %%
layer = SpectralNormalization(layers.Dense(64))
layer.build([None, 128])
inputs = tf.random.normal([1000, 128])
stretches = []
for _ in range(12):
    outputs = layer(inputs, training=True)
    largest = np.linalg.svd(layer.layer.kernel, compute_uv=False)[0]
    ratio = np.linalg.norm(outputs) / np.linalg.norm(layer.layer(inputs))  # 1 / the estimate
    stretches.append(largest * ratio)
plt.figure(figsize=(6, 2.5))
plt.plot(range(1, 13), stretches, marker="o")
plt.axhline(1, color="grey", linestyle="--")
plt.xlabel("power iterations")
plt.title("Largest stretch of the normalised layer")
plt.show()

# %% [markdown]
# And a convolution? The papers write its kernel as a matrix, one column for each output channel, and divide by the
# largest singular value of *that*. It bounds what the kernel does to one patch of the image. But the patches overlap:
# with 4x4 kernels and a stride of 2, each pixel is in four of them. So the outputs' squares can add up to four times
# those of the image, and the steepness lies between 1 and 2. Where? The same power iteration finds out, with the
# convolution and its transpose, which is its gradient:


# %%
def steepness(layer, image_shape):
    image = tf.random.normal([1, *image_shape])
    for _ in range(50):
        with tf.GradientTape() as tape:
            tape.watch(image)
            half_square = tf.reduce_sum(layer(image) ** 2) / 2
        image = tf.math.l2_normalize(tape.gradient(half_square, image))
    return float(tf.norm(layer(image)))


for channels, filters, side in ((1, 64, 28), (64, 128, 14)):
    convolution = SpectralNormalization(layers.Conv2D(filters, 4, strides=2, padding="same"))
    for _ in range(50):
        convolution(tf.zeros([1, side, side, channels]), training=True)  # its own power iterations
    print(f"from {channels:2} to {filters:3} channels: {steepness(convolution, [side, side, channels]):.2f}")

# %% [markdown]
# So a critic of normalised convolutions may be steeper than 1, but its steepness is bounded, and that is enough in
# practice: the number only sets the scale of the logits.
#
# ## The hinge loss
#
# The spectrally normalised GAN came with a loss that Lim and Ye had proposed the year before. A real image with a logit
# above 1, or a fake one with a logit below -1, no longer counts: the discriminator has understood it, and should work
# on the others.

# %%
logits = np.linspace(-3, 3, 121).astype(np.float32)
plt.figure(figsize=(6, 3))
for name, loss, understood in (  # the logit of a fake image that adds nothing to the loss
    ("cross-entropy", losses.non_saturating, -30.0),
    ("hinge", losses.hinge, -1.0),
    ("Wasserstein", losses.wasserstein, 0.0),
):
    values = [loss.discriminator(tf.constant([[logit]]), tf.constant([[understood]])) for logit in logits]
    plt.plot(logits, values, label=name)
plt.xlabel("the discriminator's logit of a real image")
plt.title("Loss for a real image")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

# %%
print(inspect.getsource(sngan.Model))

# %% [markdown]
# ## Table 2, small
#
# The paper compares its models after 50 epochs. This hides that some take several times longer for an epoch than
# others. We give each model the same *time*: twenty seconds, for networks with a quarter of the channels. `compare`
# first measures how fast each model is and turns the time into steps. Then it trains the models one after the other,
# and measures all of them with the same metrics. What it calls an epoch here is a tenth of a run.
#
# `proposed` is the paper's own model as this package implements it: the DCGAN with spectral normalisation, a dense
# layer in the discriminator, the first GAN's loss, and a high learning rate that falls at the end. `wgan_gp` is left
# out, because it would hardly begin in twenty seconds. An alarm reports a bad sign that has lasted for some time: with
# so little training there may be several.

# %%
Path("runs").mkdir(exist_ok=True)
options = compare.Options(
    models="dcgan --filters 16 --learning-rate 1e-3,wgan --filters 16,sngan --filters 16 --learning-rate 1e-3,proposed --filters 16",
    **book.terms(budget="20s"),
    seeds=1,
    samples=500,
    out=Path("runs/better_losses"),
)
result = compare.compare(options)

# %%
Markdown((options.out / "comparison.md").read_text())

# %% tags=["cover"]
Image(filename=str(options.out / "curves.png"))

# %%
Image(filename=str(options.out / "samples.png"))

# %% [markdown]
# Are you surprised? The Wasserstein GAN has seen many images, but its generator has hardly begun: five of six moves are
# the critic's, and its learning rate is small. Careful methods cost time. Their benefit is that a long training does
# not fail.
#
# Table 3 is a snapshot after the very last step, and so early the discriminator swings from one step to the next. The
# curves use another number of samples than the table, so compare values only within one of them.
#
# Be careful with conclusions: twenty seconds and one seed prove nothing about 50 epochs. A fair comparison states its
# budget, repeats with several seeds, and shows the deviation: `python -m gan_keras.compare --budget 300s --seeds 3`.
#
# If you run this cell again, nothing is trained again, because a comparison takes finished runs as they are. Delete
# `runs/better_losses` to start over.
#
# ## Exercises
#
# 1. Add `lsgan --filters 16` and `r3gan --filters 16` to `models`, and run again. Which models are trained?
# 2. Remove the gradient penalty from `wgan_gp` with `wgan_gp --gradient-penalty 0`. What happens to its losses, and
#    why?
# 3. Write the losses of a GAN that uses $-\log D$ for the discriminator and the hinge loss for the generator. How many
#    lines do you need?
#
# <details><summary>Solutions</summary>
#
# 1. Only the new ones.
# 2. Nothing limits the critic: it makes its numbers larger and larger, the losses diverge, and the generator learns
#    little.
# 3. One: `losses.AdversarialLoss(losses.non_saturating.discriminator, losses.hinge.generator)`, as `adversarial_loss`
#    of a subclass of `dcgan.Model`.
# </details>
#
# ## Read on
#
# - M. Arjovsky and others, *Wasserstein GAN* (2017), arXiv:1701.07875.
# - I. Gulrajani and others, *Improved training of Wasserstein GANs* (2017), arXiv:1704.00028.
# - T. Miyato and others, *Spectral normalization for GANs* (2018), arXiv:1802.05957.
# - J. H. Lim and J. C. Ye, *Geometric GAN* (2017), arXiv:1705.02894: the hinge loss.
# - M. Lucic and others, *Are GANs created equal?* (2017), arXiv:1711.10337: on fair comparisons.
# - Next: [choosing the digit](6_choosing_the_digit.ipynb).
