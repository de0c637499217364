// SPDX-License-Identifier: MIT
/**
 * The board's HTTP interface. Every failure is a Failure, which says what kind of thing went wrong.
 */

import { learnTime } from "./clock.js";
import { learnMaxChars } from "./text.js";

/**
 * @typedef {object} Message
 * @property {string} id decimal; kept as text, so that it can have 64 bits
 * @property {string} body
 * @property {string} created_at RFC 3339
 */

/** @typedef {Message | { id: string, held: true }} Posted a message that is on the board, or waits for a moderator */

/**
 * @typedef {object} Page
 * @property {Message[]} items newest first
 * @property {string | null} next_cursor null at the end
 */

/**
 * @typedef {object} Neighbours
 * @property {string | null} newer
 * @property {string | null} older
 */

/**
 * @typedef {object} Entry of the moderation log
 * @property {string} at RFC 3339
 * @property {string} action
 * @property {string | null} id of the message it is about
 * @property {string} reason
 */

/**
 * @typedef {object} Challenge
 * @property {string} challenge base64 without padding
 * @property {string} token
 * @property {number} difficulty zero bits of each proof
 * @property {number} rounds proofs wanted
 * @property {number} ttl_secs
 */

/** @typedef {{ challenge: string, token: string, nonces: string[] }} Solution of a challenge */

/**
 * offline: the request never left. silent: no answer, so nobody knows what happened. limited: too many
 * requests. read-only, down: the server cannot serve now. proof: the proof of work was not accepted.
 * refused: the server will not have it, however often it is asked.
 * @typedef {"offline" | "silent" | "limited" | "read-only" | "down" | "proof" | "hidden" | "absent" | "refused"} Kind
 */

/** What went wrong with a request. */
export class Failure extends Error {
  /**
   * @param {Kind} kind
   * @param {string} [words] from the server, for people
   * @param {{ retry_secs?: number, code?: string, id?: string | null } & Partial<Neighbours>} [details]
   */
  constructor(kind, words = "", details = {}) {
    super(words);
    this.kind = kind;
    /** Seconds after which it is worth trying again; 0 when the server did not say. */
    this.retry_secs = details.retry_secs ?? 0;
    this.code = details.code ?? "";
    this.id = details.id ?? null;
    this.newer = details.newer ?? null;
    this.older = details.older ?? null;
  }
}

const READ_TIMEOUT_MS = 8_000;
const POST_TIMEOUT_MS = 10_000;

/** @type {Record<string, Kind>} */
const KIND_OF_CODE = {
  RATE_LIMITED: "limited",
  READ_ONLY: "read-only",
  POW_REQUIRED: "proof",
  POW_INVALID: "proof",
  POW_EXPIRED: "proof",
  POW_SPENT: "proof",
  NOT_FOUND: "absent",
  HIDDEN: "hidden",
};

/**
 * @param {unknown} value
 * @returns {string | null} an id as text, if it is one
 */
function idOf(value) {
  return typeof value === "number" || typeof value === "string" ? String(value) : null;
}

/**
 * JSON in which the ids are quoted first: as numbers, those beyond 2^53 would come out as others.
 * @param {string} json
 * @returns {any}
 */
function parse(json) {
  try {
    return JSON.parse(json.replace(/"(?:[^"\\]|\\.)*"(?:\s*:\s*\d{16,}(?=\s*[,}]))?/g, quoteId));
  } catch {
    return null;
  }
}

/**
 * @param {string} token a JSON string, or a member with a number of many digits
 * @returns {string}
 */
function quoteId(token) {
  return token.replace(/(?<=":\s*|"\s+:\s*)\d{16,}$/, '"$&"');
}

/**
 * @param {Response} response
 * @param {any} body
 * @returns {Failure}
 */
function failureOf(response, body) {
  const error = body?.error ?? {};
  const kind = KIND_OF_CODE[error.code] ?? (response.status >= 500 ? "down" : "refused");
  const retry_secs = Number(response.headers.get("Retry-After") ?? error.retry_after) || 0;
  const words = String(error.message ?? `The board answered ${response.status}.`);
  return new Failure(kind, words, {
    code: String(error.code ?? ""),
    retry_secs,
    id: idOf(error.id),
    newer: idOf(body?.newer),
    older: idOf(body?.older),
  });
}

/**
 * @param {AbortSignal | undefined} signal the caller's
 * @param {number} timeout_ms
 * @returns {{ signal: AbortSignal, release: () => void }}
 */
function deadline(signal, timeout_ms) {
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new Failure("silent")), timeout_ms);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const release = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  };
  return { signal: controller.signal, release };
}

