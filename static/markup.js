// SPDX-License-Identifier: MIT
/**
 * What is special inside a text: addresses, which become links, and the words that were searched for.
 */

import { make } from "./dom.js";
import { fold, patternsOf, placesOf } from "./fold.js";

/**
 * @typedef {object} Range
 * @property {number} start
 * @property {number} end
 * @property {string} [href] of links
 */

const ADDRESS = /\bhttps?:\/\/[^\s<>"“”]+|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;
const PUNCTUATION = /[.,;:!?'’)\]}…]$/u;

/**
 * Full stops and closing brackets after an address belong to the sentence, unless the bracket was opened inside.
 * @param {string} address
 * @returns {string}
 */
function withoutPunctuation(address) {
  let kept = address;
  while (PUNCTUATION.test(kept)) {
    if (kept.endsWith(")") && kept.split("(").length >= kept.split(")").length) break;
    kept = kept.slice(0, -1);
  }
  return kept;
}

/**
 * @param {string} text
 * @returns {Range[]}
 */
export function findLinks(text) {
  const links = [];
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutPunctuation(match[0]);
    const web = /^https?:/i.test(address);
    if (web && !URL.canParse(address)) continue;
    const end = match.index + address.length;
    links.push({ start: match.index, end, href: web ? address : `mailto:${address}` });
  }
  return links;
}

/**
 * @param {string} q
 * @returns {string[]} what findWords() marks: the words that the query asks for, as the search sees them
 */
export function wordsOf(q) {
  return [...new Set(patternsOf(q))];
}

/**
 * @param {string} text
 * @param {string[]} words as wordsOf gives them
 * @returns {Range[]} in order, without overlaps
 */
export function findWords(text, words) {
  if (words.length === 0) return [];
  const found = fold(text).flatMap((reading) => words.flatMap((word) => placesOf(reading, word)));
  found.sort((one, other) => one.start - other.start || other.end - one.end);
  let end = 0;
  return found.filter((range) => range.start >= end && (end = range.end) > 0);
}

/**
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {Range[]} marks
 * @returns {(Node | string)[]} this stretch of the text with its marked words
 */
function stretch(text, start, end, marks) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let at = start;
  for (const mark of marks) {
    const from = Math.max(mark.start, start);
    const to = Math.min(mark.end, end);
    if (from >= to) continue;
    nodes.push(text.slice(at, from), make("mark", {}, text.slice(from, to)));
    at = to;
  }
  nodes.push(text.slice(at, end));
  return nodes.filter((node) => node !== "");
}

/**
 * @param {string} text
 * @param {string[]} [words] to mark
 * @returns {DocumentFragment} the text as nodes
 */
export function render(text, words = []) {
  const marks = findWords(text, words);
  const fragment = document.createDocumentFragment();
  let at = 0;
  for (const { start, end, href = "" } of findLinks(text)) {
    fragment.append(...stretch(text, at, start, marks));
    const link = make("a", { href, rel: "nofollow noopener ugc" });
    link.append(...stretch(text, start, end, marks));
    fragment.append(link);
    at = end;
  }
  fragment.append(...stretch(text, at, text.length, marks));
  return fragment;
}
