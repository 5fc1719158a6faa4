"""Names of variables that do not depend on what else the process has built."""

import keras
import pytest
from keras import layers

from gan_keras.game import state


def network(*inner: layers.Layer, name: str = "net") -> keras.Model:
    return keras.Sequential([keras.Input([4]), *inner], name=name)


def lasting(optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """Return the variables that training moves: all but the learning rates, which are options."""
    return [variable for variable in optimizer.variables if variable.name != "learning_rate"]


def test_layers_of_one_kind_are_counted_within_the_network():
    layers.Dense(1).build([1, 1])  # the process has dense layers already
    names = list(state.of_network(network(layers.Dense(3), layers.BatchNormalization(), layers.Dense(2))))
    assert [name for name in names if "dense" in name] == [
        "net/dense/kernel",
        "net/dense/bias",
        "net/dense_1/kernel",
        "net/dense_1/bias",
    ]
    assert "net/batch_normalization/moving_mean" in names


def test_a_layer_of_another_kind_before_it_does_not_change_a_layers_name():
    plain, longer = network(layers.Dense(3)), network(layers.LayerNormalization(), layers.Dense(3))
    assert state.of_network(plain).keys() < state.of_network(longer).keys()


def test_two_networks_of_the_same_name_do_not_share_variables():
    moved = [one for _ in range(2) for one in network(layers.Dense(3, name="same")).trainable_variables]
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(moved)
    names = state.of_optimizer(optimizer, moved)
    assert len(names) == len(lasting(optimizer)) == 1 + 2 * 4
    assert len({id(variable) for variable in names.values()}) == len(names)


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam, keras.optimizers.RMSprop, keras.optimizers.SGD])
@pytest.mark.parametrize("scaled", [False, True])
def test_an_optimizers_variables_are_named_after_what_they_move(optimizer, scaled):
    def named() -> dict:
        one = network(layers.Dense(3), layers.Dense(2))
        mover = optimizer(0.1, **({"momentum": 0.9} if optimizer is keras.optimizers.SGD else {}))
        mover = keras.optimizers.LossScaleOptimizer(mover) if scaled else mover
        mover.build(one.trainable_variables)
        return mover, state.of_optimizer(mover, one.trainable_variables)

    (first, names), (_, again) = named(), named()
    assert list(names) == list(again), "whatever was built in between"
    assert len(names) == len(lasting(first))
    slots = [name for name in names if "net/dense_1/kernel/" in name]
    assert len(slots) == {keras.optimizers.Adam: 2}.get(optimizer, 1)
    for name in slots:
        assert names[name].shape == (3, 2)


def test_a_prefix_comes_before_each_name():
    assert state.prefixed("a", {"b": 1, "c/d": 2}) == {"a/b": 1, "a/c/d": 2}
