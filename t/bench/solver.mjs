// SPDX-License-Identifier: MIT
/**
 * The solver against its peers, paired in one run in Chromium, and natively. `make bench-solver`; ROUNDS and SECS change its
 * length. The peers come from npm for the occasion: Cap's WebAssembly (or from the directory CAP, where the registry has
 * not the version with SIMD) and mCaptcha's.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus, loadavg, tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { needBrowser } from "../browser/lib/need.js";

await needBrowser();
const { launch } = await import("../browser/lib/chromium.js");

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SOURCE = join(HERE, "../..");
const BUILD = process.env.top_builddir ?? SOURCE;
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECS = Number(process.env.SECS ?? 2);
const COLD_STARTS = 3 * ROUNDS;
const CAP_VERSIONS = ["0.0.7", "0.0.6"];
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

const WAYS = {
  simd: "WebAssembly with SIMD",
  scalar: "WebAssembly without",
  js: "JavaScript",
  cap: "Cap",
  mcaptcha: "mCaptcha",
  subtle: "crypto.subtle, one call a nonce",
};

/** How many times the rate of another ours has to be: this way, that way, at least. */
const GOALS = /** @type {[string, string, number][]} */ ([
  ["simd", "cap", 1.9],
  ["simd", "mcaptcha", 5],
  ["simd", "subtle", 100],
  ["two", "simd", 1.8],
]);

const scratch = mkdtempSync(join(tmpdir(), "initialsdb-peers-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/**
 * @param {string} name of a package
 * @returns {string | null} where it was unpacked; null when the registry has it not
 */
function unpack(name) {
  const options = { cwd: scratch, encoding: /** @type {const} */ ("utf8"), stdio: /** @type {any} */ (["ignore", "pipe", "ignore"]) };
  try {
    const tarball = execFileSync("npm", ["pack", "--silent", name], options).trim();
    execFileSync("tar", ["-xzf", tarball, "--one-top-level"], options);
    return join(scratch, tarball.replace(/\.tgz$/, ""), "package");
  } catch {
    return null;
  }
}

/** @returns {{ place: string, version: string } | null} */
function findCap() {
  if (process.env.CAP) {
    return { place: process.env.CAP, version: JSON.parse(readFileSync(join(process.env.CAP, "../package.json"), "utf8")).version };
  }
  for (const version of CAP_VERSIONS) {
    const place = unpack(`@cap.js/wasm@${version}`);
    if (place) return { place: join(place, "browser"), version };
  }
  return null;
}

const cap = findCap();
const mcaptcha = unpack("@mcaptcha/pow-wasm@0.1.0-rc2");

/** Which directory serves what; the page's modules call each other from the top. */
const PLACES = /** @type {[string, string | null | undefined][]} */ ([
  ["/cap/", cap?.place],
  ["/mcaptcha/", mcaptcha],
  ["/bench/", HERE],
  ["/static/", join(BUILD, "static")],
  ["/static/", join(SOURCE, "static")],
  ["/", join(BUILD, "static")],
  ["/", join(SOURCE, "static")],
]);

/** The page's scripts as they are installed: joined with what they import. */
const JOINED = Object.fromEntries(
  ["/solver.js", "/solver-worker.js"].map((path) => [
    path,
    execFileSync(process.env.AWK ?? "awk", ["-f", join(SOURCE, "static/join.awk"), join(SOURCE, "static", path)]),
  ]),
);

const server = createServer((request, response) => {
  const path = request.url ?? "/";
  if (path in JOINED) {
    response.setHeader("Content-Type", TYPES[".js"]);
    response.end(JOINED[path]);
    return;
  }
  for (const [prefix, directory] of PLACES) {
    const file = directory && path.startsWith(prefix) && join(directory, path.slice(prefix.length));
    if (!file || path === "/" || !existsSync(file)) continue;
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "text/plain");
    response.end(readFileSync(file));
    return;
  }
  response.setHeader("Content-Type", "text/html");
  response.end(path === "/" ? "<!doctype html><title>bench</title>" : "");
});

/** @param {number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * @param {import("playwright-core").Page} page
 * @param {string} way
 * @param {number} count of workers at once
 * @returns {Promise<number>} hashes a second of all together
 */
function rateOf(page, way, count) {
  return page.evaluate(
    async (order) => {
      const workers = Array.from({ length: order.count }, () => new Worker("/bench/solver-worker.js", { type: "module" }));
      const rates = workers.map((worker) => {
        worker.postMessage(order);
        return new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        });
      });
      const sum = (await Promise.all(rates)).reduce((total, rate) => total + rate, 0);
      for (const worker of workers) worker.terminate();
      return sum;
    },
    { way, count, secs: SECS },
  );
}

