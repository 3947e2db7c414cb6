"""The training script of ``digits``: an honest split, a true augmentation, and a loop that learns."""

from __future__ import annotations

import torch
from torch.nn import functional

from examples.train import digits
from weightwidgets.sources.demo import demo_model, fingerprint


def test_held_out_images_and_training_images_are_all_images_once() -> None:
    (train, train_labels), (held_out, held_out_labels) = digits.digits(False), digits.digits(True)
    assert (len(train), len(held_out)) == (1257, 540)
    assert len(train_labels) == len(train)
    assert len(held_out_labels) == len(held_out)
    assert train.dtype == torch.float32
    assert (float(train.min()), float(train.max())) == (0.0, 1.0)


def test_no_held_out_image_is_also_a_training_image() -> None:
    train, held_out = digits.digits(False)[0], digits.digits(True)[0]
    assert torch.cdist(held_out.flatten(1), train.flatten(1)).min() > 0.01


def test_a_shifted_image_is_one_of_the_nine_crops_of_the_padded_image() -> None:
    images = torch.arange(1.0, 20 * 64 + 1).view(20, 1, 8, 8)
    padded = functional.pad(images, (1, 1, 1, 1))
    seen = set()
    for image, whole in zip(digits.shifted(images, torch.Generator().manual_seed(0)), padded, strict=True):
        crops = {(y, x): whole[:, y : y + 8, x : x + 8] for y in range(3) for x in range(3)}
        matches = [place for place, crop in crops.items() if torch.equal(crop, image)]
        assert len(matches) == 1
        seen |= set(matches)
    assert len(seen) > 5


def test_a_short_training_learns_and_repeats_itself() -> None:
    untrained = demo_model("digits", trained=False, seed=1)
    model = digits.train(seed=1, steps=60)
    assert digits.score(model) > digits.score(untrained) + 0.4
    assert fingerprint(model) == fingerprint(digits.train(seed=1, steps=60))
    assert not model.training
