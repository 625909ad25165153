// Tasks put together by what they have in common: label, action, node or user.

import { cpu, opaqueId, user } from "./task.js";
import { quote } from "./filter.js";

const GROUPINGS = {
  label: { of: opaqueId, key: "opaque", title: "label (X-Opaque-Id)" },
  action: { of: (task) => task.action, key: "action", title: "action" },
  node: { of: (task) => task.nodeName, key: "node", title: "node" },
  user: { of: user, key: "user", title: "user" },
};

/** The groupings there are: their names and titles. */
export const GROUP_BY = Object.entries(GROUPINGS).map(([name, { title }]) => ({ name, title }));

/**
 * Groups tasks, the largest first. Tasks that tell nothing are in a group whose name is null and which can't be filtered for.
 * @returns {{name: string|null, tasks: number, cpu: number|null, share: number, filter: string|null}[]} `cpu` in
 *   nanoseconds, `share` of all tasks from 0 to 1
 */
export function groups(tasks, by) {
  const { of, key } = GROUPINGS[by];
  const found = new Map();
  for (const task of tasks) {
    const name = of(task);
    const group = found.get(name) ?? { name, tasks: 0, cpu: null };
    group.tasks += 1;
    const used = cpu(task);
    if (used !== null) group.cpu = (group.cpu ?? 0) + used;
    found.set(name, group);
  }
  const sorted = [...found.values()].sort(
    (a, b) => b.tasks - a.tasks || (b.cpu ?? 0) - (a.cpu ?? 0) || String(a.name).localeCompare(String(b.name)),
  );
  return sorted.map((group) => ({
    ...group,
    share: group.tasks / tasks.length,
    filter: group.name === null || group.name === "" ? null : `${key}:${quote(group.name)}`,
  }));
}
