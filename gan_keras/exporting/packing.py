"""A trained generator as a zip that can be handed on, and back into a folder."""

import hashlib
import json
import shutil
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import keras

from gan_keras import models
from gan_keras.exporting.saved_model import export_network
from gan_keras.ui import files
from gan_keras.ui.console import UserError


def pack(run: Path, facts: dict[str, Any], out: Path, half: bool) -> str:
    """Write a zip with the generator of a run, its config.json and, if it was measured, its metrics.json.

    Args:
        run: the run's folder.
        facts: what its config.json holds. The places of its data stay private.
        out: the zip.
        half: store the weights in float16.

    Returns:
        The SHA-256 of the zip, in hexadecimal digits.

    Raises:
        UserError: if the run has no generator, or a damaged one.
    """
    network = read_generator(run)
    names, model = facts["data"]["class_names"], models.load(facts["options"]["model"]).Model
    facts = facts | {
        "options": facts["options"] | {"data_dir": None},
        "data": facts["data"] | {"source": facts["data"]["name"]},
    }
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "pack"
        export_network(network, folder / "generator", names, controls=model.controls, parts=model.parts, half=half)
        files.write_json(folder / "config.json", facts)
        if (run / "metrics.json").exists():
            measured = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
            measured |= {"source": run.name, "data": measured["data"] | {"source": measured["data"]["name"]}}
            files.write_json(folder / "metrics.json", measured)
        with files.replacing(out) as temporary:
            shutil.move(shutil.make_archive(str(folder), "zip", folder), temporary)
    with out.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_generator(run: Path) -> keras.Model:
    """Return the generator that a run has exported."""
    path = run / "generator.keras"
    if not path.exists():
        raise UserError(f"{run} has no generator.keras: its training is not finished, or {run} is not a run.")
    try:
        return keras.models.load_model(path)  # it runs no code from the file
    except Exception as error:  # damage makes Keras raise whatever it comes upon
        raise UserError(f"{path} is damaged ({type(error).__name__}). Restore it, or train again.") from None


def unpack(source: str, sha256: str, out: Path) -> None:
    """Write what is in a zip into a folder, after its hash has been checked: a SavedModel can do what a program can.

    Args:
        source: a file, or the address of one that is downloaded (https://…).
        sha256: the SHA-256 of the zip, in hexadecimal digits.
        out: the folder, which must not exist.

    Raises:
        UserError: if it cannot be read, if it is another file, or if it holds no generator.
    """
    with tempfile.TemporaryFile() as file:
        _copy(source, file)
        file.seek(0)
        if (found := hashlib.file_digest(file, "sha256").hexdigest()) != sha256.lower():
            raise UserError(
                f"{source} is not the file that was asked for: its SHA-256 is {found}. Nothing was written."
            )
        try:
            with zipfile.ZipFile(file) as archive, files.replacing(out) as temporary:
                if "generator/saved_model.pb" not in archive.namelist():
                    raise UserError(f"{source} holds no generator: it was not made by gan_keras.pack.")
                archive.extractall(temporary)
        except zipfile.BadZipFile:
            raise UserError(f"{source} is not a zip.") from None


def _copy(source: str, file: BinaryIO) -> None:
    """Read a file, here or elsewhere, into an open one."""
    try:
        with urllib.request.urlopen(source, timeout=60) if "://" in source else Path(source).open("rb") as there:
            shutil.copyfileobj(there, file)
    except (OSError, ValueError) as error:
        raise UserError(f"{source} cannot be read ({getattr(error, 'reason', error)}).") from None
