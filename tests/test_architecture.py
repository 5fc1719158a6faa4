"""The tree is the architecture: who may import whom, and how long files and functions are."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ["gan_keras", "benchmarks"]
LAYERS = ["dashboard", "comparison", "training", "evaluation", "exporting"]
LAYERS += ["models", "game", "layers", "data", "options", "distribution", "ui"]
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def imports(name: str) -> set[str]:
    """Return the modules of this project that a module imports, anywhere in its code."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found & MODULES.keys() - {name}


def layer(name: str) -> str:
    return name.split(".")[1]


LIBRARY = [name for name in MODULES if name.startswith("gan_keras.") and layer(name) in LAYERS]


def test_every_folder_and_file_has_its_place():
    """What is no layer is a command: it can be run, and parses, calls and prints."""
    for name in MODULES.keys() - set(LIBRARY) - {"gan_keras"}:
        if name.startswith("gan_keras."):
            assert "if __name__ ==" in MODULES[name].read_text(), f"{name} is neither a command nor in a layer"
            assert len(MODULES[name].read_text().splitlines()) <= 120, f"{name} is long for a command"


@pytest.mark.parametrize("name", LIBRARY)
def test_a_module_imports_only_its_own_layer_and_those_below(name):
    allowed = LAYERS[LAYERS.index(layer(name)) :]
    for imported in imports(name) - {"gan_keras"}:
        assert layer(imported) in allowed, f"{name} imports {imported}"


def test_there_are_no_circles():
    """A package's `__init__` gathers names for others: that its own modules come first is no circle."""
    graph = {name: {other for other in imports(name) if not name.startswith(f"{other}.")} for name in MODULES}
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} is long"


def test_nothing_in_the_game_knows_a_model():
    models = [path.stem for path in (ROOT / "gan_keras" / "models").glob("*.py") if path.stem != "__init__"]
    for path in (ROOT / "gan_keras" / "game").glob("*.py"):
        names = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
        assert not names & set(models), path
