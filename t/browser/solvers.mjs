// SPDX-License-Identifier: MIT
/**
 * What solves the puzzle: WebAssembly with SIMD, without, or JavaScript; in workers or in the page; how many of them; and
 * that work ends, and begins anew, when it has to.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";
import { refusal } from "./lib/stage.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Route} Route */

const { board, newPage } = await setUp({ POW_DIFFICULTY: "15" });

/** Counts workers from inside the page, where their end is known at once, and what has solved. */
function watchWorkers() {
  const page = /** @type {any} */ (globalThis);
  Object.assign(page, { live: 0, most: 0, hows: [] });
  page.Worker = class extends Worker {
    /** @param {[string, WorkerOptions]} how */
    constructor(...how) {
      super(...how);
      page.most = Math.max(page.most, ++page.live);
    }
    /** @override */
    terminate() {
      super.terminate();
      page.live--;
    }
  };
  const bar = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(HTMLElement.prototype, "title"));
  Object.defineProperty(HTMLProgressElement.prototype, "title", {
    get() {
      return bar.get?.call(this);
    },
    set(how) {
      page.hows.push(how);
      bar.set?.call(this, how);
    },
  });
}

/**
 * @param {Record<string, unknown>} [device] properties of the navigator
 * @param {boolean} [ahead] whether to solve while the poster writes
 * @returns {Promise<Page>}
 */
async function open(device = {}, ahead = false) {
  const page = await newPage();
  await page.addInitScript(watchWorkers);
  await page.addInitScript((properties) => {
    for (const [name, value] of Object.entries(properties)) {
      const given = name === "getBattery" ? () => Promise.resolve(value) : value;
      Object.defineProperty(navigator, name, { value: given, configurable: true });
    }
  }, device);
  if (!ahead) await page.addInitScript(() => localStorage.setItem("ahead", "off"));
  return page;
}

/**
 * Posts, and tells what solved the puzzle.
 * @param {Page} page
 * @returns {Promise<{ how: string, most: number }>}
 */
async function post(page) {
  await page.goto(board.url);
  await page.click("#post");
  await page.fill("#text", "solved");
  await page.click("#submit");
  await page.locator("article", { has: page.getByText("Posted.") }).waitFor();
  const [hows, most] = await page.evaluate(() => [/** @type {any} */ (globalThis).hows, /** @type {any} */ (globalThis).most]);
  return { how: hows.at(-1), most };
}

/**
 * @param {Route} route
 * @param {(text: string) => string} change of a script
 */
async function rewrite(route, change) {
  const response = await route.fetch();
  await route.fulfill({ response, body: change(await response.text()) });
}

const SPEED = ", [\\d.]+ million hashes a second$";
const WORKER = "**/solver-worker.js";
const CASES = /** @type {[string, RegExp, (page: Page) => Promise<unknown>][]} */ ([
  ["where nothing is in the way", /^SIMD, \d × worker/, async () => {}],
  [
    "where the build with SIMD gives a wrong answer",
    /^WebAssembly, \d × worker/,
    (page) =>
      page.route("**/solver-simd.wasm", async (route) => {
        const response = await route.fetch();
        const body = await response.body();
        body[body.indexOf(Buffer.from([0x85, 0x2c, 0x72, 0x92]))] ^= 1;
        await route.fulfill({ response, body });
      }),
  ],
  [
    "where SIMD is not understood",
    /^WebAssembly, \d × worker/,
    (page) => page.route("**/solver-simd.wasm", (route) => route.fulfill({ body: Buffer.from("\0asm\x01\0\0\0\x7f") })),
  ],
  ["where there is no build", /^JavaScript, \d × worker/, (page) => page.route("**/*.wasm", (route) => route.fulfill({ status: 404 }))],
  ["where the build does not come", /^JavaScript, \d × worker/, (page) => page.route("**/*.wasm", () => {})],
  [
    "where the policy of the worker's file forbids WebAssembly",
    /^JavaScript, \d × worker/,
    (page) =>
      page.route(WORKER, async (route) => {
        const response = await route.fetch();
        const policy = response.headers()["content-security-policy"].replace(" 'wasm-unsafe-eval'", "");
        await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
      }),
  ],
  [
    "where WebAssembly is not there",
    /^JavaScript, \d × worker/,
    (page) => page.route(WORKER, (route) => rewrite(route, (text) => text.replace("const SLICE_MS", "delete globalThis.WebAssembly;\nconst SLICE_MS"))),
  ],
  ["where workers are not there", /^JavaScript, page/, (page) => page.addInitScript(() => Reflect.deleteProperty(globalThis, "Worker"))],
  ["where workers do not load", /^JavaScript, page/, (page) => page.route(WORKER, (route) => route.abort())],
]);

