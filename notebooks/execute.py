"""Run a notebook and store what it shows: MNIST_DIR=DIR python notebooks/execute.py notebooks/NUMBER_NAME.py.

It writes the `.ipynb` beside the script. Without MNIST_DIR the digits are downloaded.
"""

import sys
from pathlib import Path

import jupytext
from nbclient import NotebookClient


def main(script: Path) -> None:
    notebook = jupytext.read(script)
    place = {"metadata": {"path": str(script.parent)}}
    # without time stamps, which would change each time, and with lines that belong together in one output
    NotebookClient(notebook, resources=place, record_timing=False, coalesce_streams=True).execute()
    jupytext.write(notebook, script.with_suffix(".ipynb"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
