"""Whole runs: what they leave, how they are resumed, and what they say about bad input."""

import csv
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY, tiny_config, write_idx_folder

from gan_keras import data, train
from gan_keras.config import flag as flag_of
from gan_keras.console import UserError

COLUMNS = "epoch,generator_loss,discriminator_loss,real_accuracy,fake_accuracy,learning_rate,images_per_second"


def history(run: Path) -> list[dict[str, str]]:
    """Return the rows of history.csv without the one column that is a time."""
    with (run / "history.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "images_per_second"} for row in csv.DictReader(file)
        ]


def final_state(run: Path) -> dict[str, np.ndarray]:
    """Return every variable in the newest backup."""
    reader = tf.train.load_checkpoint(str(max((run / "backup").glob("step_*")) / "state"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("state/")]
    return {name: np.asarray(reader.get_tensor(name)) for name in names}


def assert_same_run(one: Path, other: Path) -> None:
    """The final weights, the history and the pictures are equal, bit for bit."""
    first, second = final_state(one), final_state(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
    assert history(one) == history(other)
    pictures = sorted(path.relative_to(one) for path in (one / "samples").iterdir())
    assert pictures == sorted(path.relative_to(other) for path in (other / "samples").iterdir())
    for picture in [*pictures, "progress.gif", "losses.png"]:
        assert (one / picture).read_bytes() == (other / picture).read_bytes(), picture


def leftovers(run: Path) -> list[Path]:
    return [path for path in run.rglob("*") if path.name.startswith(".partial")]


# What a run leaves


def test_a_run_leaves_all_that_it_promises(finished_run):
    config = json.loads((finished_run / "config.json").read_text())
    assert config["options"]["epochs"] == TINY["epochs"]
    assert (config["data"]["train_images"], config["data"]["test_images"]) == (60, 20)
    assert config["versions"]["tensorflow"] == tf.__version__
    assert (finished_run / "history.csv").read_text().startswith(COLUMNS)
    assert [row["epoch"] for row in history(finished_run)] == ["1", "2"]
    samples = sorted(path.name for path in (finished_run / "samples").iterdir())
    assert samples == ["epoch_0000.png", "epoch_0001.png", "epoch_0002.png"]
    assert len(imageio.imread(finished_run / "progress.gif")) == 3
    for name in ("losses.png", "generator.keras", "generator/saved_model.pb", "discriminator/saved_model.pb"):
        assert (finished_run / name).is_file()
    assert len(list((finished_run / "backup").iterdir())) == 2
    assert leftovers(finished_run) == []


def test_tensorboard_gets_steps_epochs_and_samples(finished_run):
    tags = set()
    for file in (finished_run / "logs").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            tags |= {(value.tag, event.step) for value in event.summary.value}
    assert {("samples", epoch) for epoch in range(3)} <= tags
    assert {("epoch/generator_loss", 1), ("epoch/images_per_second", 2)} <= tags
    assert {("step/discriminator_loss", step) for step in (3, 6)} <= tags


def test_the_same_options_give_the_same_run_and_another_seed_another(tmp_path, idx_folder):
    runs = [
        train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / name, seed=seed))
        for name, seed in (("one", 0), ("two", 0), ("three", 1))
    ]
    assert_same_run(runs[0], runs[1])
    assert history(runs[0]) != history(runs[2])


def test_several_steps_in_one_execution_change_nothing(tmp_path, idx_folder):
    one, other = (
        train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / str(steps), steps_per_execution=steps))
        for steps in (1, 20)
    )
    assert_same_run(one, other)


def test_an_epoch_is_once_through_the_images_or_a_little_less_for_longer_executions():
    options = tiny_config("dcgan", batch_size=1, steps_per_epoch=None)
    for images in [*range(1, 400), 937, 60_000]:
        split = data.Split(np.empty([images, 0]), np.empty([images]))
        steps = train.check_data(options, data.Dataset("mnist", "nothing", split, split, []), None)
        together = [number for number in range(1, 21) if images % number == 0]
        if images < 8 or max(together) >= 8:
            assert steps == images
        else:
            assert images - 8 < steps < images
            assert any(steps % number == 0 for number in range(8, 21))


