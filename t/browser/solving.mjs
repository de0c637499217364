// SPDX-License-Identifier: MIT
/**
 * The puzzle while it is being solved: progress, cancelling, solving ahead, and a board that goes away meanwhile.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const { board, newPage, visit } = await setUp({ POW_DIFFICULTY: "21" });

/** @returns {Promise<Page>} a reader who does not solve ahead */
async function unhurried() {
  const page = await newPage();
  await page.addInitScript(() => localStorage.setItem("ahead", "off"));
  await page.goto(board.url);
  return page;
}

/**
 * @param {Page} page
 * @param {string} text
 */
async function post(page, text) {
  await page.click("#post");
  await page.fill("#text", text);
  await page.click("#submit");
}

/** @param {Page} page */
const posted = (page) => page.locator("article", { has: page.getByText("Posted.") }).waitFor({ timeout: 60_000 });

/**
 * @param {Page} page
 * @param {number} count proofs
 */
const findMore = (page, count) =>
  page.waitForFunction((least) => (document.querySelector("progress")?.value ?? 0) >= least, count, { timeout: 60_000 });

/**
 * Makes the page believe that it is hidden, or seen again.
 * @param {Page} page
 * @param {boolean} hidden
 */
function hide(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/**
 * Makes the page believe that it is hidden as soon as the first proof is found. Then it rests, and what it shows can be
 * looked at without haste.
 * @param {Page} page
 */
async function restAtFirst(page) {
  await page.evaluate(() => {
    const bar = /** @type {HTMLProgressElement} */ (document.querySelector("progress"));
    const watch = new MutationObserver(() => {
      if (bar.value < 1) return;
      watch.disconnect();
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    watch.observe(bar, { attributeFilter: ["value"] });
  });
}

test("progress is one cell a proof, and is told at start, half and end only", async () => {
  const page = await unhurried();
  await page.evaluate(() => {
    const region = document.getElementById("status");
    /** @type {string[]} */
    const heard = [];
    Object.assign(globalThis, { heard });
    if (region) {
      const listen = () => region.textContent && heard.push(region.textContent);
      new MutationObserver(listen).observe(region, { childList: true });
    }
  });
  await restAtFirst(page);
  await post(page, "honest");
  await findMore(page, 1);
  assert.equal(await page.locator("#cells i").count(), 16);
  assert.match(await page.innerText("#eta"), /^(About \d+ s|Almost|A little longer)\.$/);
  assert.ok(await page.locator("#text").evaluate((text) => /** @type {HTMLTextAreaElement} */ (text).readOnly));
  assert.ok(await page.locator("#cancel").evaluate((button) => button === document.activeElement));
  await hide(page, false);
  await posted(page);
  const heard = await page.waitForFunction(() => {
    const said = /** @type {any} */ (globalThis).heard;
    return said.at(-1)?.startsWith("Posted as message") && said;
  });
  const said = /** @type {string[]} */ (await heard.jsonValue());
  assert.deepEqual(said.slice(0, -1), ["Solving a small puzzle.", "Half of the puzzle is solved."]);
});

test("Cancel and Escape stop all work at once and give the text back", async () => {
  const page = await unhurried();
  await page.route("**/pow/challenge", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), difficulty: 40 } }); // never done
  });
  const already = board.count();
  for (const cancel of [() => page.click("#cancel"), () => page.keyboard.press("Escape")]) {
    if (await page.locator("#form").isHidden()) await page.click("#post");
    await page.fill("#text", "not now");
    await page.click("#submit");
    await page.waitForFunction(() => document.querySelector("progress")?.hasAttribute("value"));
    await cancel();
    await page.locator("#text:focus").waitFor();
    assert.equal(await page.inputValue("#text"), "not now");
    // The browser tells of their end a moment later.
    for (const worker of page.workers()) await worker.waitForEvent("close", { timeout: 1000 }).catch(() => {});
    assert.equal(page.workers().length, 0);
    assert.ok(await page.locator("#solving").isHidden());
  }
  assert.equal(board.count(), already);
});

test("solving begins when the poster begins to write", async () => {
  const page = await visit("/");
  const begun = page.waitForEvent("worker");
  await page.click("#post");
  await page.fill("#text", "ahead");
  await begun;
  while (page.workers().length > 0) await page.workers()[0].waitForEvent("close", { timeout: 60_000 });
  await page.click("#submit");
  await posted(page);
});

test("a hidden page rests", async () => {
  const page = await unhurried();
  await restAtFirst(page);
  await post(page, "behind another window");
  await findMore(page, 1);
  const resting = await page.evaluate(async () => {
    const value = () => document.querySelector("progress")?.value;
    const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));
    await pause(200);
    const before_rest = value();
    await pause(1000);
    return before_rest === value();
  });
  assert.ok(resting);
  await hide(page, false);
  await posted(page);
});

test("a board that restarts in the middle of solving loses nothing and doubles nothing", async () => {
  const page = await unhurried();
  const already = board.count();
  await restAtFirst(page);
  await post(page, "through a restart");
  await findMore(page, 1);
  await board.down();
  await hide(page, false);
  await page.getByText(/No answer yet\.|The board does not answer\./).waitFor({ timeout: 60_000 });
  assert.equal(await page.inputValue("#text"), "through a restart");
  await board.up();
  await page.getByRole("button", { name: /Try (again|now)/ }).click();
  await posted(page);
  assert.equal(board.count(), already + 1);
});
