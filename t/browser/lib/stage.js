// SPDX-License-Identifier: MIT
/**
 * A board whose answers are arranged, so that every state of the page can be entered at will and looks the same each
 * time. Only what stands behind /api and /pow is arranged: page, styles, scripts and headers come from the server.
 */

import { readFileSync } from "node:fs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Route} Route */

/** The time on stage: nine minutes after message 18,203. */
export const NOW = new Date("2025-11-21T14:12:00Z");

/** @typedef {{ id: number, body: string, created_at: string }} Item */

/** @type {Item[]} */
export const ITEMS = JSON.parse(readFileSync(new URL("messages.json", import.meta.url), "utf8")).map(
  (/** @type {[number, string, string]} */ [id, created_at, body]) => ({ id, body, created_at }),
);

const CHALLENGE = { challenge: "AAAAAAAAAAAAAAAAAAAAAA", difficulty: 4, rounds: 16, ttl_secs: 100, max_chars: 255, token: "stage" };
const HIDDEN = 18190;

/**
 * @param {Route} route
 * @param {unknown} body
 * @param {number} [status]
 * @param {Record<string, string>} [headers]
 */
function answer(route, body, status = 200, headers = {}) {
  return route.fulfill({ status, headers, contentType: "application/json", body: JSON.stringify(body) });
}

/**
 * @param {number} status
 * @param {string} code
 * @param {string} message
 * @param {number} [retry_after] seconds
 * @returns {(route: Route) => Promise<void>} answers with an error of the board's form
 */
export function refusal(status, code, message, retry_after) {
  const error = { code, message, ...(retry_after && { retry_after }) };
  const headers = /** @type {Record<string, string>} */ (retry_after ? { "Retry-After": String(retry_after) } : {});
  return (route) => answer(route, { title: code, status, detail: message, error }, status, headers);
}

/** @param {Route} route */
function search(route) {
  const query = new URL(route.request().url()).searchParams;
  const words = (query.get("q") ?? "").toLowerCase().split(/\s+/);
  const below = Number(query.get("cursor") ?? Infinity);
  const matching = ITEMS.filter(
    ({ id, body }) => id < below && words.every((word) => body.toLowerCase().includes(word)),
  );
  const limit = query.has("q") ? 30 : 10;
  const items = matching.slice(0, limit);
  const next_cursor = matching.length > limit ? String(items.at(-1)?.id) : undefined;
  return answer(route, { items, next_cursor });
}

/** @param {Route} route */
function single(route) {
  const id = Number(/\d+$/.exec(new URL(route.request().url()).pathname));
  const newer = ITEMS.filter((item) => item.id > id).at(-1)?.id;
  const older = ITEMS.find((item) => item.id < id)?.id;
  const item = ITEMS.find((other) => other.id === id);
  if (id === HIDDEN) {
    const error = { code: "HIDDEN", message: "A moderator hid this message." };
    return answer(route, { status: 410, error, newer, older }, 410);
  }
  if (!item) return refusal(404, "NOT_FOUND", "There is no such message.")(route);
  return answer(route, { ...item, newer, older });
}

/** @param {Route} route */
function create(route) {
  const { text } = route.request().postDataJSON();
  return answer(route, { id: 18205, body: text, created_at: NOW.toISOString() }, 201);
}

const LOG = [
  { at: "2025-11-21T13:50:00Z", action: "hide", id: HIDDEN, reason: "somebody else's address" },
  { at: "2025-11-21T09:30:00Z", action: "ban", reason: "forty advertisements in an hour" },
  { at: "2025-11-20T18:00:00Z", action: "unhide", id: 18144, reason: "it was their own telephone number after all" },
  { at: "2025-11-19T07:15:00Z", action: "hide", id: 18144, reason: "a telephone number" },
  { at: "2025-08-02T12:00:00Z", action: "hold off" },
];

/**
 * Puts the board on stage. Routes added later take precedence.
 * @param {Page} page
 */
export async function arrange(page) {
  await page.clock.setFixedTime(NOW);
  await page.route("**/pow/challenge", (route) => answer(route, CHALLENGE));
  await page.route("**/api/listings/search?*", search);
  await page.route("**/api/listings/count", (route) => answer(route, { count: 18204 }));
  await page.route(/\/api\/listings\/\d+$/, single);
  await page.route("**/api/listings/create", create);
  await page.route("**/report", (route) => answer(route, { reported: true }, 202));
  await page.route("**/api/log", (route) => answer(route, { items: LOG }));
}
