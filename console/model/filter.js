// The language of the filter box: `action:*search* age>5s -user:ops "exact words" opaque:dash-*`.
//
// Terms stand side by side and all must hold; `-` before a term turns it round; values with commas between them mean
// any of them. A word without a key is looked for in everything that a task says. docs/console.md has the table.

import { age, cpu, kind, memory, opaqueId, progress, state, user, wait } from "./task.js";

/** A filter that can't be read; `at` is where. */
export class FilterError extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

const TEXTS = {
  action: (task) => [task.action],
  id: (task) => [task.id],
  parent: (task) => [task.parent],
  node: (task) => [task.nodeName, task.node],
  user: (task) => [user(task)],
  opaque: (task) => [opaqueId(task)],
  description: (task) => [task.description],
  type: (task) => [task.type],
  kind: (task) => [kind(task)],
  wait: (task) => [wait(task)?.on ?? null],
};

const NUMBERS = {
  age: { of: age, read: millis, example: "5s" },
  cpu: { of: (task) => scaled(cpu(task), 1e-6), read: millis, example: "2s" },
  memory: { of: memory, read: size, example: "64mb" },
  progress: { of: (task) => progress(task)?.percent ?? null, read: share, example: "50%" },
};

const STATES = {
  running: (task) => state(task) === "running",
  waiting: (task) => state(task) === "waiting" || state(task) === "paused",
  paused: (task) => state(task) === "paused",
  cancelled: (task) => task.cancelled,
  overdue: (task) => state(task) === "overdue",
  cancellable: (task) => task.cancellable,
  root: (task) => task.parent === null,
  durable: (task) => task.extended?.durable === true,
};

/** States that can also be asked as `cancelled:true`. */
const SWITCHES = ["cancelled", "cancellable", "root"];

const ALIASES = { label: "opaque", desc: "description", mem: "memory", state: "is" };

/** The keys there are, for the help. */
export const KEYS = [...Object.keys(TEXTS), ...Object.keys(NUMBERS), "is", ...SWITCHES, "header.NAME"];
/** What `is:` takes. */
export const IS = Object.keys(STATES);

const LONGEST = 2000;

/**
 * Reads a filter.
 * @param {string} text
 * @returns {{matches: (task: import("./task.js").Task) => boolean, empty: boolean}}
 * @throws {FilterError} with what is wrong and where
 */
export function parseFilter(text) {
  if (text.length > LONGEST) throw new FilterError(`a filter has at most ${LONGEST} characters`, LONGEST);
  const terms = split(text).map(term);
  return { matches: (task) => terms.every((holds) => holds(task)), empty: terms.length === 0 };
}

/** Words with their places; quotes keep spaces, a backslash in them the next character. */
function split(text) {
  const words = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at += 1;
      continue;
    }
    const word = { at, parts: [] };
    while (at < text.length && !/\s/.test(text[at])) {
      if (text[at] === '"') {
        const quoted = unquote(text, at);
        word.parts.push({ text: quoted.text, quoted: true });
        at = quoted.end;
      } else {
        let end = at;
        while (end < text.length && !/[\s"]/.test(text[end])) end += 1;
        word.parts.push({ text: text.slice(at, end), quoted: false });
        at = end;
      }
    }
    words.push(word);
  }
  return words;
}

function unquote(text, from) {
  let out = "";
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '"') return { text: out, end: at + 1 };
    if (text[at] === "\\" && at + 1 < text.length) at += 1;
    out += text[at];
  }
  throw new FilterError("a quote has no end", from);
}

function term(word) {
  const first = word.parts[0];
  const negated = !first.quoted && /^[-!]./.test(first.text + (word.parts[1]?.text ?? ""));
  const head = negated ? first.text.slice(1) : first.text;
  const parts = [{ ...first, text: head }, ...word.parts.slice(1)];
  const holds = first.quoted ? anywhere(joined(parts)) : keyed(parts, word.at);
  // What is not known (null) neither holds nor fails: its contrary does not hold either.
  return (task) => holds(task) === !negated;
}

const joined = (parts) => parts.map((part) => part.text).join("");

function keyed(parts, at) {
  const found = /^([a-zA-Z_]+(?:\.[\w-]+)?)(:|>=|<=|=|>|<)(.*)$/s.exec(parts[0].text);
  if (!found) return anywhere(joined(parts));
  const [, written, sign, rest] = found;
  const key = ALIASES[written.toLowerCase()] ?? written.toLowerCase();
  const values = alternatives([{ ...parts[0], text: rest }, ...parts.slice(1)]);
  if (Object.hasOwn(TEXTS, key)) return textual(key, sign, values, at);
  if (Object.hasOwn(NUMBERS, key)) return numeric(key, sign, values, at);
  if (key === "is") return stated(sign, values, at);
  if (SWITCHES.includes(key)) return switched(key, sign, values, at);
  if (key.startsWith("header.")) return header(written.slice("header.".length), sign, values, at);
  // An action has a colon in it too: `indices:data/read/search` is a word.
  if (sign === ":" && /^(indices|cluster|internal)$/.test(key)) return anywhere(joined(parts));
  throw new FilterError(`there is no key \`${written}\`: there are ${KEYS.join(", ")}`, at);
}

