"""Writing the lesson: one HTML file that replays a game."""

import json
from pathlib import Path

from gan_keras.exporting.lesson.recording import Recording
from gan_keras.exporting.page import templates
from gan_keras.ui import files

HERE = Path(__file__).parent


def write(recording: Recording, out: Path) -> None:
    """Write a recorded game as a page that needs nothing else."""
    parts = {
        "policy": templates.RULES[True],
        "style": templates.template("page.css") + template("lesson.css"),
        "facts": json.dumps(recording.facts),
        "pixels": templates.packed(recording.pixels),
        "script": "\n".join([templates.template("held.js"), templates.template("picture.js"), template("lesson.js")]),
    }
    text = template("lesson.html")
    for name, value in parts.items():
        text = text.replace("{{" + name + "}}", value)
    files.write_text(out, text)


def template(name: str) -> str:
    """Return a file of the lesson as it lies here."""
    return (HERE / name).read_text(encoding="utf-8")
