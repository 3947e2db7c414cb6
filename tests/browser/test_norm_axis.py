"""The axis of norms on screen: after each change of scale or norm, bars and ticks tell the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.shown import until

if TYPE_CHECKING:
    from tests.browser.shown import Cells

CHART = """model = ww.demo_model("edges")
explorer = ww.NormChart(model)
explorer.wait()
display(explorer)"""

NORMS = """[[float(w.double().norm()), float(w.double().square().mean().sqrt())]
           for w in (p.detach() for n, p in model.named_parameters() if "weight" in n)]"""

# The numbers at the ticks with their heights, and the heights at which bars end and begin, from the top.
_READ = """chart => {
  const [axis, bars] = chart.querySelectorAll(".ww-norms-bars .bqplot");
  const middle = ({ top, bottom }) => (top + bottom) / 2;
  const ticks = [...axis.querySelectorAll(".axis .tick")].map((tick) =>
    [Number(tick.textContent), middle(tick.querySelector("line").getBoundingClientRect())]);
  const ends = [...bars.querySelectorAll("rect.bar")].map((bar) => bar.getBoundingClientRect());
  return { ticks, ends: ends.slice(0, 4).map(({ top, bottom }) => [top, bottom]) };
}"""


def told(read: dict[str, list[list[float]]], *, log: bool) -> list[float]:
    """Read the norms off the picture: where bars end, on the line through the lowest and the highest tick."""
    ticks = np.array(sorted(read["ticks"]))
    numbers = np.log(ticks[:, 0]) if log else ticks[:, 0]
    slope = (numbers[-1] - numbers[0]) / (ticks[-1, 1] - ticks[0, 1])
    # Every tick stands on this line, and every bar on the lowest tick, where the axis begins.
    np.testing.assert_allclose(numbers, numbers[0] + slope * (ticks[:, 1] - ticks[0, 1]), atol=abs(slope))
    ends = np.array(read["ends"])
    np.testing.assert_allclose(ends[:, 1], ticks[0, 1], atol=1)
    heights = numbers[0] + slope * (ends[:, 0] - ticks[0, 1])
    return [float(height) for height in (np.exp(heights) if log else heights)]


@pytest.mark.usefixtures("show")
def test_bars_and_ticks_tell_the_norms_after_each_change_of_scale(notebook: Cells) -> None:
    lab = notebook.lab
    notebook.run(CHART)
    chart = lab.page.locator(".ww-norms-chart")
    button = chart.get_by_role("button", name="Logarithmic")
    norms = np.array(lab.kernel_json(NORMS))

    def agree(column: int, *, log: bool) -> bool:
        try:
            # Until the answer is drawn, what is read may be the other scale, with its zero.
            with np.errstate(all="ignore"):
                return told(chart.evaluate(_READ), log=log) == pytest.approx(
                    norms[:, column], rel=0.02, abs=0.02
                )
        except (AssertionError, IndexError):
            return False

    def wait(column: int, *, log: bool) -> None:
        until(lambda: agree(column, log=log), expected=True)

    wait(0, log=False)
    # There and back twice: a height that was no number once stays none.
    for _ in range(2):
        button.click()
        wait(0, log=True)
        chart.get_by_label("norm", exact=True).select_option("rms")
        wait(1, log=True)
        button.click()
        wait(1, log=False)
        chart.get_by_label("norm", exact=True).select_option("frobenius")
        wait(0, log=False)
    assert lab.console_errors == []
    # What is selected is marked on either scale, and a click on it is heard.
    button.click()
    wait(0, log=True)
    chart.locator("rect.bar").nth(4 + 1 + 2).click(position={"x": 5, "y": 4})
    until(lambda: lab.kernel_json("explorer.layer"), "conv3")
