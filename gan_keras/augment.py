"""Study whether synthetic data help a classifier that has few labelled images.

Examples:
  python -m gan_keras.augment --labels 100 1000 --seeds 2
  python -m gan_keras.augment --dataset digits8x8 --labels 50 100 500
  python -m gan_keras.augment --methods real classical gan --data-dir DIR

It can be stopped at any time: the same command goes on. More --seeds add to it.
"""

import sys
from collections.abc import Sequence

from gan_keras.comparison.study import study
from gan_keras.comparison.study_plan import METHODS, Options
from gan_keras.options import read_options
from gan_keras.ui import console


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Study as the command line says."""
    about = "".join(f"\n  {name:23}{method.about}" for name, method in METHODS.items())
    options = read_options(Options, "augment", arguments, f"{__doc__}\nMethods:{about}\n")
    study(options)
    print(f"\n{(options.out / 'augmentation.md').read_text(encoding='utf-8')}")
    print(f"In {options.out}:\naugmentation.json, augmentation.md, augmentation.png, runs/ of the GANs")


if __name__ == "__main__":
    main(sys.argv[1:])
