"""Folders of pictures: a sub-folder for each class, perhaps below `train` and `test`; or all in one, without labels."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from gan_keras.data import decoding
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.format import Found, Loaded, Place, reader, train_and_test, visible
from gan_keras.ui.console import UserError

PARTS = {"train": "train", "training": "train", "test": "test", "testing": "test", "val": "test", "valid": "test"}
PARTS["validation"] = "test"

Pictures = Mapping[str, Sequence[Path]]  # class → its files


@reader
def one_picture(place: Place) -> Iterator[Found]:
    """A file that is a picture, without a label."""
    if place.path.is_file() and place.path.suffix.lower() in decoding.SUFFIXES:
        yield Found(place.path, "a picture", partial(load, place.path.parent, {"train": {"": [place.path]}}))


@reader
def image_folders(place: Place) -> Iterator[Found]:
    """A folder of pictures; folders with nothing but another one in them are passed through."""
    folder = place.path
    if not folder.is_dir():
        return
    while len(children := visible(folder)) == 1 and children[0].is_dir() and children[0].name.lower() not in PARTS:
        if pictures_in(folder, deep=False) or not any(child.is_dir() for child in visible(children[0])):
            break  # one class is still a class
        folder = children[0]
    parts: dict[str, dict[str, list[Path]]] = {}
    for child in visible(folder):
        if child.is_dir() and child.name.lower() in PARTS:
            found = by_class(child)
            for name, files in found.items():
                parts.setdefault(PARTS[child.name.lower()], {}).setdefault(name, []).extend(files)
    if "train" not in parts:  # a lone folder "test" may as well be a class
        parts = {"train": by_class(folder)}
    if any(map(len, parts.values())):
        classes = list(dict.fromkeys(name for part in parts.values() for name in part))
        unlabelled = classes == [""]
        what = "pictures without labels" if unlabelled else f"pictures in {len(classes)} folders"
        yield Found(folder, what, partial(load, folder, parts), guess=unlabelled)


def by_class(folder: Path) -> dict[str, list[Path]]:
    """Return the pictures of each sub-folder by its name; those of a folder without any are of the class ""."""
    found = {child.name: pictures_in(child, deep=True) for child in visible(folder) if child.is_dir()}
    found = {name: files for name, files in found.items() if files}
    if loose := pictures_in(folder, deep=False):
        found[""] = loose
    return found


def pictures_in(folder: Path, deep: bool) -> list[Path]:
    """Return the pictures in a folder in natural order, also those of its sub-folders if `deep`."""
    files = []
    for child in visible(folder):
        if child.is_dir():
            files += pictures_in(child, deep) if deep else []
        elif child.suffix.lower() in decoding.SUFFIXES:
            files.append(child)
    return files


def load(folder: Path, parts: Mapping[str, Pictures], conversion: Conversion) -> Loaded:
    """Load pictures.

    Raises:
        UserError: if some lie beside the folders of classes, if a class is only among the test images, or if some are
            damaged.
    """
    classes = list(parts["train"])
    if "" in classes and len(classes) > 1:
        raise UserError(
            f"{folder} has pictures beside folders of pictures ({', '.join(filter(None, classes[:3]))}): move them "
            "into a folder of their class, or name the folder that you mean."
        )
    for name in parts.get("test", ()):
        if name not in classes:
            raise UserError(f"{folder} has test pictures of the class {name!r}, and none to train on.")
    rows = [
        (part, label, file)
        for part in parts
        for label, name in enumerate(classes)
        for file in parts[part].get(name, [])
    ]
    of_part, labels, files = zip(*rows, strict=True)
    read = decoding.read(files, list(map(str, files)), conversion)
    of_part, labels = np.array(of_part)[read.kept], np.array(labels, np.int32)[read.kept]
    splits = {part: Split(read.images[of_part == part], labels[of_part == part]) for part in parts}
    names = [name or "all" for name in classes]
    return Loaded(*train_and_test(splits), names, converted=True, notes=read.notes)
