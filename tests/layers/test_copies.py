import keras
import numpy as np
import pytest
from helpers import normal_inputs as inputs

from gan_keras.layers import BatchNormalization, Conv2DTranspose, LeakyReLU
from gan_keras.layers.copies import fused, portable


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (BatchNormalization(), (4, 10)),
        (Conv2DTranspose(1, 4, padding="same"), (4, 6, 7, 5)),
        (LeakyReLU(0.3), (4, 10)),
    ],
)
def test_it_can_be_saved_and_loaded(layer, shape, tmp_path):
    model = keras.Sequential([keras.Input(shape[1:]), layer])
    model(inputs(shape), training=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs(shape)), model(inputs(shape)))
    assert type(again.layers[0]) is type(layer)


def test_the_portable_copy_is_plain_keras_in_float32_with_the_same_output():
    ours = keras.Sequential(
        [
            keras.Input([10]),
            keras.layers.Dense(8),
            BatchNormalization(),
            keras.layers.Reshape([2, 2, 2]),
            Conv2DTranspose(1, 2, padding="same"),
        ],
        name="ours",
    )
    for _ in range(5):
        ours(inputs((64, 10)), training=True)
    copy = portable(ours)
    assert [type(layer) for layer in copy.layers] == [
        keras.layers.Dense,
        keras.layers.BatchNormalization,
        keras.layers.Reshape,
        keras.layers.Conv2DTranspose,
    ]
    np.testing.assert_allclose(copy(inputs((4, 10))), ours(inputs((4, 10))), atol=1e-5)
    again = fused(copy)
    assert type(again.layers[1]) is BatchNormalization
    assert type(again.layers[3]) is Conv2DTranspose
    np.testing.assert_allclose(again(inputs((4, 10))), copy(inputs((4, 10))), atol=1e-5)
    low = keras.Sequential([keras.Input([10]), keras.layers.Dense(8, dtype="mixed_bfloat16")])
    assert portable(low).layers[0].compute_dtype == "float32"
