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
# # 7. Out of the notebook
#
# A model that stays in its notebook is of no use. Here you load one into a program that has only TensorFlow, make it a
# layer of a Keras model, and measure images that did not come from this project at all.
#
# It takes about two minutes on two cores.

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
import subprocess
import sys
from pathlib import Path

import book
import keras
import numpy as np
import tensorflow as tf

from gan_keras import data, evaluate, train
from gan_keras.models import proposed

# %% [markdown]
# First we need something to load: the default model, which takes labels, trained for a minute.

# %%
run = train.run(proposed.Config(out=Path("runs/outside"), overwrite=True, epochs=3, steps_per_epoch=book.steps(250)))

# %% [markdown]
# ## What a SavedModel is
#
# `generator/` is a folder with the computation graph, the weights, and a list of *signatures*: functions that can be
# called, with the names, types and shapes of their arguments. It contains no Python code of this project, and needs
# none. TensorFlow's own tool shows the default signature.

# %%
command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "show", "--dir", run / "generator"]
command += ["--tag_set", "serve", "--signature_def", "serving_default"]
shown = subprocess.run(command, capture_output=True, text=True, check=True)
print(shown.stdout)

# %% [markdown]
# ## Plain TensorFlow
#
# In Python, the signatures are methods of the object that `tf.saved_model.load` returns. `serve` is the default one: it
# turns latents (and labels) into images between -1 and 1.

# %% tags=["cover"]
loaded = tf.saved_model.load(str(run / "generator"))
images = loaded.serve(tf.random.normal([20, 100]), tf.range(20) % 10)
print(images.shape, images.dtype, float(tf.reduce_min(images)), float(tf.reduce_max(images)))
book.show(images)

# %% [markdown]
# `generate` does what you need most often: it returns the number of images that you ask for, as bytes, the same for the
# same seed. It works in parts, so that a hundred thousand images do not fill the memory.

# %%
book.show(loaded.generate(10, 7), title="count 10, seed 7: each class in turn")
book.show(loaded.generate(4, 7, [2, 0, 2, 6]), columns=4, title="labels 2, 0, 2, 6")

# %% [markdown]
# To prove that nothing of this project is needed, we do it in another process, in which an import of `gan_keras` fails.

# %%
program = """
import sys
sys.modules["gan_keras"] = None  # an import would fail now
import tensorflow as tf
generator = tf.saved_model.load(sys.argv[1])
print("images", generator.generate(3, 7).shape)
"""
done = subprocess.run([sys.executable, "-c", program, run / "generator"], capture_output=True, text=True, check=True)
print(done.stdout)

# %% [markdown]
# The discriminator is there too: it turns images (and labels) into the probability that they are real. We ask it about
# real digits with the right labels, with wrong ones, and about noise.

# %%
dataset = data.load("mnist")
digits = dataset.test
discriminator = tf.saved_model.load(str(run / "discriminator"))
real, labels = data.standardise(digits.images[:200]), digits.labels[:200].astype(np.int32)
for name, pictures, classes in (
    ("real, right label", real, labels),
    ("real, wrong label", real, (labels + 1) % 10),
    ("noise", tf.random.uniform(real.shape, -1, 1), labels),
):
    print(f"{name:18} {float(tf.reduce_mean(discriminator.serve(pictures, classes))):.3f}")

# %% [markdown]
# It prefers the right label. Its opinion of noise is worth nothing: it has learnt from real and from fake digits and
# never saw noise. A discriminator cannot detect everything that is not a digit.
#
# ## Keras
#
# A Keras program can use the generator in two ways. `generator.keras` holds the network as layers: you can look into it
# and train it further. All its layers are Keras' own.

# %%
network = keras.models.load_model(run / "generator.keras")
print([type(layer).__name__ for layer in network.layers])

# %% [markdown]
# Or take the SavedModel as one closed layer, with `TFSMLayer`. Here it becomes a part of a larger model, which enlarges
# the digits.

# %%
latent, label = keras.Input([100], name="latent"), keras.Input([], dtype="int32", name="label")
layer = keras.layers.TFSMLayer(run / "generator", call_endpoint="serve")
large = keras.Model([latent, label], keras.layers.UpSampling2D(3, interpolation="bilinear")(layer(latent, label=label)))
print(large([tf.random.normal([5, 100]), tf.range(5)]).shape)

# %% [markdown]
# Do all three agree? They must, except for rounding.

# %%
latents, classes = tf.random.stateless_normal([10, 100], seed=[0, 1]), tf.range(10)
one = loaded.serve(latents, classes)
print("SavedModel and generator.keras:", float(tf.reduce_max(tf.abs(one - network([latents, classes])))))
print("SavedModel and TFSMLayer:      ", float(tf.reduce_max(tf.abs(one - layer(latents, label=classes)))))

# %% [markdown]
# ## Measuring your own model
#
# Perhaps you have your own generator, written in another framework. `evaluate` needs only its images: an array of bytes
# in a file. If you know the labels, put them into the file as well.
#
# Our "own model" here draws a digit from the training set and shifts it a little. It is simple, but not bad. Look at
# `near_copies`: a copy that was moved by two pixels is still a copy.

# %%
random = np.random.default_rng(0)
digits = dataset.train  # not the test digits, which the metrics compare with
chosen = random.integers(0, len(digits.images), 400)
own = np.stack([np.roll(digits.images[number], random.integers(-2, 3, 2), axis=(0, 1)) for number in chosen])
np.savez("runs/own.npz", images=own, labels=digits.labels[chosen])
book.show(own[:20])

# %%
result = evaluate.evaluate(evaluate.Options(source=Path("runs/own.npz"), samples=400))

# %% [markdown]
# Now the generator we trained, with the same number of samples, so that the numbers can be compared:

# %%
samples, asked = loaded.generate(400, 7).numpy(), np.arange(400) % 10
np.savez("runs/ours.npz", images=samples, labels=asked)
ours = evaluate.evaluate(evaluate.Options(source=Path("runs/ours.npz"), samples=400))

# %% [markdown]
# Real digits that were moved a little have by far the better `fid_mnist`, because its features ignore where a digit is.
# Those of `sfid_mnist` do not. And `near_copies` shows why neither should impress you.
#
# On the command line, use `python -m gan_keras.evaluate images.npz`. With MNIST's 10,000 test digits you can use 10,000
# samples, and the numbers are steadier.
#
# ## Exercises
#
# 1. Write the loop that makes 10,000 labelled digits and saves them as PNG files, in one folder for each class.
# 2. Train on that folder: `python -m gan_keras.train --dataset folder:PATH`. What do you expect of a GAN that learns
#    from a GAN?
# 3. Serve the generator with TensorFlow Serving; its documentation shows how. Which signature does it offer by default?
#
# <details><summary>Solutions</summary>
#
# 1. After `import imageio.v3`, with a `folder` of your choice:
#
#    ```python
#    for label in range(10):
#        (folder / str(label)).mkdir(parents=True)
#    for number, image in enumerate(loaded.generate(10_000, 1).numpy()):
#        imageio.v3.imwrite(folder / str(number % 10) / f"{number}.png", image[..., 0])
#    ```
#
# 2. It cannot be better than its teacher: what the first did not learn is missing in the second, which adds its own
#    faults.
# 3. `serving_default`: latents and labels to images.
# </details>
#
# ## Read on
#
# - The TensorFlow guide *Using the SavedModel format*.
# - The Keras guide *Exporting models*, and the page of `TFSMLayer`.
# - This project's [README](../README.md): all commands, and what each file is for.
# - Next: [your own images](8_your_own_images.ipynb).
