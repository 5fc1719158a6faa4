import errno
import io
import os
import platform
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from gan_keras.ui import console


def run(main, capsys):
    """Return the exit code and what was printed as an error."""
    with pytest.raises(SystemExit) as stop:
        console.command(main)([])
    return stop.value.code, capsys.readouterr().err


def raiser(error):
    def main(arguments):
        raise error

    return main


def test_errors_become_messages(capsys):
    assert run(raiser(console.UserError("the moon is down. Wait.")), capsys) == (2, "error: the moon is down. Wait.\n")
    code, message = run(raiser(OSError(errno.ENOSPC, "No space left on device", "out/grid.png")), capsys)
    assert (code, message) == (
        2,
        "error: cannot read or write out/grid.png: No space left on device. What was written before is intact.\n",
    )
    assert run(raiser(KeyboardInterrupt()), capsys)[0] == 130


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_command_with_its_code(name, capsys):
    number = getattr(signal, name)
    before = signal.signal(number, signal.default_int_handler)  # a job in the background ignores some
    try:
        code, message = run(lambda arguments: (signal.raise_signal(number), time.sleep(5)), capsys)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert (code, message) == (128 + number, "\nStopped.\n")


def test_a_signal_that_nohup_ignores_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        console.command(lambda arguments: signal.raise_signal(signal.SIGHUP))([])
    finally:
        signal.signal(signal.SIGHUP, before)


def test_out_of_memory_is_a_message(capsys):
    code, message = run(lambda arguments: np.empty([10**9, 10**9]), capsys)
    assert code == 2
    assert "out of memory" in message
    code, message = run(raiser(tf.errors.ResourceExhaustedError(None, None, "OOM")), capsys)
    assert code == 2
    assert "out of memory" in message


PRINTS = r"""
import sys, types
sys.modules["gan_keras"] = package = types.ModuleType("gan_keras")  # without TensorFlow, which takes seconds
package.__path__ = ["gan_keras"]
from gan_keras.ui import console

@console.command
def main(arguments):
    for number in range(300):
        print("line", number, "\u00b1", "\udcff", flush=number % 7 == 0)
        print("progress", number, file=sys.stderr)
    open(sys.argv[1], "w").write("done")

main([])
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["pipe", "closed", "full", "ascii"])
def test_what_cannot_be_printed_does_not_end_the_work(where, tmp_path):
    """The reader of a pipe ends, the streams are closed, the disk is full, the console has no ±."""
    script = tmp_path / "prints.py"
    script.write_text(PRINTS)
    done = tmp_path / "done"
    program = shlex.join([sys.executable, str(script), str(done)])
    command = {
        "pipe": f"({program}; echo $? > {tmp_path}/code) 2>&1 | head -1",
        "closed": f"{program} >&- 2>&-; echo $? > {tmp_path}/code",
        "full": f"{program} > /dev/full 2>&1; echo $? > {tmp_path}/code",
        "ascii": f"PYTHONIOENCODING=ascii {program} > {tmp_path}/out 2>&1; echo $? > {tmp_path}/code",
    }[where]
    root = Path(console.__file__).parents[2]
    subprocess.run(
        ["bash", "-c", command], check=True, cwd=root, capture_output=True, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert (tmp_path / "code").read_text() == "0\n"
    assert done.read_text() == "done"
    if where == "ascii":
        assert "line 299 ? ?" in (tmp_path / "out").read_text()


def test_a_moments_failure_to_print_loses_one_text_only():
    class Busy(io.StringIO):
        def write(self, text):
            if text == "two":
                raise BlockingIOError
            return super().write(text)

    stream = Busy()
    steady = console.Steady(stream)
    for text in ("one", "two", "three"):
        steady.write(text)
    assert stream.getvalue() == "onethree"


def test_a_fault_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        console.command(raiser(ZeroDivisionError()))([])


def test_the_nearest_name_is_suggested():
    error = console.nearest("model", "dcgam", ["vanilla", "dcgan"])
    assert "Did you mean dcgan?" in str(error)
    assert "Did you mean" not in str(console.nearest("model", "xyz", ["vanilla", "dcgan"]))


def test_importing_the_package_prints_nothing():
    done = subprocess.run([sys.executable, "-c", "import gan_keras"], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="oneDNN is chosen on x86 only")
@pytest.mark.parametrize(("told", "expected"), [({}, True), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, False)])
def test_onednn_computes_unless_the_user_says_otherwise(told, expected):
    """On any processor, also one on which TensorFlow of itself would not take its kernels."""
    others = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    convolve = "import gan_keras, keras; keras.layers.Conv2D(8, 4)(keras.ops.ones([2, 8, 8, 8]))"
    done = subprocess.run(
        [sys.executable, "-c", convolve],
        capture_output=True,
        text=True,
        check=True,
        env=others | told | {"ONEDNN_VERBOSE": "1"},
    )
    assert (",convolution," in done.stdout) is expected


def test_a_failing_import_shows_its_messages(tmp_path, monkeypatch, capfd):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "chatty.py").write_text("import os; os.write(2, b'hello')")
    console.import_quietly("chatty")
    assert capfd.readouterr().err == ""
    (tmp_path / "failing.py").write_text("import os; os.write(2, b'no driver'); raise ImportError")
    with pytest.raises(ImportError):
        console.import_quietly("failing")
    assert capfd.readouterr().err == "no driver"
