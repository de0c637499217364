// SPDX-License-Identifier: MIT
/**
 * Spreads a puzzle over workers, or over slices of this thread where workers are forbidden.
 */

import * as api from "./client.js";
import { BATCH } from "./nonce.js";

/** @typedef {import("./solver-worker.js").Engine} Engine */
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
 * @property {number | null} left_secs to be expected by what was measured; null until something was
 * @property {string} how in words: what solves, and how fast; empty until that is known
 */

const MAX_WORKERS = 4;
const PAGE_SLICE_MS = 12;
const SILENCE_MS = 4000;
/** JavaScript is at hand; nobody waits longer than this for something faster. */
const KERNEL_MS = 2000;

/** Hashes a second and thread; 0 until that was measured. */
let rate = 0;

/** WebAssembly for workers to try, fetched once for all. @type {Promise<ArrayBuffer | null> | null} */
let kernel = null;

/** @returns {Promise<ArrayBuffer | null>} null where there is none; then the next puzzle asks again */
async function fetchKernel() {
  try {
    const response = await fetch("/solver-simd.wasm", { signal: AbortSignal.timeout(KERNEL_MS) });
    if (response.ok) return await response.arrayBuffer();
  } catch {
    // Without it, it takes longer.
  }
  kernel = null;
  return null;
}

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

/** One search. It begins before the puzzle is known, by getting the workers ready. */
class Search {
  /** @type {Worker[]} */
  #workers = [];
  /** @type {Set<string>} */
  #found = new Set();
  /** @type {Engine | null} */
  #engine = null;
  #stopped = false;
  #inPage = false;
  #running = false;
  /** @type {import("./hash.js").Lane | null} */
  #lane = null;
  #watch = 0;
  /** Tried, and the time it took, since the rate was last reckoned. */
  #hashes = 0;
  #ms = 0;
  #ready;
  /** @type {(nonces: string[]) => void} */
  #done = () => {};
  /** @type {(error: unknown) => void} */
  #failed = () => {};
  /** @type {(progress: Progress) => void} */
  #progress = () => {};
  /** @type {Puzzle | null} */
  #puzzle = null;

  constructor() {
    this.#ready = this.#getReady();
  }

  async #getReady() {
    kernel ??= fetchKernel();
    try {
      this.#workers.push(this.#startWorker());
      const count = await threads();
      while (!this.#stopped && this.#workers.length < count) this.#workers.push(this.#startWorker());
    } catch {
      this.#endWorkers();
    }
  }

  /** @returns {Worker} */
  #startWorker() {
    const worker = new Worker(workerAddress(), { type: "module" });
    worker.onmessage = (event) => this.#onReport(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#endWorkers();
      if (this.#puzzle) this.#solveHere();
    };
    return worker;
  }

  /**
   * @param {Puzzle} puzzle
   * @param {(nonces: string[]) => void} done
   * @param {(error: unknown) => void} failed
   * @param {(progress: Progress) => void} progress
   */
  async solve(puzzle, done, failed, progress) {
    this.#done = done;
    this.#failed = failed;
    this.#progress = progress;
    document.addEventListener("visibilitychange", this.#onVisibility);
    await this.#ready;
    const bytes = await kernel;
    if (this.#stopped) return;
    this.#puzzle = puzzle;
    this.#tell();
    if (this.#workers.length === 0) return this.#solveHere();
    const { challenge, difficulty } = puzzle;
    const order = { challenge, difficulty, kernel: bytes, paused: document.hidden };
    for (const [lane, worker] of this.#workers.entries()) worker.postMessage({ ...order, lane });
    this.#watch = setTimeout(() => this.#solveHere(), SILENCE_MS);
  }

  #onVisibility = () => {
    for (const worker of this.#workers) worker.postMessage({ paused: document.hidden });
    if (this.#inPage) void this.#runHere();
  };

  /** @param {Report} report */
  #onReport(report) {
    if (this.#stopped || !this.#puzzle) return;
    clearTimeout(this.#watch);
    this.#engine = report.engine;
    this.#hashes += report.hashes;
    this.#ms += report.ms;
    if (this.#ms > 5) {
      const measured = (1000 * this.#hashes) / this.#ms;
      rate = rate === 0 ? measured : 0.7 * rate + 0.3 * measured;
      this.#hashes = this.#ms = 0;
    }
    for (const nonce of report.nonces) this.#found.add(nonce);
    this.#tell();
    if (this.#found.size < this.#puzzle.rounds) return;
    this.stop();
    this.#done([...this.#found].slice(0, this.#puzzle.rounds));
  }

  #tell() {
    const { rounds, difficulty } = /** @type {Puzzle} */ (this.#puzzle);
    const found = Math.min(this.#found.size, rounds);
    const count = this.#workers.length || 1;
    const left_secs = rate === 0 ? null : ((rounds - found) * 2 ** difficulty) / (rate * count);
    const place = this.#inPage ? "page" : `${count} × worker`;
    const how = `${this.#engine}, ${place}, ${Math.round((rate * count) / 1e4) / 100} million hashes a second`;
    this.#progress({ found, rounds, left_secs, how: this.#engine && rate > 0 ? how : "" });
  }

  /** Workers are forbidden, do not load or keep silent: solve in this thread, a little at a time. */
  #solveHere() {
    if (this.#stopped || this.#inPage) return;
    this.#endWorkers();
    this.#inPage = true;
    import("./hash.js").then(({ Lane }) => {
      const { challenge, difficulty } = /** @type {Puzzle} */ (this.#puzzle);
      this.#lane = new Lane(challenge, difficulty, 99);
      return this.#runHere();
    }, () => this.#failed(api.lost()));
  }

  async #runHere() {
    if (this.#running || !this.#lane) return;
    this.#running = true;
    while (!this.#stopped && !document.hidden) {
      const start = performance.now();
      const nonces = [];
      let hashes = 0;
      while (performance.now() - start < PAGE_SLICE_MS) {
        nonces.push(...this.#lane.batch());
        hashes += BATCH;
      }
      this.#onReport({ nonces, hashes, ms: performance.now() - start, engine: "JavaScript" });
      await new Promise((resolve) => setTimeout(resolve));
    }
    this.#running = false;
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
 * Gets ready for a puzzle that is on its way.
 * @param {AbortSignal} signal ends all work
 * @returns {(puzzle: Puzzle, progress: (progress: Progress) => void) => Promise<string[]>} solves it: as many
 *   different nonces as there are rounds
 */
export function prepare(signal) {
  signal.throwIfAborted();
  const search = new Search();
  signal.addEventListener("abort", () => search.stop());
  return (puzzle, progress) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      signal.addEventListener("abort", () => reject(signal.reason));
      void search.solve(puzzle, resolve, reject, progress);
    });
}
