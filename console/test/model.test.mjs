// The console's logic, without a browser: `node --test console/test/`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FilterError, parseFilter, pattern, quote } from "../model/filter.js";
import { flame } from "../model/flame.js";
import { Forest, comparison, rows } from "../model/forest.js";
import * as format from "../model/format.js";
import { groups } from "../model/group.js";
import { Pace } from "../model/pace.js";
import { Past, readHistory } from "../model/past.js";
import { age, cpu, kind, progress, rate, readList, readTask, state, wait } from "../model/task.js";
import { coresUsed, tiles } from "../model/tiles.js";
import { why } from "../model/why.js";

const task = (number, more = {}) =>
  readTask({ node: "n1", id: number, action: "indices:data/read/search", start_time_in_millis: 1000 + number, running_time_in_nanos: number * 1e9, cancellable: true, ...more });
const child = (number, parent, more = {}) => task(number, { parent_task_id: `n1:${parent}`, action: "indices:data/read/search[phase/query]", ...more });
const everything = () => true;
const finds = (filter, of) => parseFilter(filter).matches(of);

test("durations, sizes and shares are short, and what is unknown is a dot", () => {
  assert.deepEqual([0, 740, 4200, 41_000, 178_000, 11_100_000, 187_200_000].map(format.duration), ["0ms", "740ms", "4.2s", "41s", "2m58s", "3h05m", "2d04h"]);
  assert.deepEqual([980, 1229, 64 * 1024 ** 2, 1.9 * 1024 ** 3].map(format.bytes), ["980B", "1.2K", "64M", "1.9G"]);
  assert.equal(format.nanos(1500), "1µs");
  assert.equal(format.percent(99.9), "99%");
  for (const show of [format.duration, format.nanos, format.bytes, format.count, format.percent, format.moment, format.text]) {
    assert.equal(show(null), "·");
    assert.equal(show(undefined), "·");
  }
  assert.equal(format.duration(Number.NaN), "·");
});

test("a text shows what is invisible in it, and its length is bounded", () => {
  assert.equal(format.text("a\u001b[31mb\u0000\u007f"), "a␛[31mb␀␡");
  assert.equal(format.text("gnp\u202egpj.exe"), "gnp⟨U+202E⟩gpj.exe");
  assert.equal(format.text("x".repeat(10), 4), "xxxx… (10 characters)");
  assert.equal(format.text("<b>&amp;"), "<b>&amp;");
});

test("an action is shown without its beginning", () => {
  assert.equal(format.shortAction("indices:data/read/search[phase/query]"), "search[phase/query]");
  assert.equal(format.shortAction("cluster:monitor/tasks/lists[n]"), "tasks/lists[n]");
  assert.equal(format.shortAction("my:own"), "my:own");
});

test("a list is read in each grouping, with ids that are exact", () => {
  const wire = (number) => ({ node: "n1", id: number, action: "a" });
  const big = "n1:9007199254740993";
  const byNodes = readList({ nodes: { n1: { name: "one", tasks: { [big]: wire(9007199254740993) } } } });
  assert.deepEqual(byNodes.tasks.map(({ id, nodeName }) => [id, nodeName]), [[big, "one"]]);
  const byParents = readList({ tasks: { "n1:1": { ...wire(1), children: [{ ...wire(2), parent_task_id: "n1:1", children: [{ ...wire(3), parent_task_id: "n1:2" }] }] } } });
  assert.deepEqual(byParents.tasks.map(({ id }) => id).sort(), ["n1:1", "n1:2", "n1:3"]);
  assert.deepEqual(readList({ tasks: [wire(4)] }).tasks.map(({ id }) => id), ["n1:4"]);
  const failed = readList({ node_failures: [{ type: "failed_node_exception", reason: "Failed node [x]", caused_by: { type: "t", reason: "gone" } }], nodes: {} });
  assert.deepEqual(failed.failures, ["gone"]);
});

test("whatever a server tells instead of a list, nothing breaks", () => {
  for (const odd of [null, 3, "x", [], { nodes: null }, { nodes: { n: null } }, { nodes: { n: { tasks: { "n:1": 7 } } } }, { tasks: "x" }, { tasks: [null, {}] }]) {
    assert.ok(Array.isArray(readList(odd).tasks));
  }
  const bare = readTask({});
  for (const of of [age, cpu, kind, progress, rate, state, wait]) of(bare);
  assert.ok(why(bare, new Forest([bare]), 0).length > 0);
});

