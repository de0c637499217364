// SPDX-License-Identifier: MIT
/**
 * One message on its own page, between its neighbours.
 */

import * as api from "./client.js";
import { make, the } from "./dom.js";
import { PATIENCE_MS } from "./feed.js";
import { beginning, exactTime, number } from "./format.js";
import { render } from "./markup.js";
import { addressOf, nameOf, pathOf } from "./message.js";
import { retryNotice, untilRetry, wordsFor } from "./notice.js";
import { Report } from "./report.js";
import { copyButton, shareButton } from "./share.js";

/** @typedef {import("./client.js").Message} Message */

const TITLE_CHARS = 60;

/** The view of one message. */
export class Permalink {
  #root = the("permalink", HTMLElement);
  #abort = new AbortController();
  #stopRetry = () => {};
  /** @type {api.Neighbours} */
  #neighbours = { newer: null, older: null };
  title = "";

  /** @type {Report | null} */
  #report = null;

  /**
   * @param {import("./posting.js").Poster} poster
   * @param {() => void} retitle called when the title is known
   */
  constructor(poster, retitle) {
    this.poster = poster;
    this.retitle = retitle;
  }

  /** @returns {boolean} whether there was something to cancel or to close */
  escape() {
    return this.#report?.escape() ?? false;
  }

  /** Leaves the view. */
  close() {
    this.#abort.abort();
    this.#stopRetry();
    this.#report?.stop();
    this.#report = null;
    this.#root.hidden = true;
    this.#root.replaceChildren();
  }

  /**
   * @param {string} id
   * @param {boolean} focus whether to move the focus to the heading
   */
  async open(id, focus) {
    this.close();
    this.#abort = new AbortController();
    this.#neighbours = { newer: null, older: null };
    this.#root.hidden = false;
    this.#setTitle(nameOf(id));
    const { signal } = this.#abort;
    const impatience = setTimeout(() => this.#root.replaceChildren(this.#single(id)), PATIENCE_MS);
    try {
      const message = await api.message(id, signal);
      if (!signal.aborted) this.#showMessage(message);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof api.Failure)) throw error;
      this.#showFailure(id, error, focus);
    } finally {
      clearTimeout(impatience);
    }
    if (focus && !signal.aborted) this.#root.querySelector("h1")?.focus({ preventScroll: true });
  }

  /**
   * @param {1 | -1} step to the older or the newer message
   * @returns {string | null} its id
   */
  neighbour(step) {
    return step > 0 ? this.#neighbours.older : this.#neighbours.newer;
  }

  /** @param {string} title */
  #setTitle(title) {
    this.title = title;
    this.retitle();
  }

  /** @param {Message & api.Neighbours} message */
  #showMessage(message) {
    const date = new Date(message.created_at);
    const time = make("time", { datetime: message.created_at }, exactTime(date));
    const address = addressOf(message.id);
    this.#report = new Report(message.id, this.poster);
    const article = make(
      "article",
      { class: "single" },
      make("h1", { tabindex: "-1" }, `${nameOf(message.id)}, `, time),
      make("p", { class: "large", dir: "auto" }, render(message.body)),
      make("p", { class: "actions" }, copyButton(address), shareButton(address, message.body), this.#report.button),
      this.#report.form,
    );
    this.#setTitle(beginning(message.body, TITLE_CHARS));
    this.#showBetween(article, message);
  }

  /**
   * @param {HTMLElement} article
   * @param {api.Neighbours} neighbours
   */
  #showBetween(article, { newer, older }) {
    this.#neighbours = { newer, older };
    this.#root.replaceChildren(article);
    if (newer) this.#root.prepend(this.#neighbourLine("Newer", newer));
    if (older) this.#root.append(this.#neighbourLine("Older", older));
  }

  /**
   * A line whose text comes when it is known; its place is there at once.
   * @param {string} name
   * @param {string} id
   * @returns {HTMLElement}
   */
  #neighbourLine(name, id) {
    const text = make("span", { dir: "auto" }, nameOf(id));
    const link = make("a", { href: pathOf(id) }, make("span", { class: "rail" }, name), " ", text);
    api.message(id, this.#abort.signal).then(
      (message) => (text.textContent = beginning(message.body, 200)),
      () => {}, // The number will do.
    );
    return make("nav", { class: name.toLowerCase(), "aria-label": `${name} message` }, link);
  }

  /**
   * @param {string} id
   * @param {api.Failure} failure
   * @param {boolean} focus
   */
  #showFailure(id, failure, focus) {
    if (failure.kind === "hidden") return this.#showHidden(id, failure);
    if (failure.kind === "absent") return this.#showAbsent(id);
    const seconds = untilRetry(failure.retry_secs);
    const again = () => void this.open(id, focus || this.#root.contains(document.activeElement));
    const { element, stop } = retryNotice({ ...wordsFor(failure), seconds, again });
    this.#stopRetry = stop;
    this.#root.replaceChildren(this.#single(id, element));
  }

  /**
   * @param {string} id
   * @param {...Node} content
   * @returns {HTMLElement} a message of which no more than this is known
   */
  #single(id, ...content) {
    return make("article", { class: "single" }, make("h1", { tabindex: "-1" }, nameOf(id)), ...content);
  }

  /**
   * @param {string} id
   * @param {api.Failure} failure
   */
  #showHidden(id, failure) {
    const square = make("div", { class: "square hidden-text" });
    const log = make("p", { class: "soft" }, "What moderators did, and why, is in the ", make("a", { href: "/log" }, "log"), ".");
    const words = make("p", {}, "A moderator hid this message.");
    this.#showBetween(this.#single(id, square, words, log), failure);
  }

  /** @param {string} id */
  #showAbsent(id) {
    this.#setTitle(`There is no message ${number(id)}`);
    const words = make("p", {}, "Nobody has posted it yet.");
    const home = make("a", { href: "/", class: "button" }, "Newest messages");
    const block = make("div", { class: "nothing" }, make("div", { class: "square outlined" }), make("div", {}, words, home));
    const heading = make("h1", { class: "lead text-column", tabindex: "-1" }, `There is no message ${number(id)}`);
    this.#root.replaceChildren(heading, block);
  }
}
