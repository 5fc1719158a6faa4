"""Write the networks of a run in other formats.

Examples:
  python -m gan_keras.export --format onnx --out digits
  python -m gan_keras.export RUN --format litert --out phone
  python -m gan_keras.export RUN --format saved_model --out models
  python -m gan_keras.export RUN --format web --out page.html

ONNX and pages need more packages: pip install -r requirements-export.txt
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from gan_keras import data
from gan_keras.evaluation import latent_space, traits
from gan_keras.exporting import conversion, loading, translation
from gan_keras.exporting.lesson import lesson, recording
from gan_keras.options import check_out, optional, read_options
from gan_keras.training import history, run_folder
from gan_keras.ui import console
from gan_keras.ui.console import UserError

SLIDERS, SEED = 6, 0  # of a page, and the seed by which their directions are found


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to write, and where."""

    # the folder of a run, or of a SavedModel; default: the generator of digits that comes with the package
    run: tyro.conf.Positional[Annotated[Path | None, optional("RUN")]] = None
    # saved_model: as TensorFlow Serving wants it; onnx, litert: for other runtimes, a file for each network and each
    # part; litert-int8: a quarter of the size, and less exact; keras: for keras.models.load_model; web: a page in which
    # the generator runs, in a browser and without a network; lesson: a page that replays a small game, played for it
    format: Annotated[
        Literal["saved_model", "onnx", "litert", "litert-int8", "keras", "web", "lesson"],
        tyro.conf.arg(metavar="FORMAT"),
    ]
    # what to write, which must not exist: a folder; of web a file .html with all in it, or a folder for a web server;
    # of lesson a file .html
    out: Annotated[Path, tyro.conf.arg(metavar="{DIR,FILE.html}")]

    def __post_init__(self) -> None:
        conversion.check_packages(self.format)
        if self.format == "web" and self.out.suffix not in ("", ".html"):
            raise UserError(f"--out {self.out} must end in .html, or be a new folder for a web server.")
        if self.format == "lesson" and (self.run or self.out.suffix != ".html"):
            raise UserError("a lesson has a game of its own: leave out RUN, and give an --out that ends in .html.")
        check_out(self.out, must_be_new=True)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Export as the command line says."""
    options = read_options(Options, "export", arguments, __doc__)
    if options.format == "lesson":
        write_lesson(options.out)
        return
    run = options.run or loading.SHIPPED
    folders = conversion.saved_models(run)
    place = run_folder.containing(run)
    config, facts = run_folder.load(place) if place else (None, {})
    of_data = facts.get("data", {})
    if options.format == "web":
        write_page(place or run, of_data, options.out)
        return
    class_names = of_data.get("class_names", [])
    sources = [conversion.Source(folder, config, class_names) for folder in folders]
    for path in conversion.export(sources, options.format, options.out):
        print(path)


def write_page(run: Path, of_data: Mapping[str, Any], out: Path) -> None:
    """Write the page of a generator, with sliders along the directions that change its images most."""
    from gan_keras.exporting.page import page  # noqa: PLC0415  (it needs packages that are no part of the installation)

    if (run / translation.TO_TARGET).exists():
        raise UserError(f"the model in {run} translates images; a page needs one that makes them of latents.")
    generator = loading.load_generator(run)
    vectors = latent_space.directions(generator, SEED).vectors[:SLIDERS]
    directions = traits.named(generator, vectors, SEED)
    page.write(run, out, directions, data=of_data, history=history.read(run / "history.csv"))
    if out.is_dir():
        print(f"{out}: put it on a web server, or look at it with: python -m http.server --directory {out}")
    else:
        print(f"{out} ({out.stat().st_size / 1e6:.1f} MB): open it in a browser.")


def write_lesson(out: Path) -> None:
    """Play a small game on MNIST's digits, and write the page that replays it."""
    digits = data.load("mnist", conversion=data.Conversion(image_size=recording.SIDE))
    print("Playing a small game: about a minute.", flush=True)
    lesson.write(recording.record(digits.train), out)
    print(f"{out} ({out.stat().st_size / 1e6:.1f} MB): open it in a browser.")


if __name__ == "__main__":
    main(sys.argv[1:])
