import json
import math
import shutil
from functools import partial

import imageio.v3 as imageio
import keras
import numpy as np
import pytest
from helpers import run_command

from gan_keras import compare, data, train
from gan_keras.comparison import plan, tables
from gan_keras.comparison.options import Options
from gan_keras.evaluation import evaluation
from gan_keras.training import backup, callbacks, run_folder

run = partial(run_command, compare.main)

SMALL = "vanilla --units 4 --batch-size 8,vanilla --units 6 --batch-size 8"


@pytest.fixture
def command(tmp_path, idx_folder, monkeypatch):
    """Return a comparison of seconds, of two models, with few pictures and live evaluations."""
    monkeypatch.setattr(plan, "FRAMES", 2)
    return ["--models", SMALL, "--epochs", 2, "--samples", 20, "--data-dir", idx_folder, "--out", tmp_path / "out"]


def result(command):
    return json.loads((command[-1] / "comparison.json").read_text())


@pytest.mark.long
def test_a_stopped_comparison_goes_on_and_takes_what_is_finished_as_it_is(command, tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:  # Ctrl-C in the first run, after an epoch's backup
        patch.setattr(backup.Backup, "on_epoch_begin", lambda self, epoch, logs=None: epoch and stop())
        code, text = run(capsys, *command, "--seeds", 1)
        assert code == 130
        assert "continues the whole comparison" in text
    with monkeypatch.context() as patch:  # and again when it is trained, but not measured
        patch.setattr(evaluation.Evaluation, "run", stop)
        code, text = run(capsys, *command, "--seeds", 1)
        assert code == 130
        assert "1/7" not in text
    code, text = run(capsys, *command, "--seeds", 1)
    assert code == 0, text
    assert "this run is finished, with all of its 2 epochs" in text
    first = result(command)["runs"]
    assert [one["model"] for one in first] == SMALL.split(",")

    untouched = {path: path.stat().st_mtime_ns for path in command[-1].glob("*-seed0/**/*")}
    code, text = run(capsys, *command, "--seeds", 2)
    assert code == 0, text
    both = result(command)["runs"]
    assert both[:2] == first
    assert [one["options"]["seed"] for one in both] == [0, 0, 1, 1]
    assert untouched == {path: path.stat().st_mtime_ns for path in command[-1].glob("*-seed0/**/*")}

    # A row for each model in both tables, with the values' mean over the seeds.
    page = (command[-1] / "comparison.md").read_text()
    for model in SMALL.split(","):
        assert page.count(f"| {model} |") == 2
        values = [one["values"]["fid_mnist"] for one in both if one["model"] == model]
        assert tables.number(np.mean(values), np.std(values, ddof=1)) in page
    assert f"`python -m gan_keras.compare --models '{SMALL}'" in page
    assert all(imageio.imread(command[-1] / name).shape[1] > 200 for name in ("curves.png", "samples.png"))

    # The runs are those that gan_keras.train makes.
    seed_0 = command[-1] / "vanilla-units-4-batch-size-8-seed0"
    options, _ = run_folder.load(seed_0)
    alone = train.run(type(options)(**{**vars(options), "out": tmp_path / "alone"}))
    for ours, theirs in zip(*(network(folder).get_weights() for folder in (seed_0, alone)), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    # It is not continued with other terms or defaults.
    code, text = run(capsys, *command, "--seeds", 1, "--epochs", 3)
    assert code == 2
    assert "has epochs 2, not 3" in text
    content = result(command)
    content["runs"][0]["options"]["beta_2"] = 0.5
    (command[-1] / "comparison.json").write_text(json.dumps(content))
    code, text = run(capsys, *command, "--seeds", 1)
    assert code == 2
    assert "with --beta-2 0.5, not 0.999" in text


def test_half_finished_runs_cannot_take_part(command, finished_run, capsys):
    unexported = shutil.copytree(finished_run, command[-1].parent / "unexported")
    (unexported / "generator.keras").unlink()
    stopped = shutil.copytree(finished_run, command[-1].parent / "stopped")  # of two epochs, after the first
    header, first, _ = (stopped / "history.csv").read_text().splitlines()
    (stopped / "history.csv").write_text(f"{header}\n{first}\n")
    for half in (unexported, stopped):
        command[1] = f"vanilla,{half}"
        code, text = run(capsys, *command)
        assert code == 2
        assert f"{half} is not finished" in text


def network(folder):
    return keras.models.load_model(folder / "generator.keras")


def test_few_epochs_are_divided_into_more_and_shorter_ones(idx_folder):
    """Of 60 images 6 are held out: two epochs have 12 steps, which become 12 epochs of one step."""
    options = Options(models="vanilla --batch-size 8", epochs=2, seeds=1, data_dir=idx_folder)
    (framed,) = plan.within_terms(options, plan.plan(options), data.load("mnist", idx_folder), {})
    assert (framed.options.epochs, framed.options.steps_per_epoch) == (12, 1)


@pytest.mark.slow
def test_a_budget_becomes_steps_and_finished_runs_can_take_part(finished_run, idx_folder, tmp_path, capsys):
    paper = tmp_path / "paper.csv"
    paper.write_text(f"\ufeffmodel,fid_mnist,score_mnist\n{finished_run},12.5\nbiggan,1,2\n")
    measured = (finished_run / "metrics.json").exists()
    out = tmp_path / "out"
    code, text = run(
        capsys, "--models", f"vanilla --units 4 --batch-size 8,{finished_run}", "--budget", "0.02m", "--seeds", 1,
        "--samples", 20, "--data-dir", idx_folder, "--paper", paper, "--out", out,
    )  # fmt: skip
    assert code == 0, text
    assert "has values of biggan" in text
    content = json.loads((out / "comparison.json").read_text())
    trained, taken = content["runs"]
    options, _ = run_folder.load(out / "vanilla-units-4-batch-size-8-seed0")
    step = content["seconds_per_step"][trained["model"]]
    steps = 1.2 / step / options.epochs
    assert 0.98 * steps - 1 <= options.steps_per_epoch <= steps + 0.5
    assert math.isclose(trained["values"]["epochs"], options.steps_per_epoch * options.epochs * 8 / 60)
    assert taken["values"]["epochs"] == 2 * 3 * 4 / 60
    assert (finished_run / "metrics.json").exists() == measured
    lines = (out / "comparison.md").read_text().splitlines()
    assert "| 12.5 |" in next(line for line in lines if line.startswith(f"| {finished_run}"))
    assert lines[-1] == f"Trained without --evaluate-every, and so not in curves.png: {finished_run}."


@pytest.mark.slow
def test_a_run_that_diverges_does_not_stop_the_others(command, capsys):
    command[1] = "vanilla --units 4 --batch-size 8 --learning-rate 1,vanilla --units 4 --batch-size 8"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks.Log, "on_train_begin", diverge)
        code, text = run(capsys, *command, "--seeds", 1)
    assert code == 0, text
    failed, trained = result(command)["runs"]
    assert "became nan" in failed["failed"]
    assert trained["values"]["fid_mnist"] > 0
    page = (command[-1] / "comparison.md").read_text()
    assert "The training diverged: vanilla --units 4 --batch-size 8 --learning-rate 1, seed 0." in page


def diverge(log, logs=None):
    """Break the weights of the model with the learning rate of 1."""
    log.compiling = True
    if log.model.config.learning_rate == 1:
        for weight in log.model.discriminator.trainable_variables:
            weight.assign(weight * np.nan)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "dcgan,dcgn"], "Did you mean dcgan"),
        (["--models", "dcgan,dcgan"], "the same model twice, or too much alike: dcgan"),
        (["--models", "proposed --noise 0,proposed --noise=0"], "the same model twice, or too much alike"),
        (["--models", "dcgan --steps_per_epoch 3"], "--steps-per-epoch is the same for all"),
        (["--models", "dcgan,"], "there is no model ''"),
        (["--models", "dcgan --seed 3"], "--seed is the same for all"),
        (["--models", "dcgan --epochs=3"], "--epochs is the same for all"),
        (["--models", "dcgan --beta-1 2"], "--beta-1 is 2.0; it must be from 0"),
        (["--models", "dcgan '"], "cannot be read"),
        (["--budget", "soon"], "it must be a time such as 300s, 5m or 1h"),
        (["--budget", "0s"], "it must be a time"),
        (["--models", "dcgan,no/such"], "'no/such', and there is no such folder"),
        (["--budget", "5m", "--epochs", "3"], "give one of them"),
        (["--paper", "absent.csv"], "there is no file absent.csv"),
        (["--models", "sgan --labelled 99999"], "from 10 classes to"),
        (["--data-dir", "absent"], "absent"),
    ],
)
def test_mistakes_are_known_before_anything_is_written(arguments, message, tmp_path, capsys):
    code, text = run(capsys, *arguments, "--out", tmp_path / "out")
    assert code == 2
    assert message in text
    assert not (tmp_path / "out").exists()


def test_it_spares_a_folder_that_is_not_its_own(tmp_path, idx_folder, capsys):
    (tmp_path / "mine.txt").write_text("precious")
    code, text = run(capsys, "--models", "vanilla --batch-size 8", "--data-dir", idx_folder, "--out", tmp_path)
    assert code == 2
    assert "holds no comparison" in text
    (tmp_path / "mine.txt").unlink()
    (tmp_path / "comparison.json").write_text("{")
    code, text = run(capsys, "--models", "vanilla --batch-size 8", "--data-dir", idx_folder, "--out", tmp_path)
    assert code == 2
    assert "comparison.json is damaged" in text


def test_the_default_models_exist():
    assert {run.model for run in plan.plan(Options())} == set(Options().models.split(","))
    assert Options().seconds == 300
    assert Options(budget="1.5h").seconds == 5400
    assert Options(epochs=2).seconds is None


def test_the_proposed_model_is_the_studys_unless_its_options_say_otherwise():
    runs = plan.plan(Options(models="proposed,proposed --conditional,proposed --modes 20", seeds=1))
    assert [(run.options.conditional, run.options.modes) for run in runs] == [(False, 0), (True, 0), (False, 20)]
