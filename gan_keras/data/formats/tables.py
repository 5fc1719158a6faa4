"""Tables with an image in each row: CSV as Kaggle has it, and Parquet as Hugging Face has it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.data import decoding
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.arrays import split
from gan_keras.data.formats.format import (
    PART,
    Found,
    Loaded,
    Place,
    part_of,
    reader,
    train_and_test,
    undamaged,
    visible,
    without_labels,
)
from gan_keras.ui.console import UserError

CSV = re.compile(r".*\.csv(\.gz|\.bz2|\.xz)?")
LABELS = ("label", "labels", "class", "target", "digit", "character", "y", "fine_label")
COUNTS = ("id", "index", "unnamed: 0", "image_id", "imageid")  # columns that only count the rows
IMAGES = ("image", "img", "images")
FEWEST_PIXELS = 64  # columns: those of the smallest images, 8x8
EMNIST = re.compile(r"emnist[-_](byclass|bymerge|balanced|letters|digits|mnist)")


@reader
def csv_files(place: Place) -> Iterator[Found]:
    """Files with a column of labels and one for each pixel."""
    files = (file for file in place.files() if CSV.fullmatch(file.name.lower()) and columns(file) >= FEWEST_PIXELS)
    yield from grouped(files, load_csv, "CSV")


@reader
def parquet_files(place: Place) -> Iterator[Found]:
    """Files with a column of pictures and one of labels, in one or more parts."""
    yield from grouped((file for file in place.files() if file.suffix.lower() == ".parquet"), load_parquet, "Parquet")


def columns(path: Path) -> int:
    """Return the number of columns of a table, or as many as are needed if it cannot be read: `load_csv` says why."""
    import pandas as pd  # noqa: PLC0415  (it takes half a second)

    try:
        return pd.read_csv(path, nrows=1, header=None, dtype=str).shape[1]
    except Exception:  # damage makes pandas raise whatever it comes upon
        return FEWEST_PIXELS


def grouped(files: Iterator[Path], load: Any, what: str) -> Iterator[Found]:
    """Yield the sets of files that belong together: those of a folder that differ in their part only."""
    sets: dict[tuple[Path, str], dict[str, list[Path]]] = {}
    for file in files:
        folder, name = file.parent, file.name.lower()
        part = part_of(name)
        if not part and (part := part_of(folder.name)):  # Hugging Face's default/train/0000.parquet
            folder = folder.parent
        rest = re.sub(r"\d+-of-\d+.*|^\d+(?=\.parquet)", "", PART.sub("", name))
        sets.setdefault((folder, rest), {}).setdefault(part or "train", []).append(file)
    if [set(parts) for parts in sets.values()] in ([{"train"}, {"test"}], [{"test"}, {"train"}]):
        (key, one), (_, other) = sets.items()  # two halves whose names differ in more than their part
        sets = {key: one | other}
    for (folder, _), parts in sets.items():
        names = [file.name for part in parts.values() for file in part]
        path = next(iter(parts.values()))[0] if len(names) == 1 else folder
        kind = EMNIST.search(names[0].lower())
        known = f"emnist_{kind[1]}" if kind else ""
        yield Found(path, f"{what}: {', '.join(names[:3])}", partial(load, path, parts), known)


def load_csv(path: Path, parts: Mapping[str, Sequence[Path]], conversion: Conversion) -> Loaded:
    """Load tables of pixels; a table without labels is left out where there is one with them.

    Raises:
        UserError: if one cannot be read, or has no square images.
    """
    tables = [(part, file, *read_csv(file)) for part, files in parts.items() for file in files]
    names = next((names for _, _, _, names in tables if names is not None), None)
    left = [file.name for _, file, _, own in tables if own is None and names is not None]
    kept = [(part, images) for part, _, images, own in tables if own == names]
    if len(kept) + len(left) < len(tables):
        raise UserError(f"the tables in {path} have different classes.")
    splits = {
        part: Split(*map(np.concatenate, zip(*(images for one, images in kept if one == part), strict=True)))
        for part in dict(kept)
    }
    notes = [f"{', '.join(left)} has no labels and is left out"] if left else []
    if names is None and (beside := others(path, [file for _, file, _, _ in tables])):
        notes.append(f"not read: {', '.join(beside)}. Labels must be a column of the table of images")
    return Loaded(*train_and_test(splits), names or [], turned=True, notes=tuple(notes))


def others(path: Path, read: Sequence[Path]) -> list[str]:
    """Return the names of the tables beside those that were read."""
    folder = path if path.is_dir() else path.parent
    return [file.name for file in visible(folder) if CSV.fullmatch(file.name.lower()) and file not in read]


def read_csv(path: Path) -> tuple[Split, list[str] | None]:
    """Return the images of a table, and the names of their classes: [] if labels are numbers, None if there are none.

    Raises:
        UserError: if its columns are not one of labels and those of a square image.
    """
    import pandas as pd  # noqa: PLC0415  (it takes half a second)

    with undamaged(path):
        top = (
            pd.read_csv(path, nrows=2, header=None, dtype=str)
            .astype(str)
            .apply(lambda row: row.str.strip().str.lower())
        )
        first = top.iloc[0].tolist()
        table = pd.read_csv(path, header=0 if has_header(*top.to_numpy().tolist()) else None)
    if not len(table):
        raise UserError(f"{path} has no rows of images.")
    if table.isna().to_numpy().any():
        raise UserError(f"{path} has empty cells: it may be cut short. Download it again.")
    counting = [index for index, name in enumerate(first) if name in COUNTS]
    table = table.drop(columns=table.columns[counting])
    first = [name for name in first if name not in COUNTS]
    named = [index for index, name in enumerate(first) if name in LABELS]
    texts = [index for index, kind in enumerate(table.dtypes) if kind.kind not in "buif"]
    if not named and not texts and is_square(table.shape[1]):
        return without_labels(split(path, table.to_numpy(np.float32), None).images), None
    column = next(iter(named or texts or label_column(table.to_numpy(np.float32))), None)
    if set(texts) - {column}:
        raise UserError(f"{path} has cells that are not numbers; a table of images has labels and pixels only.")
    if column is None or not is_square(table.shape[1] - 1):
        raise UserError(
            f"{path} has {table.shape[1]} columns; a table of images has one of labels, and those of a square "
            "grey image (784 for 28x28)."
        )
    labels, names = numbered_labels(table.iloc[:, column].to_numpy())
    return split(path, table.drop(columns=table.columns[column]).to_numpy(np.float32), labels), names


def has_header(first: Sequence[str], second: Sequence[str] = ()) -> bool:
    """Return whether the first row of a table names its columns: by words over numbers, or by counting them."""
    numbers = [float(cell) for cell in first if is_number(cell)]
    counts = len(numbers) >= FEWEST_PIXELS and np.array_equal(np.diff(numbers), np.ones(len(numbers) - 1))
    return counts or any(not is_number(name) and is_number(cell) for name, cell in zip(first, second, strict=False))


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number."""
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", cell))


