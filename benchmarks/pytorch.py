"""The networks of `gan_keras.models.dcgan` in PyTorch, in eager mode, with what pays there on a CPU."""

import torch
from torch import nn

LATENT_DIM = 100


class Generator(nn.Sequential):
    """Latents [batch, 100] → images [batch, 1, 28, 28] in [-1, 1]."""

    def __init__(self, kernel_size: int):
        def upsample(inputs: int, outputs: int) -> list[nn.Module]:
            # Twice the side, for even kernels and for odd ones.
            padding, extra = (kernel_size - 1) // 2, kernel_size % 2
            convolve = nn.ConvTranspose2d(inputs, outputs, kernel_size, 2, padding, extra, bias=False)
            return [convolve, nn.BatchNorm2d(outputs), nn.ReLU()]

        super().__init__(
            nn.Linear(LATENT_DIM, 7 * 7 * 128, bias=False),
            nn.BatchNorm1d(7 * 7 * 128),
            nn.ReLU(),
            nn.Unflatten(1, (128, 7, 7)),
            *upsample(128, 128),
            *upsample(128, 64),
            nn.ConvTranspose2d(64, 1, kernel_size, padding=(kernel_size - 1) // 2),
            nn.Tanh(),
        )

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return super().forward(latent)[:, :, :28, :28]  # an even kernel makes one row and column too many


class Discriminator(nn.Sequential):
    """Images [batch, 1, 28, 28] → logits [batch, 1]."""

    def __init__(self, kernel_size: int):
        padding = (kernel_size - 1) // 2
        super().__init__(
            nn.Conv2d(1, 64, kernel_size, 2, padding),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 128, kernel_size, 2, padding),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(7 * 7 * 128, 1),
        )


def make_step(kernel_size: int, bfloat16: bool):
    """Return a training step of a batch of images [batch, 1, 28, 28] in [-1, 1].

    With what pays there too: channels last, fused Adam, the fakes made once for both players, and one pass of the
    discriminator over real and fake.
    """
    generator = Generator(kernel_size).to(memory_format=torch.channels_last)
    discriminator = Discriminator(kernel_size).to(memory_format=torch.channels_last)
    generator_adam, discriminator_adam = (
        torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999), fused=True)
        for network in (generator, discriminator)
    )
    entropy = nn.functional.binary_cross_entropy_with_logits

    def step(images: torch.Tensor) -> None:
        images = images.to(memory_format=torch.channels_last)
        size = len(images)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            fake_images = generator(torch.randn(size, LATENT_DIM))
            logits = discriminator(torch.cat([images, fake_images.detach()])).float()
        discriminator_loss = entropy(logits[:size], torch.ones(size, 1)) + entropy(logits[size:], torch.zeros(size, 1))
        discriminator_adam.zero_grad()
        discriminator_loss.backward()
        discriminator_adam.step()
        discriminator.requires_grad_(False)  # the generator's loss needs no gradients of its weights
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            fake_logits = discriminator(fake_images).float()
        generator_adam.zero_grad()
        entropy(fake_logits, torch.ones(size, 1)).backward()
        generator_adam.step()
        discriminator.requires_grad_(True)

    return step
