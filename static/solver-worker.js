// SPDX-License-Identifier: MIT
/**
 * A worker that searches its lane until it is told to stop. It works in slices of some milliseconds, so that
 * messages get through and the computer stays pleasant to use.
 */

import { BATCH } from "./nonce.js";
import { compile, WasmLane } from "./wasm.js";

/** Which solver is at work. @typedef {"SIMD" | "WebAssembly" | "JavaScript"} Engine */

/**
 * @typedef {object} Order
 * @property {Uint8Array} [challenge] with difficulty, lane and kernel: start
 * @property {number} [difficulty]
 * @property {number} [lane]
 * @property {ArrayBuffer | null} [kernel] WebAssembly to try
 * @property {boolean} [paused] rest, or go on
 */

/**
 * @typedef {object} Report
 * @property {string[]} nonces found in this slice
 * @property {number} hashes tried in this slice
 * @property {number} ms that this slice took
 * @property {Engine} engine
 */

const SLICE_MS = 20;

/** @type {{ batch: () => string[] } | null} */
let lane = null;
/** @type {Engine} */
let engine = "JavaScript";
let paused = false;
let running = false;

/** Messages between two ports of one's own come without the four milliseconds that timers are held back. */
const turn = new MessageChannel();
turn.port1.onmessage = slice;

function slice() {
  running = lane !== null && !paused;
  if (!lane || paused) return;
  const start = performance.now();
  const nonces = [];
  let hashes = 0;
  do {
    nonces.push(...lane.batch());
    hashes += BATCH;
  } while (performance.now() - start < SLICE_MS && nonces.length === 0);
  postMessage({ nonces, hashes, ms: performance.now() - start, engine });
  turn.port2.postMessage(null);
}

/**
 * Tries what the page has fetched; the build without SIMD where the other cannot be; and at last JavaScript, which
 * always works. Where a policy forbids WebAssembly it forbids both.
 * @param {Order} order
 * @returns {Promise<{ batch: () => string[] }>}
 */
async function choose({ challenge = new Uint8Array(16), difficulty = 0, lane: number = 0, kernel }) {
  for (const build of /** @type {Engine[]} */ (kernel ? ["SIMD", "WebAssembly"] : [])) {
    try {
      const bytes = build === "SIMD" ? kernel : await (await fetch("/solver.wasm")).arrayBuffer();
      const chosen = new WasmLane(compile(/** @type {ArrayBuffer} */ (bytes)), challenge, difficulty, number);
      engine = build;
      return chosen;
    } catch {
      // The next one.
    }
  }
  const { Lane } = await import("./hash.js");
  return new Lane(challenge, difficulty, number);
}

/** @param {MessageEvent<Order>} event */
onmessage = async ({ data }) => {
  if (data.paused !== undefined) paused = data.paused;
  if (data.challenge) lane = await choose(data);
  if (!running) slice();
};
