import errno
import os
import platform
import subprocess
import sys

import pytest

from gan_keras import console


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
        "error: cannot read or write out/grid.png: No space left on device. What was written before is whole.\n",
    )
    assert run(raiser(KeyboardInterrupt()), capsys)[0] == 130


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
