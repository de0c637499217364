// SPDX-License-Identifier: MIT
/**
 * Budgets as the reader and the poster meet them. Through the real stack.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

/** A post in ten minutes, five reads at once and then one in ten minutes; messages of at most forty characters. */
const BUDGETS = {
  IP_RATE_ENABLE: "true",
  POST_RATE_MAX_REQUESTS: "1",
  POST_RATE_WINDOW_MS: "600000",
  READ_RATE_MAX_REQUESTS: "5",
  READ_RATE_WINDOW_MS: "3000000",
  POST_MAX_CHARS: "40",
};

const { board, newPage } = await setUp(BUDGETS);

/** As if nobody had asked for anything yet. */
const forgive = () => board.psql("delete from board.rate_limit");

beforeEach(() => {
  board.clear();
  forgive();
});

/**
 * Lets time go by, for the page and for the budgets.
 * @param {Page} page whose clock is installed
 * @param {number} seconds
 */
async function wait(page, seconds) {
  forgive();
  await page.clock.fastForward(1000 * seconds);
}

/**
 * @param {Page} page
 * @param {string} text
 */
async function post(page, text) {
  if (await page.locator("#form").isHidden()) await page.click("#post");
  await page.fill("#text", text);
  await page.click("#submit");
}

/**
 * @param {Page} page
 * @param {string} text
 */
const posted = (page, text) =>
  page.locator("article", { has: page.getByText("Posted.") }).filter({ hasText: text }).waitFor();

test("b52 a refused page is not asked for again before its time", async () => {
  board.fill(Array.from({ length: 1500 }, (_, n) => `message ${n}`));
  const page = await newPage();
  await page.clock.install();
  let asked = 0;
  page.on("request", (request) => request.url().includes("cursor=") && asked++);
  await page.goto(board.url);
  const told = page.locator("#more-notice", { hasText: "Many requests came from your network." });
  const refusal = page.waitForResponse((response) => response.status() === 429);
  await becomes(async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    return told.isVisible();
  }, true);
  const answer = await refusal;
  const wait_secs = Number(answer.headers()["retry-after"]);
  assert.ok(wait_secs > 300, `${wait_secs} s`);
  const shown = await page.evaluate(() => document.querySelectorAll("article").length);
  const before = asked;
  await page.evaluate(() => scrollTo(0, 0));
  await wait(page, wait_secs - 299);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await told.getByText(/The next try is in [34]:\d\d\./).waitFor();
  assert.equal(asked, before);
  await wait(page, 299);
  await page.locator("article").nth(shown).waitFor();
});

/** Who has posted the first message, and has to wait with the second. */
async function overTheLimit() {
  const page = await newPage();
  await page.clock.install();
  await page.goto(board.url);
  await post(page, "the first");
  await posted(page, "the first");
  await post(page, "the second");
  return page;
}

test("b55 a poster over the limit sees how long, and the text posts itself", async () => {
  const page = await overTheLimit();
  await page.getByText("Many posts came from your network.").waitFor();
  await page.getByText(/You can post again in \d+ minutes\. Your text is kept\./).waitFor();
  await page.locator("#submit[aria-disabled=true]", { hasText: /^Wait \d+:\d\d$/ }).waitFor();
  await becomes(() => page.inputValue("#text"), "the second");
  await wait(page, 600);
  await posted(page, "the second");
  await becomes(() => board.count(), 2);
});

test("b55 nothing posts itself for those who do not want it", async () => {
  const page = await overTheLimit();
  await page.getByLabel("Post it by itself when the time is up").uncheck();
  await wait(page, 600);
  await page.getByRole("button", { name: "Post forever" }).waitFor(); // It would solve or send instead.
  await becomes(() => board.count(), 1);
  await page.click("#submit");
  await posted(page, "the second");
  await becomes(() => board.count(), 2);
});

test("b55 what was erased while the poster waits is not posted", async () => {
  const page = await overTheLimit();
  await page.getByText("Many posts came from your network.").waitFor();
  await page.fill("#text", "");
  await wait(page, 600);
  await page.getByText("Many posts came from your network.").waitFor({ state: "detached" });
  await post(page, "the third");
  await posted(page, "the third");
  await becomes(() => board.psql("select body from board.message order by id"), "the first\nthe third");
});

test("b28 the counter knows the board's own limit, also of those who do not solve ahead", async () => {
  for (const ahead of ["on", "off"]) {
    const page = await newPage();
    await page.addInitScript((choice) => localStorage.setItem("ahead", choice), ahead);
    await page.goto(board.url);
    await page.click("#post");
    await page.locator("#left", { hasText: /^40 left$/ }).waitFor();
    await page.fill("#text", "x".repeat(41));
    await page.locator("#left", { hasText: "1 too many" }).waitFor();
  }
});
