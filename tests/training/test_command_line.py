import re

import pytest

from gan_keras import models
from gan_keras.options import flag
from gan_keras.training import command_line, run_folder
from gan_keras.ui.console import UserError


def parse(*arguments):
    return command_line.read(list(arguments), "Train.")


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
    assert str(parse("--dataset", "folder:/my/cats & dogs").folder) == "saved_models/proposed-cats-dogs"
    assert str(parse("--data-dir", "/my/cats & dogs").folder) == "saved_models/proposed-cats-dogs"


def test_resuming_takes_the_runs_own_options(tmp_path):
    given = ["--preset", "quick", "--batch-size", "32", "--schedule", "constant", "--out", str(tmp_path)]
    run_folder.save(parse(*given), {})
    resumed = parse("--resume", "--out", str(tmp_path))
    assert (resumed.batch_size, resumed.epochs, resumed.resume) == (32, 8, True)
    assert not resumed.changes_since(run_folder.load(tmp_path)[0])
    other = parse("--resume", "--out", str(tmp_path), "--batch-size", "64")
    with pytest.raises(UserError, match="--batch-size 32, not 64"):
        other.changes_since(run_folder.load(tmp_path)[0])
    longer = parse("--resume", "--out", str(tmp_path), "--epochs", "99", "--learning-rate", "1e-5")
    assert longer.changes_since(run_folder.load(tmp_path)[0]) == {"learning_rate": resumed.learning_rate}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs is 0; it must be from 1 to 1,000,000,000"),
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
    printed = capsys.readouterr().out
    for group in ("basic", "training", "model", "output"):
        assert f" {group} options " in printed
    text = re.sub(r"[\s│]+", " ", printed)
    for name in vars(models.load(model).Config()):
        shown = re.search(rf" --(?:no-)?{flag(name)[2:]}(?: [A-Z]+| {{\S+}})? (.*?)(?:\(default:| --|$)", text)
        assert shown, f"{name} is not shown"
        assert len(shown[1].split()) >= 2, f"{name} has no reason"


def test_the_same_command_goes_on_with_a_run_of_switches(tmp_path):
    command = ["--model", "proposed", "--no-conditional", "--no-spectral-normalisation", "--out", str(tmp_path)]
    run_folder.save(parse(*command), {})
    resumed = parse(*command, "--resume")
    assert (resumed.conditional, resumed.spectral_normalisation) == (False, False)
    assert not resumed.changes_since(run_folder.load(tmp_path)[0])
