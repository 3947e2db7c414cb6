"""Explorers come and go without a trace: in the kernel, on its comms and in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.harness import Lab

SETUP = """
import gc, os, time, weakref
import comm, psutil, torch
from IPython.display import clear_output, display
from ipywidgets.widgets.widget import _instances
from torch import nn
import weightwidgets as ww

torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3), nn.Linear(16, 10))
seen, sizes = [], []

def cycle(number):
    explorer = ww.WeightExplorer(model)
    if number % 10 == 0:
        # What is made only when it is wanted must go as well.
        explorer.toolbar.panel = "norms" if number % 20 else "histograms"
        explorer.toolbar.shuffle = True
        display(explorer)
    display(explorer)
    explorer.layer, explorer.bins = "2", 20
    clear_output()
    views = (explorer.grid, explorer.histogram, explorer.table, explorer.statistics, explorer.toolbar)
    seen.extend(map(weakref.ref, (explorer, *views)))
    explorer.close()

def count():
    gc.collect()
    return [len(_instances), len(comm.get_comm_manager().comms)]
"""

RUN = """
for number in range(200):
    cycle(number)
    if number % 50 == 49:
        gc.collect()
        sizes.append(psutil.Process().memory_info().rss / 1e6)
after = count()
alive = sum(reference() is not None for reference in seen)
"""


def test_two_hundred_explorers_leave_nothing_behind(lab: Lab) -> None:
    page = lab.open_notebook([SETUP, RUN, "ww.WeightExplorer(model)"])
    page.locator(".ww-histogram canvas").wait_for()
    assert lab.kernel_json("after") == [0, 0]
    assert lab.kernel_json("alive") == 0
    sizes = lab.kernel_json("sizes")
    assert sizes[-1] - sizes[0] <= 20, sizes
    # The five views of the explorer that is open, and none of those that were closed.
    assert page.locator(".ww-view").count() == 5


def test_closing_takes_an_explorer_out_of_the_page_and_a_closed_one_stays_closed(lab: Lab) -> None:
    page = lab.open_notebook([SETUP, "explorer = ww.WeightExplorer(model)\nexplorer"])
    page.locator(".ww-histogram canvas").wait_for()
    lab.kernel("explorer.close(); explorer.close()")
    page.locator(".ww-view").first.wait_for(state="detached")
    assert page.locator(".ww-view").count() == 0
    lab.kernel("with torch.no_grad(): model[0].weight.mul_(2)")
    assert lab.kernel_json("count()") == [0, 0]


def test_a_kernel_that_is_gone_leaves_the_last_picture_and_no_exception(lab: Lab) -> None:
    page = lab.open_notebook([SETUP, "explorer = ww.WeightExplorer(model)\nexplorer"])
    bars = page.locator(".ww-histogram canvas").first
    bars.wait_for()
    lab.server.request("DELETE", f"kernels/{lab.server.request('GET', 'kernels')[0]['id']}")
    page.wait_for_timeout(500)
    slider = page.locator(".ww-histogram input[type=range]").first
    slider.press("ArrowRight")
    # The bins are drawn from the frame in hand: there is no need of a kernel.
    assert bars.get_attribute("aria-valuemax") == "51"
