// SPDX-License-Identifier: MIT
/**
 * Passing on the address of a message.
 */

import { make } from "./dom.js";
import { say } from "./status.js";

const COPIED_MS = 2000;

/**
 * Copies without the clipboard interface, which pages over plain http do not have.
 * @param {string} text
 * @returns {boolean}
 */
function copyBySelection(text) {
  const field = make("textarea", { class: "unseen", readonly: true }, text);
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}

/**
 * @param {string} text
 * @returns {Promise<boolean>}
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/**
 * @param {string} address
 * @param {string} [look] class of the button
 * @returns {HTMLButtonElement}
 */
export function copyButton(address, look = "") {
  const button = make("button", { type: "button", class: look }, "Copy link");
  button.addEventListener("click", async () => {
    if (!(await copy(address))) return;
    button.textContent = "Copied";
    say("Link copied.");
    setTimeout(() => (button.textContent = "Copy link"), COPIED_MS);
  });
  return button;
}

/**
 * @param {string} address
 * @param {string} text
 * @returns {HTMLButtonElement | null} null where the browser cannot share
 */
export function shareButton(address, text) {
  if (!("share" in navigator)) return null;
  const share = () => navigator.share({ url: address, text }).catch(() => {});
  return make("button", { type: "button", click: () => void share() }, "Share");
}
