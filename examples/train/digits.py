"""Train the ``digits`` demo model on scikit-learn's handwritten digits, once for each of three seeds.

Adam with a falling rate on cross-entropy; each image is seen shifted by up to one pixel either way. The
held-out images are the last 540 in file order.

Run ``python examples/train/digits.py``: it writes the weights into the package and prints the scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from weightwidgets.sources.demo import DemoFacts, demo_model, fingerprint, save_demo

if TYPE_CHECKING:
    from weightwidgets.sources.demo_nets import DemoNet

SEEDS = (0, 1, 2)
HELD_OUT = 540


def digits(held_out: bool) -> tuple[Tensor, Tensor]:
    """Return images (n, 1, 8, 8) float32 in 0..1 and labels (n,) int64."""
    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16
    labels = torch.tensor(data.target)
    rows = slice(-HELD_OUT, None) if held_out else slice(-HELD_OUT)
    return images[rows], labels[rows]


def shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Shift each image (n, 1, 8, 8) by -1, 0 or 1 pixel along both axes; what moves in is blank."""
    rows, columns = torch.randint(3, (2, len(images), 1), generator=generator) + torch.arange(8)
    padded = functional.pad(images, (1, 1, 1, 1))[:, 0]
    return padded[torch.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]][:, None]


def train(seed: int, steps: int = 1500) -> DemoNet:
    """Train the model of one seed from its untrained twin; the default gives the weights that ship."""
    model = demo_model("digits", trained=False, seed=seed).train()
    images, labels = digits(held_out=False)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        rows = torch.randint(len(images), (64,), generator=generator)
        optimizer.zero_grad()
        logits = model(shifted(images[rows], generator))
        functional.cross_entropy(logits, labels[rows]).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def score(model: DemoNet) -> float:
    """Return the accuracy (share, 0 to 1) on the held-out images."""
    images, labels = digits(held_out=True)
    return float((model(images).argmax(1) == labels).double().mean())


def main() -> None:
    """Train every seed, score, write the weights, and print the scores."""
    torch.set_num_threads(2)  # sums of floats depend on it, and so do the last digits of the weights
    labels = digits(held_out=True)[1]
    for seed in SEEDS:
        untrained = demo_model("digits", trained=False, seed=seed)
        model = train(seed)
        facts = DemoFacts(
            name="digits",
            seed=seed,
            data="scikit-learn's 1 797 handwritten digits, 8 x 8 pixels",
            task="which digit (10 classes)",
            held_out=f"the last {HELD_OUT} images in file order",
            script="examples/train/digits.py",
            score=score(model),
            untrained_score=score(untrained),
            chance=int(labels.bincount().max()) / len(labels),
            initial_fingerprint=fingerprint(untrained),
        )
        print(f"wrote {save_demo(model, facts)}: {facts}")


if __name__ == "__main__":
    main()
