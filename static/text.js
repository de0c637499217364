// SPDX-License-Identifier: MIT
/**
 * The rules for the text of a message. The server has the same rules, and both are held to one table of
 * examples, t/text_cases.json.
 */

/** The most code points that a message may have; the board may be set up otherwise, and says so. */
let max_chars = 255;
let changed = () => {};

/** Unicode's White_Space property; String.prototype.trim takes U+FEFF too and leaves U+0085. */
const EDGES = /^\p{White_Space}+|\p{White_Space}+$/gu;

/** Controls (but newline), and the marks that override or isolate the direction of writing. */
const CONTROL = /(?!\n)\p{Cc}/u;
const BIDI = /[\u202A-\u202E\u2066-\u2069]/u;
/** More than five combining marks on one letter cover the lines around it; written languages need at most four. */
// eslint-disable-next-line no-misleading-character-class -- the class is made of combining marks
const PILED_MARKS = /[\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F]{6}/u;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * @typedef {"empty" | "long" | "control" | "direction" | "marks" | "surrogate"} Fault
 */

/**
 * @typedef {object} Verdict
 * @property {string} text the text as it would be stored
 * @property {number} chars its length in code points
 * @property {Fault | null} fault why it cannot be posted, or null
 */

/** @returns {number} the most code points that a message may have */
export function maxChars() {
  return max_chars;
}

/** @param {unknown} told by the server */
export function learnMaxChars(told) {
  if (typeof told !== "number" || told === max_chars) return;
  max_chars = told;
  changed();
}

/** @param {() => void} listener called when another limit was learned */
export function whenMaxCharsChanges(listener) {
  changed = listener;
}

/**
 * Counts code points, which String.length does not.
 * @param {string} text
 * @returns {number}
 */
function countChars(text) {
  let count = 0;
  for (let at = 0; at < text.length; count++) at += Number(text.codePointAt(at)) > 0xffff ? 2 : 1;
  return count;
}

/**
 * Gives the text the form in which it is stored: CRLF becomes LF, white space at both ends goes.
 * @param {string} text
 * @returns {string}
 */
export function normalize(text) {
  return text.replaceAll("\r\n", "\n").replace(EDGES, "");
}

/**
 * @param {string} text already normalized
 * @param {number} chars
 * @param {number} most
 * @returns {Fault | null}
 */
function findFault(text, chars, most) {
  if (chars === 0) return "empty";
  if (LONE_SURROGATE.test(text)) return "surrogate";
  if (CONTROL.test(text)) return "control";
  if (BIDI.test(text)) return "direction";
  if (PILED_MARKS.test(text)) return "marks";
  return chars > most ? "long" : null;
}

/**
 * Judges what somebody typed.
 * @param {string} typed
 * @param {number} [most] code points
 * @returns {Verdict}
 */
export function judge(typed, most = max_chars) {
  const text = normalize(typed);
  const chars = countChars(text);
  return { text, chars, fault: findFault(text, chars, most) };
}
