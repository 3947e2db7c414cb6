"""What a test of the explorer holds: its views in the page, their controls, and what went over the wire."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, WebSocket

    from tests.browser.harness import Lab

WAIT_SECONDS = 20

_RUN_LAST_CELL = """async source => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const index = content.widgets.length - 1;
  const { model } = content.widgets[index];
  model.sharedModel.setSource(source);
  content.activeCellIndex = index;
  await window.jupyterapp.commands.execute("notebook:run-cell");
  return model.outputs.toJSON().filter(output => output.output_type === "error")
    .map(output => output.traceback.join("\\n"));
}"""

_CLOSE_ALL = """
import ipywidgets
for _open in list(ipywidgets.widgets.widget._instances.values()):
    if isinstance(_open, ipywidgets.Box) and not isinstance(_open, ipywidgets.HBox): _open.close()
for _open in list(ipywidgets.widgets.widget._instances.values()):
    _open.close()
"""


class Wire:
    """The messages between a page and its kernels, by their length; made before the notebook is opened.

    Attributes
    ----------
    received, sent : list of int
        Bytes of each message of a widget, in order.
    """

    def __init__(self, lab: Lab) -> None:
        self.received: list[int] = []
        self.sent: list[int] = []
        lab.page.on("websocket", self._listen)

    def clear(self) -> None:
        """Forget what went by."""
        self.received.clear()
        self.sent.clear()

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self._note(self.received, frame))
        socket.on("framesent", lambda frame: self._note(self.sent, frame))

    @staticmethod
    def _note(lengths: list[int], frame: str | bytes) -> None:
        message = frame.encode() if isinstance(frame, str) else frame
        if b'"comm_msg"' in message or b'"comm_open"' in message:
            lengths.append(len(message))


class Shown:
    """One display of an explorer."""

    def __init__(self, lab: Lab, display: int = 0) -> None:
        self.lab = lab
        self.page = lab.page
        self.root: Locator = self.page.locator(".jp-OutputArea-output:has(.ww-toolbar)").nth(display)
        self.toolbar = self.root.locator(".ww-toolbar")
        self.table = self.root.locator(".ww-table")
        self.grid = self.root.locator(".ww-grid").first
        self.histogram = self.root.locator(".ww-histogram").first
        self.statistics = self.root.locator(".ww-statistics")
        self.tiles = self.grid.locator(".ww-grid-canvas")
        # The live region says the same.
        self.selected = self.histogram.locator(".ww-histogram-readout").filter(has_text="Selected:")
        self.bars = self.histogram.locator(".ww-histogram-bars")
        # The bars of the norms, then the band of the selected one, then the columns that take the pointer.
        self.norm_bars = self.root.locator(".bqplot rect.bar")

    def wait(self) -> None:
        """Wait until the explorer is drawn: bars, tiles, and every layer measured."""
        self.bars.wait_for()
        self.tiles.wait_for()
        self.table.get_by_text("parameters", exact=False).last.wait_for()

    def row(self, layer: str) -> Locator:
        """The table's row of a layer."""
        name = self.page.get_by_text(layer, exact=True)
        return self.table.locator(".ww-table-row:visible", has=name)

    def slider(self, view: Locator, label: str) -> Locator:
        """The slider of that label."""
        return view.locator(f"input[type=range][aria-label='{label}']")

    def number(self, view: Locator, label: str) -> Locator:
        """The number beside the slider of that label."""
        return view.get_by_label(f"{label}, as a number")

    def caption(self, view: Locator) -> str:
        """What stands under a view."""
        return view.locator(".ww-caption").inner_text()

    def wait_caption(self, view: Locator, part: str) -> None:
        """Wait until the words under a view hold `part`."""
        view.locator(".ww-caption").filter(has_text=part).wait_for()

    def wait_layer(self, layer: str) -> None:
        """Wait until all pictures are of that layer."""
        for view in (self.grid, self.histogram):
            view.locator(".ww-title").filter(has_text=layer).wait_for()

    def python(self, expression: str, *, aside: bool = False) -> Any:
        """Evaluate an expression in the kernel."""
        return self.lab.kernel_json(expression, aside=aside)

    def wait_python(self, expression: str, expected: object, *, aside: bool = False) -> None:
        """Wait until an expression in the kernel has that value."""
        until(lambda: self.python(expression, aside=aside), expected)


def until(read: Callable[[], object], expected: object) -> None:
    """Read again and again until the value is as expected; fail with the last one."""
    end = time.monotonic() + WAIT_SECONDS
    while (value := read()) != expected:
        assert time.monotonic() < end, f"expected {expected!r}, but it stays {value!r}"
        time.sleep(0.03)


class Cells:
    """A notebook of two cells that the tests of a module share: imports, and what a test shows of its own."""

    def __init__(self, lab: Lab, imports: str) -> None:
        self.lab = lab
        lab.open_notebook([imports, ""])

    def show(self, source: str) -> Shown:
        """Close what the kernel shows, run `source` in the last cell and wait for its explorer."""
        self.close()
        self.run(source)
        shown = Shown(self.lab)
        shown.wait()
        return shown

    def run(self, source: str) -> None:
        """Run `source` in the last cell; AssertionError with the traceback if it raises."""
        errors = self.lab.page.evaluate(_RUN_LAST_CELL, source)
        assert not errors, "\n".join(errors)

    def close(self) -> None:
        """Close every widget of the kernel."""
        self.lab.kernel(_CLOSE_ALL)


def focused(lab: Lab) -> str:
    """Give the role and the label of what has the focus."""
    return str(
        lab.page.evaluate(
            """() => {
              const { activeElement: element } = document;
              const role = element.getAttribute("role") ?? element.type ?? element.tagName.toLowerCase();
              const view = element.closest(".ww-view")?.className.split(" ")[1] ?? "";
              return `${view} ${role} ${element.getAttribute("aria-label") ?? element.textContent}`.trim();
            }"""
        )
    )


def accessible(lab: Lab, root: Locator) -> list[tuple[str, str]]:
    """Give role and name of everything in `root` as Chromium tells a screen reader."""
    session = lab.page.context.new_cdp_session(lab.page)
    root.evaluate("element => element.setAttribute('data-asked', '')")
    document = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": document, "selector": "[data-asked]"})["nodeId"]
    found = session.send("Accessibility.queryAXTree", {"nodeId": node})["nodes"]
    session.detach()
    return [
        (entry["role"]["value"], entry.get("name", {}).get("value", ""))
        for entry in found
        if not entry.get("ignored") and "role" in entry
    ]
