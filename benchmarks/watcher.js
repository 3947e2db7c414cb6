/*
 * Times, inside the page, from an input event to the first animation frame that has the last pixel it changed.
 *
 * One poller serves every variant. Once an animation frame it reads what the watched elements show (pixels of a
 * canvas, address of an image, markup of anything else) into one number each. An act comes in a task of its own
 * after a frame, so that the least that can be measured, an act which only fills a canvas, is one frame.
 */
window.benchmark = (() => {
  const PATIENCE = 60_000;

  // Outside of the body, where what it does is no stirring of the page. Chromium makes the frame after one that
  // showed nothing new wait for the display, also where the display's rate is lifted; so each shows this dot anew.
  const dot = document.createElement("i");
  dot.style.cssText = "position: fixed; left: 0; top: 0; width: 1px; height: 1px; z-index: 9";
  document.documentElement.append(dot);

  /** The next frame: when its scripts ran, and how late that was. */
  const nextFrame = () =>
    new Promise((resolve) =>
      requestAnimationFrame((due) => {
        const now = performance.now();
        dot.style.background = dot.style.background === "white" ? "black" : "white";
        resolve({ now, late: now - due });
      }),
    );

  const frame = async () => (await nextFrame()).now;

  // A timer would wait four milliseconds, a quarter of a frame, once it has been set a few times.
  const channel = new MessageChannel();
  const task = () =>
    new Promise((resolve) => {
      channel.port1.onmessage = resolve;
      channel.port2.postMessage(null);
    });

  /**
   * Wait for the beginning of a frame that came on time. On a busy machine a late one leaves an act less than a
   * frame, now more, now less; sixty late ones are no reason to wait for ever.
   */
  const onTime = async () => {
    for (let tries = 0; (await nextFrame()).late > 2 && tries < 60; ) tries += 1;
    await task();
  };

  const mix = (hash, value) => Math.imul(hash ^ value, 16777619) >>> 0;

  const hashOfText = (text) => {
    let hash = 2166136261;
    for (let index = 0; index < text.length; index++) hash = mix(hash, text.charCodeAt(index));
    return hash;
  };

  const pixelsOf = (canvas) => {
    const { width, height } = canvas;
    if (width === 0 || height === 0) return new Uint32Array();
    return new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
  };

  // A plain loop: reading must leave the page the most of each frame.
  const hashOfPixels = (pixels) => {
    let hash = pixels.length;
    for (let index = 0; index < pixels.length; index++) hash = Math.imul(hash ^ pixels[index], 16777619);
    return hash >>> 0;
  };

  const look = (element) => {
    if (element instanceof HTMLCanvasElement) return hashOfPixels(pixelsOf(element));
    if (element instanceof HTMLImageElement) return element.complete ? hashOfText(element.src) : 0;
    return hashOfText(element.outerHTML);
  };

  const lookAt = (selector) => [...document.querySelectorAll(selector)].map(look).reduce(mix, 0);

  const isShown = (element) => {
    if (!element || element.hidden) return false;
    if (element instanceof HTMLCanvasElement) return pixelsOf(element).some((pixel) => pixel !== 0);
    return element.textContent.trim() !== "";
  };

  let fills = 0;
  const acts = {
    /** Move a native slider by one, from its end back to its beginning. */
    slide: (input) => {
      const next = Number(input.value) + 1;
      input.value = next > Number(input.max) ? input.min : String(next);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    },
    fill: (canvas) => {
      const context = canvas.getContext("2d");
      context.fillStyle = `rgb(${fills % 256} ${fills >> 8} 128)`;
      fills += 1;
      context.fillRect(0, 0, canvas.width, canvas.height);
    },
  };

  const press = (target, key) => {
    target.focus();
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  };

  const perform = (act, selector) => {
    const target = document.querySelector(selector);
    if (!target) throw new Error(`there is no ${selector}`);
    if (act in acts) acts[act](target);
    else press(target, act);
  };

  /**
   * Tells whether the page stands still. Markup that changes and an image that has come end the wait; what is
   * drawn on a canvas is told to nobody.
   */
  const listen = () => {
    let stirred = false;
    let wake = () => {};
    const stir = () => {
      stirred = true;
      wake();
    };
    const observer = new MutationObserver(stir);
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    document.addEventListener("load", stir, true);
    return {
      still: async (rest) => {
        const over = (resolve) => {
          wake = resolve;
          setTimeout(resolve, rest);
        };
        if (!stirred && rest > 0) await new Promise(over);
        const before = stirred;
        stirred = false;
        return !before || rest === 0;
      },
      end: () => {
        observer.disconnect();
        document.removeEventListener("load", stir, true);
      },
    };
  };

  /**
   * Act once; for each watched selector, milliseconds until its last change, after which it was looked at `quiet`
   * times. Between two looks lies a frame and, as long as the page stands still, a rest in milliseconds: a thousand
   * looks a second would take from a kernel the core that it computes on.
   */
  const step = async (act, target, watched, quiet, rest) => {
    await frame();
    await task();
    const seen = watched.map(lookAt);
    const last = watched.map(() => null);
    await onTime();
    const page = listen();
    const start = performance.now();
    perform(act, target);
    for (let still = 0; still < quiet || last.includes(null); ) {
      const now = await frame();
      watched.map(lookAt).forEach((picture, index) => {
        if (picture === seen[index]) return;
        seen[index] = picture;
        last[index] = now - start;
        still = 0;
      });
      if (await page.still(rest)) still += 1;
      if (now - start > PATIENCE) throw new Error(`no change in ${watched.filter((_, i) => last[i] === null)}`);
    }
    page.end();
    return last;
  };

  /** Act `steps` times, once a frame: how many pictures came to be seen, and milliseconds until the last act's frame. */
  const drag = async (act, target, watched, steps, quiet) => {
    const first = lookAt(watched);
    const pictures = new Set([first]);
    await onTime();
    const start = performance.now();
    let elapsed = 0;
    for (let done = 0; done < steps; done++) {
      perform(act, target);
      elapsed = (await frame()) - start;
      pictures.add(lookAt(watched));
      await task();
    }
    for (let still = 0; still < quiet; still++) {
      await frame();
      const before = pictures.size;
      if (pictures.add(lookAt(watched)).size > before) still = 0;
    }
    return [pictures.size - 1, elapsed];
  };

  /** Milliseconds since `start` until the first frame in which every selector shows something. */
  const appear = async (watched, start) => {
    for (;;) {
      const now = (await frame()) - start;
      const missing = watched.filter((selector) => !isShown(document.querySelector(selector)));
      if (missing.length === 0) return now;
      if (now > PATIENCE) throw new Error(`nothing is seen of ${missing}`);
    }
  };

  /** A canvas as large as the first one that is watched, for nobody's drawing. */
  const addEmpty = (watched) => {
    const { width = 600, height = 250 } = document.querySelector(watched) ?? {};
    const canvas = Object.assign(document.createElement("canvas"), { id: "benchmark-empty", width, height });
    canvas.style.cssText = "position: fixed; right: 0; bottom: 0; z-index: 9; opacity: 0.5; pointer-events: none";
    document.body.append(canvas);
  };

  return { step, drag, appear, addEmpty, now: () => performance.now() };
})();
