// SPDX-License-Identifier: MIT
/**
 * The one live region: what happened is said here, briefly, to those who do not see it.
 */

import { the } from "./dom.js";

const REST_MS = 500;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} text */
export function say(text) {
  clearTimeout(timer);
  const region = the("status", HTMLElement);
  region.textContent = "";
  // A region that was emptied first is read again even when the words are the same.
  timer = setTimeout(() => (region.textContent = text), 20);
}

/**
 * Says it once things have come to rest, unless something else is said first.
 * @param {string} text
 */
export function sayAtRest(text) {
  clearTimeout(timer);
  timer = setTimeout(() => say(text), REST_MS);
}
