"""Small, really trained models that ship with the package, each with its untrained twin.

``edges`` (seed 0)
    *Data*: 40 x 40 colour patches, those with some contrast, of scikit-learn's two sample photographs: a
    pagoda and a dahlia.
    *Task*: pagoda upright, pagoda on its side, or dahlia. The first layer is learned without labels, by
    sparse coding of whitened 9 x 9 patches; the whitening is folded into its weights, so they act on pixels.
    The layers above it are trained on the task.
    *Held out*: a strip of 100 columns of both photographs that no step of the training sees.
    *Accuracy there*: 0.755 (untrained 0.336, most frequent class 0.352). The photograph is always right;
    which way the pagoda stands is right for 65 % of its patches.
    *Script*: ``examples/train/edges.py``.

``digits`` (seeds 0, 1, 2)
    *Data*: scikit-learn's 1 797 handwritten digits, 8 x 8 pixels, scaled to 0..1.
    *Task*: which digit.
    *Held out*: the last 540 images in file order.
    *Accuracy there*: 0.980, 0.985, 0.989 (untrained 0.096, 0.131, 0.098, most frequent class 0.106).
    *Script*: ``examples/train/digits.py``.

``lstm`` (seed 0)
    *Data*: Python's help on its own language (``pydoc_data.topics`` of Python 3.11), 432 350 characters.
    *Task*: which character comes next. Two layers of long short-term memory.
    *Held out*: every tenth topic by name, 32 122 characters.
    *Accuracy there*: 0.591 (untrained 0.150, most frequent class 0.186).
    *Script*: ``examples/train/characters.py``.

``transformer`` (seed 0)
    *Data*, *task* and *held out* as for ``lstm``. Four blocks with grouped-query attention.
    *Accuracy there*: 0.604 (untrained 0.022, most frequent class 0.186).
    *Script*: ``examples/train/characters.py``.

The same facts travel in each weight file and hang on the model as ``model.facts``.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import math
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from weightwidgets.sources.demo_nets import CharacterLSTM, CharacterTransformer, DemoNet, DigitsNet, EdgesNet

WEIGHTS = Path(__file__).with_name("demo_weights")


@dataclasses.dataclass(frozen=True)
class DemoFacts:
    """What a demo model was trained on and how well it does.

    Attributes
    ----------
    name, seed
        The arguments of `demo_model` that give the model.
    data, task, held_out, script
        Where the data came from, what is asked of the model, which part of the data it never saw, and the
        training script's path in the source tree.
    score, untrained_score, chance : float
        Accuracy on the held-out data, as a share between 0 and 1: of the trained model, of its untrained
        twin, and of always naming the most frequent class.
    initial_fingerprint : str
        `fingerprint` of the model the training began from, which the untrained twin must reproduce.
    """

    name: str
    seed: int
    data: str
    task: str
    held_out: str
    script: str
    score: float
    untrained_score: float
    chance: float
    initial_fingerprint: str


_MODELS: dict[str, type[DemoNet]] = {
    "edges": EdgesNet,
    "digits": DigitsNet,
    "lstm": CharacterLSTM,
    "transformer": CharacterTransformer,
}


def demo_model(name: str, trained: bool = True, seed: int = 0) -> DemoNet:
    """Return a small trained model, or its untrained twin.

    Nothing outside the model changes: no random generator moves, and the default dtype and device are neither
    used nor set. The module docstring says what each model was trained on and how well it does.

    Parameters
    ----------
    name
        ``"edges"``, ``"digits"``, ``"lstm"`` or ``"transformer"``.
    trained
        False gives the model as it was before the first training step, the same at every call.
    seed
        Which initialisation. Trained weights ship for seed 0, and of ``"digits"`` for seeds 0, 1, 2;
        untrained, any seed will do.

    Returns
    -------
    DemoNet
        On the CPU, float32, in eval mode, with `facts`.

    Raises
    ------
    ValueError
        For an unknown name, and for a seed without trained weights; the message lists what exists.
    """
    if name not in _MODELS:
        close = difflib.get_close_matches(str(name), _MODELS, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"There is no demo model {name!r}; there are {sorted(_MODELS)}.{hint}")
    seeds = trained_seeds(name)
    if trained and seed not in seeds:
        raise ValueError(
            f"Demo model {name!r} has trained weights for seed {', '.join(map(str, seeds))}, not {seed!r}; "
            "trained=False takes any seed."
        )
    with torch.device("meta"):
        model = _MODELS[name]()
    model.to_empty(device="cpu")
    _initialise(model, seed)
    if seed in seeds:
        path = _weights_path(name, seed)
        model.facts = read_facts(path)
        if trained:
            _load(model, path)
    return model.eval()


def trained_seeds(name: str) -> tuple[int, ...]:
    """Return the seeds for which trained weights of the demo model `name` ship, in rising order."""
    return tuple(sorted(int(path.stem.rpartition("_")[2]) for path in WEIGHTS.glob(f"{name}_*.safetensors")))


def read_facts(path: Path) -> DemoFacts:
    """Read the facts from the header of a weight file that `save_demo` wrote."""
    with safe_open(path, framework="pt", device="cpu") as file:
        return DemoFacts(**json.loads(file.metadata()["facts"]))


def save_demo(model: DemoNet, facts: DemoFacts, folder: Path = WEIGHTS) -> Path:
    """Write a trained model and its facts as one safetensors file named after the facts; return its path."""
    path = folder / _weights_path(facts.name, facts.seed).name
    path.write_bytes(save(model.state_dict(), {"facts": json.dumps(dataclasses.asdict(facts))}))
    return path


def fingerprint(model: nn.Module) -> str:
    """Return the SHA-256 (hex) of the names and float32 values of all parameters, in order."""
    digest = hashlib.sha256()
    for name, parameter in model.named_parameters():
        digest.update(name.encode())
        digest.update(parameter.detach().numpy().tobytes())
    return digest.hexdigest()


def _weights_path(name: str, seed: int) -> Path:
    return WEIGHTS / f"{name}_{seed}.safetensors"


@torch.no_grad()
def _initialise(model: nn.Module, seed: int) -> None:
    """Give every tensor torch's default start, from a generator of our own.

    Convolutions and dense layers: weight and bias uniform within 1 / sqrt(fan_in) (``reset_parameters`` of
    both, where the gain of kaiming_uniform with a = sqrt(5) comes to just that). Recurrent layers: uniform
    within 1 / sqrt(hidden_size). Embeddings: standard normal; learned places, for which torch has no default,
    a fiftieth of that (Radford et al., 2019).
    """
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d | nn.LayerNorm):
            module.reset_parameters()
        elif isinstance(module, nn.Conv2d | nn.Linear | nn.LSTM):
            inputs = module.hidden_size if isinstance(module, nn.LSTM) else module.weight[0].numel()
            bound = 1 / math.sqrt(inputs)
            for parameter in module.parameters():
                parameter.uniform_(-bound, bound, generator=generator)
        elif isinstance(module, nn.Embedding):
            module.weight.normal_(generator=generator)
        elif isinstance(module, CharacterTransformer):
            module.places.normal_(0, 0.02, generator=generator)


def _load(model: nn.Module, path: Path) -> None:
    # A default device of the user's would otherwise decide where safetensors puts what it reads.
    with torch.device("cpu"), safe_open(path, framework="pt", device="cpu") as file:
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - not a dict
