"""Exploring a model while it trains: controls answer, fresh weights are seen, training does not notice."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np

from tests.browser.drawn import levels, read_bars, read_tiles
from tests.browser.shown import Shown, until

if TYPE_CHECKING:
    from tests.browser.harness import Lab

SETUP = """
import logging, threading, time
import torch
from torch import nn
import weightwidgets as ww
from weightwidgets.widgets._desk import workers

problems = []

class Note(logging.Handler):
    def emit(self, record):
        problems.append(self.format(record))

for log in (logging.getLogger(), get_ipython().kernel.log, logging.getLogger("Comm")):
    log.addHandler(Note(logging.ERROR))
threading.excepthook = lambda problem: problems.append(repr(problem.exc_value))

# What a pool's task raises is lost unless somebody asks for it.
pool, submit = workers(), workers().submit
def watched(*arguments, **options):
    task = submit(*arguments, **options)
    task.add_done_callback(lambda done: done.exception() and problems.append(repr(done.exception())))
    return task
pool.submit = watched

torch.set_num_threads(1)

def fresh():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 16, 5), nn.ReLU(), nn.Conv2d(16, 8, 3), nn.Flatten(), nn.Linear(800, 4))

def train(model, goes_on, publish=lambda step: None):
    random = torch.Generator().manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=0.01)
    step = 0
    while goes_on(step):
        x = torch.randn(8, 3, 16, 16, generator=random)
        y = torch.randint(4, (8,), generator=random)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        publish(step)
        step += 1
    return step

trains, steps, answered = False, 0, []
def note(change):
    main = threading.current_thread() is threading.main_thread()
    answered.append([change.name, change.new, trains, main])
"""

SHOW = """
model = fresh()
explorer = ww.WeightExplorer(model)
explorer.observe(note, ["layer", "filter_index", "bins"])
explorer.toolbar.panel = "norms"
explorer
"""

# The loop itself and a thread of the user's publish on the very comms that the browser's controls use.
TRAIN = """
def publish(step):
    if step % 20 == 0:
        explorer.selected_range = (-0.01 - 0.001 * (step % 7), 0.01)
def beside():
    while trains:
        explorer.histogram.log_counts = not explorer.histogram.log_counts
        explorer.refresh()
        time.sleep(0.1)
trains = True
thread = threading.Thread(target=beside)
thread.start()
try:
    steps = train(model, lambda step: trains, publish)
finally:
    trains = False
    thread.join()
explorer.selected_range, explorer.histogram.log_counts = None, False
"""

AGAIN = """
again = fresh()
train(again, lambda step: step < steps)
same = all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values()))
"""


def recorded(lab: Lab, name: str) -> list[object]:
    """Give the values that a trait took in the kernel: all while the loop ran, none in its thread."""
    found = lab.kernel_json("answered", aside=True)
    assert all(trains and not main for _, _, trains, main in found), found
    return [value for trait, value, _, _ in found if trait == name]


def step_controls(shown: Shown, lab: Lab) -> None:
    """Thirty slider steps; the next begins when the kernel has answered the last one."""
    bins = shown.slider(shown.histogram, "bins")
    for number in range(51, 56):
        bins.press("ArrowRight")
        until(lambda: recorded(lab, "bins")[-1:], [number])
    number_of_bins = shown.number(shown.histogram, "bins")
    for number in range(300, 310):
        number_of_bins.fill(str(number))
        number_of_bins.press("Enter")
        # Only the kernel counts so many.
        until(lambda: shown.bars.get_attribute("aria-valuemax"), str(number))
    filters = shown.slider(shown.grid, "filter")
    for index in range(1, 16):
        filters.press("ArrowRight")
        assert filters.input_value() == str(index)
        shown.wait_caption(shown.histogram, f"of filter {index}.")
    assert recorded(lab, "filter_index") == list(range(1, 16))
    assert recorded(lab, "bins") == [*range(51, 56), *range(300, 310)]


def choose_layers(shown: Shown, lab: Lab) -> None:
    """Click rows of the table and bars of the norms."""
    for layer in ("4", "0", "2"):
        shown.row(layer).click()
        shown.wait_layer(layer)
    # After three bars and the band come three columns.
    for place, layer in ((4, "0"), (6, "4"), (5, "2"), (4, "0")):
        shown.norm_bars.nth(place).click()
        shown.wait_layer(layer)
    assert recorded(lab, "layer") == ["4", "0", "2", "0", "4", "2", "0"]


def test_a_model_is_explored_while_it_trains_and_trains_as_if_alone(lab: Lab) -> None:
    page = lab.open_notebook([SETUP, SHOW, TRAIN], run=False)
    lab.run_cell(0)
    lab.run_cell(1)
    shown = Shown(lab)
    shown.wait()
    lab.wait_idle()
    lab.kernel("answered.clear()")
    lab.run_cell(2)
    until(lambda: lab.kernel_json("trains", aside=True), expected=True)

    step_controls(shown, lab)
    choose_layers(shown, lab)
    seen = set()
    norm = shown.statistics.locator("tr", has_text="L2").locator("td").first
    for _ in range(8):
        seen.add(norm.inner_text())
        page.wait_for_timeout(150)
    assert len(seen) >= 3, "the weights change, but the view does not"
    shown.wait_caption(shown.histogram, "it may mix two training steps")
    assert lab.kernel_json("trains", aside=True) is True

    # Nothing is asked after the cell, so that nothing but its end can bring its last weights.
    lab.kernel("explorer.bins = 40; trains = False", aside=True)
    lab.wait_idle()
    weight = first_weight(lab)
    shown.histogram.locator(".ww-caption").filter(has_not_text="two training steps").wait_for()
    until(lambda: shown.bars.get_attribute("aria-valuemax"), "40")
    until(lambda: drawn_as(shown, weight, 40), expected=True)

    assert lab.kernel_json("problems") == []
    lab.kernel("explorer.close()\n" + AGAIN)
    assert lab.kernel_json("same and steps > 50")
    assert lab.save().cells[2].outputs == []


LOUDER = """
with torch.no_grad():
    model[0].weight[:8].mul_(3)
