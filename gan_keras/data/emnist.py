"""What is particular about EMNIST (Cohen et al. 2017, arXiv:1702.05373): its classes, and how its images are stored."""

import re
import string
from pathlib import Path

import numpy as np

from gan_keras.data.dataset import Split
from gan_keras.ui.console import UserError

# The small letters that bymerge and balanced keep apart from their capitals.
DIFFERENT = "abdefghnqrt"
CLASSES = {  # kind → the characters of its classes
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "bymerge": string.digits + string.ascii_uppercase + DIFFERENT,
    "balanced": string.digits + string.ascii_uppercase + DIFFERENT,
    "letters": string.ascii_lowercase,
    "digits": string.digits,
    "mnist": string.digits,
}
PREFIX = "emnist_"  # begins the names of these data sets


def kind_of(dataset: str) -> str | None:
    """Return which of EMNIST's kinds a data set is, or None."""
    kind = dataset.removeprefix(PREFIX)
    return kind if dataset.startswith(PREFIX) and kind in CLASSES else None


def named_after(name: str) -> str:
    """Return the name of the one of these data sets that a file is named after, or ""."""
    kind = re.search(rf"emnist[-_]({'|'.join(CLASSES)})", name.lower())
    return f"{PREFIX}{kind[1]}" if kind else ""


def arrange(kind: str, split: Split, turned: bool) -> Split:
    """Return a split upright and with labels from 0: those of the letters start at 1 in EMNIST's files."""
    images = np.ascontiguousarray(split.images.swapaxes(1, 2)) if turned else split.images
    from_one = kind == "letters" and split.labels.min(initial=1) >= 1
    return Split(images, split.labels - 1 if from_one else split.labels)


def read_mapping(path: Path) -> list[str]:
    """Return the names of the classes from EMNIST's mapping file: lines "label code (code of the small letter)".

    Raises:
        UserError: if it is damaged.
    """
    if not path.is_file():
        return []
    try:
        rows = [tuple(map(int, line.split())) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        # A letter that stands for both of its forms is named by the last: the small one, as here by default.
        return [chr(codes[-1]) for _, *codes in sorted(rows)]
    except (ValueError, IndexError) as error:
        raise UserError(f"{path} is not a mapping of EMNIST: lines of two or three numbers ({error}).") from None
