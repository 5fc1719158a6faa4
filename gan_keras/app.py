"""Look at runs in the browser, live, and play with their generators.

It needs Streamlit: pip install -r requirements-app.txt

Examples:
  python -m gan_keras.app
  python -m gan_keras.app saved_models/comparison --port 8600

The page can start and stop trainings, so only this machine gets it.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from gan_keras.options import Between, Switch, check_ranges, read_options
from gan_keras.ui import console
from gan_keras.ui.console import UserError

PAGE = Path(__file__).parent / "dashboard" / "page.py"


@dataclass(frozen=True)
class Options:
    """What to show, and where."""

    folder: tyro.conf.Positional[Path] = Path("saved_models")  # the folder of the runs
    port: Annotated[int, Between(1024, 65535)] = 8501  # where the page is: http://localhost:8501
    quiet: Switch = False  # do not open a browser

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.folder.is_dir():
            raise UserError(f"there is no folder {self.folder}.")


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the page until it is stopped."""
    if not importlib.util.find_spec("streamlit"):
        raise UserError("the app needs the package streamlit: pip install 'gan-keras[app]' or -r requirements-app.txt")
    options = read_options(Options, "app", arguments, __doc__)
    settings = {
        "server.address": "localhost",
        "server.port": options.port,
        "server.headless": str(options.quiet).lower(),
        "server.fileWatcherType": "none",  # it would look into all of TensorFlow
        "client.toolbarMode": "minimal",
        "browser.gatherUsageStats": "false",
    }
    given = [f"--{name}={value}" for name, value in settings.items()]
    code = subprocess.call([sys.executable, "-m", "streamlit", "run", *given, str(PAGE), "--", str(options.folder)])
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
