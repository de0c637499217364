// SPDX-License-Identifier: MIT
/**
 * What a word is to the search: board.fold and board.items (sql/migrations/0003_words.sql, 0004_query.sql) once more,
 * here with the place in the text that every folded character comes from. t/search_cases.json holds both to the same.
 */

/**
 * @typedef {object} Folded
 * @property {string} text words between single spaces, with a space at either end
 * @property {number[]} from where in the original the character of each code unit begins
 * @property {number[]} to where it ends
 */

/* eslint-disable no-misleading-character-class -- these classes are made of what is not seen alone */
const MARKS =
  /[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u2060\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\u{1f3fb}-\u{1f3ff}\u{e0000}-\u{e01ef}]/gu;
/** What is normalized together: a letter and its marks, a syllable of Hangul in parts, half-width kana and its voicing. */
const CLUSTER = /[\u1100-\u11ff]+|[^][\p{M}\uff9e\uff9f\u{1f3fb}-\u{1f3ff}]*/gu;
const RUN =
  "\\u0e00-\\u0e3e\\u0e40-\\u0e4e\\u0e50-\\u0e59\\u0e80-\\u0eff\\u1000-\\u1049\\u1050-\\u109f\\u1100-\\u11ff\\u1780-\\u17d3\\u17dc-\\u17ff\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u3040-\\u309f\\u30a1-\\u30fa\\u30fc-\\u312f\\u3130-\\u318f\\u31a0-\\u31bf\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua960-\\ua97f\\uac00-\\ud7ff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const IS_RUN = new RegExp(`[${RUN}]`, "u");
const APART = new RegExp(
  `[\\u{1f1e6}-\\u{1f1ff}]{2}|[\\u2190-\\u23ff\\u2500-\\u27bf\\u2900-\\u2bff\\u{1f000}-\\u{1faff}]|[${RUN}]+`,
  "gu",
);
const BETWEEN =
  /[\t-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u02b9-\u02df\u037e\u0387\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u060f\u061b-\u061f\u066a-\u066d\u06d4\u0964\u0965\u0970\u0e3f\u0e4f\u0e5a\u0e5b\u0f01-\u0f14\u104a-\u104f\u10fb\u1360-\u1368\u166d\u166e\u1680\u17d4-\u17db\u1800-\u180a\u2000-\u206f\u20a0-\u20cf\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u302a-\u3030\u303d-\u303f\u30a0\u30fb\ua4fe\ua4ff\ua60d-\ua60f\ue000-\uf8ff\ufd3e\ufd3f\ufe10-\ufe1f\ufe30-\ufe6f\uff00-\uff0f\uff5f-\uff65\ufff0-\uffff]+/gu;
/* eslint-enable no-misleading-character-class */
/** Where a word is made of parts. */
const JOINTS =
  /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=[\p{L}\p{N}])['_-]+(?=[\p{L}\p{N}])/gu;
/** No character, so in no text. */
const JOINT = "\ufdd0";

const LETTERS = new Map(Object.entries({ ß: "ss", ẞ: "SS", æ: "ae", Æ: "AE", œ: "oe", Œ: "OE", þ: "th", Þ: "TH" }));
const VARIANTS = [..."øØłŁđĐðÐħĦŧŦıςŋŊ‘’ʼʹ‐‑ىیکہۀ"];
[..."oOlLdDdDhHtTiσnN''''--ييكهه"].forEach((letter, place) => LETTERS.set(VARIANTS[place], letter));

/**
 * @param {string} text
 * @returns {Folded} without accents and the like, in one normal form
 */
function withoutMarks(text) {
  const folded = { text: "", from: /** @type {number[]} */ ([]), to: /** @type {number[]} */ ([]) };
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    const plain = cluster.normalize("NFKD").replace(MARKS, "").normalize("NFKC");
    for (const letter of plain) {
      const written = LETTERS.get(letter) ?? letter;
      folded.text += written;
      for (let unit = 0; unit < written.length; unit++) {
        folded.from.push(index);
        folded.to.push(index + cluster.length);
      }
    }
  }
  return folded;
}

/**
 * @param {Folded} folded
 * @param {RegExp} pattern
 * @param {string} before
 * @param {string | null} instead of what matches; null: it stays
 * @param {string} after
 * @returns {Folded} the same with every match replaced
 */
