// SPDX-License-Identifier: MIT
/**
 * The messages of one query: loads them page by page, keeps what is there while loading, and says how it went.
 */

import * as api from "./client.js";
import { make, the } from "./dom.js";
import { messageCount } from "./format.js";
import { wordsOf } from "./markup.js";
import { notice, retryNotice, untilRetry, wordsFor } from "./notice.js";
import { sayAtRest } from "./status.js";

/** @typedef {import("./client.js").Message} Message */
/** @typedef {import("./list.js").List} List */

/**
 * @typedef {object} Snapshot what is needed to show a list again without asking for it
 * @property {string} q
 * @property {Message[]} items
 * @property {string | null} cursor
 */

/** When the page has kept a reader waiting for so long, it says what for. */
export const PATIENCE_MS = 400;
/** What the first page has and what the following ones have: those who read on are spared requests. */
const FIRST = 30;
const NEXT = 100;
/** How far below the window the end may be for the next page to be fetched. */
const AHEAD = "800px";

/**
 * Compares ids, which may be too large for numbers.
 * @param {string} one
 * @param {string} other
 * @returns {number} above 0 when the first is the newer
 */
export function compareIds(one, other) {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

/** What is loaded, and how to load more. */
export class Feed {
  q = "";
  /** @type {Message[]} */
  items = [];
  /** @type {string | null} */
  cursor = null;
  /** Whether the items belong to q, that is, the first page has come. */
  loaded = false;

  #list;
  #heading = the("lead", HTMLHeadingElement);
  #welcome = [...this.#heading.childNodes];
  #end = the("end", HTMLElement);
  #empty = the("empty", HTMLElement);
  #abort = new AbortController();
  #busy = false;
  #failures = 0;
  #stopRetry = () => {};
  /** @type {(() => Promise<void>) | null} what is waiting to be tried again */
  #retry = null;
  #observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && this.more(), {
    rootMargin: AHEAD,
  });

  /**
   * @param {List} list
   * @param {{ postInstead: (text: string) => void }} hooks
   */
  constructor(list, hooks) {
    this.#list = list;
    this.hooks = hooks;
  }

  /**
   * Shows the newest messages of a query.
   * @param {string} q empty for all
   */
  async open(q) {
    const other = q !== this.q;
    this.#begin(q);
    if (other) this.#forget();
    await this.#load(null, "list-notice", (page) => {
      this.items = page.items;
      this.cursor = page.next_cursor;
      this.#showAll();
      sayAtRest(this.q ? this.#summary() : "");
    });
  }

  /** Loads the next page, of the query whose pages these are. */
  async more() {
    if (!this.cursor || this.#busy || this.#retry) return;
    await this.#load(this.cursor, "more-notice", (page) => {
      const pressed = this.#end.contains(document.activeElement);
      this.items.push(...page.items);
      this.cursor = page.next_cursor;
      this.#list.append(page.items);
      this.#showFrame();
      if (pressed && page.items.length > 0) this.#list.focus(page.items[0].id);
    });
  }

  /** @param {Snapshot} snapshot */
  restore({ q, items, cursor }) {
    this.#begin(q);
    Object.assign(this, { items, cursor });
    this.#showAll();
  }

  /** @returns {Snapshot | null} null while there is nothing worth keeping */
  snapshot() {
    return this.loaded ? { q: this.q, items: this.items, cursor: this.cursor } : null;
  }

  /** @param {Message[]} messages to stand where their ids belong */
  insert(messages) {
    for (const message of messages) {
      const at = this.items.findIndex((item) => compareIds(item.id, message.id) <= 0);
      const next = at < 0 ? undefined : this.items[at];
      if (next?.id === message.id) continue;
      this.items.splice(at < 0 ? this.items.length : at, 0, message);
      this.#list.insert(message, next?.id ?? null);
    }
    this.#showFrame();
  }

  /** The rows stay until there are others, but no page of another query may be asked for with this cursor. */
  #forget() {
    Object.assign(this, { items: [], cursor: null, loaded: false });
  }

  /** @param {string} id of a message that is gone */
  drop(id) {
    this.items = this.items.filter((item) => item.id !== id);
    this.#list.remove(id);
    this.#showFrame();
  }

  /** Ends what is under way; what is shown stays. */
  stop() {
    this.#abort.abort();
    this.#endRetry();
    this.#observer.disconnect();
  }

  #endRetry() {
    this.#stopRetry();
    this.#retry = null;
  }

  /** Tries again; whoever pressed the button for it is led to what has come. */
  async #retryNow() {
    const place = document.activeElement?.closest("#list-notice, #more-notice");
    const known = place?.id === "more-notice" ? this.items.length : 0;
    const retry = this.#retry;
    this.#endRetry();
    await retry?.();
    if (!place || document.activeElement !== document.body) return;
    const came = place.querySelector("button") ?? this.#list.article(this.items[known]?.id ?? "");
    came?.focus();
  }

  /** @param {string} q */
  #begin(q) {
    this.stop();
    this.#abort = new AbortController();
    this.#busy = false;
    this.#failures = 0;
    this.q = q;
    for (const id of ["list-notice", "more-notice"]) the(id, HTMLElement).replaceChildren();
  }

  /**
   * @param {string | null} cursor
   * @param {string} place id of where a failure is told
   * @param {(page: api.Page) => void} use
   */
  async #load(cursor, place, use) {
    const { signal } = this.#abort;
    const impatience = cursor ? 0 : setTimeout(() => this.#setHeading("Searching…", true), PATIENCE_MS);
    this.#setBusy(true);
    try {
      const page = await api.search(this.q, { limit: cursor ? NEXT : FIRST, cursor, signal });
      if (signal.aborted) return;
      this.#failures = 0;
      the(place, HTMLElement).replaceChildren();
      this.#setBusy(false);
      use(page);
    } catch (error) {
      if (signal.aborted) return;
      this.#setBusy(false);
      this.#fail(error, place, cursor !== null);
    } finally {
      clearTimeout(impatience);
    }
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    this.#list.setBusy(busy);
    if (busy) this.#observer.disconnect();
  }

  /**
   * Says what went wrong and tries again later; nothing else tries until then.
   * @param {unknown} error
   * @param {string} place
   * @param {boolean} paging
   */
  #fail(error, place, paging) {
    if (!(error instanceof api.Failure)) throw error;
    if (!paging && this.loaded) this.#showHeading();
    else if (!paging) this.#showNothing();
    const again = () => (paging && error.kind !== "refused" ? this.more() : this.open(this.q));
    const where = the(place, HTMLElement);
    if (error.kind === "refused") {
      const button = make("button", { type: "button", click: again }, "Try now");
      where.replaceChildren(notice({ tone: "error", first: error.message, actions: [button] }));
      return;
    }
    const seconds = untilRetry(error.retry_secs, this.#failures++);
    const { element, stop } = retryNotice({ ...wordsFor(error), seconds, again: () => void this.#retryNow() });
    this.#stopRetry = stop;
    this.#retry = again;
    where.replaceChildren(element);
  }

  #showNothing() {
    this.#list.reset([], []);
    this.#empty.hidden = true;
    this.#end.replaceChildren();
    if (this.q) this.#setHeading(`Messages with “${this.q}”`);
    else this.#showWelcome();
  }

  #showAll() {
    this.loaded = true;
    this.#list.setBusy(false);
    this.#list.reset(this.items, wordsOf(this.q));
    this.#showFrame();
  }

  #showHeading() {
    if (this.q) this.#setHeading(this.#summary(), this.items.length === 0 && this.cursor !== null);
    else this.#showWelcome();
  }

  /** Brings everything around the rows up to date. */
  #showFrame() {
    this.#showHeading();
    this.#showEnd();
    this.#empty.hidden = this.items.length > 0 || this.cursor !== null;
    this.#empty.replaceChildren(...(this.#empty.hidden ? [] : this.#nothingHere()));
  }

  /** @returns {string} */
  #summary() {
    if (this.items.length === 0) return this.cursor ? "Searching…" : `No messages with “${this.q}”`;
    return `${messageCount(this.items.length, this.cursor ? "+" : "")} with “${this.q}”`;
  }

  /** @returns {Node[]} */
  #nothingHere() {
    const square = make("div", { class: "square outlined" });
    const post = () => this.hooks.postInstead(this.q);
    const words = this.q ? "Every word must occur. Try fewer words, or only the start of one." : "Nobody has posted yet.";
    const label = this.q ? "Post it yourself" : "Post the first message";
    const button = make("button", { type: "button", click: post }, label);
    return [square, make("div", {}, make("p", {}, words), button)];
  }

  #showEnd() {
    this.#end.replaceChildren();
    if (this.cursor) {
      this.#end.append(make("button", { type: "button", click: () => void this.more() }, "Older messages"));
      this.#observer.observe(this.#end);
    } else if (this.loaded && this.items.length > 0) {
      const words = this.q ? "That is all of them." : "This is the first message. The board begins here.";
      this.#end.append(make("p", { class: "endmark" }, words));
    }
  }

  #showWelcome() {
    this.#heading.classList.remove("soft");
    this.#heading.replaceChildren(...this.#welcome);
  }

  /**
   * @param {string} text
   * @param {boolean} [soft]
   */
  #setHeading(text, soft = false) {
    this.#heading.classList.toggle("soft", soft);
    this.#heading.textContent = text;
  }
}
