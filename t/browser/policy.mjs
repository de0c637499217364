// SPDX-License-Identifier: MIT
/**
 * What browsers and policies may forbid: the page keeps to its strict policy, and posts where workers are forbidden,
 * where Trusted Types allow no policy at all, and over plain http.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const { board, newPage, visit } = await setUp({ POW_DIFFICULTY: "12" });

/** The browser says what it refuses. */
const STRICTER = { tolerate: /Content Security Policy|TrustedHTML/i };

/**
 * Serves the page with another policy.
 * @param {Page} page
 * @param {(policy: string) => string} change
 */
async function changePolicy(page, change) {
  await page.route(`${board.url}/`, async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    headers["content-security-policy"] = change(headers["content-security-policy"]);
    await route.fulfill({ response, headers });
  });
}

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

test("the policy starts from nothing and allows nothing inline", async () => {
  const response = await fetch(board.url);
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  const directives = new Map(policy.split(/\s*;\s*/).map((line) => /** @type {[string, string]} */ (line.split(/\s(.*)/))));
  assert.equal(directives.get("default-src"), "'none'");
  assert.equal(directives.get("script-src"), "'self'");
  assert.equal(directives.get("style-src"), "'self'");
  assert.equal(directives.get("require-trusted-types-for"), "'script'");
  assert.doesNotMatch(policy, /unsafe|data:|blob:|\*/);
});

test("markup cannot be made from text, whoever tries", async () => {
  const page = await visit("/", STRICTER);
  const refused = await page.evaluate(() => {
    try {
      return !Reflect.set(document.body, "innerHTML", "<b>text</b>");
    } catch (error) {
      return error instanceof TypeError;
    }
  });
  assert.ok(refused);
});

test("the page asks nobody but the board", async () => {
  const page = await newPage();
  const origins = new Set();
  page.on("request", (request) => origins.add(new URL(request.url()).origin));
  await page.goto(board.url);
  await post(page, "between us");
  await becomes(() => [...origins], [board.url]);
});

const FORBIDDEN = /** @type {[string, (policy: string) => string][]} */ ([
  ["workers", (policy) => policy.replace("worker-src 'self'", "worker-src 'none'")],
  ["policies of Trusted Types", (policy) => policy.replace(/trusted-types [^;]*$/, "trusted-types 'none'")],
]);

for (const [what, change] of FORBIDDEN) {
  test(`where ${what} are forbidden the page solves by itself`, async () => {
    const page = await newPage(STRICTER);
    await changePolicy(page, change);
    await page.goto(board.url);
    await post(page, `without ${what}`);
    await becomes(() => page.workers().length, 0);
  });
}

/** Each directive, what the browser calls it, and what it is needed for besides loading. */
const NEEDED = /** @type {[string, string, (page: Page) => Promise<unknown>][]} */ ([
  ["script-src", "script-src-elem", async () => {}],
  ["style-src", "style-src-elem", async () => {}],
  ["connect-src", "connect-src", async () => {}],
  ["worker-src", "worker-src", (page) => page.click("#post")],
  ["form-action", "form-action", (page) => page.evaluate(() => document.forms[0].submit())],
]);

for (const [directive, violated, use] of NEEDED) {
  test(`nothing is allowed that is not used: ${directive}`, async () => {
    const page = await newPage(STRICTER);
    await changePolicy(page, (policy) => policy.replace(`${directive} 'self'`, `${directive} 'none'`));
    await page.addInitScript(() => {
      /** @type {string[]} */
      const refused = [];
      Object.assign(globalThis, { refused });
      addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    });
    await page.goto(board.url);
    await use(page);
    await page.waitForFunction((name) => /** @type {any} */ (globalThis).refused.includes(name), violated);
  });
}

test("where connections are forbidden the page says that the board does not answer", async () => {
  const page = await newPage(STRICTER);
  await changePolicy(page, (policy) => policy.replace("connect-src 'self'", "connect-src 'none'"));
  await page.goto(board.url);
  await page.getByText("The board does not answer.").waitFor();
});

test("b22 over plain http, where there is no crypto.subtle, posting and copying work", async () => {
  const page = await newPage({ tolerate: /Cross-Origin-Opener-Policy/ }); // Chromium leaves out this header there.
  await page.goto(`http://board.test:${board.port}/`);
  await becomes(() => page.evaluate(() => isSecureContext), false);
  await post(page, "over plain http");
  const copied = page.getByRole("button", { name: "Copied" }).waitFor(); // It says so for two seconds only.
  await page.getByRole("button", { name: "Copy link" }).click();
  await copied;
});
