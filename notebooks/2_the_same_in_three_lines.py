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
# # 2. The same in three lines
#
# In the [last notebook](1_a_gan_from_scratch.ipynb) you wrote a GAN. Here you train one with `gan_keras`, see that its
# training step is the one you wrote, and look at what a run leaves behind: a film, a log, a backup, and networks that
# any TensorFlow program can load.
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
import inspect
from pathlib import Path

import book
import matplotlib.pyplot as plt
from IPython.display import Image

from gan_keras import evaluate, train
from gan_keras.exporting import loading
from gan_keras.game import gan
from gan_keras.models import dcgan
from gan_keras.training import history

# %% [markdown]
# ## Three lines
#
# A `Config` holds the options of a model. The defaults of the DCGAN, which takes no labels, are those of the paper. We
# choose networks only twice as wide as yours, small batches and a higher learning rate, eight short epochs, and a
# folder. `overwrite` deletes what an earlier run of this notebook left there, so run this cell only to start again;
# without it, `gan_keras` never overwrites a run. `train.run` does the rest.

# %%
game = {"filters": 32, "batch_size": 64, "learning_rate": 5e-4, "epochs": 8, "steps_per_epoch": book.steps(200)}
options = dcgan.Config(**game, out=Path("runs/three_lines"), overwrite=True)
run = train.run(options)

# %% [markdown]
# The table has a line for each epoch, with both losses and the discriminator's accuracies on real and on fake images.
# If both accuracies were 0.5, it could only guess.
#
# ## What is in the folder

# %%
for path in sorted(run.iterdir()):
    print(path.name)

# %% [markdown]
# The film shows the same 64 latents after each epoch.

# %%
Image(data=(run / "progress.gif").read_bytes(), format="gif")

# %% [markdown]
# `history.csv` has a row for each epoch. `losses.png` is drawn from it; here we draw our own plot.

# %%
rows = history.read(run / "history.csv")
epochs = [int(row["epoch"]) for row in rows]
plt.figure(figsize=(6, 3))
for name in ("real_accuracy", "fake_accuracy"):
    plt.plot(epochs, [float(row[name]) for row in rows], marker=".", label=name.replace("_", " "))
plt.axhline(0.5, color="grey", linestyle="--")
plt.xlabel("epoch")
plt.legend()
plt.show()

# %% [markdown]
# ## The step is the one you wrote
#
# Here is the training step of all the models in the package.

# %%
print(inspect.getsource(gan.GAN.train_step))

# %% [markdown]
# Compare it with yours:
#
# | yours | the package's |
# | --- | --- |
# | `tf.random.normal([len(real_images), LATENT])` | in `generate`: normal numbers that depend on the seed and the number of the step, so that a run can be repeated, and resumed, exactly |
# | two tapes at once | two tapes, one after the other, so that the discriminator can take several steps for each step of the generator; you wrote the case of one |
# | `discriminator_loss(real_logits, fake_logits)` | a method that computes the logits of both batches and then the `adversarial_loss`, which other models replace: it is most of what makes a GAN a Wasserstein GAN |
# | `move` | `update`, written once for both players |
# | both losses from the same weights | the discriminator moves first, and the generator's loss uses its new weights: both ways work |
# | one `with` for both tapes | `with generator_tape` a second time: the tape has recorded how the fakes were made, and now continues with the loss |
# | nothing | `update_averages`: a copy of the generator follows it slowly. The copy is steadier, and it is the one that is shown and exported |
#
# The average is one line of arithmetic. With a decay $d$ near 1, its weights $\bar w$ follow the weights $w$ by
# $\bar w \leftarrow \bar w + (1 - d)(w - \bar w)$: the noise of the last steps cancels.

# %%
print(inspect.getsource(gan.GAN.update_averages))

# %% [markdown]
# And the networks? They are in `models/dcgan.py`, and you know them. The options give the number of filters.

# %%
print(inspect.getsource(dcgan.Model.build_upsampling))

# %% [markdown]
# ## Continue later
#
# A run can be stopped at any time, by *Interrupt* in the notebook or by a power cut, and resumed. This one is finished;
# we give it one more epoch. Note that it does not start from the beginning.

# %%
run = train.run(dcgan.Config(**game | {"epochs": 9}, out=run, resume=True))

# %% [markdown]
# ## Use it
#
# The generator was exported as a SavedModel. `loading.load_generator` finds it in the run's folder; the same seed gives
# the same digits.

# %% tags=["cover"]
generator = loading.load_generator(run)
samples, _ = loading.make(generator, count=500, seed=7)
book.show(samples[:80], columns=16)

# %% [markdown]
# How good are they? `evaluate` computes all the metrics that the package has, and shows beside each value the one that
# real digits get. [Notebook 4](4_measuring.ipynb) explains them; for now, compare the columns `value` and `real`. The
# column `good` says whether low or high values are good. (In the discriminator's lines, `real` is measured with real
# training digits instead of samples.)

# %%
result = evaluate.evaluate(evaluate.Options(source=run, samples=500))

# %% [markdown]
# ## The digits that you ask for
#
# The default model of the package is another one: `proposed`. It takes labels, as the second one that you wrote, and
# [notebook 6](6_choosing_the_digit.ipynb) trains it. A trained one comes with the package.

# %%
generator = loading.load_generator(loading.SHIPPED)
code, _ = loading.make(generator, count=6, seed=1, labels=[4, 1, 1, 0, 0, 1])
book.show(code, columns=6, title="411001")

# %% [markdown]
# ## Without Python
#
# Everything here can be done on the command line, where each option has a line of help:
#
# ```bash
# python -m gan_keras.train --model dcgan --preset quick
# python -m gan_keras.train --model dcgan --help
# python -m gan_keras.generate saved_models/dcgan-mnist --count 25 --out grid.png
# python -m gan_keras.evaluate saved_models/dcgan-mnist
# ```
#
# For all 60,000 digits and the 50 epochs of the paper, leave the options at their defaults: this takes some two hours.
#
# ## Exercises
#
# 1. Train with `average_decay=0.0` into another folder. How do the samples after each epoch differ?
# 2. Train twice with the same seed, into two folders. Are the networks the same, to the last bit?
# 3. Which line would you change to train the discriminator twice for each step of the generator?
#
# <details><summary>Solutions</summary>
#
# 1. The pictures change more from one epoch to the next, because they show the generator itself.
# 2. Yes, on the same machine: after `import keras`, compare `keras.models.load_model(folder /
#    "generator.keras").get_weights()`.
# 3. None: set `critic_steps=2` in the `Config`.
# </details>
#
# ## Read on
#
# - The Keras guide *Customizing what happens in fit()*: how your own training step becomes part of `fit`.
# - Next: [when it goes wrong](3_when_it_goes_wrong.ipynb).
