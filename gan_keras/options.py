"""Options: their types, their checks, and how a dataclass of them becomes a command line.

The comment behind a field (or above it) is the field's text in `--help`: what the option is, then why its default.
"""

import argparse
import dataclasses
import functools
import inspect
import json
import math
import re
import shlex
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro

from gan_keras.ui.console import UserError, nearest

T = TypeVar("T")


@dataclass(frozen=True)
class Between:
    """The range of an option's values, both ends included."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"at least {_plain(self.low)}"
        return f"from {_plain(self.low)} to {_plain(self.high)}"


def _plain(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else f"{number:g}"


def optional(metavar: str) -> Any:
    """Return the annotation of an option whose default its text explains."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=lambda value: "" if value == "None" else _hint(value))


def _hint(value: str) -> str:
    return f"(default: {value})"


Count = Annotated[int, Between(1, 10**9)]
Size = Annotated[
    int, Between(1, 4096)
]  # size of a part of a network; a larger one needs more memory than a machine has
Images = Annotated[int, Between(1, 2500)]  # number of images in a picture
Every = Annotated[int, Between(0, 10**9)]
OptionalCount = Annotated[int | None, Between(1, 10**9), optional("INT")]
Rate = Annotated[float, Between(1e-8, 1)]
OptionalRate = Annotated[float | None, Between(1e-8, 1), optional("FLOAT")]
Positive = Annotated[float, Between(1e-8, 1e6)]
NotNegative = Annotated[float, Between(0, 1e6)]
Fraction = Annotated[float, Between(0, 0.999999)]
Seed = Annotated[int, Between(0, 2**31 - 1)]
Folder = Annotated[Path | None, optional("DIR")]
OptionalPath = Annotated[Path | None, optional("PATH")]  # a folder or a file
OptionalText = Annotated[str | None, optional("TEXT")]
Schedule = Literal["constant", "linear", "cosine", "cooldown"]
Switch = tyro.conf.FlagCreatePairsOff[bool]  # off by default: there is no --no-… form


def check_ranges(options: Any) -> None:
    """Check the type of each field, and whether its value is one of its `Literal` or within its `Between`.

    Raises:
        UserError: for the first field that is wrong.
    """
    for name, hint in typing.get_type_hints(type(options), include_extras=True).items():
        value: Any = getattr(options, name, None)
        if typing.get_origin(hint) is typing.ClassVar:
            continue
        if not _fits(value, typing.get_args(hint)[0] if hasattr(hint, "__metadata__") else hint):
            raise UserError(f"{flag(name)} is {value!r}, which has the wrong type.")
        if typing.get_origin(hint) is Literal and value not in typing.get_args(hint):
            raise nearest(flag(name), value, typing.get_args(hint))
        for limit in getattr(hint, "__metadata__", ()):
            if isinstance(limit, Between) and value is not None and not limit.low <= value <= limit.high:
                raise UserError(f"{flag(name)} is {value}; it must be {limit}.")


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value has a type such as `int`, `float | None` or `Path`; `Literal`s are checked by value."""
    if typing.get_origin(hint) is Literal:
        return isinstance(value, str)
    is_union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    kinds = [typing.get_origin(kind) or kind for kind in (typing.get_args(hint) if is_union else [hint])]
    if float in kinds and type(value) is int:
        return True
    return any(isinstance(value, kind) for kind in kinds) and (bool in kinds or not isinstance(value, bool))


def check_out(out: Path, *, must_be_new: bool = False) -> None:
    """Check that there is a folder for what --out names, and if it `must_be_new`, that nothing is there yet.

    Raises:
        UserError: if it cannot be written there.
    """
    if must_be_new and out.exists():
        raise UserError(f"{out} exists already. Give another --out.")
    if not out.parent.is_dir():
        raise UserError(f"there is no folder {out.parent} for --out {out}.")


def seconds_of(name: str, text: str) -> float:
    """Return the seconds of a time such as 300s, 5m or 1h.

    Raises:
        UserError: if the option of this name is no such time.
    """
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)(s|m|h)", text)
    if not match or not float(match[1]):
        raise UserError(f"{flag(name)} is {text!r}; it must be a time such as 300s, 5m or 1h, above 0.")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def flag(name: str) -> str:
    """Return the command-line form of an option's name."""
    return "--" + name.replace("_", "-")


def command(name: str, *places: object, **options: object) -> str:
    """Return a command of the package as a user types it; options that are None, "" or False are left out."""
    given = [
        part
        for option, value in options.items()
        if value is not False and value not in (None, "")
        for part in ([flag(option)] if value is True else [flag(option), *_words(value)])
    ]
    return shlex.join(["python", "-m", f"gan_keras.{name}", *map(str, places), *given])


def _words(value: object) -> list[str]:
    """Return what stands behind an option on the command line; several words for a tuple."""
    return [str(part) for part in value] if isinstance(value, tuple) else [str(value)]


