"""Tables of Arrow's, as Hugging Face has them: encoded pictures in rows, or OpenML's columns of pixels."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.data import decoding, emnist
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.arrays import numbered
from gan_keras.data.formats.format import (
    Found,
    Loaded,
    Place,
    in_sets,
    named,
    reader,
    train_and_test,
    undamaged,
)
from gan_keras.data.formats.tables import FEWEST_PIXELS, LABELS, from_table
from gan_keras.ui.console import UserError

PARQUET, ARROW = (".parquet", ".pq"), (".arrow",)  # the second is what `save_to_disk` writes
IMAGES = ("image", "img", "images", "png", "jpg", "jpeg")


@reader
def arrow_tables(place: Place) -> Iterator[Found]:
    """Files with a column of pictures and one of labels, in one or more parts."""
    for kind, suffixes in (("Parquet", PARQUET), ("Arrow", ARROW)):
        files = (file for file in place.files() if file.suffix.lower() in suffixes)
        for path, parts in in_sets(files, numbered=True):
            name = next(iter(parts.values()))[0].name
            yield Found(path, f"{kind}: {named(parts)}", partial(load, path, parts), emnist.named_after(name))


def load(path: Path, parts: Mapping[str, Sequence[Path]], conversion: Conversion) -> Loaded:
    """Load tables.

    Raises:
        UserError: if one cannot be read, or has neither a column of pictures nor columns of pixels.
    """
    tables = [(part, file, read_table(file)) for part, files in parts.items() for file in files]
    if not sum(table.num_rows for *_, table in tables):
        raise UserError(f"{path} has the names of columns, and no rows of images below. Download it again.")
    if not any(name in IMAGES for name in tables[0][2].column_names) and tables[0][2].num_columns >= FEWEST_PIXELS:
        if len(tables) > 1:
            raise UserError(f"{path} has pixels in several files. Name one of them, such as {tables[0][1]}.")
        split, names = from_table(path, tables[0][2].to_pandas())
        return Loaded(split, None, names or [])
    return load_pictures(path, [(part, *pictures(file, table)) for part, file, table in tables], conversion)


def load_pictures(
    path: Path, tables: Sequence[tuple[str, list[bytes], np.ndarray, list[str]]], conversion: Conversion
) -> Loaded:
    """Load tables of encoded pictures: of each its part, the pictures, the labels, and the names of the classes."""
    names = tables[0][3]
    left = "the test images have no labels, and are left out"
    notes = [left for part, _, labels, _ in tables if part == "test" and labels.dtype.kind in "iu" and labels.max() < 0]
    tables = [table for table in tables if not notes or table[0] != "test"]
    of_part = np.concatenate([np.repeat(part, len(contents)) for part, contents, _, _ in tables])
    contents = [content for table in tables for content in table[1]]
    words, numbers = numbered([labels for _, _, labels, _ in tables])
    labels = np.concatenate(numbers).astype(np.int32)
    read = decoding.read(contents, [f"{path}, image {number}" for number in range(len(contents))], conversion)
    of_part, labels = of_part[read.kept], labels[read.kept]
    kept = dict.fromkeys(part for part, *_ in tables)
    splits = {part: Split(read.images[of_part == part], labels[of_part == part]) for part in kept}
    return Loaded(*train_and_test(splits), words or names, converted=True, notes=(*read.notes, *notes[:1]))


def read_table(path: Path) -> Any:
    """Return a table of Arrow's."""
    import pyarrow as pa  # noqa: PLC0415  (only this format needs it)
    import pyarrow.parquet  # noqa: PLC0415

    with undamaged(path):
        if path.suffix.lower() in PARQUET:
            return pyarrow.parquet.read_table(path)
        with pa.memory_map(str(path)) as file:
            try:
                return pa.ipc.open_stream(file).read_all()
            except pa.ArrowInvalid:
                return pa.ipc.open_file(file).read_all()


def pictures(path: Path, table: Any) -> tuple[list[bytes], np.ndarray, list[str]]:
    """Return the encoded pictures of a table, their labels, and the names of the classes if these are stored."""
    columns = table.column_names
    image_column = next((name for name in IMAGES if name in columns), None)
    if image_column is None:
        there = ", ".join(columns[:8]) + (", …" if len(columns) > 8 else "")
        raise UserError(f"{path} has the columns {there}; it needs one named image, with encoded pictures.")
    rows = table.column(image_column).to_pylist()
    contents = [row["bytes"] if isinstance(row, dict) else row for row in rows]
    if not all(isinstance(content, bytes) for content in contents):
        raise UserError(f"the column {image_column} of {path} holds no encoded pictures, such as PNG or JPEG.")
    label_name = next((name for name in LABELS if name in columns), None)
    if label_name is None:
        return contents, np.zeros(len(rows), np.int64), []
    values = table.column(label_name).to_pylist()
    if None in values:
        raise UserError(f"the column {label_name} of {path} has {values.count(None)} empty cells.")
    with undamaged(path):
        return contents, np.asarray(values), class_names(table.schema.metadata or {}, label_name)


def class_names(metadata: Mapping[bytes, bytes], column: str | None) -> list[str]:
    """Return the names of the classes that Hugging Face stores with a table, if it does."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return [str(name) for name in features[column]["names"]]
    except (KeyError, TypeError, ValueError):
        return []
