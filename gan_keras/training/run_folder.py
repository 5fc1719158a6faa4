"""The folder of a run, and its config.json: the options, and facts about versions and data."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from gan_keras import data, models
from gan_keras.game.config import Config
from gan_keras.options import command
from gan_keras.ui import files
from gan_keras.ui.console import UserError

BEST = "best.npz"  # the weights of the best generator so far
# what an option was before it was one: older runs do not name it
EARLIER = {"cooldown": 0.1, "modes": 0, "pseudo_labels": 0.0}
BEFORE_A_BACKUP = {BEST, "config.json", "history.csv", "logs", "samples"}


def save(config: Config, facts: dict[str, Any]) -> None:
    """Write config.json into the run's folder."""
    files.write_json(config.folder / "config.json", {"options": config.to_json(), **facts})


def was_never_saved(run: Path) -> bool:
    """Return whether a folder holds nothing but what a run leaves that ended before its first backup.

    Raises:
        UserError: if its config.json is not that of a run.
    """
    read(run)
    left = {child.name for child in run.iterdir() if not files.is_ours(child)}
    return left <= BEFORE_A_BACKUP


def clear(run: Path) -> None:
    """Delete what a folder holds; its config.json last, so that it counts as a run until then."""
    config = run / "config.json"
    for child in run.iterdir():
        if child != config and child.name not in (files.LOCK, files.PROCESS):
            files.remove(child)
    files.remove(config)


def load(run: Path) -> tuple[Config, dict[str, Any]]:
    """Return a run's options and facts from its config.json.

    Raises:
        UserError: if the folder holds no run, or if its config.json cannot be understood.
    """
    facts = read(run)
    try:
        options = facts.pop("options")
        options["data_dir"] = options["data_dir"] and Path(options["data_dir"])
        config = models.load(options["model"]).Config
        return config(out=run, **with_earlier(options, config)), facts
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(run, error) from None
    except UserError as error:  # a value that no option has
        raise UserError(f"{run}/config.json: {error}") from None


def with_earlier(options: dict[str, Any], config: type[Config]) -> dict[str, Any]:
    """Return the options of a run with those that it does not name, because they did not exist yet."""
    return {name: value for name, value in EARLIER.items() if hasattr(config, name)} | options


def wrote(file: Path) -> bool:
    """Return whether a JSON file, with whatever name, is the config.json of a run."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return "versions" in content and _problem(content) is None


def load_data(run: Path, data_dir: Path | None = None) -> data.Dataset:
    """Load the data of a run, from another place if one is given."""
    options, _ = load(run)
    return dataclasses.replace(options, data_dir=data_dir or options.data_dir).load_data()


def read(run: Path) -> dict[str, Any]:
    """Return what a run's config.json holds: its `options` and facts.

    Raises:
        UserError: if the folder holds no run, or if its config.json is not JSON.
    """
    try:
        content = json.loads((run / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"there is no run in {run}: it has no config.json.") from None
    except ValueError as error:
        raise _damaged(run, error) from None
    if problem := _problem(content):
        raise _damaged(run, problem)
    return content


def _problem(content: Any) -> str | None:
    """Return what is wrong with what a config.json holds; the options themselves are checked by their `Config`."""
    if not isinstance(content, dict) or not isinstance(content.get("options"), dict):
        return "it holds no options"
    options, facts = content["options"], content.get("data", {"name": "", "sha256": ""})
    if not all(isinstance(options.get(name), str) for name in ("model", "dataset")):
        return "it names no model and data set"
    if not isinstance(options.get("data_dir"), str | None):
        return "its data_dir is no path"
    # Each with what stands for it where it is missing; there are none for the first two.
    of_data: dict[str, tuple[type, Any]] = {
        "name": (str, None),
        "sha256": (str, None),
        "partner": (dict, {}),
        "class_counts": (list, []),
    }
    if not isinstance(facts, dict) or not all(
        isinstance(facts.get(name, default), kind) for name, (kind, default) in of_data.items()
    ):
        return "its data have no name and hash"
    if not isinstance(content.get("versions", {}), dict) or not isinstance(content.get("changes", []), list):
        return "its versions or changes cannot be read"
    return None


def containing(path: Path) -> Path | None:
    """Return the folder of the run that a folder is, or is a part of."""
    places = (path, path.parent) if path.is_dir() else ()
    return next((place for place in places if (place / "config.json").exists()), None)


def class_counts(path: Path) -> list[int] | None:
    """Return how many images of each class a run was trained on, if it says so; `path` is its folder or part of it."""
    run = containing(path)
    return read(run).get("data", {}).get("class_counts") if run else None


def resume_command(options: Config, **changed: Any) -> str:
    """Return the command that continues a run, with other options if there are any."""
    return command("train", "--resume", out=options.folder, **changed)


def _damaged(run: Path, problem: object) -> UserError:
    return UserError(f"{run}/config.json is damaged ({problem}). Restore it, or start a new run with another --out.")
