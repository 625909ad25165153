//! The console for everyone: axe-core's rules in every view, dialog and theme; and the pictures of the documentation.
//! axe-core comes from the package registry through npm; where it can't be had, the test says so and passes.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod browser;

use browser::{
    Browser,
    fake::{Fake, listed, task},
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

const AXE: &str = "axe-core@4.14.1";

/// The text of axe-core.
fn axe() -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let packed = Command::new("npm")
        .args(["pack", "--silent", AXE])
        .current_dir(&folder)
        .output();
    let unpacked = packed.is_ok_and(|output| output.status.success())
        && Command::new("tar")
            .arg("xzf")
            .arg(format!("{}.tgz", AXE.replace('@', "-")))
            .current_dir(&folder)
            .status()
            .is_ok_and(|status| status.success());
    let text = std::fs::read_to_string(folder.path().join("package/axe.min.js")).ok();
    if !unpacked || text.is_none() {
        println!("accessibility: skipped, {AXE} is not to be had");
        return None;
    }
    text
}

/// A cluster with something of everything.
fn cluster() -> Fake {
    Fake::glasswork(|method, target| {
        let path = target.split('?').next().unwrap();
        Some(match (method, path) {
            ("GET", "/") => (200, json!({"name": "node-1", "cluster_name": "prod-eu", "version": {"distribution": "opensearch", "number": "3.8.0"}}).to_string()),
            ("GET", "/_tasks") => (200, listed(tasks())),
            ("GET", "/_tasks/_history") => (200, json!({"tasks": [{"task": task(90, "indices:data/read/search"), "outcome": "failed", "ended_in_millis": now() - 40_000, "error": {"type": "index_not_found_exception", "reason": "no such index [x]"}},
                {"task": task(91, "indices:data/read/search"), "outcome": "cancelled", "ended_in_millis": now() - 90_000}]}).to_string()),
            ("GET", "/_nodes") => (200, json!({"nodes": {"n1": {"name": "node-0", "version": "3.8.0", "transport_address": "127.0.0.1:9300", "roles": ["data", "ingest"]}}}).to_string()),
            ("GET", "/_cluster/health") => (200, json!({"status": "green", "number_of_nodes": 3, "active_shards": 12, "unassigned_shards": 0}).to_string()),
            ("POST", path) if path.ends_with("_cancel") => (200, listed(tasks().into_iter().take(4))),
            _ => return None,
        })
    })
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap().as_millis()).unwrap()
}

fn known(
    number: u64,
    action: &str,
    age: u64,
    description: &str,
    user: &str,
    label: &str,
    more: Value,
) -> Value {
    let mut one = task(number, action);
    one["running_time_in_nanos"] = json!(age * 1_000_000_000);
    one["start_time_in_millis"] = json!(now() - age * 1000);
    one["description"] = json!(description);
    one["headers"] = json!({"X-Opaque-Id": label});
    let mut extended = json!({"user": user, "cancel": {"bound_in_millis": 100, "overdue": false}, "durable": false,
        "resources": {"cpu_time_in_nanos": age * 700_000_000 / number, "live_memory_in_bytes": (age + number) << 20, "peak_memory_in_bytes": (age + number) << 21, "read_in_bytes": age << 22, "written_in_bytes": 0}});
    for (key, value) in more.as_object().unwrap() {
        extended[key] = value.clone();
    }
    one["glasswork"] = extended;
    one
}

fn tasks() -> Vec<Value> {
    let search = "indices:data/read/search";
    let phase = "indices:data/read/search[phase/query]";
    let child = |number, age, shard: &str, more: Value| {
        let mut one = known(number, phase, age, shard, "ads", "dash-77", more);
        one["parent_task_id"] = json!("n1:1");
        one
    };
    let progress = |percent: f64| json!({"progress": {"done": percent * 40.96, "total": 4096, "unit": "docs", "percent": percent, "eta_in_millis": {"low": 18000, "high": 30000}}});
    let mut cancelled = known(
        5,
        search,
        190,
        "indices[sales-*], search_type[QUERY_THEN_FETCH], source[…]",
        "bi",
        "tableau-9",
        json!({"cancel": {"bound_in_millis": 1000, "overdue": true, "requested_by": "ops", "reason": "too slow"}, "checkpoint": {"at": "aggregation terms(customer)", "age_in_millis": 178_000}}),
    );
    cancelled["cancelled"] = json!(true);
    cancelled["cancellation_time_millis"] = json!(now() - 178_000);
    let mut reindex = known(
        6,
        "indices:data/write/reindex",
        7920,
        "reindex from [logs-2025] to [logs-2025-v2]",
        "etl",
        "job-12",
        json!({"durable": true, "wait": {"on": "throttle", "since_in_millis": 700}, "progress": {"done": 4_100_000, "total": 10_000_000, "unit": "docs", "percent": 41.0, "eta_in_millis": {"low": 11_160_000, "high": 11_160_000}}}),
    );
    reindex["status"] = json!({"total": 10_000_000, "updated": 0, "created": 4_100_000, "deleted": 0, "batches": 4100, "version_conflicts": 0, "noops": 0,
        "retries": {"bulk": 0, "search": 0}, "throttled_millis": 86_000, "requests_per_second": 500.0, "throttled_until_millis": 1300});
    vec![
        known(
            1,
            search,
            41,
            "indices[logs-*], search_type[QUERY_THEN_FETCH], source[{\"size\":0,\"aggs\":{\"hosts\":{\"terms\":{\"field\":\"host\"}}}}]",
            "ads",
            "dash-77",
            progress(63.0),
        ),
        child(2, 41, "shardId[[logs-2026.11.24][0]]", progress(71.0)),
        child(3, 40, "shardId[[logs-2026.11.24][1]]", progress(58.0)),
        child(
            4,
            12,
            "shardId[[logs-2026.11.23][0]]",
            json!({"wait": {"on": "pool:search", "since_in_millis": 12_000}}),
        ),
        cancelled,
        reindex,
        known(
            7,
            "indices:admin/forcemerge",
            1020,
            "Force-merge indices [logs-2026.10], maxSegments[1]",
            "ops",
            "nightly",
            progress(38.0),
        ),
        known(
            8,
            "indices:data/write/bulk",
            1,
            "requests[500], indices[logs-2026.11.25]",
            "ingest",
            "beats-3",
            json!({}),
        ),
    ]
}

