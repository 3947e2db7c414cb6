"""The server that the demo, the tests and the benchmarks share."""

from __future__ import annotations

import urllib.error
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.lab_server import LabServer, lab_server

if TYPE_CHECKING:
    from tests.browser.harness import Lab


def test_a_server_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)JupyterLab did not start.*nowhere"),
        lab_server(tmp_path / "nowhere", tmp_path / "state"),
    ):
        pytest.fail("it started")


def test_the_server_answers_nobody_without_its_token(server: LabServer) -> None:
    stranger = LabServer(server.url, "guess", server.notebooks, server.state)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        stranger.request("GET", "sessions")
    assert isinstance(server.request("GET", "sessions"), list)


def test_settings_and_runtime_files_stay_in_the_folder_of_the_server(server: LabServer, lab: Lab) -> None:
    lab.open_notebook(["1"])
    session = server.request("GET", "sessions")[0]
    assert (server.state / "runtime" / f"kernel-{session['kernel']['id']}.json").is_file()
    folders = lab.kernel_json("[__import__('os').environ['JUPYTER_CONFIG_DIR'], __import__('os').getcwd()]")
    assert [Path(folder) for folder in folders] == [server.state / "config", server.notebooks]


def test_a_notebook_name_is_quoted_in_its_address() -> None:
    server = LabServer("http://127.0.0.1:1", "secret", Path("n"), Path("s"))
    assert server.address("a b#c.ipynb") == "http://127.0.0.1:1/lab/tree/a%20b%23c.ipynb?token=secret"
    assert (
        server.address("x.ipynb", "w 1")
        == "http://127.0.0.1:1/lab/workspaces/w%201/tree/x.ipynb?token=secret"
    )
