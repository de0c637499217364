// SPDX-License-Identifier: MIT
/**
 * The moderation log: what moderators did and why, newest first.
 */

import * as api from "./client.js";
import { now } from "./clock.js";
import { make, the } from "./dom.js";
import { exactTime, shortTime } from "./format.js";
import { linkTo } from "./message.js";
import { retryNotice, untilRetry, wordsFor } from "./notice.js";

/** @type {Record<string, string>} what an action means for the message it is about */
const TO_MESSAGE = {
  hide: "was hidden",
  unhide: "is shown again",
  approve: "was approved",
  delete: "was deleted",
};

/** @type {Record<string, string>} */
const TO_BOARD = {
  "hold on": "New messages wait for approval",
  "hold off": "New messages appear at once",
  ban: "A network may not post for a while",
  unban: "A network may post again",
  "refuse word": "A word is refused",
  "allow word": "A word is allowed again",
};

/**
 * @param {api.Entry} entry
 * @returns {Node} what was done, as a sentence
 */
function sentence({ action, id, reason }) {
  const words = make("p", { dir: "auto" });
  if (id) words.append(linkTo(id), ` ${TO_MESSAGE[action] ?? action}`);
  else words.append(TO_BOARD[action] ?? action);
  if (reason) words.append(": ", make("span", { class: "soft" }, reason));
  else words.append(".");
  return words;
}

/**
 * @param {api.Entry} entry
 * @returns {HTMLLIElement}
 */
function entryRow(entry) {
  const date = new Date(entry.at);
  const time = make("time", { class: "when", datetime: entry.at, title: exactTime(date) }, shortTime(date, now()));
  return make("li", {}, make("article", { tabindex: "-1" }, time, sentence(entry)));
}

/** The view of the log. */
export class ModerationLog {
  #root = the("log", HTMLElement);
  #list = make("ul", { class: "list", role: "list" });
  #end = make("div", { class: "end text-column" });
  #abort = new AbortController();
  #stopRetry = () => {};

  /** Leaves the view. */
  close() {
    this.#abort.abort();
    this.#stopRetry();
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }

  /** @param {boolean} focus whether to move the focus to the heading */
  async open(focus) {
    this.#abort = new AbortController();
    const heading = make("h1", { class: "lead text-column", tabindex: "-1" }, "What moderators did. ");
    heading.append(make("span", {}, "Hidden texts are not shown."));
    this.#list.replaceChildren();
    this.#end.replaceChildren();
    this.#root.replaceChildren(heading, this.#list, this.#end);
    this.#root.hidden = false;
    if (focus) heading.focus({ preventScroll: true });
    await this.#load(null);
  }

  /** @param {string | null} cursor */
  async #load(cursor) {
    const { signal } = this.#abort;
    this.#list.setAttribute("aria-busy", "true");
    try {
      const page = await api.log(cursor, signal);
      if (signal.aborted) return;
      const rows = page.items.map(entryRow);
      this.#list.append(...rows);
      const pressed = this.#isPressed();
      this.#showEnd(page.next_cursor);
      const came = cursor ? rows[0]?.querySelector("article") : this.#root.querySelector("h1");
      if (pressed) came?.focus({ preventScroll: true });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.Failure)) throw error;
      this.#retryLater(error, cursor);
    } finally {
      this.#list.removeAttribute("aria-busy");
    }
  }

  /**
   * @param {api.Failure} failure
   * @param {string | null} cursor
   */
  #retryLater(failure, cursor) {
    const seconds = untilRetry(failure.retry_secs);
    const { element, stop } = retryNotice({ ...wordsFor(failure), seconds, again: () => void this.#load(cursor) });
    this.#stopRetry = stop;
    const pressed = this.#isPressed();
    this.#end.replaceChildren(element);
    if (pressed) element.querySelector("button")?.focus();
  }

  /** @returns {boolean} whether the focus is on what is about to be replaced */
  #isPressed() {
    return this.#end.contains(document.activeElement);
  }

  /** @param {string | null} cursor */
  #showEnd(cursor) {
    const more = () => void this.#load(cursor);
    if (cursor) this.#end.replaceChildren(make("button", { type: "button", click: more }, "Older entries"));
    else this.#end.replaceChildren(make("p", { class: "endmark" }, this.#lastWords()));
  }

  /** @returns {string} */
  #lastWords() {
    return this.#list.childElementCount > 0 ? "The log begins here." : "No moderator has done anything yet.";
  }
}
