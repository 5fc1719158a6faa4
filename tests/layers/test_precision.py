import keras
import pytest

from gan_keras.layers import precision


def test_precision_is_put_back():
    before = keras.config.dtype_policy().name
    with pytest.raises(ZeroDivisionError), precision.precision("bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
        raise ZeroDivisionError
    assert keras.config.dtype_policy().name == before


@pytest.mark.parametrize(
    ("name", "compute"), [("float32", "float32"), ("bfloat16", "bfloat16"), ("float16", "float16")]
)
def test_layers_compute_as_told_with_weights_in_float32(name, compute):
    with precision.precision(name):
        layer = keras.layers.Dense(1)
    layer.build((None, 2))
    assert (layer.compute_dtype, layer.kernel.dtype) == (compute, "float32")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("flags : fpu avx2 avx512f", "float32"), ("flags : avx512_bf16", "bfloat16"), ("flags : amx_bf16", "bfloat16")],
)
def test_auto_follows_the_processor(tmp_path, monkeypatch, flags, expected):
    monkeypatch.setattr(precision.tf.config, "list_physical_devices", lambda kind: [])
    (tmp_path / "cpuinfo").write_text(flags)
    monkeypatch.setattr(precision, "CPU_FACTS", tmp_path / "cpuinfo")
    assert precision.native_precision() == expected
    monkeypatch.setattr(precision, "CPU_FACTS", tmp_path / "absent")
    assert precision.native_precision() == "float32"


@pytest.mark.parametrize(
    ("details", "expected"),
    [({"compute_capability": (8, 0)}, "bfloat16"), ({"compute_capability": (7, 5)}, "float32"), ({}, "float32")],
)
def test_a_gpu_decides_where_there_is_one(monkeypatch, details, expected):
    monkeypatch.setattr(precision.tf.config, "list_physical_devices", lambda kind: ["a GPU"])
    monkeypatch.setattr(precision.tf.config.experimental, "get_device_details", lambda device: details)
    assert precision.native_precision() == expected
