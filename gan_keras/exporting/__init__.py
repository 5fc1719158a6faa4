"""What other programs get: SavedModels that need only TensorFlow, and reading them back."""
