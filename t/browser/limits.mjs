// SPDX-License-Identifier: MIT
/**
 * Budgets as the reader and the poster meet them. Through the real stack.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

/** One post in six seconds, five reads at once and then one a second; messages of at most forty characters. */
const BUDGETS = {
  IP_RATE_ENABLE: "true",
  POST_RATE_MAX_REQUESTS: "1",
  POST_RATE_WINDOW_MS: "6000",
  READ_RATE_MAX_REQUESTS: "5",
  READ_RATE_WINDOW_MS: "5000",
  POST_MAX_CHARS: "40",
};

const { board, newPage, visit } = await setUp(BUDGETS);
beforeEach(() => {
  board.clear();
  board.psql("delete from board.rate_limit");
});

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
  /** @type {{ at: number, status: number, wait: number }[]} */
  const answers = [];
  page.on("response", (response) => {
    if (!response.url().includes("cursor=")) return;
    const wait = Number(response.headers()["retry-after"] ?? 0);
    answers.push({ at: Date.now(), status: response.status(), wait });
  });
  await page.goto(board.url);
  const notice = page.getByText("Many requests came from your network.");
  while (!(await notice.isVisible())) {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await page.getByText(/The next try is in \d+ s\./).waitFor();
  const shown = await page.locator("article").count();
  await page.evaluate(() => scrollTo(0, 0));
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.locator("article").nth(shown).waitFor();
  const refused = answers.findIndex((answer) => answer.status === 429);
  const [refusal, next] = answers.slice(refused);
  assert.ok(refusal.wait >= 1);
  assert.ok(next.at - refusal.at >= 1000 * refusal.wait, `${next.at - refusal.at} ms later`);
});

test("b55 a poster over the limit sees how long, and the text posts itself", async () => {
  const page = await visit("/");
  await post(page, "the first");
  await posted(page, "the first");
  await post(page, "the second");
  await page.getByText("Many posts came from your network.").waitFor();
  await page.getByText(/You can post again in a few seconds\. Your text is kept\./).waitFor();
  await page.locator("#submit", { hasText: /^Wait \d s$/ }).waitFor();
  assert.equal(await page.getAttribute("#submit", "aria-disabled"), "true");
  assert.equal(await page.inputValue("#text"), "the second");
  await posted(page, "the second");
  assert.equal(board.count(), 2);
});

test("b55 nothing posts itself for those who do not want it", async () => {
  const page = await visit("/");
  await post(page, "the first");
  await posted(page, "the first");
  await post(page, "the second");
  await page.getByLabel("Post it by itself when the time is up").uncheck();
  await page.getByRole("button", { name: "Post forever" }).waitFor();
  assert.equal(board.count(), 1);
  await page.click("#submit");
  await posted(page, "the second");
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
