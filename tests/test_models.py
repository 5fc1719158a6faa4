import pytest

from gan_keras import config, gan, models
from gan_keras.console import UserError


@pytest.mark.parametrize("name", models.names())
def test_a_model_states_its_options_and_how_to_train_it(name):
    module = models.load(name)
    assert issubclass(module.Config, config.Config)
    assert issubclass(module.Model, gan.GAN)
    assert f"python -m gan_keras.train --model {name}" in module.__doc__
    assert module.Config().model == name
    assert "train_step" not in vars(module.Model), "the training step is written once, in gan.py"


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(UserError, match="Did you mean dcgan"):
        models.load("dcgn")


def test_dcgan_has_the_papers_networks():
    game = models.load("dcgan").Model(models.load("dcgan").Config(precision="float32"), (28, 28, 1))
    shapes = [layer.output.shape[1:] for layer in game.generator.layers if "conv" in layer.name]
    assert shapes == [(14, 14, 128), (28, 28, 64), (28, 28, 1)]
    assert game.generator.layers[0].output.shape[1:] == (7 * 7 * 128,)
    assert not any("batch" in layer.name for layer in game.discriminator.layers)


def test_dcgan_refuses_sides_it_cannot_double_up_to():
    with pytest.raises(UserError, match="multiples of 4"):
        models.load("dcgan").Model(models.load("dcgan").Config(), (30, 28, 1))
