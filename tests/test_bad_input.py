"""Bad input to a training: exit code 2, a message, and nothing written."""

import json
import shutil

import pytest
from helpers import history, resume, tiny_config, write_idx_folder

from gan_keras import train
from gan_keras.ui.console import UserError


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
        (["--batch-size", "61"], "a step needs 61 images, and there are only 60"),
        (["--batch-size", "21", "--critic-steps", "3"], "a step needs 63 images"),
        (["--dataset", "folder:/absent"], "both say where the images are; give one of them"),
        (["--channels", "2"], "--channels is 2; it must be 1 for grey or 3 for colour"),
        (["--data-dir", "/absent"], "there is no folder or file /absent"),
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
    assert "60 + 20 digits 28x28, grey, 10 classes: IDX files" in text
    assert list(tmp_path.iterdir()) == []


def test_resuming_with_other_options_or_data_is_refused(copied_run, idx_folder, tmp_path):
    run, _ = copied_run
    before = (run / "config.json").read_bytes()
    with pytest.raises(UserError, match="--batch-size 4, not 5"):
        resume(run, idx_folder, batch_size=5)
    with pytest.raises(UserError, match="trained on other data"):
        resume(run, write_idx_folder(tmp_path / "other", seed=1))
    with pytest.raises(UserError, match="already has 2 epochs"):
        resume(run, idx_folder, epochs=1)
    assert (run / "config.json").read_bytes() == before


def test_images_that_no_model_can_make_do_not_cost_the_old_run(copied_run, idx_folder, tmp_path, capsys):
    run, _ = copied_run
    options = ["--data-dir", idx_folder, "--image-size", 30, "--batch-size", 4]
    assert "multiple of 4" in refused(capsys, *options, "--out", run, "--overwrite")
    assert (run / "progress.gif").exists()
    assert "multiple of 4" in refused(capsys, *options, "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_unwritable_place_is_named(tmp_path, idx_folder, capsys):
    (tmp_path / "file").touch()
    text = refused(capsys, "--data-dir", idx_folder, "--batch-size", 4, "--out", tmp_path / "file" / "run")
    assert "Not a directory" in text
