"""The networks of a run in other formats: which files there are, and what is in each."""

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan_keras import data, models
from gan_keras.exporting import litert, loading
from gan_keras.exporting.rebuilding import rebuild, some_inputs
from gan_keras.exporting.saved_model import DEFAULT, WITH_NOISE, export_network
from gan_keras.game.config import Config
from gan_keras.ui import files
from gan_keras.ui.console import UserError

NEEDED = dict.fromkeys(("onnx", "web"), ("tf2onnx", "onnx"))  # packages that are no part of the installation
BATCHES, BATCH = 20, 16  # inputs that the ranges of integers are measured by; 16 have the classes 0 to 9


class Source(NamedTuple):
    """A SavedModel, and what its run says of it."""

    folder: Path
    config: Config | None  # the options of the run, if the SavedModel is in the folder of one
    class_names: Sequence[str]

    def rebuilt(self, form: str) -> Any:
        """Return its network as one of Keras.

        Raises:
            UserError: if the options of the run are not there, or do not fit.
        """
        if self.config is None:
            raise UserError(f"--format {form} needs the run's config.json, and there is none in {self.folder.parent}.")
        return rebuild(self.folder, self.config, self.class_names)


def export(sources: Sequence[Source], form: str, out: Path) -> list[Path]:
    """Write networks into a new folder, and return the files, which are named after the networks and their parts.

    Args:
        sources: the networks.
        form: the format, a key of `WRITERS`.
        out: the folder.

    Raises:
        UserError: if a format needs what is not there.
    """
    with files.replacing(out) as temporary:
        temporary.mkdir()
        for source in sources:
            WRITERS[form](source, temporary)
    return sorted(path for path in out.iterdir())


def check_packages(form: str) -> None:
    """Raise a `UserError` if a format needs packages that are not installed."""
    if missing := [name for name in NEEDED.get(form, ()) if not importlib.util.find_spec(name)]:
        raise UserError(
            f"--format {form} needs {' and '.join(missing)}: pip install 'gan-keras[export]' or "
            "-r requirements-export.txt"
        )


def saved_models(run: Path) -> list[Path]:
    """Return the SavedModels in a folder, or the one that it is.

    Raises:
        UserError: if there is none.
    """
    if (run / "saved_model.pb").exists():
        return [run]
    if found := sorted(path.parent for path in run.glob("*/saved_model.pb") if not files.is_ours(path.parent)):
        return found
    raise UserError(
        f"there is no SavedModel in {run}. Give the folder of a finished run; to train one: python -m gan_keras.train"
    )


def functions(folder: Path) -> dict[str, str]:
    """Return the functions of a SavedModel that other runtimes have, name → signature; the whole network comes first.

    They are those of batches alone: random numbers would differ from runtime to runtime.
    """
    signatures = loading.load_saved_model(folder).signatures
    names = sorted({DEFAULT, *signatures} - {DEFAULT, "serve"})  # older ones have the default one under both names
    parts = {f"{folder.name}_{name.removesuffix(WITH_NOISE)}": name for name in names if _is_pure(signatures[name])}
    return {folder.name: DEFAULT} | parts


def _is_pure(signature: Any) -> bool:
    inputs = signature.structured_input_signature[1].values()
    return bool(inputs) and all(value.shape.rank and value.shape[0] is None for value in inputs)


def write_saved_model(source: Source, out: Path) -> None:
    """Write a SavedModel as TensorFlow Serving wants it, in a folder that says its version."""
    shutil.copytree(source.folder, out / source.folder.name / "1")


def write_keras(source: Source, out: Path) -> None:
    """Write a file for `keras.models.load_model`."""
    source.rebuilt("keras").save(out / f"{source.folder.name}.keras")


def write_onnx(source: Source, out: Path) -> None:
    """Write an ONNX file for each function."""
    from gan_keras.exporting import onnx  # noqa: PLC0415  (it needs packages that are no part of the installation)

    for name, signature in functions(source.folder).items():
        onnx.write(source.folder, out / f"{name}.onnx", signature)


def write_litert(source: Source, out: Path) -> None:
    """Write a LiteRT file for each function."""
    for name, signature in functions(source.folder).items():
        litert.write(source.folder, out / f"{name}.tflite", signature)


def write_litert_int8(source: Source, out: Path) -> None:
    """Write a LiteRT file with integers of 8 bits for each function.

    The layers are Keras' own: the fast ones of this package add up many numbers, each of which would be rounded.
    """
    network = source.rebuilt("litert-int8")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / source.folder.name
        parts = models.load(source.config.model).Model.parts if source.config else {}
        has_parts = {
            name: part for name, part in parts.items() if any(part.layer == each.name for each in network.layers)
        }
        export_network(network, folder, source.class_names, parts=has_parts, fast=False)
        program = loading.load_saved_model(folder)
        for name, signature in functions(folder).items():
            batches = calibration(program, signature, source)
            litert.write(folder, out / f"{name}.tflite", signature, batches)


def calibration(program: Any, signature: str, source: Source) -> Iterator[dict[str, np.ndarray]]:
    """Yield inputs of a signature as it will get them: latents, styles of latents, or a generator's images.

    The generator is that of the run, or for a run without one that of the package.

    Raises:
        UserError: if that does not make images of the right size.
    """
    function, classes = program.signatures[signature], len(source.class_names)
    shapes = function.structured_input_signature[1]
    images = _images(source, shapes["image"].shape[1:]) if "image" in shapes else None
    for seed in range(BATCHES):
        batch = some_inputs(function, classes, BATCH, seed)
        if images is not None:
            batch["image"] = images[seed * BATCH : (seed + 1) * BATCH]
        if "style" in batch:
            mapping = program.signatures["map"]
            style = mapping(**some_inputs(mapping, classes, BATCH, seed))["style"].numpy()
            batch["style"] = np.repeat(style[:, None], batch["style"].shape[1], axis=1)
        yield batch


def _images(source: Source, shape: Sequence[int]) -> np.ndarray:
    own = source.folder.parent / "generator"
    images, _ = loading.make(loading.load_generator(own if own.exists() else loading.SHIPPED), BATCHES * BATCH, seed=0)
    if images.shape[1:] != tuple(shape):
        raise UserError(f"--format litert-int8 has no images of {shape[0]}x{shape[1]} to measure {source.folder} by.")
    return data.standardise(images)


WRITERS = {
    "saved_model": write_saved_model,
    "keras": write_keras,
    "onnx": write_onnx,
    "litert": write_litert,
    "litert-int8": write_litert_int8,
}
