// SPDX-License-Identifier: MIT
/**
 * Looks for proofs of work in WebAssembly: a lane as in hash.js, but several times as fast.
 */

import { nonceOf } from "./nonce.js";

/**
 * @typedef {object} Exports what src/solver.c makes of itself
 * @property {WebAssembly.Memory} memory
 * @property {() => number} challenge_bytes where the challenge is put
 * @property {(difficulty: number, lane: number) => void} begin
 * @property {() => number} batch tries the next batch, and returns how many proofs it found
 * @property {() => number} hits where they are, two bytes each
 */

/** What the first batch finds for bytes that grow by 17, with seven zero bits. */
const KNOWN_HITS = "140,184,432,682,748,799,868";

/** One searcher's own share of the nonces for one challenge. */
export class WasmLane {
  #exports;
  #lane;
  #batches = 0;

  /**
   * @param {WebAssembly.Module} module
   * @param {Uint8Array} challenge 16 bytes
   * @param {number} difficulty zero bits, at most 64
   * @param {number} lane below 100
   */
  constructor(module, challenge, difficulty, lane) {
    this.#exports = /** @type {Exports} */ (/** @type {unknown} */ (new WebAssembly.Instance(module).exports));
    this.#lane = lane;
    const { memory, challenge_bytes, begin } = this.#exports;
    new Uint8Array(memory.buffer).set(challenge, challenge_bytes());
    begin(difficulty, lane);
  }

  /** @returns {number[]} which of the next thousand candidates are proofs */
  hits() {
    const { memory, batch, hits } = this.#exports;
    this.#batches++;
    return [...new Uint16Array(memory.buffer, hits(), batch())];
  }

  /** @returns {string[]} the nonces of the next thousand that are proofs */
  batch() {
    return this.hits().map((n) => nonceOf(this.#lane, this.#batches - 1, n));
  }
}

/**
 * Compiles a solver, and tries it on a puzzle whose answer is known.
 * @param {BufferSource} bytes
 * @returns {WebAssembly.Module}
 * @throws {Error} when it cannot be used here
 */
export function compile(bytes) {
  const module = new WebAssembly.Module(bytes);
  const challenge = Uint8Array.from({ length: 16 }, (_, n) => 17 * n);
  if (String(new WasmLane(module, challenge, 7, 0).hits()) !== KNOWN_HITS) throw new Error("wrong answer");
  return module;
}