CONFIG = "--config FILE takes options from a JSON file, such as a run's config.json."


def read_options(kind: type[T], name: str, arguments: Sequence[str] | None, about: str | None) -> T:
    """Read the command line of a command of the package.

    Args:
        kind: the type of its options, a dataclass.
        name: the command's.
        arguments: the command line; by default that of this process.
        about: what `--help` says first.

    Raises:
        UserError: if the file of `--config` cannot be read, or names an option that there is not.
        SystemExit: with code 2 for options that do not exist, with code 0 after `--help`.
    """
    path, rest = without_config(arguments)
    given = as_arguments(kind, load_config(path), path) if path else []
    return tyro.cli(
        kind, prog=f"python -m gan_keras.{name}", args=[*given, *rest], description=f"{about or ''}\n\n{CONFIG}"
    )


def without_config(arguments: Sequence[str] | None) -> tuple[Path | None, list[str]]:
    """Return the file that `--config` names, and the rest of a command line."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config", type=Path)
    given, rest = parser.parse_known_args(arguments)
    return given.config, rest


def load_config(path: Path) -> dict[str, Any]:
    """Return the options that a JSON file holds, either alone or as its `options`.

    Raises:
        UserError: if it is not such a file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"--config {path}: there is no such file.") from None
    except ValueError as error:
        raise UserError(f"--config {path} is not JSON: {error}.") from None
    content = content.get("options", content) if isinstance(content, dict) else content
    if not isinstance(content, dict):
        raise UserError(f'--config {path} holds no options: it must be as {{"seed": 1, …}}.')
    return content


def as_arguments(kind: type, values: Mapping[str, Any], path: Path) -> list[str]:
    """Return options by name as a command line.

    Raises:
        UserError: for a name that is no option, or one that has no name on the command line.
    """
    hints = typing.get_type_hints(kind, include_extras=True)
    arguments: list[str] = []
    for name, value in values.items():
        if name not in hints:
            raise UserError(f"--config {path}: {nearest('option', name, sorted(hints))}")
        if value is None or (value is False and hints[name] == Switch):
            continue
        marks = getattr(hints[name], "__metadata__", ())
        if tyro.conf.Positional in marks:
            raise UserError(f"--config {path}: give {name} on the command line; it has no flag.")
        option = next((mark.name for mark in marks if getattr(mark, "name", None)), name)  # as --from
        if isinstance(value, bool):
            arguments.append(flag(option if value else f"no_{option}"))
        else:
            arguments += [flag(option), *map(str, value if isinstance(value, list) else [value])]
    return arguments


def parse(
    default: T,
    *,
    groups: Mapping[str, Sequence[str]],
    prog: str,
    arguments: Sequence[str] | None,
    about: str,
) -> T:
    """Read a command line into options like `default`, with the options in `--help` under some headings.

    Args:
        default: the options to fall back on, a dataclass.
        groups: heading → the names of its fields; all other fields are under "model".
        prog: what the command is called.
        arguments: the command line; by default that of this process.
        about: what `--help` says first.

    Raises:
        SystemExit: with code 2 for options that do not exist, with code 0 after `--help`.
    """
    kind = type(default)
    grouped = {name: heading for heading, names in groups.items() for name in names}
    fields: dict[str, list[tuple[str, Any, Any]]] = {heading: [] for heading in groups}
    for name, hint in typing.get_type_hints(kind, include_extras=True).items():
        if typing.get_origin(hint) is typing.ClassVar:
            continue
        value = getattr(default, name)
        field = (name, Annotated[hint, tyro.conf.arg(help=_comment(kind, name))], dataclasses.field(default=value))
        fields[grouped.get(name, "model")].append(field)
    parts = {
        heading: dataclasses.make_dataclass(heading, group, frozen=True)() for heading, group in fields.items() if group
    }
    whole = dataclasses.make_dataclass(
        "Options", [(heading, type(part), dataclasses.field(default=part)) for heading, part in parts.items()]
    )
    given: Any = tyro.cli(whole, prog=prog, args=arguments, description=about, config=(tyro.conf.OmitArgPrefixes,))
    return kind(**{name: value for heading in parts for name, value in vars(getattr(given, heading)).items()})


@functools.cache  # Python parses the whole file each time
def _source(owner: type) -> list[str]:
    return inspect.getsource(owner).splitlines()


def _comment(kind: type, name: str) -> str:
    """Return the comment behind a field, or the ones above it, in the class that defined it last."""
    owner = next(owner for owner in kind.__mro__ if name in vars(owner).get("__annotations__", {}))
    lines = _source(owner)
    number = next(number for number, line in enumerate(lines) if re.match(rf"\s+{name}:", line))
    if behind := re.search(r"  # (.*)", lines[number]):
        return behind[1]
    above: list[str] = []
    while comment := re.match(r"\s+# (.*)", lines[number - 1]):
        above.insert(0, comment[1])
        number -= 1
    return " ".join(above)
