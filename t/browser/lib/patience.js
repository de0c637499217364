// SPDX-License-Identifier: MIT
/**
 * Waiting for what a page, or the board behind it, comes to: what is read once may be read too early.
 */

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

/** What has not happened by then does not happen, on a machine ten times slower than any of ours. */
export const PATIENCE_MS = 120_000;

const PAUSE_MS = 25;

/**
 * Asks until the answer is the expected one. When it never is, the last answer is compared in the report.
 * @template T
 * @param {() => T | Promise<T>} ask
 * @param {T | RegExp} expected
 */
export async function becomes(ask, expected) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    try {
      if (expected instanceof RegExp) assert.match(String(answer), expected);
      else assert.deepEqual(answer, expected);
      return;
    } catch (difference) {
      if (Date.now() > deadline) throw difference;
      await pause(PAUSE_MS);
    }
  }
}
