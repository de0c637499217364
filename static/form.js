// SPDX-License-Identifier: MIT
/**
 * The form that posts a message, in all its states. The text in it is never lost.
 */

import * as api from "./client.js";
import { countDown } from "./clock.js";
import { make, the } from "./dom.js";
import * as draft from "./draft.js";
import { inAWhile, number, wait } from "./format.js";
import { linkTo } from "./message.js";
import { AGAIN, notice, retryNotice, untilRetry } from "./notice.js";
import { ProgressView } from "./progress.js";
import { say } from "./status.js";
import { lasting } from "./store.js";
import { judge, maxChars, whenMaxCharsChanges } from "./text.js";

/** @typedef {import("./client.js").Message} Message */
/** @typedef {import("./notice.js").Notice} Notice */
/** @typedef {"writing" | "solving" | "waiting" | "failed"} State */

const FEW_LEFT = 20;
const POST = "Post forever";

/** @typedef {{ first: string, rest: string }} Words */

/** @type {Record<"control" | "direction" | "marks" | "surrogate", Words>} as the server says it */
const FAULTS = {
  control: { first: "The message holds a control character.", rest: "Only line breaks are allowed." },
  direction: {
    first: "The message holds a character that reverses the order of the text.",
    rest: "Remove it and post again.",
  },
  marks: { first: "The message piles up accents on one letter.", rest: "Remove some and post again." },
  surrogate: { first: "The message holds half a character.", rest: "Remove it and post again." },
};

/** The form. */
export class PostForm {
  #form = the("form", HTMLFormElement);
  #toggle = the("post", HTMLButtonElement);
  #text = the("text", HTMLTextAreaElement);
  #left = the("left", HTMLElement);
  #submit = the("submit", HTMLButtonElement);
  #cancel = the("cancel", HTMLButtonElement);
  #sending = the("sending", HTMLElement);
  #solving = the("solving", HTMLElement);
  #notice = the("form-notice", HTMLElement);
  #progress = new ProgressView(the("bar", HTMLProgressElement), the("cells", HTMLElement), the("eta", HTMLElement));
  /** @type {State} */
  #state = "writing";
  #failures = 0;
  #lastLeft = maxChars();
  /** @type {AbortController | null} */
  #abort = null;
  #stopCountdown = () => {};

