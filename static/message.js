// SPDX-License-Identifier: MIT
/**
 * One message as it stands in the list.
 */

import { now } from "./clock.js";
import { make } from "./dom.js";
import { exactTime, number, shortTime, spokenTime } from "./format.js";
import { render } from "./markup.js";

/** @typedef {import("./client.js").Message} Message */

/**
 * @param {string} id
 * @returns {string} the path of a message's own page
 */
export function pathOf(id) {
  return `/m/${id}`;
}

/**
 * @param {string} id
 * @returns {string} what a message is called: Message 18,204
 */
export function nameOf(id) {
  return `Message ${number(id)}`;
}

/**
 * @param {string} id
 * @returns {HTMLAnchorElement} a link to a message, by its name
 */
export function linkTo(id) {
  return make("a", { href: pathOf(id) }, nameOf(id));
}

/**
 * @param {Message} message
 * @param {string[]} words to mark
 * @returns {HTMLLIElement}
 */
export function row(message, words) {
  const date = new Date(message.created_at);
  const time = make("time", { datetime: message.created_at, title: exactTime(date) });
  const when = make("a", { class: "when", href: pathOf(message.id) }, time);
  const text = make("p", { dir: "auto" }, render(message.body, words));
  const item = make("li", {}, make("article", { tabindex: "-1", "data-id": message.id }, when, text));
  showAge(item);
  return item;
}

/**
 * Writes how old a message is by now.
 * @param {Element} item a row
 */
export function showAge(item) {
  const time = item.querySelector("time");
  const article = item.querySelector("article");
  if (!time || !article) return;
  const date = new Date(time.dateTime);
  const short = shortTime(date, now());
  if (time.textContent === short) return;
  time.textContent = short;
  const spoken = `${spokenTime(date, now())}: message ${number(article.dataset.id ?? "")}`;
  time.parentElement?.setAttribute("aria-label", spoken);
}

/**
 * @param {string} id
 * @returns {string} the whole address of a message
 */
export function addressOf(id) {
  return new URL(pathOf(id), location.href).href;
}
