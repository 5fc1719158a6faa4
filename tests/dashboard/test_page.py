"""The app as a user works with it, on real runs; and the command that serves it."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from helpers import run_command
from streamlit.testing.v1 import AppTest

from gan_keras import app
from gan_keras.dashboard import trainings
from gan_keras.dashboard.page import STOPPED
from gan_keras.dashboard.runs import Run
from gan_keras.evaluate import Options, evaluate

WAIT = 180  # seconds, for what a loaded machine takes

slow = pytest.mark.slow


def page(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["page.py", str(folder)])
    return AppTest.from_file(str(app.PAGE), default_timeout=WAIT).run()


def said(shown):
    """Return what the page says."""
    assert not shown.exception and not shown.error
    return "\n".join(element.value for kind in (shown.markdown, shown.caption, shown.info) for element in kind)


def until(condition):
    """Wait until a condition holds, which must happen."""
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"still not so after {WAIT} seconds"
        time.sleep(0.2)


@slow
def test_runs_stand_side_by_side(finished_run, labelled_run, tmp_path, monkeypatch):
    for run, name in ((finished_run, "plain"), (labelled_run, "labelled")):
        shutil.copytree(run, tmp_path / name)
    measured = evaluate(Options(tmp_path / "labelled", samples=20))
    shown = page(tmp_path, monkeypatch)
    assert "finished, epoch 2 of 2" in said(shown)
    assert "plain is not measured yet" in said(shown)
    table, differ = (element.value for element in shown.dataframe)
    assert float(table.loc["fid_mnist", "labelled"]) == pytest.approx(measured["metrics"]["fid_mnist"], rel=0.01)
    assert float(table.loc["fid_mnist", "real"]) == pytest.approx(measured["real"]["fid_mnist"], rel=0.01)
    assert differ.loc["model"].to_dict() == {"plain": "dcgan", "labelled": "cgan"}
    (epoch,) = [slider for slider in shown.slider if slider.label == "Epoch"]
    assert (epoch.min, epoch.max, epoch.value) == (0, 2, 2)
    assert "plain, epoch 1" in [picture.proto.imgs[0].caption for picture in epoch.set_value(1).run().get("image")]


@slow
def test_a_generator_is_played_with(labelled_run, tmp_path, monkeypatch):
    shutil.copytree(labelled_run, tmp_path / "labelled")
    shown = page(tmp_path, monkeypatch)
    (digits,) = [field for field in shown.text_input if field.label == "Digits"]
    shown = digits.set_value("20").run()
    assert said(shown).count("%") == 2  # the discriminator's opinion of each
    (wrong,) = [field for field in shown.text_input if field.label == "Digits"]
    assert "knows no x" in wrong.set_value("2x").run().error[0].value


def button(shown, label):
    (found,) = [button for button in shown.button if button.label == label]
    return found


def start(shown, name, more):
    """Start a training with the form at the left."""
    for field in shown.text_input:
        field.set_value({"Name of its folder": name, "More options": more}[field.label])
    return button(shown, "Start").click().run()


@pytest.mark.long
def test_a_training_is_started_followed_stopped_and_continued(idx_folder, tmp_path, monkeypatch):
    folder = tmp_path / "new"
    run = Run(folder, "new")
    more = f"--data-dir {idx_folder} --epochs 5000 --steps-per-epoch 2 --batch-size 4 --filters 4"
    shown = page(tmp_path, monkeypatch)
    assert "start a training" in said(shown)
    shown = start(shown, "new", more)
    assert "new: in training" in said(shown)
    until((folder / "samples" / "epoch_0001.png").exists)
    shown = button(shown, "Look again").click().run()
    assert "· in training" in said(shown)
    button(shown, "Stop").click().run()
    assert trainings.started[folder].wait(WAIT) in STOPPED
    shown = shown.run()
    assert "· stopped" in said(shown)
    done = len(run.history)
    shown = button(shown, "Continue").click().run()
    until(lambda: len(run.history) > done)
    trainings.stop(run)
    assert trainings.started.pop(folder).wait(WAIT) in STOPPED
    assert list(run.history.index) == list(range(1, len(run.history) + 1))


@slow
def test_a_training_that_fails_shows_its_message(tmp_path, monkeypatch):
    shown = start(page(tmp_path, monkeypatch), "failing", "--epochs nonsense")
    assert trainings.started[tmp_path / "failing"].wait(WAIT) == 2
    shown = shown.run()
    assert "failing has ended with an error" in shown.error[0].value
    assert any("nonsense" in code.value for code in shown.code)
    del trainings.started[tmp_path / "failing"]


@slow
def test_the_command_serves_the_page_to_this_machine(tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gan_keras.app", str(tmp_path), "--port", str(port), "--quiet"]

    def answers():
        try:
            return urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).read() == b"ok"
        except OSError:
            return False

    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as served:
        try:
            until(answers)
        finally:
            served.terminate()


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    code, text = run_command(app.main, capsys, tmp_path / "none")
    assert code == 2 and f"there is no folder {tmp_path / 'none'}" in text
