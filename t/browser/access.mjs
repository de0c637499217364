// SPDX-License-Identifier: MIT
/**
 * Everybody can use it: axe-core in every state, both schemes, narrow and wide; the keyboard; large text; forced
 * colours.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { needPackages } from "./lib/need.js";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";
import { STATES, enter } from "./lib/states.js";

/** @typedef {import("playwright-core").Page} Page */

await needPackages("axe-core");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 640 };

const { board, newPage } = await setUp();

/**
 * @param {Page} page
 * @param {string} where for the report
 * @returns {Promise<string[]>} what axe-core finds wrong
 */
async function violations(page, where) {
  const found = await page.evaluate(async (tags) => {
    const results = await /** @type {any} */ (globalThis).axe.run(document, { runOnly: tags });
    return results.violations.map(
      (/** @type {any} */ violation) =>
        `${violation.id}: ${violation.nodes.map((/** @type {any} */ node) => node.html).join(" ")}`,
    );
  }, STANDARDS);
  return found.map((/** @type {string} */ line) => `${where}: ${line}`);
}

/** @param {Page} page */
const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

for (const state of STATES.filter(({ scripts }) => scripts !== false)) {
  test(`b57 b58 axe-core finds nothing wrong: ${state.name}`, async () => {
    const page = await newPage({ viewport: WIDE, colorScheme: "dark" });
    await enter(page, board.url, state);
    // Through the driver, as the policy of the page would not let it in.
    await page.evaluate(AXE);
    const found = await violations(page, "dark, wide");
    await page.emulateMedia({ colorScheme: "light" });
    found.push(...(await violations(page, "light, wide")));
    await page.setViewportSize(NARROW);
    found.push(...(await violations(page, "light, narrow")));
    await page.emulateMedia({ colorScheme: "dark" });
    found.push(...(await violations(page, "dark, narrow")));
    if (await isTooWide(page)) found.push("narrow: scrolls sideways");
    await page.emulateMedia({ forcedColors: "active" });
    found.push(...(await violations(page, "forced colours")));
    assert.deepEqual(found, []);
  });
}

test("text twice as large neither overlaps nor scrolls sideways", async () => {
  for (const name of ["opening", "written", "limited", "solving", "permalink"]) {
    const page = await newPage({ viewport: { width: 360, height: 740 } });
    const state = STATES.find((other) => other.name === name);
    if (state) await enter(page, board.url, state);
    await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
    const laidOut = () =>
      page.evaluate(() => ({
        tooWide: document.documentElement.scrollWidth > innerWidth,
        postUnderBox:
          Number(document.getElementById("post")?.getBoundingClientRect().top) >=
          Number(document.getElementById("box")?.getBoundingClientRect().bottom),
      }));
    await becomes(async () => ({ name, ...(await laidOut()) }), { name, tooWide: false, postUnderBox: true });
  }
});

test("b57 Tab goes through the page in the order of the screen, and the focus is seen", async () => {
  const page = await newPage({ viewport: WIDE });
  const opening = STATES[0];
  await enter(page, board.url, opening);
  await page.click("#post");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  const stop = () =>
    page.evaluate(() => {
      const element = /** @type {HTMLElement} */ (document.activeElement);
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return `${element.id || element.className || element.localName}: ${outlineWidth} ${outlineStyle}`;
    });
  for (const name of ["home", "box", "post", "text", "submit", "when", "a", "when"]) {
    await becomes(stop, `${name}: 3px solid`);
    await page.keyboard.press("Tab");
  }
});

test("b57 there is one h1, one main, a name for every field, and no live region but one", async () => {
  const page = await newPage();
  await enter(page, board.url, STATES[0]);
  for (const single of ["h1:visible", "main", "[role=status], [aria-live]"]) {
    await becomes(() => page.locator(single).count(), 1);
  }
  await page.getByRole("searchbox", { name: "Search messages" }).waitFor();
  await page.click("#post");
  await page.getByRole("textbox", { name: "Your message" }).waitFor();
});