fn check(browser: &mut Browser, place: &str) {
    let found = browser.get(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(one => ({id: one.id, help: one.help, where: one.nodes.slice(0, 4).map(node => node.target.join(' ') + ' ' + (node.any[0]?.message ?? node.all[0]?.message ?? ''))})))",
    );
    assert_eq!(found, json!([]), "{place}: {found:#}");
    let passed = browser
        .get("axe.run(document, {resultTypes: ['passes']}).then(result => result.passes.length)");
    assert!(
        passed.as_u64().unwrap() > 15,
        "{place}: axe checked only {passed} rules"
    );
}

#[test]
fn axe_finds_no_violation() {
    let Some(mut browser) = Browser::start("accessibility", 1440, 900) else {
        return;
    };
    let Some(axe) = axe() else { return };
    let fake = cluster();
    browser.call("Page.setBypassCSP", json!({"enabled": true}));
    for (scheme, width) in [("light", 1440), ("dark", 1440), ("light", 360)] {
        browser.size(width, 900);
        browser.prefer(scheme);
        browser.open(&fake.console());
        browser.get(&format!("{axe}; 0"));
        let at = |view: &str| format!("{view}, {scheme}, {width} pixels");
        browser.until("document.querySelector('gw-table.main').innerText.includes('reindex')");
        browser.press("g");
        browser.until("document.querySelector('.groups li')");
        check(&mut browser, &at("live"));
        browser.press(" ");
        browser.click("gw-table.main .tbody .tr:not([hidden]) .action .cut");
        browser.until("document.querySelector('gw-detail .why li')");
        check(&mut browser, &at("details"));
        browser.press("x");
        browser.until("document.querySelector('dialog.ask[open]')");
        check(&mut browser, &at("cancel"));
        browser.press("Escape");
        browser.press("Escape");
        browser.press("?");
        browser.until("document.querySelector('dialog.help[open]')");
        check(&mut browser, &at("help"));
        browser.press("Escape");
        for (key, view) in [("2", "history"), ("3", "nodes")] {
            browser.press(key);
            browser.until(&format!("document.querySelector('gw-{view} tbody tr')"));
            check(&mut browser, &at(view));
        }
    }
}

#[test]
fn the_pictures_of_the_documentation_can_be_taken() {
    let Some(mut browser) = Browser::start("pictures", 1280, 760) else {
        return;
    };
    let fake = cluster();
    let folder = tempfile::tempdir().unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    let write = std::env::var_os("GLASSWORK_WRITE_DOCS").is_some();
    let into = if write { docs.as_path() } else { folder.path() };
    std::fs::create_dir_all(into).unwrap();
    for (name, scheme, width) in [
        ("console-light", "light", 1280),
        ("console-dark", "dark", 1280),
        ("console-narrow", "light", 360),
    ] {
        browser.size(width, 760);
        browser.prefer(scheme);
        browser.open(&fake.console());
        browser.until("document.querySelector('gw-table.main').innerText.includes('reindex')");
        if width > 400 {
            browser.get("document.querySelector('gw-table.main').focus()");
            for _ in 0..9 {
                browser.press("ArrowDown");
            }
            let chosen = if scheme == "light" {
                "'tableau-9'"
            } else {
                "'dash-77'"
            };
            browser.get(&format!("[...document.querySelectorAll('gw-table.main .tbody .tr:not([hidden])')].find(row => row.innerText.includes({chosen})).querySelector('.cut').click()"));
            browser.until("document.querySelector('gw-detail .why li')");
        }
        let file = into.join(format!("{name}.png"));
        browser.picture(&file);
        let bytes = std::fs::metadata(&file).unwrap().len();
        assert!((5_000..250_000).contains(&bytes), "{name}: {bytes} bytes");
    }
}
