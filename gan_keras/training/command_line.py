"""The command line of a training run."""

import argparse
import dataclasses
import inspect
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_keras import data, models
from gan_keras.game.config import Config
from gan_keras.options import CONFIG, flag, load_config, parse, without_config
from gan_keras.training import run_folder
from gan_keras.ui.console import UserError

WIDTH = 80


def read(arguments: Sequence[str] | None, about: str) -> Config:
    """Read the options of the model that `--model` names.

    Options that are not given are those of `--config`, or of the preset, or of the run that is resumed.

    Args:
        arguments: the command line; by default that of this process.
        about: what `--help` says first.

    Raises:
        UserError: for a value out of its range, an unknown model, or a run to resume that does not exist.
        SystemExit: with code 2 for options that do not exist, with code 0 after `--help`.
    """
    path, arguments = without_config(arguments)
    from_file = load_config(path) if path else {}
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("model", "preset", "dataset", "out"):  # the defaults of the other options depend on these
        first.add_argument(flag(name), type=Path if name == "out" else str, default=argparse.SUPPRESS)
    first.add_argument("--resume", action="store_true")
    given = vars(first.parse_known_args(arguments)[0])
    model = given.get("model") or from_file.get("model") or _usual_model(given)
    config_class = models.load(model).Config
    if path and run_folder.wrote(path):
        from_file = run_folder.with_earlier(from_file, config_class)
    if unknown := from_file.keys() - {field.name for field in dataclasses.fields(config_class)}:
        raise UserError(f"--config {path} has {', '.join(sorted(unknown))}, which {model} has not.")
    given = {**from_file, **given, "model": model}
    if given.get("preset") not in config_class.presets:
        given.pop("preset", None)  # the parser will say so
    defaults = config_class(**{**config_class.presets.get(given.get("preset"), {}), **given})
    if defaults.resume and (defaults.folder / "config.json").exists():
        saved, _ = run_folder.load(defaults.folder)
        defaults = dataclasses.replace(saved, **{name: from_file[name] for name in from_file.keys() & vars(saved)})
    return parse(
        dataclasses.replace(defaults, out=given.get("out"), resume=False),
        groups=defaults.groups,
        prog=f"python -m gan_keras.train --model {defaults.model}",
        arguments=arguments,
        about=_describe(defaults.model, about),
    )


def _usual_model(given: dict[str, Any]) -> str:
    """Return the model of the run that is resumed, or else the one with the best images in the least time."""
    folder = given.get("out")
    if given["resume"] and folder and (folder / "config.json").exists():
        return run_folder.load(folder)[0].model
    return "proposed"


def _describe(model: str, about: str) -> str:
    """Return what `--help` says before the options."""
    return "\n".join(
        [
            f"{about}\n{CONFIG}\n",
            _paragraph(f"Models: {', '.join(models.names())}."),
            "",
            _paragraph(f"Data sets: {', '.join(data.names())}."),
            "",
            _paragraph((inspect.getdoc(models.load(model)) or "").partition("\n")[0]),
        ]
    )


def _paragraph(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