  /**
   * @param {import("./posting.js").Poster} poster
   * @param {import("./proof.js").Proofs} proofs
   * @param {{ posted: (message: Message) => void, toggled: (open: boolean) => void }} hooks
   */
  constructor(poster, proofs, hooks) {
    this.poster = poster;
    this.proofs = proofs;
    this.hooks = hooks;
    this.#toggle.addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    this.#form.addEventListener("submit", (event) => this.#onSubmit(event));
    this.#text.addEventListener("input", () => this.#onInput());
    this.#text.addEventListener("focus", () => this.#solveAhead());
    this.#text.addEventListener("keydown", (event) => this.#onKey(event));
    this.#cancel.addEventListener("click", () => this.cancel());
    whenMaxCharsChanges(() => this.#showCount());
    this.#text.value = draft.load();
    this.#showCount();
  }

  /** @returns {boolean} */
  get isOpen() {
    return !this.#form.hidden;
  }

  /** @param {string} [text] to begin with, if nothing is written yet */
  open(text) {
    this.#form.hidden = false;
    this.#toggle.setAttribute("aria-expanded", "true");
    this.hooks.toggled(true);
    if (text !== undefined && this.#text.value.trim() === "") {
      this.#text.value = text;
      draft.save(text);
    }
    this.#showCount();
    this.#text.focus();
  }

  /** Closes the form; the draft stays. */
  close() {
    this.cancel();
    this.#settle("writing");
    this.proofs.stop();
    this.#form.hidden = true;
    this.#toggle.setAttribute("aria-expanded", "false");
    this.hooks.toggled(false);
    this.#toggle.focus();
  }

  /** @returns {boolean} whether there was something to cancel */
  cancel() {
    if (!this.#abort) return false;
    this.#abort.abort(new DOMException("cancelled", "AbortError"));
    return true;
  }

  /** Tabs cost one character as spaces do, and are refused as controls: they become spaces. */
  #judge() {
    return judge(this.#text.value.replaceAll("\t", " "));
  }

  /** Solves while the poster still writes, unless that was switched off. */
  #solveAhead() {
    if (lasting.get("ahead") === "off") void api.challenge().catch(() => {}); // It tells how long a message may be.
    else if (this.#state === "writing") this.proofs.startAhead();
  }

  #onInput() {
    draft.save(this.#text.value);
    if (this.#state === "failed") this.#settle("writing");
    this.#showCount();
  }

  #showCount() {
    const { chars } = this.#judge();
    const left = maxChars() - chars;
    this.#left.textContent = left < 0 ? `${-left} too many` : `${left} left`;
    this.#left.className = left < 0 ? "error" : left <= FEW_LEFT ? "ink" : "";
    this.#text.setAttribute("aria-invalid", String(left < 0));
    this.#showButton();
    const crossed = [FEW_LEFT, 0, -1].some((mark) => left <= mark && this.#lastLeft > mark);
    if (crossed && this.isOpen) say(this.#left.textContent);
    this.#lastLeft = left;
  }

  /** @param {string} [label] */
  #showButton(label) {
    const tooLong = this.#text.getAttribute("aria-invalid") === "true";
    this.#submit.setAttribute("aria-disabled", String(tooLong || this.#state === "waiting"));
    this.#submit.textContent = label ?? (this.#state === "failed" ? AGAIN : POST);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#form.requestSubmit();
    }
  }

  /** @param {SubmitEvent} event */
  #onSubmit(event) {
    event.preventDefault();
    if (this.#state === "solving") return;
    if (this.#state === "waiting") return this.#explain();
    const { text, fault } = this.#judge();
    if (fault === null) void this.#post(text);
    else if (fault === "empty") this.#askForText();
    else if (fault === "long") this.#left.focus();
    else this.#fail({ tone: "error", ...FAULTS[fault] }, POST);
  }

  #askForText() {
    this.#left.textContent = "Write something first.";
    this.#left.className = "ink";
    say("Write something first.");
    this.#text.focus();
  }

  #explain() {
    const reason = this.#notice.firstElementChild;
    if (reason instanceof HTMLElement) reason.focus();
  }

  /** @param {string} text */
  async #post(text) {
    this.#settle("solving");
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#progress.start();
    try {
      const message = await this.poster.post(text, signal, (progress) => this.#progress.show(progress));
      this.#abort = null;
      this.#succeed(message);
    } catch (error) {
      this.#abort = null;
      if (signal.aborted) this.#giveBack();
      else this.#onFailure(error);
    }
  }

  /** The wait is over: posts what is written by now, if it can be posted. */
  #postNow() {
    const { text, fault } = this.#judge();
    if (fault === null) void this.#post(text);
    else this.#settle("writing");
  }

