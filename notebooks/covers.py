"""Make the pictures of the README's chapters from what the notebooks show: python notebooks/covers.py.

Each notebook has one cell with the tag `cover`. The upper left of its last picture becomes `docs/covers/NUMBER.png`.
"""

import base64
import io
from pathlib import Path

import nbformat
from PIL import Image, ImageOps

NOTEBOOKS = Path(__file__).parent
COVERS = NOTEBOOKS.parent / "docs/covers"
SIZE = 240, 135  # pixels


def cover(notebook: Path) -> Image.Image:
    """Return the picture of a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    (tagged,) = (cell for cell in cells if "cover" in cell.metadata.get("tags", ()))
    pictures = [data for output in tagged.outputs if (data := output.get("data", {}).get("image/png"))]
    with Image.open(io.BytesIO(base64.b64decode(pictures[-1]))) as picture:
        return ImageOps.fit(picture.convert("RGB"), SIZE, centering=(0, 0))


def main() -> None:
    COVERS.mkdir(exist_ok=True)
    for notebook in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        cover(notebook).quantize(64).save(COVERS / f"{notebook.stem.partition('_')[0]}.png", optimize=True)


if __name__ == "__main__":
    main()
