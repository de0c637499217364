// SPDX-License-Identifier: MIT
// Runs alone: it compares how long things take.
/**
 * Ten thousand messages: walking down all of them, and staying quick with many on the page. Through the real stack.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const MESSAGES = 10_000;
const PRESSES = 15;
/** What a reader does not notice as waiting; below it nothing needs to be compared. */
const QUICK_MS = 50;

const { board, newPage, visit } = await setUp();
board.psql(`insert into board.message (body, created_at)
  select 'message number ' || n || ' of many', clock_timestamp() - make_interval(mins => ${MESSAGES} - n)
  from generate_series(1, ${MESSAGES}) as n`);

/**
 * Scrolls on until so many messages are there.
 * @param {Page} page
 * @param {number} count
 */
function walkTo(page, count) {
  const far = (/** @type {number} */ wanted) => {
    scrollTo(0, document.body.scrollHeight);
    return document.querySelectorAll("#list article").length >= wanted;
  };
  return page.waitForFunction(far, count, { timeout: 300_000 });
}

/**
 * @param {Page} page
 * @returns {Promise<number>} the median of what a press of j takes until it is painted
 */
async function pressMs(page) {
  const times = [];
  for (let press = 0; press < PRESSES; press++) {
    const painted = page.evaluate(async () => {
      const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const start = performance.now();
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
      await next();
      await next();
      return performance.now() - start;
    });
    times.push(await painted);
  }
  return times.sort((one, other) => one - other)[PRESSES >> 1];
}

test("a reader who walks down ten thousand messages meets each once, and the first at the end", async () => {
  const page = await newPage();
  let pages = 0;
  page.on("request", (request) => request.url().includes("cursor=") && pages++);
  await page.goto(board.url);
  await walkTo(page, MESSAGES);
  await page.getByText("This is the first message. The board begins here.").waitFor();
  const numbers = () =>
    page.locator("#list article > p").evaluateAll((all) => all.map((p) => Number(/\d+/.exec(p.textContent ?? ""))));
  await becomes(numbers, Array.from({ length: MESSAGES }, (_, n) => MESSAGES - n));
  await becomes(() => pages, MESSAGES / 100);
  await page.fill("#box", "number 4711");
  await page.locator("h1:visible", { hasText: "1 message with “number 4711”" }).waitFor();
  await page.goBack();
  await page.locator("article").nth(MESSAGES - 1).waitFor({ state: "attached" });
});

test("with a thousand messages on the page it answers as quickly as with thirty", async () => {
  const page = await visit("/");
  await page.locator("article").nth(29).waitFor();
  const few_ms = await pressMs(page);
  await walkTo(page, 1000);
  const many_ms = await pressMs(page);
  assert.ok(many_ms < Math.max(QUICK_MS, 4 * few_ms), `${few_ms} ms became ${many_ms} ms`);
});

test("a search among ten thousand goes on page by page, too", async () => {
  const page = await newPage();
  await page.goto(`${board.url}/?q=many`);
  await page.locator("h1:visible", { hasText: "30+ messages with “many”" }).waitFor();
  await walkTo(page, 330);
  await becomes(() => page.locator("mark").first().innerText(), "many");
});
