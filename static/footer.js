// SPDX-License-Identifier: MIT
/**
 * The footer: how many messages there are, and the theme.
 */

import * as api from "./client.js";
import { the } from "./dom.js";
import { messageCount } from "./format.js";
import { lasting } from "./store.js";

/** @type {Record<string, string>} what comes after each theme */
const NEXT_THEME = { auto: "dark", dark: "light", light: "auto" };

/** @type {number | null} null while unknown */
let total = null;

/** Asks how many messages there are; failing that, the footer does without. */
export async function showCount() {
  try {
    total = await api.count();
    write();
  } catch {
    // Nothing depends on it.
  }
}

/** One more. */
export function countOne() {
  if (total === null) return;
  total++;
  write();
}

function write() {
  the("count", HTMLElement).textContent = total === null ? "" : messageCount(total);
}

/** @returns {string} */
function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

/** The browser's own frame follows the theme, too: index.html has a colour for each scheme. */
function showTheme() {
  const name = theme();
  the("theme-name", HTMLElement).textContent = name.charAt(0).toUpperCase() + name.slice(1);
  for (const scheme of ["light", "dark"]) {
    const system = `(prefers-color-scheme: ${scheme})`;
    const media = name === "auto" ? system : name === scheme ? "all" : "not all";
    the(`frame-${scheme}`, HTMLMetaElement).media = media;
  }
}

function cycle() {
  const next = NEXT_THEME[theme()] ?? "auto";
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  lasting.set("theme", next === "auto" ? null : next);
  showTheme();
}

/** Brings the footer to life. */
export function startFooter() {
  showTheme();
  the("theme", HTMLButtonElement).addEventListener("click", cycle);
  void showCount();
}
