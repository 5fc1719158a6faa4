"""The game: one training step for every model, with its losses, penalties, schedules and random numbers.

Every GAN is a game of two players. A *player* is one or more networks with an optimizer and a loss. The generator
player makes images; the discriminator player tells them from real ones.
"""
