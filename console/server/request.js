// One request to the server behind this page: bounded in time and size, with errors that say what the server said.

// This module lies in `<root>/_console/<version>/server/`: the console also works where a proxy puts a path before it.
const ROOT = new URL("../../../", import.meta.url);
const PATIENCE = 30_000;
const LARGEST = 128 * 1024 * 1024;
const TOKEN = "glasswork-console-token";

/** By this a task of the console's own requests is known. */
export const OPAQUE_ID = `glasswork-console-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

/** The server refused, or could not be asked (`status` 0). */
export class Refused extends Error {
  /** @param {{status: number, type?: string, retryAfter?: number}} how `retryAfter` in milliseconds */
  constructor(message, { status, type = "", retryAfter = 0 }) {
    super(message);
    this.status = status;
    this.type = type;
    this.retryAfter = retryAfter;
  }
}

/**
 * Takes the token that `glasswork console` put behind the `#` out of the address, so that it is neither seen nor
 * copied with it. It is kept for this tab.
 */
export function takeToken() {
  const found = /(?:^#|&)token=([A-Za-z0-9_-]+)/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(TOKEN, found[1]);
  history.replaceState(null, "", location.pathname + location.search);
}

/**
 * Asks.
 * @param {string} path without the first slash, with its query
 * @returns {Promise<{json: any, bytes: number, millis: number, headers: Headers}>}
 * @throws {Refused}
 */
export async function ask(method, path) {
  const began = performance.now();
  const headers = { accept: "application/json", "x-opaque-id": OPAQUE_ID };
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers["x-console-token"] = token;
  let response;
  let body;
  try {
    response = await fetch(new URL(path, ROOT), {
      method,
      headers,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    body = await read(response);
  } catch (error) {
    if (error instanceof Refused) throw error;
    const late = error.name === "TimeoutError";
    throw new Refused(late ? `no answer within ${PATIENCE / 1000} s` : "the server can't be reached", { status: 0 });
  }
  const json = parsed(body.text);
  if (!response.ok) throw refusal(response, json, body.text);
  if (json === undefined) {
    throw new Refused(`the answer is no JSON but begins with “${body.text.trim().slice(0, 80)}”`, { status: response.status });
  }
  return { json, bytes: body.bytes, millis: performance.now() - began, headers: response.headers };
}

async function read(response) {
  if (!response.body) return { text: "", bytes: 0 };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const pieces = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > LARGEST) {
      await reader.cancel();
      throw new Refused(`the answer is larger than ${LARGEST / 1024 / 1024} MB`, { status: response.status });
    }
    pieces.push(decoder.decode(value, { stream: true }));
  }
  pieces.push(decoder.decode());
  return { text: pieces.join(""), bytes };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const MEANINGS = {
  401: "the server wants a user and a password",
  403: "the user may not do that",
  429: "the server has too much to do",
  502: "the server behind the proxy can't be reached",
  503: "the server is not available",
  504: "the server did not answer in time",
};

function refusal(response, json, text) {
  const { status } = response;
  const error = json?.error;
  const said = typeof error === "string" ? error : error?.reason ?? error?.type;
  const meaning = MEANINGS[status];
  const fallback = /^\s*</.test(text) ? "" : text.trim().slice(0, 200);
  const reason = [meaning, said ?? fallback].filter(Boolean).join(": ") || `the server answered ${status}`;
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(seconds) ? seconds * 1000 : 0;
  return new Refused(reason, { status, type: typeof error === "object" && error ? String(error.type ?? "") : "", retryAfter });
}