test("a server that did not follow a task's CPU is not taken to say zero", () => {
  const stats = (executions) => ({ total: { cpu_time_in_nanos: 0, memory_in_bytes: 0 }, thread_info: { thread_executions: executions } });
  assert.equal(cpu(task(1, { resource_stats: stats(0) })), null);
  assert.equal(cpu(task(1, { resource_stats: stats(1) })), 0);
  assert.equal(cpu(task(1, { glasswork: { resources: { cpu_time_in_nanos: 7 } } })), 7);
});

test("the progress of a reindex is what it has done of its total", () => {
  const status = { total: 200, created: 40, updated: 10, deleted: 0, noops: 0, version_conflicts: 0, batches: 1, requests_per_second: -1.0, throttled_until_millis: 0 };
  const reindex = task(10, { action: "indices:data/write/reindex", status });
  assert.equal(progress(reindex).percent, 25);
  assert.equal(progress(reindex).eta.low, 30_000);
  assert.equal(rate(reindex), Infinity);
  assert.equal(kind(reindex), "by query");
  assert.equal(state(task(1, { status: { ...status, throttled_until_millis: 2000 } })), "waiting");
  assert.equal(progress(task(1, { status: { phase: "primary" } })), null);
});

test("a filter finds by text, number and state", () => {
  const search = task(41, { headers: { "X-Opaque-Id": "dash-77" }, description: "indices[books] <b>Dune</b>", glasswork: { user: "ads", wait: { on: "pool:search", since_in_millis: 3 } } });
  for (const filter of ["", "action:*search*", "age>5s", "age>=41s age<=41s", "opaque:dash-*", "label:x,dash-77", "user:ads", "is:waiting", "is:root", "wait:pool:*", "DUNE", '"<b>dune"', "books*dune", "-user:ops", "!is:cancelled", "id:n1:41", "indices:data/read/search", "kind:search", "-action:*write* dash", "age=41s", "desc:dune", "cancelled:false root:true cancellable:true", "header.x-opaque-id:dash-*", "-header.traceparent:*"]) {
    assert.ok(finds(filter, search), filter);
  }
  for (const filter of ["action:search", "age<5s", "age>1h", "opaque:dash", "-opaque:dash-*", "is:overdue", "cpu>1ms", "cpu<1h", "-cpu>1ms", "cancelled:true", "header.traceparent:*", "progress>1%", "nowhere", "user:ad"]) {
    assert.ok(!finds(filter, search), filter);
  }
});

test("a filter that can't be read says what is wrong and where", () => {
  for (const [filter, at, says] of [["a colour:red", 2, "there is no key `colour`"], ["age>soon", 0, "age>5s"], ["age:5s", 0, "compared"], ["user>3", 0, "is a text"], ["is:odd", 0, "`is` takes"], ['x "never', 2, "no end"], ["user:", 0, "needs a value"], ["root:maybe", 0, "true or false"]]) {
    assert.throws(() => parseFilter(filter), (error) => error instanceof FilterError && error.at === at && error.message.includes(says), filter);
  }
});

test("a value is written so that the filter finds it again", () => {
  for (const value of ["dash-77", "two words", 'with "quotes"', "a,b", "back\\slash", "team=ads"]) {
    const other = task(1, { headers: { "X-Opaque-Id": value } });
    assert.ok(finds(`opaque:${quote(value)}`, other), value);
  }
});

test("a pattern with many stars takes linear time", () => {
  const fits = pattern(`${"*a".repeat(500)}*b`);
  const began = performance.now();
  assert.equal(fits("a".repeat(100_000)), false);
  assert.ok(performance.now() - began < 500);
  assert.ok(pattern("a*c")("abc") && pattern("*")("") && !pattern("ab*bc")("abc"));
});

test("tasks stand below their parents, and a circle is cut open", () => {
  const forest = new Forest([child(2, 1), task(1), child(3, 2), child(9, 8)]);
  assert.deepEqual(forest.roots.map(({ id }) => id), ["n1:1", "n1:9"]);
  assert.deepEqual(forest.subtree("n1:1").map(({ id }) => id), ["n1:1", "n1:2", "n1:3"]);
  assert.equal(forest.rootOf("n1:3").id, "n1:1");
  const circle = new Forest([child(1, 2), child(2, 1), child(3, 3)]);
  const shown = rows(circle, { matches: everything, sort: { key: "id" }, tree: true, isFolded: () => false });
  assert.deepEqual(new Set(shown.map((row) => row.task.id)), new Set(["n1:1", "n1:2", "n1:3"]));
  assert.ok(circle.rootOf("n1:2"));
});

