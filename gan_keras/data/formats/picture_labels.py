"""Labels of pictures that are not the names of their folders: in a table, beside each picture, or in its name."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from gan_keras.data import decoding
from gan_keras.data.formats.format import Found, Place, natural, part_of, reader
from gan_keras.data.formats.image_folder import Layout, files_of, layout_of, load
from gan_keras.data.formats.tables import COUNTS, FEWEST_PIXELS, LABELS, columns, delimiter

LISTS = (".csv", ".tsv", ".txt", ".jsonl")
LARGEST_LIST = 200_000_000  # bytes
MOST_LISTS = 50  # more files among pictures are no tables: there is one for each picture
SUBMISSION = re.compile(r"(?i)submi")  # Kaggle's examples of a submission have labels that mean nothing
SPLITS = ("split", "set", "subset", "part", "partition", "usage")  # columns that say train or test
MOST_MISSING = 0.1  # share of the rows of a list whose pictures may be missing
BESIDE = ".cls"  # ends the names of files with the labels of pictures: WebDataset's
NAME = re.compile(r"(?P<label>\d{1,2}|[A-Za-z]+)[ _.-]+\(?\d+\)?")  # 3_00012, cat.7, zero (1)
CAMERAS = {"img", "image", "images", "dsc", "dscn", "pic", "picture", "photo", "scan", "frame", "page", "sample"}
FEWEST_OF_NAME = 5  # pictures for each label that stands in names

Labels = dict[Path, tuple[str, str]]  # picture → its part and its label


@reader
def labelled_pictures(place: Place) -> Iterator[Found]:
    """Pictures whose labels are in a table, in a file beside each, or in their names."""
    root = place.path if place.path.is_dir() else place.path.parent
    lists = [file for file in place.files() if is_list(file)]
    if root != place.path and not lists:
        return
    layout, _ = layout_of(root)
    if not (pictures := files_of(layout)):
        return
    tables = {file: rows for file in lists if (rows := read_rows(file))} if len(lists) <= MOST_LISTS else {}
    if listed := labels_of_tables(root, tables, pictures):
        names = ", ".join(file.name for file in listed)
        labels = {picture: label for table in listed.values() for picture, label in table.items()}
        if not same_as_folders(layout, labels):
            path = next(iter(listed)) if len(listed) == 1 else root
            yield found(path, f"pictures with the labels of {names}", labels, pictures)
    elif len(layout.classes) == 1 and place.path == root:
        if labels := labels_beside(pictures):
            yield found(root, f"pictures with labels in files {BESIDE}", labels, pictures)
        elif labels := labels_in_names(pictures):
            picture, (_, label) = next(iter(labels.items()))
            what = f"pictures with labels in their names ({picture.name} is of class {label})"
            yield found(root, what, labels, pictures)


def found(path: Path, what: str, labels: Labels, pictures: Mapping[Path, str]) -> Found:
    """Return pictures with labels as what a reader finds."""
    parts: dict[str, dict[str, list[Path]]] = {}
    one_part = len({part for part, _ in labels.values()}) == 1
    for picture, (part, label) in sorted(labels.items(), key=lambda item: natural(item[1][1])):
        parts.setdefault("train" if one_part else part, {}).setdefault(label, []).append(picture)
    left = len(pictures) - len(labels)
    notes = (f"{left:,} pictures without labels are left out",) if left else ()
    return Found(path, what, partial(load, Layout(path, parts, notes)))


def same_as_folders(layout: Layout, labels: Labels) -> bool:
    """Return whether labels are those that the folders of classes give, perhaps under other names."""
    if len(layout.classes) == 1:
        return False
    pairs = {
        (name, labels[file][1])
        for part in layout.parts.values()
        for name, files in part.items()
        for file in files
        if file in labels
    }
    return len(pairs) == len({name for name, _ in pairs})


def is_list(file: Path) -> bool:
    """Return whether a file may be a table with a row for each picture."""
    size = file.stat().st_size
    right = file.suffix.lower() in LISTS and not SUBMISSION.search(file.name) and 0 < size <= LARGEST_LIST
    return right and (file.suffix.lower() == ".jsonl" or columns(file) < FEWEST_PIXELS)


def read_rows(file: Path) -> list[list[str]]:
    """Return the cells of a table, its head included; nothing if it is none."""
    import pandas as pd  # noqa: PLC0415  (it takes half a second)

    try:
        if file.suffix.lower() == ".jsonl":
            rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
            head = list(rows[0])
            return [head, *([str(row.get(name, "")) for name in head] for row in rows)]
        separator = delimiter(file)
        table = pd.read_csv(file, sep=separator, header=None, dtype=str, keep_default_na=False, skipinitialspace=True)
    except Exception:  # a text that is no table makes pandas raise whatever it comes upon
        return []
    return table.to_numpy().tolist() if 1 < table.shape[1] < FEWEST_PIXELS else []


def labels_of_tables(
    root: Path, tables: Mapping[Path, list[list[str]]], pictures: Mapping[Path, str]
) -> dict[Path, Labels]:
    """Return the tables that give labels, with these."""
    by_name: dict[str, list[Path]] = {}
    for picture in pictures:
        for name in (picture.name, picture.stem):
            by_name.setdefault(name, []).append(picture)

    def resolve(cell: str, table: Path) -> Path | None:
        """Return the picture that a cell names, in the folder of the table or in the part that the table is of."""
        path = PurePosixPath(cell.strip().replace("\\", "/").removeprefix("./"))
        near = by_name.get(path.name, [])
        if not near and path.suffix.lower() in decoding.SUFFIXES:  # the pictures were converted
            near = by_name.get(path.stem, [])
        if len(near) > 1 and len(path.parts) > 1:
            near = [one for one in near if one.parts[-len(path.parts) :] == path.parts] or near
        for fits in (lambda one: one.parent == table.parent, lambda one: pictures[one] == part_of(table.stem)):
            near = [one for one in near if fits(one)] or near if len(near) > 1 else near
        return near[0] if len(near) == 1 else None

    found = {table: labels_of(rows, partial(resolve, table=table)) for table, rows in tables.items()}
    return {
        table: {picture: (part or part_of(table.stem) or pictures[picture], label) for picture, part, label in rows}
        for table, rows in found.items()
        if rows
    }


def labels_of(rows: Sequence[Sequence[str]], resolve: Any) -> list[tuple[Path, str, str]]:
    """Return the picture, the part ("" if no column says it) and the label of each row; nothing if unclear."""
    sample = rows[: 1 + 50]
    hits = [sum(resolve(row[column]) is not None for row in sample) for column in range(len(rows[0]))]
    at = hits.index(max(hits))
    pictures = [resolve(row[at]) for row in rows]
    head = [name.strip().lower() for name in rows[0]] if pictures[0] is None else [""] * len(rows[0])
    first = 1 if any(head) else 0
    rows, pictures = rows[first:], pictures[first:]
    known = [picture for picture in pictures if picture is not None]
    if len(known) < (1 - MOST_MISSING) * len(rows) or not known:
        return []
    part_column = next((column for column, name in enumerate(head) if name in SPLITS), None)
    columns = [column for column, name in enumerate(head) if column not in (at, part_column) and name not in COUNTS]
    whole_names = any(PurePosixPath(row[at]).suffix for row in sample)
    labels = label_of_each(rows, head, columns, any_name=whole_names)
    kept: list[tuple[Path, str, str]] = [
        (picture, part_of(row[part_column]) if part_column is not None else "", label)
        for picture, row, label in zip(pictures, rows, labels, strict=True)
        if picture is not None and label
    ]
    of_all = {label for *_, label in kept}
    clear = len({picture for picture, *_ in kept}) == len(set(kept)) and 2 * len(of_all) <= len(kept)
    return kept if clear else []  # several boxes in a picture, or a caption for each, are no classes


def label_of_each(
    rows: Sequence[Sequence[str]], head: Sequence[str], columns: Sequence[int], any_name: bool
) -> list[str]:
    """Return the label in each row: in the column that is called so, the only one, or those of 0 and 1 for classes.

    Only a column that is called so is taken unless `any_name`: numbers may be those of pictures or of anything else.
    """
    called_so = [head.index(name) for name in LABELS if name in head and head.index(name) in columns]
    if called_so or (any_name and len(columns) == 1):
        return [row[(called_so or columns)[0]].strip() for row in rows]
    if any(head) and all([row[column].strip() for column in columns].count("1") == 1 for row in rows):
        return [next(head[column] for column in columns if row[column].strip() == "1") for row in rows]
    return [""] * len(rows)


def labels_beside(pictures: Mapping[Path, str]) -> Labels:
    """Return the labels that stand in a file beside each picture."""
    if not next(iter(pictures)).with_suffix(BESIDE).is_file():
        return {}
    files = {picture: picture.with_suffix(BESIDE) for picture in pictures}
    return {
        picture: (pictures[picture], file.read_text(encoding="utf-8", errors="replace").strip())
        for picture, file in files.items()
        if file.is_file()
    }


def labels_in_names(pictures: Mapping[Path, str]) -> Labels:
    """Return the labels with which the names of all pictures begin, before a number: 3_00012.png, cat.7.jpg."""
    names = {picture: NAME.fullmatch(picture.stem) for picture in pictures}
    labels = {picture: (pictures[picture], name["label"]) for picture, name in names.items() if name}
    count = Counter(label for _, label in labels.values())
    clear = len(labels) == len(pictures) and len(count) > 1 and not CAMERAS & {label.lower() for label in count}
    return labels if clear and min(count.values()) >= FEWEST_OF_NAME else {}
