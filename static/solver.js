// SPDX-License-Identifier: MIT
/**
 * Spreads a puzzle over workers, or over slices of this thread where workers are forbidden.
 */

import { HASHES_PER_BATCH, Lane } from "./hash.js";

/** @typedef {import("./solver-worker.js").Report} Report */

/**
 * @typedef {object} Puzzle
 * @property {Uint8Array} challenge
 * @property {number} difficulty
 * @property {number} rounds proofs wanted
 */

/**
 * @typedef {object} Progress
 * @property {number} found
 * @property {number} rounds
 * @property {number} left_secs to be expected; 0 when done
 */

/** Where solving is going on, for those who look. @typedef {"workers" | "page"} Place */

const MAX_WORKERS = 4;
const PAGE_SLICE_MS = 12;
const SILENCE_MS = 4000;

/** Hashes a second and thread until one was measured. */
let rate = 2e6;

/** A worker's address may only be made by this policy, where the browser enforces Trusted Types. */
const scripts = /** @type {any} */ (globalThis).trustedTypes?.createPolicy?.bind(
  /** @type {any} */ (globalThis).trustedTypes,
);

/** @type {{ createScriptURL: (name: string) => any } | null} */
let policy = null;

/** @returns {any} the address of the worker's file */
function workerAddress() {
  policy ??= scripts?.("worker", { createScriptURL: () => "/solver-worker.js" }) ?? null;
  return policy ? policy.createScriptURL("") : "/solver-worker.js";
}

/** @returns {Promise<number>} how many threads to use */
async function threads() {
  const device = /** @type {any} */ (navigator);
  let count = Math.min(MAX_WORKERS, navigator.hardwareConcurrency || 2);
  const battery = await device.getBattery?.().catch(() => null);
  if (battery && !battery.charging && battery.level < 0.2) count /= 2;
  else if (device.deviceMemory <= 2) count /= 2;
  return Math.max(1, Math.floor(count));
}

/** One search for one puzzle. */
class Search {
  /** @type {Worker[]} */
  #workers = [];
  /** @type {Set<string>} */
  #found = new Set();
  #stopped = false;
  #inPage = false;
  #watch = 0;

  /**
   * @param {Puzzle} puzzle
   * @param {(nonces: string[]) => void} done
   * @param {(progress: Progress) => void} progress
   */
  constructor(puzzle, done, progress) {
    this.puzzle = puzzle;
    this.done = done;
    this.progress = progress;
  }

  async start() {
    const count = await threads();
    if (this.#stopped) return;
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#onReport({ nonces: [], hashes: 0, ms: 0 });
    try {
      for (let lane = 0; lane < count; lane++) this.#workers.push(this.#startWorker(lane));
      this.#watch = setTimeout(() => this.#solveHere(), SILENCE_MS);
    } catch {
      this.#solveHere();
    }
  }

  /**
   * @param {number} lane
   * @returns {Worker}
   */
  #startWorker(lane) {
    const worker = new Worker(workerAddress(), { type: "module" });
    const { challenge, difficulty } = this.puzzle;
    worker.onmessage = (event) => this.#onReport(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#solveHere();
    };
    worker.postMessage({ challenge, difficulty, lane, paused: document.hidden });
    return worker;
  }

  #onVisibility = () => {
    for (const worker of this.#workers) worker.postMessage({ paused: document.hidden });
    if (this.#inPage && !document.hidden) void this.#runHere();
  };

  /** @param {Report} report */
  #onReport(report) {
    if (this.#stopped) return;
    clearTimeout(this.#watch);
    if (report.ms > 5) rate = 0.7 * rate + 0.3 * ((1000 * report.hashes) / report.ms);
    for (const nonce of report.nonces) this.#found.add(nonce);
    const { rounds, difficulty } = this.puzzle;
    const found = Math.min(this.#found.size, rounds);
    const threads_now = this.#inPage ? 1 : this.#workers.length || 1;
    this.progress({ found, rounds, left_secs: ((rounds - found) * 2 ** difficulty) / (rate * threads_now) });
    if (found < rounds) return;
    this.stop();
    this.done([...this.#found].slice(0, rounds));
  }

  /** Workers are forbidden, do not load or keep silent: solve in this thread, a little at a time. */
  #solveHere() {
    if (this.#stopped || this.#inPage) return;
    this.#endWorkers();
    this.#inPage = true;
    this.lane = new Lane(this.puzzle.challenge, this.puzzle.difficulty, 99);
    void this.#runHere();
  }

  async #runHere() {
    while (!this.#stopped && !document.hidden && this.lane) {
      const start = performance.now();
      const nonces = [];
      let hashes = 0;
      while (performance.now() - start < PAGE_SLICE_MS) {
        nonces.push(...this.lane.batch());
        hashes += HASHES_PER_BATCH;
      }
      this.#onReport({ nonces, hashes, ms: performance.now() - start });
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  #endWorkers() {
    clearTimeout(this.#watch);
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
  }

  /** Ends all work at once. */
  stop() {
    this.#stopped = true;
    this.#endWorkers();
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }
}

/**
 * Solves a puzzle.
 * @param {Puzzle} puzzle
 * @param {{ signal: AbortSignal, progress: (progress: Progress) => void }} options
 * @returns {Promise<string[]>} as many different nonces as there are rounds
 */
export function solve(puzzle, { signal, progress }) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const search = new Search(puzzle, resolve, progress);
    signal.addEventListener("abort", () => {
      search.stop();
      reject(signal.reason);
    });
    void search.start();
  });
}
