/** What is said about heads: names of what is drawn, sentences for the caption and the live region. */

import { formatWeight } from "./axis";
import {
  type Enlarged,
  type HeadNumbers,
  isShared,
  normOf,
  type Product,
  type Role,
  sharedBy,
  spectrumOf,
} from "./heads_data";

export const SHOWN: readonly (readonly [Role, string])[] = [
  ["q", "queries Q"],
  ["k", "keys K"],
  ["v", "values V"],
  ["o", "output O"],
  ["qk", "product QK"],
  ["ov", "product OV"],
];

export const ORDERS = [
  ["index", "as in the block"],
  ["norm", "by norm"],
] as const;

/** What the rows and columns of a picture are. */
const AXES: Record<Role, readonly [string, string]> = {
  q: ["head dimension", "model dimension"],
  k: ["head dimension", "model dimension"],
  v: ["head dimension", "model dimension"],
  o: ["head dimension", "model dimension"],
  qk: ["asking dimension", "attended dimension"],
  ov: ["written dimension", "read dimension"],
};

const MEANINGS: Record<Role, string> = {
  q: "Q turns what asks into queries",
  k: "K turns what is attended to into keys",
  v: "V turns what is attended to into values",
  o: "O writes the values back, drawn transposed",
  qk: "QK = Wqᵀ Wk decides what attends to what",
  ov: "OV = Wo Wv decides what is written of what is attended to",
};

export const meaning = (role: Role): string =>
  `${MEANINGS[role]}: rows are ${AXES[role][0]}s, columns ${AXES[role][1]}s.`;

export const headName = (numbers: HeadNumbers, head: number): string =>
  isShared(numbers) ? `head ${head}, key/value head ${sharedBy(numbers, head)}` : `head ${head}`;

/** A head and the norm of what is drawn of it. */
export const headSentence = (numbers: HeadNumbers, role: Role, head: number): string =>
  `${headName(numbers, head)}: ${role.toUpperCase()} has Frobenius norm ${formatWeight(normOf(numbers, role, head))}`;

/** One value of the enlarged picture, or the strongest of the block that its pixel stands for. */
export function valueSentence(picture: Enlarged, row: number, column: number): string {
  const { role, head, width, block_rows, block_cols, rows, cols } = picture;
  const place = (axis: string, at: number, block: number, all: number) => {
    const last = Math.min((at + 1) * block, all) - 1;
    return block === 1 ? `${axis} ${at}` : `${axis}s ${at * block} to ${last}`;
  };
  const [down, across] = AXES[role];
  const value = formatWeight(picture.values[row * width + column] ?? Number.NaN);
  const where = `${place(down, row, block_rows, rows)}, ${place(across, column, block_cols, cols)}`;
  return `head ${head}, ${role.toUpperCase()}: ${where}: ${block_rows * block_cols > 1 ? "strongest " : ""}${value}`;
}

/** One singular value of the selected head, and how many heads have a larger one at its place. */
export function singularSentence(
  numbers: HeadNumbers,
  product: Product,
  head: number,
  place: number,
): string {
  const own = spectrumOf(numbers, product, head);
  const value = own[place] ?? Number.NaN;
  let larger = 0;
  for (let other = 0; other < numbers.heads; other++)
    if ((spectrumOf(numbers, product, other)[place] ?? 0) > value) larger += 1;
  const rank = `singular value ${place + 1} of ${own.length}`;
  if (!Number.isFinite(value)) return `head ${head}, ${product.toUpperCase()}: no singular values`;
  return `head ${head}, ${product.toUpperCase()}: ${rank}: ${formatWeight(value)}; larger in ${larger} of ${numbers.heads} heads`;
}

/** The scale that all tiles share, and what a pixel stands for. */
export function scaleSentence(limit: number, block_rows: number, block_cols: number): string {
  const pixel =
    block_rows * block_cols > 1 ? ` A pixel is the strongest of ${block_rows} x ${block_cols} entries.` : "";
  return `${formatWeight(-limit)} to ${formatWeight(limit)}, the same for all heads.${pixel}`;
}
