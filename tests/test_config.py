import json
import re
from pathlib import Path

import pytest
from conftest import tiny_config

from gan_keras import config, models
from gan_keras.console import UserError

DESCRIPTION = "Train."


def parse(*arguments):
    return config.from_command_line(list(arguments), DESCRIPTION)


@pytest.mark.parametrize("model", models.names())
def test_round_trip_through_json(model, tmp_path):
    options = tiny_config(model, out=tmp_path, learning_rate=0.0003, data_dir=tmp_path)
    config.save(options, {"versions": {"python": "3"}})
    again, facts = config.load(tmp_path)
    assert again == options
    assert facts == {"versions": {"python": "3"}}


@pytest.mark.parametrize("model", models.names())
def test_command_line_gives_the_same_as_python(model, tmp_path):
    ours = parse("--model", model, "--epochs", "7", "--schedule", "cosine", "--out", str(tmp_path))
    assert ours == models.load(model).Config(epochs=7, schedule="cosine", out=tmp_path)
    assert ours.model == model


def test_a_preset_is_overridden_by_flags_wherever_they_stand():
    quick = models.load("proposed").Config.presets["quick"]
    assert parse("--preset", "quick").epochs == quick["epochs"]
    assert parse("--epochs", "3", "--preset", "quick").epochs == 3
    assert parse("--preset", "quick", "--epochs", "3").steps_per_epoch == quick["steps_per_epoch"]
    assert parse().epochs == 50


@pytest.mark.parametrize("name", models.names())
def test_each_models_presets_are_options_it_has(name):
    config_class = models.load(name).Config
    assert list(config_class.presets) == ["default", "paper", "quick"]
    for preset, options in config_class.presets.items():
        assert parse("--model", name, "--preset", preset) == config_class(preset=preset, **options)
    assert config_class(**config_class.presets["default"]) == config_class()


def test_the_papers_preset_has_the_papers_training_and_all_that_it_proposes():
    for name in ("cgan", "dcgan", "proposed"):
        paper = parse("--model", name, "--preset", "paper")
        assert (paper.filters, paper.batch_size, paper.learning_rate, paper.epochs) == (64, 128, 2e-4, 50)
    assert paper.spectral_normalisation
    assert min(paper.gradient_penalty, paper.noise) > 0
    assert paper.schedule != "constant"


def test_the_default_folder_is_named_after_model_and_data():
    assert str(parse("--dataset", "fashion_mnist").folder) == "saved_models/proposed-fashion_mnist"
    assert str(parse("--dataset", "folder:/my/cats & dogs").folder) == "saved_models/proposed-folder-my-cats-dogs"


def test_resuming_takes_the_runs_own_options(tmp_path):
    given = ["--preset", "quick", "--batch-size", "32", "--schedule", "constant", "--out", str(tmp_path)]
    config.save(parse(*given), {})
    resumed = parse("--resume", "--out", str(tmp_path))
    assert (resumed.batch_size, resumed.epochs, resumed.resume) == (32, 8, True)
    resumed.check_same_run(config.load(tmp_path)[0])
    other = parse("--resume", "--out", str(tmp_path), "--batch-size", "64")
    with pytest.raises(UserError, match="--batch-size 32, not 64"):
        other.check_same_run(config.load(tmp_path)[0])
    parse("--resume", "--out", str(tmp_path), "--epochs", "99").check_same_run(config.load(tmp_path)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs is 0; it must be at least 1"),
        (["--batch-size", "-4"], "--batch-size is -4"),
        (["--latent-dim", "0"], "--latent-dim is 0"),
        (["--filters", "0"], "--filters is 0"),
        (["--steps-per-epoch", "0"], "--steps-per-epoch is 0"),
        (["--learning-rate", "0"], "--learning-rate is 0"),
        (["--learning-rate", "nan"], "--learning-rate is nan"),
        (["--beta-1", "1"], "--beta-1 is 1"),
        (["--seed", "-1"], "--seed is -1"),
        (["--model", "dcgam"], "Did you mean dcgan"),
        (["--resume", "--overwrite"], "give one of them"),
    ],
)
def test_bad_values_are_named(arguments, message):
    with pytest.raises(UserError, match=message):
        parse(*arguments)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["--epoch", "3"], "--epochs"), (["--preset", "fast"], "quick"), (["--batch-size", "many"], "--batch-size")],
)
def test_mistyped_options_end_with_code_2(arguments, hint, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(*arguments)
    assert stop.value.code == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize("model", models.names())
def test_help_shows_every_option_with_its_reason(model, capsys):
    with pytest.raises(SystemExit) as stop:
        parse("--model", model, "--help")
    assert stop.value.code == 0
    text = re.sub(r"[\s│]+", " ", capsys.readouterr().out)
    for name in vars(models.load(model).Config()):
        shown = re.search(rf" --(?:no-)?{config.flag(name)[2:]}(?: [A-Z]+| {{\S+}})? (.*?)\(default:", text)
        assert shown, f"{name} is not shown"
        assert len(shown[1].split()) >= 2, f"{name} has no reason"


@pytest.mark.parametrize("content", ["", "{}", '{"options": {"model": "dcgan", "epochs": "x"}}', "[1]"])
def test_a_damaged_config_is_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=r"config\.json is damaged"):
        config.load(tmp_path)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match="no run"):
        config.load(tmp_path)


def test_json_is_plain(tmp_path):
    options = tiny_config("dcgan", data_dir=tmp_path)
    assert json.loads(json.dumps(options.to_json())) == options.to_json()
    assert options.to_json()["data_dir"] == str(tmp_path)


def test_text_is_good_enough_for_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    options = tiny_config("dcgan", out="runs/one", data_dir="~/digits")
    assert (options.folder, options.data_dir) == (Path("runs/one"), tmp_path / "digits")


def test_a_data_set_of_ones_own_is_found_again_from_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    relative, absolute = (tiny_config("dcgan", dataset=f"folder:{path}") for path in ("pets", tmp_path / "pets"))
    assert relative.to_json()["dataset"] == f"folder:{tmp_path / 'pets'}"
    relative.check_same_run(absolute)


@pytest.mark.parametrize("choice", [{"schedule": "cosin"}, {"preset": "quik"}, {"loss": "hing"}])
def test_a_choice_that_is_none_is_named(choice):
    with pytest.raises(UserError, match=f"there is no --{next(iter(choice))} .* Did you mean"):
        tiny_config("proposed", **choice)


def test_the_same_command_goes_on_with_a_run_of_switches(tmp_path):
    command = ["--model", "proposed", "--conditional", "--no-spectral-normalisation", "--out", str(tmp_path)]
    config.save(parse(*command), {})
    resumed = parse(*command, "--resume")
    assert (resumed.conditional, resumed.spectral_normalisation) == (True, False)
    resumed.check_same_run(config.load(tmp_path)[0])


def test_a_schedule_fixes_the_epochs(tmp_path):
    """Its rates until now were those of a run of this length, and of no other."""
    for schedule, free in (("constant", True), ("linear", False), ("cosine", False), ("cooldown", False)):
        saved, longer = (tiny_config("dcgan", out=tmp_path, schedule=schedule, epochs=epochs) for epochs in (2, 3))
        if free:
            longer.check_same_run(saved)
        else:
            with pytest.raises(UserError, match="--epochs 2, not 3"):
                longer.check_same_run(saved)