def test_an_empty_folder_is_a_place_for_a_run(tmp_path, idx_folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = train.run(tiny_config("vanilla", data_dir=idx_folder, out=Path(), epochs=1))
    assert (run / "generator" / "saved_model.pb").exists()


def test_images_in_a_folder_of_ones_own(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(8):
            imageio.imwrite(tmp_path / "pets" / name / f"{number}.png", np.full((40, 30), 30 * number, np.uint8))
    run = train.run(tiny_config("dcgan", dataset=f"folder:{tmp_path / 'pets'}", out=tmp_path / "run"))
    assert json.loads((run / "config.json").read_text())["data"]["train_images"] == 14


# Going on


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


@pytest.fixture(scope="module")
def two_and_three_epochs(tmp_path_factory, idx_folder) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("epochs")
    return tuple(
        train.run(tiny_config("dcgan", data_dir=idx_folder, out=folder / str(epochs), epochs=epochs))
        for epochs in (2, 3)
    )


@pytest.fixture
def copied_run(two_and_three_epochs, tmp_path) -> tuple[Path, Path]:
    """Return a copy of a run of two epochs, to be damaged or gone on with, and one of three to compare with."""
    two, three = two_and_three_epochs
    return shutil.copytree(two, tmp_path / "run"), three


def resume(run: Path, idx_folder: Path, **options) -> Path:
    return train.run(tiny_config("dcgan", data_dir=idx_folder, out=run, resume=True, **{"epochs": 3} | options))


def test_a_finished_run_goes_on_for_more_epochs(copied_run, idx_folder):
    run, longer = copied_run
    assert_same_run(resume(run, idx_folder), longer)


def test_a_finished_run_resumed_stays_as_it_is(copied_run, idx_folder):
    run, _ = copied_run
    before = shutil.copytree(run, run.with_name("before"))
    resume(run, idx_folder, epochs=2)
    assert_same_run(before, run)


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


# Bad input: exit code 2, a message, and nothing written


def refused(capsys, *arguments) -> str:
    """Run the command, which must refuse, and return what it says."""
    with pytest.raises(SystemExit) as stop:
        train.main([str(argument) for argument in arguments])
    text = capsys.readouterr().err
    assert stop.value.code == 2
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "dcgam"], "Did you mean dcgan?"),
        (["--dataset", "mnits"], "Did you mean mnist?"),
        (["--epochs", "0"], "--epochs is 0"),
        (["--batch-size", "-1"], "--batch-size is -1"),
        (["--batch-size", "61"], "a step needs 61 images, and there are 60"),
        (["--batch-size", "21", "--critic-steps", "3"], "a step needs 63 images"),
        (["--dataset", "folder:/absent"], "there is no folder /absent"),
        (["--data-dir", "/absent"], "there is no folder /absent"),
        (["--resume"], "there is no run"),
    ],
)
def test_bad_input_writes_nothing(tmp_path, idx_folder, capsys, arguments, message):
    out = tmp_path / "run"
    assert message in refused(capsys, "--data-dir", idx_folder, "--out", out, *arguments)
    assert not out.exists()


def test_damaged_data_write_nothing(tmp_path, capsys):
    folder = write_idx_folder(tmp_path / "idx")
    file = folder / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-500])
    assert f"{file} is damaged" in refused(capsys, "--data-dir", folder, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_is_overwritten_only_when_asked(finished_run, idx_folder, tmp_path, capsys):
    run = shutil.copytree(finished_run, tmp_path / "run")
    options = ["--data-dir", idx_folder, "--out", run]
    assert "--overwrite" in refused(capsys, *options)
    assert (run / "progress.gif").exists()
    (tmp_path / "file").touch()
    assert "is a file" in refused(capsys, *options[:3], tmp_path / "file", "--overwrite")
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").touch()
    assert "holds no run" in refused(capsys, *options[:3], tmp_path / "precious", "--overwrite")
    assert (tmp_path / "precious" / "thesis.txt").exists()
    model = json.loads((run / "config.json").read_text())["options"]["model"]
    train.run(tiny_config(model, data_dir=idx_folder, out=run, overwrite=True, epochs=1))
    assert len(history(run)) == 1


def test_a_dry_run_writes_nothing(tmp_path, idx_folder, capsys):
    train.main(["--data-dir", str(idx_folder), "--out", str(tmp_path / "run"), "--batch-size", "20", "--dry-run"])
    text = capsys.readouterr().out
    assert "50 epochs of 3 steps" in text
    assert "60 training images" in text
    assert list(tmp_path.iterdir()) == []


def test_resuming_with_other_options_or_data_is_refused(copied_run, idx_folder, tmp_path):
    run, _ = copied_run
    before = (run / "config.json").read_bytes()
    with pytest.raises(UserError, match="--batch-size 4, not 5"):
        resume(run, idx_folder, batch_size=5)
    with pytest.raises(UserError, match="trained on other data"):
        resume(run, write_idx_folder(tmp_path / "other", seed=1))
    with pytest.raises(UserError, match="has 2 epochs already"):
        resume(run, idx_folder, epochs=1)
    assert (run / "config.json").read_bytes() == before


def test_images_the_model_cannot_make_do_not_cost_the_old_run(copied_run, tmp_path, capsys):
    run, _ = copied_run
    odd = write_idx_folder(tmp_path / "odd", side=30)
    assert "multiples of 4" in refused(capsys, "--data-dir", odd, "--out", run, "--overwrite", "--batch-size", 4)
    assert (run / "progress.gif").exists()
    assert "multiples of 4" in refused(capsys, "--data-dir", odd, "--out", tmp_path / "new", "--batch-size", 4)
    assert not (tmp_path / "new").exists()


def test_an_unwritable_place_is_named(tmp_path, idx_folder, capsys):
    (tmp_path / "file").touch()
    text = refused(capsys, "--data-dir", idx_folder, "--batch-size", 4, "--out", tmp_path / "file" / "run")
    assert "Not a directory" in text


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
    flags = [f"{flag_of(name)}={value}" for name, value in given.items()]
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
    from gan_keras.models import dcgan  # noqa: PLC0415

    sound = dcgan.Model.discriminator_loss

    def breaks(self, real, fake):
        return sound(self, real, fake) * tf.where(self.step < 4, 1.0, float("nan"))

    monkeypatch.setattr(dcgan.Model, "discriminator_loss", breaks)
    options = tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / "run", steps_per_execution=1)
    with pytest.raises(UserError, match=r"discriminator_loss became nan .*epoch 2.*--learning-rate"):
        train.run(options)
    assert [path.name for path in (tmp_path / "run" / "backup").iterdir()] == ["step_00000003"]
    assert all(np.isfinite(value).all() for value in final_state(tmp_path / "run").values() if value.dtype.kind == "f")
