//! The console with 10,000 tasks, on a small screen, and out of sight.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod browser;

use browser::{
    Browser,
    fake::{Fake, banner, listed, task},
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

const TASKS: u64 = 10_000;

/// 10,000 tasks, a tenth of them roots.
fn many(detailed: bool) -> String {
    listed((1..=TASKS).map(|number| {
        let mut one = task(number, "indices:data/read/search");
        if number % 10 != 0 {
            one["action"] = json!("indices:data/read/search[phase/query]");
            one["parent_task_id"] = json!(format!("n1:{}", number / 10 * 10 + 10));
        }
        if detailed {
            one["description"] = json!(format!("shardId[[logs][{number}]]"));
        }
        one
    }))
}

#[test]
fn ten_thousand_tasks_scroll_smoothly() {
    let Some(mut browser) = Browser::start("10,000 tasks", 1400, 900) else {
        return;
    };
    let list = many(false);
    let fake = Fake::start(move |_, target| {
        let path = target.split('?').next().unwrap();
        Some(match path {
            "/" => (200, banner()),
            "/_tasks" => (200, list.clone()),
            _ => {
                let number = path.rsplit("%3A").next().unwrap().parse().unwrap();
                let mut one = task(number, "indices:data/read/search");
                one["description"] = json!(format!("described {number}"));
                (200, json!({"completed": false, "task": one}).to_string())
            }
        })
    });
    browser.open(&fake.console());
    browser
        .until("document.querySelector('gw-table.main').getAttribute('aria-rowcount') === '10001'");
    browser.until("document.querySelector('gw-table.main').innerText.includes('described')");
    // Only what is in sight is an element, and only that is asked for.
    assert!(
        browser
            .get("document.querySelectorAll('gw-table.main .tr').length")
            .as_u64()
            .unwrap()
            < 80
    );
    let described = fake
        .asked()
        .iter()
        .filter(|asked| asked.contains("%3A"))
        .count();
    assert!(described < 200, "{described} tasks were asked for");
    assert!(
        fake.asked()
            .iter()
            .all(|asked| !asked.contains("detailed=true")),
        "all details of 10,000 tasks were asked for"
    );
    browser.press("z");
    let frames = browser.get(
        "new Promise(done => { const table = document.querySelector('gw-table.main'); const took = []; let last = performance.now(); let at = 0;
         const step = () => { const now = performance.now(); took.push(now - last); last = now; at += 1; table.scrollTop = at * 2490;
         if (at < 120) requestAnimationFrame(step); else done({worst: Math.max(...took.slice(2)), mean: took.slice(2).reduce((a, b) => a + b) / (took.length - 2),
         rows: document.querySelectorAll('gw-table.main .tr:not([hidden])').length, top: table.scrollTop, height: table.scrollHeight}); }; requestAnimationFrame(step); })",
    );
    println!("frames while scrolling through 10,000 tasks: {frames}");
    // A frame is the whole machine's work, which other tests share: it must never freeze. The page's own work is below.
    assert!(frames["worst"].as_f64().unwrap() < 2000.0, "{frames}");
    assert!(frames["top"].as_f64().unwrap() > 250_000.0, "{frames}");
    let work = browser.get(
        "new Promise(done => { const table = document.querySelector('gw-table.main'); const took = [];
         for (let at = 0; at < 100; at += 1) { const began = performance.now(); table.scrollTop = at * 2900; table.dispatchEvent(new Event('scroll')); table.rows = table.rows; took.push(performance.now() - began); }
         took.sort((a, b) => a - b); done({median: took[50], p95: took[95]}); })",
    );
    println!("work to draw one screen, milliseconds: {work}");
    assert!(work["median"].as_f64().unwrap() < 33.0, "{work}");
    browser.click("gw-table.main");
    browser.press("End");
    browser.until("document.querySelector('gw-table.main .tr.active')?.getAttribute('aria-rowindex') === '10001'");
    browser.press("/");
    browser.write("id:n1:77*1 is:cancellable");
    browser.press("Enter");
    browser.until("document.querySelector('gw-table.main').innerText.includes('n1:77') || Number(document.querySelector('gw-table.main').getAttribute('aria-rowcount')) < 40");
}

