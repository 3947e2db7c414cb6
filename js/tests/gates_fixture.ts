/** What `tests/widgets/test_gates.py` wrote: two layers of an LSTM in both directions, and a GRU's cell. */

import { type Bars, type GateFrame, readFrame, type ShownBlock, type Spectra } from "../src/gates_data";
import type { RecurrentGatesState } from "../src/state";
import { thaw } from "./fake_model";
import fixture from "./fixtures/gates.json";

/** Layer 0 and its hidden weights; its biases; the cell's biases. */
export const states = thaw<Record<"first" | "bias" | "cell", RecurrentGatesState>>(fixture as unknown);

export interface Read {
  frame: GateFrame;
  shown: ShownBlock;
  bars: Bars;
  spectra: Spectra;
}

export function read(state: RecurrentGatesState): Read {
  return {
    frame: readFrame<GateFrame>(state.frame) as GateFrame,
    shown: readFrame<ShownBlock>(state.shown) as ShownBlock,
    bars: readFrame<Bars>(state.bars) as Bars,
    spectra: readFrame<Spectra>(state.spectra) as Spectra,
  };
}
