// A task as the console knows it, read from what any server of the Tasks API tells. Whatever is missing is null.

/**
 * @typedef {object} Task
 * @property {string} id `node:number`, exact: numbers may be larger than JavaScript's are
 * @property {string} node the node's id
 * @property {string} nodeName its name where the server told it, else its id
 * @property {string} action
 * @property {string|null} description null where it was not asked for
 * @property {object|null} status
 * @property {number|null} started milliseconds since 1970
 * @property {number|null} running nanoseconds
 * @property {boolean} cancellable
 * @property {boolean} cancelled
 * @property {number|null} cancelledAt milliseconds since 1970
 * @property {string|null} parent
 * @property {Record<string, string>} headers
 * @property {object|null} stats `resource_stats`
 * @property {object|null} extended what only Glasswork tells, as it came
 */

const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : null);
const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
const string = (value) => (typeof value === "string" ? value : null);

/**
 * Reads one task. `id` is the exact one where the answer has it as a key.
 * @returns {Task|null} null for what is none
 */
export function readTask(wire, id = null, nodeName = null) {
  const from = object(wire);
  if (!from) return null;
  const node = string(from.node) ?? (id ? id.slice(0, id.lastIndexOf(":")) : "");
  const parent = string(from.parent_task_id);
  return {
    id: id ?? `${node}:${from.id}`,
    node,
    nodeName: nodeName ?? node,
    type: string(from.type),
    action: string(from.action) ?? "",
    description: string(from.description),
    status: object(from.status),
    started: number(from.start_time_in_millis),
    running: number(from.running_time_in_nanos),
    cancellable: from.cancellable === true,
    cancelled: from.cancelled === true,
    cancelledAt: number(from.cancellation_time_millis),
    parent: parent === null || parent === "" || parent.endsWith(":-1") ? null : parent,
    headers: texts(from.headers),
    stats: object(from.resource_stats),
    extended: object(from.glasswork),
  };
}

function texts(headers) {
  const entries = Object.entries(object(headers) ?? {});
  return Object.fromEntries(entries.filter(([, value]) => typeof value === "string"));
}

/**
 * Reads a list in any of its three groupings.
 * @returns {{tasks: Task[], nodes: Map<string, object>, failures: string[]}}
 */
export function readList(answer) {
  const list = { tasks: [], nodes: new Map(), failures: readFailures(answer) };
  const from = object(answer) ?? {};
  for (const [id, node] of Object.entries(object(from.nodes) ?? {})) {
    const name = string(node?.name);
    list.nodes.set(id, { id, name: name ?? id, host: string(node?.host), roles: Array.isArray(node?.roles) ? node.roles : [] });
    for (const [key, wire] of Object.entries(object(node?.tasks) ?? {})) add(list.tasks, readTask(wire, key, name));
  }
  if (Array.isArray(from.tasks)) {
    for (const wire of from.tasks) add(list.tasks, readTask(wire));
  } else {
    const waiting = Object.entries(object(from.tasks) ?? {});
    while (waiting.length > 0) {
      const [key, wire] = waiting.pop();
      add(list.tasks, readTask(wire, key));
      if (Array.isArray(wire?.children)) for (const child of wire.children) waiting.push([null, child]);
    }
  }
  return list;
}

function add(tasks, task) {
  if (task) tasks.push(task);
}

/** What went wrong on the way, a sentence each. */
export function readFailures(answer) {
  const told = [];
  for (const failure of [...list(answer?.node_failures), ...list(answer?.task_failures)]) {
    const cause = failure?.caused_by ?? failure?.reason ?? failure;
    const reason = string(cause?.reason) ?? string(failure?.reason) ?? string(cause?.type);
    told.push(reason ?? "a node did not say what failed");
  }
  return told;
}

const list = (value) => (Array.isArray(value) ? value : []);

/** `X-Opaque-Id`: the label by which whoever started it finds it. */
export const opaqueId = (task) => task.headers["X-Opaque-Id"] ?? null;

/** Who started it; only Glasswork tells. */
export const user = (task) => string(task.extended?.user);

