// SPDX-License-Identifier: MIT
/**
 * Reading: the newest, searching, paging, permalinks, going back. Through the real stack.
 */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { becomes } from "./lib/patience.js";
import { setUp } from "./lib/set-up.js";

/** @typedef {import("playwright-core").Page} Page */

const { board, newPage, visit } = await setUp();
beforeEach(() => board.clear());

/**
 * @param {number} count
 * @param {string} word
 * @returns {string[]}
 */
function many(count, word) {
  return Array.from({ length: count }, (_, n) => `${word} message number ${n + 1}, long enough for a line of its own`);
}

/** @param {Page} page */
const texts = (page) => page.locator("#list article > p").allInnerTexts();

/**
 * @param {Page} page
 * @param {string[]} expected the messages that come to stand there
 */
const shows = (page, expected) => becomes(() => texts(page), expected);

/**
 * @param {Page} page
 * @param {string} words
 */
const heading = (page, words) => page.locator("h1:visible", { hasText: words }).waitFor();

test("b42 opening shows the newest messages first", async () => {
  board.fill(["first", "second", "third"]);
  const page = await visit("/");
  await page.getByText("This is the first message. The board begins here.").waitFor();
  await shows(page, ["third", "second", "first"]);
  await becomes(() => page.locator("time").allInnerTexts(), ["now", "1 min", "2 min"]);
  await heading(page, "A public board. No accounts, no edits. Messages stay forever.");
  await page.getByText("3 messages", { exact: true }).waitFor();
});

test("an empty board says so and offers to begin", async () => {
  const page = await visit("/");
  await page.getByText("Nobody has posted yet.").waitFor();
  await page.getByRole("button", { name: "Post the first message" }).click();
  await page.locator("#text:focus").waitFor();
});

test("markup in a message is text", async () => {
  const hostile = `<img src=x onerror="document.title='gone'"><script>document.title="gone"</script>&lt;`;
  board.fill([hostile]);
  const page = await visit("/");
  await shows(page, [hostile]);
  await becomes(() => page.locator("#list img, #list script").count(), 0);
});

test("addresses become links that lend nobody their name", async () => {
  board.fill(["See https://example.org/a_(b)?c=d. Or write to a.b+c@example.co.uk, javascript:alert(1)"]);
  const page = await visit("/");
  const links = page.locator("article p a");
  const told = () => links.evaluateAll((all) => all.map((a) => [a.getAttribute("href"), a.getAttribute("rel")]));
  await becomes(told, [
    ["https://example.org/a_(b)?c=d", "nofollow noopener ugc"],
    ["mailto:a.b+c@example.co.uk", "nofollow noopener ugc"],
  ]);
});

test("search as you type finds, marks and counts", async () => {
  board.fill(["A garden shed to give away", "A ladder", "Garden gnomes, and a SHED"]);
  const page = await visit("/");
  await page.locator("article").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("shed garden");
  await heading(page, "2 messages with “shed garden”");
  await page.getByText("That is all of them.").waitFor();
  await becomes(() => page.locator("mark").allInnerTexts(), ["Garden", "SHED", "garden", "shed"]);
  await page.locator("#status", { hasText: "2 messages with “shed garden”" }).waitFor({ state: "attached" });
  await page.keyboard.press("Escape");
  await heading(page, "A public board.");
  await shows(page, ["Garden gnomes, and a SHED", "A ladder", "A garden shed to give away"]);
});

test("a search without an answer says why and offers to post it", async () => {
  board.fill(["something else"]);
  const page = await visit("/?q=zeppelin+rides");
  await heading(page, "No messages with “zeppelin rides”");
  await page.getByText("Every word must occur. Try fewer words, or only the start of one.").waitFor();
  await page.getByRole("button", { name: "Post it yourself" }).click();
  await becomes(() => page.inputValue("#text"), "zeppelin rides");
});

