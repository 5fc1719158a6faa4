"""Compare the formats of `gan_keras.export` by the shipped generator: size, speed, and how good the digits are.

Example:
  python -m benchmarks.exports --data-dir DIR
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime
import tensorflow as tf
import tyro
from ai_edge_litert.interpreter import Interpreter

from benchmarks import machine
from gan_keras import data, export
from gan_keras.evaluation import classifier
from gan_keras.evaluation.metrics import distances
from gan_keras.exporting import loading
from gan_keras.options import Count, OptionalPath, Seed, check_ranges
from gan_keras.ui import console, pictures

BATCH = 100  # images that are made at a time to be measured
TIMED = 100  # times that one image is made
Function = Callable[[dict[str, np.ndarray]], np.ndarray]  # from inputs by name to the only output
FORMATS = ("saved_model", "onnx", "litert", "litert-int8")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure by."""

    data_dir: OptionalPath = None  # folder or file with MNIST; default: a download
    samples: Count = 10_000  # number of images for the distances, and at most of real test images
    seed: Seed = 0  # seed of the latents

    def __post_init__(self) -> None:
        check_ranges(self)


def of_saved_model(path: Path) -> Function:
    """Return the default signature of a SavedModel."""
    program = tf.saved_model.load(str(path))

    def run(batch: dict[str, np.ndarray]) -> np.ndarray:
        (output,) = program.signatures["serving_default"](**{name: tf.constant(batch[name]) for name in batch}).values()
        return output.numpy()

    return run


def of_onnx(path: Path) -> Function:
    """Return what an ONNX file computes."""
    session = onnxruntime.InferenceSession(str(path))
    return lambda batch: session.run(None, batch)[0]


def of_litert(path: Path) -> Function:
    """Return what a LiteRT file computes."""
    runner = Interpreter(model_path=str(path)).get_signature_runner()

    def run(batch: dict[str, np.ndarray]) -> np.ndarray:
        (output,) = runner(**batch).values()
        return output.copy()

    return run


def load(path: Path) -> Function:
    """Return what is in an exported file or folder."""
    return {".onnx": of_onnx, ".tflite": of_litert}.get(path.suffix, of_saved_model)(path)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Export the shipped generator in each format, and print the table."""
    options = tyro.cli(Options, prog="python -m benchmarks.exports", args=arguments, description=__doc__)
    ruler, test = classifier.load(), data.load("mnist", options.data_dir).test.images[: options.samples]
    real = ruler(test)
    random = np.random.default_rng(options.seed)
    latents = random.standard_normal((options.samples, loading.latent_dim(loading.load_generator(loading.SHIPPED))))
    batch = {"latent": latents.astype(np.float32), "label": np.arange(options.samples, dtype=np.int32) % 10}
    reference = None
    lines = [
        "| format | MB | ms for one digit | mean difference of greys | `fid_mnist` | `sfid_mnist` |",
        "| --- " * 6 + "|",
    ]
    for form in FORMATS:
        with tempfile.TemporaryDirectory() as place:
            export.main(["--format", form, "--out", f"{place}/{form}"])
            (path,) = Path(place, form).iterdir()
            size = sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())
            run = load(path / "1" if path.is_dir() else path)
            starts = range(0, options.samples, BATCH)
            images = np.concatenate([run({name: batch[name][at : at + BATCH] for name in batch}) for at in starts])
            seconds = timed(run, {name: batch[name][:1] for name in batch})
        reference = images if reference is None else reference
        difference = np.abs(images - reference).mean() * 127.5
        made = ruler(pictures.to_uint8(images))
        fid, sfid = (distances.frechet(getattr(real, name), getattr(made, name)) for name in ("features", "places"))
        values = " | ".join(f"{value:.3f} ± {value.error:.3f}" for value in (fid, sfid))
        lines.append(f"| `{form}` | {size / 1e6:.2f} | {seconds * 1e3:.1f} | {difference:.2g} | {values} |")
    print(f"{machine.describe()}\n" + "\n".join(lines))


def timed(run: Function, one: dict[str, np.ndarray]) -> float:
    """Return the median of the seconds of a call."""
    seconds = []
    for _ in range(TIMED):
        start = time.perf_counter()
        run(one)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
