"""Whether samples can replace real images as training data."""

import keras

from gan_keras import data
from gan_keras.evaluation import classifier
from gan_keras.evaluation.metrics.metric import Value, metric

BATCH = 128  # images in each step, if there are as many
STEPS = 2000  # training steps of the classifier; it learns no more after that


@metric(classification_accuracy=Value("classifier from samples", "high"))
def classification_accuracy(teaching_images: data.Split, dataset: data.Dataset, seed: int) -> dict[str, float]:
    """Accuracy on real test images of a classifier trained on samples (Ravuri and Vinyals 2019, arXiv:1905.10887)."""
    network = taught_by(teaching_images, len(dataset.class_names), seed, STEPS)
    return {"classification_accuracy": classifier.accuracy(network, dataset.test)}


def taught_by(split: data.Split, classes: int, seed: int, steps: int) -> keras.Model:
    """Return a classifier trained on these images alone, in `steps` steps or a few more: whole passes are made."""
    batch_size = min(BATCH, len(split.images))
    epochs = -(-steps // (len(split.images) // batch_size))
    training = classifier.Training(epochs=epochs, batch_size=batch_size, seed=seed)
    return classifier.train(split, classes, training, verbose=0)
