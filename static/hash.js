// SPDX-License-Identifier: MIT
/**
 * Looks for proofs of work: decimal nonces for which SHA-256(challenge || nonce) begins with enough zero bits.
 *
 * Every nonce has 39 digits, so that challenge, nonce and padding fill one block of sixteen words and the last three
 * digits stand alone in word 13. A thousand candidates then share the first thirteen rounds and the part of the
 * message schedule that does not depend on that word.
 */

import { BATCH, nonceOf } from "./nonce.js";

const CHALLENGE_BYTES = 16;
const VARIABLE_WORD = 13;
const BITS = 55 * 8;
const SUFFIXES = Int32Array.from({ length: BATCH }, (_, n) => suffixWord(n));

const START = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const K = Int32Array.from(primes(64), (prime) => {
  const root = Math.cbrt(prime);
  return (root - Math.floor(root)) * 2 ** 32;
});

/**
 * @param {number} count
 * @returns {number[]} the first primes, whose cube roots give SHA-256 its constants
 */
function primes(count) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

/**
 * @param {number} n below 1000
 * @returns {number} the word made of its three digits and the 0x80 that ends every message
 */
function suffixWord(n) {
  const digits = String(n).padStart(3, "0");
  return (digits.charCodeAt(0) << 24) | (digits.charCodeAt(1) << 16) | (digits.charCodeAt(2) << 8) | 0x80;
}

/**
 * @param {number} x
 * @returns {number}
 */
function sigma0(x) {
  return ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
}

/**
 * @param {number} x
 * @returns {number}
 */
function sigma1(x) {
  return ((x >>> 17) | (x << 15)) ^ ((x >>> 19) | (x << 13)) ^ (x >>> 10);
}

/**
 * Rounds `from` up to `to` of SHA-256 (FIPS 180-4, 6.2.2) on a state.
 * @param {Int32Array} state eight words, replaced
 * @param {Int32Array} w the message schedule
 * @param {number} from
 * @param {number} to
 */
function rounds(state, w, from, to) {
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = from; i < to; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + K[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
  state[4] = e;
  state[5] = f;
  state[6] = g;
  state[7] = h;
}

/**
 * Fills the schedule from word `from` on.
 * @param {Int32Array} w
 * @param {number} from
 */
function extend(w, from) {
  for (let i = from; i < 64; i++) w[i] = (w[i - 16] + sigma0(w[i - 15]) + w[i - 7] + sigma1(w[i - 2])) | 0;
}

/**
 * @param {number} high first word of a hash
 * @param {number} low second word
 * @returns {number} leading zero bits
 */
function zeroBits(high, low) {
  return high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
}

/** One searcher's own share of the nonces for one challenge. */
export class Lane {
  #w = new Int32Array(64);
  #midstate = new Int32Array(8);
  #state = new Int32Array(8);
  #difficulty;
  #lane;
  #batches = 0;

  /**
   * @param {Uint8Array} challenge 16 bytes
   * @param {number} difficulty zero bits, at most 64
   * @param {number} lane below 100; lanes never try the same nonce
   */
  constructor(challenge, difficulty, lane) {
    const bytes = new DataView(challenge.buffer, challenge.byteOffset, CHALLENGE_BYTES);
    for (let i = 0; i < 4; i++) this.#w[i] = bytes.getInt32(4 * i);
    this.#w[15] = BITS;
    this.#difficulty = difficulty;
    this.#lane = lane;
  }

  /** Sets up the words and rounds that the next thousand candidates have in common. */
  #prepare() {
    const w = this.#w;
    const digits = nonceOf(this.#lane, this.#batches, 0);
    for (let at = 0; at < digits.length - 3; at += 4) {
      const [one, two, three, four] = [0, 1, 2, 3].map((i) => digits.charCodeAt(at + i));
      w[4 + at / 4] = (one << 24) | (two << 16) | (three << 8) | four;
    }
    extend(w, 16);
    this.#midstate.set(START);
    rounds(this.#midstate, w, 0, VARIABLE_WORD);
  }

  /**
   * Tries the next thousand nonces.
   * @returns {string[]} those that are proofs
   */
  batch() {
    this.#prepare();
    const w = this.#w;
    const state = this.#state;
    const found = [];
    const fixed = (w[20] - w[VARIABLE_WORD]) | 0;
    for (let n = 0; n < BATCH; n++) {
      w[VARIABLE_WORD] = SUFFIXES[n];
      w[20] = (fixed + SUFFIXES[n]) | 0;
      extend(w, 22);
      state.set(this.#midstate);
      rounds(state, w, VARIABLE_WORD, 64);
      const high = (state[0] + START[0]) | 0;
      if (zeroBits(high, (state[1] + START[1]) | 0) >= this.#difficulty) {
        found.push(nonceOf(this.#lane, this.#batches, n));
      }
    }
    this.#batches++;
    return found;
  }
}
