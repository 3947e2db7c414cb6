"""What a browser test holds: one JupyterLab page, its notebook and its kernel.

Everything goes through the application itself (``window.jupyterapp``), after the kernel has said that it is
ready: a click on a menu that comes too early is lost without a word.
"""

from __future__ import annotations

import contextlib
import json
import urllib.error
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nbformat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebSocket

    from examples.lab_server import LabServer

CELL_SECONDS = 120

# Each script gets the notebook's path and its own argument, and finds the panel that shows that notebook.
_PANEL = """
const panelOf = path => Array.from(window.jupyterapp.shell.widgets("main"))
  .find(widget => widget.context && widget.context.path === path);
"""

_READY = """async path => {
  while (!window.jupyterapp) await new Promise(resolve => setTimeout(resolve, 20));
  await window.jupyterapp.restored;
  %s
  while (!panelOf(path)) await new Promise(resolve => setTimeout(resolve, 20));
  const panel = panelOf(path);
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  window.jupyterapp.shell.collapseLeft();
}"""

_RUN_ALL = """async path => {
  %s
  const panel = panelOf(path);
  window.jupyterapp.shell.activateById(panel.id);
  await window.jupyterapp.commands.execute("notebook:run-all-cells");
  return panel.content.widgets.flatMap(cell => cell.model.type !== "code" ? [] :
    cell.model.outputs.toJSON().filter(output => output.output_type === "error")
      .map(output => output.traceback.join("\\n")));
}"""

_RUN_CELL = """([path, index]) => {
  %s
  const panel = panelOf(path);
  panel.content.activeCellIndex = index;
  void window.jupyterapp.commands.execute("notebook:run-cell");
}"""

_EXECUTE = """async ([path, code, aside]) => {
  %s
  const kernel = panelOf(path).sessionContext.session.kernel;
  const subshell = aside ? (await kernel.requestCreateSubshell({}).done).content.subshell_id : null;
  // A second connection would first ask the busy main shell who it is, and wait. The header is written
  // during the call, so the notebook's own cells, which come later, stay where they were.
  kernel.subshellId = subshell;
  const future = kernel.requestExecute({code, silent: true, store_history: false, allow_stdin: false});
  kernel.subshellId = null;
  let text = "";
  future.onIOPub = ({header, content}) => {
    if (header.msg_type === "stream" && content.name === "stdout") text += content.text;
  };
  const reply = await future.done;
  if (aside) await kernel.requestDeleteSubshell({subshell_id: subshell}).done;
  if (reply.content.status !== "ok") {
    return {error: (reply.content.traceback || [reply.content.status]).join("\\n")};
  }
  return {text};
}"""

_IDLE = """async path => {
  %s
  const kernel = panelOf(path).sessionContext.session.kernel;
  while (kernel.status !== "idle") await new Promise(resolve => setTimeout(resolve, 10));
}"""

_SAVE = """async path => {
  %s
  await panelOf(path).context.save();
}"""


