"""Runs that end early, for whatever reason: nothing is lost, and they go on to where they would have come."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY, assert_same_run, final_state, history, leftovers, resume, tiny_config

from gan_keras import train
from gan_keras.config import flag
from gan_keras.console import UserError
from gan_keras.models import dcgan


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", "gan_keras.train", *(str(argument) for argument in arguments)]


SIGNALLED = """
import os, signal, sys, time
from gan_keras import callbacks, train

signal.signal(signal.SIGINT, signal.default_int_handler)  # as at a terminal: a job in the background ignores it
step, numbers = int(sys.argv[1]), [getattr(signal, name) for name in sys.argv[2].split()]
update = callbacks.Progress.on_train_batch_end

def signals_itself(self, batch, logs=None):
    update(self, batch, logs)
    if self.model.step == step:
        for number in numbers:
            handler = signal.getsignal(number)
            os.kill(os.getpid(), number)
            while signal.getsignal(number) is handler:  # it has not run yet, and a second signal would be lost
                time.sleep(0.01)

callbacks.Progress.on_train_batch_end = signals_itself
train.main(sys.argv[3:])
"""


def signalled(step: int, signals: str, options: list) -> subprocess.CompletedProcess:
    """Run a training that gets signals right after a step."""
    arguments = [sys.executable, "-c", SIGNALLED, str(step), signals, *map(str, options)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def long_epochs(tmp_path_factory, idx_folder) -> tuple[list, Path, subprocess.CompletedProcess]:
    """Return options with some steps in each epoch, and a run with them that nothing disturbed."""
    options = ["--data-dir", idx_folder, "--epochs", 3, "--steps-per-epoch", 20, "--batch-size", 8, "--filters", 8]
    options += ["--samples", 4, "--steps-per-execution", 4, "--schedule", "linear"]
    run = tmp_path_factory.mktemp("long") / "run"
    without = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(command(*options, "--out", run), check=True, capture_output=True, text=True, env=without)
    return options, run, done


def test_the_screen_shows_epochs_and_what_to_do_next_and_no_noise(long_epochs):
    _, run, done = long_epochs
    assert done.stderr == ""
    assert all(f"epoch {epoch}/3" in done.stdout for epoch in (1, 2, 3))
    assert f"python -m gan_keras.generate {run}" in done.stdout


def test_a_run_that_is_interrupted_and_killed_ends_like_one_that_was_not(tmp_path, long_epochs):
    options, whole, _ = long_epochs
    stopped = tmp_path / "stopped"
    options = [*options, "--out", stopped]
    first = signalled(8, "SIGINT", options)
    assert first.returncode == 130, first.stderr
    assert f"--resume --out {stopped}" in first.stdout
    assert [backup.name for backup in (stopped / "backup").iterdir()] == ["step_00000008"], "within the first epoch"
    assert (stopped / "generator" / "saved_model.pb").exists()

    second = signalled(36, "SIGKILL", [*options, "--resume"])
    assert second.returncode == -signal.SIGKILL, second.stderr
    assert [row["epoch"] for row in history(stopped)] == ["1"], "it was killed within the second epoch"

    subprocess.run(command(*options, "--resume"), check=True, capture_output=True)
    assert_same_run(whole, stopped)
    assert leftovers(stopped) == []


def test_a_second_interrupt_stops_at_once_and_claims_nothing(tmp_path, long_epochs):
    options, _, _ = long_epochs
    stopped = signalled(8, "SIGINT SIGINT", [*options, "--out", tmp_path / "run"])
    assert stopped.returncode == 130, stopped.stderr
    assert "Everything is saved" not in stopped.stdout
    assert stopped.stderr == "\nStopped.\n"
    assert not (tmp_path / "run" / "generator").exists()


def test_a_finished_run_goes_on_for_more_epochs(copied_run, idx_folder):
    run, longer = copied_run
    assert_same_run(resume(run, idx_folder), longer)


def test_a_finished_run_resumed_stays_as_it_is(copied_run, idx_folder, capsys):
    run, _ = copied_run
    before = shutil.copytree(run, run.with_name("before"))
    resume(run, idx_folder, epochs=2)
    assert_same_run(before, run)
    text = capsys.readouterr().out
    assert "give more --epochs to train on" in text
    assert f"into {run}, from step 6 on" in text


def test_another_machines_precision_is_told(copied_run, idx_folder, capsys):
    run, _ = copied_run
    saved = json.loads((run / "config.json").read_text())
    saved["options"]["precision"] = "auto"
    saved["versions"]["native_precision"] = "float64"
    (run / "config.json").write_text(json.dumps(saved))
    resume(run, idx_folder, precision="auto")
    assert "this run was begun in float64, and goes on in " in capsys.readouterr().out


def test_a_finished_run_whose_rate_has_fallen_is_not_offered_more(tmp_path, idx_folder, capsys):
    options = {"data_dir": idx_folder, "out": tmp_path, "epochs": 1, "schedule": "cooldown"}
    train.run(tiny_config("dcgan", **options))
    train.run(tiny_config("dcgan", **options, resume=True))
    text = capsys.readouterr().out
    assert "its rate has fallen" in text
    assert "give more --epochs" not in text


def test_a_run_that_stopped_within_an_epoch_has_more_than_the_whole_ones(copied_run, idx_folder):
    run, _ = copied_run
    for backup in sorted((run / "backup").iterdir())[:-1]:
        shutil.rmtree(backup)
    facts = json.loads((run / "config.json").read_text())
    facts["options"]["steps_per_epoch"] = 4  # of the 6 steps that it has
    (run / "config.json").write_text(json.dumps(facts))
    with pytest.raises(UserError, match=r"has 1\.5 epochs already"):
        resume(run, idx_folder, steps_per_epoch=4, epochs=1)


@pytest.mark.parametrize("damage", ["flipped", "cut short", "missing", "no index"])
def test_a_damaged_backup_gives_way_to_the_one_before(copied_run, idx_folder, capsys, damage):
    run, longer = copied_run
    newest = max((run / "backup").iterdir())
    file = newest / ("state.index" if damage == "no index" else "state.data-00000-of-00001")
    content = file.read_bytes()
    if damage == "flipped":
        middle = len(content) // 2
        file.write_bytes(
            content[:middle] + bytes(255 - byte for byte in content[middle : middle + 8]) + content[middle + 8 :]
        )
    elif damage == "cut short":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()
    resume(run, idx_folder)
    assert f"{newest} is damaged" in capsys.readouterr().out
    assert_same_run(run, longer)


def test_when_all_backups_are_damaged_nothing_is_lost(copied_run, idx_folder):
    run, _ = copied_run
    for file in (run / "backup").glob("*/state.index"):
        file.write_bytes(b"")
    with pytest.raises(UserError, match="all backups"):
        resume(run, idx_folder)
    assert (run / "progress.gif").exists()


LIMITED = """
import resource, sys
from gan_keras import train

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
train.main(sys.argv[2:])
"""


@pytest.mark.parametrize(("limit", "what"), [(20_000, "backup"), (500_000, "generator")])
def test_a_full_disk_loses_nothing(tmp_path, idx_folder, limit, what):
    """A limit on the size of files stands for the full disk: some files still fit, and others do not."""
    run = tmp_path / "run"
    options = {"data_dir": idx_folder, "epochs": 1, "steps_per_epoch": 2, "filters": 4 if what == "backup" else 16}
    config = tiny_config("dcgan", out=run, **options)
    if what == "generator":  # the backup is there already, and the export fails
        train.run(config)
    given = TINY | options | {"model": "dcgan", "out": run}
    flags = [f"{flag(name)}={value}" for name, value in given.items()]
    flags += ["--resume"] if what == "generator" else []
    full = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *flags], capture_output=True, text=True, check=False
    )
    assert full.returncode == 2, full.stderr
    assert f"error: cannot read or write {run}/{what}" in full.stderr
    assert "Traceback" not in full.stderr
    assert leftovers(run) == []
    train.run(dataclasses.replace(config, resume=True))
    assert len(history(run)) == 1
    assert (run / "generator" / "saved_model.pb").exists()


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_backup(tmp_path, idx_folder, monkeypatch):
    sound = dcgan.Model.discriminator_loss

    def breaks(self, real, fake):
        return sound(self, real, fake) * tf.where(self.step < 4, 1.0, float("nan"))

    monkeypatch.setattr(dcgan.Model, "discriminator_loss", breaks)
    options = tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / "run", steps_per_execution=1)
    with pytest.raises(UserError, match=r"discriminator_loss became nan .*epoch 2.*--learning-rate"):
        train.run(options)
    assert [path.name for path in (tmp_path / "run" / "backup").iterdir()] == ["step_00000003"]
    assert all(np.isfinite(value).all() for value in final_state(tmp_path / "run").values() if value.dtype.kind == "f")
