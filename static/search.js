// SPDX-License-Identifier: MIT
/**
 * The search box: searches while somebody types, and tells where to go.
 */

import { the } from "./dom.js";

const TYPING_MS = 250;

/** The box and its button. */
export class SearchBox {
  #box = the("box", HTMLInputElement);
  #clear = the("clear", HTMLButtonElement);
  #go;
  #timer = 0;
  /** The first letter of a new search makes a history entry, the next ones replace it. */
  #typing = false;

  /** @param {(q: string, replace: boolean) => void} go */
  constructor(go) {
    this.#go = go;
    this.#box.addEventListener("input", () => this.#onInput());
    this.#box.addEventListener("blur", () => (this.#typing = false));
    this.#clear.addEventListener("click", () => this.clear());
    the("search", HTMLFormElement).addEventListener("submit", (event) => this.#onSubmit(event));
  }

  /** @param {string} q as the address has it */
  set(q) {
    if (this.#query() !== q) {
      this.#box.value = q;
      this.#typing = false;
    }
    this.#clear.hidden = this.#box.value === "";
  }

  /** @returns {boolean} whether somebody is typing into it */
  get hasText() {
    return document.activeElement === this.#box && this.#box.value !== "";
  }

  /** Puts the cursor into the box. */
  focus() {
    this.#box.focus();
    this.#box.select();
  }

  /** @returns {boolean} whether there was something to clear */
  clear() {
    if (this.#box.value === "") return false;
    this.#box.value = "";
    this.#box.focus();
    this.#onInput();
    this.#search();
    return true;
  }

  /** @returns {string} */
  #query() {
    return this.#box.value.trim().replace(/\s+/g, " ");
  }

  #onInput() {
    this.#clear.hidden = this.#box.value === "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), TYPING_MS);
  }

  #search() {
    clearTimeout(this.#timer);
    this.#go(this.#query(), this.#typing);
    this.#typing = document.activeElement === this.#box;
  }

  /** @param {SubmitEvent} event */
  #onSubmit(event) {
    event.preventDefault();
    this.#search();
    this.#typing = false;
  }
}
