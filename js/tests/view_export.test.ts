import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Exports, h, mount, type Shared } from "../src/view";
import { PATIENCE } from "../src/view_export";
import { toBytes } from "../src/wire";
import { pixel, press, type Shown, show } from "./fake_model";

const STATE: Shared = {
  error: toBytes(""),
  notice: toBytes(""),
  size: "normal",
  picture_request: 0,
  png: {},
};

const open = (exports: Partial<Exports> = {}): Shown<Shared> =>
  show<Shared>(
    {
      render: (context) =>
        mount(
          context,
          { kind: "test", label: "A view", exports: { name: () => "name", ...exports } },
          () => undefined,
        ),
    },
    STATE,
  );

/** A button of the menu by its words. */
function item(root: HTMLElement, label: string): HTMLElement {
  const found = [...root.querySelectorAll<HTMLElement>(".ww-menu-item")].find(
    (one) => one.textContent === label,
  );
  if (!found) throw new Error(`the menu has no ${label}`);
  return found;
}

const said = (root: HTMLElement) => root.querySelector("[role=status]")?.textContent;

function painted(): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [7, 5];
  const context = canvas.getContext("2d");
  if (context) context.fillStyle = "rgb(10 20 30)";
  context?.fillRect(2, 1, 5, 4);
  return canvas;
}

/** A frame as the kernel answers a request for a picture. */
function frame(request: number, ...bytes: number[]): Record<string, unknown> {
  const data = new DataView(Uint8Array.from(bytes).buffer);
  return { request, png: { shape: [bytes.length], dtype: "uint8", data } };
}

let saved: { name: string; blob: Blob }[] = [];

beforeEach(() => {
  saved = [];
  const made = vi.spyOn(URL, "createObjectURL");
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ name: this.download, blob: made.mock.calls.at(-1)?.[0] as Blob });
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a view that draws no canvas and counts nothing offers the kernel's picture alone", () => {
  const { root } = open();
  const items = [...root.querySelectorAll(".ww-menu-item")].map((one) => one.textContent);
  expect(items).toEqual(["Copy picture", "Download PNG"]);
});

test("the menu opens, closes on Escape, and shows and says when something does not work", async () => {
  const csv = vi
    .fn(() => "a\r\n")
    .mockImplementationOnce(() => {
      throw new Error("no numbers yet");
    });
  const { root, find } = open({ csv });
  const details = find<HTMLDetailsElement>("details");
  details.open = true;
  press(details, "Escape");
  expect(details.open).toBe(false);
  item(root, "Download CSV").click();
  await vi.waitFor(() => expect(said(root)).toContain("no numbers yet"));
  expect(details.open).toBe(true);
  expect(find(".ww-menu-problem").textContent).toContain("no numbers yet");
  item(root, "Download CSV").click();
  await vi.waitFor(() => expect(said(root)).toBe("Download CSV: done"));
  expect(find(".ww-menu-problem").textContent).toBe("");
});

test("numbers are downloaded under the view's name", async () => {
  const { root } = open({ csv: () => "a\r\n" });
  item(root, "Download CSV").click();
  expect(saved.map(({ name }) => name)).toEqual(["name.csv"]);
  expect(await saved[0]?.blob.text()).toBe("a\r\n");
});

test("a downloaded picture has the pixels that were drawn, and asks the kernel nothing", async () => {
  const { model, root } = open({ canvas: painted });
  item(root, "Download PNG").click();
  await vi.waitFor(() => expect(said(root)).toBe("Download PNG: done"));
  expect(saved[0]?.name).toBe("name.png");
  const picture = await createImageBitmap(saved[0]?.blob as Blob);
  expect([picture.width, picture.height]).toEqual([7, 5]);
  const copy = document.createElement("canvas");
  copy.getContext("2d")?.drawImage(picture, 0, 0);
  expect(pixel(copy, 6, 4)).toEqual([10, 20, 30, 255]);
  expect(pixel(copy, 1, 4)).toEqual([0, 0, 0, 0]);
  expect(model.messages).toEqual([]);
});

test("a copied picture is a PNG, and a clipboard that is shut is told as such", async () => {
  const write = vi.spyOn(navigator.clipboard, "write").mockResolvedValueOnce();
  const { root } = open({ canvas: painted });
  item(root, "Copy picture").click();
  await vi.waitFor(() => expect(said(root)).toBe("Copy picture: done"));
  expect(write.mock.calls[0]?.[0][0]?.types).toEqual(["image/png"]);
  write.mockRejectedValueOnce(new Error("not allowed in this frame"));
  item(root, "Copy picture").click();
  await vi.waitFor(() =>
    expect(said(root)).toBe("Copy picture did not work here: not allowed in this frame"),
  );
});

