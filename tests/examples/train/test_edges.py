"""The training script of ``edges``: an honest split, exact mathematics, a first layer of edges and colour."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from examples.train import edges
from weightwidgets.sources.demo import demo_model, fingerprint
from weightwidgets.sources.demo_nets import EdgesNet


def first_layer(trained: bool) -> Tensor:
    return demo_model("edges", trained).get_parameter("conv1.weight").detach()


def seeded(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def patches() -> Tensor:
    every = torch.cat([edges.all_patches(p, 9, 12, held_out=False) for p in edges.photographs()])
    return edges.with_contrast(every, 0.03)


@pytest.fixture(scope="module")
def whitened(patches: Tensor) -> tuple[Tensor, edges.Whitening]:
    return edges.whiten(patches)


def test_most_trained_filters_are_oriented_and_untrained_filters_are_not() -> None:
    assert edges.oriented_share(first_layer(trained=True)) >= 0.5
    assert edges.oriented_share(first_layer(trained=False)) < 0.2


def test_no_shuffle_of_the_trained_filters_is_oriented_as_they_are() -> None:
    filters = first_layer(trained=True)
    order = torch.rand(filters.flatten(1).shape, generator=torch.Generator().manual_seed(1)).argsort(1)
    assert edges.oriented_share(filters.flatten(1).gather(1, order).view_as(filters)) < 0.2


def test_the_first_layer_also_holds_colour_blobs() -> None:
    def blobs(filters: Tensor) -> int:
        colour = filters - filters.mean(1, keepdim=True)
        power = torch.fft.fft2(colour, s=(17, 17)).abs().square().sum(1)
        frequency = torch.fft.fftfreq(17)
        slow = frequency[:, None].square() + frequency.square() < 0.15**2
        total = torch.fft.fft2(filters, s=(17, 17)).abs().square().sum((1, 2, 3))
        return int(((power * slow).sum((1, 2)) > 0.5 * total).sum())

    assert blobs(first_layer(trained=True)) >= 8
    assert blobs(first_layer(trained=False)) == 0


def test_the_first_layer_answers_a_patch_of_mean_colour_with_nothing() -> None:
    model = demo_model("edges")
    photographs = edges.photographs()
    mean = torch.cat([edges.all_patches(p, 9, 3, held_out=False) for p in photographs])
    mean = edges.with_contrast(mean, 0.03).mean(0, keepdim=True)
    answer = model.get_submodule("conv1")(mean).flatten()
    strong = model.get_submodule("conv1")(torch.zeros(1, 3, 9, 9)).abs().max()
    assert answer.abs().max() < 1e-4 * strong


def test_a_delta_has_no_orientation() -> None:
    delta = torch.zeros(3, 9, 9)
    delta[:, 4, 4] = 1
    assert edges.orientation_energy(delta) == pytest.approx(0, abs=1e-3)


def test_a_line_has_nearly_all_its_power_along_one_orientation() -> None:
    line = torch.zeros(1, 9, 9)
    line[0, 4] = 1
    power = torch.fft.fft2(line, s=(17, 17)).abs().square().sum((-2, -1))
    assert edges.orientation_energy(line) > 0.6 * float(power)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10), turns=st.integers(1, 3))
def test_orientation_energy_ignores_turns_and_grows_with_the_square(
    seed: int, scale: float, turns: int
) -> None:
    filters = seeded(4, 3, 9, 9, seed=seed)
    energy = edges.orientation_energy(filters)
    torch.testing.assert_close(
        edges.orientation_energy(filters.rot90(turns, (2, 3))), energy, rtol=1e-3, atol=1e-2
    )
    torch.testing.assert_close(
        edges.orientation_energy(filters * scale), energy * scale**2, rtol=1e-3, atol=1e-2
    )


@pytest.mark.parametrize(("size", "stride"), [(9, 3), (40, 5), (40, 7)])
def test_training_patches_never_touch_a_held_out_pixel(size: int, stride: int) -> None:
    marked = torch.zeros(3, 60, 640)
    marked[:, :, edges.HELD_OUT[0] : edges.HELD_OUT[1]] = 1
    training = edges.all_patches(marked, size, stride, held_out=False)
    held_out = edges.all_patches(marked, size, stride, held_out=True)
    assert training.max() == 0
    assert held_out.min() == 1
    assert len(training) > len(held_out) > 0
    assert training.shape[1:] == held_out.shape[1:] == (3, size, size)


def test_patches_without_contrast_are_left_out_whatever_their_colour() -> None:
    flat = torch.rand(5, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(5, 3, 9, 9)
    lively = seeded(3, 3, 9, 9)
    assert torch.equal(edges.with_contrast(torch.cat([flat, lively]), 0.01), lively)


def test_half_turned_turns_even_and_odd_rows_by_their_own_number() -> None:
    patches = seeded(5, 3, 4, 4)
    turned = edges.half_turned(patches, (1, 3))
    for row in range(5):
        assert torch.equal(turned[row], patches[row].rot90(3 if row % 2 else 1, (1, 2)))


def test_the_held_out_labels_are_pagoda_upright_pagoda_turned_and_dahlia() -> None:
    patches, labels = edges.labelled_patches(held_out=True)
    upright, side, dahlia = labels.bincount().tolist()
    assert upright == side
    assert dahlia > 100
    assert patches.shape == (len(labels), 3, edges.PATCH, edges.PATCH)
    assert torch.equal(patches[:upright][1].rot90(3, (1, 2)), patches[upright : 2 * upright][1])


def test_whitening_maps_pixels_of_even_contrast_to_uncorrelated_components_of_unit_variance(
    patches: Tensor, whitened: tuple[Tensor, edges.Whitening]
) -> None:
    whitening = whitened[1]
    distance = (torch.arange(9.0) - 4).square()
    window = torch.exp(-(distance[:, None] + distance) / (2 * edges.FADE**2)).flatten().repeat(3)
    centred = patches.flatten(1) - whitening.mean
    components = centred / ((centred * window).std(1, keepdim=True) + 0.02) @ whitening.forward
    moment = (components.T @ components / len(components)).double()
    assert (moment - moment.diag().diag()).abs().max() < 1e-3
    assert moment.diag().max() < 1.001
    # The 3e-3 that keeps faint components from being blown up takes the more, the fainter they are.
    assert moment.diag().min() > 0.8


def test_white_patches_are_the_linear_map_of_pixels_up_to_a_length_of_their_own(
    patches: Tensor, whitened: tuple[Tensor, edges.Whitening]
) -> None:
    white, whitening = whitened
    assert white.shape == (len(patches), edges.COMPONENTS)
    torch.testing.assert_close(white.norm(dim=1), torch.full((len(white),), edges.COMPONENTS**0.5))
    mapped = (patches.flatten(1) - whitening.mean) @ whitening.forward
    assert torch.nn.functional.cosine_similarity(white, mapped).min() > 0.999


def test_backward_undoes_forward_on_the_components_kept(whitened: tuple[Tensor, edges.Whitening]) -> None:
    whitening = whitened[1]
    identity = whitening.backward @ whitening.forward
    torch.testing.assert_close(identity, torch.eye(edges.COMPONENTS), rtol=0, atol=1e-3)


def test_folded_filters_on_pixels_equal_atoms_on_components(whitened: tuple[Tensor, edges.Whitening]) -> None:
    whitening = whitened[1]
    atoms = seeded(8, edges.COMPONENTS)
    pixels = torch.rand(50, 243, generator=torch.Generator().manual_seed(0))
    folded = pixels @ (atoms @ whitening.forward.T).T - atoms @ whitening.forward.T @ whitening.mean
    by_hand = ((pixels - whitening.mean) @ whitening.forward) @ atoms.T
    torch.testing.assert_close(folded, by_hand, rtol=1e-3, atol=1e-2)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_sparse_codes_meet_the_optimality_conditions(seed: int) -> None:
    atoms = torch.nn.functional.normalize(seeded(12, 20, seed=seed), dim=1)
    white = 2 * seeded(30, 20, seed=seed + 1)
    codes = edges.sparse_codes(white, atoms, iterations=600)
    correlation = (white - codes @ atoms) @ atoms.T
    used = codes != 0
    assert used.any()
    assert not used.all()
    assert correlation.abs().max() < edges.SPARSITY + 1e-2
    torch.testing.assert_close(correlation[used], edges.SPARSITY * codes[used].sign(), rtol=0, atol=1e-2)


def test_learning_atoms_explains_more_with_the_codes(whitened: tuple[Tensor, edges.Whitening]) -> None:
    white = whitened[0]

    def cost(atoms: Tensor) -> float:
        codes = edges.sparse_codes(white, atoms)
        error = (white - codes @ atoms).square().sum(1) / 2
        return float((error + edges.SPARSITY * codes.abs().sum(1)).mean())

    start = torch.nn.functional.normalize(seeded(64, edges.COMPONENTS), dim=1)
    learned = edges.learn_atoms(white, start, 60, torch.Generator().manual_seed(0))
    torch.testing.assert_close(learned.norm(dim=1), torch.ones(64))
    assert cost(learned) < 0.95 * cost(start)


def test_without_a_step_the_first_layer_is_the_untrained_one_seen_through_the_whitening() -> None:
    model, untrained = (demo_model("edges", trained=False) for _ in range(2))
    assert isinstance(model, EdgesNet)
    edges.learn_first_layer(model, 0, torch.Generator())
    before, after = untrained.get_parameter("conv1.weight").flatten(1), model.conv1.weight.flatten(1)
    cosine = torch.nn.functional.cosine_similarity(before, after)
    assert cosine.min() > 0


def test_a_short_training_moves_every_tensor_and_repeats_itself() -> None:
    untrained = demo_model("edges", trained=False)
    models = [edges.train(first_layer_steps=2, task_steps=2) for _ in range(2)]
    assert fingerprint(models[0]) == fingerprint(models[1])
    for (name, before), after in zip(untrained.named_parameters(), models[0].parameters(), strict=True):
        assert not torch.equal(before, after), name
        assert after.requires_grad


def test_the_task_leaves_the_first_layer_as_it_was_learned() -> None:
    model = demo_model("edges", trained=False)
    assert isinstance(model, EdgesNet)
    before = model.conv1.weight.detach().clone()
    edges.train_task(model, 1, torch.Generator().manual_seed(0))
    assert torch.equal(model.conv1.weight, before)
