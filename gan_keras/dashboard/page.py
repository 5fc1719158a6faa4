"""The page that `python -m gan_keras.app` shows. Streamlit runs this file anew whenever a control is used."""

import shlex
import signal
import sys
from pathlib import Path

import pandas as pd
import streamlit as st

from gan_keras import models
from gan_keras.dashboard import play, runs, trainings
from gan_keras.dashboard.runs import Run
from gan_keras.evaluation import metrics, report
from gan_keras.ui.console import UserError

LIVE = 3  # seconds after which what a training writes is read again
STOPPED = (128 + signal.SIGTERM, -signal.SIGTERM)  # exit codes of a training that was stopped
SHOWN = 3  # runs that are chosen at first


def main(folder: Path) -> None:
    """Show the runs of a folder."""
    st.set_page_config("gan_keras", layout="wide")
    st.title("GANs in training")
    found = {run.name: run for run in runs.find(folder)}
    with st.sidebar:
        st.caption(f"{len(found)} runs in {folder.resolve()}")
        names = st.multiselect("Runs", list(found), list(found)[:SHOWN])
        st.button("Look again", help="Read the folder anew.")
        new_training(folder, found)
        started()
    chosen = [found[name] for name in names if name in found]
    if not chosen:
        st.info("Choose runs at the left, or start a training there.")
        return
    st.header("What they are")
    states(chosen)
    st.header("Film")
    film(chosen)
    st.header("Losses")
    losses(chosen)
    st.header("How good they are")
    measured(chosen)
    st.header("The same latents")
    play.samples(chosen)
    st.header("Options that differ")
    if len(table := runs.differences(chosen)):
        st.dataframe(table)
    else:
        st.caption("None: the runs are the same, but for their folder." if len(chosen) > 1 else "Choose two runs.")
    st.header("Play")
    play.generator(chosen)


def new_training(folder: Path, found: dict[str, Run]) -> None:
    """Offer to start a training."""
    with st.expander("Start a training"), st.form("start", border=False):
        known = models.names()
        model = st.selectbox("Model", known, known.index("proposed"))
        preset = st.selectbox("Preset", ["quick", "default", "paper"])
        name = st.text_input("Name of its folder", f"{model}-{len(found) + 1}")
        more = st.text_input("More options", placeholder="--epochs 20 --seed 1", help="As on the command line.")
        if not st.form_submit_button("Start"):
            return
    place = folder / name
    if Path(name).name != name or place.exists():
        st.error(f"{name!r} is taken, or is no name for a folder.")
        return
    try:
        arguments = ["--model", model, "--preset", preset, *shlex.split(more)]
    except ValueError as error:
        st.error(f"More options: {error}")
        return
    trainings.start(place, arguments)
    st.code(trainings.command([*arguments, "--out", str(place)]), language="bash")


@st.fragment(run_every=LIVE)
def started() -> None:
    """Show what becomes of the trainings that were started here."""
    for run, process in trainings.started.items():
        code = process.poll()
        if code in (None, 0, *STOPPED):
            what = "in training" if code is None else "done" if code == 0 else "stopped"
            st.caption(f"{run.name}: {what}. “Look again” lists it.")
        else:
            st.error(f"{run.name} has ended with an error:")
            st.code(trainings.last_lines(run), language=None)


@st.fragment(run_every=LIVE)
def states(chosen: list[Run]) -> None:
    """Show where each run is, with buttons to stop it and to continue it."""
    for column, run in zip(st.columns(len(chosen)), chosen, strict=True):
        with column:
            options, done = run.options, run.history.index
            epoch = f"epoch {done[-1] if len(done) else 0} of {options['epochs']}"
            process = run.process
            st.subheader(run.name)
            st.progress(min(1.0, (done[-1] if len(done) else 0) / options["epochs"]))
            state = "in training" if process else "finished" if run.is_finished() else "stopped"
            st.markdown(
                f"**{options['model']}** on {options['dataset'] or options['data_dir'] or 'mnist'} · {state}, {epoch}"
            )
            if process and st.button("Stop", key=f"stop {run.name}", help="It saves, and can be continued."):
                act(trainings.stop, run)
            elif not process and not run.is_finished() and st.button("Continue", key=f"continue {run.name}"):
                trainings.start(run.path, ["--resume"])
            if text := trainings.last_lines(run.path):
                with st.expander("What it prints"):
                    st.code(text, language=None)


def act(action, run: Run) -> None:
    """Do something to a run, or show why it cannot be done."""
    try:
        action(run)
    except (UserError, OSError) as error:
        st.error(str(error))


@st.fragment(run_every=LIVE)
def film(chosen: list[Run]) -> None:
    """Show the pictures of one epoch, which a slider chooses."""
    pictures = [run.pictures for run in chosen]
    last = max((max(one) for one in pictures if one), default=0)
    epoch = st.slider("Epoch", 0, last, last, key=f"epoch of {last}") if last else 0
    for column, run, one in zip(st.columns(len(chosen)), chosen, pictures, strict=True):
        shown = max((number for number in one if number <= epoch), default=None)
        if shown is None:
            column.caption(f"{run.name}: no picture yet")
        else:
            column.image(str(one[shown]), caption=f"{run.name}, epoch {shown}", width="stretch")


@st.fragment(run_every=LIVE)
def losses(chosen: list[Run]) -> None:
    """Show a chart for each value that a run tracks."""
    histories = {run.name: run.history for run in chosen}
    values = dict.fromkeys(name for one in histories.values() for name in one.columns)
    if not values:
        st.caption("No epoch has ended yet.")
        return
    wanted = [name for name in values if name.endswith(("_loss", "_accuracy", "fid"))]
    names = st.multiselect("Values", list(values), wanted, label_visibility="collapsed")
    for number, name in enumerate(names):
        if number % 2 == 0:
            columns = st.columns(2)
        table = pd.DataFrame({run: one[name] for run, one in histories.items() if name in one})
        columns[number % 2].caption(name.replace("_", " "))
        columns[number % 2].line_chart(table, x_label="epoch", y_label="", height=220)


def measured(chosen: list[Run]) -> None:
    """Show the metrics of the runs beside those of real images."""
    known = {run.name: run.metrics for run in chosen if run.metrics}
    for run in chosen:
        if run.name not in known:
            st.caption(f"{run.name} is not measured yet: `python -m gan_keras.evaluate {run.path}`")
    if not known:
        return
    if len({(one.get("ruler_sha256"), one.get("samples")) for one in known.values()}) > 1:
        st.warning("These values come from different rulers or numbers of samples, and do not compare.")
    rows = {}
    for name in dict.fromkeys(value for one in known.values() for value in one["metrics"]):
        try:
            meaning = metrics.value(name, next(iter(known.values()))["ruler"])
        except KeyError:  # a value of another version
            continue
        floors = (one["real"].get(name) for one in known.values())
        real = next((floor for floor in floors if floor is not None), None)
        cells = {run: short(one["metrics"].get(name)) for run, one in known.items()}
        rows[name] = cells | {"real": short(real), "good": meaning.better, "what it is": meaning.meaning}
    st.dataframe(pd.DataFrame.from_dict(rows, orient="index"))


def short(value: float | None) -> str:
    """Return a number as the report shows it; nothing for none."""
    return "" if value is None else report.short(value)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
