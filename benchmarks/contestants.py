"""What is compared. Each function runs in a process of its own and imports only what it needs: see alone.py."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

STRIDE = 20  # steps that are timed together: ours returns to Python only so often
PRODUCT = 2048  # rows and columns of the matrices whose product shows how fast a framework can be
GENERATING_SECONDS = 5


# Training steps: each returns the median `seconds` of a step, over strides of several, and its own framework's
# `product_rate` in the same precision


def train_ours(steps: int, **options) -> dict:
    """Train as `gan_keras.train` does, through `fit()` from the project's batches, but write nothing."""
    stride, total = _strides(steps)
    model, batches = build_ours(stride, **options)
    marks = []

    def mark(batch, logs):
        if (batch + 1) % stride == 0:
            marks.append(time.perf_counter())

    from keras.callbacks import LambdaCallback

    clock = LambdaCallback(on_train_batch_end=mark)
    model.fit(batches, steps_per_epoch=total, shuffle=False, verbose=0, callbacks=[clock])
    rate = _tensorflows_product_rate(model.generator.layers[0].compute_dtype)
    return {"seconds": median(np.diff(marks)) / stride, "product_rate": rate}


def build_ours(stride: int, batch_size: int, model: str = "dcgan", image_shape: Sequence[int] = (28, 28, 1), **options):
    """Return a model as `gan_keras.train` builds it, to run a stride of steps at a time, and its batches."""
    from gan_keras import data, models  # first: it chooses TensorFlow's kernels
    from gan_keras.training import setup

    images = _noise(batch_size, image_shape)
    split = data.Split(images, np.zeros(len(images), np.int32))
    config = models.load(model).Config(batch_size=batch_size, steps_per_execution=stride, **options)
    built = setup.build(config, data.Dataset("noise", "noise", split, split, ["0"]), stride)
    return built, data.batches(split, batch_size, seed=0)


def train_with_and_without(trick: str, batch_size: int, steps: int, rounds: int) -> dict:
    """Train ours and ours without one of `benchmarks.absences` in turn.

    Returns the `rounds`: for each the seconds of a step with and without.
    """
    from benchmarks.absences import TRICKS, undone

    def begin() -> Callable[[], float]:
        model, batches = build_ours(steps, batch_size, TRICKS[trick].model)

        def fit() -> float:
            start = time.perf_counter()
            model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0)
            return (time.perf_counter() - start) / steps

        fit()  # traces
        return fit

    with_it = begin()
    with undone(trick):
        without_it = begin()
    # The second one's seed has thrown away what the first one had compiled: a round to warm up.
    return {"rounds": [(with_it(), without_it()) for _ in range(1 + rounds)][1:]}


def train_without_onednn(**arguments) -> dict:
    """Train as `train_ours` does, on TensorFlow's own kernels."""
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    return train_ours(**arguments)


def train_tutorial(batch_size: int, steps: int, **_) -> dict:
    """Train as the usual tutorial does."""
    from benchmarks.tutorial import batches, begin

    step, _ = begin()
    seconds = _time(step, iter(batches(_noise(batch_size), batch_size).repeat()), steps)
    return {"seconds": seconds, "product_rate": _tensorflows_product_rate("float32")}


def train_pytorch(precision: str, kernel_size: int, batch_size: int, steps: int) -> dict:
    """Train the networks of our DCGAN in PyTorch."""
    import torch

    from benchmarks.pytorch import make_step

    images = torch.from_numpy((_noise(batch_size).transpose(0, 3, 1, 2).astype("float32") - 127.5) / 127.5)

    def batches() -> Iterator[torch.Tensor]:
        while True:
            yield from images[torch.randperm(len(images))].split(batch_size)

    seconds = _time(make_step(kernel_size, precision == "bfloat16"), batches(), steps)
    matrix = torch.randn(PRODUCT, PRODUCT, dtype=getattr(torch, precision))
    return {"seconds": seconds, "product_rate": _product_rate(matrix, torch.matmul)}


# Generating: each returns the `images_per_second` of batches of one size


def generate_ours(batch_size: int) -> dict:
    """Make images with the exported SavedModel's default signature."""
    import tensorflow as tf  # first: with the kernels of a program that has only TensorFlow

    from gan_keras.exporting import saved_model
    from gan_keras.models import dcgan

    model = dcgan.Model(dcgan.Config(precision="float32"), (28, 28, 1))
    with TemporaryDirectory() as folder:
        saved_model.export_network(model.sampler(), Path(folder) / "generator", class_names=list("0123456789"))
        serve = tf.saved_model.load(f"{folder}/generator").signatures["serving_default"]
    latent = tf.random.normal([batch_size, model.config.latent_dim])
    return {"images_per_second": _repeat(lambda: serve(latent=latent), batch_size)}


def generate_pytorch(batch_size: int) -> dict:
    """Make images with the same network in PyTorch."""
    import torch

    from benchmarks.pytorch import LATENT_DIM, Generator

    generator = Generator(kernel_size=4).eval().to(memory_format=torch.channels_last)
    latent = torch.randn(batch_size, LATENT_DIM)
    with torch.inference_mode():
        return {"images_per_second": _repeat(lambda: generator(latent), batch_size)}


