// SPDX-License-Identifier: MIT
/**
 * The page's modules that need no page: text rules, times, words, addresses, proofs.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { register } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

// Node 18 does not see by itself that the page's scripts are modules.
const HOOK = "export const load = (url, context, next) => next(url, /static/.test(url) ? { ...context, format: 'module' } : context)";
register(`data:text/javascript,${encodeURIComponent(HOOK)}`);

const { inAWhile, messageCount, shortTime, wait, beginning, exactTime } = await import("../../static/format.js");
const { Lane } = await import("../../static/hash.js");
const { findLinks, findWords, wordsOf } = await import("../../static/markup.js");
const { compareIds } = await import("../../static/feed.js");
const { placeOf, pathOfPlace } = await import("../../static/router.js");
const { compile, WasmLane } = await import("../../static/wasm.js");
const { judge } = await import("../../static/text.js");

/** @typedef {{ name: string, text?: string, json?: string, accepted: boolean, chars?: number, normalized?: string }} Case */

/** @type {Case[]} */
const CASES = JSON.parse(readFileSync(new URL("../text_cases.json", import.meta.url), "utf8"));

test("b28 the page judges every text of the shared table as the server does", () => {
  for (const { name, text, json, accepted, chars, normalized } of CASES) {
    const verdict = judge(json === undefined ? (text ?? "") : JSON.parse(json));
    assert.equal(verdict.fault === null, accepted, name);
    if (chars !== undefined) assert.equal(verdict.chars, chars, name);
    if (normalized !== undefined) assert.equal(verdict.text, normalized, name);
  }
});

test("every nonce of a lane is a proof, and no two are alike", () => {
  const challenge = Uint8Array.from({ length: 16 }, (_, n) => 255 - 13 * n);
  const found = [3, 4].flatMap((number) => {
    const lane = new Lane(challenge, 10, number);
    return Array.from({ length: 30 }, () => lane.batch()).flat();
  });
  assert.ok(found.length > 20);
  assert.equal(new Set(found).size, found.length);
  for (const nonce of found) {
    const hash = createHash("sha256").update(challenge).update(nonce).digest();
    assert.ok(Math.clz32(hash.readUInt32BE()) >= 10, nonce);
    assert.match(nonce, /^\d{1,39}$/);
  }
});

test("a lane misses no proof", () => {
  const challenge = Uint8Array.from({ length: 16 }, (_, n) => n);
  const found = new Set(new Lane(challenge, 7, 0).batch());
  const one = new Lane(challenge, 0, 0).batch();
  assert.equal(one.length, 1000);
  for (const nonce of one) {
    const hash = createHash("sha256").update(challenge).update(nonce).digest();
    assert.equal(found.has(nonce), hash.readUInt32BE() < 2 ** 25, nonce);
  }
});

const BUILD = process.env.top_builddir ?? new URL("../..", import.meta.url).pathname;

for (const build of ["solver", "solver-simd"]) {
  const file = join(BUILD, "static", `${build}.wasm`);
  test(`${build}.wasm finds what JavaScript finds`, { skip: !existsSync(file) && "configured without wasm" }, () => {
    const module = compile(readFileSync(file));
    const challenge = Uint8Array.from({ length: 16 }, (_, n) => 7 * n + 1);
    for (const [difficulty, number] of [[0, 0], [4, 99], [9, 31]]) {
      const js = new Lane(challenge, difficulty, number);
      const wasm = new WasmLane(module, challenge, difficulty, number);
      for (let batch = 0; batch < 12; batch++) assert.deepEqual(wasm.batch(), js.batch());
    }
  });
}

test("a solver with a wrong answer is not taken", { skip: !existsSync(join(BUILD, "static/solver.wasm")) }, () => {
  const bytes = readFileSync(join(BUILD, "static/solver.wasm"));
  const constant = bytes.indexOf(Uint8Array.of(0x85, 0x2c, 0x72, 0x92)); // one of SHA-256's
  assert.ok(constant > 0);
  bytes[constant] ^= 1;
  assert.throws(() => compile(bytes), /wrong answer/);
  assert.throws(() => compile(bytes.subarray(0, 100)), WebAssembly.CompileError);
});