/** Puzzles that take 2^18 hashes, give or take five in a hundred: in two lanes together for us, in Cap's one. */
async function puzzles() {
  const { compile, WasmLane } = await import(join(SOURCE, "static/wasm.js"));
  const module = compile(readFileSync(join(BUILD, "static/solver-simd.wasm")));
  const firstHit = (/** @type {Uint8Array} */ challenge, /** @type {number} */ number) => {
    const lane = new WasmLane(module, challenge, 18, number);
    let batches = 1;
    while (batches <= 138 && lane.hits().length === 0) batches++;
    return batches;
  };
  const ours = [];
  for (let n = 0; ours.length < COLD_STARTS; n++) {
    const challenge = createHash("sha256").update(`ours ${n}`).digest().subarray(0, 16);
    const batches = firstHit(challenge, 0);
    if (batches >= 125 && batches <= 137 && firstHit(challenge, 1) > batches) ours.push([...challenge]);
  }
  const theirs = [];
  for (let n = 0; theirs.length < COLD_STARTS; n++) {
    const salt = `a salt as long as theirs: ${n}`;
    let nonce = 0;
    while (nonce < 276_000 && createHash("sha256").update(salt + nonce).digest().readUInt32BE() >= 2 ** 12) nonce++;
    if (nonce >= 249_000 && nonce < 276_000) theirs.push(salt);
  }
  return { ours, theirs };
}

/**
 * @param {import("playwright-core").Browser} browser
 * @param {string} url
 * @param {"ours" | "cap"} who
 * @param {unknown} puzzle
 * @returns {Promise<number>} milliseconds, in a browser profile that has seen nothing
 */
async function coldStart(browser, url, who, puzzle) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.addScriptTag({ url: "/bench/solver-cold.js", type: "module" });
  await page.waitForFunction(() => "coldStart" in globalThis);
  const ms = await page.evaluate(([name, given]) => /** @type {any} */ (globalThis).coldStart(name, given), [who, puzzle]);
  await context.close();
  return ms;
}

/** @returns {[string, number][]} names and rates of the kernels, and of OpenSSL */
function native() {
  const program = process.env.SOLVER_BENCH ?? join(BUILD, "t/bench/solver");
  const lines = execFileSync(program, [String(SECS)], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => /** @type {[string, number]} */ ([line.split(" ")[0], Number(line.split(" ")[1])]));
}

/** @param {number} rate */
const millions = (rate) => (rate / 1e6).toFixed(rate < 1e6 ? 3 : 1);

/**
 * @param {[string, number][]} rows
 * @returns {string}
 */
function chart(rows) {
  const [left, width, row] = [250, 760, 26];
  const most = Math.max(...rows.map(([, rate]) => rate));
  const bars = rows.map(([name, rate], n) => {
    const y = 40 + n * row;
    const length = Math.max(1, (rate / most) * (width - left - 80)).toFixed(1);
    const ours = /^(this|native)/.test(name);
    return (
      `<text x="${left - 8}" y="${y + 13}" text-anchor="end">${name}</text>` +
      `<rect x="${left}" y="${y}" width="${length}" height="18" fill="${ours ? "#1f77b4" : "#aaa"}"/>` +
      `<text x="${left + Number(length) + 6}" y="${y + 13}">${millions(rate)}</text>`
    );
  });
  const height = 50 + rows.length * row;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    "<title>Million hashes a second of one thread</title>",
    '<rect width="100%" height="100%" fill="white"/>',
    `<text x="${left}" y="22">million hashes a second of one thread</text>`,
    ...bars,
    "</svg>\n",
  ].join("\n");
}