test("a button under the pointer looks different, and different again when it is pressed", async () => {
  const page = await newPage({ viewport: WIDE, colorScheme: "dark" });
  await page.goto(board.url);
  await page.click("#post");
  for (const [selector, hover, pressed] of [["#submit", "rgb(182, 231, 245)", "rgb(220, 226, 234)"], ["#post", "rgb(51, 60, 71)", "rgb(220, 226, 234)"]]) {
    const ground = () => page.locator(selector).evaluate((button) => getComputedStyle(button).backgroundColor);
    await page.hover(selector);
    await becomes(ground, hover);
    await page.mouse.down();
    await becomes(ground, pressed);
    await page.mouse.move(0, 0);
    await page.mouse.up();
  }
  await page.fill("#text", "x".repeat(256));
  await page.hover("#submit");
  await becomes(() => page.locator("#submit:hover").evaluate((button) => getComputedStyle(button).backgroundColor), "rgba(0, 0, 0, 0)");
});

test("in forced colours every button has the system's, under the pointer and when it is unavailable, too", async () => {
  const page = await newPage({ viewport: WIDE, forcedColors: "active" });
  await page.goto(board.url);
  await page.click("#post");
  const system = await page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement("i"));
    const colourOf = (/** @type {string} */ name) => {
      Object.assign(probe.style, { forcedColorAdjust: "none", color: name });
      return getComputedStyle(probe).color;
    };
    return { main: colourOf("HighlightText"), other: colourOf("ButtonText") };
  });
  const colour = () => page.locator("#submit").evaluate((button) => getComputedStyle(button).color);
  await becomes(colour, system.main);
  await page.hover("#submit");
  await page.locator("#submit:hover").waitFor();
  await becomes(colour, system.main);
  await page.fill("#text", "x".repeat(256));
  await becomes(colour, system.other);
});

test("in forced colours the mark of a failure is the system's, too", async () => {
  const page = await newPage({ viewport: WIDE, forcedColors: "active" });
  await page.route("**/listings/search?*", (route) => route.abort());
  await page.goto(board.url);
  await page.locator(".notice[data-tone=error]").waitFor();
  const [mark, text] = await page.locator(".notice").evaluate((notice) => [
    getComputedStyle(notice, "::before").backgroundColor,
    getComputedStyle(document.body).color,
  ]);
  assert.equal(mark, text);
});

test("with reduced motion nothing moves", async () => {
  const page = await newPage({ viewport: WIDE });
  await enter(page, board.url, STATES[0]);
  const moving = await page.evaluate(() => {
    document.getElementById("post")?.click();
    return document.getAnimations().length;
  });
  assert.equal(moving, 0);
  await page.locator("#form").waitFor();
});

test("focus is never under the head", async () => {
  const page = await newPage({ viewport: WIDE });
  await enter(page, board.url, STATES[0]);
  await page.locator("#end").scrollIntoViewIfNeeded();
  await page.locator(".endmark").waitFor();
  await page.locator(".when").last().focus();
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("k");
    const covered = () =>
      page.evaluate(() => {
        const head = document.getElementById("search")?.getBoundingClientRect().bottom ?? 0;
        return Math.max(0, head - (document.activeElement?.getBoundingClientRect().top ?? 0));
      });
    await becomes(covered, 0);
  }
});

test("on paper there are the messages, dark on white, and nothing else", async () => {
  for (const [path, text] of [["/", "Chess by post"], ["/m/18203", "For sale: baby shoes"]]) {
    const page = await newPage({ viewport: WIDE, colorScheme: "dark" });
    await enter(page, board.url, { ...STATES[0], path, shown: `text=${text}` });
    await page.click("#theme"); // The theme that was chosen is for the screen as well.
    await page.emulateMedia({ media: "print" });
    const rest = page.locator("header, footer, nav, #lead, .actions, #end").filter({ visible: true });
    await becomes(() => rest.evaluateAll((all) => all.map((part) => part.id || part.className || part.localName)), []);
    const message = page.getByText(text);
    await message.waitFor();
    const colours = () =>
      message.evaluate((element) => [getComputedStyle(element).color, getComputedStyle(document.documentElement).backgroundColor]);
    await becomes(colours, ["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"]);
  }
});
