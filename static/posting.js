// SPDX-License-Identifier: MIT
/**
 * Brings a text onto the board exactly once, whatever happens on the way.
 */

import * as api from "./client.js";
import { now } from "./clock.js";
import { isFresh } from "./proof.js";

/** @typedef {import("./client.js").Message} Message */
/** @typedef {import("./proof.js").Proof} Proof */
/** @typedef {import("./proof.js").Proofs} Proofs */
/** @typedef {(progress: import("./solver.js").Progress) => void} Listener */

/**
 * @typedef {object} Attempt a text that was sent, but whose answer did not come
 * @property {string} text
 * @property {Proof} proof
 * @property {number} since_ms by the server's clock
 */

/** Pauses before a request whose answer did not come is sent again, unnoticed. */
const PAUSES_MS = [400, 1200, 3000];
const MAX_PROOFS = 4;
/** How far back to look for a text that may already be on the board; the most that one page has. */
const LOOK_BACK = 100;
/** The Date header has whole seconds, and clocks drift. */
const SLACK_MS = 10_000;

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/**
 * @param {unknown} error
 * @param {...import("./client.js").Kind} kinds
 * @returns {boolean}
 */
function isFailure(error, ...kinds) {
  return error instanceof api.Failure && kinds.includes(error.kind);
}

/**
 * Sends until there is an answer. The token makes the repetition harmless; where proofs are off there is none.
 * @template Answer
 * @param {() => Promise<Answer>} send
 * @param {Proof} proof
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
async function untilAnswered(send, proof, signal) {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (error) {
      const again = isFailure(error, "silent") && proof.token && tries < PAUSES_MS.length;
      if (!again) throw error;
      await pause(PAUSES_MS[tries], signal);
    }
  }
}

/** Posts one text at a time. */
export class Poster {
  #proofs;
  /** @type {Attempt | null} */
  #unanswered = null;

  /** @param {Proofs} proofs */
  constructor(proofs) {
    this.#proofs = proofs;
  }

  /**
   * @param {string} text normalized
   * @param {AbortSignal} signal
   * @param {Listener} progress
   * @returns {Promise<api.Posted>}
   * @throws {api.Failure} when the poster has to know; posting the same text again goes on from there
   */
  async post(text, signal, progress) {
    const earlier = await this.#goOn(text, signal);
    return earlier ?? this.#pay((proof) => this.#send(text, proof, signal), signal, progress);
  }

  /**
   * Tells the moderators about a message.
   * @param {string} id
   * @param {string} reason normalized; may be empty
   * @param {AbortSignal} signal
   * @param {Listener} progress
   * @throws {api.Failure}
   */
  async report(id, reason, signal, progress) {
    const send = (/** @type {Proof} */ proof) => () => api.report(id, reason, proof, signal);
    await this.#pay((proof) => untilAnswered(send(proof), proof, signal), signal, progress);
    this.#proofs.drop();
  }

  /**
   * @template Answer
   * @param {(proof: Proof) => Promise<Answer>} send
   * @param {AbortSignal} signal
   * @param {Listener} progress
   * @returns {Promise<Answer>} solving another puzzle where the proof is not accepted
   */
  async #pay(send, signal, progress) {
    for (let tries = 1; ; tries++) {
      const proof = await this.#proofs.take(signal, progress);
      try {
        return await send(proof);
      } catch (error) {
        if (!isFailure(error, "proof")) throw error;
        this.#proofs.drop();
        if (tries >= MAX_PROOFS) throw error;
      }
    }
  }

  /**
   * Clears up what became of an earlier attempt with this text before anything new is sent.
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<api.Posted | null>} null when it never arrived
   */
  async #goOn(text, signal) {
    const attempt = this.#unanswered;
    if (!attempt || attempt.text !== text) return null;
    if (isFresh(attempt.proof)) {
      try {
        return await this.#send(text, attempt.proof, signal);
      } catch (error) {
        if (!isFailure(error, "proof")) throw error;
      }
    }
    const posted = await this.#find(attempt, signal);
    this.#unanswered = null;
    this.#proofs.drop();
    return posted;
  }

  /**
   * The proof has expired, so the server no longer remembers it: look whether the text is on the board.
   * @param {Attempt} attempt
   * @param {AbortSignal} signal
   * @returns {Promise<Message | null>}
   */
  async #find({ text, since_ms }, signal) {
    const { items } = await api.search("", { limit: LOOK_BACK, signal });
    const ours = (/** @type {Message} */ item) =>
      item.body === text && Date.parse(item.created_at) > since_ms - SLACK_MS;
    return items.find(ours) ?? null;
  }

  /**
   * Sends until there is an answer, and remembers what has none.
   * @param {string} text
   * @param {Proof} proof
   * @param {AbortSignal} signal
   * @returns {Promise<api.Posted>}
   */
  async #send(text, proof, signal) {
    const attempt = this.#unanswered?.proof === proof ? this.#unanswered : { text, proof, since_ms: now() };
    const create = async () => {
      try {
        return await api.create(text, proof, signal);
      } catch (error) {
        if (isFailure(error, "silent", "down") || signal.aborted) this.#unanswered = attempt;
        throw error;
      }
    };
    try {
      const message = await untilAnswered(create, proof, signal);
      this.#unanswered = null;
      this.#proofs.drop();
      return message;
    } catch (error) {
      throw this.#honest(error);
    }
  }

  /**
   * "Nothing was posted" may only be said when nothing was sent.
   * @param {unknown} error
   * @returns {unknown}
   */
  #honest(error) {
    return this.#unanswered && isFailure(error, "offline") ? new api.Failure("silent") : error;
  }
}
