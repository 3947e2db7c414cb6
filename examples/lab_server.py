"""A JupyterLab server of one's own: its settings, kernels and notebooks in folders that the caller names.

The demo, the browser tests and the benchmarks start the same server in the same way, so what is tested and
measured is what a user opens.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 90

_SETTINGS: dict[str, dict[str, Any]] = {
    # The news question covers the notebook, and its answer would go to the network.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class LabServer:
    """A running server.

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:<port>``, without a final slash.
    token : str
        The secret that a first request must carry.
    notebooks : Path
        The folder that it serves.
    state : Path
        The folder of its settings, data and runtime files.
    """

    url: str
    token: str
    notebooks: Path
    state: Path

    def address(self, notebook: str, workspace: str = "") -> str:
        """Return the address that opens a notebook in JupyterLab.

        Parameters
        ----------
        notebook : str
            Path relative to ``notebooks``.
        workspace : str
            Name of the arrangement of tabs to open it in; ``""`` is JupyterLab's default one.

        Returns
        -------
        str
            A URL that carries the token.
        """
        where = f"lab/workspaces/{quote(workspace)}" if workspace else "lab"
        return f"{self.url}/{where}/tree/{quote(notebook)}?token={self.token}"

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's REST interface.

        Parameters
        ----------
        method : str
            ``"GET"``, ``"POST"``, ``"DELETE"`` ...
        path : str
            What follows ``/api/``.
        body : object
            Sent as JSON where it is not ``None``.

        Returns
        -------
        object
            The decoded answer; ``None`` where the server sent nothing.

        Raises
        ------
        urllib.error.HTTPError
            If the server refuses.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - the address is this server's own
            f"{self.url}/api/{path}", data=data, headers=headers, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            answer = response.read()
        return json.loads(answer) if answer else None

    def environment(self) -> dict[str, str]:
        """Return the environment variables under which Jupyter programs see this server's folders."""
        return {
            "JUPYTER_CONFIG_DIR": str(self.state / "config"),
            "JUPYTER_DATA_DIR": str(self.state / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.state / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.state / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.state / "workspaces"),
            "IPYTHONDIR": str(self.state / "ipython"),
        }


@contextlib.contextmanager
def lab_server(notebooks: Path, state: Path) -> Iterator[LabServer]:
    """Start JupyterLab on a free port of this machine and end it with the ``with`` block.

    Parameters
    ----------
    notebooks : Path
        The folder to serve; it must exist.
    state : Path
        Where settings, data and the server's log (``server.log``) go. The user's own Jupyter configuration
        is neither read nor changed.

    Yields
    ------
    LabServer
        Once it answers.

    Raises
    ------
    RuntimeError
        If the server ends or does not answer within 90 seconds; the message holds the end of its log.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = LabServer(f"http://127.0.0.1:{port}", secrets.token_hex(16), notebooks, state)
    for plugin, values in _SETTINGS.items():
        path = state / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    (state / "runtime").mkdir(parents=True, exist_ok=True)
    log = state / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
            _command(server, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **server.environment()},
            # Ctrl-C is for whoever called; the server would ask on the terminal whether it is meant.
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(server, process, log)
        yield server
    finally:
        # SIGTERM lets the server end its kernels; a kernel busy in C code must not keep us waiting.
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(server: LabServer, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.allow_root=True"),
        *(f"--ServerApp.root_dir={server.notebooks}", f"--IdentityProvider.token={server.token}"),
        # Tests and the demo's own check reach the application through `window.jupyterapp`.
        "--LabApp.expose_app_in_browser=True",
        # The other managers ask a package index as soon as the page opens.
        "--LabApp.extension_manager=readonly",
    ]


def _wait_until_it_answers(server: LabServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(server):
            return
        time.sleep(0.1)
    process.kill()
    tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise RuntimeError(f"JupyterLab did not start; its log ({log}) ends with:\n{tail}")


def _answers(server: LabServer) -> bool:
    try:
        server.request("GET", "status")
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True