await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const address = server.address();
const url = `http://localhost:${typeof address === "object" ? address?.port : 0}/`;
const load = loadavg()[0];
const browser = await launch();
const page = await (await browser.newContext()).newPage();
await page.goto(url);

const ways = Object.keys(WAYS).filter((way) => (way !== "cap" || cap) && (way !== "mcaptcha" || mcaptcha));
/** @type {Record<string, number[]>} */
const rates = Object.fromEntries([...ways, "two"].map((way) => [way, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const way of ways) rates[way].push(await rateOf(page, way, 1));
  rates.two.push(await rateOf(page, "simd", 2));
}

const cold = { ours: /** @type {number[]} */ ([]), cap: /** @type {number[]} */ ([]) };
const { ours, theirs } = await puzzles();
for (let n = 0; n < COLD_STARTS; n++) {
  cold.ours.push(await coldStart(browser, url, "ours", ours[n]));
  if (cap) cold.cap.push(await coldStart(browser, url, "cap", theirs[n]));
}
const version = browser.version();
await browser.close();
server.close();

const kernels = native();
const chosen = kernels[0];
const best = Math.max(...kernels.map(([, rate]) => rate));
const ratio = (/** @type {string} */ one, /** @type {string} */ other) =>
  median(rates[one].map((rate, round) => rate / rates[other][round]));
const named = (/** @type {string} */ way) => (way === "cap" ? `Cap ${cap?.version}` : way === "two" ? "two workers" : WAYS[way]);
const goals = GOALS.filter(([, other]) => ways.includes(other));

writeFileSync(
  join(HERE, "solver-results.md"),
  `## The solver

Made by \`make bench-solver\`: ${ROUNDS} paired rounds of ${SECS} s, medians; ${cpus()[0].model.trim()}, ${cpus().length} processors,
load average ${load.toFixed(1)} at the start; Chromium ${version}, workers. A cold start is from the first request to the answer of
a puzzle of 2^18 hashes in a fresh profile, ${COLD_STARTS} times; Cap hashes it in its one worker, the page in two, with its
scripts joined as they are installed.

| one thread in Chromium | million hashes/s |
|---|---|
${ways.map((way) => `| ${named(way)} | ${millions(median(rates[way]))} |`).join("\n")}

| goal | wanted | reached |
|---|---|---|
${goals.map(([one, other, least]) => `| ${named(one)} : ${named(other)} | ${least} | ${ratio(one, other).toFixed(2)} |`).join("\n")}
| JavaScript, million hashes/s | 2 | ${millions(median(rates.js))} |
| cold start, ms${cap ? `; Cap ${cap.version} needs ${median(cold.cap).toFixed(0)}` : ""} | 65 | ${median(cold.ours).toFixed(0)} |
| native, ${chosen[0]}, of the best on this core | 0.9 | ${(chosen[1] / best).toFixed(2)} |

| natively, of processor time | million hashes/s |
|---|---|
${kernels.map(([name, rate]) => `| ${name === "openssl" ? "OpenSSL, one block after the other" : name} | ${millions(rate)} |`).join("\n")}

![Million hashes a second of one thread](solver.svg)
`,
);
const bars = /** @type {[string, number][]} */ ([
  ...ways.map((way) => [/^(simd|scalar|js)$/.test(way) ? `this: ${named(way)}` : named(way), median(rates[way])]),
  ...kernels.map(([name, rate]) => [name === "openssl" ? "OpenSSL" : `native: ${name}`, rate]),
]);
writeFileSync(join(HERE, "solver.svg"), chart(bars));
console.log(readFileSync(join(HERE, "solver-results.md"), "utf8"));