test("b61 the address carries the search, and Back and Forward walk through it", async () => {
  board.fill([...many(3, "apple"), ...many(2, "pear")]);
  const page = await visit("/");
  await page.locator("article").first().waitFor();
  await page.fill("#box", "apple");
  await heading(page, "3 messages with “apple”");
  await page.waitForURL("**/?q=apple");
  await page.locator(".foot a[href='/api/listings/feed?q=apple']").waitFor();
  await page.keyboard.press("Enter");
  await page.fill("#box", "pear");
  await heading(page, "2 messages with “pear”");
  await page.goBack();
  await heading(page, "3 messages with “apple”");
  await becomes(() => page.inputValue("#box"), "apple");
  await page.goBack();
  await heading(page, "A public board.");
  await shows(page, [...many(2, "pear").reverse(), ...many(3, "apple").reverse()]);
  await page.goForward();
  await heading(page, "3 messages with “apple”");
  await page.reload();
  await heading(page, "3 messages with “apple”");
  await becomes(() => page.inputValue("#box"), "apple");
});

test("b61 icon, description and feed are there", async () => {
  const page = await visit("/");
  /** @param {string} what */
  const inHead = (what) => page.locator(`head > ${what}`).waitFor({ state: "attached" });
  await inHead("link[rel=icon][href='/favicon.svg']");
  const icon = await page.request.get(`${board.url}/favicon.svg`);
  assert.equal(icon.headers()["content-type"], "image/svg+xml");
  await inHead("meta[name=description][content*='public board']");
  for (const [path, feed] of [["/", "/api/listings/feed"], ["/?q=icon", "/api/listings/feed?q=icon"]]) {
    await page.goto(board.url + path);
    await inHead(`link[rel=alternate][type='application/atom+xml'][href='${feed}']`);
    const answer = await page.request.get(board.url + feed);
    assert.match(answer.headers()["content-type"], /^application\/atom\+xml/);
    const text = await answer.text();
    assert.ok(text.includes(`${feed}"/>`), feed);
  }
});

test("b51 the next page leaves the reader where he is", async () => {
  board.fill(many(65, "page"));
  const page = await visit("/");
  await page.locator("article").nth(29).waitFor();
  const row = page.locator("article").nth(20);
  await row.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const top = () => row.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const before_px = await top();
  await page.locator("article").nth(59).waitFor();
  await becomes(top, before_px);
  await page.locator("#end").scrollIntoViewIfNeeded();
  await page.getByText("The board begins here.").waitFor();
  await shows(page, many(65, "page").reverse());
});

test("older messages come by a button too", async () => {
  board.fill(many(40, "button"));
  const blind = () => {
    globalThis.IntersectionObserver = /** @type {any} */ (class { observe() {} disconnect() {} });
  };
  const page = await newPage();
  await page.addInitScript(blind);
  await page.goto(board.url);
  await page.getByRole("button", { name: "Older messages" }).press("Enter");
  await page.locator("article").nth(39).waitFor();
  await page.locator("article:focus", { hasText: "message number 10," }).waitFor();
});

test("b53 the next page belongs to the query of the first", async () => {
  board.fill([...many(40, "apple"), ...many(40, "zebra")]);
  const page = await visit("/?q=apple");
  await heading(page, "30+ messages with “apple”");
  const asked = page.waitForRequest(/cursor=/);
  await page.evaluate(() => {
    const box = document.querySelector("input");
    if (box) box.value = "zebra";
    document.getElementById("end")?.scrollIntoView();
  });
  const { searchParams } = new URL((await asked).url());
  assert.equal(searchParams.get("q"), "apple");
  await heading(page, "40 messages with “apple”");
  await shows(page, many(40, "apple").reverse());
});

test("b53 a search that fails does not page through the one before", async () => {
  board.fill(many(40, "apple"));
  const page = await visit("/?q=apple");
  await page.locator("article").first().waitFor();
  await page.route("**/search?*", (route) => route.abort());
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).search));
  await page.fill("#box", "zebra");
  await page.getByText("The board does not answer.").waitFor();
  await page.evaluate(() => {
    const end = /** @type {HTMLElement} */ (document.getElementById("end"));
    end.scrollIntoView();
    return new Promise((resolve) => new IntersectionObserver(resolve).observe(end));
  });
  const again = page.waitForRequest("**/search?*"); // after whatever the end of the list has asked for
  await page.getByRole("button", { name: "Try now" }).click();
  await again;
  assert.deepEqual(asked.filter((query) => query.includes("cursor")), []);
});

