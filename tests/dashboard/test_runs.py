"""What the app reads of the runs of a folder."""

import os
import platform
import shutil
import signal
import subprocess
import sys

import pytest

from gan_keras.dashboard import runs, trainings
from gan_keras.ui import files


@pytest.fixture(scope="module")
def folder(tmp_path_factory, finished_run, labelled_run):
    """Return a folder with two finished runs, one of them further down, and a damaged one."""
    folder = tmp_path_factory.mktemp("folder")
    shutil.copytree(finished_run, folder / "plain")
    shutil.copytree(labelled_run, folder / "study" / "runs" / "labelled")
    shutil.copytree(finished_run, folder / "damaged")
    (folder / "damaged" / "config.json").write_text("{", encoding="utf-8")
    return folder


def test_runs_are_found_wherever_they_are_and_damaged_ones_are_left_out(folder):
    assert sorted(run.name for run in runs.find(folder)) == ["plain", "study/runs/labelled"]
    (alone,) = runs.find(folder / "plain")
    assert alone.name == "plain"
    assert runs.find(folder / "plain" / "samples") == []


def test_a_run_shows_its_history_pictures_and_state(folder):
    run = runs.Run(folder / "plain", "plain")
    assert list(run.history.index) == [1, 2] and run.history["generator_loss"].notna().all()
    assert list(run.pictures) == [0, 1, 2] and all(path.exists() for path in run.pictures.values())
    assert run.is_finished() and run.process is None and run.metrics is None
    assert run.generator == folder / "plain" / "generator"


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"metrics": 1}', '{"metrics": {}, "real": {}}', '{"metrics": {}, "real": {}, "ruler": 1}']
)
def test_metrics_that_cannot_be_read_are_none(folder, content):
    run = runs.Run(folder / "plain", "plain")
    (run.path / "metrics.json").write_text(content, encoding="utf-8")
    assert run.metrics is None
    (run.path / "metrics.json").unlink()


def test_what_differs_are_the_options_that_are_not_the_same(folder):
    table = runs.differences(runs.find(folder))
    both = table.loc["model"].to_dict()
    assert both == {"plain": "dcgan", "study/runs/labelled": "cgan"}
    assert "seed" not in table.index and "embedding" in table.index  # an option of the one alone


def test_a_run_in_training_names_its_process(tmp_path):
    """The process is known while it holds the folder, and no longer when it has been killed."""
    run = runs.Run(tmp_path / "run", "run")
    holds = "import sys, time; from pathlib import Path; from gan_keras.ui import files\n"
    holds += "with files.locked(Path(sys.argv[1])): print('in', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", holds, str(run.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "in\n"
        assert run.process == files.Process(holder.pid, platform.node())
        assert run.process == files.Process(holder.pid, platform.node())  # looking changes nothing
        trainings.stop(run)
        assert holder.wait(20) == -signal.SIGTERM
    assert run.process is None
    trainings.stop(run)  # nobody is there


def test_a_training_on_another_machine_is_not_stopped(tmp_path, monkeypatch):
    run = runs.Run(tmp_path, "run")
    with files.locked(tmp_path):
        monkeypatch.setattr(platform, "node", lambda: "elsewhere")
        killed = []
        monkeypatch.setattr(os, "kill", lambda *arguments: killed.append(arguments))
        with pytest.raises(files.UserError, match="Stop it there"):
            trainings.stop(run)
    assert killed == []


def test_looking_into_a_folder_does_not_keep_a_training_out(tmp_path):
    """A training waits while somebody looks who is in its folder."""
    looks = "import sys, time, filelock\n"
    looks += "with filelock.FileLock(sys.argv[1]): print('in', flush=True); time.sleep(0.3)"
    command = [sys.executable, "-c", looks, str(tmp_path / files.LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looker:
        assert looker.stdout.readline() == "in\n"
        with files.locked(tmp_path):  # an error, if it did not wait
            pass