def numbered_labels(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return labels as numbers; if they are words, also these, in alphabetical order."""
    if values.dtype.kind in "buif":
        return values, []
    names, labels = np.unique(values.astype(str), return_inverse=True)
    return labels, names.tolist()


def label_column(values: np.ndarray) -> list[int]:
    """Return which column holds labels where no header says so: the first or the last, whichever counts classes."""
    if values.shape[1] <= FEWEST_PIXELS:
        return []
    first, last = values[:, 0], values[:, -1]
    counting = [column for column, one in ((0, first), (values.shape[1] - 1, last)) if counts_classes(one)]
    varies = [len(np.unique(one)) > 1 for one in (first, last)]
    return counting or ([values.shape[1] - 1] if varies == [False, True] else [0])  # the corner of an image is empty


def counts_classes(values: np.ndarray) -> bool:
    """Return whether values can be labels: all whole numbers from 0 or 1 to some other one, without a gap."""
    kinds = np.unique(values)
    return len(kinds) > 1 and kinds[0] in (0, 1) and np.array_equal(kinds, kinds[0] + np.arange(len(kinds)))


def is_square(pixels: int) -> bool:
    """Return whether a square image, no smaller than 8x8, has this number of pixels."""
    return pixels >= FEWEST_PIXELS and round(pixels**0.5) ** 2 == pixels


def load_parquet(path: Path, parts: Mapping[str, Sequence[Path]], conversion: Conversion) -> Loaded:
    """Load tables of encoded pictures.

    Raises:
        UserError: if one cannot be read, or has no column of pictures.
    """
    tables = [(part, *read_parquet(file)) for part, files in parts.items() for file in files]
    names = tables[0][3]
    left = "the test images have no labels, and are left out"
    notes = [left for part, _, labels, _ in tables if part == "test" and labels.dtype.kind in "iu" and labels.max() < 0]
    tables = [table for table in tables if not notes or table[0] != "test"]
    of_part = np.concatenate([np.repeat(part, len(contents)) for part, contents, _, _ in tables])
    contents = [content for table in tables for content in table[1]]
    numbers, words = numbered_labels(np.concatenate([labels for _, _, labels, _ in tables]))
    labels = numbers.astype(np.int32)
    read = decoding.read(contents, [f"{path}, image {number}" for number in range(len(contents))], conversion)
    of_part, labels = of_part[read.kept], labels[read.kept]
    kept = dict.fromkeys(part for part, *_ in tables)
    splits = {part: Split(read.images[of_part == part], labels[of_part == part]) for part in kept}
    return Loaded(*train_and_test(splits), words or names, converted=True, notes=(*read.notes, *notes[:1]))


def read_parquet(path: Path) -> tuple[list[bytes], np.ndarray, list[str]]:
    """Return the encoded pictures of a table, their labels, and the names of the classes if these are stored."""
    import pyarrow.parquet  # noqa: PLC0415  (only this format needs it)

    with undamaged(path):
        table = pyarrow.parquet.read_table(path)
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
