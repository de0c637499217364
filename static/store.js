// SPDX-License-Identifier: MIT
/**
 * Storage of the browser that may be full, forbidden or absent: then nothing is kept and nothing fails.
 */

/**
 * @typedef {object} Store
 * @property {(name: string) => string | null} get
 * @property {(name: string, value: string | null) => void} set null removes
 */

/**
 * @param {() => Storage} open reading window.localStorage may already throw
 * @returns {Store}
 */
function safely(open) {
  return {
    get(name) {
      try {
        return open().getItem(name);
      } catch {
        return null;
      }
    },
    set(name, value) {
      try {
        if (value === null) open().removeItem(name);
        else open().setItem(name, value);
      } catch {
        // Nothing depends on it.
      }
    },
  };
}

/** Kept for good, shared by all tabs. */
export const lasting = safely(() => localStorage);

/** Kept while the tab lives, across reloads. */
export const ofTab = safely(() => sessionStorage);
