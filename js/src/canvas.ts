/** Canvas 2D at the screen's own resolution, and the colours that the page's theme gives. */

export interface Sheet {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** Device pixels to a CSS pixel; it changes as a page is zoomed or moved to another screen. */
export const deviceRatio = (): number => window.devicePixelRatio || 1;

/** Size the canvas in CSS pixels and hand back a context that draws in CSS pixels. */
export function fit(canvas: HTMLCanvasElement, width: number, height: number): Sheet {
  const ratio = deviceRatio();
  const [deviceWidth, deviceHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== deviceWidth || canvas.height !== deviceHeight) {
    canvas.width = deviceWidth;
    canvas.height = deviceHeight;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { canvas, context, width, height };
}

export interface Palette {
  text: string;
  muted: string;
  line: string;
  surface: string;
  accent: string;
  bar: string;
  overlay: string;
  band: string;
  font: string;
}

/** The text's size in CSS pixels; a view that is not in the page yet has none, and is drawn again when it is. */
export const emOf = (palette: Palette): number => Number.parseFloat(palette.font) || 12;

/** The theme's colours, resolved: a canvas cannot read CSS variables. */
export function palette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const read = (name: string) => style.getPropertyValue(`--ww-${name}`).trim();
  return {
    text: read("text"),
    muted: read("muted"),
    line: read("line"),
    surface: read("surface"),
    accent: read("accent"),
    bar: read("bar"),
    overlay: read("overlay"),
    band: read("band"),
    font: `${style.fontSize} ${style.fontFamily}`,
  };
}

/** Call `redraw` when the theme changes or when the element gets another width. */
export function follow(root: HTMLElement, signal: AbortSignal, redraw: () => void): void {
  let width = root.clientWidth;
  const renew = () => {
    if (signal.aborted) return;
    width = root.clientWidth;
    // The notebook hides its cells while it changes the theme, sometimes too shortly for a resize to be told.
    if (width > 0) redraw();
    else requestAnimationFrame(() => root.clientWidth > 0 && renew());
  };
  const theme = new MutationObserver(renew);
  for (const element of [document.body, document.documentElement])
    theme.observe(element, {
      attributes: true,
      attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class", "theme"],
    });
  const size = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    if (width > 0) redraw();
  });
  size.observe(root);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  signal.addEventListener("abort", () => {
    theme.disconnect();
    size.disconnect();
  });
}
