// SPDX-License-Identifier: MIT
/**
 * What readers and moderators have to do with each other: reports, hidden messages, the log. Through the real stack.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const { board, visit } = await setUp();
beforeEach(() => {
  board.clear();
  board.psql("truncate board.report; update board.mode set hold = false");
});

/**
 * @param {string} body
 * @returns {string}
 */
const idOf = (body) => board.psql(`select id from board.message where body = '${body}'`);

/** @param {Page} page */
const thanked = (page) => page.locator(".told:focus", { hasText: "Reported. A moderator will look at it." }).waitFor();

test("b49 a message is reported with the keyboard alone, with a proof, and once", async () => {
  board.fill(["somebody's address"]);
  const id = idOf("somebody''s address");
  for (let time = 1; time <= 2; time++) {
    const page = await visit(`/m/${id}`);
    await page.getByRole("button", { name: "Report" }).focus();
    const sent = page.waitForRequest("**/report");
    await page.keyboard.press("Enter");
    await page.locator("#reason:focus").waitFor();
    await page.keyboard.type("It is not theirs to tell");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const request = await sent;
    assert.match(request.headers()["x-pow-nonce"], /^\d+(,\d+)*$/);
    await thanked(page);
    await becomes(() => page.getByRole("button", { name: "Report" }).count(), 0);
  }
  await becomes(() => board.psql("select message_id, reason from board.report"), `${id}|It is not theirs to tell`);
});

test("a report needs no reason, and Escape leaves it", async () => {
  board.fill(["dull"]);
  const page = await visit(`/m/${idOf("dull")}`);
  const button = page.getByRole("button", { name: "Report", exact: true });
  await button.click();
  await page.keyboard.press("Escape");
  await page.locator("#report").waitFor({ state: "hidden" });
  await button.and(page.locator(":focus")).waitFor();
  await button.click();
  await page.getByRole("button", { name: "Send the report" }).click();
  await thanked(page);
  await becomes(() => board.psql("select reason is null from board.report"), "t");
});

test("a report whose answers are lost arrives once, and one that fails can be sent again", async () => {
  board.fill(["lost"]);
  const page = await visit(`/m/${idOf("lost")}`);
  let losses = 1;
  await page.route("**/report", async (route) => {
    const response = await route.fetch();
    return losses-- > 0 ? route.abort("connectionreset") : route.fulfill({ response });
  });
  await page.getByRole("button", { name: "Report", exact: true }).click();
  await page.fill("#reason", "x".repeat(256));
  await page.getByRole("button", { name: "Send the report" }).click();
  await page.getByText("At most 255 characters.").waitFor();
  await page.fill("#reason", "kept");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Send the report" }).click();
  await page.getByText("You are offline.").waitFor();
  await becomes(() => page.inputValue("#reason"), "kept");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await thanked(page);
  await becomes(() => board.psql("select count(*), min(reason) from board.report"), "1|kept");
});

test("a hidden message leads on to its neighbours and to the log, which tells why", async () => {
  board.fill(["one", "two", "three", "four", "five"]);
  const hidden = ["two", "three", "four"].map(idOf);
  board.psql(`set initialsdb.reason = 'nobody''s business'; select board.hide('{${hidden}}')`);
  const page = await visit(`/m/${hidden[1]}`);
  await page.getByText("A moderator hid this message.").waitFor();
  await page.locator("nav", { hasText: "Newer five" }).waitFor();
  await page.locator("nav", { hasText: "Older one" }).waitFor();
  await becomes(() => page.getByRole("button", { name: "Report" }).count(), 0);
  await page.locator(".single").getByRole("link", { name: "log" }).click();
  await page.waitForURL("**/log");
  await page.locator("h1:visible", { hasText: "What moderators did." }).waitFor();
  const entry = page.locator("#log li", { hasText: `Message ${Number(hidden[1]).toLocaleString("en-GB")} was hidden: nobody's business` });
  await entry.waitFor();
  await becomes(() => page.title(), /^Moderation log - /);
  await entry.getByRole("link").click();
  await page.getByText("A moderator hid this message.").waitFor();
  await page.goBack();
  await entry.waitFor();
  await page.fill("#box", "one");
  await page.locator("h1:visible", { hasText: "1 message with “one”" }).waitFor();
});

test("a message that waits for a moderator says so, and appears when it is approved", async () => {
  board.psql("update board.mode set hold = true");
  const page = await visit("/");
  await page.click("#post");
  await page.fill("#text", "in good time");
  await page.click("#submit");
  await page.locator("#form-notice .notice:focus", { hasText: "A moderator reads your message before it appears." }).waitFor();
  await becomes(() => page.inputValue("#text"), "");
  await becomes(() => page.locator("#list article").count(), 0);
  board.psql("select board.approve(array(select id from board.held)); update board.mode set hold = false");
  await page.locator("#form-notice a").click();
  await page.locator(".large", { hasText: "in good time" }).waitFor();
});

test("the log goes back page by page, and is a page of its own", async () => {
  board.psql("select board.write_audit('hold on', array_fill(null::bigint, array[35]), 'entry')");
  const page = await visit("/");
  await page.locator("footer").getByRole("link", { name: "Log" }).click();
  await page.locator("#log li").nth(29).waitFor();
  await becomes(() => page.locator("#log li").count(), 30);
  await page.getByRole("button", { name: "Older entries" }).click();
  await page.getByText("The log begins here.").waitFor();
  await page.locator("#log li:nth-child(31) article:focus").waitFor();
  await page.locator("#log li").nth(34).waitFor();
  await page.reload();
  await page.locator("#log li").nth(29).waitFor();
});

test("a log that does not come is asked for again", async () => {
  const page = await visit("/");
  await page.clock.setFixedTime(Date.now()); // so that the page does not ask again by itself
  const error = { code: "UNAVAILABLE", message: "Away.", retry_after: 1 };
  await page.route("**/api/log", (route) => route.fulfill({ status: 503, json: { error } }), { times: 1 });
  await page.locator("footer").getByRole("link", { name: "Log" }).click();
  await page.getByText("The board does not answer.").waitFor();
  await page.getByRole("button", { name: "Try now" }).press("Enter");
  await page.locator("#log li").first().waitFor();
  await page.locator("#log h1:focus").waitFor();
});

test("entries that come late leave the focus where it is by then", async () => {
  const page = await visit("/log");
  const older = page.getByRole("button", { name: "Older entries" });
  await older.waitFor();
  await page.clock.install();
  await page.route("**/api/log?*", (route) => route.abort());
  await older.press("Enter");
  await page.getByText("The board does not answer.").waitFor();
  await page.click("#box");
  await page.unroute("**/api/log?*");
  await page.clock.fastForward(60_000);
  await page.getByText("The log begins here.").waitFor();
  await page.locator("#box:focus").waitFor();
});
