"""Frames written by Python for the browser tests: committed under js/tests/fixtures, compared on every run.

`WEIGHTWIDGETS_REGENERATE=1 pytest tests/widgets` writes them anew; `js/tests/fake_model.ts` reads them.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[2] / "js" / "tests" / "fixtures"


def freeze(value: Any) -> Any:
    """Turn a state or a frame into JSON; bytes become `{"base64": ...}`."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {str(key): freeze(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [freeze(part) for part in value]
    return value


def state_of(view: Any) -> dict[str, Any]:
    """Give the synced traits of a view as the wire carries them, without what every Jupyter widget has."""
    state: dict[str, Any] = view.get_state()
    own = [name for name in state if name in view.traits(question=True) or name in view.traits(view=True)]
    outputs = [name for name, trait in view.traits(sync=True).items() if trait.read_only]
    return {name: state[name] for name in sorted({*own, *outputs})}


def check_fixture(stem: str, content: Mapping[str, Any]) -> None:
    """Assert that js/tests/fixtures/<stem>.json holds `content`, or write it when asked to regenerate."""
    path = FOLDER / f"{stem}.json"
    text = json.dumps(freeze(content), indent=1, sort_keys=True, allow_nan=False) + "\n"
    if os.environ.get("WEIGHTWIDGETS_REGENERATE") == "1":
        FOLDER.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run with WEIGHTWIDGETS_REGENERATE=1"
    assert path.read_text(encoding="utf-8") == text, (
        f"{path.name} is stale: run with WEIGHTWIDGETS_REGENERATE=1"
    )


def thaw(value: Any) -> Any:
    """Read a frame as the browser does: wire arrays become numpy arrays, bytes become text."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Mapping):
        if value.keys() == {"shape", "dtype", "data"}:
            return np.frombuffer(value["data"], value["dtype"]).reshape(value["shape"])
        return {key: thaw(part) for key, part in value.items()}
    return [thaw(part) for part in value] if isinstance(value, list) else value


def edge_ranks(frame: Mapping[str, Any]) -> np.ndarray:
    """Read the places of all edges in the thawed frame of a histogram, one bin count after the other."""
    packed, cells = frame["edge_ranks"], len(frame["cells"])
    steps = packed["steps"].astype(int)
    if packed["carry"]:
        steps[packed["carry"]["index"]] += packed["carry"]["step"]
    ranks, place = [], 0
    for bins in range(1, 257):
        more = np.cumsum(steps[place : place + bins + 1])
        ranks.append(np.arange(bins + 1) * cells // bins + more)
        place += bins + 1
    assert place == len(steps)
    return np.concatenate(ranks)
