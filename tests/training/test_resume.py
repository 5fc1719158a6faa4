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
from helpers import TINY, assert_same_run, final_state, history, leftovers, resume, run_command, tiny_config

from gan_keras import generate, train
from gan_keras.models import dcgan
from gan_keras.options import flag
from gan_keras.training import run_folder
from gan_keras.ui import files
from gan_keras.ui.console import UserError


def command(*arguments) -> list[str]:
    return [sys.executable, "-m", "gan_keras.train", *(str(argument) for argument in arguments)]


SIGNALLED = """
import os, signal, sys, time
from gan_keras import train
from gan_keras.training import callbacks

signal.signal(signal.SIGINT, signal.default_int_handler)  # as at a terminal: a job in the background ignores it
step, numbers = int(sys.argv[1]), [getattr(signal, name) for name in sys.argv[2].split()]
update = callbacks.Log.on_train_batch_end

def signals_itself(self, batch, logs=None):
    update(self, batch, logs)
    if self.model.step == step:
        for number in numbers:
            handler = signal.getsignal(number)
            os.kill(os.getpid(), number)
            while signal.getsignal(number) is handler:  # until the handler has run: a signal before that would be lost
                time.sleep(0.01)

callbacks.Log.on_train_batch_end = signals_itself
train.main(sys.argv[3:])
"""


def signalled(step: int, signals: str, options: list) -> subprocess.CompletedProcess:
    """Run a training that gets signals right after a step."""
    arguments = [sys.executable, "-c", SIGNALLED, str(step), signals, *map(str, options)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def long_epochs(tmp_path_factory, idx_folder) -> tuple[list, Path, subprocess.CompletedProcess]:
    """Return options with some steps in each epoch, and a run with them that nothing disturbed."""
    options = ["--data-dir", idx_folder, "--epochs", 3, "--steps-per-epoch", 20, "--batch-size", 8, "--filters", 8]
    options += ["--samples", 4, "--steps-per-execution", 4, "--schedule", "linear"]
    run = tmp_path_factory.mktemp("long") / "run"
    without = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(command(*options, "--out", run), check=True, capture_output=True, text=True, env=without)
    return options, run, done


@pytest.mark.slow
def test_the_screen_shows_epochs_and_what_to_do_next_and_no_noise(long_epochs):
    _, run, done = long_epochs
    assert done.stderr == ""
    assert all(f"{epoch}/3 " in done.stdout for epoch in (1, 2, 3))
    assert max(map(len, done.stdout.splitlines())) <= 80 + len(str(run))
    assert f"python -m gan_keras.generate {run}" in done.stdout


@pytest.mark.slow
def test_a_run_that_is_stopped_in_every_way_ends_like_one_that_was_not(tmp_path, long_epochs):
    options, whole, _ = long_epochs
    run = tmp_path / "run"
    options = [*options, "--out", run]
    stopped = signalled(8, "SIGTERM", options)
    assert stopped.returncode == 128 + signal.SIGTERM, stopped.stderr
    assert "Everything is saved. Continue with:" in stopped.stdout
    assert f"--resume --out {run}" in stopped.stdout
    assert [backup.name for backup in (run / "backup").iterdir()] == ["step_00000008.npz"], "within the first epoch"
    assert (run / "generator" / "saved_model.pb").exists()

    killed = signalled(36, "SIGKILL", [*options, "--resume"])
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [row["epoch"] for row in history(run)] == ["1"], "it was killed within the second epoch"

    while_exporting = SIGNALLED.replace(
        "train.main(",
        "from gan_keras.exporting import saved_model\n"
        "saved_model.export = lambda *_: os.kill(os.getpid(), signal.SIGINT) or time.sleep(5)\n"
        "train.main(",
    )
    arguments = [sys.executable, "-c", while_exporting, "-1", "", *map(str, options), "--resume"]
    stopped = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=300)
    assert stopped.returncode == 130, stopped.stderr
    assert f"--resume --out {run}" in stopped.stdout

    subprocess.run(command(*options, "--resume"), check=True, capture_output=True)
    assert_same_run(whole, run)
    assert leftovers(run) == []


def test_a_second_start_into_a_folder_in_use_changes_nothing(finished_run, tmp_path, idx_folder):
    run = shutil.copytree(finished_run, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with files.locked(run):
        for options in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(UserError, match="another process is writing into"):
                train.run(tiny_config("dcgan", data_dir=idx_folder, out=run, **options))
    assert {path: path.read_bytes() for path in before} == before


def test_a_start_that_was_killed_before_it_began_is_no_obstacle(tmp_path, idx_folder):
    """It left the lock and a half of config.json, or a whole one and a first picture, but no backup."""
    options = tiny_config("vanilla", data_dir=idx_folder, out=tmp_path / "run", epochs=1)
    for left in ([".lock", ".partial-config.json"], [".lock", "samples"]):
        options.folder.mkdir()
        for name in left:
            (options.folder / name).write_text("{")
        if "samples" in left:
            run_folder.save(options, {})
        train.run(options)
        assert (options.folder / "generator" / "saved_model.pb").exists()
        shutil.rmtree(options.folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "backup", "best_generator"])
