// SPDX-License-Identifier: MIT
/**
 * The page as `make install` installs it, and what it costs to fetch.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { becomes } from "./patience.js";

const BUILD = process.env.top_builddir ?? fileURLToPath(new URL("../../..", import.meta.url));

/** @returns {string} the directory of an installed page; it goes when the test ends */
export function install() {
  const root = mkdtempSync(join(tmpdir(), "initialsdb-installed-"));
  process.on("exit", () => rmSync(root, { recursive: true, force: true }));
  // Not a part of the make that runs the tests.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MAKE|MFLAGS)/.test(name)));
  execFileSync("make", ["-s", "-C", BUILD, "install", `DESTDIR=${root}`], { env, stdio: ["ignore", "ignore", "inherit"] });
  const page = readdirSync(root, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith("/static/index.html"));
  if (!page) throw new Error("make install installed no page");
  return join(root, page, "..");
}

/** @typedef {{ path: string, status: number, encoding: string, cache: string, bytes: number }} Fetched */

/** Stands between the browser and the board, and counts the bytes of the bodies that go by. */
export class Counter {
  /** @type {Fetched[]} */
  fetched = [];
  #underWay = 0;
  #server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));

  /**
   * @param {number} port the board's
   * @param {string} [encodings] the only ones that the board hears the browser accept
   */
  constructor(port, encodings) {
    this.port = port;
    this.encodings = encodings;
  }

  /** @returns {Promise<string>} its own address */
  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const address = this.#server.address();
    return `http://localhost:${typeof address === "object" ? address?.port : 0}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Waits until whatever was asked for has been answered. */
  rests() {
    return becomes(() => this.#underWay, 0);
  }

  /** @returns {Fetched[]} what belongs to the page, not to the board's contents */
  get page() {
    return this.fetched.filter(({ path }) => !/^\/(api|pow)\//.test(path));
  }

  /** @returns {number} of the page */
  get bytes() {
    return this.page.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} outgoing
   */
  #pass(incoming, outgoing) {
    const { url = "/", method, headers } = incoming;
    this.#underWay++;
    outgoing.on("close", () => this.#underWay--);
    const accepted = this.encodings === undefined ? {} : { "accept-encoding": this.encodings };
    const target = { host: "127.0.0.1", port: this.port, path: url, method, headers: { ...headers, ...accepted } };
    const asked = request(target, (answer) => {
      const { statusCode: status = 0, headers: told } = answer;
      const fetched = { path: url, status, encoding: told["content-encoding"] ?? "", cache: told["cache-control"] ?? "", bytes: 0 };
      this.fetched.push(fetched);
      answer.on("data", (chunk) => (fetched.bytes += chunk.length));
      outgoing.writeHead(status, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    incoming.pipe(asked);
  }
}
