// SPDX-License-Identifier: MIT
/**
 * Telling the moderators about a message: a button, and what it opens.
 */

import * as api from "./client.js";
import { make } from "./dom.js";
import { inAWhile } from "./format.js";
import { AGAIN, notice, wordsFor } from "./notice.js";
import { ProgressView } from "./progress.js";
import { say } from "./status.js";
import { judge } from "./text.js";

const REASON_CHARS = 255;
const SEND = "Send the report";

/** The report of one message. */
export class Report {
  #text = make("textarea", { id: "reason", rows: "2", "aria-describedby": "reason-hint" });
  #send = make("button", { class: "main" }, SEND);
  #cancel = make("button", { type: "button" }, "Cancel");
  #eta = make("span");
  #bar = make("progress", { "aria-label": "Puzzle" });
  #cells = make("div", { class: "cells", "aria-hidden": "true" });
  #solving = make(
    "div",
    { class: "solving", hidden: true },
    this.#bar,
    this.#cells,
    make("p", {}, this.#eta, make("br"), make("small", {}, "Your device solves a small puzzle, so you need no account.")),
  );
  #notice = make("div");
  #progress = new ProgressView(this.#bar, this.#cells, this.#eta);
  /** @type {AbortController | null} */
  #abort = null;

  /** Opens and closes the form. */
  button = make("button", { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": "report" }, "Report");
  /** What the button opens. */
  form = make(
    "form",
    { id: "report", hidden: true },
    make(
      "p",
      { class: "labels" },
      make("label", { for: "reason" }, "What is wrong with it?"),
      make("span", { id: "reason-hint" }, "Only moderators read this. It may be empty."),
    ),
    this.#text,
    this.#solving,
    this.#notice,
    make("p", { class: "actions" }, this.#send, this.#cancel),
  );

  /**
   * @param {string} id of the message
   * @param {import("./posting.js").Poster} poster
   */
  constructor(id, poster) {
    this.id = id;
    this.poster = poster;
    this.button.addEventListener("click", () => (this.form.hidden ? this.#open() : this.escape()));
    this.#cancel.addEventListener("click", () => this.escape());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#abort) void this.#submit();
    });
  }

  #open() {
    this.form.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.#text.focus();
  }

  /** @returns {boolean} whether there was something to cancel or to close */
  escape() {
    if (this.form.hidden) return false;
    if (this.#abort) {
      this.stop();
      return true;
    }
    this.form.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus();
    return true;
  }

  /** Ends what is under way. */
  stop() {
    this.#abort?.abort(new DOMException("cancelled", "AbortError"));
  }

  async #submit() {
    const { text, fault } = judge(this.#text.value.replaceAll("\t", " "), REASON_CHARS);
    if (fault && fault !== "empty") {
      const first = fault === "long" ? `At most ${REASON_CHARS} characters.` : "The reason holds a character that is not allowed.";
      this.#settle({ told: notice({ tone: "error", first }) });
      return;
    }
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#settle({ solving: true });
    this.#progress.start();
    try {
      await this.poster.report(this.id, text, signal, (progress) => this.#progress.show(progress));
      this.#thank();
    } catch (error) {
      this.#abort = null;
      if (signal.aborted) this.#giveBack();
      else this.#fail(error);
    }
  }

  #giveBack() {
    this.#settle({});
    this.#text.focus();
  }

  /** The button and the form have done their work. */
  #thank() {
    this.#abort = null;
    const thanks = make("p", { class: "told", tabindex: "-1" }, "Reported. ", make("span", { class: "soft" }, "A moderator will look at it."));
    const focused = this.form.contains(document.activeElement);
    this.form.replaceWith(thanks);
    this.button.remove();
    if (focused) thanks.focus();
    say("Reported.");
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof api.Failure)) {
      this.#settle({ told: notice({ tone: "error", first: "The page failed." }), label: AGAIN });
      throw error;
    }
    const rest = error.kind === "limited" ? `You can report it ${inAWhile(error.retry_secs || 60)}.` : "";
    this.#settle({ told: notice({ ...this.#words(error), rest }), label: AGAIN });
  }

  /**
   * @param {api.Failure} failure
   * @returns {{ tone: "wait" | "error", first: string }}
   */
  #words(failure) {
    if (["limited", "offline", "down"].includes(failure.kind)) return wordsFor(failure);
    if (failure.kind === "silent") return { tone: "error", first: "No answer yet." };
    return { tone: failure.kind === "read-only" ? "wait" : "error", first: failure.message };
  }

  /**
   * Takes on a state.
   * @param {{ solving?: boolean, told?: HTMLElement, label?: string }} state
   */
  #settle({ solving = false, told, label = SEND }) {
    const focused = document.activeElement;
    this.#text.readOnly = solving;
    this.#solving.hidden = !solving;
    this.#send.hidden = solving;
    this.#send.textContent = label;
    this.#notice.replaceChildren(...(told ? [told] : []));
    if (solving && focused === this.#send) this.#cancel.focus();
    if (!solving && focused === this.#cancel) this.#send.focus();
  }
}
