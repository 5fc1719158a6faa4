import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras.layers.adam import Adam, EqualizedAdam

OPTIONS = [{}, {"beta_1": 0.0, "beta_2": 0.9}, {"learning_rate": 0.1, "epsilon": 1e-3}, {"amsgrad": True}]


def descend(kind, options, steps=20):
    """Return the weights after some steps down a bowl, and the optimizer."""
    variables = [keras.Variable(np.linspace(-1, 1, 12).reshape(3, 4)), keras.Variable(np.ones(5))]
    optimizer = kind(**options)
    optimizer.build(variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = sum(tf.reduce_sum((variable - 0.3) ** 4) for variable in variables)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    for _ in range(steps):
        step()
    return [variable.numpy() for variable in variables], optimizer


@pytest.mark.parametrize("options", OPTIONS)
def test_same_numbers_as_keras(options):
    (theirs, their_optimizer), (ours, our_optimizer) = (
        descend(kind, options) for kind in (keras.optimizers.Adam, Adam)
    )
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)  # the order of rounding differs
    for one, other in zip(their_optimizer.variables, our_optimizer.variables, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)


def test_it_follows_a_schedule():
    schedule = keras.optimizers.schedules.PolynomialDecay(1e-2, 10, end_learning_rate=0.0)
    ours, _ = descend(Adam, {"learning_rate": schedule}, steps=10)
    longer, _ = descend(Adam, {"learning_rate": schedule}, steps=20)
    for one, other in zip(ours, longer, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_can_be_saved_and_loaded():
    config = keras.optimizers.serialize(Adam(beta_1=0.5))
    again = keras.optimizers.deserialize(config)
    assert type(again) is Adam
    assert again.beta_1 == 0.5


def test_equalized_adam_trains_as_layers_that_scale_their_kernels():
    """Karras et al. 2018, section 4.1: a kernel of normal numbers, times √(2 / fan_in) in each pass."""
    random = np.random.default_rng(0)
    start, inputs, targets = random.normal(size=(32, 3)), random.normal(size=(8, 32)), random.normal(size=(8, 3))
    scale = np.sqrt(2 / 32)
    kernels = []
    for kind, factor in ((keras.optimizers.Adam, scale), (EqualizedAdam, 1.0)):
        kernel = keras.Variable(start * scale / factor)
        optimizer = kind(1e-2, epsilon=1e-12)  # the size of the gradients matters only beside it
        optimizer.build([kernel])
        for _ in range(20):
            with tf.GradientTape() as tape:
                error = inputs.astype("float32") @ (factor * tf.convert_to_tensor(kernel)) - targets
                loss = tf.reduce_mean(error**2)
            optimizer.apply_gradients([(tape.gradient(loss, kernel.value), kernel)])
        kernels.append(factor * kernel.numpy())
    np.testing.assert_allclose(kernels[1], kernels[0], atol=1e-4)
    assert abs(kernels[1] - scale * start).max() > 0.01
