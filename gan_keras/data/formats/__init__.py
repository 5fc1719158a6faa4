"""The formats that digits come in: one file each. A file here with a `@reader` is known to `--data-dir`."""

import importlib
import pkgutil
from collections.abc import Iterator

from gan_keras.data.formats.format import Found, Loaded, Place, in_sets, inside, part_of, readers

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")


def found(place: Place) -> Iterator[Found]:
    """Yield what all readers find in a place."""
    inside.cache_clear()
    for reader in readers:
        yield from reader(place)


__all__ = ["Found", "Loaded", "Place", "found", "in_sets", "inside", "part_of"]
