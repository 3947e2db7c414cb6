"""The rooms of the design keep their doors shut, and nothing in them outgrows its budget."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import weightwidgets
from tests.rooms import (
    PACKAGE,
    ROOT,
    Block,
    Import,
    Room,
    blocks,
    filled_lines,
    imports,
    module_name,
    python_files,
    typescript_blocks,
    typescript_files,
    typescript_imports,
)

if TYPE_CHECKING:
    from pathlib import Path

FILE_LINES, FUNCTION_LINES, CLASS_LINES, PUBLIC_NAMES = 300, 50, 150, 30

_ARRAYS = {"torch", "numpy"}
_SHOWN = {"layer", "sources", "analysis"}
_DATA = _SHOWN | {"tables", "pictures", "probes", "training"}


def _room(ours: set[str], theirs: set[str]) -> Room:
    return Room(frozenset(ours), frozenset(theirs))


# A room's own modules may always import each other, but for the columns of `widgets`.
ROOMS = {
    "plain": _room(set(), _ARRAYS),
    "fingerprint": _room(set(), _ARRAYS),
    "layer": _room({"plain", "fingerprint"}, _ARRAYS),
    "wire": _room(set(), _ARRAYS),
    "analysis": _room({"analysis", "plain"}, _ARRAYS | {"numba", "scipy", "sklearn"}),
    "sources": _room({"layer", "plain", "sources"}, _ARRAYS | {"safetensors", "gguf"}),
    "tables": _room(_SHOWN, _ARRAYS | {"pandas", "tqdm"}),
    "pictures": _room(_SHOWN | {"pictures"}, _ARRAYS | {"PIL"}),
    "probes": _room(_SHOWN | {"probes"}, _ARRAYS | {"captum"}),
    "training": _room(_SHOWN | {"training"}, _ARRAYS | {"captum", "lightning", "transformers"}),
    "widgets": _room(
        _DATA | {"fingerprint", "layer", "plain", "wire", "widgets"},
        _ARRAYS
        | {"pandas", "tqdm", "PIL", "traitlets", "ipywidgets", "anywidget", "bqplot"}
        # Where the widgets run: the hook after a cell, the thread that answers a message.
        | {"IPython", "ipykernel"},
    ),
    # The package itself only names where its public names live.
    "": _room(_DATA | {"widgets"}, set()),
}

# The assembled app, and the part of it that makes its views.
ASSEMBLERS = {"widgets.explorer", "widgets._stage"}

# Names of newer Pythons, for type checkers alone: nobody has to install it.
TYPING_ONLY = {"typing_extensions"}

TORCH_AT_IMPORT = {"plain", "fingerprint", "layer", "sources", "analysis", "probes", "training"}

SHARED_TYPESCRIPT = {"wire", "color", "canvas", "axis", "state"}
TYPESCRIPT_PACKAGES = {"d3-array", "d3-format", "@anywidget/types"}

PYTHON = python_files(PACKAGE)
TYPESCRIPT = typescript_files("src")
EVERY_PYTHON = [
    *PYTHON,
    *python_files("tests", "examples", "benchmarks"),
    ROOT / "hatch_build.py",
    ROOT / "js/generate_state.py",
]
EVERY_TYPESCRIPT = [*TYPESCRIPT, *typescript_files("tests")]


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def breaches(module: str, found: list[Import]) -> list[str]:
    """Return a sentence for each import that the table does not allow."""
    room = ROOMS[room_of(module)]
    told = []
    for item in found:
        top = room_of(item.name)
        if item.ours:
            allowed = top in room.ours and not _is_another_column(module, item.name)
        else:
            allowed = (
                top in room.theirs
                or top in sys.stdlib_module_names
                or (top in TYPING_ONLY and not item.runs_on_import)
            )
        if not allowed:
            told.append(f"line {item.line}: {module or PACKAGE} imports {item.name}")
        if top == "torch" and item.runs_on_import and room_of(module) not in TORCH_AT_IMPORT:
            told.append(f"line {item.line}: {module or PACKAGE} imports torch before it is needed")
    return told


def _is_another_column(module: str, imported: str) -> bool:
    if room_of(imported) != "widgets" or module in {"", *ASSEMBLERS}:
        return False
    stem = imported.split(".")[1] if "." in imported else ""
    return bool(stem) and not stem.startswith("_") and imported != module


def typescript_breaches(stem: str, imported: list[str]) -> list[str]:
    """Return what a TypeScript module imports against the table.

    A view may be cut into parts that carry its name: ``grid.ts`` and ``grid_tiles.ts``.
    """
    told = []
    for name in imported:
        if not name.startswith("."):
            allowed = name in TYPESCRIPT_PACKAGES
        elif name.endswith("/weightwidgets/color.json"):
            allowed = stem == "color"
        elif stem in SHARED_TYPESCRIPT:
            allowed = False
        else:
            other = name.removeprefix("./")
            own_part = other.split("_")[0] == stem.split("_", maxsplit=1)[0]
            allowed = other in SHARED_TYPESCRIPT or other == "view" or own_part
        if not allowed:
            told.append(f"{stem} imports {name}")
    return told


def too_long(found: list[Block]) -> list[str]:
    return [
        f"line {block.line}: {block.name} has {block.length} lines"
        for block in found
        if block.length > (CLASS_LINES if block.is_class else FUNCTION_LINES)
    ]


def has_test(folder: Path, pattern: str, stem: str, *, may_be_part: bool) -> bool:
    """Say whether a module has a test; a part (``grid_tiles``) may have it in its column's (``grid``)."""
    stems = {stem, stem.lstrip("_")}
    if may_be_part:
        stems.add(stem.lstrip("_").split("_", maxsplit=1)[0])
    return any((folder / pattern.format(stem)).is_file() for stem in stems)