test("rows are in the order of the tree, keep those above a match, and leave out what is folded", () => {
  const forest = new Forest([task(1), child(2, 1), child(3, 1), task(5)]);
  const show = (more) => rows(forest, { matches: everything, sort: { key: "age", descending: true }, tree: true, isFolded: () => false, ...more }).map((row) => `${row.depth}${row.task.id}${row.matched ? "" : "?"}`);
  assert.deepEqual(show(), ["0n1:5", "0n1:1", "1n1:3", "1n1:2"]);
  assert.deepEqual(show({ matches: (one) => one.id === "n1:2" }), ["0n1:1?", "1n1:2"]);
  assert.deepEqual(show({ isFolded: (id) => id === "n1:1" }), ["0n1:5", "0n1:1"]);
  assert.deepEqual(show({ tree: false }), ["0n1:5", "0n1:3", "0n1:2", "0n1:1"]);
});

test("what is not known is sorted last, upwards and downwards", () => {
  const known = task(1, { glasswork: { user: "b", resources: { cpu_time_in_nanos: 5 } } });
  const unknown = task(2);
  for (const descending of [true, false]) {
    assert.deepEqual([unknown, known].sort(comparison({ key: "cpu", descending })).map(({ id }) => id), ["n1:1", "n1:2"]);
  }
});

test("a chain of 20,000 tasks and 250,000 children are no problem", () => {
  const chain = new Forest([task(0), ...Array.from({ length: 20_000 }, (_, at) => child(at + 1, at))]);
  const shown = rows(chain, { matches: (one) => one.id === "n1:20000", sort: { key: "id" }, tree: true, isFolded: () => false });
  assert.equal(shown.length, 20_001);
  const widest = new Forest([task(1)].concat(Array.from({ length: 250_000 }, (_, at) => child(at + 2, 1))));
  assert.equal(widest.subtree("n1:1").length, 250_001);
  const wide = new Forest([task(1), ...Array.from({ length: 10_000 }, (_, at) => child(at + 2, 1))]);
  const drawn = flame(wide, "n1:1", "time");
  assert.ok(drawn.boxes.length <= 400 && drawn.boxes.length + drawn.left === 10_001);
});

test("a flame's children lie within their parent, by time and by CPU", () => {
  const used = (nanos) => ({ glasswork: { resources: { cpu_time_in_nanos: nanos } } });
  const forest = new Forest([task(10, used(0)), child(6, 10, used(30)), child(8, 10, used(10))]);
  const byTime = flame(forest, "n1:10", "time").boxes;
  assert.deepEqual(byTime.map(({ task: { id }, width }) => [id, Math.round(width * 100)]), [["n1:10", 100], ["n1:8", 57], ["n1:6", 43]]);
  const byCpu = flame(forest, "n1:10", "cpu").boxes;
  assert.deepEqual(byCpu.map(({ task: { id }, left, width }) => [id, left, width]), [["n1:10", 0, 1], ["n1:6", 0, 0.75], ["n1:8", 0.75, 0.25]]);
  assert.equal(flame(new Forest([]), "n1:1", "time").boxes.length, 0);
});

test("groups are counted, the largest first, and lead to their tasks", () => {
  const of = (number, label) => task(number, label ? { headers: { "X-Opaque-Id": label } } : {});
  const tasks = [of(1, "b c"), of(2, "b c"), of(3, "a"), of(4)];
  const found = groups(tasks, "label");
  assert.deepEqual(found.map(({ name, tasks: many, share }) => [name, many, share]), [["b c", 2, 0.5], ["a", 1, 0.25], [null, 1, 0.25]].sort((x, y) => y[1] - x[1] || String(x[0]).localeCompare(String(y[0]))));
  assert.equal(tasks.filter((one) => finds(found[0].filter, one)).length, 2);
});

test("tiles count what runs, waits and lingers", () => {
  const forest = new Forest([task(3), task(90, { type: "persistent" }), child(2, 3, { cancelled: true, glasswork: { cancel: { overdue: true } } }), task(4, { glasswork: { wait: { on: "x" } } })]);
  const shown = tiles(forest);
  assert.deepEqual([shown.tasks, shown.roots, shown.lingering, shown.overdue, shown.waiting, shown.oldest.id], [4, 3, 1, 1, 1, "n1:4"]);
  assert.equal(tiles(new Forest([task(1)])).waiting, null);
  const used = (nanos) => new Map([["n1:1", task(1, { glasswork: { resources: { cpu_time_in_nanos: nanos } } })]]);
  assert.equal(coresUsed(used(0), used(3e9), 2000), 1.5);
  assert.equal(coresUsed(new Map(), new Map([["n1:1", task(1)]]), 2000), null);
});

