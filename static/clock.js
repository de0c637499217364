// SPDX-License-Identifier: MIT
/**
 * The server's clock as far as its answers tell it: the reader's own may be wrong by hours.
 */

let skew_ms = 0;

/**
 * Learns from the Date header of an answer, which has whole seconds.
 * @param {string | null} date
 */
export function learnTime(date) {
  const told = Date.parse(date ?? "");
  if (Number.isNaN(told)) return;
  const off = told - Date.now();
  skew_ms = Math.abs(off) > 5000 ? off : 0;
}

/** @returns {number} milliseconds since the epoch */
export function now() {
  return Date.now() + skew_ms;
}

/**
 * Counts down in whole seconds; a sleeping computer does not stretch it.
 * @param {number} seconds
 * @param {(left: number) => void} tick called at once and then once a second, with the seconds left
 * @param {() => void} done called once, when none is left
 * @returns {() => void} stops it
 */
export function countDown(seconds, tick, done) {
  const end = Date.now() + seconds * 1000;
  const timer = setInterval(step, 250);
  let shown = -1;
  function step() {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      done();
    } else if (left !== shown) {
      shown = left;
      tick(left);
    }
  }
  step();
  return () => clearInterval(timer);
}
