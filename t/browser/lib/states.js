// SPDX-License-Identifier: MIT
/**
 * Every state that the page can be in, and the way there on an arranged board.
 */

import { arrange, ITEMS, NOW, refusal } from "./stage.js";

/** @typedef {import("playwright-core").Page} Page */

/**
 * @typedef {object} State
 * @property {string} name
 * @property {string} path
 * @property {boolean} [scripts] false: without JavaScript
 * @property {(page: Page) => Promise<unknown>} [before] arranges what the board answers
 * @property {(page: Page) => Promise<unknown>} [enter] what the reader does
 * @property {string} shown a selector of what must be seen then
 */

const PIANO =
  "Piano, upright, Riga 1911. Two keys are silent, the rest are kind. Free to whoever can carry it down three floors. klavieres@example.lv";
const TUNED =
  " It was tuned last spring by a man who hummed the whole time, and it has remembered the tune. Bring four friends, two straps and an afternoon. 🎹";

/** A worker that finds nine proofs at once and then no more. */
const STUCK_WORKER = `onmessage = () => postMessage({ nonces: [..."123456789"], hashes: 50000, ms: 20 });`;
const HARD = { challenge: "AAAAAAAAAAAAAAAAAAAAAA", difficulty: 21, rounds: 16, ttl_secs: 100, token: "stage" };

/**
 * @param {Page} page
 * @param {string} [text]
 */
async function write(page, text = PIANO) {
  await page.click("#post");
  await page.fill("#text", text);
}

/** @param {Page} page */
async function post(page) {
  await write(page);
  await page.click("#submit");
}

/**
 * @param {(route: import("playwright-core").Route) => Promise<void>} answer
 * @returns {(page: Page) => Promise<unknown>}
 */
function creating(answer) {
  return (page) => page.route("**/api/listings/create", answer);
}

/** @param {Page} page */
async function report(page) {
  await page.getByRole("button", { name: "Report" }).click();
  await page.fill("#reason", "He sells shoes that are not his");
}

/** @param {Page} page */
async function solveSlowly(page) {
  await page.route("**/solver-worker*.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: STUCK_WORKER }),
  );
  await page.route("**/pow/challenge", (route) => route.fulfill({ json: HARD }));
}

/** @param {Page} page */
async function threeMore(page) {
  await page.waitForSelector("article");
  const fresh = [3, 2, 1].map((n) => ({ id: 18204 + n, body: `New message ${n}.`, created_at: NOW.toISOString() }));
  await page.unroute("**/api/listings/search?*");
  await page.route("**/api/listings/search?*", (route) =>
    route.fulfill({ json: { items: [...fresh, ...ITEMS.slice(0, 10)], next_cursor: "18189" } }),
  );
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
}

