"""The README tells the truth: its tree is the tree, its options and files exist, its commands fit together."""

import importlib.util
import re
from dataclasses import fields
from pathlib import Path

import pytest

from gan_keras import app, classifier, evaluate, export, fetch, generate, latent, models, pack, synthesize
from gan_keras.comparison.options import Options as CompareOptions
from gan_keras.comparison.search import Options as SearchOptions
from gan_keras.comparison.study_plan import Options as StudyOptions
from gan_keras.exporting.numbers import Style
from gan_keras.options import flag

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks/RESULTS.md"]
TREE = README.split("## The tree", 1)[1].split("```")[1]


def test_its_tree_is_the_tree():
    """Of every folder of the package it names all files; of `models/` none, because the table names them."""
    named: dict[str, set[str]] = {"": set()}
    folder = ""
    for line in TREE.split("notebooks/")[0].splitlines()[2:]:
        if match := re.match(r"  (  )?(\w+)/ ", line):
            folder = f"{folder.split('/', maxsplit=1)[0]}/{match[2]}" if match[1] else match[2]
            named[folder] = set()
        elif re.match(r"  \w+\.py", line):
            folder = ""
        named[folder] |= set(re.findall(r"\w+\.py", line))
    package = ROOT / "gan_keras"
    there = {"": {path.name for path in package.glob("*.py")}}
    for path in package.rglob("__init__.py"):
        if path.parent != package:
            there[str(path.parent.relative_to(package))] = {file.name for file in path.parent.glob("*.py")}
    there = {name: files - {"__init__.py"} for name, files in there.items()} | {"models": set()}
    assert named == there


def test_its_table_names_the_models():
    """A model of the reader's own need not be named: adding one touches one file."""
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) <= set(models.names())


def test_it_is_short():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_it_shows_or_links_is_there(page):
    targets = re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", page.read_text())
    for target, anchor in targets:
        path = page.parent / target if target else page
        assert path.exists(), target
        if anchor and path.suffix == ".md":
            heads = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            anchors = [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads]
            assert anchor in anchors, f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_in_its_commands_exists(page):
    of_models = {name for model in models.names() for name in vars(models.load(model).Config())}
    switches = {
        name for model in models.names() for name, value in vars(models.load(model).Config()).items() if value is True
    }
    known = {"train": {flag(name) for name in of_models} | {flag(f"no_{name}") for name in switches}}
    for command, options in (
        ("generate", generate.Options),
        ("evaluate", evaluate.Options),
        ("compare", CompareOptions),
        ("search", SearchOptions),
        ("augment", StudyOptions),
        ("classifier", classifier.Options),
        ("synthesize", synthesize.Options),
        ("latent", latent.Options),
        ("export", export.Options),
        ("pack", pack.Options),
        ("fetch", fetch.Options),
        ("app", app.Options),
    ):
        known[command] = {flag(field.name) for field in fields(options)}
    known["generate"] |= {"--from", *(flag(field.name) for field in fields(Style))}
    for command, text in re.findall(r"python -m gan_keras\.(\w+)([^\n`#]*)", page.read_text()):
        own = re.sub('"[^"]*"', "", text)  # quoted are options of a model within `compare`
        used = set(re.findall(r"--[a-z][a-z0-9-]*", own)) - {"--help", "--config"}
        assert used <= known[command], f"{command}{text}"


def test_what_the_quick_run_makes_is_what_the_next_commands_use():
    """After the first command, every command of the two sections names its folder."""
    start, end = README.index("python -m gan_keras.train"), README.index("## Train on your own data")
    commands = re.findall(r"^python -m gan_keras\.\w+ .*$", README[start:end], re.MULTILINE)
    assert len(commands) >= 5
    assert all("saved_models/quick" in command for command in commands)


def test_the_code_that_the_course_names_is_there():
    names = re.findall(r"`(gan_keras(?:\.\w+)+)`", (ROOT / "docs" / "course.md").read_text())
    assert len(names) > 15
    for name in names:
        module, _, last = name.rpartition(".")
        assert importlib.util.find_spec(name if last.islower() else module), name
        assert last.islower() or hasattr(importlib.import_module(module), last), name
