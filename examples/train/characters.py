"""Train the ``lstm`` and the ``transformer`` demo models to guess the next character of a text.

The text is Python's own help on its language (``pydoc_data.topics``, what ``help("topics")`` reads from), so
nothing is downloaded. It differs a little from one version of Python to the next; the weights that ship were
trained with that of Python 3.11. Adam with a falling rate on cross-entropy; whole topics are held out.

Run ``python examples/train/characters.py``: it writes the weights into the package and prints the scores.
"""

from __future__ import annotations

from functools import cache
from pydoc_data.topics import topics

import torch
from torch import Tensor
from torch.nn import functional

from weightwidgets.sources.demo import DemoFacts, demo_model, fingerprint, save_demo
from weightwidgets.sources.demo_nets import ALPHABET, CONTEXT, DemoNet

HELD_OUT_EVERY = 10
STEPS = {"lstm": 2000, "transformer": 2000}


@cache
def text(held_out: bool) -> Tensor:
    """Return the characters as places in the alphabet, (n,) int64; every tenth topic by name is held out."""
    names = sorted(topics)
    kept = [name for place, name in enumerate(names) if (place % HELD_OUT_EVERY == 0) == held_out]
    places = {character: place for place, character in enumerate(ALPHABET)}
    joined = "\n".join(topics[name] for name in kept)
    # The help is English in ASCII but for a few examples of other scripts, which are left out.
    return torch.tensor([places[character] for character in joined if character in places])


def batch(characters: Tensor, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return `size` stretches of the text and, for each place, what follows: two (size, CONTEXT) int64."""
    starts = torch.randint(len(characters) - CONTEXT, (size, 1), generator=generator)
    places = starts + torch.arange(CONTEXT)
    return characters[places], characters[places + 1]


def train(name: str, steps: int | None = None, seed: int = 0) -> DemoNet:
    """Train a model from its untrained twin; the default number of steps gives the weights that ship."""
    model = demo_model(name, trained=False, seed=seed).train()
    steps = steps or STEPS[name]
    characters = text(held_out=False)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        seen, following = batch(characters, 24, generator)
        optimizer.zero_grad()
        functional.cross_entropy(model(seen).flatten(0, 1), following.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def score(model: DemoNet) -> float:
    """Return the share (0 to 1) of held-out characters that the most likely guess names."""
    characters = text(held_out=True)
    count = (len(characters) - 1) // CONTEXT * CONTEXT
    seen, following = (characters[start : start + count].view(-1, CONTEXT) for start in (0, 1))
    said = torch.cat([model(part).argmax(2) for part in seen.split(64)])
    return float((said == following).double().mean())


def main() -> None:
    """Train both models, score, write the weights, and print the scores."""
    torch.set_num_threads(2)  # sums of floats depend on it, and so do the last digits of the weights
    held_out = text(held_out=True)
    for name in STEPS:
        untrained = demo_model(name, trained=False)
        model = train(name)
        facts = DemoFacts(
            name=name,
            seed=0,
            data=f"Python's help on its own language, {len(text(held_out=False)):,} characters",
            task=f"which character comes next ({len(ALPHABET)} classes), from at most {CONTEXT} before it",
            held_out=f"every tenth topic by name, {len(held_out):,} characters",
            script="examples/train/characters.py",
            score=score(model),
            untrained_score=score(untrained),
            chance=int(held_out.bincount().max()) / len(held_out),
            initial_fingerprint=fingerprint(untrained),
        )
        print(f"wrote {save_demo(model, facts)}: {facts}")


if __name__ == "__main__":
    main()