test("ages are short", () => {
  const now = new Date(2025, 10, 21, 16, 12).getTime();
  const ages = /** @type {[string, Date][]} */ ([
    ["now", new Date(2025, 10, 21, 16, 11, 30)],
    ["now", new Date(2025, 10, 21, 16, 13)],
    ["4 min", new Date(2025, 10, 21, 16, 8)],
    ["2 h", new Date(2025, 10, 21, 13, 30)],
    ["15 h", new Date(2025, 10, 21, 0, 30)],
    ["yesterday", new Date(2025, 10, 20, 2, 0)],
    ["19 Nov", new Date(2025, 10, 19, 23, 0)],
    ["Aug 2025", new Date(2025, 7, 9)],
    ["May 2024", new Date(2024, 4, 12)],
  ]);
  for (const [words, date] of ages) assert.equal(shortTime(date, now), words);
  assert.equal(exactTime(new Date(2025, 10, 21, 16, 3)), "Friday 21 November 2025, 16:03");
});

test("numbers, waits and beginnings read well", () => {
  assert.deepEqual([messageCount(1), messageCount(18204), messageCount(30, "+")], ["1 message", "18,204 messages", "30+ messages"]);
  assert.deepEqual([wait(42), wait(200), wait(7200)], ["42 s", "3:20", "2:00:00"]);
  assert.deepEqual([inAWhile(3), inAWhile(42), inAWhile(300)], ["in a few seconds", "in a minute", "in 5 minutes"]);
  assert.equal(beginning("one\ntwo three", 8), "one two…");
});

test("addresses are found without the punctuation around them", () => {
  const text = "(see http://a.example/x_(y)), mail a@b.example; ftp://no.example http:// https://c.example/?q=1.";
  const found = findLinks(text).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(found, ["http://a.example/x_(y)", "a@b.example", "https://c.example/?q=1"]);
});

test("the words of a query are marked where the search finds them", () => {
  const marked = (/** @type {string} */ q, /** @type {string} */ text) =>
    findWords(text, wordsOf(q)).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(marked("shed -gnome or garden", "Gardening, gnome, a SHED"), ["Gardening", "SHED"]);
  assert.deepEqual(marked("cafe", "Café, cafés"), ["Café", "cafés"]);
  assert.deepEqual(marked("hemingway", "Ernest@Hemingway.com"), ["Hemingway"]);
  assert.deepEqual(marked("case", "camelCase"), ["Case"]);
  assert.deepEqual(marked("京都", "東京都と京都駅"), ["京都", "京都"]);
  assert.deepEqual(marked("🚲", "a 🚲!"), ["🚲"]);
});

/** @type {Record<string, [string, string, boolean][]>} */
const SEARCHES = JSON.parse(readFileSync(new URL("../search_cases.json", import.meta.url), "utf8"));

for (const [topic, cases] of Object.entries(SEARCHES)) {
  test(`what the page marks is what the search finds: ${topic}`, () => {
    for (const [text, q, found] of cases) {
      const marked = (/** @type {string} */ words) => findWords(text, wordsOf(words)).length > 0;
      const items = q.match(/-?"[^"]*"?|[^\s"]+/g) ?? [];
      const wanted = items.filter((item) => !item.startsWith("-") && wordsOf(item).length > 0);
      const either = /(^|\s)or(\s|$)/i.test(q);
      if (found && either && wanted.length > 0 && !q.includes("-")) assert.ok(marked(q), `${q} in ${text}`);
      if (found && !either) assert.deepEqual(wanted.filter((item) => !marked(item)), [], `${q} in ${text}`);
      if (!found && items.length === 1 && wanted.length === 1) assert.ok(!marked(q), `${q} not in ${text}`);
    }
  });
}

test("marks are where the words are, whatever they are made of", () => {
  const marked = (/** @type {string} */ q, /** @type {string} */ text) =>
    findWords(text, wordsOf(q)).map(({ start, end }) => text.slice(start, end));
  assert.deepEqual(marked("strasse", "die Straße!"), ["Straße"]);
  assert.deepEqual(marked("wifi", "free Wi-Fi here"), ["Wi-Fi"]);
  assert.deepEqual(marked('"baby shoes"', "For sale: baby, shoes and a baby"), ["baby, shoes"]);
  assert.deepEqual(marked("cafe", "Cafe\u0301s"), ["Cafe\u0301s"]);
  assert.deepEqual(marked("👍", "👍🏽👍"), ["👍🏽", "👍"]);
  assert.deepEqual(marked("b", "a b, ab B-c"), ["b", "B-c"]);
});

test("ids are compared as numbers beyond what numbers can hold", () => {
  assert.ok(compareIds("9007199254740993", "9007199254740992") > 0);
  assert.ok(compareIds("99", "100") < 0);
  assert.equal(compareIds("7", "7"), 0);
});

test("places and addresses are two forms of one thing", () => {
  for (const path of ["/", "/?q=garden+shed", "/m/18203", "/m/123456789012345678901234567890"]) {
    assert.equal(pathOfPlace(placeOf(new URL(path, "http://board.example"))), path);
  }
});
