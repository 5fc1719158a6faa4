"""Files that are not what their names say, or only in part."""

from pathlib import Path

LOOKED_AT = 100  # bytes
INSTEAD = {  # how a file begins → what it is instead of what its name says, and what to do
    b"version https://git-lfs": "is a pointer of Git LFS to the file. Get the file itself with `git lfs pull`",
    b"<!doctype html": "is a web page, perhaps an error of the server. Download the file again",
    b"<html": "is a web page, perhaps an error of the server. Download the file again",
}


def what_instead(path: Path) -> str:
    """Return what a file is that should be another, and what to do about it; "" if that is not known."""
    with path.open("rb") as file:
        head = file.read(LOOKED_AT).lstrip().lower()
    return next((what for start, what in INSTEAD.items() if head.startswith(start)), "")
