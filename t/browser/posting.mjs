// SPDX-License-Identifier: MIT
/**
 * Posting: solving, sending, and everything that can go wrong on the way. Through the real stack.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const SHOES = "For sale: baby shoes, never worn.\nErnest@Hemingway.com";

const { board, newPage, visit } = await setUp({ POW_DIFFICULTY: "14" });
beforeEach(() => board.clear());

/**
 * @param {Page} page
 * @param {string} text
 */
async function write(page, text) {
  if (await page.locator("#form").isHidden()) await page.click("#post");
  await page.fill("#text", text);
}

/**
 * @param {Page} page
 * @param {string} text
 */
async function post(page, text) {
  await write(page, text);
  await page.click("#submit");
}

/** @param {Page} page */
const posted = (page) => page.locator("article", { has: page.getByText("Posted.") });

/** @param {Page} page */
const written = (page) => page.inputValue("#text");

/** @param {number} count */
const stored = (count) => becomes(() => board.count(), count);

/**
 * Lets requests to create reach the board, but loses the first answers.
 * @param {Page} page
 * @param {number} lost how many
 */
async function loseAnswers(page, lost) {
  let left = lost;
  await page.route("**/create", async (route) => {
    const response = await route.fetch();
    return left-- > 0 ? route.abort("connectionreset") : route.fulfill({ response });
  });
}

test("b59 a message is posted, on top, focused, found, counted and permanent", async () => {
  board.fill(["earlier"]);
  const page = await visit("/");
  await page.getByText("1 message", { exact: true }).waitFor();
  await page.keyboard.press("p");
  await page.keyboard.type(SHOES);
  await page.keyboard.press("Control+Enter");
  await posted(page).waitFor();
  await becomes(() => page.locator("#list article").first().locator("p").first().innerText(), SHOES);
  await posted(page).and(page.locator(":focus")).waitFor();
  await page.getByText("2 messages", { exact: true }).waitFor();
  const id = board.psql("select max(id) from board.message");
  await page.locator("#status", { hasText: `Posted as message ${id}.` }).waitFor({ state: "attached" });
  await posted(page).getByRole("link", { name: `/m/${id}` }).click();
  await page.waitForURL(`**/m/${id}`);
  await page.locator(".large", { hasText: "baby shoes" }).waitFor();
  await page.fill("#box", "shoes");
  await page.locator("h1:visible", { hasText: "1 message with “shoes”" }).waitFor();
  await board.down();
  await board.up();
  await page.goto(`${board.url}/m/${id}`);
  await page.locator(".large", { hasText: "baby shoes" }).waitFor();
});

test("posting from a search or a permalink leads to the newest", async () => {
  board.fill(["earlier"]);
  const page = await visit("/?q=earlier");
  await page.locator("article").waitFor();
  await post(page, "unrelated");
  await posted(page).waitFor();
  await page.waitForURL(`${board.url}/`);
  await becomes(() => page.locator("#list article").count(), 2);
});

test("a message is shown where the list is not to be had, and not as the first of the board", async () => {
  board.fill(["earlier"]);
  const page = await visit("/?q=earlier");
  await page.locator("article").waitFor();
  await page.clock.setFixedTime(Date.now()); // so that the page does not ask again by itself
  await page.route("**/search?*", (route) => route.abort());
  await post(page, "unrelated");
  await page.getByText("The board does not answer.").waitFor();
  await posted(page).waitFor();
  await becomes(() => page.locator("#end").innerText(), "");
  await page.unroute("**/search?*");
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText("This is the first message. The board begins here.").waitFor();
  await becomes(() => page.locator("#list article").count(), 2);
});

test("after posting the newest are not asked for and given up at once", async () => {
  board.fill(["earlier"]);
  const page = await visit("/?q=earlier");
  await page.locator("article").waitFor();
  /** @type {string[]} */
  const givenUp = [];
  page.on("requestfailed", (request) => givenUp.push(request.url()));
  await post(page, "unrelated");
  await posted(page).waitFor();
  assert.deepEqual(givenUp, []);
});