test("the kernel's picture is asked for, saved byte for byte, and asked for anew the next time", async () => {
  const { model, root } = open();
  for (const bytes of [
    [1, 2, 3],
    [4, 5],
  ]) {
    item(root, "Download PNG").click();
    const request = model.get("picture_request");
    model.receive({ png: frame(request, ...bytes) });
    model.receive({ png: {} });
    await vi.waitFor(() => expect(said(root)).toBe("Download PNG: done"));
    expect([...new Uint8Array((await saved.at(-1)?.blob.arrayBuffer()) ?? [])]).toEqual(bytes);
    expect([saved.at(-1)?.name, saved.at(-1)?.blob.type]).toEqual(["name.png", "image/png"]);
  }
  expect(model.messages).toEqual([{ picture_request: 1 }, { picture_request: 2 }]);
  expect(saved.length).toBe(2);
});

test("the clipboard is written within the click, before the kernel has answered", async () => {
  const write = vi.spyOn(navigator.clipboard, "write").mockImplementation(async ([given]) => {
    expect([...new Uint8Array((await (await given?.getType("image/png"))?.arrayBuffer()) ?? [])]).toEqual([
      7,
    ]);
  });
  const { model, root } = open();
  item(root, "Copy picture").click();
  expect(write).toHaveBeenCalledTimes(1);
  model.receive({ png: frame(1, 7) });
  await vi.waitFor(() => expect(said(root)).toBe("Copy picture: done"));
});

test("of two displays the one whose menu was used takes the picture", async () => {
  const first = open();
  const el = document.body.appendChild(document.createElement("div"));
  mount(
    { model: first.model, el },
    { kind: "test", label: "Again", exports: { name: () => "other" } },
    () => undefined,
  );
  item(first.root, "Download PNG").click();
  first.model.receive({ png: frame(1, 9) });
  await vi.waitFor(() => expect(said(first.root)).toBe("Download PNG: done"));
  expect(saved.map(({ name }) => name)).toEqual(["name.png"]);
  expect(said(el)).toBe("");
});

test("an answer to an older request is not taken for the picture that was asked for", async () => {
  const { model, root } = open();
  model.receive({ picture_request: 4 });
  item(root, "Download PNG").click();
  model.receive({ png: frame(4, 1) });
  model.receive({ png: frame(5, 2) });
  await vi.waitFor(() => expect(said(root)).toBe("Download PNG: done"));
  expect([...new Uint8Array((await saved[0]?.blob.arrayBuffer()) ?? [])]).toEqual([2]);
});

test("what the kernel cannot draw it says in a sentence, for a copy too", async () => {
  const { model, root } = open();
  for (const label of ["Download PNG", "Copy picture"]) {
    item(root, label).click();
    model.receive({ png: { request: model.get("picture_request"), problem: toBytes("on <b>meta</b>") } });
    await vi.waitFor(() => expect(said(root)).toBe(`${label} did not work here: on <b>meta</b>`));
  }
  expect(root.querySelector("b")).toBeNull();
  expect(saved).toEqual([]);
});

test("without a kernel the menu says so after a while, and a late answer changes nothing", async () => {
  vi.useFakeTimers();
  const { model, root, find } = open();
  item(root, "Download PNG").click();
  await vi.advanceTimersByTimeAsync(PATIENCE - 1);
  expect(said(root)).toBe("");
  await vi.advanceTimersByTimeAsync(1);
  expect(said(root)).toContain("the kernel draws this picture, and did not answer");
  expect(find<HTMLDetailsElement>("details").open).toBe(true);
  model.receive({ png: frame(1, 1) });
  await vi.advanceTimersByTimeAsync(PATIENCE);
  expect(saved).toEqual([]);
});

test("the menu closes when the focus leaves it, not while it moves within", () => {
  const { root, find } = open({ csv: () => "" });
  const outside = document.body.appendChild(h("button"));
  const details = find<HTMLDetailsElement>("details");
  details.open = true;
  item(root, "Copy numbers").focus();
  item(root, "Download CSV").focus();
  expect(details.open).toBe(true);
  outside.focus();
  expect(details.open).toBe(false);
});

test("what is taken away closes the menu and gives the focus back to its button", () => {
  vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const { root, find } = open({ csv: () => "" });
  const details = find<HTMLDetailsElement>("details");
  details.open = true;
  item(root, "Copy numbers").focus();
  item(root, "Copy numbers").click();
  expect(details.open).toBe(false);
  expect(document.activeElement).toBe(find("summary"));
});
