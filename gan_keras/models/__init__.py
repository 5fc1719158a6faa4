"""One file per GAN. A file here is a model, named after the file; `--model`, `--help` and the tests find it."""

import importlib
import pkgutil
from types import ModuleType

from gan_keras.ui.console import UserError, nearest


def names() -> list[str]:
    """Return the names of all models."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> ModuleType:
    """Return the module of a model, which has a `Config` and a `Model`.

    Raises:
        UserError: if there is no such model; it suggests the nearest name.
    """
    if name not in names():
        raise nearest("model", name, names())
    return importlib.import_module(f"{__name__}.{name}")


def load_sampled(name: str) -> ModuleType:
    """Return the module of a model that makes images of its own, from latents.

    Raises:
        UserError: if there is no such model, or if it translates images instead.
    """
    module = load(name)
    if module.Model.sampled != "generator":
        raise UserError(f"{name} translates images; it makes none of its own that could be compared.")
    return module
