//! `glasswork console`: the console for another server, which only its own page can use.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod browser;
mod harness;

use browser::Browser;
use harness::{Node, opensearch::OpenSearch};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

/// A console in a process of its own; killed when dropped.
struct Console {
    process: Child,
    url: String,
}

impl Drop for Console {
    fn drop(&mut self) {
        // It is ours, and may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Console {
    fn to(url: &str, environment: &[(&str, &str)]) -> Self {
        let mut process = harness::binary()
            .args(["console", "--insecure", "--to", url])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http"))
            .unwrap();
        Self {
            url: url.to_owned(),
            process,
        }
    }

    fn token(&self) -> &str {
        self.url.split("token=").nth(1).unwrap()
    }

    fn address(&self) -> &str {
        self.url["http://".len()..].split('/').next().unwrap()
    }

    /// The status of a request with exactly these headers.
    fn status(&self, line: &str, headers: &[(&str, &str)]) -> u16 {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        write!(
            stream,
            "{line} HTTP/1.1\r\n{headers}connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("{line}: {answer:?}"))
            .parse()
            .unwrap()
    }
}

const ROWS: &str = "document.querySelector('gw-table.main').innerText";

#[test]
fn another_server_is_seen_and_its_tasks_stopped() {
    let Some(mut browser) = Browser::start("proxy", 1300, 800) else {
        return;
    };
    let mut node = Node::with(&["--admin-password", "x-long-Password-1"]);
    node.authorize("Basic YWRtaW46eC1sb25nLVBhc3N3b3JkLTE=");
    let environment = [("GLASSWORK_USER", "admin:x-long-Password-1")];
    let console = Console::to(&node.url, &environment);
    browser.open(&console.url);
    assert_eq!(
        browser.get("location.hash"),
        "",
        "the token does not stay in the address"
    );
    browser.until("document.querySelector('.version').innerText.startsWith('Glasswork 0')");
    node.put(
        "/slow",
        r#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#,
    );
    node.bulk(
        "/slow/_bulk?refresh=true",
        "{\"index\":{\"_id\":\"1\"}}\n{\"n\":1}\n",
    );
    let address = node.url.clone();
    let search = std::thread::spawn(move || {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(
                ureq::tls::TlsConfig::builder()
                    .disable_verification(true)
                    .build(),
            )
            .build()
            .into();
        let answer = agent
            .post(format!("{address}/slow/_search"))
            .header("authorization", "Basic YWRtaW46eC1sb25nLVBhc3N3b3JkLTE=")
            .header("x-opaque-id", "through")
            .header("content-type", "application/json")
            .send(harness::SLOW);
        answer.unwrap().status().as_u16()
    });
    browser.until(&format!("{ROWS}.includes('through')"));
    browser.press("/");
    browser.write("label:through");
    browser.press("Enter");
    browser.press("x");
    browser.until("document.querySelector('dialog[open]')");
    browser.press("Tab");
    browser.press("y");
    browser.until("document.querySelector('.notices').innerText.includes('Gone')");
    assert_eq!(search.join().unwrap(), 500);
}

#[test]
fn nobody_else_gets_anything_through() {
    let node = Node::start();
    let console = Console::to(&node.url, &[]);
    let (host, token) = (console.address().to_owned(), console.token().to_owned());
    let own: [(&str, &str); 2] = [("host", &host), ("x-console-token", &token)];
    let with = |more: (&'static str, &'static str)| {
        let headers = [own[0], own[1], more];
        console.status("GET /_tasks", &headers)
    };
    assert_eq!(console.status("GET /_tasks", &own), 200);
    assert_eq!(console.status("GET /", &own), 200);
    assert_eq!(console.status("POST /_tasks/n:1/_cancel", &own), 200);
    assert_eq!(console.status("GET /_tasks", &own[..1]), 401, "no token");
    assert_eq!(
        console.status("GET /_tasks", &[own[0], ("x-console-token", "guess")]),
        401
    );
    assert_eq!(
        console.status("GET /_tasks", &[("host", "evil.example"), own[1]]),
        421,
        "DNS rebinding"
    );
    assert_eq!(
        console.status("GET /_console", &[("host", "evil.example")]),
        421
    );
    assert_eq!(with(("origin", "https://evil.example")), 403);
    assert_eq!(with(("sec-fetch-site", "cross-site")), 403);
    assert_eq!(with(("sec-fetch-site", "same-origin")), 200);
    for other in [
        "GET /_search",
        "GET /_cluster/settings",
        "POST /_tasks/_cancel",
        "DELETE /books",
        "PUT /x",
        "GET /_nodes/hot_threads",
        "GET /_tasks/..%2F_search",
        "POST /_console",
    ] {
        assert_eq!(console.status(other, &own), 403, "{other}");
    }
    assert_eq!(
        console.status("GET /_console", &own[..1]),
        200,
        "the page itself is no secret"
    );
}

#[test]
fn a_server_that_is_not_there_is_told_before_a_page_is_opened() {
    let output = harness::binary()
        .args(["console", "--to", "http://127.0.0.1:1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("glasswork console: ") && output.stdout.is_empty(),
        "{said}"
    );
}

#[test]
fn the_real_opensearch_is_seen_and_its_reindex_slowed_and_stopped() {
    let Some(mut browser) = Browser::start("console for OpenSearch", 1400, 900) else {
        return;
    };
    let Some(server) = OpenSearch::start("console for OpenSearch") else {
        return;
    };
    let lines: String = (0..60)
        .map(|n| format!("{{\"index\":{{}}}}\n{{\"n\":{n}}}\n"))
        .collect();
    server.send("POST", "/books/_bulk?refresh=true", &lines);
    let task = server.reindex("copy", 1);
    let console = Console::to(&server.url(), &[]);
    browser.open(&console.url);
    browser.until("document.querySelector('.version').innerText === 'opensearch 3.8.0'");
    browser.press("/");
    browser.write("kind:\"by query\" is:root");
    browser.press("Enter");
    browser.until(&format!(
        "{ROWS}.includes('reindex') && {ROWS}.includes('throttle') && {ROWS}.includes('%')"
    ));
    browser.press("Enter");
    browser.until("document.querySelector('gw-detail .why')?.innerText.includes('may write 1 documents a second')");
    browser.until("document.querySelector('gw-detail .facts').innerText.includes('User\\n·')");
    browser.press("r");
    browser.until("document.querySelector('dialog input[name=rate]')");
    browser.get("document.activeElement.select()");
    browser.write("2");
    browser.press("Enter");
    browser
        .until("document.querySelector('.notices').innerText.includes('2 documents a second now')");
    assert_eq!(
        server.send("GET", &format!("/_tasks/{task}"), "")["task"]["status"]["requests_per_second"],
        2.0
    );
    browser.press("x");
    browser.until("document.querySelector('dialog.ask[open]')");
    browser.press("y");
    browser.until("document.querySelector('.notices').innerText.includes('Gone')");
    assert_eq!(
        server.send("GET", &format!("/_tasks/{task}"), "")["response"]["canceled"],
        "by user request"
    );
    browser.press("3");
    browser.until("document.querySelector('gw-nodes tbody')?.innerText.includes('3.8.0')");
    browser
        .until("/\\d+[MG] \\(\\d+%\\)/.test(document.querySelector('gw-nodes tbody').innerText)");
    browser.press("2");
    browser.until(
        "document.querySelector('gw-history tbody tr.cancelled')?.innerText.includes('reindex')",
    );
}
