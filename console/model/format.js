// How figures and texts are shown. What is not known is `·`, never 0.

/** Stands for what the server does not tell. */
export const UNKNOWN = "·";

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** Milliseconds as people say them, two units at most: `740 ms`, `41s`, `2m58s`, `3h05m`, `2d04h`. */
export function duration(millis) {
  if (!isNumber(millis)) return UNKNOWN;
  const past = Math.max(0, millis);
  if (past < 1000) return `${Math.floor(past)}ms`;
  const seconds = Math.floor(past / 1000);
  if (seconds < 10) return `${Math.floor(past / 100) / 10}s`;
  if (seconds < 60) return `${seconds}s`;
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** Nanoseconds as a duration; below a millisecond in microseconds. */
export function nanos(value) {
  if (!isNumber(value)) return UNKNOWN;
  if (value > 0 && value < 1e6) return `${Math.max(1, Math.floor(value / 1000))}µs`;
  return duration(value / 1e6);
}

const SIZES = ["B", "K", "M", "G", "T", "P"];

/** Bytes with three figures at most: `980B`, `1.2K`, `64M`. */
export function bytes(value) {
  if (!isNumber(value)) return UNKNOWN;
  let left = Math.max(0, value);
  let unit = 0;
  while (left >= 1000 && unit < SIZES.length - 1) {
    left /= 1024;
    unit += 1;
  }
  const shown = unit > 0 && left < 10 ? left.toFixed(1) : String(Math.round(left));
  return shown + SIZES[unit];
}

/** A count with its thousands apart. */
export function count(value) {
  return isNumber(value) ? Math.round(value).toLocaleString("en-US") : UNKNOWN;
}

/** A share in whole percents, rounded down so that 100% means done. */
export function percent(value) {
  return isNumber(value) ? `${Math.floor(value)}%` : UNKNOWN;
}

/** A moment of today as `12:41:07`, of another day with its date; local time. */
export function moment(millis, now = Date.now()) {
  if (!isNumber(millis)) return UNKNOWN;
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const two = (number) => String(number).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

// Control characters, and those that reorder or hide the text around them (Unicode TR 36).
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** A text from outside with nothing invisible left in it, and its length bounded. */
export function text(value, longest = 400) {
  if (value === null || value === undefined) return UNKNOWN;
  const whole = typeof value === "string" ? value : String(value);
  const cut = whole.length > longest;
  const shown = (cut ? whole.slice(0, longest) : whole).replace(UNSEEN, seen);
  return cut ? `${shown}… (${count(whole.length)} characters)` : shown;
}

function seen(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** An action without its beginning: `indices:data/read/search[phase/query]` is `search[phase/query]`. */
export function shortAction(action) {
  const bracket = action.indexOf("[");
  const head = bracket < 0 ? action : action.slice(0, bracket);
  const named = /^(?:indices|cluster|internal):(?:data\/read|data\/write|admin|monitor)\/(.+)$/.exec(head);
  return named ? named[1] + (bracket < 0 ? "" : action.slice(bracket)) : action;
}