for (const [where, expected, arrange] of CASES) {
  test(`${where} the puzzle is solved by ${expected.source.slice(1).split(",")[0]}`, async () => {
    const page = await open();
    await arrange(page);
    const { how } = await post(page);
    assert.match(how, expected);
    assert.match(how, new RegExp(SPEED));
  });
}

test("one of the two builds is fetched, once for all workers", async () => {
  const page = await open({ hardwareConcurrency: 4 });
  /** @type {string[]} */
  const fetched = [];
  page.on("request", (request) => request.url().endsWith(".wasm") && fetched.push(new URL(request.url()).pathname));
  await post(page);
  await becomes(() => fetched, ["/solver-simd.wasm"]);
});

test("WebAssembly may be compiled by the worker's file only, and Trusted Types hold there too", async () => {
  for (const path of ["/", "/app.js", "/hash.js", "/wasm.js", "/solver-simd.wasm", "/solver.js", "/nowhere"]) {
    const policy = (await fetch(board.url + path)).headers.get("Content-Security-Policy") ?? "";
    assert.doesNotMatch(policy, /unsafe/, path);
    assert.match(policy, /default-src 'none'/, path);
  }
  const policy = (await fetch(`${board.url}/solver-worker.js`)).headers.get("Content-Security-Policy") ?? "";
  assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  const page = await open();
  await page.goto(board.url);
  const compile = () => WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)).then(() => "compiled", String);
  await becomes(() => page.evaluate(compile), /CompileError/);
});

const LOW = { level: 0.1, charging: false };
const DEVICES = /** @type {[string, Record<string, unknown>, number][]} */ ([
  ["sixteen processors", { hardwareConcurrency: 16, deviceMemory: 8, getBattery: { level: 1, charging: true } }, 4],
  ["one processor", { hardwareConcurrency: 1, deviceMemory: 8 }, 1],
  ["an empty battery", { hardwareConcurrency: 8, deviceMemory: 8, getBattery: LOW }, 2],
  ["an empty battery at the wall", { hardwareConcurrency: 8, deviceMemory: 8, getBattery: { ...LOW, charging: true } }, 4],
  ["little memory", { hardwareConcurrency: 8, deviceMemory: 2 }, 2],
]);

for (const [what, device, count] of DEVICES) {
  test(`with ${what} there are ${count} workers`, async () => {
    const page = await open(device);
    const { how, most } = await post(page);
    assert.equal(most, count);
    assert.ok(how.includes(`${count} × worker`), how);
  });
}

test("Cancel and Escape have ended every worker when they return, and so has leaving", async () => {
  const page = await open();
  await page.route("**/pow/challenge", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), difficulty: 40, ttl_secs: 100 } });
  });
  await page.goto(board.url);
  for (const how of ["#cancel", "Escape"]) {
    if (await page.locator("#form").isHidden()) await page.click("#post");
    await page.fill("#text", "not now");
    await page.click("#submit");
    await page.waitForFunction(() => document.querySelector("progress")?.title.includes("million"));
    const [before_it, after_it] = await page.evaluate((what) => {
      const live = () => /** @type {any} */ (globalThis).live;
      const count = live();
      const button = /** @type {HTMLElement | null} */ (document.querySelector("#cancel"));
      if (what === "Escape") button?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
      else button?.click();
      return [count, live()];
    }, how);
    assert.ok(before_it > 0, how);
    assert.equal(after_it, 0, how);
  }
  await page.click("#submit");
  await page.waitForFunction(() => document.querySelector("progress")?.title.includes("million"));
  await page.goto(`${board.url}/robots.txt`);
  await becomes(() => page.workers().length, 0);
});

test("a proof that nobody needed yet is renewed before it expires", async () => {
  const page = await open({}, true);
  await page.route("**/pow/challenge", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ttl_secs: 4 } }); // so it seems
  });
  await page.goto(board.url);
  const first = page.waitForResponse("**/pow/challenge");
  await page.click("#post");
  await page.fill("#text", "slowly");
  const { token } = await (await first).json();
  const { token: second } = await (await page.waitForResponse("**/pow/challenge")).json();
  assert.notEqual(second, token);
  const sent = page.waitForRequest("**/api/listings/create");
  await page.click("#submit");
  const request = await sent;
  assert.notEqual(request.headers()["x-pow-token"], token);
  await page.locator("article", { has: page.getByText("Posted.") }).waitFor();
});

for (const code of ["POW_EXPIRED", "POW_INVALID"]) {
  test(`a proof that is refused as ${code} is made anew by itself`, async () => {
    const page = await open();
    const tokens = new Set();
    await page.route("**/api/listings/create", (route) => {
      const again = tokens.size > 0;
      tokens.add(route.request().headers()["x-pow-token"]);
      return again ? route.continue() : refusal(403, code, "Another proof, please.")(route);
    });
    await post(page);
    await becomes(() => tokens.size, 2);
  });
}
