"""Train the ``edges`` demo model on patches of scikit-learn's two sample photographs.

The first layer is learned without labels. Patches of 9 x 9 pixels are faded towards their border, brought
to equal contrast and whitened on their 40 leading principal components; a dictionary of 64 atoms is learned
that explains each of them with few atoms (sparse coding: B. A. Olshausen and D. J. Field, "Sparse coding with
an overcomplete basis set: a strategy employed by V1?", Vision Research 37, 1997). The inner product of an
atom with a faded and whitened patch is an inner product of some 9 x 9 filter with its pixels: those filters
are the first layer.

The layers above it are then trained, with that layer held fixed, to say which photograph a patch of 40 x 40
pixels comes from and, for the pagoda, whether it stands upright or lies on its side. No pixel of the held-out
columns is used before the score.

Run ``python examples/train/edges.py``: it writes the weights into the package and prints the scores.
"""

from __future__ import annotations

import dataclasses

import torch
from sklearn.datasets import load_sample_images
from torch import Tensor
from torch.nn import functional

from weightwidgets.sources.demo import DemoFacts, demo_model, fingerprint, save_demo
from weightwidgets.sources.demo_nets import DemoNet, EdgesNet

HELD_OUT = (200, 300)  # columns of both photographs: they cut through the pagoda and through the dahlia
PATCH = 40
COMPONENTS = 40
FADE = 4.0  # pixels: the standard deviation of the window that keeps the atoms away from the border
SPARSITY = 1.4  # of the codes' L1 term, for patches whose components have unit variance


@dataclasses.dataclass(frozen=True)
class Whitening:
    """A linear map from pixels to white components: ``(pixels - mean) @ forward``.

    Attributes
    ----------
    mean
        (243,), pixel units (0..1).
    forward
        (243, COMPONENTS): the window, the principal axes, and one over the standard deviation along each.
    backward
        (COMPONENTS, 243): the inverse of `forward` on the components that are kept.
    """

    mean: Tensor
    forward: Tensor
    backward: Tensor


def photographs() -> list[Tensor]:
    """Return the pagoda and the dahlia, each (3, 427, 640) float32 in 0..1."""
    return [torch.tensor(image).permute(2, 0, 1) / 255 for image in load_sample_images().images]


def all_patches(photograph: Tensor, size: int, stride: int, held_out: bool) -> Tensor:
    """Cut the patches (n, 3, size, size) that lie wholly inside, or wholly outside, the held-out columns."""
    views = photograph.unfold(1, size, stride).unfold(2, size, stride)
    left = torch.arange(views.shape[2]) * stride
    inside = (left >= HELD_OUT[0]) & (left + size <= HELD_OUT[1])
    outside = (left + size <= HELD_OUT[0]) | (left >= HELD_OUT[1])
    return views[:, :, inside if held_out else outside].permute(1, 2, 0, 3, 4).reshape(-1, 3, size, size)


def with_contrast(patches: Tensor, least: float) -> Tensor:
    """Keep the patches whose values, less each colour's mean, have a standard deviation above `least`."""
    return patches[(patches - patches.mean((2, 3), keepdim=True)).flatten(1).std(1) > least]


def whiten(patches: Tensor) -> tuple[Tensor, Whitening]:
    """Return white components (n, COMPONENTS) of patches (n, 3, 9, 9), and the linear map that leads to them.

    Before the whitening, and again after it, patches are brought to one contrast, so that faint ones count as
    much as strong ones; that scaling differs from patch to patch and is no part of the map.
    """
    size = patches.shape[-1]
    place = torch.arange(size) - (size - 1) / 2
    window = torch.exp(-(place[:, None].square() + place.square()) / (2 * FADE**2)).flatten().repeat(3)
    pixels = patches.flatten(1)
    mean = pixels.mean(0)
    faded = (pixels - mean) * window
    even = faded / (faded.std(1, keepdim=True) + 0.02)
    variance, axes = torch.linalg.eigh((even.T @ even / len(even)).double())
    axes = axes[:, -COMPONENTS:]
    deviation = (variance[-COMPONENTS:] + 3e-3).sqrt()
    forward = (window[:, None] * axes / deviation).float()
    backward = ((axes * deviation).T / window).float()
    white = functional.normalize(even @ (axes / deviation).float(), dim=1) * COMPONENTS**0.5
    return white, Whitening(mean, forward, backward)


