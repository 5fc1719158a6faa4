"""A page that replays a small game step by step, for lessons."""