@pytest.mark.parametrize("path", PYTHON, ids=label)
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    module = module_name(path)
    found = imports(path.read_text(encoding="utf-8"), module, is_package=path.name == "__init__.py")
    assert breaches(module, found) == []


@pytest.mark.parametrize("path", TYPESCRIPT, ids=label)
def test_a_typescript_module_imports_only_what_its_room_may(path: Path) -> None:
    assert typescript_breaches(path.stem, typescript_imports(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", [*EVERY_PYTHON, *EVERY_TYPESCRIPT], ids=label)
def test_a_file_its_functions_and_classes_stay_within_budget(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert filled_lines(source) <= FILE_LINES
    assert too_long(blocks(source) if path.suffix == ".py" else typescript_blocks(source)) == []


@pytest.mark.parametrize("path", [path for path in PYTHON if path.name != "__init__.py"], ids=label)
def test_a_module_has_a_test_of_the_same_stem(path: Path) -> None:
    folder = ROOT / "tests" / path.relative_to(ROOT / PACKAGE).parent
    assert has_test(folder, "test_{}.py", path.stem, may_be_part=path.stem.startswith("_"))


@pytest.mark.parametrize("path", [path for path in TYPESCRIPT if path.stem != "state"], ids=label)
def test_a_typescript_module_has_a_test_of_the_same_stem(path: Path) -> None:
    assert has_test(ROOT / "js" / "tests", "{}.test.ts", path.stem, may_be_part=True)


@pytest.mark.parametrize(
    ("sources", "tests"),
    [(PYTHON, python_files("tests")), (TYPESCRIPT, typescript_files("tests"))],
    ids=["python", "typescript"],
)
def test_there_are_at_least_as_many_lines_of_tests_as_of_source(
    sources: list[Path], tests: list[Path]
) -> None:
    def lines(paths: list[Path]) -> int:
        return sum(filled_lines(path.read_text(encoding="utf-8")) for path in paths)

    assert lines(tests) >= lines(sources) > 0


def test_the_public_names_stay_few_and_every_one_is_there() -> None:
    assert len(weightwidgets.__all__) <= PUBLIC_NAMES
    for name in weightwidgets.__all__:
        assert getattr(weightwidgets, name) is not None


def test_every_room_of_the_package_stands_in_the_table() -> None:
    assert {room_of(module_name(path)) for path in PYTHON} <= set(ROOMS)


def test_no_module_is_called_utils() -> None:
    forbidden = {"utils", "util", "helpers", "common", "misc"}
    assert {path.stem for path in [*EVERY_PYTHON, *EVERY_TYPESCRIPT]} & forbidden == set()


@pytest.mark.parametrize("module", ["torch", "numba", "pandas", "bqplot", "anywidget"])
def test_importing_the_package_does_not_import(module: str) -> None:
    program = f"import sys, weightwidgets; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("module", "source", "told"),
    [
        ("wire", "from .layer import Layer", "line 1: wire imports layer"),
        ("wire", "from . import layer", "line 1: wire imports layer"),
        ("wire", "import numpy as np\n\nimport pandas", "line 3: wire imports pandas"),
        ("analysis.histogram", "import traitlets", "line 1: analysis.histogram imports traitlets"),
        ("analysis.histogram", "from ..layer import x", "line 1: analysis.histogram imports layer"),
        ("sources.open", "from weightwidgets.wire import f", "line 1: sources.open imports wire"),
        (
            "sources.open",
            "def f():\n    import weightwidgets.widgets.grid",
            "line 2: sources.open imports widgets.grid",
        ),
        ("tables", "from .widgets import table", "line 1: tables imports widgets.table"),
        ("widgets.grid", "from .histogram import x", "line 1: widgets.grid imports widgets.histogram"),
        ("widgets.grid", "from . import histogram", "line 1: widgets.grid imports widgets.histogram"),
        ("widgets._base", "import torch", "line 1: widgets._base imports torch before it is needed"),
    ],
)
def test_the_table_refuses(module: str, source: str, told: str) -> None:
    assert breaches(module, imports(source, module)) == [told]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("analysis.distribution", "import json, torch\nfrom .histogram import x\nfrom ._values import y"),
        ("widgets.grid", "from ._base import View\nfrom ..wire import frame\nfrom ..analysis import norms"),
        ("widgets.grid", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch"),
        ("widgets.grid", "def f():\n    import torch"),
        ("widgets.explorer", "from .grid import FilterGrid\nfrom . import table"),
    ],
)
def test_the_table_allows(module: str, source: str) -> None:
    assert breaches(module, imports(source, module)) == []


@pytest.mark.parametrize(
    ("stem", "source", "told"),
    [
        ("wire", 'import { h } from "./canvas";', ["wire imports ./canvas"]),
        ("view", 'import {\n  a,\n  b,\n} from "./grid";', ["view imports ./grid"]),
        ("grid", 'import type { A } from "./histogram";', ["grid imports ./histogram"]),
        ("grid", 'import { A } from "./view_export";', ["grid imports ./view_export"]),
        ("view", 'import { A } from "./view_export";', []),
        ("grid", 'export { scaleLinear } from "d3-scale";', ["grid imports d3-scale"]),
        (
            "grid",
            'import "./view";\nimport { t } from "./grid_tiles";\nimport { ticks } from "d3-array";',
            [],
        ),
    ],
)
def test_the_typescript_table_tells(stem: str, source: str, told: list[str]) -> None:
    assert typescript_breaches(stem, typescript_imports(source)) == told


def test_lengths_leave_out_docstrings_and_blank_lines() -> None:
    method = '    def f(self):\n        """Text."""\n        x = 1\n\n        return x\n'
    found = blocks(f'class A:\n    """Text\n\n    text."""\n\n{method}')
    assert [(block.name, block.length, block.is_class) for block in found] == [
        ("A", 4, True),
        ("f", 3, False),
    ]
    long = "def f():\n" + "    x = 1\n" * FUNCTION_LINES
    assert too_long(blocks(long)) == [f"line 1: f has {FUNCTION_LINES + 1} lines"]


def test_a_typescript_function_ends_where_its_brace_is() -> None:
    source = (
        "export function draw(\n  a: number,\n): void {\n  if (a) {\n    f();\n  }\n}\n\n"
        "const g = (x: number) => {\n  const h = () => {\n    f();\n  };\n  return h;\n};\n"
        "class A {\n  show(): void {\n    f();\n  }\n}\n"
    )
    found = [(block.name, block.line, block.length) for block in typescript_blocks(source)]
    assert found == [("draw", 1, 7), ("g", 9, 6), ("h", 10, 3), ("show", 16, 3)]
