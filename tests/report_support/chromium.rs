//! A headless Chromium, driven over a pipe: no port is opened, and nothing is left of it when a test ends or panics.
//!
//! The protocol is a few JSON messages; the crates that wrap it bring a WebSocket, an async runtime and a generated
//! interface of several megabytes of source for them.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead, BufReader, PipeWriter, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Far above what a page takes on a loaded machine: only a stuck browser is given up.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Chromium {
    child: Child,
    to: Option<PipeWriter>,
    from: Receiver<Value>,
    next: u64,
    session: Option<String>,
    /// What the page said and asked for since it was opened.
    pub events: Vec<Value>,
    profile: Option<TempDir>,
}

/// Chromium's program, if there is one on this machine; `CHROMIUM` names another.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let candidates = env::split_paths(&path).flat_map(|directory| names.map(|name| directory.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

impl Chromium {
    pub fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let (commands, to) = io::pipe().unwrap();
        let (from, answers) = io::pipe().unwrap();
        let log = File::create(profile.path().join("log")).unwrap();
        // Chromium speaks over descriptors 3 and 4; a shell puts them there without unsafe code here.
        let child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"])
            .arg(program)
            // Without a sandbox of its own, which root may not have: the only page is the one under test.
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-sync"])
            .args(["--remote-debugging-pipe", "--force-color-profile=srgb", "--font-render-hinting=none"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(commands)
            .stdout(answers)
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for message in BufReader::new(from).split(0) {
                let Ok(message) = message else { return };
                let Ok(value) = serde_json::from_slice(&message) else { return };
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            child,
            to: Some(to),
            from: receiver,
            next: 0,
            session: None,
            events: Vec::new(),
            profile: Some(profile),
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Opens a file in a window of this width and colour scheme, and waits until it is loaded.
    pub fn open(&mut self, page: &Path, width: u32, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features);
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.receive();
            self.events.push(event);
        }
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The whole page as a PNG, in base64.
    pub fn screenshot(&mut self) -> String {
        let picture = self.call("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }));
        picture["data"].as_str().unwrap().to_owned()
    }

    /// What went wrong in the page, and every address that it asked for besides its own.
    pub fn complaints(&self) -> Vec<String> {
        let complaint = |event: &Value| match event["method"].as_str()? {
            "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" | "Network.loadingFailed" => {
                Some(event.to_string())
            }
            "Network.requestWillBeSent" if event["params"]["type"] != "Document" => Some(event.to_string()),
            _ => None,
        };
        self.events.iter().filter_map(complaint).collect()
    }

    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.as_mut().unwrap().write_all(&bytes).unwrap_or_else(|error| panic!("{error}: {}", self.log()));
        loop {
            let answer = self.receive();
            if answer["id"] == id {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn receive(&self) -> Value {
        self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("Chromium: {error}: {}", self.log()))
    }

    fn log(&self) -> String {
        let log = self.profile.as_ref().map(|profile| profile.path().join("log"));
        log.and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default()
    }
}

/// Its own child alone; the browser's other processes end with it.
impl Drop for Chromium {
    fn drop(&mut self) {
        if let Some(mut to) = self.to.take() {
            let _ = to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) && !matches!(self.child.try_wait(), Ok(Some(_))) {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its other processes may write for a moment longer.
        if let Some(profile) = self.profile.take() {
            let path = profile.keep();
            for _ in 0..50 {
                if fs::remove_dir_all(&path).is_ok() || !path.exists() {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
