"""The formats that digits come in: one file each. A file here with a `@reader` is known to `--data-dir`."""

import importlib
import pkgutil
from collections.abc import Iterator

from gan_keras.data.formats.format import Found, Loaded, Place, readers, visible

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")


def found(place: Place) -> Iterator[Found]:
    """Yield what all readers find in a place."""
    for reader in readers:
        yield from reader(place)


__all__ = ["Found", "Loaded", "Place", "found", "visible"]
