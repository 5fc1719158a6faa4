"""Train a generative adversarial network on handwritten digits.

Examples:
  python -m gan_keras.train --preset quick
  python -m gan_keras.train --model dcgan --dataset fashion_mnist --epochs 20
  python -m gan_keras.train --resume --out saved_models/dcgan-fashion_mnist
"""

import sys
from collections.abc import Sequence

from gan_keras.training import command_line, run_folder
from gan_keras.training.backup import Stopped
from gan_keras.training.run import run
from gan_keras.ui import console


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Train as the command line says."""
    options = command_line.read(arguments, __doc__ or "")
    try:
        run(options)
    except KeyboardInterrupt as stop:
        if (options.folder / "config.json").exists():
            what = "Everything is saved" if isinstance(stop, Stopped) else "Everything up to the last backup is saved"
            print(f"{what}. Continue with:\n  {run_folder.resume_command(options)}")
        raise


if __name__ == "__main__":
    main(sys.argv[1:])
