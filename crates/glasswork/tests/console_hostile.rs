//! The console before texts and servers that mean it ill: nothing that a task says is ever run or shown as markup, and a
//! server that answers badly is told in one line.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod browser;
mod harness;

use browser::{
    Browser,
    fake::{Fake, banner, listed, task},
};
use harness::Node;
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

const EVIL: &str = r#"<img src=x onerror="window.hit=1"><script>window.hit=1</script>"#;

/// Notes scripts that ran and elements that no console makes.
fn untouched(browser: &mut Browser) {
    assert_eq!(
        browser.get("window.hit === undefined"),
        true,
        "a text was run"
    );
    assert_eq!(browser.get("document.querySelectorAll('gw-console img, gw-console script, gw-console iframe, gw-console a').length"), 0);
}

#[test]
fn what_a_task_says_is_text_on_a_real_node() {
    let Some(mut browser) = Browser::start("texts", 1400, 900) else {
        return;
    };
    let node = Node::with(&["--name", "<img src=x onerror=hit=1>"]);
    node.index("slow", 1, 1);
    let search = node.slow_search(
        r#"/slow/_search?preference=%3Csvg%2Fonload%3Dhit%3D1%3E"#,
        EVIL,
    );
    node.await_task(EVIL, "indices:data/read/search[phase/query]");
    browser.open(&format!("{}/_console", node.url));
    browser.until("document.querySelector('gw-table.main').innerText.includes('<img src=x')");
    browser.get(r#"(() => { const s = document.querySelector('gw-toolbar select'); s.value = "label"; s.dispatchEvent(new Event("change")); })()"#);
    browser.until("document.querySelector('.groups').innerText.includes('<script>')");
    browser.click("gw-table.main .tbody .tr:not([hidden]) .action .cut");
    browser.until("document.querySelector('gw-detail .facts')?.innerText.includes('<script>')");
    browser.click("gw-detail .actions .danger");
    browser.until("document.querySelector('dialog[open]')");
    browser.press("Escape");
    browser.press("3");
    browser.until("document.querySelector('gw-nodes tbody')?.innerText.includes('<img src=x')");
    untouched(&mut browser);
    node.post("/_tasks/_cancel?actions=*search", "");
    search.join().unwrap();
}

#[test]
fn what_a_server_tells_is_text_everywhere() {
    let Some(mut browser) = Browser::start("everything is text", 1400, 900) else {
        return;
    };
    let fake = Fake::start(|method, target| {
        let mut one = task(7, EVIL);
        one["description"] = json!(format!("{EVIL}\u{1b}[31m\u{202e}{}", "x".repeat(100_000)));
        one["headers"] = json!({"X-Opaque-Id": EVIL, EVIL: EVIL, "__proto__": "x"});
        one["status"] = json!({"phase": format!("waiting {EVIL}")});
        one["node"] = json!(EVIL);
        let evil_key = format!("{EVIL}:7/../?x#y");
        let path = target.split('?').next().unwrap();
        Some(match (method, path) {
            ("GET", "/") => (200, json!({"name": EVIL, "cluster_name": EVIL, "version": {"distribution": EVIL, "number": EVIL}}).to_string()),
            ("GET", "/_tasks") => (200, json!({"node_failures": [{"reason": EVIL}], "nodes": {EVIL: {"name": EVIL, "roles": [EVIL], "tasks": {evil_key: one}}}}).to_string()),
            ("POST", _) => (200, json!({"node_failures": [{"type": "t", "reason": "r", "caused_by": {"reason": EVIL}}], "nodes": {}}).to_string()),
            ("GET", "/_nodes") => (200, json!({"nodes": {EVIL: {"name": EVIL, "version": EVIL, "transport_address": EVIL, "roles": [EVIL]}}}).to_string()),
            ("GET", "/_cluster/health") => (200, json!({"status": EVIL}).to_string()),
            _ => return None,
        })
    });
    browser.open(&fake.console());
    browser.until("document.querySelectorAll('gw-table.main .tbody .tr').length >= 1");
    for group in ["label", "action", "node"] {
        browser.get(&format!("(() => {{ const s = document.querySelector('gw-toolbar select'); s.value = '{group}'; s.dispatchEvent(new Event('change')); }})()"));
        browser.until("document.querySelector('.groups').innerText.includes('onerror')");
    }
    browser.click("gw-table.main .tbody .tr:not([hidden]) .action .cut");
    browser
        .until("document.querySelector('gw-detail .block')?.innerText.includes('␛[31m⟨U+202E⟩')");
    browser.until("document.querySelector('gw-detail .block').innerText.length < 25000");
    browser.click("gw-detail .actions .danger");
    browser.until("document.querySelector('dialog[open] .danger')");
    browser.click("dialog[open] .danger");
    browser.until("document.querySelector('.notices').innerText.includes('onerror')");
    assert!(
        fake.asked()
            .iter()
            .any(|asked| asked.starts_with("POST /_tasks/%3Cimg")
                && asked.contains("%3A7%2F..%2F%3Fx%23y/_cancel")),
        "{:?}",
        fake.asked()
    );
    browser.press("Escape");
    for view in ["2", "3", "1"] {
        browser.press(view);
    }
    browser.until("document.title.includes('onerror')");
    untouched(&mut browser);
}

#[test]
fn a_server_that_answers_badly_is_told_in_one_line_and_asked_again() {
    let Some(mut browser) = Browser::start("bad answers", 1000, 700) else {
        return;
    };
    let mode = Arc::new(AtomicU16::new(200));
    let shown = Arc::clone(&mode);
    let fake = Fake::start(move |_, target| {
        if target == "/" {
            return Some((200, banner()));
        }
        Some(match shown.load(Ordering::SeqCst) {
            200 => (200, listed([task(1, "indices:data/read/search")])),
            1 => (200, "<html><b>Bad gateway".to_owned()),
            2 => (200, r#"{"nodes":{"n1":{"tas"#.to_owned()),
            status => (
                status,
                r#"{"error":{"type":"x","reason":"said so"}}"#.to_owned(),
            ),
        })
    });
    browser.open(&fake.console());
    browser.until("document.querySelector('gw-table.main').innerText.includes('search')");
    for (answer, says) in [
        (1, "no JSON but begins with “<html>"),
        (2, "no JSON but begins with"),
        (401, "wants a user and a password: said so"),
        (403, "the user may not do that: said so"),
        (429, "has too much to do: said so"),
        (500, "said so"),
        (503, "is not available: said so"),
    ] {
        mode.store(answer, Ordering::SeqCst);
        browser.press("R");
        browser.until(&format!(
            "document.querySelector('.problem:not([hidden])')?.innerText.includes({says:?})"
        ));
        assert_eq!(
            browser.get("document.querySelector('gw-table.main').innerText.includes('search')"),
            true,
            "what was listed stays"
        );
    }
    mode.store(200, Ordering::SeqCst);
    browser.press("R");
    browser.until("!document.querySelector('.problem:not([hidden])')");
}

#[test]
fn an_opensearch_is_asked_only_what_it_knows() {
    let Some(mut browser) = Browser::start("plain server", 1000, 700) else {
        return;
    };
    let fake = Fake::start(|method, target| {
        let path = target.split('?').next().unwrap();
        Some(match (method, path) {
            ("GET", "/") => (200, banner()),
            ("GET", "/_tasks") => {
                let mut reindex = task(5, "indices:data/write/reindex");
                reindex["description"] = json!("reindex from [a] to [b]");
                reindex["status"] = json!({"total": 100, "created": 63, "updated": 0, "deleted": 0, "batches": 2, "version_conflicts": 0,
                    "noops": 0, "retries": {"bulk": 0, "search": 0}, "throttled_millis": 0, "requests_per_second": 5.0, "throttled_until_millis": 2100});
                (200, listed([reindex]))
            }
            ("POST", _) => (200, listed([task(5, "indices:data/write/reindex")])),
            _ => return None,
        })
    });
    browser.open(&fake.console());
    browser.until("document.querySelector('gw-table.main').innerText.includes('63%')");
    browser.until("document.querySelector('gw-table.main').innerText.includes('throttle')");
    browser.press("r");
    browser.until("document.activeElement === document.querySelector('dialog input[name=rate]')");
    browser.get("document.activeElement.select()");
    browser.write("50");
    browser.press("Enter");
    browser.until("document.querySelector('.notices').innerText.includes('50 documents a second')");
    browser.press("p");
    browser.until("document.querySelector('.notices').innerText.includes('can\\'t pause')");
    browser.press("2");
    browser
        .until("document.querySelector('gw-history .note').innerText.includes('keeps no history')");
    let asked = fake.asked();
    assert!(
        asked.contains(&"POST /_reindex/n1%3A5/_rethrottle?requests_per_second=50".to_owned()),
        "{asked:?}"
    );
    for word in ["extended", "dry_run", "_history", "reason", "_pause"] {
        assert!(
            asked.iter().all(|one| !one.contains(word)),
            "{word}: {asked:?}"
        );
    }
}
