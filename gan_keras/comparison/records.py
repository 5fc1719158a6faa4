"""What comparison.json holds: the terms of a comparison, and a record of each run."""

from collections.abc import Mapping
from typing import Any

from gan_keras.ui.console import UserError


def check_terms(what: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise a `UserError` if what was begun `before` cannot go on, because its terms are not those of `now`."""
    for name, value in now.items():
        if before.get(name) != value:
            raise UserError(f"{what} has {name} {before.get(name)}, not {value}. Give another --out.")


def is_sound(result: Any) -> bool:
    """Return whether this is what a comparison writes: its terms, versions, times, and runs."""
    return (
        isinstance(result, dict)
        and isinstance(result.get("terms"), dict)
        and _is_count(result["terms"].get("samples"))
        and isinstance(result["terms"].get("ruler"), str)
        and isinstance(result.get("versions"), dict)
        and all(isinstance(result["versions"].get(name), str) for name in ("machine", "tensorflow", "native_precision"))
        and _are_numbers(result.get("seconds_per_step"))
        and isinstance(result.get("runs"), list)
        and all(map(_is_run, result["runs"]))
    )


def _is_run(run: Any) -> bool:
    """Return whether this is the record of a run, which was measured or failed."""
    if not isinstance(run, dict) or not isinstance(run.get("model"), str):
        return False
    if not isinstance(run.get("options"), dict) or not _is_count(run["options"].get("seed")):
        return False
    if isinstance(run.get("failed"), str):
        return True
    points = run.get("curve")
    return (
        isinstance(run.get("date"), str)
        and bool(run["date"].split())
        and _are_numbers(run.get("values"))
        and _are_numbers(run.get("real"))
        and isinstance(points, list)
        and all(_are_numbers(point) and "minutes" in point for point in points)
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_numbers(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, int | float) for value in values.values())
