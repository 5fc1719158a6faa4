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
# # 8. Your own images
#
# From a folder of scans to a trained generator and an honest number. The scans are made here, out of digits: black ink
# on grey paper, of many sizes, with noise. Put the path of your own folder in their place, and all the rest
# stays.
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
import shutil
from pathlib import Path

import book
import numpy as np
from PIL import Image

from gan_keras import classifier, data, evaluate, train
from gan_keras.models import proposed
from gan_keras.ui.console import UserError

# %% [markdown]
# ## A folder of scans
#
# One sub-folder per class is all that is needed. The names of the folders become the names of the classes.

# %%
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
scans = Path("runs/scans")
shutil.rmtree(scans, ignore_errors=True)
digits, random = data.load("mnist").train, np.random.default_rng(0)
for number in range(2000):
    image, name = digits.images[number, ..., 0], NAMES[digits.labels[number]]
    width, height = random.integers(40, 90, 2)
    ink = np.asarray(Image.fromarray(image).resize((width, height))) / 255
    paper = 225 + random.normal(0, 6, ink.shape)
    (scans / name).mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(paper - 200 * ink, 0, 255).astype(np.uint8)).save(scans / name / f"{number}.png")
print(sorted(folder.name for folder in scans.iterdir()))

# %% [markdown]
# ## What is in there?
#
# `data.load` finds out, and says what it did.

# %% tags=["cover"]
dataset = data.load(data_dir=scans)
print(dataset.describe())
book.show(dataset.train.images[:: len(dataset.train.images) // 20][:20])

# %% [markdown]
# The images were not square: they were padded with the colour of their border, so that the digits keep their form. Grey
# images become 28x28 unless you ask for another `image_size`.
#
# The note has seen that they are dark on light. A network can learn that, too, but then the paper's noise fills every
# image. `invert` turns them.

# %%
inverted = data.load(data_dir=scans, conversion=data.Conversion(invert=True))
book.show(inverted.train.images[:: len(inverted.train.images) // 20][:20])

# %% [markdown]
# A file that cannot be read is an error, which names all such files. Nothing is left out without your saying so.

# %%
(scans / "one" / "cut_short.png").write_bytes(b"not a picture")
try:
    data.load(data_dir=scans)
except UserError as error:
    print(error)
(scans / "one" / "cut_short.png").unlink()

# %% [markdown]
# ## Train
#
# The same options work on the command line:
#
# `python -m gan_keras.train --data-dir runs/scans --invert --augment`
#
# About 1,700 images are few. A discriminator soon knows them by heart, and then calls everything else a fake. With
# `augment` it sees all images moved and covered at random, real ones and fakes alike, so that there is less to know by
# heart (Zhao and others 2020).

# %%
run = train.run(
    proposed.Config(
        data_dir=scans,
        invert=True,
        augment=True,
        out=Path("runs/own"),
        overwrite=True,
        epochs=4,
        steps_per_epoch=book.steps(250),
    )
)

# %% [markdown]
# ## Measure
#
# The classifier of the package knows MNIST's digits, not yours. So train one on your images first, with the same
# options. It holds out the same test images as the run did.

# %%
shutil.rmtree("runs/own_classifier", ignore_errors=True)
classifier.main(["--data-dir", str(scans), "--invert", "--epochs", str(book.steps(20)), "--out", "runs/own_classifier"])

# %%
options = evaluate.Options(source=run, classifier=Path("runs/own_classifier"), samples=250)
result = evaluate.evaluate(options)

# %% [markdown]
# How much is that? The column `real` shows what real images get: the floor. It is high, because there are only few test
# images, and the classifier has seen few images as well. `label_accuracy` says how often the classifier sees the class
# that was asked for.
#
# ## What the generator knows
#
# It takes the number of a class, and knows the names. They are in alphabetical order, as the folders were.

# %%
import tensorflow as tf

generator = tf.saved_model.load(str(run / "generator"))
names = [name.decode() for name in generator.class_names().numpy()]
print(names)
wanted = [names.index(name) for name in ("four", "one", "one", "zero", "zero", "one")]
book.show(generator.generate(6, 1, wanted).numpy(), columns=6)

# %% [markdown]
# ## Exercises
#
# 1. Train without `augment` as well, and compare both `fid_scans` values (the name of the folder is part of the name).
# 2. Leave out `invert`. What does the generator draw where there was paper?
# 3. Put the scans into folders `train` and `test` with the classes in them. Which images does the classifier's accuracy
#    come from now?
#
# <details><summary>Solutions</summary>
#
# 1. One run of each proves nothing: compare several seeds, and longer runs, in which there is more time to learn by
#    heart.
# 2. Grey with some noise: it is a part of the images like any other. The digits come later.
# 3. From those in `test`: a split that the folders make is kept.
# </details>
#
# ## Read on
#
# - S. Zhao and others, *Differentiable augmentation for data-efficient GAN training* (2020), arXiv:2006.10738.
# - [Which layouts and formats are understood](../docs/data.md).
# - Next, for those who want to know more: [Wasserstein, by hand](9_wasserstein_by_hand.ipynb).