test("to open the form in one tab does not forget what another has written", async () => {
  const idle = await visit("/");
  const page = await idle.context().newPage();
  await page.goto(board.url);
  await write(page, "a draft");
  await idle.click("#post");
  await page.close();
  const next = await idle.context().newPage();
  await next.goto(board.url);
  await next.click("#post");
  await becomes(() => written(next), "a draft");
});

test("the draft outlives closing, reloading and cancelling", async () => {
  const page = await visit("/");
  await write(page, "a draft");
  await page.keyboard.press("Escape");
  await page.locator("#form").waitFor({ state: "hidden" });
  await page.locator("#post:focus").waitFor();
  await page.click("#post");
  await becomes(() => written(page), "a draft");
  await page.reload();
  await page.click("#post");
  await becomes(() => written(page), "a draft");
  await page.click("#submit");
  await posted(page).waitFor();
  await page.reload();
  await page.click("#post");
  await becomes(() => written(page), "");
});

test("b28 the counter counts code points and never cuts", async () => {
  const page = await visit("/");
  await write(page, "😀".repeat(255));
  await page.locator("#left", { hasText: /^0 left$/ }).waitFor();
  await page.fill("#text", "😀".repeat(258));
  await page.locator("#left", { hasText: "3 too many" }).waitFor();
  await page.locator("#text[aria-invalid=true]").waitFor();
  await page.locator("#submit[aria-disabled=true]").waitFor();
  await page.focus("#submit");
  await page.keyboard.press("Enter");
  await page.locator("#left:focus").waitFor();
  await page.fill("#text", "😀".repeat(255));
  await page.click("#submit");
  await posted(page).waitFor();
  await becomes(() => board.psql("select char_length(body) from board.message"), "255");
});

test("nothing written, nothing posted", async () => {
  const page = await visit("/");
  await post(page, " \n ");
  await page.locator("#left", { hasText: "Write something first." }).waitFor();
  await page.locator("#text:focus").waitFor();
});

test("a form that is opened again has forgotten what it asked for", async () => {
  const page = await visit("/");
  await page.click("#post");
  await page.click("#submit");
  await page.locator("#left", { hasText: "Write something first." }).waitFor();
  await page.keyboard.press("Escape");
  await page.click("#post");
  await page.locator("#left", { hasText: "255 left" }).waitFor();
});

test("b55 a text that cannot be posted is explained and kept", async () => {
  const page = await visit("/");
  await post(page, "a\u202eb");
  await page.getByText("The message holds a character that reverses the order of the text.").waitFor();
  await becomes(() => written(page), "a\u202eb");
  await post(page, "one\ttwo");
  await posted(page).waitFor();
  await becomes(() => board.psql("select body from board.message"), "one two");
});

test("b27 a lost answer is asked for again, unnoticed, and the message stands once", async () => {
  const page = await visit("/");
  await loseAnswers(page, 2);
  await post(page, "only once");
  await posted(page).waitFor();
  await stored(1);
});

test("b27 when no answer comes the text is safe, and trying again does not double it", async () => {
  const page = await visit("/");
  await loseAnswers(page, 4);
  await post(page, "still only once");
  await page.getByText("No answer yet.").waitFor();
  await page.getByText("Your text is safe, and it will not be posted twice.").waitFor();
  await becomes(() => written(page), "still only once");
  await page.getByRole("button", { name: "Try again" }).click();
  await posted(page).waitFor();
  await stored(1);
});

test("b27 not even after the proof has expired", async () => {
  const page = await visit("/");
  await page.clock.install();
  await loseAnswers(page, 4);
  const sent = page.waitForRequest("**/create");
  await post(page, "once and late");
  await sent;
  for (let waited = 0; waited < 8; waited++) await page.clock.runFor(1000);
  await page.getByText("No answer yet.").waitFor();
  await page.clock.fastForward("03:00");
  await page.getByRole("button", { name: "Try again" }).click();
  await posted(page).waitFor();
  await stored(1);
});

