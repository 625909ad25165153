// How often to ask: as often as wished, less often when an answer is dear, much less after failures.

/** A list that takes longer, or is larger, makes the next one come later. */
export const SLOW_MILLIS = 200;
export const LARGE_BYTES = 5 * 1024 * 1024;
const SLOWEST = 60_000;
const AFTER_FAILURES = 30_000;

/** Below this many tasks the list itself has all details. */
export const DETAILED_UP_TO = 500;
/** Below this many it has what only Glasswork tells. */
export const EXTENDED_UP_TO = 5000;

/** The time between two lists. */
export class Pace {
  #factor = 1;
  #failures = 0;

  /** @param {number} wished milliseconds */
  constructor(wished) {
    this.wished = wished;
  }

  /** A list has come. */
  answered({ millis, bytes }) {
    this.#failures = 0;
    const dear = millis > SLOW_MILLIS || bytes > LARGE_BYTES;
    this.#factor = dear ? Math.min(this.#factor * 2, SLOWEST / this.wished) : Math.max(1, this.#factor / 2);
  }

  /** A list has not come. */
  failed() {
    this.#failures = Math.min(this.#failures + 1, 10);
  }

  /** Whether the server is asked less often than wished. */
  get isSlowed() {
    return this.#factor > 1 || this.#failures > 0;
  }

  /** Milliseconds until the next list; `retryAfter` is what the server asked for. */
  next(retryAfter = 0) {
    const wanted = this.#failures > 0
      ? Math.min(Math.max(1000, this.wished) * 2 ** (this.#failures - 1), AFTER_FAILURES)
      : Math.max(this.wished, this.wished * this.#factor);
    return Math.min(SLOWEST, Math.max(wanted, retryAfter));
  }
}
