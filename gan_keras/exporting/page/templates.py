"""What pages are put together from: files that lie here, bytes as text, and rules for the browser."""

import base64
import gzip
from pathlib import Path

HERE = Path(__file__).parent

# What the browser lets a page do. That of one file may fetch nothing at all; that of a folder only what lies in it.
RULES = {
    True: "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:",
    False: "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' blob:; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data: blob:",
}


def template(name: str) -> str:
    """Return a file of the page as it lies here."""
    return (HERE / name).read_text(encoding="utf-8")


def packed(content: bytes) -> str:
    """Return bytes gzipped and in base64, always the same for the same ones."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
