/**
 * A framed notice: its first sentence in ink, the rest soft, then what can be done.
 */

import { countDown } from "./clock.js";
import { make } from "./dom.js";

/**
 * @typedef {object} Notice
 * @property {"wait" | "error"} tone
 * @property {string} first what happened
 * @property {string} [rest] what is safe and what comes
 * @property {Node[]} [actions]
 */

/**
 * @param {Notice} notice
 * @returns {HTMLDivElement}
 */
export function notice({ tone, first, rest = "", actions = [] }) {
  const words = make("p", { role: "alert" }, make("b", {}, first), rest && ` ${rest}`);
  return make("div", { class: "notice", "data-tone": tone, tabindex: "-1" }, words, ...actions);
}

/**
 * A notice that counts down to the next try. The numbers are not part of the alert.
 * @param {{ tone: "wait" | "error", first: string, seconds: number, again: () => void }} options
 * @returns {{ element: HTMLDivElement, stop: () => void }}
 */
export function retryNotice({ tone, first, seconds, again }) {
  const rest = make("span");
  const retry = () => {
    stop();
    again();
  };
  const stop = countDown(seconds, (left) => (rest.textContent = ` The next try is in ${left} s.`), () => again());
  const words = make("p", {}, make("b", { role: "alert" }, first), rest);
  const button = make("button", { type: "button", click: retry }, "Try now");
  const element = make("div", { class: "notice", "data-tone": tone, tabindex: "-1" }, words, button);
  return { element, stop };
}