#[test]
fn a_list_that_is_dear_is_asked_for_less_often_and_a_page_out_of_sight_asks_nothing() {
    let Some(mut browser) = Browser::start("polite", 1000, 700) else {
        return;
    };
    let asked = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&asked);
    let large = listed((0..40).map(|number| {
        let mut one = task(number, "indices:data/read/search");
        one["description"] = json!("x".repeat(150_000));
        one
    }));
    let fake = Fake::start(move |_, target| {
        Some(if target == "/" {
            (200, banner())
        } else {
            counted.fetch_add(1, Ordering::SeqCst);
            (200, large.clone())
        })
    });
    browser.open(&fake.console());
    browser.until("document.querySelector('.status').innerText.includes('the list is dear')");
    browser.call("Runtime.evaluate", json!({"expression": "Object.defineProperty(document, 'hidden', {get: () => window.away === true, configurable: true})"}));
    browser.get("(window.away = true, document.dispatchEvent(new Event('visibilitychange')))");
    let before = asked.load(Ordering::SeqCst);
    browser.get("new Promise(done => setTimeout(done, 6000))");
    assert!(
        asked.load(Ordering::SeqCst) <= before + 1,
        "a page that nobody sees asks"
    );
    browser.get("(window.away = false, document.dispatchEvent(new Event('visibilitychange')))");
    let seen = asked.load(Ordering::SeqCst);
    browser.until("true");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while asked.load(Ordering::SeqCst) == seen {
        assert!(
            std::time::Instant::now() < deadline,
            "a page that is seen again asks at once"
        );
        browser.get("new Promise(done => setTimeout(done, 50))");
    }
}

#[test]
fn it_works_at_360_pixels() {
    let Some(mut browser) = Browser::start("360 pixels", 360, 740) else {
        return;
    };
    let fake = Fake::start(|method, target| {
        let path = target.split('?').next().unwrap();
        let mut one = task(3, "indices:data/read/search");
        one["description"] = json!(
            "indices[a-rather-long-name-of-an-index-2026.11.25], search_type[QUERY_THEN_FETCH]"
        );
        Some(match (method, path) {
            ("GET", "/") => (200, banner()),
            ("GET", "/_tasks") => (200, listed([one, task(4, "indices:data/write/bulk")])),
            ("GET", "/_nodes") => (
                200,
                json!({"nodes": {"n1": {"name": "node-0", "version": "2.19.1"}}}).to_string(),
            ),
            ("POST", _) => (200, listed([task(3, "indices:data/read/search")])),
            _ => return None,
        })
    });
    browser.open(&fake.console());
    browser.until("document.querySelector('gw-table.main').innerText.includes('bulk')");
    let fits = "document.documentElement.scrollWidth <= innerWidth && innerWidth === 360";
    assert_eq!(browser.get(fits), true, "nothing sticks out");
    browser.click("gw-table.main .tbody .tr:not([hidden]) .action .cut");
    browser.until("document.querySelector('gw-detail:not([hidden])')");
    assert_eq!(
        browser.get("document.querySelector('gw-detail').getBoundingClientRect().width >= 340"),
        true
    );
    assert_eq!(browser.get(fits), true);
    browser.click("gw-detail .actions .danger");
    browser.until("document.querySelector('dialog[open] .danger')");
    assert!(
        browser
            .get("document.querySelector('dialog[open]').getBoundingClientRect().right")
            .as_f64()
            .unwrap()
            <= 360.0
    );
    browser.click("dialog[open] .danger");
    browser.until("document.querySelector('.notices').innerText.includes('Cancel asked for')");
    browser.click("gw-detail .icon");
    for view in ["2", "3"] {
        browser.press(view);
        assert_eq!(browser.get(fits), true, "view {view}");
    }
    browser.press("?");
    browser.until("document.querySelector('dialog.help[open]')");
    assert_eq!(browser.get(fits), true, "the help");
}
