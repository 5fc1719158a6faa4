"""Compare models that train for the same time: the paper's tables, measured.

Examples:
  python -m gan_keras.compare --models vanilla,dcgan,wgan,proposed --budget 300s
  python -m gan_keras.compare --models "dcgan,proposed --noise 0.1" --epochs 5
  python -m gan_keras.compare --models dcgan,saved_models/mine --data-dir DIR

It can be stopped at any time; the same command continues. More --models or
--seeds add to what is there.
"""

import sys
from collections.abc import Sequence

from gan_keras.comparison.comparison import compare
from gan_keras.comparison.options import Options
from gan_keras.options import read_options
from gan_keras.ui import console


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Compare as the command line says."""
    options = read_options(Options, "compare", arguments, __doc__)
    compare(options)
    print(f"\n{(options.out / 'comparison.md').read_text(encoding='utf-8')}")
    print(f"In {options.out}:\ncomparison.json, comparison.md, curves.png, samples.png")


if __name__ == "__main__":
    main(sys.argv[1:])
