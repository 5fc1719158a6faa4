"""The notebooks run, say nothing that frightens, and are the same in both of their forms."""

import importlib
import shutil
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "notebooks").glob("[0-9]*_*.py"))
REDUCED = {"1": "0.1", "6": "0.08"}  # of the training steps: enough for samples that are no longer noise
SMOKE = "0.02"  # for the other notebooks
MARGIN = 1.2  # times the score of noise
QUICKLY = """
import gc
from gan_keras.comparison import plan
from gan_keras.evaluation import evaluation, live
gc.freeze()
plan.FRAMES = 2  # pictures and live evaluations in each run of a comparison
evaluation.WALKS = live.SAMPLES = 100  # images
"""
SCORE = """
import numpy
from gan_keras.evaluation import classifier, metrics
noise = numpy.random.default_rng(0).integers(0, 256, samples.shape, dtype=numpy.uint8)
for images in (samples, noise):
    print(metrics.classes.score(classifier.load()(images).logits[:, 0])["score"])
"""
TRAINED = ("1", "6")  # notebooks that end with `samples` of a generator they trained


def number_of(script):
    return script.stem.partition("_")[0]


def test_the_cell_that_installs_is_the_same_in_all():
    """It has to work without the other files, so it cannot be shared."""
    cells = [next(cell for cell in jupytext.read(script).cells if cell.cell_type == "code") for script in SCRIPTS]
    assert {cell.source for cell in cells} == {cells[0].source}
    assert "find_spec" in cells[0].source


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_both_forms_are_equal(script):
    text, stored = jupytext.read(script), jupytext.read(script.with_suffix(".ipynb"))
    assert [(cell.cell_type, cell.source) for cell in text.cells] == [
        (cell.cell_type, cell.source) for cell in stored.cells
    ], "run jupytext --sync notebooks/[0-9]*_*.py"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_stored_outputs_are_whole_and_from_all_the_digits(script):
    notebook = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [cell for cell in cells if "execution" in cell.metadata], "time stamps: run notebooks/execute.py"
    check_outputs(notebook)
    assert str(Path.home()) not in str(notebook)
    text = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    assert "mlxtend" not in text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_its_cover_is_what_it_shows(script, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "notebooks")
    covers = importlib.import_module("covers")
    with Image.open(covers.COVERS / f"{number_of(script)}.png") as stored:
        difference = ImageChops.difference(covers.cover(script.with_suffix(".ipynb")), stored.convert("RGB"))
    assert ImageStat.Stat(difference).mean < [8, 8, 8], "run python notebooks/covers.py"


def check_outputs(notebook):
    """Nothing failed, and nothing went to the standard error stream."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", f"{cell.source}\n{output.text}"


@pytest.mark.slow
# xdist keeps what is alike up to the last "::" in one process; notebooks may run wherever there is room.
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.stem}::")
def test_it_runs_from_top_to_bottom(script, tmp_path, monkeypatch):
    folder = shutil.copytree(
        ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("runs", "*.ipynb")
    )
    monkeypatch.setenv("BOOK_STEPS", REDUCED.get(number_of(script), SMOKE))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Streamlit sets it, and pictures would then be kept, not shown
    notebook = jupytext.read(script)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(QUICKLY))
    trained = number_of(script) in TRAINED
    if trained:
        notebook.cells.append(nbformat.v4.new_code_cell(SCORE))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    check_outputs(notebook)
    if trained:
        samples, noise = map(float, "".join(output.text for output in notebook.cells[-1].outputs).split())
        assert samples > MARGIN * noise, (samples, noise)
