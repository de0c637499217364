// SPDX-License-Identifier: MIT
/**
 * A slow network, and one that goes away: what is shown is true, and nothing is lost. Through the real stack.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
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
  await slowDown(page);
  await page.evaluate(() => {
    const heading = document.getElementById("lead");
    /** @type {string[]} */
    const seen = [];
    Object.assign(globalThis, { seen });
    const look = () => seen.push(`${heading?.textContent} / ${document.querySelectorAll("#list article").length}`);
    if (heading) new MutationObserver(look).observe(heading, { childList: true });
  });
  await page.fill("#box", "apple");
  await page.locator("h1.soft", { hasText: "Searching…" }).waitFor();
  assert.equal(await page.getAttribute("#list", "aria-busy"), "true");
  await page.fill("#box", "pear");
  await page.locator("h1:visible", { hasText: "2 messages with “pear”" }).waitFor();
  const seen = await page.evaluate(() => /** @type {any} */ (globalThis).seen);
  assert.deepEqual([...new Set(seen)], ["Searching… / 3", "2 messages with “pear” / 2"]);
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
  assert.equal(await page.locator("article").count(), 0);
  arrive();
  await page.locator("article", { hasText: "late" }).waitFor();
  assert.equal(await page.inputValue("#text"), "early");
  assert.ok(await page.locator("#text").evaluate((text) => text === document.activeElement));
});

test("a message is posted once over a slow network", async () => {
  const page = await visit("/");
  await slowDown(page);
  await page.click("#post");
  await page.fill("#text", "patience");
  await page.click("#submit");
  await page.locator("#text[readonly]").waitFor();
  await posted(page);
  assert.equal(board.count(), 1);
});

test("a network that goes away under a message on its way loses nothing and doubles nothing", async () => {
  const page = await visit("/");
  const arrived = new Promise((resolve) => {
    void page.route("**/create", async (route) => {
      await route.fetch();
      resolve(undefined); // and no answer
    });
  });
  await page.click("#post");
  await page.fill("#text", "through the tunnel");
  await page.click("#submit");
  await arrived;
  await page.context().setOffline(true);
  await page.getByText("No answer yet. Your text is safe, and it will not be posted twice.").waitFor();
  assert.equal(await page.inputValue("#text"), "through the tunnel");
  await page.unroute("**/create");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await posted(page);
  assert.equal(board.count(), 1);
});
