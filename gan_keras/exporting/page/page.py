"""Writing the page: one HTML file with all in it, or a folder for a web server."""

import base64
import html
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import imageio.v3 as imageio
import numpy as np

from gan_keras.exporting import loading, onnx
from gan_keras.exporting.page import runtime
from gan_keras.exporting.page.templates import RULES, packed, template
from gan_keras.ui import files, pictures

SCRIPTS = (
    "held",
    "random",
    "network",
    "picture",
    "hand",
    "walk",
    "opinion",
    "training",
    "start",
)  # in this order, one program
JUDGES = ("discriminator", "critic")  # networks whose opinion is shown
REACH = 3.0  # how far a slider goes, in deviations of the latent
MOST = 12  # pictures in the row that is written
FIRST = 2  # the hand that is shown first: a clear one of the generator that comes with the package
FRAMES = 24  # at most, of the film
DIGITS = list("0123456789")

SHIPPED_WEIGHTS = (
    "The weights of this network were trained on MNIST by Y. LeCun and C. Cortes. Unlike the program they are offered "
    "under the licence CC BY-SA 3.0: name the authors of MNIST, and pass on what you make of the weights on the same "
    "terms."
)


def write(
    run: Path,
    out: Path,
    directions: Mapping[str, np.ndarray],
    *,
    data: Mapping[str, Any] | None = None,
    history: Sequence[Mapping[str, str]] = (),
) -> None:
    """Write the page of a run's generator.

    Args:
        run: the folder of a run, or of a generator's SavedModel.
        out: a file .html, which then holds all; or a new folder for a web server, with an index.html.
        directions: float32 [latent_dim] of length 1, orthogonal, by the names of their sliders.
        data: what the run's config.json says of the images it was trained on.
        history: the rows of the run's history.csv, for its losses.

    Raises:
        UserError: if the run has no generator, or if the runtime cannot be had.
    """
    facts = facts_of(run, data or {})
    brought = runtime.load()
    judge = next((name for name in JUDGES if (run / name / "saved_model.pb").exists()), None)
    facts |= {
        "directions": [[round(float(value), 7) for value in vector] for vector in directions.values()],
        "names": list(directions),
        "reach": REACH,
        "most": MOST,
        "seed": FIRST,
        "judge": judge,
        "film": film(run / "samples"),
        **losses(history),
    }
    folder = run / "generator" if (run / "generator").is_dir() else run
    held = {**brought, "generator.onnx": converted(folder)}
    if judge:
        held["judge.onnx"] = converted(run / judge)
    if out.suffix == ".html":
        files.write_text(out, page(facts, held))
        return
    with files.replacing(out) as temporary:
        temporary.mkdir()
        (temporary / "index.html").write_text(page(facts, None), encoding="utf-8")
        (temporary / "page.css").write_text(template("page.css"), encoding="utf-8")
        (temporary / "page.js").write_text(script(), encoding="utf-8")
        for name, content in held.items():
            (temporary / name).write_bytes(content)


def facts_of(run: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page says of a generator, and what it must know of it."""
    generator = loading.load_generator(run)
    names = generator.class_names().numpy() if hasattr(generator, "classes") else [b""]
    classes = [name.decode() for name in names]
    is_digits = classes == DIGITS
    return {
        "title": "Digits that nobody wrote" if is_digits else "Pictures that nobody made",
        "lead": lead(data, is_digits),
        "image": loading.image_shape(generator),
        "classes": classes,
        "digits": is_digits,
        "start": [2, 0, 2, 6] if is_digits else list(range(min(4, len(classes)))),
        "weights": SHIPPED_WEIGHTS if run.resolve() == loading.SHIPPED.resolve() else "",
    }


def lead(data: Mapping[str, Any], is_digits: bool) -> str:
    """Return the sentences below the title, from what is known of the images that were learned from."""
    what = "digits" if is_digits else "pictures"
    text = f"A small neural network draws these {what} here in your browser, from random numbers. "
    if data:
        text += f"It learned from {data['train_images']:,} real ones ({data['name'].upper()}). "
    return text + "Nothing that you do here leaves your machine."


def converted(saved_model: Path) -> bytes:
    """Return a SavedModel's default function as ONNX."""
    with tempfile.TemporaryDirectory() as folder:
        onnx.write(saved_model, Path(folder) / "network.onnx")
        return (Path(folder) / "network.onnx").read_bytes()


def film(samples: Path) -> list[dict[str, Any]]:
    """Return at most `FRAMES` of the pictures of a training, each with its epoch, as PNG in a data address."""
    found = sorted(samples.glob("epoch_*.png"))
    places = np.unique(np.linspace(0, len(found) - 1, min(len(found), FRAMES)).round().astype(int))
    frames = []
    for place in places:
        picture = imageio.imread(found[place])[:: pictures.ZOOM, :: pictures.ZOOM]
        png = io.BytesIO()
        imageio.imwrite(png, picture, extension=".png")
        address = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
        frames.append({"epoch": int(found[place].stem.removeprefix("epoch_")), "picture": address})
    return frames


def losses(history: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return the epochs of a history.csv, and its losses by name."""
    names = [name for name in (history[0] if history else {}) if name.endswith("_loss")]
    values = {
        name: [round(float(row[name]), 4) for row in history] for name in names if all(row[name] for row in history)
    }
    return {"epochs": [int(row["epoch"]) for row in history], "losses": values}


def page(facts: Mapping[str, Any], held: Mapping[str, bytes] | None) -> str:
    """Return the HTML of the page; with all the files that it needs in it, or without any."""
    is_whole = held is not None
    data = json.dumps({name: value for name, value in facts.items() if name not in ("title", "lead", "weights")})
    data = data.replace("<", "\\u003c")  # or a class called </script> would end it
    parts = [f'<script type="application/json" id="facts">{data}</script>']
    parts += [
        f'<script type="text/plain" id="file-{name}">{packed(content)}</script>'
        for name, content in (held or {}).items()
    ]
    filled = {
        "policy": RULES[is_whole],
        "title": html.escape(facts["title"]),
        "lead": html.escape(facts["lead"]),
        "about": template("about.html").replace("{{weights}}", html.escape(facts["weights"])),
        "style": f"<style>\n{template('page.css')}</style>" if is_whole else '<link rel="stylesheet" href="page.css">',
        "data": "\n".join(parts),
        "script": f'<script type="module">\n{script()}</script>'
        if is_whole
        else '<script type="module" src="page.js"></script>',
    }
    text = template("page.html")
    for name, value in filled.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def script() -> str:
    """Return the program of the page."""
    return "\n".join(template(f"{name}.js") for name in SCRIPTS)
