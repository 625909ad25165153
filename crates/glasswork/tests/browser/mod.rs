//! A headless Chromium, driven over its DevTools protocol. Where there is none, a test says so and passes.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its part of the browser"
)]

pub mod fake;
mod socket;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use socket::Socket;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a page may take to become what a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one page; ended when dropped.
pub struct Browser {
    process: Child,
    socket: Socket,
    calls: u64,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is ours, and may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The browser of this machine: `GLASSWORK_CHROMIUM`, or what Debian and others call it.
fn program() -> Option<String> {
    let named = std::env::var("GLASSWORK_CHROMIUM").ok();
    let known = ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned);
    named.into_iter().chain(known).find(|name| {
        let asked = Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    })
}

impl Browser {
    /// A browser with an empty page of this size; `None`, with a line that says so, where there is no browser.
    pub fn start(test: &str, width: u32, height: u32) -> Option<Self> {
        let Some(program) = program() else {
            println!("{test}: skipped, there is no Chromium");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut process = Command::new(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--ignore-certificate-errors",
                "--no-first-run",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("DevTools listening on ws://")
                    .map(str::to_owned)
            })
            .expect("the browser says where it listens");
        // Whoever writes into a pipe that nobody reads stops sooner or later.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let host = address.split('/').next().unwrap().to_owned();
        let pages: Value = ureq::get(format!("http://{host}/json/list"))
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
            .map(|text| serde_json::from_str(&text).unwrap())
            .unwrap();
        let page = pages
            .as_array()
            .unwrap()
            .iter()
            .find(|page| page["type"] == "page")
            .unwrap();
        let path = page["webSocketDebuggerUrl"].as_str().unwrap();
        let path = path.splitn(4, '/').nth(3).unwrap();
        let mut browser = Self {
            process,
            socket: Socket::connect(&host, &format!("/{path}")),
            calls: 0,
            _profile: profile,
        };
        browser.call("Page.enable", json!({}));
        browser.call("Runtime.enable", json!({}));
        browser.call("Log.enable", json!({}));
        browser.size(width, height);
        Some(browser)
    }

    /// A call of the protocol and its result.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let call = json!({"id": id, "method": method, "params": parameters});
        self.socket.send(&call.to_string());
        loop {
            let message: Value = serde_json::from_str(&self.socket.receive()).unwrap();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// Sets the size of the page.
    pub fn size(&mut self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Sets what the system prefers: `light` or `dark`.
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Runs a script before every page: what it collects in `window` can be read later.
    pub fn before_pages(&mut self, script: &str) {
        self.call(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": script}),
        );
    }

    /// Opens a page and waits until the console has its first list.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
        self.until(
            "document.querySelector('gw-console .status')?.textContent.includes('listed in')",
        );
    }

    /// What an expression is in the page; a promise is waited for.
    pub fn get(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", parameters);
        assert!(
            result.get("exceptionDetails").is_none(),
            "{expression}: {}",
            result["exceptionDetails"]
        );
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true in the page.
    pub fn until(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.get(&format!("!!({expression})")) != true {
            if Instant::now() > deadline {
                let text = self.get("document.body.innerText");
                panic!(
                    "never came true: {expression}\nthe page says:\n{}",
                    text.as_str().unwrap_or("")
                );
            }
            // A frame of the page, so that neither side only asks.
            self.get("new Promise(done => setTimeout(done, 30))");
        }
    }

    /// All that the page says to a person.
    pub fn text(&mut self) -> String {
        self.get("document.body.innerText")
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Presses a key: a character, or a name as `Enter`, `ArrowDown`.
    pub fn press(&mut self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            _ if key.chars().count() == 1 => key,
            _ => "",
        };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "Tab" => 9,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "End" => 35,
            "Home" => 36,
            _ => key
                .chars()
                .next()
                .map_or(0, |first| first.to_ascii_uppercase() as u32),
        };
        let kind = if text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code}),
        );
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}),
        );
    }

    /// Types a text where the focus is.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// Clicks in the middle of what a selector finds, with a real mouse.
    pub fn click(&mut self, selector: &str) {
        let find = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{block: 'nearest'}}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        );
        let place = self.get(&find);
        for kind in ["mousePressed", "mouseReleased"] {
            self.call(
                "Input.dispatchMouseEvent",
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1}),
            );
        }
    }

    /// Writes a picture of the page.
    pub fn picture(&mut self, file: &Path) {
        let taken = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let bytes = BASE64_STANDARD
            .decode(taken["data"].as_str().unwrap())
            .unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}
