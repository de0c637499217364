// SPDX-License-Identifier: MIT
/**
 * How numbers and times are written.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// By hand: to set up the formatters of Intl takes longer than to show a whole list.
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const MONTHS = "January February March April May June July August September October November December".split(" ");

/**
 * @param {number | string} value a whole number
 * @returns {string} 18,204
 */
export function number(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * @param {number} value
 * @returns {string} with two digits
 */
function padded(value) {
  return String(value).padStart(2, "0");
}

/**
 * @param {Date} date
 * @returns {string} Nov
 */
function shortMonth(date) {
  return MONTHS[date.getMonth()].slice(0, 3);
}

/**
 * @param {number} count
 * @param {string} [plus] written after the number when there may be more
 * @returns {string} "1 message", "18,204 messages", "30+ messages"
 */
export function messageCount(count, plus = "") {
  return `${number(count)}${plus} ${count === 1 && !plus ? "message" : "messages"}`;
}

/**
 * @param {Date} date
 * @returns {string} Friday 21 November 2025, 16:03
 */
export function exactTime(date) {
  const day = `${DAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  return `${day}, ${padded(date.getHours())}:${padded(date.getMinutes())}`;
}

/**
 * @param {Date} date
 * @param {number} days
 * @returns {boolean} whether it lies this many calendar days before the other
 * @param {Date} from
 */
function isDaysBefore(date, days, from) {
  const day = new Date(from.getFullYear(), from.getMonth(), from.getDate() - days);
  return date.toDateString() === day.toDateString();
}

/**
 * @param {Date} date
 * @param {number} now_ms
 * @returns {string} now, 4 min, 2 h, yesterday, 19 Nov, Aug 2025
 */
export function shortTime(date, now_ms) {
  const age = now_ms - date.getTime();
  const today = new Date(now_ms);
  if (age < MINUTE) return "now";
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < DAY / 2 || isDaysBefore(date, 0, today)) return `${Math.floor(age / HOUR)} h`;
  if (isDaysBefore(date, 1, today)) return "yesterday";
  if (age < 60 * DAY) return `${date.getDate()} ${shortMonth(date)}`;
  return `${shortMonth(date)} ${date.getFullYear()}`;
}

/**
 * @param {Date} date
 * @param {number} now_ms
 * @returns {string} the short time as it is said: "2 min ago", "19 Nov"
 */
export function spokenTime(date, now_ms) {
  const time = shortTime(date, now_ms);
  if (/^\d+ (min|h)$/.test(time)) return `${time} ago`;
  return time;
}

/**
 * @param {number} seconds
 * @returns {string} how long to wait, roughly, to end a sentence with
 */
export function inAWhile(seconds) {
  if (seconds <= 15) return "in a few seconds";
  if (seconds <= 40) return "in half a minute";
  if (seconds <= 90) return "in a minute";
  if (seconds <= 90 * 60) return `in ${number(Math.ceil(seconds / 60))} minutes`;
  return `in ${number(Math.ceil(seconds / 3600))} hours`;
}

/**
 * @param {number} seconds
 * @returns {string} 42 s, 3:20, 2:00:00
 */
export function wait(seconds) {
  if (seconds <= 60) return `${seconds} s`;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, at) => (at ? padded(part) : part)).join(":");
}

/**
 * @param {string} text
 * @param {number} most code points
 * @returns {string} the beginning of a text, on one line
 */
export function beginning(text, most) {
  const chars = [...text.replace(/\s+/g, " ")];
  return chars.length <= most ? chars.join("") : `${chars.slice(0, most - 1).join("").trimEnd()}…`;
}
