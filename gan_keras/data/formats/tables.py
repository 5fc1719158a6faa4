"""Tables with a row of pixels for each image: CSV as Kaggle has it, texts as UCI has them, ARFF as OpenML has it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.data import emnist
from gan_keras.data.conversion import Conversion
from gan_keras.data.dataset import Split
from gan_keras.data.formats.arrays import numbered, split
from gan_keras.data.formats.format import (
    Found,
    Loaded,
    Place,
    in_sets,
    inside,
    named,
    open_text,
    reader,
    train_and_test,
    undamaged,
    without_labels,
)
from gan_keras.ui.console import UserError

TEXT = re.compile(r".*\.(csv|tsv|txt|data|tra|tes|train|test|arff)(\.gz|\.bz2|\.xz)?")
LABELS = (
    "label",
    "labels",
    "class",
    "target",
    "digit",
    "character",
    "y",
    "fine_label",
    "cls",
    "classid",
    "class_id",
    "category",
)
COUNTS = ("id", "index", "unnamed: 0", "image_id", "imageid")  # columns that only count the rows
FEWEST_PIXELS = 64  # columns: those of the smallest images, 8x8
SEPARATORS = (",", ";", "\t")  # else spaces
LOOKED_AT = 2000  # characters of a table that tell what separates its columns
ARFF = ".arff"


@reader
def text_files(place: Place) -> Iterator[Found]:
    """Files with a column of labels and one for each pixel."""
    files = (file for file in place.files() if TEXT.fullmatch(file.name.lower()) and columns(file) >= FEWEST_PIXELS)
    for path, parts in in_sets(files):
        file = next(iter(parts.values()))[0]
        kind = "ARFF" if is_arff(file) else "CSV" if ".csv" in file.name.lower() else "tables"
        yield Found(path, f"{kind}: {named(parts)}", partial(load, path, parts), emnist.named_after(file.name))


def is_arff(path: Path) -> bool:
    """Return whether a file is in Weka's format, in which OpenML hands out its data sets."""
    return path.suffix.lower() == ARFF


def delimiter(path: Path) -> str:
    """Return what separates the columns of a table: spaces, of any number, if nothing else."""
    with open_text(path) as file:
        line = file.readline(LOOKED_AT)
    return max(SEPARATORS, key=line.count) if any(separator in line for separator in SEPARATORS) else r"\s+"


def columns(path: Path) -> int:
    """Return the number of columns of a table, or as many as are needed if it cannot be read: `load` says why."""
    import pandas as pd  # noqa: PLC0415  (it takes half a second)

    if is_arff(path):
        return FEWEST_PIXELS
    try:
        separator = delimiter(path)
        first = pd.read_csv(path, sep=separator, nrows=1, header=None, dtype=str).iloc[0].tolist()
    except Exception:  # damage makes pandas raise whatever it comes upon
        return FEWEST_PIXELS if ".csv" in path.name.lower() else 0
    is_text = separator == r"\s+" and not all(map(is_number, first))  # of which a line has many words
    return 1 if is_text else len(first)


def load(path: Path, parts: Mapping[str, Sequence[Path]], conversion: Conversion) -> Loaded:
    """Load tables of pixels; a table without labels is left out where there is one with them.

    Raises:
        UserError: if one cannot be read, or has no square images.
    """
    tables = [(part, file, *read_images(file)) for part, files in parts.items() for file in files]
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
    return [file.name for file in inside(folder).files if ".csv" in file.name.lower() and file not in read]


def read_images(path: Path) -> tuple[Split, list[str] | None]:
    """Return the images of a file, and the names of their classes: [] if labels are numbers, None if there are none.

    Raises:
        UserError: if its columns are not one of labels and those of a square image.
    """
    with undamaged(path):
        table = read_arff(path) if is_arff(path) else read_text(path)
    return from_table(path, table)


def read_arff(path: Path) -> Any:
    """Return the columns of a file of Weka's, with their names."""
    import pandas as pd  # noqa: PLC0415  (it takes half a second)
    from scipy.io import arff  # noqa: PLC0415  (only this format needs it)

    rows, _ = arff.loadarff(path)
    return pd.DataFrame(
        {name: rows[name].astype(str) if rows[name].dtype.kind == "S" else rows[name] for name in rows.dtype.names}
    )


def read_text(path: Path) -> Any:
    """Return the columns of a text, with their names if it has any."""
    import pandas as pd  # noqa: PLC0415  (it takes half a second)

    separator = delimiter(path)
    top = pd.read_csv(path, sep=separator, nrows=2, header=None, dtype=str, keep_default_na=False)
    rows = [[cell.strip().lower() for cell in row] for row in top.to_numpy().tolist()]
    return pd.read_csv(path, sep=separator, header=0 if has_header(*rows) else None)


def from_table(path: Path, table: Any) -> tuple[Split, list[str] | None]:
    """Return the images in a table, and the names of their classes: [] if labels are numbers, None if there are none.

    Args:
        path: the file, for an error.
        table: a DataFrame of pandas; its columns may have numbers for names.

    Raises:
        UserError: if its columns are not one of labels and those of a square image.
    """
    if not len(table):
        raise UserError(f"{path} has the names of columns, and no rows of images below. Download it again.")
    if table.isna().to_numpy().any():
        raise UserError(f"{path} has empty cells: it may be cut short. Download it again.")
    names = [str(name).strip().lower() for name in table.columns]
    table = table.loc[:, [name not in COUNTS for name in names]]
    names = [name for name in names if name not in COUNTS]
    called_so = [index for index, name in enumerate(names) if name in LABELS]
    texts = [index for index, kind in enumerate(table.dtypes) if kind.kind not in "buif"]
    if not called_so and not texts and is_square(table.shape[1]):
        return without_labels(split(path, table.to_numpy(np.float32), None).images), None
    column = next(iter(called_so or texts or label_column(table.to_numpy(np.float32))), None)
    if set(texts) - {column}:
        raise UserError(f"{path} has cells that are not numbers; a table of images has labels and pixels only.")
    if column is None or not is_square(table.shape[1] - 1):
        raise UserError(
            f"{path} has {table.shape[1]} columns; a table of images has one of labels, and those of a square "
            "grey image (784 for 28x28)."
        )
    classes, (labels,) = numbered([table.iloc[:, column].to_numpy()])
    pixels = table.iloc[:, [index for index in range(table.shape[1]) if index != column]]
    return split(path, pixels.to_numpy(np.float32), labels), classes


def has_header(first: Sequence[str], second: Sequence[str] = ()) -> bool:
    """Return whether the first row of a table names its columns: by words over numbers, or by counting them."""
    numbers = [float(cell) for cell in first if is_number(cell)]
    if not second:
        return len(numbers) < len(first) / 2
    counts = len(numbers) >= FEWEST_PIXELS and np.array_equal(np.diff(numbers), np.ones(len(numbers) - 1))
    return counts or any(not is_number(name) and is_number(cell) for name, cell in zip(first, second, strict=False))


def is_number(cell: str) -> bool:
    """Return whether a cell holds a number."""
    return bool(re.fullmatch(r"-?\d+(\.\d*)?(e[-+]?\d+)?", cell))


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
