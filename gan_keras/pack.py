"""Pack the generator of a run into one file, to hand it on.

Examples:
  python -m gan_keras.pack saved_models/quick --out quick.zip
  python -m gan_keras.pack saved_models/quick --out small.zip --half
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from gan_keras.exporting import packing
from gan_keras.options import Switch, check_out, command, read_options
from gan_keras.training import run_folder
from gan_keras.ui import console
from gan_keras.ui.console import UserError


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to pack."""

    run: tyro.conf.Positional[Path]  # the folder of a finished run
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.zip")]  # the file to write
    half: Switch = False  # store the weights in float16: half the size; a grey value may differ by one

    def __post_init__(self) -> None:
        if self.out.suffix != ".zip":
            raise UserError(f"--out {self.out} must end in .zip.")
        check_out(self.out)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Pack as the command line says, and print how the file is unpacked."""
    options = read_options(Options, "pack", arguments, __doc__)
    run_folder.load(options.run)  # checks it
    sha256 = packing.pack(options.run, run_folder.read(options.run), options.out, options.half)
    out = Path("saved_models") / options.out.stem
    print(f"{options.out.stat().st_size / 2**20:.1f} MiB in {options.out}. Whoever gets it unpacks it with:")
    print(f"  {command('fetch', options.out, sha256=sha256, out=out)}")


if __name__ == "__main__":
    main(sys.argv[1:])