class Lab:
    """One JupyterLab page of one test; ``page`` is Playwright's own object.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The page, empty until `open_notebook`.
    foreign_requests : list of str
        Addresses outside this machine that the page asked for.
    page_errors : list of str
        Exceptions that nobody caught in the page.
    console_errors : list of str
        What the page wrote to the console as errors.
    """

    def __init__(self, server: LabServer, context: BrowserContext, screenshots: Path) -> None:
        self.server = server
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.foreign_requests: list[str] = []
        self.page_errors: list[str] = []
        self.console_errors: list[str] = []
        self._screenshots = screenshots
        self._notebook = ""
        self.page.on("request", self._note_request)
        self.page.on("websocket", self._note_websocket)
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.page.on("console", self._note_console)

    @property
    def notebook_path(self) -> Path:
        """The notebook's file."""
        return self.server.notebooks / self._notebook

    def open_notebook(self, cells: Sequence[str], *, run: bool = True) -> Page:
        """Write a notebook of code cells, open it and wait for its kernel.

        Parameters
        ----------
        cells : sequence of str
            The source of each code cell.
        run : bool
            Run all cells and wait until the last has ended.

        Returns
        -------
        Page
            ``self.page``.

        Raises
        ------
        AssertionError
            If a cell raised; the message is its traceback.
        """
        name = f"test-{uuid.uuid4().hex[:12]}.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.server.notebooks / name)
        self.open_path(name)
        if run:
            self.run_all()
        return self.page

    def open_path(self, name: str) -> Page:
        """Open a notebook that lies in the server's folder and wait for its kernel, running nothing."""
        self._notebook = name
        self.page.goto(self.server.address(name, workspace=uuid.uuid4().hex))
        self.wait_ready()
        return self.page

    def wait_ready(self) -> None:
        """Wait until the notebook is open and its kernel has answered; also after ``page.reload()``."""
        self._evaluate(_READY)

    def run_all(self) -> None:
        """Run all cells and wait; raises AssertionError with the traceback of any that raised."""
        errors = self._evaluate(_RUN_ALL)
        assert not errors, "\n".join(errors)

    def run_cell(self, index: int) -> None:
        """Start cell number `index` (from 0) and return at once."""
        self._evaluate(_RUN_CELL, index)

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self._evaluate(_IDLE)

    def kernel(self, code: str, *, aside: bool = False) -> str:
        """Run code in the notebook's kernel and return what it printed.

        The code runs silently: IPython's ``post_run_cell`` hooks are not called, so reading a widget's state
        does not disturb it.

        Parameters
        ----------
        code : str
            Python source, in the notebook's namespace.
        aside : bool
            Run it in a subshell, so that it is answered while a cell runs; otherwise it waits its turn.

        Returns
        -------
        str
            Standard output.

        Raises
        ------
        AssertionError
            If the code raised; the message is its traceback.
        """
        answer = self._evaluate(_EXECUTE, code, aside)
        assert "error" not in answer, answer["error"]
        return str(answer["text"])

    def kernel_json(self, expression: str, *, aside: bool = False) -> Any:
        """Evaluate a Python expression in the kernel and return its value, by way of JSON."""
        return json.loads(self.kernel(f"import json; print(json.dumps({expression}))", aside=aside))

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme, as its menu does: ``"JupyterLab Light"`` or ``"JupyterLab Dark"``."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        self.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=name)

    def save(self) -> Any:
        """Save the notebook and return it as nbformat reads it."""
        self._evaluate(_SAVE)
        return nbformat.read(self.notebook_path, as_version=4)

    def screenshot(self, name: str) -> Path:
        """Write a picture of the page to ``screenshots/<name>.png``, a folder that git ignores."""
        self._screenshots.mkdir(exist_ok=True)
        path = self._screenshots / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def close(self) -> None:
        """End the page, its kernel and its change of theme; the notebook's file stays for the reader."""
        self.page.close()
        for session in self.server.request("GET", "sessions"):
            # A kernel that the test itself ended is gone before its session is.
            with contextlib.suppress(urllib.error.HTTPError):
                self.server.request("DELETE", f"sessions/{session['id']}")
        themes = self.server.state / "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
        themes.unlink(missing_ok=True)

    def _evaluate(self, script: str, *arguments: object) -> Any:
        argument: object = [self._notebook, *arguments] if arguments else self._notebook
        # Playwright lets a script run for ever; a test that hangs should say where.
        limit = f"""new Promise((_, reject) =>
          setTimeout(() => reject(new Error("no answer in {CELL_SECONDS} s")), {CELL_SECONDS * 1000}))"""
        limited = f"argument => Promise.race([({script % _PANEL})(argument), {limit}])"
        return self.page.evaluate(limited, argument)

    def _note_request(self, request: Request) -> None:
        self._note_address(request.url)

    def _note_websocket(self, socket: WebSocket) -> None:
        self._note_address(socket.url)

    def _note_address(self, url: str) -> None:
        address = urlsplit(url)
        here = urlsplit(self.server.url).netloc
        if address.scheme not in {"data", "blob", "about"} and address.netloc != here:
            self.foreign_requests.append(url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)
