// SPDX-License-Identifier: MIT
/**
 * The nonces that solvers try, the same for all of them; src/solver.h tells why they look like this.
 */

/** Nonces that differ in their last three digits only are tried together. */
export const BATCH = 1000;

const DIGITS = 39;

/**
 * @param {number} lane below 100; lanes never share a nonce
 * @param {number} batch
 * @param {number} n below BATCH
 * @returns {string}
 */
export function nonceOf(lane, batch, n) {
  return String(100 + lane) + String(batch).padStart(DIGITS - 6, "0") + String(n).padStart(3, "0");
}
