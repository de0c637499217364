// SPDX-License-Identifier: MIT
/**
 * The page: puts its parts together and decides which of them is shown.
 */

import { the } from "./dom.js";
import { Feed } from "./feed.js";
import { countOne, startFooter } from "./footer.js";
import { PostForm } from "./form.js";
import { Keys } from "./keys.js";
import { List } from "./list.js";
import { ModerationLog } from "./log.js";
import { News } from "./news.js";
import { Permalink } from "./permalink.js";
import { Poster } from "./posting.js";
import { Proofs } from "./proof.js";
import { Router } from "./router.js";
import { SearchBox } from "./search.js";

/** @typedef {import("./router.js").Memory} Memory */
/** @typedef {import("./router.js").Place} Place */
/** @typedef {import("./router.js").Way} Way */

const NAME = "initialsDB";
const HOME_TITLE = document.title;

const lead = the("lead", HTMLElement);
const board = the("board", HTMLElement);

/** @type {Place} */
let here = { kind: "list", q: "" };
/** When what is here has been shown, or cannot be. */
let showing = Promise.resolve();

const list = new List();
const feed = new Feed(list, { postInstead: (text) => form.open(text) });
const news = new News(feed, list, retitle);
const log = new ModerationLog();
const proofs = new Proofs();
const poster = new Poster(proofs);
const permalink = new Permalink(poster, retitle);
const form = new PostForm(poster, proofs, { posted, toggled });
const search = new SearchBox((q, replace) => {
  if (here.kind === "list" ? q !== here.q : q) router.go({ kind: "list", q }, { replace });
});
const router = new Router(show, remember);

function retitle() {
  const count = news.count > 0 ? `(${news.count}) ` : "";
  if (here.kind === "message") document.title = `${permalink.title} - ${NAME}`;
  else if (here.kind === "log") document.title = `Moderation log - ${NAME}`;
  else document.title = count + (here.q ? `“${here.q}” - ${NAME}` : HOME_TITLE);
}

/** The feed is of what is shown. */
function pointToFeed() {
  const query = here.kind === "list" && here.q ? `?${new URLSearchParams({ q: here.q })}` : "";
  for (const link of document.querySelectorAll("link[type='application/atom+xml'], .foot [href*=feed]")) {
    link.setAttribute("href", `/api/listings/feed${query}`);
  }
}

/** @returns {Memory} */
function remember() {
  return here.kind === "list" ? { list: feed.snapshot(), anchor: list.anchor() } : { list: null, anchor: null };
}

/**
 * @param {Place} place
 * @param {Way} way
 * @param {Memory | null} memory
 */
function show(place, way, memory) {
  const before = here;
  here = place;
  const listed = place.kind === "list";
  board.hidden = !listed;
  lead.hidden = !listed;
  search.set(listed ? place.q : "");
  permalink.close();
  log.close();
  showing = listed ? showList(place.q, way, memory) : showOther(place, way);
  void showing.finally(() => document.body.classList.remove("opening"));
  if (before.kind === "message" && listed && way === "back") list.focus(before.id);
  retitle();
  pointToFeed();
}

/**
 * @param {Exclude<Place, { kind: "list" }>} place
 * @param {Way} way
 * @returns {Promise<void>}
 */
function showOther(place, way) {
  feed.stop();
  news.rest();
  scrollTo({ top: 0, behavior: "instant" });
  return place.kind === "message" ? permalink.open(place.id, way !== "load") : log.open(way !== "load");
}

/**
 * A list that was left further down is shown as it was left; at its top it is loaded anew.
 * @param {string} q
 * @param {Way} way
 * @param {Memory | null} memory
 */
async function showList(q, way, memory) {
  news.rest();
  const kept = memory?.list;
  if (kept && kept.q === q && (way === "back" || memory.anchor)) {
    feed.restore(kept);
    list.scrollTo(memory.anchor);
    news.watch();
    void news.look();
  } else {
    if (way !== "load") scrollTo({ top: 0, behavior: "instant" });
    await feed.open(q);
    if (isList(q)) news.watch();
  }
}

/**
 * @param {string} q
 * @returns {boolean} whether its list is what is shown
 */
function isList(q) {
  return here.kind === "list" && here.q === q;
}

/** @param {import("./client.js").Message} message */
function posted(message) {
  countOne();
  if (!isList("")) router.go({ kind: "list", q: "" });
  void showing.then(() => isList("") && putOnTop(message));
}

/** @param {import("./client.js").Message} message */
function putOnTop(message) {
  feed.insert([message]);
  list.markPosted(message.id);
  void news.look();
}

/** @param {boolean} open the form takes the place of the lead */
function toggled(open) {
  lead.classList.toggle("unseen", open);
}

/** Escape leaves the nearest thing. */
function leave() {
  if (form.cancel() || permalink.escape()) return;
  if (form.isOpen && !search.hasText) form.close();
  else search.clear();
}

/** @param {1 | -1} step */
function move(step) {
  if (here.kind === "list") {
    if (!list.move(step) && step > 0) void feed.more();
    return;
  }
  const id = here.kind === "message" && permalink.neighbour(step);
  if (id) router.go({ kind: "message", id });
}

/** @param {HTMLElement} article */
function openMessage(article) {
  if (article.dataset.id) router.go({ kind: "message", id: article.dataset.id });
}

new Keys({ search: () => search.focus(), move, post: () => form.open(), openMessage, escape: leave });
the("home", HTMLAnchorElement).addEventListener("click", () => scrollTo({ top: 0 }));
startFooter();
router.start();
