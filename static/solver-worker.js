// SPDX-License-Identifier: MIT
/**
 * A worker that searches its lane until it is told to stop. It works in slices of some milliseconds, so that
 * messages get through and the computer stays pleasant to use.
 */

import { HASHES_PER_BATCH, Lane } from "./hash.js";

/**
 * @typedef {object} Order
 * @property {Uint8Array} [challenge] with difficulty and lane: start
 * @property {number} [difficulty]
 * @property {number} [lane]
 * @property {boolean} [paused] rest, or go on
 */

/**
 * @typedef {object} Report
 * @property {string[]} nonces found in this slice
 * @property {number} hashes tried in this slice
 * @property {number} ms that this slice took
 */

const SLICE_MS = 20;

/** @type {Lane | null} */
let lane = null;
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
    hashes += HASHES_PER_BATCH;
  } while (performance.now() - start < SLICE_MS && nonces.length === 0);
  postMessage({ nonces, hashes, ms: performance.now() - start });
  turn.port2.postMessage(null);
}

/** @param {MessageEvent<Order>} event */
onmessage = ({ data }) => {
  if (data.challenge) lane = new Lane(data.challenge, data.difficulty ?? 0, data.lane ?? 0);
  if (data.paused !== undefined) paused = data.paused;
  if (!running) slice();
};
