"""Several processes that work together: real ones, which find each other as the workers of a cluster do."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import TINY, final_state, run_command, tiny_config

from benchmarks import faults
from benchmarks.workers import Workers
from gan_keras import synthesize
from gan_keras.options import flag
from gan_keras.training.run import run as train

pytestmark = pytest.mark.slow

OPTIONS = TINY | {"model": "dcgan", "filters": 4, "batch_size": 8, "steps_per_epoch": 6}


def arguments(**options) -> list:
    return [part for name, value in (OPTIONS | options).items() for part in (flag(name), value)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory, idx_folder) -> Path:
    """Return a run of one process."""
    out = tmp_path_factory.mktemp("alone") / "run"
    return train(tiny_config(**OPTIONS, data_dir=idx_folder, out=out))


def assert_nearly_the_same(run: Path, other: Path) -> None:
    """Adam turns a gradient that is nothing but rounding into a step: a tenth of its 12 steps of 2e-4 is allowed."""
    one, many = final_state(run), final_state(other)
    assert one.keys() == many.keys()
    for name, value in one.items():
        np.testing.assert_allclose(many[name], value, atol=2.4e-4 * (1 + np.abs(value).max()), err_msg=name)


@pytest.mark.long
def test_four_workers_end_with_the_weights_of_one_and_only_the_first_writes(tmp_path, idx_folder, alone):
    out = tmp_path / "run"
    ended = Workers("gan_keras.train", arguments(data_dir=idx_folder, out=out), 4, tmp_path).wait()
    assert [worker.code for worker in ended] == [0] * 4, ended
    assert "4 replicas of 4 workers" in ended[0].text
    assert [worker.text.splitlines()[-1].startswith("Worker") for worker in ended] == [False, True, True, True]
    assert_nearly_the_same(alone, out)
    assert {path.name for path in out.iterdir()} == {path.name for path in alone.iterdir()}


def test_a_signal_to_one_stops_all_at_one_step_and_one_process_goes_on(tmp_path, idx_folder, alone):
    out = tmp_path / "run"
    job = Workers("gan_keras.train", arguments(data_dir=idx_folder, out=out), 2, tmp_path)
    while not (out / "samples").exists() and job.processes[0].poll() is None:
        time.sleep(0.05)
    job.processes[1].send_signal(signal.SIGTERM)
    ended = job.wait()
    assert [worker.code for worker in ended] == [128 + signal.SIGTERM] * 2, ended
    assert all("Everything is saved" in worker.text for worker in ended)
    assert 0 < final_state(out)["step"] < final_state(alone)["step"]
    train(tiny_config(**OPTIONS, data_dir=idx_folder, out=out, resume=True))
    assert_nearly_the_same(alone, out)


def test_a_folder_that_holds_a_run_is_refused_by_all(tmp_path, idx_folder, alone):
    ended = Workers("gan_keras.train", arguments(data_dir=idx_folder, out=alone), 2, tmp_path).wait()
    assert [worker.code for worker in ended] == [2, 2], ended
    assert "already holds a run" in ended[0].text
    assert "another worker has found an error" in ended[1].text


def test_two_workers_make_and_judge_the_digits_that_one_makes(tmp_path, capsys):
    """More than two batches of each, so that both have something to do."""
    order = ["--count", 1200, "--min-confidence", 0.9, "--format", "npz", "--out"]
    code, text = run_command(synthesize.main, capsys, *order, tmp_path / "one")
    assert code == 0, text
    ended = Workers("gan_keras.synthesize", [*order, tmp_path / "two"], 2, tmp_path).wait()
    assert [worker.code for worker in ended] == [0, 0], ended
    assert "accepted" in ended[0].text
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "two").iterdir())
    (file,) = [name for name in names if name.endswith(".npz")]
    with np.load(tmp_path / "one" / file) as one, np.load(tmp_path / "two" / file) as two:
        assert one.files == two.files
        assert all(np.array_equal(one[name], two[name]) for name in one.files)


def test_a_worker_is_killed_and_the_job_goes_on_as_if_it_had_not_been(capsys):
    code, text = run_command(faults.main, capsys, "--times", 1)
    assert code == 0, text
    assert "| yes |" in text