def sparse_codes(white: Tensor, atoms: Tensor, iterations: int = 30) -> Tensor:
    """Return codes (n, atoms) that minimise ``|white - codes @ atoms|^2 / 2 + SPARSITY * |codes|_1``, nearly.

    FISTA: A. Beck and M. Teboulle, SIAM Journal on Imaging Sciences 2(1), 2009, equations 4.1 to 4.3.
    """
    gram, target = atoms @ atoms.T, white @ atoms.T
    step = float(1 / torch.linalg.matrix_norm(gram, 2))
    codes = point = torch.zeros_like(target)
    momentum = 1.0
    for _ in range(iterations):
        following = functional.softshrink(point - step * (point @ gram - target), step * SPARSITY)
        growth = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        point = following + (momentum - 1) / growth * (following - codes)
        codes, momentum = following, growth
    return codes


def learn_atoms(white: Tensor, atoms: Tensor, steps: int, generator: torch.Generator) -> Tensor:
    """Improve the directions of atoms (64, COMPONENTS) by steps along what their codes leave unexplained."""
    atoms = functional.normalize(atoms, dim=1)
    for _ in range(steps):
        batch = white[torch.randint(len(white), (1000,), generator=generator)]
        codes = sparse_codes(batch, atoms)
        gradient = codes.T @ (batch - codes @ atoms)
        usage = codes.square().sum(0)[:, None]
        atoms = functional.normalize(atoms + 0.1 * gradient / (usage + 1.0), dim=1)
    return atoms


@torch.no_grad()
def learn_first_layer(model: EdgesNet, steps: int, generator: torch.Generator) -> None:
    """Replace `model.conv1` by sparse-coding filters, starting from the filters it has."""
    layer = model.conv1
    # A stride of 3 shares no factor with the 2 and 8 of JPEG's blocks.
    patches = torch.cat([all_patches(p, layer.kernel_size[0], 3, held_out=False) for p in photographs()])
    white, whitening = whiten(with_contrast(patches, 0.03))
    atoms = learn_atoms(white, layer.weight.flatten(1) @ whitening.backward.T, steps, generator)
    filters = atoms @ whitening.forward.T
    layer.weight.copy_(filters.view_as(layer.weight))
    layer.bias.copy_(-filters @ whitening.mean)  # type: ignore[union-attr]  # Conv2d has one by default


def labelled_patches(held_out: bool) -> tuple[Tensor, Tensor]:
    """Return patches (n, 3, PATCH, PATCH) and labels (n,): 0 pagoda upright, 1 pagoda on its side, 2 dahlia.

    Every pagoda patch comes upright and on its side, to the left and to the right by turns. Every second
    dahlia patch is turned too, so that no class is known by its turn alone.
    """
    pagoda, dahlia = (with_contrast(all_patches(p, PATCH, 5, held_out), 0.06) for p in photographs())
    classes = [pagoda, half_turned(pagoda, (1, 3)), half_turned(dahlia, (0, 1))]
    labels = [torch.full((len(patches),), label) for label, patches in enumerate(classes)]
    return torch.cat(classes), torch.cat(labels)


def half_turned(patches: Tensor, turns: tuple[int, int]) -> Tensor:
    """Turn the even rows by the first number of quarter turns, the odd rows by the second."""
    turned = torch.empty_like(patches)
    for start, turn in enumerate(turns):
        turned[start::2] = torch.rot90(patches[start::2], turn, (2, 3))
    return turned


