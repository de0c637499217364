// SPDX-License-Identifier: MIT
/**
 * The puzzle while it is being solved: progress, cancelling, solving ahead, and a board that goes away meanwhile.
 */

import { test } from "node:test";
import { becomes } from "./lib/patience.js";
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
const posted = (page) => page.locator("article", { has: page.getByText("Posted.") }).waitFor();

/**
 * @param {Page} page
 * @param {number} count proofs
 */
const findMore = (page, count) =>
  page.waitForFunction((least) => (document.querySelector("progress")?.value ?? 0) >= least, count);

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
 * Makes the page believe that it is hidden as soon as a proof is found and the speed is known. Then it rests, and what it
 * shows can be looked at without haste.
 * @param {Page} page
 */
async function restAtFirst(page) {
  await page.evaluate(() => {
    const bar = /** @type {HTMLProgressElement} */ (document.querySelector("progress"));
    const watch = new MutationObserver(() => {
      if (bar.value < 1 || !bar.title) return;
      watch.disconnect();
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    watch.observe(bar, { attributeFilter: ["value", "title"] });
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
  await becomes(() => page.locator("#cells i").count(), 16);
  await becomes(() => page.innerText("#eta"), /^(About \d+ s|Almost|A little longer)\.$/);
  await page.locator("#text[readonly]").waitFor();
  await page.locator("#cancel:focus").waitFor();
  await hide(page, false);
  await posted(page);
  const heard = () => page.evaluate(() => /** @type {any} */ (globalThis).heard.join(" "));
  await becomes(heard, /^Solving a small puzzle\. Half of the puzzle is solved\. Posted as message [\d,]+\.$/);
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
    await becomes(() => page.inputValue("#text"), "not now");
    await becomes(() => page.workers().length, 0);
    await page.locator("#solving").waitFor({ state: "hidden" });
  }
  await becomes(() => board.count(), already);
});

test("solving begins when the poster begins to write", async () => {
  const page = await visit("/");
  const begun = page.waitForEvent("worker");
  await page.click("#post");
  await page.fill("#text", "ahead");
  await begun;
  await becomes(() => page.workers().length, 0);
  await page.click("#submit");
  await posted(page);
});

test("a hidden page rests", async () => {
  const page = await unhurried();
  await restAtFirst(page);
  await post(page, "behind another window");
  await findMore(page, 1);
  const resting = () =>
    page.evaluate(async () => {
      const value = () => document.querySelector("progress")?.value ?? 0;
      const before_rest = value();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return before_rest === value() && before_rest < 16;
    });
  await becomes(resting, true);
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
  await page.getByText("No answer yet.").waitFor();
  await becomes(() => page.inputValue("#text"), "through a restart");
  await board.up();
  await page.getByRole("button", { name: "Try again" }).click();
  await posted(page);
  await becomes(() => board.count(), already + 1);
});
