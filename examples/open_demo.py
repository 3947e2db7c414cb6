"""Open a notebook in JupyterLab with its cells run and its widgets alive: what ``make demo`` starts.

A widget stored in a notebook is dead without the kernel that made it. So the cells are run here, in a kernel
of the server, before anybody looks; JupyterLab then finds that kernel by the notebook's path, and takes the
widgets over from it. The notebook is a copy under ``.demo``: what a user tries out leaves the original alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.blocking.client import BlockingKernelClient
from nbformat.sign import NotebookNotary

from examples.lab_server import lab_server

if TYPE_CHECKING:
    from examples.lab_server import LabServer

ROOT = Path(__file__).resolve().parent.parent
FIRST = ROOT / "examples" / "01_first_look.ipynb"
CELL_SECONDS = 600


def run_cells(server: LabServer, name: str) -> None:
    """Start a kernel for a notebook of the server, run its code cells and keep their outputs in the file.

    Parameters
    ----------
    server : LabServer
        The running server.
    name : str
        The notebook's path in the server's folder.

    Raises
    ------
    RuntimeError
        If a cell raised; its traceback is among the outputs, and the cells after it were not run.
    """
    session = server.request(
        "POST", "sessions", {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    )
    path = server.notebooks / name
    notebook = nbformat.read(path, as_version=4)
    client = BlockingKernelClient(
        connection_file=str(server.state / "runtime" / f"kernel-{session['kernel']['id']}.json")
    )
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        failed = not all(_run_cell(client, cell) for cell in notebook.cells if cell.cell_type == "code")
    finally:
        client.stop_channels()
    nbformat.write(notebook, path)
    # JupyterLab draws widgets only in a notebook that it trusts.
    NotebookNotary(data_dir=str(server.state / "data")).sign(notebook)
    if failed:
        raise RuntimeError(f"a cell of {name} failed: open it to see where")


def _run_cell(client: BlockingKernelClient, cell: Any) -> bool:
    outputs: list[Any] = []

    def keep(message: dict[str, Any]) -> None:
        if message["msg_type"] in {"stream", "display_data", "execute_result", "error"}:
            outputs.append(nbformat.v4.output_from_msg(message))

    reply = client.execute_interactive(
        cell.source, allow_stdin=False, output_hook=keep, timeout=CELL_SECONDS
    )["content"]
    cell.outputs = outputs
    cell.execution_count = reply.get("execution_count")
    return bool(reply["status"] == "ok")


def has_screen() -> bool:
    """Say whether a browser window could be seen."""
    return sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def main() -> None:
    """Serve a notebook, run; open it where there is a screen; go on until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m examples.open_demo", description=main.__doc__)
    parser.add_argument("notebook", nargs="?", type=Path, default=FIRST)
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where the copy is kept")
    options = parser.parse_args()
    notebooks = options.folder.resolve() / "notebooks"
    notebooks.mkdir(parents=True, exist_ok=True)
    shutil.copy2(options.notebook, notebooks)
    with lab_server(notebooks, options.folder.resolve() / "jupyter") as server:
        print(f"Running the cells of {options.notebook.name} ...", flush=True)
        run_cells(server, options.notebook.name)
        address = server.address(options.notebook.name)
        print(f"JupyterLab: {address}", flush=True)
        if has_screen():
            webbrowser.open(address)
        print("Ctrl-C ends it.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    # Ended by a service manager, it takes its server along as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
