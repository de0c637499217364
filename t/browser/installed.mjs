// SPDX-License-Identifier: MIT
/**
 * The page as it is installed: what a first visit costs, what is kept for good, and that it works.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Counter, install } from "./lib/installed.js";
import { needProgram } from "./lib/need.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

/** What a first visit may cost, in what browsers choose over https as well as in what is left over http. */
const MOST_BYTES = 30_000;
/** What is shorter than this may be longer when it is compressed. */
const TINY_BYTES = 100;

for (const program of ["make", "brotli", "zopfli"]) needProgram(program);
const { board, newPage } = await setUp({ INITIALSDB_STATIC: install(), POW_DIFFICULTY: "12" });
beforeEach(() => board.clear());

/**
 * @param {Page} page
 * @param {string} text
 */
async function post(page, text) {
  await page.click("#post");
  await page.fill("#text", text);
  await page.click("#submit");
  await page.locator("article", { has: page.getByText("Posted.") }).filter({ hasText: text }).waitFor();
}

/**
 * Everything that somebody may do on a first visit.
 * @param {Page} page
 * @param {string} url
 */
async function doEverything(page, url) {
  await page.goto(url);
  await post(page, "A garden shed");
  await page.fill("#box", "garden");
  await page.locator("mark", { hasText: "garden" }).waitFor();
  await page.locator(".when").click();
  await page.getByRole("button", { name: "Report", exact: true }).click();
  await page.getByRole("button", { name: "Send the report" }).click();
  await page.getByText("A moderator will look at it.").waitFor();
  await page.locator("footer").getByRole("link", { name: "Log" }).click();
  await page.locator("h1:visible", { hasText: "What moderators did." }).waitFor();
}

for (const encoding of ["br", "gzip"]) {
  test(`b60 a first visit with posting, searching and reporting costs at most ${MOST_BYTES} bytes by ${encoding}`, async (context) => {
    const counter = new Counter(board.port, encoding);
    context.after(() => counter.stop());
    const url = await counter.start();
    const page = await newPage();
    const started = page.waitForEvent("worker");
    await doEverything(page, url);
    await started;
    await counter.rests();
    for (const { path, bytes } of counter.page) context.diagnostic(`${path}: ${bytes}`);
    context.diagnostic(`${encoding}: ${counter.bytes} bytes`);
    assert.deepEqual([...new Set(counter.page.filter(({ bytes }) => bytes > TINY_BYTES).map((fetched) => fetched.encoding))], [encoding]);
    assert.ok(counter.bytes <= MOST_BYTES, `${counter.bytes} bytes`);
    assert.deepEqual(counter.page.filter(({ status }) => status !== 200), []);
  });
}

test("parts have their version in their names and are kept for good; the page itself is asked for each time", async (context) => {
  const counter = new Counter(board.port);
  context.after(() => counter.stop());
  const url = await counter.start();
  const page = await newPage();
  await doEverything(page, url);
  await counter.rests();
  for (const { path, cache } of counter.page) {
    if (path === "/") assert.equal(cache, "no-cache");
    else assert.match(`${path} ${cache}`, /^\/page\/[a-z-]+-[0-9a-f]{8}\.(js|css|svg|wasm) public, max-age=31536000, immutable$/);
  }
  counter.fetched = [];
  await page.goto(`${url}/?q=garden`);
  await page.locator("mark").waitFor();
  await counter.rests();
  assert.deepEqual(counter.page.map(({ path }) => path), ["/?q=garden"]);
});

test("what shows first needs one round trip besides the page", async () => {
  const html = await (await fetch(board.url)).text();
  assert.equal((html.match(/<(link rel="stylesheet"|script)/g) ?? []).length, 3);
  const page = await newPage();
  /** @type {string[]} */
  const late = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (path.startsWith("/page/") && !html.includes(path)) late.push(path);
  });
  await page.goto(board.url);
  await page.locator("footer", { hasText: "0 messages" }).waitFor();
  assert.deepEqual(late, []);
});

test("b32 a part that is not there is missing, and nobody keeps that for good", async () => {
  for (const path of ["/page/app-00000000.js", "/page/", "/app.js", "/page/.new/names"]) {
    const answer = await fetch(board.url + path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers.get("Cache-Control"), "no-cache", path);
  }
});