# The tutorial's quality


def tutorial_epochs(data_dir: str | None, epochs: int, count: int, folder: str) -> dict:
    """Train as the usual tutorial does, or continue, saving each epoch; write images uint8 to `samples.npy`.

    Returns the `epochs` that it has, and the `seconds` that they took.
    """
    import tensorflow as tf  # first: with the kernels that it chooses itself

    from benchmarks.tutorial import BATCH_SIZE, LATENT_DIM, batches, begin
    from gan_keras import data
    from gan_keras.ui import pictures

    images = data.load("mnist", data_dir and Path(data_dir)).train.images
    step, tutorial = begin()
    done, seconds = tf.Variable(0), tf.Variable(0.0, dtype=tf.float64)
    checkpoint = tf.train.Checkpoint(tutorial=tutorial, epochs=done, seconds=seconds)
    saved = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=2)
    saved.restore_or_initialize()
    tf.random.set_seed(int(done))
    for size in {BATCH_SIZE, len(images) % BATCH_SIZE or BATCH_SIZE}:  # our compilation is not timed either
        step.get_concrete_function(tf.TensorSpec([size, *images.shape[1:]]))
    while done < epochs:
        start = time.perf_counter()
        for batch in batches(images, BATCH_SIZE):
            step(batch)
        seconds.assign_add(time.perf_counter() - start)
        done.assign_add(1)
        saved.save()
    latents = tf.random.stateless_normal([count, LATENT_DIM], [0, 0])
    samples = pictures.to_uint8(tutorial.generator.predict(latents, batch_size=500, verbose=0))
    np.save(Path(folder) / "samples.npy", samples)
    return {"epochs": int(done), "seconds": float(seconds)}


def rival(name: str, data_dir: str | None, steps: int | None, count: int, file: str) -> dict:
    """Train one of `benchmarks.rivals` as it is published, and write `count` images uint8 and labels to an .npz file.

    Returns the `steps`, the published number by default, and the `seconds` that they took without compilation.
    """
    import keras
    import tensorflow as tf  # first: with the kernels that it chooses itself

    from benchmarks.rivals import CLASSES, RIVALS
    from gan_keras import data
    from gan_keras.ui import pictures

    published = RIVALS[name]
    steps = steps or published.steps
    keras.utils.set_random_seed(0)
    training = published.begin()
    split = data.load("mnist", data_dir and Path(data_dir)).train
    batches = iter(data.batches(split, published.batch_size, seed=0))
    training.step.get_concrete_function(
        tf.TensorSpec([published.batch_size, *split.images.shape[1:]]), tf.TensorSpec([published.batch_size], tf.int32)
    )
    start = time.perf_counter()
    for _ in range(steps):
        batch = next(batches)
        training.step(batch["image"], batch["label"])
    seconds = time.perf_counter() - start
    latents = tf.random.stateless_normal([count, published.latent_dim], [0, 0])
    labels = tf.range(count) % CLASSES
    parts = [
        training.generate(latents[begin : begin + 500], labels[begin : begin + 500]) for begin in range(0, count, 500)
    ]
    np.savez(file, images=pictures.to_uint8(tf.concat(parts, axis=0)), labels=labels)
    return {"steps": steps, "seconds": seconds}


def _noise(batch_size: int, image_shape: Sequence[int] = (28, 28, 1)) -> np.ndarray:
    """Return uint8 images [count, *image_shape]: noise takes as long as digits."""
    return np.random.default_rng(0).integers(0, 256, (10 * batch_size, *image_shape), dtype=np.uint8)


def _strides(steps: int) -> tuple[int, int]:
    """Return how many steps are timed together, and how many to run: time begins after a first stride that warms up."""
    stride = min(STRIDE, steps)
    return stride, stride * (1 + -(-steps // stride))


def _time(step: Callable, batches: Iterator, steps: int) -> float:
    """Return the median seconds of a step with its batch."""
    stride, total = _strides(steps)
    marks = []
    for number in range(total):
        step(next(batches))
        if (number + 1) % stride == 0:
            marks.append(time.perf_counter())
    return median(np.diff(marks)) / stride


def _repeat(generate: Callable, batch_size: int) -> float:
    """Return the images per second of a function that makes a batch."""
    for _ in range(3):
        generate()
    start, count = time.perf_counter(), 0
    while (seconds := time.perf_counter() - start) < GENERATING_SECONDS:
        generate()
        count += batch_size
    return count / seconds


def _tensorflows_product_rate(dtype: str) -> float:
    import tensorflow as tf

    return _product_rate(tf.cast(tf.random.normal([PRODUCT, PRODUCT]), dtype), tf.matmul)


def _product_rate(matrix, product: Callable) -> float:
    """Return the floating-point operations per second of a large matrix product, at its fastest."""
    marks = []
    for _ in range(13):
        marks.append(time.perf_counter())
        product(matrix, matrix)
    return 2 * PRODUCT**3 / min(np.diff(marks[2:]))
