// SPDX-License-Identifier: MIT
/**
 * What the browser tests cannot do without. At a desk a test that lacks it is skipped, loudly; where CI=true, it fails.
 */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const CI = ["1", "true", "yes"].includes(process.env.CI ?? "");

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PLACES = (process.env.PATH ?? "").split(delimiter);

/** The browser: $CHROMIUM, or the first on PATH. */
export const CHROMIUM =
  process.env.CHROMIUM ?? PLACES.flatMap((place) => NAMES.map((name) => join(place, name))).find(existsSync);

/**
 * Ends the test.
 * @param {string} reason
 * @returns {never}
 */
function cannotRun(reason) {
  const words = `${reason} (./bootstrap installs what is missing)`;
  if (CI) console.log(`FAIL: CI=true and this test cannot run: ${words}`);
  else console.log(`SKIP: ${words}`);
  process.exit(CI ? 1 : 77);
}

/**
 * Needs packages of package.json.
 * @param {...string} names
 */
export async function needPackages(...names) {
  for (const name of names) {
    try {
      await import(name);
    } catch {
      cannotRun(`the npm package ${name} is not there`);
    }
  }
}

/**
 * Needs a program on PATH.
 * @param {string} name
 */
export function needProgram(name) {
  if (!PLACES.some((place) => existsSync(join(place, name)))) cannotRun(`${name} is not there`);
}

/** Needs Chromium and what drives it. */
export async function needBrowser() {
  await needPackages("playwright-core");
  if (!CHROMIUM || !existsSync(CHROMIUM)) cannotRun("Chromium is not there");
}
