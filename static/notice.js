// SPDX-License-Identifier: MIT
/**
 * A framed notice: its first sentence in ink, the rest soft, then what can be done.
 */

import { countDown } from "./clock.js";
import { make } from "./dom.js";
import { wait } from "./format.js";

/** What is on the button when the next try is the reader's. */
export const AGAIN = "Try again";

const RETRIES_SECS = [4, 8, 16, 32, 60];

/**
 * @param {number} asked_secs for, by the server; 0 when it did not say
 * @param {number} [failures] in a row before this one, where somebody counts them
 * @returns {number} seconds until the next try
 */
export function untilRetry(asked_secs, failures = 1) {
  return Math.max(asked_secs, RETRIES_SECS[Math.min(failures, RETRIES_SECS.length - 1)]);
}

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
 * @param {import("./client.js").Failure} failure of a reading
 * @returns {{ tone: "wait" | "error", first: string }}
 */
export function wordsFor(failure) {
  if (failure.kind === "limited") return { tone: "wait", first: "Many requests came from your network." };
  if (failure.kind === "offline") return { tone: "error", first: "You are offline." };
  return { tone: "error", first: "The board does not answer." };
}

/**
 * A notice that counts down to the next try, which comes sooner when the network is back. The numbers are not part of
 * the alert.
 * @param {object} options
 * @param {"wait" | "error"} options.tone
 * @param {string} options.first what happened
 * @param {string} [options.safe] what is safe meanwhile
 * @param {number} options.seconds
 * @param {(left: number) => void} [options.tick] called with the seconds left
 * @param {() => void} options.again called once, when the time is up or the reader does not want to wait
 * @returns {{ element: HTMLDivElement, stop: () => void }}
 */
export function retryNotice({ tone, first, safe = "", seconds, tick, again }) {
  const rest = make("span");
  const show = (/** @type {number} */ left) => {
    rest.textContent = ` The next try is in ${wait(left)}. ${safe}`.trimEnd();
    tick?.(left);
  };
  const retry = () => {
    stop();
    again();
  };
  const stopCountdown = countDown(seconds, show, retry);
  const stop = () => {
    stopCountdown();
    removeEventListener("online", retry);
  };
  addEventListener("online", retry);
  const words = make("p", {}, make("b", { role: "alert" }, first), rest);
  const button = make("button", { type: "button", click: retry }, "Try now");
  const element = make("div", { class: "notice", "data-tone": tone, tabindex: "-1" }, words, button);
  return { element, stop };
}
