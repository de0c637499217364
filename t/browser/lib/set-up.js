// SPDX-License-Identifier: MIT
/**
 * What the tests of the page begin and end with: a board, a browser, and readers in whose pages nothing goes wrong.
 */

import assert from "node:assert/strict";
import { after, afterEach } from "node:test";
import { Board } from "./board.js";
import { launch, newReader } from "./chromium.js";
import { needBrowser } from "./need.js";

/** @typedef {import("./chromium.js").Page} Page */
/** @typedef {import("./chromium.js").Options & { tolerate?: RegExp }} Options tolerate: problems that are meant to be */

/**
 * Starts what the tests of one file share. It ends with the last of them, and readers go with the test that they came in.
 * @param {Record<string, string>} [settings] of the board
 * @param {...string} flags of the browser
 */
export async function setUp(settings = {}, ...flags) {
  await needBrowser();
  const [browser, board] = await Promise.all([launch(...flags), Board.start(settings)]);
  /** @type {(() => string[])[]} what went wrong in the pages of one reader */
  let readers = [];

  /**
   * @param {Options} [options]
   * @returns {Promise<Page>} of a reader who has never been here; it shows nothing yet
   */
  async function newPage({ tolerate, ...options } = {}) {
    const { page, problems } = await newReader(browser, options);
    readers.push(() => problems.filter((problem) => !tolerate?.test(problem)));
    return page;
  }

  /**
   * @param {string} path
   * @param {Options} [options]
   * @returns {Promise<Page>} of a reader who has never been here, at this path of the board
   */
  async function visit(path, options) {
    const page = await newPage(options);
    await page.goto(board.url + path);
    return page;
  }

  afterEach(async () => {
    for (const context of browser.contexts()) {
      for (const page of context.pages()) await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    }
    const problems = readers.flatMap((reader) => reader());
    readers = [];
    assert.deepEqual(problems, []);
  });
  after(async () => {
    await browser.close();
    await board.stop();
  });
  return { board, browser, newPage, visit };
}
