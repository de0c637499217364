// SPDX-License-Identifier: MIT
/**
 * A whole board of our own, started as its users start it: Postgres, the pool and Caddy through t/run.
 */

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("../../run", import.meta.url));

/** However long a machine stands still, nothing is refused for it. */
const PATIENT = { READ_DEADLINE_MS: "30000", POST_DEADLINE_MS: "30000", QUEUE_MAX_MS: "30000" };

/** Fast proofs, and no limits unless a test asks for them. */
const DEFAULTS = { ...PATIENT, POW_DIFFICULTY: "8", IP_RATE_ENABLE: "false", WORKERS: "3" };

/** @returns {Promise<number>} a port that is free now */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** One board. */
export class Board {
  #state = mkdtempSync(join(tmpdir(), "initialsdb-browser-"));
  /** @type {import("node:child_process").ChildProcess | null} */
  #process = null;
  #output = "";
  /** Of its own choosing, and the same ever after. */
  port = 0;
  url = "";

  /** @param {Record<string, string>} env */
  constructor(env) {
    this.env = env;
    process.on("exit", () => this.#process?.kill("SIGTERM"));
  }

  /**
   * @param {Record<string, string>} [env] settings of the program
   * @returns {Promise<Board>} when it answers
   */
  static async start(env = {}) {
    const board = new Board({ ...DEFAULTS, ...env });
    await board.up();
    return board;
  }

  /** Starts it, or starts it again with what it knew before. */
  up() {
    const env = {
      ...process.env,
      ...(process.env.INITIALSDB && { BINARY: process.env.INITIALSDB }),
      ...this.env,
      PORT: String(this.port),
      STATE: this.#state,
    };
    const child = spawn(RUN, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#output = "";
    return new Promise((resolve, reject) => {
      const listen = (/** @type {Buffer} */ chunk) => {
        this.#output += chunk;
        const ready = /^ready: (.*:(\d+))\/\n/m.exec(this.#output);
        if (!ready) return;
        [this.url, this.port] = [ready[1], Number(ready[2])];
        resolve(undefined);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.on("exit", (code) => reject(new Error(`t/run ended with ${code}:\n${this.#output}`)));
    });
  }

  /** Stops it; what it knows stays. */
  async down() {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }

  /** Stops it for good. */
  async stop() {
    await this.down();
    rmSync(this.#state, { recursive: true, force: true });
  }

  /**
   * Asks the database as its superuser.
   * @param {string} sql
   * @returns {string} unaligned rows
   */
  psql(sql) {
    const where = ["-h", join(this.#state, "run"), "-p", "5432", "-U", "postgres", "-d", "initialsdb"];
    return execFileSync("psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", ...where, "-c", sql], { encoding: "utf8" }).trim();
  }

  /**
   * Puts messages on the board, the first the oldest, a minute apart.
   * @param {string[]} texts
   */
  fill(texts) {
    const json = JSON.stringify(texts).replaceAll("'", "''");
    this.psql(`insert into board.message (body, created_at)
      select body, clock_timestamp() - make_interval(mins => (${texts.length} - at)::int)
      from jsonb_array_elements_text('${json}') with ordinality as given (body, at) order by at`);
  }

  /** Takes all messages away. */
  clear() {
    this.psql("delete from board.message");
  }

  /** @returns {number} how many messages there are */
  count() {
    return Number(this.psql("select count(*) from board.message"));
  }
}