  /** The poster cancelled: back to the text. */
  #giveBack() {
    this.#settle("writing");
    if (this.isOpen) this.#text.focus();
  }

  /** @param {import("./client.js").Posted} posted */
  #succeed(posted) {
    draft.clear(this.#text.value);
    this.#text.value = "";
    this.#failures = 0;
    this.#settle("writing");
    this.#showCount();
    this.proofs.stop();
    if ("held" in posted) {
      this.#tellHeld(posted.id);
      return;
    }
    this.#form.hidden = true;
    this.#toggle.setAttribute("aria-expanded", "false");
    this.hooks.toggled(false);
    this.hooks.posted(posted);
    say(`Posted as message ${number(posted.id)}.`);
  }

  /** @param {string} id of a message that is not to be seen yet */
  #tellHeld(id) {
    const first = "A moderator reads your message before it appears.";
    this.#settle("writing", notice({ tone: "wait", first, rest: "Nothing is left to do. It will be here:", actions: [linkTo(id)] }));
    this.#explain();
  }

  /** @param {unknown} error */
  #onFailure(error) {
    if (!(error instanceof api.Failure)) {
      this.#fail({ tone: "error", first: "The page failed.", rest: "Your text is kept." });
      throw error;
    }
    if (error.kind === "limited") this.#waitForTurn(error.retry_secs || 60);
    else if (error.kind === "down") this.#waitForBoard(error.retry_secs);
    else this.#fail(noticeFor(error), error.kind === "refused" ? POST : AGAIN);
  }

  /**
   * @param {Notice} words
   * @param {string} [label] of the button
   */
  #fail(words, label = AGAIN) {
    this.#settle("failed", notice(words));
    this.#showButton(label);
  }

  /**
   * Too many posts: counts down, then posts by itself if the poster wants that.
   * @param {number} seconds
   */
  #waitForTurn(seconds) {
    const box = make("input", { type: "checkbox", id: "by-itself" });
    box.checked = lasting.get("by-itself") !== "no";
    box.addEventListener("change", () => lasting.set("by-itself", box.checked ? null : "no"));
    const label = make("label", { class: "check" }, box, " Post it by itself when the time is up");
    const rest = `You can post again ${inAWhile(seconds)}. Your text is kept.`;
    const first = "Many posts came from your network.";
    this.#settle("waiting", notice({ tone: "wait", first, rest, actions: [label] }));
    const tick = (/** @type {number} */ left) => this.#showButton(`Wait ${wait(left)}`);
    this.#stopCountdown = countDown(seconds, tick, () => {
      if (box.checked) this.#postNow();
      else this.#settle("writing");
    });
  }

  /**
   * The server is away: tries again by itself.
   * @param {number} retry_secs
   */
  #waitForBoard(retry_secs) {
    this.#settle("waiting");
    const { element, stop } = retryNotice({
      tone: "error",
      first: "The board does not answer.",
      safe: "Your text is kept.",
      seconds: untilRetry(retry_secs, this.#failures++),
      tick: (left) => this.#showButton(`Wait ${wait(left)}`),
      again: () => this.#postNow(),
    });
    this.#stopCountdown = stop;
    this.#notice.replaceChildren(element);
  }

  /**
   * Takes on a state; whatever belonged to the last one ends.
   * @param {State} state
   * @param {HTMLElement} [told] a notice
   */
  #settle(state, told) {
    this.#stopCountdown();
    this.#state = state;
    const solving = state === "solving";
    const focused = document.activeElement;
    const leaves = this.#notice.contains(focused);
    this.#text.readOnly = solving;
    this.#solving.hidden = !solving;
    this.#sending.hidden = solving;
    this.#notice.replaceChildren(...(told ? [told] : []));
    this.#showButton();
    if (solving && (leaves || focused === this.#submit)) this.#cancel.focus();
    if (!solving && (leaves || focused === this.#cancel)) this.#submit.focus();
  }
}

/**
 * @param {api.Failure} failure
 * @returns {Notice}
 */
function noticeFor(failure) {
  switch (failure.kind) {
    case "offline":
      return {
        tone: "error",
        first: "You are offline.",
        rest: "Nothing was posted. Your text is kept in this browser.",
      };
    case "silent":
      return {
        tone: "error",
        first: "No answer yet.",
        rest: "Your text is safe, and it will not be posted twice.",
      };
    case "read-only":
      return { tone: "wait", first: "The board is read-only for a while.", rest: "Your text is kept." };
    default:
      return { tone: "error", first: failure.message, actions: earlier(failure) };
  }
}

/**
 * @param {api.Failure} failure
 * @returns {Node[]} a link to the message that the server named, if it did
 */
function earlier(failure) {
  return failure.id ? [linkTo(failure.id)] : [];
}
