"""Playing with the generators of runs: the same latents side by side, and one of them with all its controls."""

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from gan_keras.dashboard.runs import Run
from gan_keras.evaluation import latent_space
from gan_keras.evaluation.sources import on_sphere
from gan_keras.exporting import loading
from gan_keras.ui import pictures
from gan_keras.ui.console import UserError

DIRECTIONS = 4  # sliders
SAMPLES, COLUMNS = 40, 10  # of the picture for which all generators get the same latents
ZOOM = 4


def samples(chosen: list[Run]) -> None:
    """Show what the generators of runs make of the same latents."""
    seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="seed of the samples"))
    for column, run in zip(st.columns(len(chosen)), chosen, strict=True):
        made = load(run)
        if made is None:
            column.caption(f"{run.name} has exported no generator yet.")
            continue
        images, _ = loading.make(made, SAMPLES, seed)
        column.image(pictures.grid(images, COLUMNS), caption=run.name, width="stretch")


def generator(chosen: list[Run]) -> None:
    """Show one generator with its controls."""
    able = {run.name: run for run in chosen if run.generator}
    if not able:
        st.caption("None of these runs has exported a generator yet.")
        return
    run = able[st.selectbox("Generator of", list(able))]
    made = load(run)
    if made is None:
        return
    left, right = st.columns([1, 2])
    with left:
        seed = int(st.number_input("Handwriting", 0, 2**31 - 1, 0, help="Each number is a latent."))
        labels = classes(made)
        latent, other = (latent_space.normal(made, 1, number) for number in (seed, seed + 1))
        part = st.slider("On the way to the next handwriting", 0.0, 1.0, 0.0)
        latent = on_sphere(latent, other, np.array([[part]], np.float32))
        vectors = directions(str(run.path), written(run), made)[:DIRECTIONS]
        for number, vector in enumerate(vectors):
            by = st.slider(f"Direction {number + 1}", -3.0, 3.0, 0.0, help="What changes the images most, in order.")
            latent = latent + np.float32(by) * vector
        truncation = st.slider("Truncation", 0.0, 1.0, 1.0) if "truncation" in loading.inputs_of(made) else 1.0
    images = draw(made, np.repeat(latent, len(labels), axis=0), labels, seed, truncation)
    picture = pictures.grid(images, min(len(images), pictures.MOST_COLUMNS), ZOOM)
    with right:
        st.image(picture, caption="One latent, for each label" if len(labels) > 1 else "One latent")
        st.caption(opinion(run, images, labels))
        st.download_button("Save as PNG", pictures.png_bytes(picture), f"{run.path.name}.png", "image/png")


def classes(made: Any) -> np.ndarray:
    """Return the labels int32 [count] that a user asks for; a single 0 for a generator that takes none."""
    if not hasattr(made, "classes"):
        return np.zeros(1, np.int32)
    names = [name.decode() for name in made.class_names().numpy()]
    if not set(names) <= set("0123456789"):
        asked = st.multiselect("Classes", names, names[: pictures.MOST_COLUMNS])
    else:
        asked = list(st.text_input("Digits", "".join(names)))
        if unknown := sorted(set(asked) - set(names)):
            st.error(f"It knows no {', '.join(unknown)}.")
    return np.array([names.index(name) for name in asked if name in names] or range(len(names)), np.int32)


def draw(made: Any, latents: np.ndarray, labels: np.ndarray, seed: int, truncation: float) -> np.ndarray:
    """Return images uint8 [count, height, width, channels]."""
    inputs = {"latent": latents, **loading.without_latents(made, labels, seed)}
    if "truncation" in inputs:
        inputs["truncation"] = np.full(len(labels), truncation, np.float32)
    return pictures.to_uint8(made.serve(**inputs).numpy())


def opinion(run: Run, images: np.ndarray, labels: np.ndarray) -> str:
    """Return what the discriminator says of images."""
    values = discriminator(str(run.path), written(run))(images, labels)
    if values is None:
        return "This model has no discriminator that gives a probability."
    return "The discriminator takes them for real with " + ", ".join(f"{value:.0%}" for value in values[:, 0])


def load(run: Run) -> Any:
    """Return the generator of a run; `None`, and a message, if it cannot be loaded."""
    if run.generator is None:
        return None
    try:
        return loaded(str(run.path), written(run))
    except UserError as error:
        st.error(str(error))
        return None


def written(run: Run) -> float:
    """Return when the generator of a run was exported; 0 if it was not."""
    return run.generator.stat().st_mtime if run.generator else 0


@st.cache_resource(show_spinner="Loading a generator")
def loaded(path: str, at: float) -> Any:
    """Load a generator once, and again when it has been written anew."""
    return loading.load_generator(Path(path))


@st.cache_resource(show_spinner="Loading a discriminator")
def discriminator(path: str, at: float) -> loading.Discriminate:
    """Load a discriminator once, and again when it has been written anew, which happens with the generator."""
    return loading.load_discriminator(Path(path))


@st.cache_data(show_spinner="Looking for directions")
def directions(path: str, at: float, _made: Any) -> np.ndarray:
    """Return the directions in latent space, each a row, the strongest first."""
    return latent_space.directions(_made, seed=0).vectors