/** @returns {boolean} whether the browser is sure that it is */
function isOffline() {
  return navigator.onLine === false;
}

/** @returns {Failure} why something that was only asked for did not come */
export function lost() {
  return new Failure(isOffline() ? "offline" : "silent");
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @param {number} timeout_ms
 * @returns {Promise<any>} the parsed answer
 * @throws {Failure} or the reason with which the caller aborted
 */
async function request(path, init, timeout_ms) {
  if (isOffline()) throw new Failure("offline");
  const limit = deadline(init.signal ?? undefined, timeout_ms);
  try {
    const response = await fetch(path, { ...init, signal: limit.signal });
    const body = parse(await response.text());
    learnTime(response.headers.get("Date"));
    if (!response.ok) throw failureOf(response, body);
    if (body === null) throw new Failure("down", "The board's answer was not understood.");
    return body;
  } catch (error) {
    if (error instanceof Failure && error.kind !== "silent") throw error;
    const { aborted, reason } = limit.signal;
    if (aborted && !(reason instanceof Failure)) throw reason;
    throw init.method === "POST" ? new Failure("silent") : lost(); // A post may have arrived.
  } finally {
    limit.release();
  }
}

/**
 * @param {any} item
 * @returns {Message}
 */
function messageOf(item) {
  return { id: String(item.id), body: String(item.body), created_at: String(item.created_at) };
}

/**
 * @param {string} q empty for the newest
 * @param {{ limit?: number, cursor?: string | null, signal?: AbortSignal }} [options]
 * @returns {Promise<Page>}
 */
export async function search(q, { limit = 30, cursor = null, signal } = {}) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (q) query.set("q", q);
  if (cursor) query.set("cursor", cursor);
  const body = await request(`/api/listings/search?${query}`, { signal }, READ_TIMEOUT_MS);
  return { items: body.items.map(messageOf), next_cursor: body.next_cursor ?? null };
}

/** @returns {Promise<number>} visible messages */
export async function count() {
  const body = await request("/api/listings/count", {}, READ_TIMEOUT_MS);
  return Number(body.count);
}

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Message & Neighbours>}
 */
export async function message(id, signal) {
  const body = await request(`/api/listings/${id}`, { signal }, READ_TIMEOUT_MS);
  return { ...messageOf(body), newer: idOf(body.newer), older: idOf(body.older) };
}

/**
 * @param {AbortSignal} [signal]
 * @returns {Promise<Challenge>}
 */
export async function challenge(signal) {
  const body = await request("/pow/challenge", { signal, cache: "no-store" }, READ_TIMEOUT_MS);
  learnMaxChars(body.max_chars);
  return body;
}

/**
 * @param {string | null} cursor
 * @param {AbortSignal} signal
 * @returns {Promise<{ items: Entry[], next_cursor: string | null }>} what moderators did, newest first
 */
export async function log(cursor, signal) {
  const query = cursor ? `?${new URLSearchParams({ cursor })}` : "";
  const body = await request(`/api/log${query}`, { signal }, READ_TIMEOUT_MS);
  const entryOf = (/** @type {any} */ { at, action, id, reason }) => ({ at, action, id: idOf(id), reason: reason ?? "" });
  return { items: body.items.map(entryOf), next_cursor: body.next_cursor ?? null };
}

/**
 * @param {string} path
 * @param {Record<string, string>} members of the body
 * @param {Solution} proof
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
function pay(path, members, proof, signal) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (proof.token) headers["X-PoW-Token"] = proof.token;
  if (proof.challenge) headers["X-PoW-Challenge"] = proof.challenge;
  if (proof.nonces.length > 0) headers["X-PoW-Nonce"] = proof.nonces.join(",");
  return request(path, { method: "POST", headers, body: JSON.stringify(members), signal }, POST_TIMEOUT_MS);
}

/**
 * Posts a text. Asking again with the same proof never posts it twice.
 * @param {string} text
 * @param {Solution} proof
 * @param {AbortSignal} [signal]
 * @returns {Promise<Posted>}
 */
export async function create(text, proof, signal) {
  const body = await pay("/api/listings/create", { text }, proof, signal);
  return body.held ? { id: String(body.id), held: true } : messageOf(body);
}

/**
 * Tells the moderators about a message. However often, it counts once.
 * @param {string} id
 * @param {string} reason may be empty
 * @param {Solution} proof
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export async function report(id, reason, proof, signal) {
  await pay(`/api/listings/${id}/report`, reason ? { reason } : {}, proof, signal);
}
