// SPDX-License-Identifier: MIT
/**
 * Makes pictures of every state into t/browser/shots, to be looked at beside the design:
 *
 *     node t/browser/shots.mjs [STATE...]
 *
 * Each state is shown on a phone, a tablet and a desktop in both schemes; one small sheet is kept for each state.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Board } from "./lib/board.js";
import { launch, newReader } from "./lib/chromium.js";
import { encodePng } from "./lib/png.js";
import { STATES, enter } from "./lib/states.js";

const DIRECTORY = fileURLToPath(new URL("shots/", import.meta.url));
const SIZES = [
  { width: 360, height: 760 },
  { width: 820, height: 760 },
  { width: 1280, height: 760 },
];
const SCHEMES = /** @type {const} */ (["dark", "light"]);

/** @typedef {import("./lib/states.js").State} State */
/** @typedef {import("playwright-core").Browser} Browser */

/**
 * @param {Browser} browser
 * @param {string} base
 * @param {State} state
 * @returns {Promise<string[]>} pictures as data URLs, a row for each scheme
 */
async function shoot(browser, base, state) {
  const pictures = [];
  for (const colorScheme of SCHEMES) {
    for (const viewport of SIZES) {
      const { page } = await newReader(browser, { viewport, colorScheme, javaScriptEnabled: state.scripts });
      await enter(page, base, state);
      const png = await page.screenshot({ animations: "disabled" });
      pictures.push(`data:image/png;base64,${png.toString("base64")}`);
      await page.context().close();
    }
  }
  return pictures;
}

/**
 * @param {Browser} browser
 * @param {string[]} pictures
 * @returns {Promise<Buffer>} all of them on one sheet, half as large
 */
async function sheetOf(browser, pictures) {
  const page = await browser.newPage({ viewport: { width: 1270, height: 780 } });
  const images = pictures.map((source, at) => `<img src="${source}" style="width:${SIZES[at % 3].width / 2}px">`);
  const style = "margin:10px;background:#888;display:grid;grid-template-columns:repeat(3,max-content);gap:10px";
  await page.setContent(`<body style="${style}">${images.join("")}`);
  const { width, height, pixels } = await page.evaluate(readPixels, (await page.screenshot({ fullPage: true })).toString("base64"));
  await page.close();
  return encodePng(width, height, Buffer.from(pixels, "base64"));
}

/**
 * Runs in the browser, which can decode pictures.
 * @param {string} png base64
 * @returns {Promise<{ width: number, height: number, pixels: string }>} RGBA, base64
 */
async function readPixels(png) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas);
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const parts = [];
  for (let at = 0; at < data.length; at += 32768) parts.push(String.fromCharCode(...data.subarray(at, at + 32768)));
  return { width, height, pixels: btoa(parts.join("")) };
}

const wanted = process.argv.slice(2);
const board = await Board.start();
const browser = await launch();
mkdirSync(DIRECTORY, { recursive: true });
try {
  for (const state of STATES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const sheet = await sheetOf(browser, await shoot(browser, board.url, state));
    writeFileSync(`${DIRECTORY}${state.name}.png`, sheet);
    console.log(`${state.name}: ${Math.round(sheet.length / 1024)} kB`);
  }
} finally {
  await browser.close();
  await board.stop();
}
