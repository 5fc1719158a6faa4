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
# # 9. From one hand to another
#
# A CycleGAN translates images of one kind into another kind, and back. Nobody tells it which image belongs to which: it
# gets a heap of each (Zhu and others 2017). Here the heaps are MNIST's digits, written by Americans in the 1990s, and
# the 8x8 digits of scikit-learn, written by Turks in the same years. You will see it work, find out what is wrong with
# it, measure that, and cure it.
#
# It takes about five minutes on two cores.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("gan_keras") is None:
    print("Installing gan_keras: this takes some minutes.", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", ".."], check=True)

# %%
from pathlib import Path

import book
import numpy as np

from gan_keras import data, evaluate, train
from gan_keras.evaluation import classifier
from gan_keras.exporting import translation
from gan_keras.models import cyclegan

# %% [markdown]
# ## Two hands
#
# All images get the same size, 16x16 here, to save time.

# %%
small = data.Conversion(image_size=16)
source, target = (data.load(name, conversion=small) for name in ("mnist", "digits8x8"))
print(source.describe())
book.show(source.test.images[:20])
print(target.describe())
book.show(target.test.images[:20])

# %% [markdown]
# The hands differ: MNIST's lines are thin and have air around them, the others are thick, soft and fill the image. The
# digits are written differently too. A classifier of one hand has trouble with the other, as we will measure.
#
# ## Two generators, two discriminators, and a circle
#
# One generator, `to_target`, makes digits of the second hand out of those of the first; `to_source` goes back. Each hand
# has a discriminator, which tells real images from translated ones. That alone would allow any translation that looks
# real: every 3 could become the same beautiful 7. So the image must survive the way there and back. With $G$ for
# `to_target` and $F$ for `to_source`, the *cycle loss* is
#
# $$\lVert F(G(x)) - x \rVert_1 + \lVert G(F(y)) - y \rVert_1$$
#
# The adversarial loss is that of least squares. The model is one file,
# [`models/cyclegan.py`](../gan_keras/models/cyclegan.py), on the same training step as all others.
#
# First without its `semantic` loss, as in the paper.

# %%
def options(name, **chosen):
    """Return the options of a run on these two hands."""
    return cyclegan.Config(
        image_size=16,
        average_decay=0.99,
        epochs=4,
        steps_per_epoch=book.steps(150),
        out=Path("runs") / name,
        overwrite=True,
        **chosen,
    )


plain = train.run(options("plain", semantic=0.0))

# %%
from IPython.display import Image

Image(plain / "samples" / "epoch_0004.png")

# %% [markdown]
# The rows: MNIST's digits, their translations, and these translated back; then the other hand's, and the same. The third
# row is nearly the first one, and the sixth the fourth: the circle closes. The hands are right, too.
#
# ## What is wrong with it
#
# Look at the second row again. Are these the digits above them? The losses do not ask for that: they ask that each
# translation looks like *some* digit of the other hand, and that the way back restores the image. A 3 may become a 6,
# as long as it comes back as a 3. This is called *label flipping*.
#
# `evaluate` measures it by three classifiers: of the one hand, of the other, and of translated images with their labels.

# %%
measured = {"plain": evaluate.evaluate(evaluate.Options(source=plain, samples=2000))["metrics"]}

# %% [markdown]
# Compare `kept_there_and_back` with `kept_to_target`. The first is high: after the whole circle the digit is what it was.
# The second says how many digits keep their class on the way. So a model can be perfect by its own losses, and useless.
#
# Which became which? The classifier of the package knows MNIST's hand, so it can say what became of the second hand's
# digits.

# %%
from PIL import Image as Picture

to_source = translation.load(plain, translation.TO_SOURCE)
translated = to_source(target.test.images)
whole = np.stack([np.asarray(Picture.fromarray(image[..., 0]).resize((28, 28))) for image in translated])[..., None]
read = classifier.load()(whole).logits[:, 0].argmax(axis=1)
wrong = np.flatnonzero(read != target.test.labels)[:10]
print(f"{len(translated)} digits, {np.mean(read == target.test.labels):.0%} read as what they were before")
book.show(np.concatenate([target.test.images[wrong], translated[wrong]]), columns=max(1, len(wrong)))

# %% [markdown]
# Above what they were, below what they became.
#
# ## The cure
#
# Something must say that a 3 is a 3. Hoffman and others (2018) let a classifier of the source's images do that: what it
# reads in an image, it must read in the translation, too. That is the *semantic loss*. The classifier knows only the
# source's labels, but it reads some of the other hand as well, and the better the translations become, the more.
#
# The target's labels are never used. That is the point: most images in the world have none.

# %%
semantic = train.run(options("semantic", semantic=1.0))

# %%
measured["semantic"] = evaluate.evaluate(evaluate.Options(source=semantic, samples=2000))["metrics"]

# %%
print(f"{'':22}" + "".join(f"{name:>10}" for name in measured))
for name in measured["plain"]:
    print(f"{name:22}" + "".join(f"{values[name]:10.3f}" for values in measured.values()))

# %% [markdown]
# ## What it is for
#
# The last two lines are the use of it all. You have labelled images of one kind, and want to read another kind, of which
# you have only unlabelled images. `unadapted_accuracy` is what a classifier of the first kind gets on the second.
# `adapted_accuracy` is what one gets that was taught by translated images with the labels they had before. Without the
# semantic loss, the translations teach wrong labels.
#
# On the command line, with any two data sets or folders:
#
# ```
# python -m gan_keras.train --model cyclegan --source my_scans --target mnist
# python -m gan_keras.generate saved_models/cyclegan-my_scans-mnist --from my_scans --out translated.npz
# ```
#
# ## Exercises
#
# 1. Train with `cycle=0` as well. What do the third row and `kept_there_and_back` show?
# 2. Exchange the hands: `source="digits8x8", target="mnist"`. Now only 1,545 labels are known. Does the cure still work?
# 3. Is `kept_to_target` above its `real` value possible? What would that mean?
#
# <details><summary>Solutions</summary>
#
# 1. Nothing has to come back, so it does not; what is lost on the way there is lost.
# 2. The reader learns from fewer and coarser digits, and its mistakes are passed on: both shares fall.
# 3. Yes: translations can be plainer than real digits, which include unreadable ones. Then the translator makes the
#    typical digits of the other hand and not all of them.
# </details>
#
# ## Read on
#
# - J.-Y. Zhu and others, *Unpaired image-to-image translation using cycle-consistent adversarial networks* (2017),
#   arXiv:1703.10593.
# - J. Hoffman and others, *CyCADA: cycle-consistent adversarial domain adaptation* (2018), arXiv:1711.03213.
