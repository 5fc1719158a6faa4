"""Fetch a generator that somebody has packed, and check its hash.

Examples:
  python -m gan_keras.fetch quick.zip --sha256 HASH --out saved_models/quick
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from gan_keras.exporting import packing
from gan_keras.options import command, read_options
from gan_keras.ui import console
from gan_keras.ui.console import UserError


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to fetch, and where to."""

    source: tyro.conf.Positional[str]  # a file that gan_keras.pack has written, or an address https://…
    sha256: str  # its SHA-256, from whoever packed it; fetch only from people whom you trust
    out: Path  # the folder to write, which must not exist

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-fA-F]{64}", self.sha256):
            raise UserError(f"--sha256 is {self.sha256!r}; it must be 64 hexadecimal digits.")
        if self.out.exists():
            raise UserError(f"{self.out} exists already. Give another --out.")


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Fetch as the command line says."""
    options = read_options(Options, "fetch", arguments, __doc__)
    packing.unpack(options.source, options.sha256, options.out)
    print(f"The generator is in {options.out}. Make images with:\n  {command('generate', options.out, count=25)}")


if __name__ == "__main__":
    main(sys.argv[1:])