def test_a_folder_with_anything_else_is_not_written_over(name, tmp_path, idx_folder):
    options = tiny_config("dcgan", data_dir=idx_folder, out=tmp_path)
    run_folder.save(options, {})
    (tmp_path / name).mkdir()
    with pytest.raises(UserError, match="already holds a run"):
        train.run(options)
    assert (tmp_path / name).exists()


def test_another_programs_folder_is_not_written_over(tmp_path, idx_folder):
    (tmp_path / "config.json").write_text('{"architectures": []}')
    (tmp_path / "logs").mkdir()
    with pytest.raises(UserError, match="it holds no options"):
        train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path))
    assert (tmp_path / "logs").exists()


def test_a_damaged_history_does_not_block_a_resume(copied_run, idx_folder, capsys):
    run, _ = copied_run
    (run / "history.csv").write_bytes(b"\xff\xfe")
    resume(run, idx_folder)
    assert [row["epoch"] for row in history(run)] == ["3"]
    assert (run / "progress.gif").exists()


@pytest.mark.slow
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
    assert "Give more --epochs to continue" in text
    assert f"into {run}, from step 6\n" in text


def test_a_damaged_backup_gives_way_to_the_one_before(copied_run, idx_folder, capsys):
    run, longer = copied_run
    newest = max((run / "backup").iterdir())
    newest.write_bytes(newest.read_bytes()[:1000])
    resume(run, idx_folder)
    assert f"{newest} is damaged" in capsys.readouterr().out
    assert_same_run(run, longer)


def test_when_all_backups_are_damaged_nothing_is_lost(copied_run, idx_folder):
    run, _ = copied_run
    for file in (run / "backup").iterdir():
        file.write_bytes(b"")
    with pytest.raises(UserError, match="all backups"):
        resume(run, idx_folder)
    assert (run / "progress.gif").exists()


def test_a_run_from_before_backups_had_names_says_so_and_still_generates(copied_run, idx_folder, capsys):
    run, _ = copied_run
    for file in (run / "backup").iterdir():
        file.unlink()
        file.with_suffix("").mkdir()
        (file.with_suffix("") / "state.index").touch()
    before = (run / "config.json").read_bytes()
    with pytest.raises(UserError, match="made by an earlier version of gan_keras and cannot be resumed"):
        resume(run, idx_folder)
    assert (run / "config.json").read_bytes() == before
    code, text = run_command(generate.main, capsys, run, "--out", run / "grid.png")
    assert code == 0, text


LIMITED = """
import resource, sys
from gan_keras import train

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
train.main(sys.argv[2:])
"""


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param("discriminator_loss", "discriminator_loss became nan before step 6", marks=pytest.mark.slow),
        ("update_averages", "a weight became infinite or not a number before step 6"),
    ],
)
def test_a_run_that_diverges_keeps_what_was_good_and_can_go_on_more_slowly(
    tmp_path, idx_folder, monkeypatch, broken, message
):
    """Step 6 is the last one of its epoch, after which there would be a backup."""
    sound = getattr(dcgan.Model, broken)

    def breaks(self, *arguments):
        result = sound(self, *arguments)
        wrong = tf.where(self.step < 5, 1.0, float("nan"))
        if result is not None:
            return result * wrong
        return self.averages["generator"].weights[0].assign(wrong * self.averages["generator"].weights[0])

    run = tmp_path / "run"
    options = tiny_config("dcgan", data_dir=idx_folder, out=run, steps_per_execution=1)
    with monkeypatch.context() as patched:
        patched.setattr(dcgan.Model, broken, breaks)
        with pytest.raises(UserError, match=f"(?s){message}.*step 3 .*--resume --out {run} --learning-rate 5e-05"):
            train.run(options)
    assert [path.name for path in (run / "backup").iterdir()] == ["step_00000003.npz"]
    assert all(np.isfinite(value).all() for value in final_state(run).values() if value.dtype.kind == "f")
    assert [row["epoch"] for row in history(run)] == ["1"]
    generator = tf.saved_model.load(str(run / "generator"))
    assert np.ptp(generator.generate(4, 0).numpy()) > 0, "it is that of step 3"

    train.run(dataclasses.replace(options, resume=True, learning_rate=5e-5))
    assert [float(row["learning_rate"]) for row in history(run)] == pytest.approx([2e-4, 5e-5])
    changes = json.loads((run / "config.json").read_text())["changes"]
    assert changes == [{"learning_rate": 2e-4, "until_step": 3}]
