// SPDX-License-Identifier: MIT
/**
 * The list of messages as it stands on the page. It knows nothing of where they come from.
 */

import { make, the } from "./dom.js";
import { addressOf, pathOf, row, showAge } from "./message.js";
import { copyButton } from "./share.js";

/** @typedef {import("./client.js").Message} Message */

const REFRESH_MS = 20_000;

/** @typedef {{ id: string, top: number }} Anchor a message and where its row stands in the window */

/** The rows. */
export class List {
  #root = the("list", HTMLUListElement);
  /** @type {string[]} */
  #words = [];

  constructor() {
    const refresh = () => document.hidden || this.refresh();
    setInterval(refresh, REFRESH_MS);
    document.addEventListener("visibilitychange", refresh);
  }

  /** Writes the ages anew. */
  refresh() {
    for (const item of this.#root.children) showAge(item);
  }

  /**
   * Replaces all rows.
   * @param {Message[]} messages
   * @param {string[]} words to mark
   */
  reset(messages, words) {
    this.#words = words;
    this.#root.replaceChildren(...this.#rows(messages));
  }

  /** @param {Message[]} messages older than those here */
  append(messages) {
    this.#root.append(...this.#rows(messages));
  }

  /**
   * @param {Message} message
   * @param {string | null} next id of the message that it stands before; null for the end
   */
  insert(message, next) {
    const before = next === null ? null : (this.article(next)?.parentElement ?? null);
    const item = row(message, this.#words);
    item.classList.add("arriving");
    this.#root.insertBefore(item, before);
  }

  /** @param {Message[]} messages */
  #rows(messages) {
    return messages.map((message) => row(message, this.#words));
  }

  /** @param {string} id */
  remove(id) {
    this.article(id)?.parentElement?.remove();
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.#root.setAttribute("aria-busy", String(busy));
  }

  /** @returns {HTMLElement[]} */
  articles() {
    return [...this.#root.querySelectorAll("article")];
  }

  /**
   * @param {string} id
   * @returns {HTMLElement | null}
   */
  article(id) {
    return this.#root.querySelector(`article[data-id="${CSS.escape(id)}"]`);
  }

  /**
   * Moves the focus from message to message.
   * @param {1 | -1} step down or up
   * @returns {boolean} whether there was one to move to
   */
  move(step) {
    const articles = this.articles();
    const at = articles.findIndex((article) => article.contains(document.activeElement));
    const target = at < 0 ? this.#firstInView(articles) : articles[at + step];
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
    return target !== undefined;
  }

  /**
   * @param {HTMLElement[]} articles
   * @returns {HTMLElement | undefined}
   */
  #firstInView(articles) {
    const edge = the("search", HTMLElement).getBoundingClientRect().bottom;
    return articles.find((article) => article.getBoundingClientRect().top >= edge) ?? articles.at(-1);
  }

  /** @returns {Anchor | null} null at the top of the page */
  anchor() {
    if (scrollY === 0) return null;
    const seen = this.articles().find((article) => article.getBoundingClientRect().bottom > 0);
    return seen ? { id: seen.dataset.id ?? "", top: seen.getBoundingClientRect().top } : null;
  }

  /** @param {Anchor | null} anchor */
  scrollTo(anchor) {
    const article = anchor && this.article(anchor.id);
    const top = article ? scrollY + article.getBoundingClientRect().top - anchor.top : 0;
    scrollTo({ top, behavior: "instant" });
  }

  /**
   * Tells the poster that this is the one, and what its address is.
   * @param {string} id
   */
  markPosted(id) {
    const article = this.article(id);
    if (!article) return;
    for (const old of this.#root.querySelectorAll(".posted")) old.remove();
    const address = addressOf(id);
    const link = make("a", { href: pathOf(id) }, address.replace(/^\w+:\/\//, ""));
    article.append(make("p", { class: "posted" }, make("span", {}, "Posted."), link, copyButton(address, "link")));
    this.focus(id);
  }

  /** @param {string} id */
  focus(id) {
    const article = this.article(id);
    article?.focus({ preventScroll: true });
    article?.scrollIntoView({ block: "nearest" });
  }
}
