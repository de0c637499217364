// SPDX-License-Identifier: MIT
/**
 * Looks now and then whether there are newer messages, and announces them in one quiet line.
 */

import * as api from "./client.js";
import { the } from "./dom.js";
import { compareIds } from "./feed.js";
import { showCount } from "./footer.js";
import { messageCount } from "./format.js";
import { say } from "./status.js";

/** @typedef {import("./feed.js").Feed} Feed */
/** @typedef {import("./list.js").List} List */

const SHORTEST_MS = 15_000;
const LONGEST_MS = 240_000;
const GROWTH = 1.5;
const PAGE = 30;

/** Watches for news while the list is open and the page is seen. */
export class News {
  #feed;
  #list;
  #line = the("news", HTMLButtonElement);
  /** @type {api.Message[]} */
  #waiting = [];
  #gap = false;
  #timer = 0;
  #pause_ms = SHORTEST_MS;
  #abort = new AbortController();
  #watching = false;

  /**
   * @param {Feed} feed
   * @param {List} list
   * @param {() => void} retitle called when the number of new messages changes
   */
  constructor(feed, list, retitle) {
    this.#feed = feed;
    this.#list = list;
    this.retitle = retitle;
    this.#line.addEventListener("click", () => void this.show());
    document.addEventListener("visibilitychange", () => this.#onVisibility());
  }

  /** @returns {number} how many are waiting to be shown */
  get count() {
    return this.#waiting.length;
  }

  /** Starts to watch the list that is open now. */
  watch() {
    this.rest();
    this.#watching = true;
    this.#pause_ms = SHORTEST_MS;
    this.#schedule();
  }

  /** Stops, and forgets what was waiting. */
  rest() {
    this.#watching = false;
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#setWaiting([], false);
  }

  /** Looks at once: something has just changed. */
  async look() {
    clearTimeout(this.#timer);
    if (!this.#watching || document.hidden) return;
    const { q } = this.#feed;
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const page = await api.search(q, { limit: PAGE, signal });
      if (!signal.aborted && this.#feed.loaded && this.#feed.q === q) this.#compare(page);
    } catch (error) {
      if (signal.aborted) return;
      const least = error instanceof api.Failure ? error.retry_secs * 1000 : 0;
      this.#pause_ms = Math.max(least, Math.min(LONGEST_MS, this.#pause_ms * 2));
    }
    this.#schedule();
  }

  /** Puts the new messages into the list and the focus on the first. */
  async show() {
    const [first] = this.#waiting;
    const messages = this.#waiting;
    const gap = this.#gap;
    this.#setWaiting([], false);
    if (gap) await this.#feed.open(this.#feed.q);
    else this.#feed.insert(messages);
    if (first) this.#list.focus(first.id);
    void showCount();
    this.watch();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (this.#watching && !document.hidden) this.#timer = setTimeout(() => void this.look(), this.#pause_ms);
  }

  #onVisibility() {
    clearTimeout(this.#timer);
    if (document.hidden || !this.#watching) return;
    this.#pause_ms = SHORTEST_MS;
    void this.look();
  }

  /** @param {api.Page} page the newest there are */
  #compare(page) {
    const { items, cursor } = this.#feed;
    const known = new Set(items.map((item) => item.id));
    const oldest = cursor ? (items.at(-1)?.id ?? "") : "";
    const fresh = page.items.filter((item) => !known.has(item.id) && compareIds(item.id, oldest) > 0);
    this.#dropHidden(page);
    const before = this.#waiting.length;
    const last = page.items.at(-1)?.id;
    const gap = page.next_cursor !== null && last !== undefined && !known.has(last);
    this.#setWaiting(fresh, gap);
    if (fresh.length > before) this.#pause_ms = SHORTEST_MS;
    else this.#pause_ms = Math.min(LONGEST_MS, this.#pause_ms * GROWTH);
    if (before === 0 && fresh.length > 0) say(this.#words());
  }

  /**
   * What the list has and the page, which covers that stretch, has not, was hidden meanwhile. What is newer than the
   * page's first may only be newer than the server that answered.
   * @param {api.Page} page
   */
  #dropHidden(page) {
    const first = page.items[0]?.id ?? "";
    const last = page.next_cursor ? (page.items.at(-1)?.id ?? first) : "";
    const there = new Set(page.items.map((item) => item.id));
    const covered = this.#feed.items.filter(({ id }) => compareIds(id, first) <= 0 && compareIds(id, last) >= 0);
    for (const { id } of covered) if (!there.has(id)) this.#feed.drop(id);
  }

  /** @returns {string} */
  #words() {
    return messageCount(this.#waiting.length).replace(" ", " new ");
  }

  /**
   * @param {api.Message[]} messages
   * @param {boolean} gap whether there may be still more between them and the list
   */
  #setWaiting(messages, gap) {
    this.#waiting = messages;
    this.#gap = gap;
    this.#line.hidden = messages.length === 0;
    this.#line.textContent = messages.length === 0 ? "" : this.#words();
    this.retitle();
  }
}
