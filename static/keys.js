// SPDX-License-Identifier: MIT
/**
 * The keyboard: single letters for those who want them, Escape for the nearest thing to leave.
 */

import { the } from "./dom.js";
import { lasting } from "./store.js";

/**
 * @typedef {object} Actions
 * @property {() => void} search
 * @property {(step: 1 | -1) => void} move
 * @property {() => void} post
 * @property {(target: HTMLElement) => void} openMessage
 * @property {() => void} escape
 */

/**
 * A box of the dialog whose choice is kept.
 * @param {string} name
 * @returns {HTMLInputElement}
 */
function setting(name) {
  const box = the(name, HTMLInputElement);
  box.checked = lasting.get(name) !== "off";
  box.addEventListener("change", () => lasting.set(name, box.checked ? null : "off"));
  return box;
}

/** The dialog that lists the keys, and the keys. */
export class Keys {
  #help = the("help", HTMLDialogElement);
  #letters = setting("letters");
  #actions;

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    setting("ahead");
    the("keys", HTMLButtonElement).addEventListener("click", () => this.#help.showModal());
    document.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.defaultPrevented || event.isComposing || this.#help.open) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") this.#actions.escape();
    else this.#onPlainKey(event, event.target instanceof HTMLElement ? event.target : document.body);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} target
   */
  #onPlainKey(event, target) {
    if (target.matches("input, textarea, select, [contenteditable]")) return;
    if (event.key === "Enter" && target.matches("article")) this.#actions.openMessage(target);
    else if (this.#letters.checked && this.#onLetter(event.key)) event.preventDefault();
  }

  /**
   * @param {string} key
   * @returns {boolean} whether it means something
   */
  #onLetter(key) {
    const { search, move, post } = this.#actions;
    /** @type {Record<string, () => void>} */
    const meanings = {
      "/": search,
      j: () => move(1),
      k: () => move(-1),
      p: post,
      "?": () => this.#help.showModal(),
    };
    meanings[key]?.();
    return key in meanings;
  }
}
