// SPDX-License-Identifier: MIT
/** From nothing to the answer of one puzzle: this page's way, and Cap's in a worker. Served by solver.mjs. */

/** @param {number[]} challenge */
async function ours(challenge) {
  const { prepare } = await import("/solver.js");
  const solve = prepare(new AbortController().signal);
  return solve({ challenge: Uint8Array.from(challenge), difficulty: 18, rounds: 1 }, () => {});
}

/** @param {string} salt */
function cap(salt) {
  const worker = new Worker("/bench/solver-cap.js", { type: "module" });
  worker.postMessage(salt);
  return new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
}

/**
 * @param {"ours" | "cap"} who
 * @param {any} puzzle
 * @returns {Promise<number>} milliseconds
 */
globalThis.coldStart = async (who, puzzle) => {
  const start = performance.now();
  await (who === "ours" ? ours(puzzle) : cap(puzzle));
  return performance.now() - start;
};
