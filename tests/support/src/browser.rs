//! Chromium, driven by chromedriver.

use std::path::{Path, PathBuf};
use std::process::Command;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::child::Child;
use crate::paths;
use crate::scratch::Scratch;
use crate::wait::{LIMIT, wait_until};

/// Flags for a fake camera whose picture moves and that pages may use without asking.
pub const CAMERA: &[&str] = &["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30"];
/// Flags for the same camera, where every permission prompt is denied.
pub const NO_CAMERA: &[&str] = &["--deny-permission-prompts", "--use-fake-device-for-media-stream=fps=30"];

/// Bytes of a script that a failed test prints.
const SHOWN: usize = 1000;

const ALWAYS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--window-size=1280,1200",
];

/// A browser with a profile of its own. Dropping it kills it.
pub struct Browser {
    /// The driver's client.
    pub client: Client,
    driver: String,
    http: reqwest::Client,
    // Dropped in this order: the processes of the browser before its profile.
    _processes: Processes,
    _profile: Scratch,
}

/// The driver and the browser, which does not end with the driver.
struct Processes {
    driver: Child,
    profile: PathBuf,
}

impl Browser {
    /// Starts a browser with `flags`. Returns None where there is none, after reporting that.
    pub async fn start(flags: &[&str]) -> Option<Self> {
        let browser = ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| in_path(name));
        let (Some(browser), Some(driver)) = (browser, in_path("chromedriver")) else {
            crate::lacking("no Chromium with chromedriver");
            return None;
        };
        let profile = Scratch::new();
        let child = Child::start("chromedriver", Command::new(driver).arg("--port=0"));
        let mut processes = Processes { driver: child, profile: profile.path().to_owned() };
        let port = processes
            .driver
            .find("says its port", |line| {
                let (_, port) = line.trim_end_matches('.').rsplit_once("started successfully on port ")?;
                port.parse::<u16>().ok()
            })
            .await;
        let driver = format!("http://127.0.0.1:{port}");
        let data = format!("--user-data-dir={}", profile.path().display());
        let flags: Vec<_> = ALWAYS.iter().chain(flags).copied().chain([data.as_str()]).collect();
        let Value::Object(capabilities) = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": browser, "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        }) else {
            unreachable!()
        };
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&driver).await;
        let client = client.unwrap_or_else(|error| panic!("no browser session: {error}"));
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
        Some(Self { client, driver, http, _processes: processes, _profile: profile })
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address} cannot be opened: {error}"));
    }

    /// Runs a script in every page that is opened later, before the scripts of the page.
    pub async fn before_pages(&self, script: &str) {
        self.command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script })).await;
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn command(&self, command: &str, parameters: &Value) {
        let session = self.client.session_id().await.unwrap().unwrap();
        let address = format!("{}/session/{session}/goog/cdp/execute", self.driver);
        let command = json!({ "cmd": command, "params": parameters });
        let answer = self.http.post(address).json(&command).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Waits until an element is displayed.
    pub async fn see(&self, selector: &str) -> Element {
        wait_until(&format!("{selector} is to be seen"), async || {
            let element = self.client.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
            match element.is_displayed().await {
                Ok(true) => Ok(element),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }

    /// Clicks an element as soon as it is enabled.
    pub async fn press(&self, selector: &str) {
        wait_until(&format!("{selector} can be pressed"), async || {
            let element = self.client.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
            if !element.is_enabled().await.map_err(|error| error.to_string())? {
                return Err("it is disabled".to_owned());
            }
            element.click().await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// Chooses a file in a file input, which need not be displayed.
    pub async fn choose_file(&self, selector: &str, file: &Path) {
        let field =
            self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        field.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// Runs a script in the page; returns what it returns.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let shown = script.get(..SHOWN).unwrap_or(script);
        self.client.execute(script, arguments.to_vec()).await.unwrap_or_else(|error| panic!("{shown}: {error}"))
    }

    /// Returns the text of an element, or an empty string.
    pub async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.textContent ?? ''";
        self.run(script, &[selector.into()]).await.as_str().unwrap().trim().to_owned()
    }

    /// Waits until `is` returns true for the text of an element; returns the text.
    pub async fn wait_for_text(&self, selector: &str, what: &str, is: impl Fn(&str) -> bool) -> String {
        wait_until(&format!("{selector} {what}"), async || {
            let text = self.text(selector).await;
            if is(&text) { Ok(text) } else { Err(format!("{text:?}")) }
        })
        .await
    }

    /// Returns the errors written to the console since the last call.
    pub async fn console_errors(&self) -> Vec<String> {
        let session = self.client.session_id().await.unwrap().unwrap();
        let address = format!("{}/session/{session}/se/log", self.driver);
        let answer = self.http.post(address).json(&json!({ "type": "browser" })).send().await.unwrap();
        let log: Value = answer.json().await.unwrap();
        let entries = log["value"].as_array().unwrap_or_else(|| panic!("{log}"));
        entries.iter().filter(|entry| entry["level"] == "SEVERE").map(|entry| entry["message"].to_string()).collect()
    }

    /// Saves a screenshot of the page in the target directory.
    pub async fn screenshot(&self, name: &str) {
        let path = paths::temporary().join(format!("{name}.png"));
        std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.driver.kill();
        // The browser of a session that was not closed still runs; its profile directory identifies it.
        let profile = self.profile.to_string_lossy();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let arguments = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&arguments).contains(&*profile) {
                let id = entry.file_name();
                let _ = Command::new("sh").arg("-c").arg(format!("kill -KILL {}", id.display())).status();
            }
        }
    }
}

pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
