// SPDX-License-Identifier: MIT
/**
 * Keeps one proof of work at hand: solved while the poster still writes, renewed before it expires.
 */

import * as api from "./client.js";
import { prepare } from "./solver.js";

/** @typedef {import("./solver.js").Progress} Progress */

/**
 * @typedef {object} Proof
 * @property {string} challenge
 * @property {string} token
 * @property {string[]} nonces
 * @property {number} fresh_until_ms by this computer's clock, counted from when the challenge was asked for; some
 *   time before it expires
 */

/** A proof with less time than this left is not sent for the first time. */
const MARGIN_MS = 10_000;

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/**
 * @param {{ fresh_until_ms: number }} proof
 * @returns {boolean} whether it can still be sent
 */
export function isFresh(proof) {
  return Date.now() < proof.fresh_until_ms;
}

/** One challenge on its way to being a proof. */
class Work {
  #abort = new AbortController();
  /** @type {Progress | null} */
  #last = null;
  /** @type {((progress: Progress) => void) | null} */
  #listener = null;
  fresh_until_ms = Infinity;
  done = false;

  constructor() {
    this.proof = this.#run();
    this.proof.catch(() => {});
  }

  /** @returns {Promise<Proof>} */
  async #run() {
    const signal = this.#abort.signal;
    const asked_ms = Date.now();
    const solve = prepare(signal);
    try {
      const { challenge, token, difficulty, rounds, ttl_secs } = await api.challenge(signal);
      const ttl_ms = (ttl_secs || 0) * 1000;
      this.fresh_until_ms = asked_ms + ttl_ms - Math.min(MARGIN_MS, ttl_ms / 4);
      const puzzle = { challenge: bytesOf(challenge), difficulty, rounds };
      const wanted = rounds > 0 && difficulty > 0;
      const nonces = wanted ? await solve(puzzle, (progress) => this.#tell(progress)) : [];
      this.done = true;
      return { challenge, token, nonces, fresh_until_ms: this.fresh_until_ms };
    } finally {
      this.stop();
    }
  }

  /** @param {Progress} progress */
  #tell(progress) {
    this.#last = progress;
    this.#listener?.(progress);
  }

  /** @param {((progress: Progress) => void) | null} listener hears at once how far it is */
  listen(listener) {
    this.#listener = listener;
    if (listener && this.#last) listener(this.#last);
  }

  stop() {
    this.#abort.abort(new DOMException("stopped", "AbortError"));
  }
}

/** The proofs of one page. */
export class Proofs {
  /** @type {Work | null} */
  #work = null;
  #renewal = 0;
  #ahead = false;

  /** Begins to solve, if that is not going on or done already. */
  start() {
    if (this.#work && isFresh(this.#work)) return;
    this.drop();
    this.#work = new Work();
    this.#work.proof.then((proof) => this.#renewLater(proof)).catch(() => {});
  }

  /** Solves ahead of need, from now on until stop. */
  startAhead() {
    this.#ahead = true;
    this.start();
  }

  /** @param {Proof} proof */
  #renewLater(proof) {
    clearTimeout(this.#renewal);
    if (!this.#ahead || proof.nonces.length === 0) return;
    const wait = Math.max(1000, proof.fresh_until_ms - Date.now());
    this.#renewal = setTimeout(() => this.#ahead && !document.hidden && this.start(), wait);
  }

  /**
   * Waits for a proof that can be sent. It stays at hand until drop.
   * @param {AbortSignal} signal
   * @param {(progress: Progress) => void} progress
   * @returns {Promise<Proof>}
   * @throws {import("./client.js").Failure} when there was no challenge to be had
   */
  async take(signal, progress) {
    for (;;) {
      this.start();
      const work = /** @type {Work} */ (this.#work);
      const stop = () => this.stop();
      signal.addEventListener("abort", stop);
      try {
        work.listen(progress);
        const proof = await work.proof;
        if (isFresh(proof) || proof.nonces.length === 0) return proof;
      } catch (error) {
        if (this.#work === work) this.#work = null;
        throw error;
      } finally {
        signal.removeEventListener("abort", stop);
        work.listen(null);
      }
    }
  }

  /** Forgets the proof at hand: it was spent or refused. */
  drop() {
    clearTimeout(this.#renewal);
    this.#work?.stop();
    this.#work = null;
  }

  /** Ends all work. */
  stop() {
    this.#ahead = false;
    if (this.#work && !this.#work.done) this.drop();
    else clearTimeout(this.#renewal);
  }
}
