// SPDX-License-Identifier: MIT
/**
 * Which place of the board the address names, and moving between places without leaving the page.
 */

import { ofTab } from "./store.js";

/** @typedef {{ kind: "list", q: string } | { kind: "message", id: string } | { kind: "log" }} Place */

/**
 * @typedef {object} Memory what a history entry looked like when it was left
 * @property {import("./feed.js").Snapshot | null} list
 * @property {import("./list.js").Anchor | null} anchor
 */

/** How a place was come to. @typedef {"load" | "go" | "back"} Way */

const LOG = "/log";

/** So many entries survive a reload; while the page lives, all do. */
const KEPT = 12;

/** @type {Map<string, Memory>} */
const memories = new Map();

/**
 * @param {URL | Location} url
 * @returns {Place}
 */
export function placeOf(url) {
  const id = /^\/m\/(\d+)$/.exec(url.pathname)?.[1];
  if (id) return { kind: "message", id: id.replace(/^0+(?=\d)/, "") };
  if (url.pathname === LOG) return { kind: "log" };
  return { kind: "list", q: (new URLSearchParams(url.search).get("q") ?? "").trim() };
}

/**
 * @param {Place} place
 * @returns {string}
 */
export function pathOfPlace(place) {
  if (place.kind === "message") return `/m/${place.id}`;
  if (place.kind === "log") return LOG;
  return place.q ? `/?${new URLSearchParams({ q: place.q })}` : "/";
}

/** Walks through the history of this tab. */
export class Router {
  #show;
  #remember;
  #key;

  /**
   * @param {(place: Place, way: Way, memory: Memory | null) => void} show
   * @param {() => Memory} remember asked for before a place is left
   */
  constructor(show, remember) {
    this.#show = show;
    this.#remember = remember;
    history.scrollRestoration = "manual";
    this.#key = history.state?.key ?? newKey();
    history.replaceState({ key: this.#key }, "");
    addEventListener("popstate", (event) => this.#onPop(event));
    addEventListener("pagehide", () => this.#keep());
    document.addEventListener("click", (event) => this.#onClick(event));
  }

  /** Shows the place that the page was loaded with. */
  start() {
    this.#show(placeOf(location), "load", recall(this.#key));
  }

  /**
   * @param {Place} place
   * @param {{ replace?: boolean }} [options] replace the entry instead of adding one
   */
  go(place, { replace = false } = {}) {
    const path = pathOfPlace(place);
    if (replace) {
      history.replaceState({ key: this.#key }, "", path);
    } else {
      this.#keep();
      this.#key = newKey();
      history.pushState({ key: this.#key }, "", path);
    }
    this.#show(place, "go", null);
  }

  #keep() {
    keep(this.#key, this.#remember());
  }

  /** @param {PopStateEvent} event */
  #onPop(event) {
    this.#keep();
    this.#key = event.state?.key ?? newKey();
    if (!event.state) history.replaceState({ key: this.#key }, "");
    this.#show(placeOf(location), "back", recall(this.#key));
  }

  /**
   * Links to places of the board are followed here; any other link, and any click with a modifier, is the browser's.
   * @param {MouseEvent} event
   */
  #onClick(event) {
    const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (event.defaultPrevented || event.button !== 0 || modified) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || !isOurs(link)) return;
    event.preventDefault();
    const place = placeOf(new URL(link.href));
    this.go(place, { replace: pathOfPlace(place) === location.pathname + location.search });
  }
}

/**
 * @param {HTMLAnchorElement} link
 * @returns {boolean} whether it leads to a place of the board; links in messages are not ours
 */
function isOurs({ origin, pathname, rel }) {
  return origin === location.origin && !rel && /^\/(log|m\/\d+)?$/.test(pathname);
}

/** @returns {string} */
function newKey() {
  return `${Date.now().toString(36)}${Math.floor(Math.random() * 1e9).toString(36)}`;
}

/**
 * @param {string} key
 * @param {Memory} memory
 */
function keep(key, memory) {
  memories.set(key, memory);
  const keys = /** @type {string[]} */ (JSON.parse(ofTab.get("places") ?? "[]")).filter((other) => other !== key);
  keys.push(key);
  while (keys.length > KEPT) ofTab.set(`place ${keys.shift()}`, null);
  ofTab.set("places", JSON.stringify(keys));
  ofTab.set(`place ${key}`, JSON.stringify(memory));
}

/**
 * @param {string} key
 * @returns {Memory | null}
 */
function recall(key) {
  return memories.get(key) ?? JSON.parse(ofTab.get(`place ${key}`) ?? "null");
}
