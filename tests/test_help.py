"""`--help` fits the screen, and names what can be chosen."""

import importlib
from pathlib import Path

import pytest
from helpers import run_command

from gan_keras import data, models
from gan_keras.evaluation import metrics

COMMANDS = sorted(
    path.stem
    for path in (Path(__file__).parent.parent / "gan_keras").glob("*.py")
    if path.stem != "__init__" and "def main(" in path.read_text()
)
ARGUMENTS = [(name,) for name in COMMANDS] + [("train", "--model", name) for name in models.names()]


def help_of(capsys, monkeypatch, command, *arguments) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    code, text = run_command(importlib.import_module(f"gan_keras.{command}").main, capsys, *arguments, "--help")
    assert code == 0
    return text


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=" ".join)
def test_it_fits_80_columns_and_starts_with_examples(arguments, capsys, monkeypatch):
    text = help_of(capsys, monkeypatch, *arguments)
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert f"python -m gan_keras.{arguments[0]} " in text.partition("Examples:")[2]
    assert "(default: None)" not in text


def test_it_names_every_model_data_set_and_metric(capsys, monkeypatch):
    text = help_of(capsys, monkeypatch, "train").replace("\n", " ")
    assert all(f" {name}" in text for name in [*models.names(), *data.names()])
    text = help_of(capsys, monkeypatch, "evaluate")
    for metric in metrics.registered().values():
        for name, value in metric.values.items():
            assert any(line.split()[:1] == [name] and value.meaning in line for line in text.splitlines()), name
