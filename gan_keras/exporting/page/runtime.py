"""The runtime of the page: onnxruntime-web, which npm brings once."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import platformdirs

from gan_keras.ui import files
from gan_keras.ui.console import UserError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # as npm writes it
HASTE = ("--fetch-retries", "1", "--fetch-retry-mintimeout", "1000")  # it would try for minutes without a network
PARTS = {  # name in the page → file of the package: the smallest build, which computes by WebAssembly alone
    "runtime.mjs": "package/dist/ort.wasm.bundle.min.mjs",
    "runtime.wasm": "package/dist/ort-wasm-simd-threaded.wasm",
}


def load() -> dict[str, bytes]:
    """Return the files of the runtime by their names in the page.

    Raises:
        UserError: if npm is missing or cannot get the package, or if the package is not the one that is expected.
    """
    archive = platformdirs.user_cache_path("gan_keras") / f"{PACKAGE}-{VERSION}.tgz"
    if not archive.exists() or sha512(archive) != SHA512:
        get(archive)
    with tarfile.open(archive) as content:
        opened = {name: content.extractfile(path) for name, path in PARTS.items()}
        return {name: file.read() for name, file in opened.items() if file}


def get(archive: Path) -> None:
    """Let npm write the package to a path.

    Raises:
        UserError: as `load`.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("a page needs npm to get its runtime once. Install Node.js, which has npm, and try again.")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", folder, "--loglevel", "error", *HASTE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        packed = Path(folder) / archive.name
        if done.returncode or not packed.exists():
            problem = (done.stderr.strip().splitlines() or ["it gave no reason"])[0]
            raise UserError(
                f"npm could not get {PACKAGE} {VERSION}, the runtime of the page: {problem}. "
                "Connect to the network once, and try again."
            )
        if sha512(packed) != SHA512:
            raise UserError(f"what npm got as {PACKAGE} {VERSION} is not what was published (SHA-512). Try again.")
        archive.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(archive) as temporary:
            shutil.copyfile(packed, temporary)


def sha512(path: Path) -> str:
    """Return the SHA-512 of a file in base64."""
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
