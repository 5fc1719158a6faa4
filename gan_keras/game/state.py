"""The state of a game by name, so that a backup outlives changes to what else the game remembers."""

import re
from collections.abc import Iterable

import keras
import tensorflow as tf

State = dict[str, tf.Variable]


def kept(value: tf.Tensor | float | int, dtype: tf.DType = tf.float32) -> tf.Variable:
    """Return a variable that a step changes and no gradient moves; all replicas must give it the same value."""
    return tf.Variable(value, dtype=dtype, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def of_network(network: keras.Model) -> State:
    """Return the variables of a network, such as "dense/kernel", "dense_1/kernel"."""
    return {name: variable.value for name, variable in _numbered(network.variables).items()}


def of_optimizer(optimizer: keras.optimizers.Optimizer, moved: Iterable[keras.Variable]) -> State:
    """Return the variables of an optimizer: its own, and those for each of the variables that it moves.

    A constant learning rate is left out: it comes from the options, which may say another when a run is resumed.
    """
    # Keras names the latter after the variable's path, with underscores.
    owners = {variable.path.replace("/", "_"): name for name, variable in _numbered(moved).items()}
    state: State = {}
    for name, variable in _numbered(optimizer.variables).items():
        kind, _, rest = name.partition("/")
        if rest == "learning_rate":
            continue
        owner = max((path for path in owners if variable.name.startswith(f"{path}_")), key=len, default=None)
        if owner is not None:
            rest = f"{owners[owner]}/{variable.name.removeprefix(f'{owner}_')}"
        state[_unused(f"{kind}/{rest}", state)] = variable.value
    return state


def prefixed(prefix: str, state: State) -> State:
    """Return a state with a prefix before each name."""
    return {f"{prefix}/{name}": variable for name, variable in state.items()}


def _numbered(variables: Iterable[keras.Variable]) -> dict[str, keras.Variable]:
    """Return variables by their paths, with the layers of one kind counted among these variables.

    Keras counts layers through the whole process: what is "dense_7" in one process is "dense" in another.
    """
    counted: dict[str, list[str]] = {}  # path so far and kind of layer → the names that Keras gave to them
    named: dict[str, keras.Variable] = {}
    for variable in variables:
        name = ""
        for part in variable.path.split("/"):
            name = f"{name}/{re.sub(r'_[0-9]+$', '', part)}".removeprefix("/")
            alike = counted.setdefault(name, [])
            if part not in alike:
                alike.append(part)
            if number := alike.index(part):
                name = f"{name}_{number}"
        named[_unused(name, named)] = variable
    return named


def _unused(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken yet."""
    number = 2
    unused = name
    while unused in taken:
        unused, number = f"{name}#{number}", number + 1
    return unused
