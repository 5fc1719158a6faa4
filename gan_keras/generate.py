"""Make digits with a trained generator.

Examples:
  python -m gan_keras.generate --digits 411001
  python -m gan_keras.generate saved_models/quick --count 25 --out grid.png
  python -m gan_keras.generate saved_models/quick --count 10000 --out digits.npz
  python -m gan_keras.generate saved_models/quick --digits 2026
  python -m gan_keras.generate --number 411001 --paper form --out code.png
  python -m gan_keras.generate --number "######" --count 1000 --out postcodes
  python -m gan_keras.generate runs/cyclegan --from scans --out new.npz
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_keras.exporting import loading, numbers, translation
from gan_keras.exporting.options import Options
from gan_keras.options import read_options
from gan_keras.ui import console, pictures
from gan_keras.ui.console import UserError


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Make images as the command line says."""
    options = read_options(Options, "generate", arguments, __doc__)
    run, seed = options.run or loading.SHIPPED, options.seed
    if options.source:
        direction = translation.TO_SOURCE if options.backwards else translation.TO_TARGET
        count = translation.translate(run, direction, options.source, options.out)
        print(f"{count:,} image{'s' if count > 1 else ''} translated, in {options.out}")
        return
    generator = loading.load_generator(run)
    refuse(options, run, generator)
    columns: int | None
    if options.number is not None:
        texts = numbers.expand(options.number, options.count, seed)
        numbers.save(numbers.write(generator, run, texts, options.style, seed), options.out)
        print(f"{f'{len(texts):,} numbers' if options.is_set else texts[0]} in {options.out}")
        return
    if options.mix:
        images, labels, columns = loading.mix_styles(generator, options.mix, seed), None, options.mix + 1
    else:
        digits = np.array(list(options.digits), np.int32) if options.digits else None
        controls = loading.controls_of(generator, run, options.truncation)
        images, labels = loading.make(generator, options.images, seed, digits, **controls)
        columns = len(digits) if digits is not None else pictures.columns_for(labels)
    pictures.save_images(options.out, images, labels, columns)
    print(f"{len(images)} images in {options.out}")


def refuse(options: Options, run: Path, generator: Any) -> None:
    """Raise a `UserError` for what a generator cannot do."""
    if options.digits and not hasattr(generator, "classes"):
        raise UserError(f"the model in {run} takes no labels, so it cannot draw --digits.")
    if options.mix and not hasattr(generator, "synthesize"):
        raise UserError(f"the model in {run} has no styles to --mix.")


if __name__ == "__main__":
    main(sys.argv[1:])
