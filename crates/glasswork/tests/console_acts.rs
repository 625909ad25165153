//! The console against a real node, in a real browser: find a task, see why it is there, cancel it, see it gone.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod browser;
mod harness;

use browser::Browser;
use harness::Node;

/// The rows in sight, as a person reads them.
const ROWS: &str = "[...document.querySelectorAll('gw-table.main .tbody > .tr:not([hidden])')].map(row => row.innerText.replaceAll('\\n', ' '))";

#[test]
fn a_search_is_found_by_its_label_cancelled_and_gone() {
    let Some(mut browser) = Browser::start("find and cancel", 1400, 900) else {
        return;
    };
    let node = Node::start();
    node.index("slow", 2, 20);
    let search = node.slow_search("/slow/_search", "dash-77");
    let other = node.slow_search("/slow/_search", "report-3");
    node.await_task("dash-77", "indices:data/read/search[phase/query]");
    node.await_task("report-3", "indices:data/read/search[phase/query]");
    browser.open(&format!("{}/_console", node.url));
    browser.until(&format!("{ROWS}.some(row => row.includes('report-3'))"));
    browser.click("#filter");
    browser.write("label:dash-*");
    browser.until(&format!(
        "{ROWS}.length >= 2 && {ROWS}.every(row => row.includes('dash-77'))"
    ));
    browser.click("gw-table.main .tbody .tr:not([hidden]) .action .cut");
    browser.until(
        "document.querySelector('gw-detail')?.textContent.includes('Why is it still there?')",
    );
    browser.until("document.querySelectorAll('gw-flame .flame-box').length >= 2");
    browser.until("document.querySelector('gw-detail .why').innerText.includes('on ')");
    browser.click("gw-detail .actions .danger");
    browser.until("document.querySelector('dialog[open] .named li')");
    assert!(
        browser
            .get("document.querySelector('dialog .named').innerText")
            .as_str()
            .unwrap()
            .contains("search[phase/query]")
    );
    assert_eq!(
        node.tasks_of("dash-77")
            .iter()
            .filter(|task| task["cancelled"] == true)
            .count(),
        0,
        "asking cancels nothing"
    );
    browser.click("dialog[open] input[name=reason]");
    browser.write("runaway dashboard");
    browser.click("dialog[open] .danger");
    browser.until("document.querySelector('.notices').innerText.includes('Gone')");
    let ended = search.join().unwrap();
    assert!(ended.text.contains("runaway dashboard"), "{}", ended.text);
    assert!(node.tasks_of("dash-77").is_empty());
    assert!(
        !node.tasks_of("report-3").is_empty(),
        "the other one runs on"
    );
    browser.until(&format!("{ROWS}.length === 0"));
    browser.press("2");
    let row = "[...document.querySelectorAll('gw-history tbody tr')].find(row => row.innerText.includes('dash-77') && !row.innerText.includes('phase'))";
    browser.until(row);
    let outcome = browser.get(&format!("{row}.querySelector('td:nth-child(2)').innerText"));
    assert_eq!(outcome, "cancelled");
    let rows = browser.get("document.querySelector('gw-history tbody').innerText");
    assert!(
        !rows.as_str().unwrap().contains("glasswork-console"),
        "{rows}"
    );
    node.post("/_tasks/_cancel?actions=*search", "");
    other.join().unwrap();
}

#[test]
fn the_keyboard_alone_leads_from_the_start_to_a_cancelled_task() {
    let Some(mut browser) = Browser::start("keyboard", 1200, 800) else {
        return;
    };
    let node = Node::start();
    node.index("slow", 1, 1);
    let search = node.slow_search("/slow/_search", "keys");
    node.await_task("keys", "indices:data/read/search[phase/query]");
    browser.open(&format!("{}/_console", node.url));
    browser.until(&format!("{ROWS}.some(row => row.includes('keys'))"));
    browser.press("/");
    browser.write("is:root keys");
    browser.press("Enter");
    browser.until(&format!("{ROWS}[0]?.includes('keys')"));
    assert_eq!(
        browser.get("document.activeElement.getAttribute('role')"),
        "treegrid"
    );
    browser.press("ArrowLeft");
    browser.until("document.querySelector('gw-table.main .tr[aria-expanded=false]') || document.querySelectorAll('gw-table.main .tbody .tr:not([hidden])').length === 1");
    browser.press("?");
    browser
        .until("document.querySelector('dialog.help[open]')?.innerText.includes('tag the task')");
    browser.press("Escape");
    browser.until("!document.querySelector('dialog')");
    browser.press(" ");
    browser.until("document.querySelector('.selection')?.innerText.includes('1 tagged')");
    browser.press("x");
    browser.until("document.querySelector('dialog.ask[open]')");
    browser.press("Tab");
    browser.press("y");
    browser.until("document.querySelector('.notices').innerText.includes('Gone')");
    assert_eq!(search.join().unwrap().status, 500);
}

#[test]
fn a_node_with_a_password_has_a_console_that_asks_for_it() {
    let Some(mut browser) = Browser::start("password", 1000, 700) else {
        return;
    };
    let node = Node::with(&["--admin-password", "x-long-Password-1"]);
    assert_eq!(node.get("/_console").status, 401);
    let url = node
        .url
        .replace("https://", "https://admin:x-long-Password-1@");
    browser.open(&format!("{url}/_console"));
    assert!(browser.text().contains("glasswork"));
    let foreign = node.request(
        "POST",
        "/_tasks/_cancel",
        &[
            ("authorization", "Basic YWRtaW46eC1sb25nLVBhc3N3b3JkLTE="),
            ("sec-fetch-site", "cross-site"),
        ],
        None,
    );
    assert_eq!(foreign.status, 403, "{}", foreign.text);
}

#[test]
fn the_nodes_are_shown_and_what_is_not_known_is_a_dot() {
    let Some(mut browser) = Browser::start("nodes", 1200, 800) else {
        return;
    };
    let node = Node::with(&["--name", "lantern"]);
    browser.open(&format!("{}/_console", node.url));
    browser.press("3");
    browser.until("document.querySelector('gw-nodes tbody tr')?.innerText.includes('lantern')");
    browser.until("document.querySelector('gw-nodes .note').innerText.includes('Health green')");
    let cells = browser
        .get("[...document.querySelectorAll('gw-nodes tbody td')].map(cell => cell.innerText)");
    assert_eq!(cells[1], "3.8.0", "{cells}");
    assert_eq!(cells[7], "·", "no task has used CPU: {cells}");
    assert_ne!(cells[9], "·", "{cells}");
}
