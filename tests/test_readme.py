"""The README tells the truth: its tree is the tree, its options exist, its files are there."""

import re
from pathlib import Path

import pytest

from gan_keras import classifier, compare, config, evaluate, generate, models

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_its_tree_is_the_tree():
    tree = README.split("## The tree", 1)[1].split("```")[1]
    named, named_models = (set(re.findall(rf"^ {{{indent}}}(\w+\.py)", tree, re.MULTILINE)) for indent in (2, 4))
    assert named == {path.name for path in (ROOT / "gan_keras").glob("*.py")} - {"__init__.py"}
    # A model of the reader's own need not be named: to add one touches one file.
    assert named_models <= {f"{name}.py" for name in models.names()}


def test_every_file_it_shows_or_links_is_there():
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("module", ["train", "generate", "evaluate", "compare", "classifier"])
def test_every_option_in_its_commands_exists(module):
    fields = {"train": [field for model in models.names() for field in vars(models.load(model).Config())]}
    fields |= {
        tool.__name__.split(".")[1]: vars(tool.Options)["__dataclass_fields__"]
        for tool in (generate, evaluate, compare, classifier)
    }
    known = {module: {config.flag(name) for name in names} for module, names in fields.items()}
    commands = re.findall(rf"gan_keras\.{module}([^\n`]*)", README)
    assert commands
    own = [re.sub('"[^"]*"', "", command) for command in commands]  # quoted are options of a model within `compare`
    used = {option for command in own for option in re.findall(r"--[a-z][a-z0-9-]*", command)}
    assert used <= known[module] | {"--help"}
