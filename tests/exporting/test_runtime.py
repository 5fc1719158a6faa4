"""The page's runtime comes from npm, or a message says why not."""

import shutil
import subprocess
import sys

import pytest

from gan_keras.exporting.page import runtime
from gan_keras.ui.console import UserError


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime.platformdirs, "user_cache_path", lambda name: tmp_path / name)


def test_without_npm_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"needs npm .* Install Node\.js"):
        runtime.load()


@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
def test_without_a_network_npms_reason_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(UserError, match=r"npm could not get onnxruntime-web .*ECONNREFUSED"):
        runtime.load()
    assert not list(tmp_path.rglob("*.tgz"))


@pytest.mark.skipif(sys.platform == "win32", reason="a program for the shell")
def test_another_package_under_its_name_is_refused(monkeypatch, tmp_path):
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\necho something else > "$4/onnxruntime-web-{runtime.VERSION}.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
    with pytest.raises(UserError, match="is not what was published"):
        runtime.load()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm")
def test_it_is_fetched_once(monkeypatch):
    parts = runtime.load()
    assert parts["runtime.wasm"][:4] == b"\0asm"
    assert f"ONNX Runtime Web v{runtime.VERSION}".encode() in parts["runtime.mjs"][:200]
    monkeypatch.setattr(subprocess, "run", None)
    assert runtime.load() == parts