test("b54 opening and closing the form keeps the results", async () => {
  board.fill(many(3, "kept"));
  const page = await visit("/?q=kept");
  await heading(page, "3 messages with “kept”");
  await page.locator("article").first().evaluate((article) => article.classList.add("the-same"));
  for (const state of /** @type {const} */ (["visible", "hidden"])) {
    await page.click("#post");
    await page.locator("#form").waitFor({ state });
    await shows(page, many(3, "kept").reverse());
    await page.locator("article.the-same").waitFor();
    await heading(page, "3 messages with “kept”");
  }
});

test("b56 long words break on a narrow screen", async () => {
  board.fill(["x".repeat(255), `https://example.org/${"y".repeat(200)}`, "語".repeat(255)]);
  const narrow = { viewport: { width: 320, height: 640 } };
  for (const path of ["/", "/m/1"]) {
    const id = board.psql("select min(id) from board.message");
    const page = await visit(path.replace("1", id), narrow);
    await page.locator("article").first().waitFor();
    await becomes(() => page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth)), 0);
  }
});

test("b51 Back and reload bring the list and the place back", async () => {
  board.fill(many(65, "place"));
  const page = await visit("/");
  await page.locator("article").nth(29).waitFor();
  await page.locator("#end").scrollIntoViewIfNeeded();
  const row = page.locator("article", { hasText: "place message number 11," });
  await row.scrollIntoViewIfNeeded();
  const top = () => row.evaluate((element) => Math.round(element.getBoundingClientRect().top));
  const before_px = await top();
  await row.locator(".when").click();
  await heading(page, "Message ");
  await page.goBack();
  await becomes(top, before_px);
  await row.and(page.locator(":focus")).waitFor();
  await page.reload();
  await becomes(top, before_px);
});

test("a permalink shows the message between its neighbours", async () => {
  board.fill(["the oldest", "For sale: baby shoes, never worn.\nErnest@Hemingway.com", "the newest"]);
  const id = board.psql("select id from board.message where body like 'For sale%'");
  const page = await visit(`/m/${id}`);
  await heading(page, `Message ${Number(id).toLocaleString("en-GB")}, `);
  await becomes(() => page.title(), /^For sale: baby shoes, never worn\. Ernest@/);
  await becomes(() => page.innerText("h1:visible"), /^Message [\d,]+, \w+day \d+ \w+ \d{4}, \d\d:\d\d$/);
  await page.getByText("the newest").waitFor();
  await page.keyboard.press("j");
  await page.locator(".large", { hasText: "the oldest" }).waitFor();
  await becomes(() => page.locator("nav").count(), 1);
  await page.keyboard.press("k");
  await page.locator(".large", { hasText: "For sale" }).waitFor();
  await page.goBack();
  await page.locator(".large", { hasText: "the oldest" }).waitFor();
});

test("a hidden message is a black square, a missing one an empty one", async () => {
  board.fill(["one", "two", "three"]);
  const id = Number(board.psql("select id from board.message where body = 'two'"));
  board.psql(`select board.hide('{${id}}')`);
  const page = await visit(`/m/${id}`);
  await page.getByText("A moderator hid this message.").waitFor();
  await page.locator("nav", { hasText: "Newer three" }).waitFor();
  await page.locator("nav", { hasText: "Older one" }).waitFor();
  await page.goto(`${board.url}/m/99999999`);
  await heading(page, "There is no message 99,999,999");
  await page.getByText("Nobody has posted it yet.").waitFor();
  await page.getByRole("link", { name: "Newest messages", exact: true }).click();
  await heading(page, "A public board.");
  await shows(page, ["three", "one"]);
});

