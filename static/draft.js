// SPDX-License-Identifier: MIT
/**
 * The text that somebody is writing, kept in the browser until it is posted. Each tab has its own; a new tab begins
 * with the one written last.
 */

import { lasting, ofTab } from "./store.js";

const NAME = "draft";

/** @returns {string} */
export function load() {
  return ofTab.get(NAME) ?? lasting.get(NAME) ?? "";
}

/** @param {string} text */
export function save(text) {
  ofTab.set(NAME, text);
  lasting.set(NAME, text || null);
}

/**
 * Forgets the draft, but not one that another tab has written since.
 * @param {string} posted what this tab had as its draft
 */
export function clear(posted) {
  ofTab.set(NAME, "");
  if (lasting.get(NAME) === posted) lasting.set(NAME, null);
}