test("b55 offline is told apart, and nothing is lost", async () => {
  const page = await visit("/");
  await write(page, "from a train");
  await page.context().setOffline(true);
  await page.click("#submit");
  await page.getByText("You are offline.").waitFor();
  await page.getByText("Nothing was posted. Your text is kept in this browser.").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await posted(page).waitFor();
  await stored(1);
});

test("b20 a proof that is refused is solved again by itself", async () => {
  const page = await visit("/");
  // Another browser's challenge, as after a change of network.
  const foreign = await fetch(`${board.url}/pow/challenge`, { headers: { "User-Agent": "another" } });
  const json = await foreign.json();
  await page.route("**/pow/challenge", (route) => route.fulfill({ json }), { times: 1 });
  /** @type {number[]} */
  const answers = [];
  page.on("response", (response) => response.url().endsWith("/create") && answers.push(response.status()));
  await post(page, "from another network");
  await posted(page).waitFor();
  await becomes(() => answers, [403, 201]);
  await stored(1);
});

test("b55 what the server refuses is said in its words", async () => {
  const page = await visit("/");
  const error = { code: "TEXT_REFUSED", message: "This board does not take links." };
  await page.route("**/create", (route) => route.fulfill({ status: 422, json: { error } }));
  await post(page, "a link");
  await page.getByText("This board does not take links.").waitFor();
  await becomes(() => written(page), "a link");
  await page.unroute("**/create");
  await page.click("#submit");
  await posted(page).waitFor();
});

test("b41 a board that is away is tried again by itself", async () => {
  const page = await visit("/");
  const error = { code: "UNAVAILABLE", message: "Away.", retry_after: 1 };
  await page.route("**/create", (route) => route.fulfill({ status: 503, json: { error }, headers: { "Retry-After": "1" } }));
  await post(page, "patience");
  await page.getByText(/The board does not answer\. The next try is in \d+ s/).waitFor();
  await page.unroute("**/create");
  await posted(page).waitFor();
  await stored(1);
});

test("b57 who tries again at once by the keyboard keeps the focus", async () => {
  const page = await visit("/");
  const error = { code: "UNAVAILABLE", message: "Away.", retry_after: 60 };
  await page.route("**/create", (route) => route.fulfill({ status: 503, json: { error }, headers: { "Retry-After": "60" } }));
  await post(page, "patience");
  const again = page.getByRole("button", { name: "Try now" });
  await again.waitFor();
  await page.unroute("**/create");
  await page.route("**/create", () => {}); // never answered
  await again.press("Enter");
  await page.locator("#cancel:focus").waitFor();
});

test("b55 a read-only board says so", async () => {
  const page = await visit("/");
  const error = { code: "READ_ONLY", message: "The board is read-only for a while." };
  await page.route("**/create", (route) => route.fulfill({ status: 503, json: { error } }));
  await post(page, "later");
  await page.getByText("The board is read-only for a while. Your text is kept.").waitFor();
  await page.getByRole("button", { name: "Try again" }).waitFor();
});

test("two tabs do not disturb each other", async () => {
  const one = await visit("/");
  const two = await one.context().newPage();
  await two.goto(board.url);
  await write(one, "from the first tab");
  await write(two, "from the second tab");
  await Promise.all([one.click("#submit"), two.click("#submit")]);
  await Promise.all([posted(one).waitFor(), posted(two).waitFor()]);
  await becomes(() => board.psql("select body from board.message order by body"), "from the first tab\nfrom the second tab");
});

test("without workers the page solves by itself", async () => {
  const page = await visit("/");
  await page.route("**/solver-worker.js", (route) => route.abort());
  await post(page, "by hand");
  await posted(page).waitFor();
});

for (const hours of [-5, 5]) {
  test(`a clock that is wrong by ${hours} hours changes neither times nor posting`, async () => {
    const page = await newPage();
    await page.clock.install({ time: Date.now() + hours * 3600_000 });
    board.fill(["four minutes ago", "three", "two", "one", "now"]);
    await page.goto(board.url);
    await post(page, "in time");
    await page.clock.runFor(2000);
    await posted(page).waitFor();
    await becomes(() => page.locator("time").allInnerTexts(), /^now,.*,[34] min$/);
  });
}
