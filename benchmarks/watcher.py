"""Times, inside the page, from an input event to the frame after the last pixel that it changed.

One poller serves every variant: once an animation frame it reads what the watched elements show (canvas
pixels, image addresses, SVG attributes) into one number. Reading takes part of the frame for all alike.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_POLLER = """
window.benchmark = (() => {
  const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
  const mix = (hash, value) => (Math.imul(hash ^ value, 16777619) >>> 0);
  const ofText = text => { let h = 2166136261; for (let i = 0; i < text.length; i++) h = mix(h, text.charCodeAt(i)); return h; };
  const ofCanvas = canvas => {
    if (!canvas.width || !canvas.height) return 0;
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    let h = 2166136261;
    for (let i = 0; i < pixels.length; i += 5) h = mix(h, pixels[i]);
    return h;
  };
  const ofElement = element =>
    element instanceof HTMLCanvasElement ? ofCanvas(element)
    : element instanceof HTMLImageElement ? ofText(element.src) * (element.complete ? 1 : 0)
    : ofText(element.outerHTML);
  const look = selector => [...document.querySelectorAll(selector)].reduce((h, e) => mix(h, ofElement(e)), 7);
  const acts = {
    range: selector => { const input = document.querySelector(selector); input.value = String(Number(input.value) + 1);
      input.dispatchEvent(new Event("input", { bubbles: true })); },
    key: selector => { const target = document.querySelector(selector); target.focus();
      target.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true })); },
    click: selector => document.querySelector(selector).click(),
    nothing: selector => { const canvas = document.querySelector(selector); const context = canvas.getContext("2d");
      context.fillStyle = context.fillStyle === "#000000" ? "#ffffff" : "#000000"; context.fillRect(0, 0, 9, 9); },
  };
  const step = async (act, target, watched, quiet) => {
    await frame();
    let [seen, last] = [look(watched), null];
    const start = performance.now();
    acts[act](target);
    for (let still = 0; still < quiet; ) {
      await frame();
      const now = look(watched);
      if (now !== seen) { seen = now; last = performance.now(); still = 0; }
      else if (last !== null) still += 1;
      if (performance.now() - start > 20000) throw new Error(`nothing changed in ${watched}`);
    }
    return last - start;
  };
  const drag = async (target, watched, steps, seconds) => {
    const seen = new Set([look(watched)]);
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < seconds * 1000 + 400) {
      const due = Math.min(steps, Math.floor((performance.now() - start) / (seconds * 1000 / steps)));
      if (done < due) { acts.range(target); done += 1; }
      await frame();
      seen.add(look(watched));
    }
    return [done, seen.size - 1];
  };
  const appear = async (watched, start) => {
    const empty = canvas => !canvas || !canvas.width || new Uint32Array(canvas.getContext("2d")
      .getImageData(0, 0, canvas.width, canvas.height).data.buffer).every(value => value === 0);
    while (watched.some(selector => empty(document.querySelector(selector)))) await frame();
    return performance.now() - start;
  };
  const field = () => { const canvas = document.createElement("canvas"); canvas.id = "empty-frame";
    canvas.width = 600; canvas.height = 250; document.body.append(canvas); };
  return { step, drag, appear, field };
})();
"""


class Watcher:
    """The poller in one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.evaluate(_POLLER)

    def steps(self, act: str, target: str, watched: str, *, count: int, quiet: int = 2) -> list[float]:
        """Time `count` steps in milliseconds, after two that warm up."""
        script = "([act, target, watched, quiet]) => benchmark.step(act, target, watched, quiet)"
        times = [self._page.evaluate(script, [act, target, watched, quiet]) for _ in range(count + 2)]
        return [float(time) for time in times[2:]]

    def empty_frames(self, count: int) -> list[float]:
        """Time the least that can be: one fill of a canvas that nobody computes anything for."""
        self._page.evaluate("benchmark.field()")
        return self.steps("nothing", "#empty-frame", "#empty-frame", count=count)

    def drag(self, target: str, watched: str, *, steps: int = 60) -> tuple[int, int]:
        """Step a slider `steps` times in a second: how many steps were made, how many pictures seen."""
        done, seen = self._page.evaluate(
            "([target, watched, steps]) => benchmark.drag(target, watched, steps, 1)", [target, watched, steps]
        )
        return int(done), int(seen)


def middle(times: list[float]) -> float:
    """Median, the one figure that a noisy machine cannot push far."""
    return median(times)


Result = dict[str, Any]
