"""history.csv: a row of values for each epoch of a run."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from gan_keras.ui import files

FIRST = (  # columns, in this order, where there are values for them
    "epoch",
    "generator_loss",
    "discriminator_loss",
    "real_accuracy",
    "fake_accuracy",
    "learning_rate",
    "images_per_second",
)


NEEDED = ("epoch", "images_per_second")


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a history.csv; none if the file does not exist. Damaged rows are left out, with a note."""
    if not path.exists():
        return []
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            if missing := set(NEEDED) - set(reader.fieldnames or ()):
                raise csv.Error(f"it has no column {missing.pop()}")
    except csv.Error as error:
        print(f"Note: {path} is damaged ({error}), and left out.")
        return []
    sound = [row for row in rows if _is_sound(row)]
    if len(sound) < len(rows):
        print(f"Note: {path} is damaged: {len(rows) - len(sound)} of its {len(rows)} rows cannot be read.")
    return sound


def _is_sound(row: dict[str, str]) -> bool:
    """Return whether a row has its columns and a number in each cell that is not empty."""
    try:
        numbers = [float(cell) for cell in row.values() if cell != ""]
    except (TypeError, ValueError):  # a cell too many, or too few
        return False
    return all(map(math.isfinite, numbers)) and all(row.get(name) for name in NEEDED) and row["epoch"].isdecimal()


def write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write a history.csv. Values that are missing in some rows, such as live evaluations, stay empty there."""
    present = {name for row in rows for name in row}
    columns = [name for name in FIRST if name in present] + sorted(present - set(FIRST))
    with files.replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