/** Splits at commas outside of quotes. */
function alternatives(parts) {
  const values = [""];
  for (const part of parts) {
    if (part.quoted) {
      values[values.length - 1] += part.text;
      continue;
    }
    const [first, ...more] = part.text.split(",");
    values[values.length - 1] += first;
    values.push(...more);
  }
  return values;
}

function textual(key, sign, values, at) {
  if (sign !== ":" && sign !== "=") throw new FilterError(`\`${key}\` is a text: write ${key}:value, * stands for anything`, at);
  if (values.some((value) => value === "")) throw new FilterError(`\`${key}\` needs a value`, at);
  // A description is long: a part of it is enough.
  const patterns = values.map((value) => pattern(key === "description" ? `*${value}*` : value));
  return (task) => TEXTS[key](task).some((told) => told !== null && patterns.some((fits) => fits(told)));
}

function numeric(key, sign, values, at) {
  const { of, read, example } = NUMBERS[key];
  const limit = values.length === 1 ? read(values[0]) : null;
  if (limit === null || sign === ":") {
    throw new FilterError(`\`${key}\` is compared: write ${key}>${example} or ${key}<${example}`, at);
  }
  const compare = {
    ">": (told) => told > limit,
    ">=": (told) => told >= limit,
    "<": (told) => told < limit,
    "<=": (told) => told <= limit,
    "=": (told) => told === limit,
  }[sign];
  return (task) => {
    const told = of(task);
    return told === null ? null : compare(told);
  };
}

function stated(sign, values, at) {
  const unknown = values.find((value) => !Object.hasOwn(STATES, value.toLowerCase()));
  if (unknown !== undefined || (sign !== ":" && sign !== "=")) {
    throw new FilterError(`\`is\` takes ${IS.join(", ")}`, at);
  }
  return (task) => values.some((value) => STATES[value.toLowerCase()](task));
}

function switched(key, sign, values, at) {
  const [value] = values;
  if (values.length !== 1 || !/^(true|false)$/.test(value) || (sign !== ":" && sign !== "=")) {
    throw new FilterError(`\`${key}\` takes true or false`, at);
  }
  return (task) => STATES[key](task) === (value === "true");
}

function header(name, sign, values, at) {
  if ((sign !== ":" && sign !== "=") || values.includes("")) throw new FilterError(`a header is a text: write header.${name}:value`, at);
  const patterns = values.map(pattern);
  return (task) => {
    const told = Object.entries(task.headers).find(([known]) => known.toLowerCase() === name.toLowerCase());
    return told !== undefined && patterns.some((fits) => fits(told[1]));
  };
}

function anywhere(word) {
  const wanted = word.toLowerCase();
  if (wanted.includes("*")) {
    const fits = pattern(`*${wanted}*`);
    return (task) => said(task).some((told) => fits(told));
  }
  return (task) => said(task).some((told) => told.toLowerCase().includes(wanted));
}

function said(task) {
  return [task.action, task.id, task.nodeName, task.description, opaqueId(task), user(task)].filter((told) => told !== null);
}

/** `*` stands for any run of characters; the rest is compared without case, from end to end. */
export function pattern(text) {
  const pieces = text.toLowerCase().split("*");
  return (told) => fitsPieces(told.toLowerCase(), pieces);
}

// Piece by piece, never back: linear, unlike a regular expression with many `.*`.
function fitsPieces(text, pieces) {
  const first = pieces[0];
  if (pieces.length === 1) return text === first;
  const last = pieces[pieces.length - 1];
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

const scaled = (value, by) => (value === null ? null : value * by);
const TIMES = { ns: 1e-6, nanos: 1e-6, micros: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES = { b: 1, k: 1024, kb: 1024, m: 1024 ** 2, mb: 1024 ** 2, g: 1024 ** 3, gb: 1024 ** 3, t: 1024 ** 4, tb: 1024 ** 4 };

function withUnit(text, units) {
  const found = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text.toLowerCase());
  return found && Object.hasOwn(units, found[2]) ? Number(found[1]) * units[found[2]] : null;
}

/** `5s`, `1.5m`, `200ms` in milliseconds. */
export function millis(text) {
  return withUnit(text, TIMES);
}

/** `64mb`, `1.5g` in bytes. */
export function size(text) {
  return withUnit(text, BYTES);
}

function share(text) {
  const found = /^(\d+(?:\.\d+)?)%?$/.exec(text);
  return found ? Number(found[1]) : null;
}

/** A value as it must be written in a filter: in quotes where it has anything with a meaning in it. */
export function quote(value) {
  return /^[^\s",*]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`;
}
