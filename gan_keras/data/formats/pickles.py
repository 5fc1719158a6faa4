"""Python's pickles with arrays in them: mnist.pkl.gz and CIFAR's batches. What could run code is refused."""

import gzip
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.data.conversion import Conversion
from gan_keras.data.formats.arrays import from_arrays, role
from gan_keras.data.formats.format import Found, Loaded, Place, in_sets, named, reader, undamaged
from gan_keras.data.formats.idx import is_gzipped
from gan_keras.ui.console import UserError

PICKLE = re.compile(r".*\.(pkl|pickle|p)(\.gz)?")
BATCH = re.compile(r"(?P<train>data)_batch_\d|test_batch")  # of CIFAR-10
CIFAR100 = ("train", "test", "meta")
META = ("batches.meta", "meta")  # files with the names of the classes
NAMES = ("label_names", b"label_names", "fine_label_names")
PARTS = {2: ("train", "test"), 3: ("train", "valid", "test")}  # the pairs of images and labels in mnist.pkl.gz
HARMLESS = {  # what arrays are made of; nothing else is loaded
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    ("_codecs", "encode"),
}


class Unpickler(pickle.Unpickler):
    """Loads arrays, numbers and texts in lists and dictionaries, and nothing that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise UserError(f"it holds {module}.{name}, which could run code")
        return super().find_class(module, name)


@reader
def pickles(place: Place) -> Iterator[Found]:
    """Pickled dictionaries or pairs of arrays, and CIFAR's batches."""
    files = list(place.files())
    for path, parts in in_sets(file for file in files if PICKLE.fullmatch(file.name.lower())):
        yield Found(path, f"pickled arrays in {named(parts)}", partial(load, path, parts))
    batches: dict[Path, dict[str, list[Path]]] = {}
    for file in files:
        cifar100 = file.name in CIFAR100[:2] and all((file.parent / name).is_file() for name in CIFAR100)
        if cifar100 or (batch := BATCH.fullmatch(file.name)):
            part = file.name if cifar100 else "train" if batch and batch["train"] else "test"
            batches.setdefault(file.parent, {}).setdefault(part, []).append(file)
    for folder, parts in batches.items():
        yield Found(folder, "CIFAR's pickled batches", partial(load, folder, parts))


def load(path: Path, parts: Mapping[str, Sequence[Path]], conversion: Conversion) -> Loaded:
    """Load pickled arrays.

    Raises:
        UserError: if one is damaged, could run code, or holds no images.
    """
    arrays: dict[str, dict[str, np.ndarray]] = {}
    for part, files in parts.items():
        for number, file in enumerate(files):
            for name, values in named_parts(file, unpickled(file)).items():
                arrays[f"{name or part} {number}" if name or part in ("train", "test") else part] = values
    loaded = from_arrays(path, arrays)
    meta = next((file for name in META if (file := path / name).is_file()), None)
    if loaded.class_names or meta is None:
        return loaded
    content = unpickled(meta)
    names: Sequence[Any] = next((content[name] for name in NAMES if name in content), [])
    return Loaded(loaded.train, loaded.test, [name.decode() if isinstance(name, bytes) else name for name in names])


def unpickled(path: Path) -> Any:
    """Return what a file holds."""
    with undamaged(path):
        try:
            with gzip.open(path) if is_gzipped(path) else path.open("rb") as file:
                return Unpickler(file, encoding="latin1").load()  # Python 2's, as all of these data sets are
        except UserError as error:
            raise UserError(f"{path} is not read: {error}. Save its arrays as .npz, with images and labels.") from None


def named_parts(path: Path, content: Any) -> dict[str, dict[str, np.ndarray]]:
    """Return the images and labels in what was pickled: part → "images" and "labels"; the part is "" if it has no name.

    Raises:
        UserError: if there are none.
    """
    if isinstance(content, Sequence) and len(content) in PARTS and all(len(pair) == 2 for pair in content):
        pairs = zip(PARTS[len(content)], content, strict=True)
        return {part: {"images": np.asarray(x), "labels": np.asarray(y)} for part, (x, y) in pairs}
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, values in content.items() if isinstance(content, Mapping) else ():
        what = role((name.decode("latin1") if isinstance(name, bytes) else str(name)).removeprefix("fine_"))
        if what.what and not what.rest:
            parts.setdefault(what.part, {})[what.what] = of_cifar(np.asarray(values))
    parts = {part: values for part, values in parts.items() if "images" in values}
    if not parts:
        kind = f"the names {', '.join(map(str, content))}" if isinstance(content, Mapping) else type(content).__name__
        raise UserError(
            f"{path} holds no images that can be recognised ({kind}). Save them as .npz, with images and labels."
        )
    return parts


def of_cifar(values: np.ndarray) -> np.ndarray:
    """Return images that are rows of 32x32 reds, greens and blues as such; others as they are."""
    return values.reshape(-1, 3, 32, 32) if values.ndim == 2 and values.shape[1] == 3 * 32 * 32 else values