test("why says what the server tells, and that it does not where it does not", () => {
  const forest = (one, ...more) => new Forest([one, ...more]);
  const said = (one, ...more) => why(one, forest(one, ...more), 180_000).join(" ");
  assert.match(said(task(1, { glasswork: { wait: { on: "pool:search", since_in_millis: 39_000 } } })), /Waits for pool:search since 39s/);
  assert.match(said(task(1, { glasswork: { checkpoint: { at: "aggregation terms(author)", age_in_millis: 3 } } })), /Runs\. Its last safe point was 3ms ago: aggregation terms\(author\)/);
  assert.match(said(task(1, { cancelled: true, cancellation_time_millis: 2000, glasswork: { cancel: { overdue: true, bound_in_millis: 1000, requested_by: "ops", reason: "too slow" } } })), /Overdue: it was cancelled 2m58s ago and should have stopped within 1s.*by ops with the reason “too slow”/);
  assert.match(said(task(1)), /this server does not tell/);
  assert.match(said(task(1), child(2, 1)), /children.*1 child on n1; the oldest is search\[phase\/query\], 2s/);
  assert.match(said(task(1, { status: { requests_per_second: 3, throttled_until_millis: 2100 } })), /next batch begins in 2\.1s.*3 documents a second/);
});

test("what leaves the list has ended, and the server's word goes before what was seen", () => {
  const past = new Past();
  past.seen([task(1), task(2, { cancelled: true })], 5000);
  past.seen([task(1)], 7000);
  assert.deepEqual(past.ended().map(({ task: { id }, outcome, at }) => [id, outcome, at]), [["n1:2", "cancelled", 7000]]);
  past.seen([], 9000);
  past.add({ task: task(1), outcome: "failed", at: 8900, error: null });
  past.add({ task: task(1), outcome: "ended", at: 9000, error: null });
  assert.deepEqual(past.ended().map(({ outcome }) => outcome), ["failed", "cancelled"]);
  assert.deepEqual(past.at(6000).map(({ id, running }) => [id, running / 1e6]), [["n1:2", 4998], ["n1:1", 4999]]);
  assert.deepEqual(past.at(1001).map(({ id }) => id), ["n1:1"]);
  for (let number = 0; number < 6000; number += 1) past.add({ task: task(number), outcome: "ended", at: number, error: null });
  assert.equal(past.ended().length, 5000);
});

test("what was cancelled is told so though no list showed it", () => {
  const past = new Past();
  past.seen([task(1), task(2)], 5000);
  past.cancelled(["n1:1", "n1:9"]);
  past.seen([], 6000);
  assert.deepEqual(past.ended().map(({ task: { id }, outcome }) => [id, outcome]), [["n1:1", "cancelled"], ["n1:2", "ended"]]);
});

test("a history is read with its outcomes", () => {
  const read = readHistory({ tasks: [{ node: "n1", id: 5, action: "a", outcome: "failed", ended_in_millis: 9, error: { type: "t", reason: "r" } }, { node: "n1", id: 6, action: "a", outcome: "strange", ended_in_millis: 9 }, null, {}] });
  assert.deepEqual(read.map(({ task: { id }, outcome, error }) => [id, outcome, error]), [["n1:5", "failed", { type: "t", reason: "r" }], ["n1:6", "ended", null]]);
  assert.deepEqual(readHistory(null), []);
});

test("a dear list is asked for less often, and failures even less", () => {
  const pace = new Pace(2000);
  assert.equal(pace.next(), 2000);
  pace.answered({ millis: 300, bytes: 10 });
  pace.answered({ millis: 10, bytes: 6 * 1024 * 1024 });
  assert.equal(pace.next(), 8000);
  assert.ok(pace.isSlowed);
  for (let times = 0; times < 9; times += 1) pace.answered({ millis: 900, bytes: 1 });
  assert.equal(pace.next(), 60_000);
  for (let times = 0; times < 9; times += 1) pace.answered({ millis: 5, bytes: 1 });
  assert.equal(pace.next(), 2000);
  for (let times = 0; times < 9; times += 1) pace.failed();
  assert.equal(pace.next(), 30_000);
  assert.equal(pace.next(45_000), 45_000);
});
