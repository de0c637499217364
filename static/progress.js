// SPDX-License-Identifier: MIT
/**
 * How far the puzzle is: one cell of the bar for each proof found, and a promise of time that is kept honest.
 */

import { make } from "./dom.js";
import { say } from "./status.js";

/** @typedef {import("./solver.js").Progress} Progress */

/** With more rounds than this the cells would be too narrow. */
const MOST_CELLS = 32;

/** The bar and the words beneath it. */
export class ProgressView {
  #bar;
  #cells;
  #eta;
  #promised_ms = 0;
  #halfSaid = false;

  /**
   * @param {HTMLProgressElement} bar
   * @param {HTMLElement} cells lies over the bar
   * @param {HTMLElement} eta
   */
  constructor(bar, cells, eta) {
    this.#bar = bar;
    this.#cells = cells;
    this.#eta = eta;
  }

  /** Begins anew. */
  start() {
    this.#promised_ms = 0;
    this.#halfSaid = false;
    this.#bar.removeAttribute("value");
    this.#bar.title = "";
    this.#cells.replaceChildren();
    this.#eta.textContent = "";
    say("Solving a small puzzle.");
  }

  /** @param {Progress} progress */
  show({ found, rounds, left_secs, how }) {
    if (this.#bar.max !== rounds) this.#bar.max = rounds;
    this.#bar.value = found;
    this.#bar.title = how;
    this.#showCells(rounds);
    if (left_secs !== null) {
      this.#promised_ms ||= performance.now() + left_secs * 1000;
      this.#eta.textContent = this.#promise(left_secs);
    }
    if (!this.#halfSaid && found * 2 >= rounds && found < rounds) {
      this.#halfSaid = true;
      say("Half of the puzzle is solved.");
    }
  }

  /** @param {number} rounds */
  #showCells(rounds) {
    const cells = rounds > MOST_CELLS ? 0 : rounds;
    if (this.#cells.childElementCount === cells) return;
    this.#cells.replaceChildren(...Array.from({ length: cells }, () => make("i")));
  }

  /**
   * @param {number} left_secs as it looks now
   * @returns {string}
   */
  #promise(left_secs) {
    if (left_secs < 1) return "Almost.";
    const promised_secs = (this.#promised_ms - performance.now()) / 1000;
    if (promised_secs <= 0) return "A little longer.";
    return `About ${Math.ceil(Math.min(left_secs, promised_secs))} s.`;
  }
}