def train_task(model: EdgesNet, steps: int, generator: torch.Generator) -> None:
    """Train all but the first layer with Adam and a falling rate, on randomly mirrored patches."""
    patches, labels = labelled_patches(held_out=False)
    balance = len(labels) / (3 * labels.bincount(minlength=3))
    parameters = [p for name, p in model.named_parameters() if not name.startswith("conv1.")]
    optimizer = torch.optim.Adam(parameters, lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    model.conv1.requires_grad_(False)
    for _ in range(steps):
        rows = torch.randint(len(patches), (128,), generator=generator)
        batch = patches[rows]
        for axis in (2, 3):
            mirrored = torch.rand((len(rows), 1, 1, 1), generator=generator) < 0.5
            batch = torch.where(mirrored, batch.flip(axis), batch)
        optimizer.zero_grad()
        functional.cross_entropy(model(batch), labels[rows], balance).backward()
        optimizer.step()
        schedule.step()
    model.conv1.requires_grad_(True)


def train(first_layer_steps: int = 3000, task_steps: int = 600) -> EdgesNet:
    """Train the model from its untrained twin; the defaults give the weights that ship."""
    model = demo_model("edges", trained=False)
    assert isinstance(model, EdgesNet)  # noqa: S101 - tells the type checker
    generator = torch.Generator().manual_seed(0)
    learn_first_layer(model, first_layer_steps, generator)
    train_task(model, task_steps, generator)
    return model


@torch.no_grad()
def score(model: DemoNet) -> float:
    """Return the accuracy (share, 0 to 1) on the held-out patches."""
    patches, labels = labelled_patches(held_out=True)
    named = torch.cat([model(batch).argmax(1) for batch in patches.split(256)])
    return float((named == labels).double().mean())


def orientation_energy(filters: Tensor) -> Tensor:
    """Return how much of the filters' power lies along one orientation.

    With P(f) the two-dimensional power spectrum, summed over input channels, and t(f) the angle of the
    frequency f: ``|sum over f != 0 of P(f) exp(2i t(f))|``. Power spread evenly over all angles gives 0.
    Shuffling a filter keeps its total power (Parseval), so filter and shuffles compare directly.

    Parameters
    ----------
    filters
        (..., in_channels, kH, kW), float.

    Returns
    -------
    Tensor
        (...), squared weight units.
    """
    side = 17  # odd, so that no frequency lacks its mirror image; larger than the kernel, for finer angles
    power: Tensor = torch.fft.fft2(filters, s=(side, side)).abs().square().sum(-3)
    frequency = torch.fft.fftfreq(side)
    angle = torch.atan2(frequency[:, None].expand(side, side), frequency.expand(side, side))
    direction = torch.polar(torch.ones_like(angle), 2 * angle)
    direction[0, 0] = 0
    energy: Tensor = (power * direction).sum((-2, -1)).abs()
    return energy


@torch.no_grad()
def oriented_share(filters: Tensor, shuffles: int = 200) -> float:
    """Return the share of filters with more orientation energy than 95 % of shuffles of their own weights."""
    generator = torch.Generator().manual_seed(0)
    order = torch.rand((shuffles, *filters.flatten(1).shape), generator=generator).argsort(-1)
    shuffled = filters.flatten(1).expand(shuffles, -1, -1).gather(-1, order).view(shuffles, *filters.shape)
    less = orientation_energy(shuffled) < orientation_energy(filters)
    return float((less.double().mean(0) > 0.95).double().mean())


def main() -> None:
    """Train, score, write the weights, and print what a reader wants to know."""
    torch.set_num_threads(2)  # sums of floats depend on it, and so do the last digits of the weights
    untrained = demo_model("edges", trained=False)
    model = train()
    labels = labelled_patches(held_out=True)[1]
    facts = DemoFacts(
        name="edges",
        seed=0,
        data="40 x 40 patches with contrast of scikit-learn's two sample photographs, a pagoda and a dahlia",
        task="pagoda upright, pagoda on its side, or dahlia (3 classes)",
        held_out=f"columns {HELD_OUT[0]} to {HELD_OUT[1] - 1} of both photographs, {len(labels)} patches",
        script="examples/train/edges.py",
        score=score(model),
        untrained_score=score(untrained),
        chance=int(labels.bincount().max()) / len(labels),
        initial_fingerprint=fingerprint(untrained),
    )
    print(f"wrote {save_demo(model, facts)}: {facts}")
    print(f"oriented filters {oriented_share(model.conv1.weight):.3f}")


if __name__ == "__main__":
    main()
