"""What the syntax trees of this project's files say: who imports whom, and how long things are.

`test_rooms.py` holds the table and the budgets; this module only reads.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "weightwidgets"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Import(NamedTuple):
    """One imported module; ours are relative to the package (``"analysis.histogram"``)."""

    name: str
    ours: bool
    line: int
    runs_on_import: bool


class Block(NamedTuple):
    """A function or class and its length in lines, without blank ones and docstrings."""

    name: str
    line: int
    length: int
    is_class: bool


@dataclass(frozen=True)
class Room:
    """What the modules of a room may import: rooms of ours, and packages besides the standard library."""

    ours: frozenset[str]
    theirs: frozenset[str]


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def typescript_files(folder: str) -> list[Path]:
    return sorted((ROOT / "js" / folder).rglob("*.ts"))


def module_name(path: Path) -> str:
    """``weightwidgets/analysis/histogram.py`` is ``analysis.histogram``; an ``__init__`` is its package."""
    parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(source: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Return every import of a module, wherever it stands; those for type checkers count as well."""
    tree = ast.parse(source)
    at_import = set(_statements_run_on_import(tree.body))
    package = module.split(".") if is_package else module.split(".")[:-1]
    package = [part for part in package if part]
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = _from_names(node, package)
        else:
            continue
        for name in names:
            ours = name == PACKAGE or name.startswith(f"{PACKAGE}.")
            shown = name.removeprefix(PACKAGE).removeprefix(".") if ours else name
            found.append(Import(shown, ours, node.lineno, node in at_import))
    return found


def _from_names(node: ast.ImportFrom, package: list[str]) -> list[str]:
    base = node.module or ""
    if node.level:
        kept = package[: len(package) - node.level + 1]
        base = ".".join([PACKAGE, *kept, *([base] if base else [])])
    folder = ROOT / base.replace(".", "/")
    if base.split(".")[0] == PACKAGE and folder.is_dir():
        # `from . import x`: x is a module of that folder, not a name in it.
        return [f"{base}.{alias.name}" for alias in node.names]
    return [base]


def _statements_run_on_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(statement.test):
                yield from _statements_run_on_import(statement.body)
            yield from _statements_run_on_import(statement.orelse)
        elif isinstance(statement, (ast.Try, ast.With, ast.ClassDef)):
            yield from _statements_run_on_import(statement.body)


def typescript_imports(source: str) -> list[str]:
    """Return what a TypeScript module imports, as it is written (``"./wire"``, ``"d3-array"``)."""
    statement = r"""^(?:import|export)\s[^"';=]*?\bfrom\s+["']([^"']+)["']|^import\s+["']([^"']+)["']"""
    return [named or bare for named, bare in re.findall(statement, source, re.MULTILINE)]


def filled_lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def blocks(source: str) -> list[Block]:
    """Return every function, method and class of a Python module with its length."""
    lines = source.splitlines()
    found: list[Block] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Definition):
            inside = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            for inner in ast.walk(node):
                if isinstance(inner, Definition) and ast.get_docstring(inner) is not None:
                    text = inner.body[0]
                    inside -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
            length = sum(bool(lines[number - 1].strip()) for number in inside)
            found.append(Block(node.name, node.lineno, length, isinstance(node, ast.ClassDef)))
    return found


_TYPESCRIPT_START = re.compile(
    r"^(?P<indent> *)(?:export )?(?:default )?(?:async )?"
    r"(?:function\*? (?P<name>\w+)|const (?P<constant>\w+)[^=]*= (?:async )?(?:<[^>]*>)?\(.*=> \{$"
    r"|(?P<method>\w+)\(.*\).*\{$)"
)


def typescript_blocks(source: str) -> list[Block]:
    """Return the functions of a TypeScript module, told by their first line and by the indent of their last.

    The formatter (biome) writes the closing brace of a function under the first character of the line that
    opened it, so no parser is needed.
    """
    lines = source.splitlines()
    found: list[Block] = []
    for number, line in enumerate(lines):
        match = _TYPESCRIPT_START.match(line)
        if not match or match["method"] in {"if", "for", "while", "switch", "catch"}:
            continue
        closing = match["indent"] + "}"
        end = next((n for n in range(number + 1, len(lines)) if lines[n].startswith(closing)), number)
        # A signature broken over several lines closes at the same indent too, with `) {` or `} {`.
        while lines[end].rstrip().endswith("{") and (
            later := [n for n in range(end + 1, len(lines)) if lines[n].startswith(closing)]
        ):
            end = later[0]
        name = match["name"] or match["constant"] or match["method"]
        length = filled_lines("\n".join(lines[number : end + 1]))
        found.append(Block(name, number + 1, length, is_class=False))
    return found
