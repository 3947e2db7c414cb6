"""Kernels of several releases of ipykernel; ``python -m tests.widgets.kernels`` installs those not installed.

Each lies in a folder of its own, which comes first on the path of its kernel: one environment runs them all.
"""

from __future__ import annotations

import ast
import contextlib
import os
import queue
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from typing_extensions import Self

INSTALLED = version("ipykernel")
# The last release without subshells, and the first with them, which is the oldest that we ask for.
WITHOUT_SUBSHELLS, FIRST_WITH_SUBSHELLS = "6.31.0", "7.0.0"

FOLDER = Path(__file__).parents[2] / ".venv" / "kernels"

ANSWER_SECONDS = 20


class LiveKernel:
    """A kernel of one release, and a client of it that speaks Jupyter's protocol as a front end does.

    Raises
    ------
    FileNotFoundError
        If that release was never installed.
    """

    def __init__(self, release: str, folder: Path) -> None:
        found = FOLDER / release
        if release != INSTALLED and not found.is_dir():
            raise FileNotFoundError(f"no ipykernel {release} in {found}: run python -m tests.widgets.kernels")
        # Neither a user's start-up files nor their history.
        environment = {**os.environ, "IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(found)}
        self._manager = KernelManager(connection_file=str(folder / "kernel.json"))
        self._manager.start_kernel(env=environment)
        self._client = self._manager.blocking_client()

    def __enter__(self) -> Self:
        self._client.start_channels()
        self._client.wait_for_ready(ANSWER_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def begin(self, code: str) -> str:
        """Run a cell; return the id of the request at once."""
        return str(self._client.execute(code))

    def run(self, code: str) -> None:
        """Run a cell to its end; AssertionError with the traceback if it raises."""
        self.end(self.begin(code))

    def end(self, request: str) -> None:
        """Wait until a cell has ended; AssertionError with the traceback if it raised."""
        answered, content = "", {}
        while answered != request:
            reply = self._client.get_shell_msg(timeout=ANSWER_SECONDS)
            answered, content = reply["parent_header"]["msg_id"], reply["content"]
        assert content["status"] == "ok", "\n".join(content.get("traceback", [content["status"]]))

    def value(self, expression: str) -> Any:
        """Evaluate an expression of Python literals."""
        reply = self._client.execute(
            "", user_expressions={"it": expression}, reply=True, timeout=ANSWER_SECONDS
        )
        it = reply["content"]["user_expressions"]["it"]
        assert it["status"] == "ok", "\n".join(it.get("traceback", []))
        return ast.literal_eval(it["data"]["text/plain"])

    def make_subshell(self) -> str:
        """Make a thread beside the main one, as JupyterLab does for a notebook's widgets."""
        channel = self._client.control_channel
        channel.send(self._client.session.msg("create_subshell_request", {}))
        content = channel.get_msg(timeout=ANSWER_SECONDS)["content"]
        assert content["status"] == "ok", content
        return str(content["subshell_id"])

    def send_state(self, comm: str, state: dict[str, Any], subshell: str | None) -> str:
        """Send a widget what its view changed, by way of a subshell; return the id of the message."""
        data = {"method": "update", "state": state, "buffer_paths": []}
        message = self._client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def wait_state(self, request: str, trait: str) -> bool:
        """Wait until a widget has published a trait in answer to a request; False if it takes too long."""
        end = time.monotonic() + ANSWER_SECONDS
        with contextlib.suppress(queue.Empty):
            while (left := end - time.monotonic()) > 0:
                message = self._client.get_iopub_msg(timeout=left)
                data = message["content"].get("data", {})
                is_answer = message["parent_header"].get("msg_id") == request
                if is_answer and data.get("method") == "update" and trait in data["state"]:
                    return True
        return False


def main() -> None:
    """Install the releases that are missing."""
    for release in (WITHOUT_SUBSHELLS, FIRST_WITH_SUBSHELLS):
        folder = FOLDER / release
        if not folder.is_dir():
            wanted = ["--no-deps", "--target", str(folder), f"ipykernel=={release}"]
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted], check=True)


if __name__ == "__main__":
    main()
