// The server behind this page: what it can do, and everything the console asks of it.

import { opaqueId, readFailures, readList, readTask, rateEndpoint } from "../model/task.js";
import { readHistory } from "../model/past.js";
import { DETAILED_UP_TO, EXTENDED_UP_TO } from "../model/pace.js";
import { OPAQUE_ID, Refused, ask } from "./request.js";

/** What a server may lack. The first refusal settles it for this page. */
const isMissing = (error) => error instanceof Refused && [400, 404, 405].includes(error.status);

const task = (id) => `_tasks/${encodeURIComponent(id)}`;

/** A server of the Tasks API, OpenSearch or Glasswork. */
export class Server {
  /** Its version where it is Glasswork, else null. */
  glasswork = null;
  /** What `GET /` told. */
  banner = null;
  #can = { extended: false, history: false, preview: false, pause: false, reason: false };

  /** Whether it is known to have `extended`, `history`, `preview`, `pause` or `reason`. */
  can(what) {
    return this.#can[what];
  }

  /** Finds out who it is. A user who may not ask that may still list tasks. */
  async greet() {
    try {
      const { json, headers } = await ask("GET", "");
      this.banner = json;
      this.glasswork = headers.get("x-glasswork-version");
    } catch (error) {
      if (error.status !== 403) throw error;
    }
    const has = this.glasswork !== null;
    this.#can = { extended: has, history: has, preview: has, pause: has, reason: has };
  }

  /** Lists all tasks, with as much detail as is cheap for about `expected` of them. */
  async list(expected) {
    const query = new URLSearchParams({ group_by: "nodes" });
    const detailed = expected !== null && expected <= DETAILED_UP_TO;
    if (detailed) query.set("detailed", "true");
    const extended = this.can("extended") && expected !== null && expected <= EXTENDED_UP_TO;
    if (extended) query.set("extended", "true");
    try {
      const answer = await ask("GET", `_tasks?${query}`);
      return { ...answer, ...readList(answer.json), detailed, extended };
    } catch (error) {
      if (!extended || error.status !== 400) throw error;
      this.#can.extended = false;
      return this.list(expected);
    }
  }

  /**
   * One task with all that is known of it.
   * @returns {Promise<{task: object, completed: boolean, response: any, error: any}|null>} null when there is none any more
   */
  async get(id, nodeName) {
    const query = this.can("extended") ? "?extended=true" : "";
    try {
      const { json } = await ask("GET", task(id) + query);
      const read = readTask(json?.task, id, nodeName);
      return read && { task: read, completed: json.completed === true, response: json.response ?? null, error: json.error ?? null };
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  /**
   * Which tasks a cancel would end, by the server's word.
   * @returns {Promise<{tasks: object[], token: string|null, users: string[], failures: string[]}|null>} null where it can't tell
   */
  async preview(id) {
    if (!this.can("preview")) return null;
    try {
      const { json } = await ask("POST", `${task(id)}/_cancel?dry_run=true`);
      const { tasks, failures } = readList(json);
      const users = Array.isArray(json?.preview?.users) ? json.preview.users.map(String) : [];
      return { tasks, token: typeof json?.preview?.token === "string" ? json.preview.token : null, users, failures };
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#can.preview = false;
      return null;
    }
  }

  /**
   * Cancels a task and all below it.
   * @returns {Promise<{tasks: object[], failures: string[]}>}
   */
  async cancel(id, { reason = "", token = null } = {}) {
    const query = new URLSearchParams();
    if (reason && this.can("reason")) query.set("reason", reason);
    if (token) query.set("token", token);
    const { json } = await ask("POST", `${task(id)}/_cancel?${query}`);
    return { tasks: readList(json).tasks, failures: readFailures(json) };
  }

  /** Sets the rate of a by-query operation: documents a second, Infinity for no limit. */
  async rethrottle(which, perSecond) {
    const rate = perSecond === Infinity ? "-1" : String(perSecond);
    const endpoint = rateEndpoint(which);
    const { json } = await ask("POST", `${endpoint}/${encodeURIComponent(which.id)}/_rethrottle?requests_per_second=${rate}`);
    return readFailures(json);
  }

  /** Pauses a long operation, or lets it go on. */
  async pause(id, paused) {
    const { json } = await ask("POST", `${task(id)}/${paused ? "_pause" : "_resume"}`);
    return readFailures(json);
  }

  /** What ended, without this page's own requests, by the server's history; null where it keeps none. */
  async history() {
    if (!this.can("history")) return null;
    try {
      const { json } = await ask("GET", "_tasks/_history?size=1000");
      return readHistory(json).filter(({ task: ended }) => opaqueId(ended) !== OPAQUE_ID);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#can.history = false;
      return null;
    }
  }

  /** The nodes, the cluster's health, and what the nodes use where the server tells that. Each is null when it is refused. */
  async cluster() {
    const optional = async (path) => {
      try {
        return (await ask("GET", path)).json;
      } catch (error) {
        if (error instanceof Refused && error.status >= 400 && error.status < 500) return null;
        throw error;
      }
    };
    const [nodes, health, stats] = await Promise.all([
      optional("_nodes"),
      optional("_cluster/health"),
      optional("_nodes/stats/os,process,jvm"),
    ]);
    return { nodes: nodes?.nodes ?? {}, health, stats: stats?.nodes ?? {} };
  }
}
