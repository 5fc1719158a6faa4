"""Write the networks of a run in other formats.

Examples:
  python -m gan_keras.export --format onnx --out digits
  python -m gan_keras.export saved_models/quick --format litert --out phone
  python -m gan_keras.export RUN --format saved_model --out models

ONNX needs more packages: pip install -r requirements-export.txt
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from gan_keras.exporting import conversion, loading
from gan_keras.options import optional
from gan_keras.training import run_folder
from gan_keras.ui import console
from gan_keras.ui.console import UserError


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to write, and where."""

    # the folder of a run, or of a SavedModel; default: the generator of digits that comes with the package
    run: tyro.conf.Positional[Annotated[Path | None, optional("RUN")]] = None
    # saved_model: as TensorFlow Serving wants it; onnx, litert: for other runtimes, a file for each network and each
    # part; litert-int8: a quarter of the size, and less exact; keras: for keras.models.load_model
    format: Annotated[Literal["saved_model", "onnx", "litert", "litert-int8", "keras"], tyro.conf.arg(metavar="FORMAT")]
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]  # the folder to write, which must not exist

    def __post_init__(self) -> None:
        conversion.check_packages(self.format)
        if self.out.exists():
            raise UserError(f"{self.out} exists already. Give another --out.")
        if not self.out.resolve().parent.is_dir():
            raise UserError(f"there is no folder {self.out.parent} for --out {self.out}.")


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Export as the command line says."""
    options = tyro.cli(Options, prog="python -m gan_keras.export", args=arguments, description=__doc__)
    run = options.run or loading.SHIPPED
    folders = conversion.saved_models(run)
    place = run_folder.containing(run)
    config, facts = run_folder.load(place) if place else (None, {})
    class_names = facts.get("data", {}).get("class_names", [])
    sources = [conversion.Source(folder, config, class_names) for folder in folders]
    for path in conversion.export(sources, options.format, options.out):
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])
