// SPDX-License-Identifier: MIT
/**
 * A slow network, and one that goes away: what is shown is true, and nothing is lost. Through the real stack.
 */

import { beforeEach, test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const LATENCY_MS = 1500;
const BYTES_PER_SEC = 8_000;

const { board, newPage, visit } = await setUp();
beforeEach(() => board.clear());

/** @param {Page} page */
async function slowDown(page) {
  const session = await page.context().newCDPSession(page);
  const conditions = { offline: false, latency: LATENCY_MS, downloadThroughput: BYTES_PER_SEC, uploadThroughput: BYTES_PER_SEC };
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", conditions);
}

/** @param {Page} page */
const posted = (page) => page.locator("article", { has: page.getByText("Posted.") }).waitFor();

test("a slow search keeps what is there, says that it goes on, and shows the last words only", async () => {
  board.fill(["an apple", "a pear", "an apple and a pear"]);
  const page = await visit("/");
  await page.locator("article").nth(2).waitFor();
  await page.route("**/search?*q=apple*", () => {}); // never answered
  await page.evaluate(() => {
    const heading = document.getElementById("lead");
    const list = document.getElementById("list");
    const seen = new Set();
    Object.assign(globalThis, { seen });
    const look = () => seen.add(`${heading?.textContent} / ${list?.childElementCount} / busy: ${list?.ariaBusy}`);
    if (heading) new MutationObserver(look).observe(heading, { childList: true });
  });
  await page.fill("#box", "apple");
  await page.locator("h1.soft", { hasText: "Searching…" }).waitFor();
  await page.fill("#box", "pear");
  await page.locator("h1:visible", { hasText: "2 messages with “pear”" }).waitFor();
  const seen = () => page.evaluate(() => [.../** @type {any} */ (globalThis).seen]);
  await becomes(seen, ["Searching… / 3 / busy: true", "2 messages with “pear” / 2 / busy: false"]);
});

test("a list that cannot be loaded anew is no longer searched for", async () => {
  board.fill(["kept"]);
  const page = await visit("/");
  await page.locator("article").waitFor();
  let fail = () => {};
  const failure = new Promise((resolve) => (fail = () => resolve(undefined)));
  await page.route("**/search?*", async (route) => {
    await failure;
    await route.abort();
  });
  await page.click("#home");
  await page.locator("h1.soft", { hasText: "Searching…" }).waitFor();
  fail();
  await page.getByText("The board does not answer.").waitFor();
  await page.locator("h1:not(.soft)", { hasText: "A public board." }).waitFor();
  await page.locator("article", { hasText: "kept" }).waitFor();
});

test("a message that is slow to come is announced by its number", async () => {
  board.fill(["slow"]);
  const page = await visit("/");
  await page.route(/listings\/\d+$/, () => {}); // never answered
  await page.click(".when");
  await page.locator("h1:visible", { hasText: /^Message [\d,]+$/ }).waitFor();
});

test("a message and the log are asked for again as soon as the network is back", async () => {
  board.fill(["there"]);
  const page = await visit("/");
  await page.locator("article").waitFor();
  await page.clock.setFixedTime(Date.now()); // so that the page does not ask again by itself
  for (const [link, shown] of [[".when", ".large"], [".foot [href='/log']", "#log .endmark"]]) {
    await page.context().setOffline(true);
    await page.click(link);
    await page.getByText("You are offline.").waitFor();
    await page.context().setOffline(false);
    await page.locator(shown).waitFor();
  }
});

test("b57 who tries again at once by the keyboard is led to what comes", async () => {
  board.fill(Array.from({ length: 40 }, (_, n) => `message number ${n + 1}, long enough for a line of its own`));
  const page = await newPage();
  await page.clock.setFixedTime(Date.now()); // so that the page does not ask again by itself
  const again = page.getByRole("button", { name: "Try now" });
  /** @param {string} focused what has the focus after one more failure, and an answer */
  const tryTwice = async (focused) => {
    await again.waitFor();
    await again.press("Enter");
    await page.locator(".notice :focus", { hasText: "Try now" }).waitFor();
    await page.unroute("**/listings/*");
    await page.keyboard.press("Enter");
    await page.locator(focused).waitFor();
  };
  const fail = () => page.route("**/listings/*", (route) => route.abort());
  await fail();
  await page.goto(board.url);
  await tryTwice("#list li:first-child article:focus");
  await fail();
  await page.keyboard.press("End");
  await tryTwice("#list li:nth-child(31) article:focus");
  await fail();
  await page.goto(`${board.url}/m/${board.psql("select max(id) from board.message")}`);
  await again.press("Enter");
  await page.locator(".single h1:focus").waitFor();
});

test("somebody can write before the first messages are there, and is not disturbed by them", async () => {
  board.fill(["late"]);
  const page = await newPage();
  let arrive = () => {};
  const arrival = new Promise((resolve) => (arrive = () => resolve(undefined)));
  await page.route("**/search?*", async (route) => {
    await arrival;
    await route.continue();
  });
  await page.goto(board.url);
  await page.click("#post");
  await page.keyboard.type("early");
  await becomes(() => page.locator("article").count(), 0);
  arrive();
  await page.locator("article", { hasText: "late" }).waitFor();
  await becomes(() => page.inputValue("#text"), "early");
  await page.locator("#text:focus").waitFor();
});

test("a message is posted once over a slow network", async () => {
  const page = await visit("/");
  await slowDown(page);
  await page.click("#post");
  await page.fill("#text", "patience");
  const solving = page.locator("#text[readonly]").waitFor(); // while it solves and sends
  await page.click("#submit");
  await solving;
  await posted(page);
  await becomes(() => board.count(), 1);
});

test("a network that goes away under a message on its way loses nothing and doubles nothing", async () => {
  const page = await visit("/");
  let arrived = false;
  await page.route("**/create", async (route) => {
    await route.fetch();
    arrived = true; // and no answer
  });
  await page.click("#post");
  await page.fill("#text", "through the tunnel");
  await page.click("#submit");
  await becomes(() => arrived, true);
  await page.context().setOffline(true);
  await page.getByText("No answer yet. Your text is safe, and it will not be posted twice.").waitFor();
  await becomes(() => page.inputValue("#text"), "through the tunnel");
  await page.unroute("**/create");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await posted(page);
  await becomes(() => board.count(), 1);
});