/** CPU time in nanoseconds. A server that did not follow the task says zero of zero executions: not known. */
export function cpu(task) {
  const told = number(task.extended?.resources?.cpu_time_in_nanos);
  if (told !== null) return told;
  return tracked(task) ? number(task.stats.total?.cpu_time_in_nanos) : null;
}

/** Bytes: live where the server tells that, else allocated in all. */
export function memory(task) {
  const told = number(task.extended?.resources?.live_memory_in_bytes);
  if (told !== null) return told;
  return tracked(task) ? number(task.stats.total?.memory_in_bytes) : null;
}

const tracked = (task) => (number(task.stats?.thread_info?.thread_executions) ?? 0) > 0;

/** Milliseconds that it runs. */
export const age = (task) => (task.running === null ? null : task.running / 1e6);

/**
 * How far it is.
 * @returns {{done: number, total: number|null, percent: number|null, unit: string, eta: {low: number, high: number}|null}|null}
 */
export function progress(task) {
  const told = object(task.extended?.progress);
  if (told) {
    const eta = object(told.eta_in_millis);
    return {
      done: number(told.done) ?? 0,
      total: number(told.total),
      percent: number(told.percent),
      unit: string(told.unit) ?? "",
      eta: eta && number(eta.low) !== null ? { low: eta.low, high: number(eta.high) ?? eta.low } : null,
    };
  }
  return task.status ? ofByQuery(task) : null;
}

/** From the counts of a reindex, update or delete by query. */
function ofByQuery(task) {
  const status = task.status;
  const total = number(status.total);
  if (total === null || number(status.batches) === null) return null;
  let done = 0;
  for (const name of ["created", "updated", "deleted", "noops", "version_conflicts"]) done += number(status[name]) ?? 0;
  const share = total > 0 ? Math.min(1, done / total) : null;
  const left = share !== null && share >= 0.01 && share < 1 && age(task) !== null ? (age(task) / share) * (1 - share) : null;
  return {
    done,
    total: total > 0 ? total : null,
    percent: share === null ? null : share * 100,
    unit: "docs",
    eta: left === null ? null : { low: left, high: left },
  };
}

/**
 * What it waits for.
 * @returns {{on: string, millis: number|null}|null} null when it runs, or when nobody tells
 */
export function wait(task) {
  const told = object(task.extended?.wait);
  if (told) return { on: string(told.on) ?? "", millis: number(told.since_in_millis) };
  const until = number(task.status?.throttled_until_millis);
  if (until !== null && until > 0) return { on: "throttle", millis: null };
  const phase = string(task.status?.phase);
  if (phase && /^waiting/.test(phase)) return { on: phase, millis: null };
  return null;
}

/** Documents a second that a by-query operation may write; null for what can't be slowed down, Infinity for no limit. */
export function rate(task) {
  const told = number(task.status?.requests_per_second);
  if (told === null) return null;
  return told < 0 ? Infinity : told;
}

const RATED = new Map([
  ["indices:data/write/reindex", "_reindex"],
  ["indices:data/write/update/byquery", "_update_by_query"],
  ["indices:data/write/delete/byquery", "_delete_by_query"],
]);

/** The endpoint that slows it down; null when there is none. */
export const rateEndpoint = (task) => RATED.get(task.action) ?? null;

/** What kind of thing a task is, by its action: `search`, `by query`, `write`, `admin`, `monitor`, `other`. */
export function kind(task) {
  const action = task.action;
  if (RATED.has(action)) return "by query";
  if (action.startsWith("indices:data/read/")) return "search";
  if (action.startsWith("indices:data/write/")) return "write";
  if (/^(indices|cluster):admin\//.test(action)) return "admin";
  if (/^(indices|cluster):monitor\//.test(action)) return "monitor";
  return "other";
}

/** One of `overdue`, `cancelled`, `paused`, `waiting`, `running`: the first that is true. */
export function state(task) {
  if (task.cancelled) return task.extended?.cancel?.overdue === true ? "overdue" : "cancelled";
  const waits = wait(task);
  if (!waits) return "running";
  return waits.on === "paused" ? "paused" : "waiting";
}
