// SPDX-License-Identifier: MIT
/**
 * What is special inside a text: addresses, which become links, and the words that were searched for.
 */

import { make } from "./dom.js";

/**
 * @typedef {object} Range
 * @property {number} start
 * @property {number} end
 * @property {string} [href] of links
 */

const ADDRESS = /\bhttps?:\/\/[^\s<>"“”]+|[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;
const PUNCTUATION = /[.,;:!?'’)\]}…]$/u;
const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
const WORD_PARTS = /\p{Lu}?[\p{Ll}\p{M}]+|[\p{Lu}\p{M}]+(?!\p{Ll})|\p{N}+|\p{Lo}+/gu;

/** Scripts written without spaces, where any part of a sentence can be searched for; and signs, emoji among them. */
const ANYWHERE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{So}\p{Sk}]/u;

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
 * Case and accents do not matter to the search.
 * @param {string} word
 * @returns {string}
 */
function fold(word) {
  return word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * The words that a query asks for; what it excludes is not there to be marked.
 * @param {string} q
 * @returns {string[]}
 */
export function wordsOf(q) {
  const asked = q.replace(/(^|\s)-("[^"]*"?|\S+)/g, " ").replace(/(^|\s)or(?=\s)/gi, " ");
  const words = asked.split(/[\s"]+/).flatMap((part) => (ANYWHERE.test(part) ? [part] : (part.match(WORD) ?? [])));
  return [...new Set(words.filter(Boolean).map(fold))];
}

/**
 * @param {string} text
 * @param {string[]} words
 * @returns {Range[]} every place of words that may stand anywhere
 */
function findAnywhere(text, words) {
  const lower = text.toLowerCase();
  if (lower.length !== text.length) return [];
  const found = [];
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
      found.push({ start: at, end: at + word.length });
    }
  }
  return found;
}

/**
 * @param {RegExpMatchArray} match a word of the text
 * @param {string[]} words
 * @returns {Range[]} the word if it begins with one that was asked for, else those of its camel-cased parts that do
 */
function findInWord(match, words) {
  const start = match.index ?? 0;
  const begins = (/** @type {string} */ word) => words.some((asked) => fold(word).startsWith(asked));
  if (begins(match[0])) return [{ start, end: start + match[0].length }];
  return [...match[0].matchAll(WORD_PARTS)]
    .filter((part) => begins(part[0]))
    .map((part) => ({ start: start + part.index, end: start + part.index + part[0].length }));
}

/**
 * @param {string} text
 * @param {string[]} words as wordsOf gives them
 * @returns {Range[]} in order, without overlaps
 */
export function findWords(text, words) {
  if (words.length === 0) return [];
  const anywhere = words.filter((word) => ANYWHERE.test(word));
  const begun = words.filter((word) => !ANYWHERE.test(word));
  const found = findAnywhere(text, anywhere);
  for (const match of text.matchAll(WORD)) found.push(...findInWord(match, begun));
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
