"""What is wrapped around weights: prefixes of their names, and containers that hold more than weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from weightwidgets.sources.wrapped import INNER_NAMES, taken_off

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What wraps a whole model: data parallelism, compilation, the attribute that Lightning and others keep it in.
_LEADING = ("model", "module", "_orig_mod")
# Keys under which training programs keep the weights among other things.
_CONTAINERS = re.compile(
    r"(.+_)?(state_?dict|model|model_state|module|net|network|params|parameters|weights)(_ema)?",
    re.IGNORECASE,
)
# Keys under which they keep what is no weight, though it has tensors too.
_BOOKKEEPING = re.compile(
    r"optim|sched|scaler|rng|callback|loops|hyper|hparam|precision|random|epoch|(^|_)steps?$", re.IGNORECASE
)
_NAMED_AT_MOST = 6


class UnwrappedNames(NamedTuple):
    """Names without wrappers to the names as they are spelled in full, in order, and a sentence or ""."""

    spelled: dict[str, str]
    note: str


def unwrapped_names(names: Sequence[str]) -> UnwrappedNames:
    """Free names of what data parallelism, compilation, sharding and Lightning put before them.

    ``model.`` and ``module.`` go where every name begins with them, ``_orig_mod.`` (compiled) and the names
    of sharded and checkpointed modules wherever they stand. Names that would collide all stay as they are.

    Parameters
    ----------
    names
        Full names, each once.
    """
    parts = [name.split(".") for name in names]
    inner = [[part for part in path[:-1] if part not in INNER_NAMES] + path[-1:] for path in parts]
    dropped = list(dict.fromkeys(part for path in parts for part in path[:-1] if part in INNER_NAMES))
    while inner and len(inner[0]) > 1 and inner[0][0] in _LEADING:
        prefix = inner[0][0]
        if not all(len(path) > 1 and path[0] == prefix for path in inner):
            break
        inner = [path[1:] for path in inner]
        dropped.append(prefix)
    short = [".".join(path) for path in inner]
    # A name that another tensor spells in full would mean two tensors.
    full = set(names)
    clash = any(one != name and one in full for one, name in zip(short, names, strict=True))
    distinct = len(set(short)) == len(names) and not clash
    if not dropped or not distinct:
        return UnwrappedNames(dict(zip(names, names, strict=True)), "")
    return UnwrappedNames(dict(zip(short, names, strict=True)), taken_off(dropped))


class Contents(NamedTuple):
    """What a loaded file holds: a module, or tensors by name, and sentences on how they were come by."""

    weights: nn.Module | dict[str, torch.Tensor | np.ndarray[Any, Any]]
    note: str


class TooDeepError(ValueError):
    """Containers nested deeper, or holding more, than allowed."""


def contents(loaded: object, depth: float, most: float) -> Contents:
    """Find the weights in what a training program saved.

    A mapping with one entry that holds weights under a customary name ("state_dict", "model", ...) stands for
    that entry. Otherwise every tensor is taken, wherever it is nested, and named by its path. What is left
    out (counters, the state of optimizers) is named in the note.

    Parameters
    ----------
    loaded
        A module, a tensor, or mappings and lists of them with anything else.
    depth, most
        How deep they may be nested, and how many things they may hold.

    Raises
    ------
    TooDeepError
        They are nested deeper, or hold more.
    """
    if isinstance(loaded, nn.Module):
        return Contents(loaded, "")
    if isinstance(loaded, torch.Tensor | np.ndarray):
        return Contents({"tensor": loaded}, "")
    walk = _Walk(depth, most)
    parts = dict(_parts(loaded))
    holding = [key for key, part in parts.items() if walk.holds_weights(part, 1)]
    weighty = [key for key in holding if not _BOOKKEEPING.search(key)] or holding
    left_out = [key for key in parts if key not in weighty]
    said = _left_out(left_out)
    if len(weighty) == 1 and _CONTAINERS.fullmatch(weighty[0]) and not _is_tensor(parts[weighty[0]]):
        if depth <= 0:
            raise TooDeepError
        inner = contents(parts[weighty[0]], depth - 1, most)
        return Contents(inner.weights, _joined(f"Shown is what is under `{weighty[0]}`.", said, inner.note))
    found: dict[str, torch.Tensor | np.ndarray[Any, Any]] = {}
    for key in weighty:
        for path, tensor in walk.tensors(key, parts[key], 1):
            name, count = path, 1
            while name in found:
                count += 1
                name = f"{path} ({count})"
            found[name] = tensor
    return Contents(found, said)


def container_key(mapping: Mapping[Any, Any]) -> str | None:
    """Return the one customary key of a mapping in memory under which the weights are, or None."""
    holding = [key for key, value in mapping.items() if isinstance(key, str) and is_source_like(value)]
    weighty = [key for key in holding if not _BOOKKEEPING.search(key)]
    return weighty[0] if len(weighty) == 1 and _CONTAINERS.fullmatch(weighty[0]) else None


def is_source_like(value: object) -> bool:
    """Return whether a value is a module, or a mapping of tensors alone."""
    if isinstance(value, Mapping):
        return bool(value) and all(_is_tensor(item) for item in value.values())
    return isinstance(value, nn.Module)


def opened_under(key: str, mapping: Mapping[Any, Any]) -> str:
    """Return the sentence that says which entry of a mapping is shown, and which are not."""
    return _joined(
        f"Shown is what is under `{key}`.", _left_out([other for other in mapping if other != key])
    )


class _Walk:
    """Goes through nested containers, each once on a path, and counts what it passes."""

    def __init__(self, depth: float, most: float) -> None:
        self._depth, self._most = depth, most
        self._passed = 0
        self._holding: dict[int, bool] = {}

    def holds_weights(self, value: object, depth: int) -> bool:
        """Return whether there is any tensor in ``value``."""
        if _is_tensor(value) or isinstance(value, nn.Module):
            return True
        # A container may stand in many places, and those in many: each is looked at once.
        known = self._holding.get(id(value))
        if known is None:
            self._pass(depth)
            self._holding[id(value)] = False
            known = any(self.holds_weights(part, depth + 1) for _, part in _parts(value))
            self._holding[id(value)] = known
        return known

    def tensors(self, path: str, value: object, depth: int) -> Iterator[tuple[str, Any]]:
        """Give every tensor in ``value`` with its path."""
        self._pass(depth)
        if _is_tensor(value):
            yield path, value
        elif self._holding.get(id(value), True):
            for key, part in _parts(value):
                yield from self.tensors(f"{path}.{key}", part, depth + 1)

    def _pass(self, depth: int) -> None:
        self._passed += 1
        if depth > self._depth or self._passed > self._most:
            raise TooDeepError


def _parts(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, nn.Module):
        value = value.state_dict()
    if isinstance(value, Mapping):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        yield from ((str(position), part) for position, part in enumerate(value))


def _is_tensor(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiubc"
    return isinstance(value, torch.Tensor)


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _left_out(keys: Sequence[object]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - _NAMED_AT_MOST} more" if len(keys) > _NAMED_AT_MOST else ""
    return f"Left out: {', '.join(str(key)[:40] for key in keys[:_NAMED_AT_MOST])}{more}."