"""


def test_a_cell_that_changes_weights_has_every_view_redrawn_when_it_ends(lab: Lab) -> None:
    lab.open_notebook([SETUP, SHOW, LOUDER], run=False)
    lab.run_cell(0)
    lab.run_cell(1)
    shown = Shown(lab)
    shown.wait()
    lab.wait_idle()
    lab.kernel("explorer.grid.color_scope = 'layer'")
    weight = first_weight(lab)
    # Eight of sixteen filters: the others must look fainter, and the bars stand elsewhere.
    louder = weight * np.where(np.arange(16) < 8, np.float32(3), np.float32(1))[:, None, None, None]
    until(lambda: [drawn_as(shown, of) for of in (weight, louder)], [True, False])
    until(lambda: [tiles_drawn_as(shown, of) for of in (weight, louder)], [True, False])
    until(lambda: [told(shown, of) for of in (weight, louder)], [[True] * 3, [False] * 3])

    lab.run_cell(2)
    until(lambda: drawn_as(shown, louder), expected=True)
    until(lambda: tiles_drawn_as(shown, louder), expected=True)
    until(lambda: told(shown, louder), [True] * 3)
    # Read when nothing could change any more, and said so.
    assert "two training steps" not in shown.caption(shown.histogram)
    assert np.array_equal(first_weight(lab), louder)
    assert lab.kernel_json("problems") == []


def first_weight(lab: Lab) -> np.ndarray:
    text = lab.kernel("import base64; print(base64.b64encode(model[0].weight.detach().numpy()).decode())")
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(16, 3, 5, 5)


def tiles_drawn_as(shown: Shown, weight: np.ndarray) -> bool:
    expected = levels(weight / np.abs(weight).max()).transpose(0, 2, 3, 1)
    tiles = read_tiles(shown.grid, 5, 5)[:, 0, ..., :3]
    return bool(np.abs(tiles - expected[: len(tiles)]).max() <= 1)


def told(shown: Shown, weight: np.ndarray) -> list[bool]:
    """Say of the layer's row, of the statistics and of the chart of norms whether they tell its norm."""
    norm, next_norm = np.linalg.norm(weight.astype(float)), shown.python("float(model[2].weight.norm())")
    number = f"{norm:.4g}"
    texts = [shown.row("0").inner_text(), shown.statistics.locator("tr", has_text="L2").inner_text()]
    bar, next_bar, *_ = [bar.evaluate("bar => bar.getBBox().height") for bar in shown.norm_bars.all()]
    return [*(number in text.split() for text in texts), abs(bar / next_bar - norm / next_norm) < 0.02]


def drawn_as(shown: Shown, weight: np.ndarray, bins: int = 50) -> bool:
    bars = read_bars(shown.histogram, bins)
    counts = np.histogram(weight, bins)[0]
    heights = np.maximum(np.rint(bars.full * counts / counts.max()), counts > 0)
    return bool((bars.least - 1 <= heights).all() and (heights <= bars.most + 1).all())