function rewrite(folded, pattern, before, instead, after) {
  const result = { text: "", from: /** @type {number[]} */ ([]), to: /** @type {number[]} */ ([]) };
  /** @type {(start: number, end: number) => void} */
  const keep = (start, end) => {
    result.text += folded.text.slice(start, end);
    result.from.push(...folded.from.slice(start, end));
    result.to.push(...folded.to.slice(start, end));
  };
  /** @type {(text: string, at: number) => void} */
  const put = (text, at) => {
    result.text += text;
    for (let unit = 0; unit < text.length; unit++) {
      result.from.push(folded.from[at] ?? 0);
      result.to.push(folded.from[at] ?? 0);
    }
  };
  let done = 0;
  for (const { 0: match, index } of folded.text.matchAll(pattern)) {
    keep(done, index);
    put(before, index);
    if (instead === null) keep(index, index + match.length);
    else put(instead, index);
    done = index + match.length;
    put(after, done);
  }
  keep(done, folded.text.length);
  return result;
}

/**
 * @param {Folded} folded
 * @param {string} joint what stands where a word has a joint
 * @returns {Folded} its words
 */
function wordsBetweenSpaces(folded, joint) {
  const joined = rewrite(folded, /\ufdd0/g, "", joint, "");
  joined.text = joined.text.replace(/[^]/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });
  const spaced = rewrite(rewrite(joined, APART, " ", null, " "), BETWEEN, "", " ", "");
  const text = ` ${spaced.text.trim()} `;
  const skipped = spaced.text.length - spaced.text.trimStart().length;
  const end = skipped + text.length - 2;
  return {
    text,
    from: [0, ...spaced.from.slice(skipped, end), 0],
    to: [0, ...spaced.to.slice(skipped, end), 0],
  };
}

/**
 * @param {string} text
 * @returns {Folded[]} its words; and once more, when there are words made of parts, with those in one piece
 */
export function fold(text) {
  const jointed = rewrite(withoutMarks(text), JOINTS, "", JOINT, "");
  const readings = [wordsBetweenSpaces(jointed, " ")];
  if (jointed.text.includes(JOINT)) readings.push(wordsBetweenSpaces(jointed, ""));
  return readings;
}

/**
 * @param {string} reading of an item of a query
 * @param {boolean} prefix whether its last word may be the beginning of one
 * @returns {string} what a folded text has in it that the item matches
 */
function patternOf(reading, prefix) {
  const words = reading.trim().split(" ");
  const within = prefix || IS_RUN.test(words[words.length - 1]);
  return (IS_RUN.test(words[0]) ? "" : " ") + words.join(" ") + (within ? "" : " ");
}

/**
 * @param {string} q
 * @returns {string[]} what a text may have in it that the query asks for; what it excludes is left out
 */
export function patternsOf(q) {
  const items = [...q.replace(/[“”„«»]/gu, '"').matchAll(/(-?)(?:"([^"]*)("?)|([^\s"]+))/gu)]
    .map(([, minus, quoted, closed, plain]) => ({ minus, closed, readings: fold(quoted ?? plain), plain }))
    .filter(({ readings }) => readings[0].text.trim() !== "");
  return items.flatMap(({ minus, closed, readings, plain }, place) => {
    const last = place === items.length - 1;
    const parts = plain !== undefined && readings[0].text === " or " && !last && place > 0;
    if (minus || parts) return [];
    return readings.map((reading) => patternOf(reading.text, last && !closed));
  });
}

/**
 * @param {Folded} folded
 * @param {string} pattern
 * @returns {{ start: number, end: number }[]} where in the original the pattern is, to the end of a word that it begins
 */
export function placesOf(folded, pattern) {
  const places = [];
  const before = pattern.startsWith(" ") ? 1 : 0;
  const whole = pattern.endsWith(" ");
  const within = IS_RUN.test(pattern.slice(-1)) || IS_RUN.test(pattern.slice(-2));
  for (let at = folded.text.indexOf(pattern); at >= 0; at = folded.text.indexOf(pattern, at + 1)) {
    let end = at + pattern.length - (whole ? 1 : 0);
    if (!whole && !within) end = folded.text.indexOf(" ", end);
    places.push({ start: folded.from[at + before], end: folded.to[end - 1] });
  }
  return places;
}
