"""The browser is found where it is, and a machine without one is told so in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import chromium


def executable(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_browser_on_the_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "PLACES", ())
    assert chromium.find_chromium() is None
    chrome = executable(tmp_path / "google-chrome")
    assert chromium.find_chromium() == str(chrome)
    debian = executable(tmp_path / "chromium")
    assert chromium.find_chromium() == str(debian)


def test_the_variable_comes_before_what_is_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = executable(tmp_path / "my browser")
    monkeypatch.setenv(chromium.VARIABLE, str(named))
    assert chromium.find_chromium() == str(named)
    monkeypatch.setenv(chromium.VARIABLE, str(tmp_path / "nothing"))
    assert chromium.find_chromium() is None


def test_a_machine_without_a_browser_is_told_in_one_line_what_to_install(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.browser.chromium"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, chromium.VARIABLE: str(tmp_path / "nothing")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "No Chromium found: install Chromium or Google Chrome, or set WEIGHTWIDGETS_CHROMIUM to its path."
    ]


@pytest.mark.parametrize(("user", "prefix"), [(0, []), (1000, ["sudo", "-n"])], ids=["root", "sudo"])
def test_apt_is_asked_without_a_question(
    user: int, prefix: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = executable(tmp_path / "apt-get")
    executable(tmp_path / "sudo")
    marker = tmp_path / "debian_version"
    marker.touch()
    commands: list[list[str]] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "DEBIAN", marker)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(subprocess, "run", lambda command, **_options: commands.append(command))
    chromium.install_chromium()
    quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", str(apt), "--quiet"]
    assert commands == [
        [*quiet, "update"],
        [*quiet, "install", "--yes", "--no-install-recommends", "chromium"],
    ]


def test_apt_is_left_alone_where_it_may_not_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_options: commands.append(command))
    monkeypatch.setenv("PATH", str(tmp_path))
    chromium.install_chromium()
    executable(tmp_path / "apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    chromium.install_chromium()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "DEBIAN", tmp_path / "nothing")
    chromium.install_chromium()
    assert commands == []
