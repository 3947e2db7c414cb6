/** What can be taken away from a view: its picture and its numbers. */

import type { Exports, Host, Shared } from "./view";
import { decode, isEmpty } from "./wire";

/** How long the kernel may take to draw a picture, in milliseconds. */
export const PATIENCE = 10_000;
const SILENT = "the kernel draws this picture, and did not answer: it is busy, or not running";

/** What the menu calls an action, and what it does. */
export type Action = readonly [string, () => unknown];

interface Answer {
  request: number;
  png?: Uint8Array<ArrayBuffer>;
  problem?: string;
}

interface Waiting {
  request: number;
  answer: (answer: Answer) => void;
}

/** Ask the kernel for the picture of a view that draws no canvas. */
function fromKernel<T extends Shared>(host: Host<T>): () => Promise<Blob> {
  const { model } = host;
  let waiting: Waiting[] = [];
  host.react(["png"], () => {
    if (isEmpty(model.get("png"))) return;
    const answer = decode<Answer>(model.get("png"));
    // Two displays share one model: only the one that asked takes the picture.
    const due = waiting.filter(({ request }) => request <= answer.request);
    waiting = waiting.filter(({ request }) => request > answer.request);
    for (const one of due) one.answer(answer);
  });
  return () =>
    new Promise<Blob>((resolve, reject) => {
      const request = model.get("picture_request") + 1;
      const late = setTimeout(() => {
        waiting = waiting.filter((one) => one.request !== request);
        reject(new Error(SILENT));
      }, PATIENCE);
      const answer = ({ png, problem }: Answer) => {
        clearTimeout(late);
        if (png) resolve(new Blob([png], { type: "image/png" }));
        else reject(new Error(problem));
      };
      waiting.push({ request, answer });
      host.ask({ picture_request: request } as Partial<T>);
    });
}

function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  // The click only queues the download; the address must outlive it.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const toPng = (canvas: HTMLCanvasElement) =>
  new Promise<Blob>((resolve, reject) =>
    canvas.toBlob((blob) =>
      blob ? resolve(blob) : reject(new Error("this picture cannot be written as PNG")),
    ),
  );

/** The entries of a view's menu; a picture that the view has not drawn itself is drawn by the kernel. */
export function takeaways<T extends Shared>(host: Host<T>, { name, canvas, csv }: Exports): Action[] {
  const picture = canvas ? () => toPng(canvas()) : fromKernel(host);
  const copyPicture = () => {
    const blob = picture();
    // The clipboard takes a promise, since the click allows writing only now; why it fails the picture says itself.
    return Promise.all([blob, navigator.clipboard.write([new ClipboardItem({ "image/png": blob })])]);
  };
  const numbers: Action[] = csv
    ? [
        ["Copy numbers", () => navigator.clipboard.writeText(csv())],
        ["Download CSV", () => save(new Blob([csv()], { type: "text/csv" }), `${name()}.csv`)],
      ]
    : [];
  return [
    ["Copy picture", copyPicture],
    ["Download PNG", async () => save(await picture(), `${name()}.png`)],
    ...numbers,
  ];
}