test("new messages announce themselves and wait to be asked in", async () => {
  board.fill(many(3, "old"));
  const page = await visit("/");
  await page.locator("article").nth(2).waitFor();
  board.fill(["new one", "new two"]);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("button", { name: "2 new messages" }).waitFor();
  await becomes(() => page.title(), /^\(2\) /);
  await page.locator("#status", { hasText: "2 new messages" }).waitFor({ state: "attached" });
  await shows(page, many(3, "old").reverse());
  await page.getByRole("button", { name: "2 new messages" }).click();
  await shows(page, ["new two", "new one", ...many(3, "old").reverse()]);
  await page.locator("article:focus", { hasText: "new two" }).waitFor();
  await becomes(() => page.title(), /^[^(]/);
  await page.getByText("5 messages", { exact: true }).waitFor();
});

test("ages are right at once when somebody comes back", async () => {
  board.fill(["first"]);
  const page = await newPage();
  await page.clock.install();
  await page.goto(board.url);
  await page.locator("time", { hasText: "now" }).waitFor();
  await page.clock.setFixedTime(Date.now() + 3 * 3600 * 1000);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.locator("time", { hasText: "3 h" }).waitFor();
});

test("a message hidden meanwhile leaves the list", async () => {
  board.fill(many(3, "seen"));
  const page = await visit("/");
  await page.locator("article").nth(2).waitFor();
  board.psql("select board.hide(array_agg(id)) from board.message where body like '%number 2%'");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  const [first, , third] = many(3, "seen");
  await shows(page, [third, first]);
});

test("j, k and Enter walk through the messages, unless letters are switched off", async () => {
  board.fill(many(3, "walk"));
  const page = await visit("/");
  await page.locator("article").nth(2).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.locator("article:focus", { hasText: "number 2" }).waitFor();
  await page.keyboard.press("k");
  await page.locator("article:focus", { hasText: "number 3" }).waitFor();
  await page.keyboard.press("?");
  await page.getByLabel("Use single-letter keys").uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("p");
  await page.keyboard.press("Tab"); // goes on from where the focus was, unless p has moved it
  await page.locator(".when:focus").waitFor();
  await page.reload();
  await page.locator("article").nth(2).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.press("Tab");
  await page.locator("#home:focus").waitFor();
});

test("the theme is the system's until one is chosen, and then kept", async () => {
  const ground = (/** @type {Page} */ page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  /** What the browser gives its own frame, on telephones. */
  const frame = (/** @type {Page} */ page) =>
    page.evaluate(() => {
      const colours = /** @type {NodeListOf<HTMLMetaElement>} */ (document.querySelectorAll("[name=theme-color]"));
      return [...colours].find(({ media }) => matchMedia(media).matches)?.content;
    });
  const page = await visit("/", { colorScheme: "light" });
  await becomes(() => ground(page), "rgb(242, 244, 246)");
  await becomes(() => frame(page), "#F2F4F6");
  await page.click("#theme");
  await becomes(() => ground(page), "rgb(42, 50, 60)");
  await becomes(() => frame(page), "#2A323C");
  await page.reload();
  await page.locator("#theme-name:visible", { hasText: "Dark" }).waitFor();
  await becomes(() => ground(page), "rgb(42, 50, 60)");
  await becomes(() => frame(page), "#2A323C");
  await page.click("#theme");
  await page.emulateMedia({ colorScheme: "dark" });
  await becomes(() => ground(page), "rgb(242, 244, 246)");
  await becomes(() => frame(page), "#F2F4F6");
  await page.click("#theme");
  await becomes(() => frame(page), "#2A323C");
});

test("b60 without JavaScript the page points to the feed and the shell", async () => {
  const page = await visit("/", { javaScriptEnabled: false });
  await page.locator("noscript .notice", { hasText: "This page needs JavaScript" }).waitFor();
  await page.locator("noscript a[href='/api/listings/feed']").waitFor();
  await page.locator("form[role=search][action='/api/listings/feed']").waitFor();
  for (const useless of ["#post", "#keys", ".foot a[href='/log']"]) await page.locator(useless).waitFor({ state: "hidden" });
});
