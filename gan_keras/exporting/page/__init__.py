"""A page in which a generator runs: its text, its looks, its program, and what puts them together."""
