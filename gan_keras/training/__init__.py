"""A training run: its folder, its command line, what happens around its steps, and how it is resumed."""
