"""The training script of the language models: an honest split, true targets, and a loop that learns."""

from __future__ import annotations

from pydoc_data.topics import topics

import pytest
import torch

from examples.train import characters
from weightwidgets.sources.demo import demo_model, fingerprint
from weightwidgets.sources.demo_nets import ALPHABET, CONTEXT


def spelled(places: torch.Tensor) -> str:
    return "".join(ALPHABET[place] for place in places.tolist())


def test_every_topic_is_either_trained_on_or_held_out_and_nearly_nothing_is_left_out() -> None:
    train, held_out = spelled(characters.text(False)), spelled(characters.text(True))
    whole = sum(map(len, topics.values()))
    assert 0.98 * whole < len(train) + len(held_out) < 1.01 * whole
    assert 0.03 < len(held_out) / whole < 0.3
    for place, name in enumerate(sorted(topics)):
        beginning = "".join(character for character in topics[name][:400] if character in ALPHABET)
        assert beginning in (held_out if place % characters.HELD_OUT_EVERY == 0 else train)


def test_what_follows_is_what_follows() -> None:
    text = characters.text(False)
    seen, following = characters.batch(text, 7, torch.Generator().manual_seed(0))
    assert seen.shape == following.shape == (7, CONTEXT)
    assert torch.equal(seen[:, 1:], following[:, :-1])
    whole = spelled(text)
    for one, other in zip(seen, following, strict=True):
        assert spelled(one) + spelled(other[-1:]) in whole


def test_the_score_counts_right_guesses() -> None:
    class AlwaysSpace(torch.nn.Module):
        def forward(self, places: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(torch.full_like(places, ALPHABET.index(" ")), 96).float()

    held_out = characters.text(True)
    count = (len(held_out) - 1) // CONTEXT * CONTEXT
    spaces = spelled(held_out[1 : count + 1]).count(" ")
    assert characters.score(AlwaysSpace()) == pytest.approx(spaces / count, abs=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["lstm", "transformer"])
def test_a_short_training_learns_and_repeats_itself(name: str) -> None:
    text = characters.text(True)[: 20 * CONTEXT].view(20, CONTEXT)

    def loss(model: torch.nn.Module) -> torch.Tensor:
        with torch.no_grad():
            logits = model(text[:, :-1])
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())

    model = characters.train(name, steps=8)
    assert loss(model) < loss(demo_model(name, trained=False)) - 0.5
    assert fingerprint(model) == fingerprint(characters.train(name, steps=8))
    assert not model.training
