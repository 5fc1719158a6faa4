"""The runs of a folder, as their files show them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gan_keras.training import history, run_folder
from gan_keras.ui import files
from gan_keras.ui.console import UserError

DEPTH = 3  # folders below the given one in which runs are looked for; a comparison keeps its own in `runs/`


@dataclass(frozen=True)
class Run:
    """A run that may still be in training; each property reads its files anew."""

    path: Path
    name: str  # its place in the folder

    @property
    def process(self) -> files.Process | None:
        """The process that trains it now."""
        return files.process_in(self.path)

    @property
    def options(self) -> dict[str, Any]:
        """Its options by name.

        Raises:
            UserError: if its config.json is damaged.
        """
        return run_folder.read(self.path)["options"]

    @property
    def history(self) -> pd.DataFrame:
        """Its values, a row for each epoch, in columns named as in history.csv."""
        rows = history.read(self.path / "history.csv")
        table = pd.DataFrame(rows, dtype=str).apply(pd.to_numeric, errors="coerce")
        return table.set_index("epoch") if len(table) else table

    @property
    def pictures(self) -> dict[int, Path]:
        """The pictures of its digits by epoch."""
        names = sorted((self.path / "samples").glob("epoch_*.png"))
        return {int(path.stem.rpartition("_")[2]): path for path in names if path.stem.rpartition("_")[2].isdecimal()}

    @property
    def metrics(self) -> dict[str, Any] | None:
        """What `evaluate` has written about it, if anything that can be read."""
        try:
            content = json.loads((self.path / "metrics.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        parts = {"metrics": dict, "real": dict, "ruler": str}
        is_sound = isinstance(content, dict) and all(
            isinstance(content.get(part), kind) for part, kind in parts.items()
        )
        return content if is_sound else None

    @property
    def generator(self) -> Path | None:
        """The folder of its SavedModel, if it has been exported."""
        folder = self.path / "generator"
        return folder if (folder / "saved_model.pb").exists() else None

    def is_finished(self) -> bool:
        """Return whether it has all its epochs."""
        done = self.history.index
        return len(done) > 0 and done[-1] >= self.options["epochs"]


def find(folder: Path) -> list[Run]:
    """Return the runs in a folder and below it, the latest first; those whose config.json is damaged are left out."""
    found = []
    for depth in range(DEPTH + 1):
        for config in folder.glob("*/" * depth + "config.json"):
            place = config.parent
            try:
                run_folder.read(place)
            except UserError:
                continue
            name = place.relative_to(folder).as_posix() if place != folder else folder.resolve().name
            found.append((config.stat().st_mtime, Run(place, name)))
    return [run for _, run in sorted(found, key=lambda pair: -pair[0])]


def differences(runs: list[Run]) -> pd.DataFrame:
    """Return the options that are not the same in all runs: a row for each, a column for each run."""
    options = {run.name: run.options for run in runs}
    names = dict.fromkeys(name for one in options.values() for name in one)
    table = {
        name: [_shown(one.get(name)) for one in options.values()]
        for name in names
        if len({_shown(one.get(name)) for one in options.values()}) > 1
    }
    return pd.DataFrame.from_dict(table, orient="index", columns=list(options))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
