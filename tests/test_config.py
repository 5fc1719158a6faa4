"""Options from a JSON file: every command takes them, and those on the command line count more."""

import json
from pathlib import Path

import pytest
from helpers import run_command

from gan_keras import compare, evaluate, generate, synthesize, train
from gan_keras.exporting import loading
from gan_keras.exporting.options import Options
from gan_keras.options import read_options
from gan_keras.training import command_line, run_folder, setup
from gan_keras.ui.console import UserError


def written(tmp_path, content) -> Path:
    path = tmp_path / "options.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_run_is_repeated_from_its_config_json(finished_run):
    saved = json.loads((finished_run / "config.json").read_text())["options"]
    again = command_line.read(["--config", str(finished_run / "config.json"), "--out", "other"], "")
    assert again.to_json() == saved
    assert again.folder == Path("other")
    other = command_line.read(["--config", str(finished_run / "config.json"), "--batch-size", "7"], "")
    assert other.to_json() == saved | {"batch_size": 7}


def test_a_run_from_before_an_option_is_repeated_without_it(tmp_path):
    options = {"model": "proposed", "dataset": "", "conditional": False}
    run, hand = {"options": options, "versions": {"python": "3"}}, {"options": options}
    assert command_line.read(["--config", str(written(tmp_path, run))], "").modes == 0
    assert command_line.read(["--config", str(written(tmp_path, hand))], "").modes > 0


def test_a_resumed_run_heeds_the_file(finished_run, tmp_path):
    """What may change does, and what may not is refused, as on the command line."""
    path = tmp_path / "options.json"
    resumed = ["--resume", "--out", str(finished_run), "--config", str(path)]
    path.write_text('{"epochs": 9}')
    options = command_line.read(resumed, "")
    saved, _ = run_folder.load(finished_run)
    assert (options.epochs, options.filters) == (9, saved.filters)
    path.write_text('{"ema": 1}')
    with pytest.raises(UserError, match="ema, which dcgan has not"):
        command_line.read(resumed, "")
    for refused in ({"model": "wgan"}, {"batch_size": saved.batch_size + 1}):
        path.write_text(json.dumps(refused))
        with pytest.raises(UserError, match="the run in"):
            setup.check_folder(command_line.read(resumed, ""))


def test_a_preset_in_a_file_is_one_and_what_stands_beside_it_counts_more(tmp_path):
    path = written(tmp_path, {"model": "dcgan", "preset": "quick", "epochs": 3})
    options = command_line.read(["--config", str(path)], "")
    assert (options.model, options.epochs, options.steps_per_epoch) == ("dcgan", 3, 100)


def test_other_commands_take_the_same_form(tmp_path):
    path = written(tmp_path, {"options": {"count": 7, "seed": 3, "run": None}})
    options = read_options(Options, "generate", ["--config", str(path), "--seed", "4"], "")
    assert (options.count, options.seed) == (7, 4)


@pytest.mark.slow
def test_a_set_is_made_as_a_file_says(tmp_path, capsys):
    path = written(tmp_path, {"count": 20, "format": "npz", "test_count": 0, "min_confidence": 0.0})
    code, text = run_command(synthesize.main, capsys, "--config", path, "--out", tmp_path / "digits")
    assert code == 0, text
    assert "20 labelled images" in text


@pytest.mark.parametrize("command", [train, generate, evaluate, compare])
@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is not JSON"), ("[1]", "it must be as"), ({"sede": 1}, "sede"), ({"options": {"sede": 1}}, "sede")],
)
def test_files_that_cannot_be_understood_are_named(command, content, message, tmp_path, capsys):
    path = written(tmp_path, content)
    code, text = run_command(command.main, capsys, "--config", path)
    assert code == 2
    assert str(path) in text
    assert message in text
    assert "Traceback" not in text


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        command_line.read(["--config", str(tmp_path / "absent.json")], "")


def test_what_has_no_flag_stands_on_the_command_line(tmp_path, capsys):
    path = written(tmp_path, {"source": str(loading.SHIPPED)})
    code, text = run_command(evaluate.main, capsys, "--config", path)
    assert (code, "give source on the command line" in text) == (2, True)