/** @type {State[]} */
export const STATES = [
  { name: "opening", path: "/", shown: "#list article" },
  {
    name: "loading",
    path: "/",
    shown: "h1.soft",
    enter: async (page) => {
      await page.waitForSelector("article");
      await page.route("**/api/listings/search?*", () => new Promise(() => {}));
      await page.fill("#box", "garden");
    },
  },
  { name: "news", path: "/", enter: threeMore, shown: "#news" },
  { name: "end", path: "/", enter: (page) => page.locator("#end").scrollIntoViewIfNeeded(), shown: ".endmark" },
  { name: "search", path: "/?q=garden+shed", shown: "mark" },
  { name: "empty", path: "/?q=zeppelin+rides", shown: "#empty button" },
  { name: "form", path: "/", enter: (page) => page.click("#post"), shown: "#form" },
  { name: "written", path: "/", enter: (page) => write(page), shown: "#form" },
  { name: "too-long", path: "/", enter: (page) => write(page, PIANO + TUNED), shown: "#left.error" },
  {
    name: "nothing-written",
    path: "/",
    enter: async (page) => {
      await page.click("#post");
      await page.click("#submit");
    },
    shown: "text=Write something first.",
  },
  { name: "solving", path: "/", before: solveSlowly, enter: post, shown: "#cells i" },
  { name: "success", path: "/", enter: post, shown: ".posted" },
  {
    name: "limited",
    path: "/",
    before: creating(refusal(429, "RATE_LIMITED", "Many posts came from your network.", 42)),
    enter: post,
    shown: "text=Wait 42 s",
  },
  {
    name: "offline",
    path: "/",
    enter: async (page) => {
      await page.waitForSelector("article");
      await write(page);
      await page.context().setOffline(true);
      await page.click("#submit");
    },
    shown: "text=You are offline.",
  },
  {
    name: "no-answer",
    path: "/",
    before: creating((route) => route.abort("connectionreset")),
    enter: post,
    shown: "text=No answer yet.",
  },
  {
    name: "read-only",
    path: "/",
    before: creating(refusal(503, "READ_ONLY", "The board is read-only for a while.")),
    enter: post,
    shown: "text=read-only",
  },
  {
    name: "refused",
    path: "/",
    before: creating(refusal(422, "TEXT_REFUSED", "This board does not take texts with more than two links.")),
    enter: post,
    shown: "text=two links",
  },
  {
    name: "held",
    path: "/",
    before: creating((route) => route.fulfill({ status: 202, json: { id: 18205, held: true } })),
    enter: post,
    shown: "text=A moderator reads your message before it appears.",
  },
  {
    name: "post-error",
    path: "/",
    before: creating(refusal(503, "UNAVAILABLE", "The database does not answer.", 8)),
    enter: post,
    shown: "text=Try now",
  },
  {
    name: "error",
    path: "/",
    before: (page) =>
      page.route("**/api/listings/search?*", refusal(503, "UNAVAILABLE", "The database does not answer.", 8)),
    shown: "text=The next try is in 8 s.",
  },
  {
    name: "reads-limited",
    path: "/",
    before: (page) =>
      page.route(/search\?.*cursor=/, refusal(429, "RATE_LIMITED", "Many requests came from your network.", 12)),
    enter: async (page) => {
      await page.locator("article").nth(9).scrollIntoViewIfNeeded();
      await page.locator("#more-notice .notice").scrollIntoViewIfNeeded();
    },
    shown: "#more-notice .notice",
  },
  { name: "permalink", path: "/m/18203", shown: "text=Lost near" },
  { name: "hidden", path: "/m/18190", shown: "text=Chess by post" },
  { name: "report", path: "/m/18203", enter: report, shown: "#report" },
  {
    name: "report-solving",
    path: "/m/18203",
    before: solveSlowly,
    enter: async (page) => {
      await report(page);
      await page.click("#report .main");
    },
    shown: "#report .cells i",
  },
  {
    name: "reported",
    path: "/m/18203",
    enter: async (page) => {
      await report(page);
      await page.click("#report .main");
    },
    shown: "text=A moderator will look at it.",
  },
  {
    name: "report-refused",
    path: "/m/18203",
    before: (page) => page.route("**/report", refusal(429, "RATE_LIMITED", "Many requests came from your network.", 42)),
    enter: async (page) => {
      await report(page);
      await page.click("#report .main");
    },
    shown: "text=You can report it in a minute.",
  },
  { name: "log", path: "/log", shown: "text=The log begins here." },
  { name: "absent", path: "/m/99999", shown: "text=Nobody has posted it yet." },
  { name: "no-script", path: "/", scripts: false, shown: "noscript" },
  { name: "keys", path: "/", enter: (page) => page.click("#keys"), shown: "dialog[open]" },
  {
    name: "focus",
    path: "/",
    enter: async (page) => {
      await page.waitForSelector("article");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
    },
    shown: "article:focus",
  },
];

/**
 * Brings a page into a state.
 * @param {Page} page
 * @param {string} base the board's address
 * @param {State} state
 */
export async function enter(page, base, state) {
  await arrange(page);
  await state.before?.(page);
  await page.goto(base + state.path);
  await state.enter?.(page);
  await page.locator(state.shown).first().waitFor();
}
