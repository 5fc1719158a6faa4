import platform
import re
import shlex
import subprocess
import sys
from functools import partial

import imageio.v3 as imageio
import numpy as np
import optuna
import pytest
from helpers import SAMPLED, run_command, tiny_config

from gan_keras import data, models, search, train
from gan_keras.comparison import search as searching
from gan_keras.comparison.search_report import plot, written
from gan_keras.comparison.space import SPACE, contains, read, space
from gan_keras.evaluation import classifier
from gan_keras.evaluation.live import LiveEvaluation
from gan_keras.training import command_line
from gan_keras.ui.console import UserError

run = partial(run_command, search.main)


@pytest.fixture
def command(tmp_path, idx_folder, monkeypatch):
    """Return a search of seconds."""
    monkeypatch.setattr(searching, "FRAMES", 2)
    small = ["--model", "vanilla", "--over", "learning_rate=1e-4..1e-2", "units=4,8", "batch_size=4..8"]
    return [*small, "--budget", "0.01s", "--data-dir", idx_folder, "--out", tmp_path / "out"]


def trials(command):
    file = optuna.storages.journal.JournalFileBackend(str(command[-1] / "study.log"))
    return optuna.load_study(study_name="search", storage=optuna.storages.JournalStorage(file)).trials


@pytest.mark.slow
def test_a_search_tries_the_models_own_options_first_and_goes_on_where_it_was_stopped(command, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    code, text = run(capsys, *command, "--trials", 2)
    assert code == 0, text
    first = trials(command)
    assert "[1 of 2] --model vanilla\n" not in text, "units of 128 are not among those to be tried"
    assert first[0].params["learning_rate"] == models.load("vanilla").Config().learning_rate
    with monkeypatch.context() as patch:
        patch.setattr(searching, "measure", stop)
        assert run(capsys, *command, "--trials", 4)[0] == 130
    code, text = run(capsys, *command, "--trials", 4)
    assert code == 0, text
    states = [trial.state.name for trial in trials(command)]
    assert states.count("FAIL") == 1
    assert len(states) == 5
    stopped = trials(command)[2]
    assert trials(command)[3].params == stopped.params, "what was stopped is tried again"
    whole = [trial for trial in trials(command) if trial.state.name == "COMPLETE"]
    page = (command[-1] / "search.md").read_text()
    best = min(whole, key=lambda trial: trial.value)
    assert f"\n| {best.number} | {best.value:.4g} |" in page
    assert imageio.imread(command[-1] / "search.png").std() > 0
    line = re.search("python -m gan_keras.train (.*)", page)[1]
    options = command_line.read(line.split(), "")
    assert {name: getattr(options, name) for name in best.params} == best.params
    again = re.search("`python -m gan_keras.train (--config .*?)`", page)[1]
    code, text = run_command(train.main, capsys, *shlex.split(again), "--dry-run", *command[-4:-2])
    assert code == 0, text
    assert re.search(rf"--units +{best.params['units']}\n", text), text
    values = best.user_attrs["values"]
    assert best.value == pytest.approx(np.sqrt(values["fid_mnist"] * values["sfid_mnist"]))


def test_trials_that_another_process_is_at_are_left_alone(command, tmp_path):
    """Those of a process that is no longer there are made again; those of one on another machine may go on."""
    study = optuna.create_study()
    with searching.searcher(tmp_path) as name:
        mine, gone, there, elsewhere = (study.ask() for _ in range(4))
        arguments = [sys.executable, "-c", HOLD, str(tmp_path)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            names = [name, f"{platform.node()}-1", process.stdout.readline().strip(), "other-machine-7"]
            for trial, whose in zip((mine, gone, there, elsewhere), names, strict=True):
                trial.set_user_attr(searching.SEARCHER, whose)
            searching.retry_abandoned(study, tmp_path, name)
            process.kill()
    assert [trial.state.name for trial in study.trials[:4]] == ["FAIL", "FAIL", "RUNNING", "RUNNING"]


HOLD = """
import sys, time
from pathlib import Path
from gan_keras.comparison.search import searcher
with searcher(Path(sys.argv[1])) as name:
    print(name, flush=True)
    time.sleep(600)
"""


@pytest.mark.long
def test_two_processes_make_the_trials_of_one_study(command):
    arguments = [sys.executable, "-m", "gan_keras.search", *map(str, command), "--trials", "5"]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    texts = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    made = [trial for trial in trials(command) if trial.state.name in ("COMPLETE", "PRUNED")]
    assert len(made) == 5
    assert len({trial.user_attrs[searching.SEARCHER] for trial in made}) == 2
    assert not any((command[-1] / searching.SEARCHERS).iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "dcgam"], "Did you mean dcgan"),
        (["--over", "filtres=1..2"], "Did you mean filters"),
        (["--over", "seed=1..2"], "there is no option of proposed 'seed'"),
        (["--over", "filters=2..1"], "has no range"),
        (["--over", "loss=hinge..least_squares"], "has no range"),
        (["--over", "augment=false..true"], "has no range"),
        (["--over", "preset=paper,quick"], "there is no option of proposed 'preset'"),
        (["--over", "samples=16,32"], "there is no option of proposed 'samples'"),
        (["--over", "loss=hindge"], "Did you mean hinge"),
        (["--over", "beta_1=0..2"], "--beta-1 is 2; it must be from 0"),
        (["--over", "filters=1.5..2.5"], "--filters is 1.5, which has the wrong type"),
        (["--budget", "soon"], "it must be a time such as"),
        (["--images", "99999"], "are left beside those that choose"),
        (["--images", "50", "--over", "batch_size=16,51"], "need 51 images, and there are 50"),
        (["--model", "sgan", "--images", "50", "--over", "batch_size=8,16"], "--labelled is 1000"),
        (["--data-dir", "absent"], "absent"),
    ],
)
def test_mistakes_are_known_before_anything_is_written(arguments, message, tmp_path, idx_folder, capsys):
    data_dir = [] if "--data-dir" in arguments else ["--data-dir", idx_folder]
    code, text = run(capsys, *arguments, *data_dir, "--out", tmp_path / "out")
    assert code == 2
    assert message in text
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_search_on_other_terms_or_of_a_damaged_study_is_refused(command, capsys):
    assert run(capsys, *command, "--trials", 1)[0] == 0
    other = ["0.02s" if part == "0.01s" else part for part in command]
    code, text = run(capsys, *other, "--trials", 2)
    assert (code, "has budget 0.01s, not 0.02s" in text) == (2, True)
    study = command[-1] / "study.log"
    study.write_bytes(b"\xff{" + study.read_bytes())
    code, text = run(capsys, *command, "--trials", 2)
    assert (code, "study.log cannot be read" in text) == (2, True)


