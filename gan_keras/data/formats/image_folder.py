"""Folders of pictures: a sub-folder for each class, perhaps below `train` and `test`; or all in one, without labels."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gan_keras.data import decoding
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.arrays import alone_of_their_name
from gan_keras.data.formats.format import Found, Loaded, Place, inside, part_of, reader, refuse, train_and_test
from gan_keras.ui.console import UserError

PARTS = ("train", "training", "test", "testing", "val", "valid", "validation", "dev")  # names that can be nothing else
SAYS_NOTHING = re.compile(r"(?i)readme|license|requirements")
LABELS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xml", ".cls", ".mat")  # files that may hold labels
LABELLED = "For a training with labels put each class into a folder of its own, or write a table file_name,label"
ADVICE = "Put the pictures of each class into a folder of its own"

PICTURES = frozenset({*decoding.SUFFIXES, decoding.ARRAY})

Pictures = Mapping[str, Sequence[Path]]  # class → its files


class Layout(NamedTuple):
    """What the folders of a place mean."""

    folder: Path  # the one in which the folders of the parts or of the classes lie
    parts: dict[str, dict[str, list[Path]]]  # "train" and perhaps "test" → class → its files
    notes: tuple[str, ...] = ()  # what else there is to say, for people

    @property
    def classes(self) -> list[str]:
        """The classes of all parts."""
        return list(dict.fromkeys(name for part in self.parts.values() for name in part))


@reader
def one_picture(place: Place) -> Iterator[Found]:
    """A file that is a picture, without a label."""
    if place.path.is_file() and place.path.suffix.lower() in decoding.SUFFIXES:
        layout = Layout(place.path.parent, {"train": {"": [place.path]}})
        yield Found(place.path, "a picture", partial(load, layout))


@reader
def image_folders(place: Place) -> Iterator[Found]:
    """A folder of pictures; folders with nothing but another one in them are passed through."""
    if not place.path.is_dir():
        return
    layout, problem = layout_of(place.path)
    if classes := layout.classes:
        number = f"{len(classes)} folder{'s' if len(classes) > 1 else ''}"
        what = "pictures without labels" if classes == [""] else f"pictures in {number}"
        notes = [*layout.notes]
        if len(classes) == 1 and (beside := may_hold_labels(place)):
            notes.append(f"not read: {', '.join(beside[:3])}. {LABELLED}")
        action = partial(refuse, problem) if problem else partial(load, layout._replace(notes=tuple(notes)))
        yield Found(layout.folder, what, action, guess=len(classes) == 1)


def layout_of(path: Path) -> tuple[Layout, str]:
    """Return what the folders in a folder mean, and why that cannot be said; "" if it can."""
    folder = inmost(path)
    layout = parts_of(folder) or classes_with_parts(folder)
    problem = may_be_a_class(folder, layout) if layout else unclear(folder)
    layout = layout or Layout(folder, {"train": by_class(folder)})
    if len(layout.classes) == 1 and all(map(decoding.is_array, files_of(layout))):
        return Layout(folder, {}), ""  # without folders of classes, such files hold more than one image
    return layout, problem


def files_of(layout: Layout) -> dict[Path, str]:
    """Return all pictures of a layout, each with its part."""
    return {file: part for part, classes in layout.parts.items() for files in classes.values() for file in files}


def inmost(folder: Path, through_parts: bool = False) -> Path:
    """Return the folder in which those of the classes or parts lie: where only one has pictures, these are in it."""
    while len(inner := folders_in(folder)) == 1 and folders_in(inner[0]) and not pictures_in(folder, deep=False):
        if inner[0].name.lower() in PARTS and not through_parts:
            break
        folder = inner[0]
    return folder


def parts_of(folder: Path) -> Layout | None:
    """Return the classes of each part, if folders are parts: by their plain names, or if all are by what is in these.

    A part `test` without a `train` is all that there is, and some of it is held out.
    """
    inner = folders_in(folder)
    plain = [child for child in inner if child.name.lower() in PARTS]
    samples = [child for child in inner if "sample" in child.name.lower()]
    named = plain or [child for child in inner if child not in samples and part_of(child.name)]
    if not named or (not plain and len(named) + len(samples) < len(inner)):
        return None
    parts: dict[str, dict[str, list[Path]]] = {}
    for child in named:
        part = parts.setdefault(part_of(child.name), {})
        for name, files in by_class(inmost(child, through_parts=True)).items():
            part.setdefault(name, []).extend(files)
    if "train" not in parts:
        if len(inner) > len(named) or set(parts["test"]) == {""}:
            return None  # a folder "test" may as well be a class
        parts = {"train": parts["test"]}
    left = [child.name for child in inner if child not in named]
    return Layout(folder, parts, (f"left out: {', '.join(left)}",) if left else ())


def classes_with_parts(folder: Path) -> Layout | None:
    """Return the classes of each part, if each class has folders for its parts."""
    parts: dict[str, dict[str, list[Path]]] = {}
    for child in folders_in(folder):
        inner = folders_in(child)
        if not inner or pictures_in(child, deep=False) or any(one.name.lower() not in PARTS for one in inner):
            return None
        for one in inner:
            parts.setdefault(part_of(one.name), {}).setdefault(child.name, []).extend(pictures_in(one, deep=True))
    return Layout(folder, parts) if "train" in parts else None


def may_be_a_class(folder: Path, layout: Layout) -> str:
    """Return why a folder `train` without classes may be a class itself; nothing if it cannot: ships, trains, cars."""
    beside = [child.name for child in folders_in(folder) if not part_of(child.name) and not folders_in(child)]
    if layout.classes != [""] or set(layout.parts) != {"train"} or not beside:
        return ""
    train = next(child for child in folders_in(folder) if part_of(child.name))
    return (
        f"{folder} has pictures in {train.name} and in {', '.join(beside[:3])}, so that {train.name} may be a class or "
        f"the training images. Name {train} if you mean it alone, or rename it if it is a class."
    )


def unclear(folder: Path) -> str:
    """Return why it cannot be said what the classes are; nothing if it can."""
    inner = folders_in(folder)
    names = {child.name.lower(): child.name for child in inner}
    if {"traina", "trainb"} <= names.keys():
        return (
            f"{folder} holds two domains. Train on one, --data-dir {folder / names['traina']}, or translate between "
            f"both: --model cyclegan --source {folder / names['traina']} --target {folder / names['trainb']}"
        )
    nested = [child for child in inner if len(folders_in(inmost(child))) > 1 and not pictures_in(child, deep=False)]
    of_inner = {one.name for child in nested for one in folders_in(inmost(child))}
    if nested == inner and 1 < len(inner) <= len(of_inner):  # more classes than, say, writers in each
        one = folders_in(inmost(inner[0]))[0]
        return (
            f"{folder} has folders in its folders ({one.relative_to(folder)}), so that the classes may be the outer or "
            f"the inner ones. Name one of the outer ones, such as {inner[0]}. {ADVICE}, if you mean these."
        )
    return ""


def by_class(folder: Path) -> dict[str, list[Path]]:
    """Return the pictures of each sub-folder by its name; those of a folder without any are of the class ""."""
    found = {child.name: pictures_in(child, deep=True) for child in folders_in(folder)}
    if loose := [file for file in own_pictures(folder) if not decoding.is_array(file)]:
        found[""] = loose
    return found


def folders_in(folder: Path) -> list[Path]:
    """Return the sub-folders that have pictures in them or further down."""
    return [child for child in inside(folder).folders if has_pictures(child)]


def has_pictures(folder: Path) -> bool:
    """Return whether there is a picture in a folder or further down."""
    return bool(own_pictures(folder)) or any(map(has_pictures, inside(folder).folders))


def pictures_in(folder: Path, deep: bool) -> list[Path]:
    """Return the pictures in a folder in natural order, also those of its sub-folders if `deep`."""
    inner = inside(folder).folders if deep else []
    return [*own_pictures(folder), *(file for child in inner for file in pictures_in(child, deep))]


def own_pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder itself, in natural order."""
    files = [file for file in inside(folder).files if file.suffix.lower() in PICTURES]
    other = set(alone_of_their_name([file for file in files if decoding.is_array(file)]))
    return [file for file in files if file not in other]


def load(layout: Layout, conversion: Conversion) -> Loaded:
    """Load pictures.

    Raises:
        UserError: if some lie beside the folders of classes, if a class is only among the test images, or if some are
            damaged.
    """
    folder, parts, notes = layout.folder, dict(layout.parts), list(layout.notes)
    classes = list(parts["train"])
    if "" in classes and len(classes) > 1:
        raise UserError(
            f"{folder} has pictures beside folders of pictures ({', '.join(filter(None, classes[:3]))}): move them "
            "into a folder of their class, or name the folder that you mean."
        )
    if strange := [name for name in parts.get("test", ()) if name not in classes]:
        if set(strange) < set(parts["test"]):
            raise UserError(
                f"{folder} has test pictures of the class {strange[0]!r}, and none to train on. Remove them, or name "
                "the folder with the training pictures alone."
            )
        del parts["test"]
        notes.append("the test pictures have none of these classes, and are left out")
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
    return Loaded(*train_and_test(splits), names, converted=True, notes=(*read.notes, *notes))


def may_hold_labels(place: Place) -> list[str]:
    """Return the names of files among pictures that may say what these show."""
    return [file.name for file in place.files() if file.suffix.lower() in LABELS and not SAYS_NOTHING.search(file.name)]
