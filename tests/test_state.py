"""The TypeScript types of the synced traits are what the Python widgets say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "js" / "generate_state.py"


def test_the_types_are_those_of_the_traits() -> None:
    spec = importlib.util.spec_from_file_location("generate_state", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (SCRIPT.parent / "src" / "state.ts").read_text(encoding="utf-8")
    assert written == module.text(), "run `python js/generate_state.py`"
