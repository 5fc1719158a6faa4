"""Search for better options of a model, within a time that each trial gets.

It needs Optuna: pip install -r requirements-search.txt

Examples:
  python -m gan_keras.search --budget 3m --images 5000 --trials 40
  python -m gan_keras.search --model dcgan --over beta_1=0..0.9 filters=16,32,64

It can be stopped at any time: the same command goes on.

The same command on another machine that shares the folder of --out helps.
"""

import importlib.util
import sys
from collections.abc import Sequence

from gan_keras.options import read_options
from gan_keras.ui import console
from gan_keras.ui.console import UserError


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Search as the command line says."""
    if not importlib.util.find_spec("optuna"):
        raise UserError(
            "a search needs the package optuna: pip install 'gan-keras[search]' or -r requirements-search.txt"
        )
    from gan_keras.comparison.search import Options, search  # noqa: PLC0415  (it needs Optuna)
    from gan_keras.comparison.space import SPACE  # noqa: PLC0415  (it needs Optuna)

    tried = "\n".join(f"  {text}" for text in SPACE)
    about = f"{__doc__}\nWithout --over it tries the model's own values and, as far as it has them:\n{tried}"
    options = read_options(Options, "search", arguments, about)
    search(options)
    print(f"\n{(options.out / 'search.md').read_text(encoding='utf-8')}")
    print(f"In {options.out}:\nsearch.md, search.png, best.json, study.log")


if __name__ == "__main__":
    main(sys.argv[1:])
