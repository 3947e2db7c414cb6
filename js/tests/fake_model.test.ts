import { expect, test } from "vitest";
import { FakeModel, press, show, thaw, watchListeners } from "./fake_model";

test("several traits saved together are one message, and an unchanged trait is none", () => {
  const model = new FakeModel({ bins: 50, bounds: [0, 1] });
  model.set("bins", 51);
  model.set("bounds", [0, 2]);
  model.save_changes();
  model.set("bounds", [0, 2]);
  model.save_changes();
  expect(model.messages).toEqual([{ bins: 51, bounds: [0, 2] }]);
  expect(model.saves).toBe(2);
});

test("a dict with equal contents is no change, one with bytes is", () => {
  const wanted = { token: 7, pages: [1, 2] };
  const model = new FakeModel<{ wanted: object }>({ wanted });
  let changes = 0;
  model.on("change", () => {
    changes += 1;
  });
  model.set("wanted", { token: 7, pages: [1, 2] });
  expect(changes).toBe(0);
  const bytes = () => ({ data: new DataView(new ArrayBuffer(2)) });
  model.receive({ wanted: bytes() });
  model.receive({ wanted: bytes() });
  expect(changes).toBe(2);
});

test("a message of the kernel sets everything before one change event", () => {
  const model = new FakeModel({ layer: 0, frame: 0 });
  const seen: number[][] = [];
  model.on("change", () => seen.push([model.get("layer"), model.get("frame")]));
  model.kernel = (message) => ({ frame: 10 * (message.layer ?? 0) });
  model.set("layer", 3);
  model.save_changes();
  expect(seen).toEqual([
    [3, 0],
    [3, 30],
  ]);
});

test("bytes thaw at a place where no typed array may begin", () => {
  const { data } = thaw<{ data: DataView }>({ data: { base64: "AQIDBA==" } });
  expect(data.byteLength).toBe(4);
  expect(data.byteOffset % 2).toBe(1);
  expect(data.getUint8(3)).toBe(4);
});

test("a listener that a view leaves behind is named", () => {
  const watch = watchListeners();
  try {
    const abort = new AbortController();
    const leaky = {
      render: ({ el }: { el: HTMLElement }) => {
        const root = document.createElement("section");
        root.className = "ww-view";
        root.addEventListener("keydown", () => {}, { signal: abort.signal });
        root.addEventListener("click", () => {});
        new ResizeObserver(() => {}).observe(root);
        el.append(root);
        return () => abort.abort();
      },
    };
    const shown = show(leaky, {});
    expect(press(shown.root, "a").defaultPrevented).toBe(false);
    shown.close();
    expect(watch.left()).toEqual(["HTMLElement click", "ResizeObserver"]);
  } finally {
    watch.stop();
  }
});
