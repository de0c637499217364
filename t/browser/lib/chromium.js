// SPDX-License-Identifier: MIT
/**
 * Chromium, driven by playwright-core.
 */

import { CHROMIUM } from "./need.js";
import { PATIENCE_MS } from "./patience.js";

/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {import("playwright-core").BrowserContextOptions} Options */
/** @typedef {import("playwright-core").Page} Page */

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // One address, so that a request which a test passes on comes from the same network as the page's own.
  "--host-resolver-rules=MAP localhost 127.0.0.1, MAP *.test 127.0.0.1",
];

/** SLOW=10: pages have a processor ten times slower, and wait half a second for each answer. */
const SLOW = Number(process.env.SLOW ?? 1);

/** @param {Page} page */
async function slowDown(page) {
  const session = await page.context().newCDPSession(page);
  const conditions = { offline: false, latency: 50 * SLOW, downloadThroughput: -1, uploadThroughput: -1 };
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOW });
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", conditions);
}

/**
 * @param {...string} flags
 * @returns {Promise<Browser>} headless, with a profile of its own
 */
export async function launch(...flags) {
  const { chromium } = await import("playwright-core");
  const args = [...FLAGS, ...flags, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: CHROMIUM, args, timeout: PATIENCE_MS });
}

/**
 * A page of a reader who has never been here. What goes wrong inside it, and in others of this reader, is kept in
 * `problems`.
 * @param {Browser} browser
 * @param {Options} [options]
 * @returns {Promise<{ page: Page, problems: string[] }>}
 */
export async function newReader(browser, options = {}) {
  const context = await browser.newContext({ reducedMotion: "reduce", timezoneId: "Europe/Vilnius", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  /** @type {string[]} */
  const problems = [];
  context.on("weberror", (error) => problems.push(String(error.error())));
  context.on("console", (message) => {
    const expected = /Failed to load resource|net::ERR_/.test(message.text());
    if (message.type() === "error" && !expected) problems.push(message.text());
  });
  const page = await context.newPage();
  if (SLOW > 1) await slowDown(page);
  return { page, problems };
}