def test_values_are_read_as_what_they_are():
    assert read("learning-rate=1e-4..1e-2", "dcgan")[1].log
    assert not read("cooldown=0.1..0.9", "proposed")[1].log
    assert read("filters=16..64", "dcgan")[1] == optuna.distributions.IntDistribution(16, 64)
    assert read("noise=0..1", "proposed")[1] == optuna.distributions.FloatDistribution(0, 1)
    assert read("augment=false,true", "dcgan") == (
        "augment",
        optuna.distributions.CategoricalDistribution([False, True]),
    )
    with pytest.raises(UserError, match="write cooldown=LOW"):
        read("cooldown=0.5..0.5", "proposed")


@pytest.mark.parametrize("model", SAMPLED)
def test_a_search_of_each_model_can_try_its_own_options(model):
    spaces, own = space(model, ()), vars(models.load(model).Config())
    assert {"learning_rate", "beta_1"} <= spaces.keys() <= {text.partition("=")[0] for text in SPACE}
    assert all(contains(distribution, own[name]) for name, distribution in spaces.items())


@pytest.mark.parametrize("model", SAMPLED)
@pytest.mark.parametrize("end", [0, -1])
def test_what_a_search_prints_is_what_it_tried(model, end):
    """The lowest and the highest, or first and last, value of each option."""
    ends = {
        name: getattr(one, "choices", (getattr(one, "low", 0), getattr(one, "high", 0)))[end]
        for name, one in space(model, ()).items()
    }
    options = command_line.read(written(model, ends).split(), "")
    assert {name: getattr(options, name) for name in ends} == ends


def test_the_picture_names_words_and_spreads_wide_numbers():
    distributions = {"loss": read("loss=hinge,wasserstein", "proposed")[1], "units": read("units=4..64", "proposed")[1]}
    tried = [
        optuna.trial.create_trial(params={"loss": loss, "units": units}, distributions=distributions, value=units)
        for loss, units in (("hinge", 4), ("wasserstein", 64), ("hinge", 8))
    ]
    panels = {axes.get_title(): axes for axes in plot(tried, {}).axes}
    assert [label.get_text() for label in panels["loss"].get_xticklabels()] == ["hinge", "wasserstein"]
    assert panels["units"].get_xscale() == "log"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "message"), [(UserError("a mistake"), "a mistake"), (MemoryError(), "out of memory")]
)
def test_a_trial_that_cannot_be_trained_is_left_out(error, message, command, capsys, monkeypatch):
    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(searching, "measure", fail)
        code, text = run(capsys, *command, "--trials", 1)
    assert (code, f"ended early: {message}" in text) == (0, True), text
    assert run(capsys, *command, "--trials", 2)[0] == 0
    assert [trial.state.name for trial in trials(command)] == ["PRUNED", "COMPLETE"]


def test_a_model_that_trains_on_more_than_the_images_gets_it(idx_folder):
    dataset = data.load("mnist", idx_folder)
    evaluation = LiveEvaluation(classifier.load_for(dataset), dataset.test.images)
    config = tiny_config("sgan", data_dir=idx_folder, labelled=20)
    first = next(searching.train(config, dataset, steps=1, evaluation=evaluation))
    assert first["fid_mnist"] > 0


def test_what_chooses_is_not_trained_on(idx_folder):
    trains, chosen = searching.validation(searching.Options(images=50), data.load("mnist", idx_folder))
    assert (len(trains.images), len(chosen.images)) == (50, 6)
    hashes = [{image.tobytes() for image in part.images} for part in (trains, chosen)]
    assert not hashes[0] & hashes[1]
