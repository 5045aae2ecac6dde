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
use crate::wait::{seconds, wait_until};

/// A camera that is always there and moves, granted without asking.
pub const CAMERA: &[&str] = &["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=30"];
/// The same camera, but every question for it is answered with no.
pub const NO_CAMERA: &[&str] = &["--deny-permission-prompts", "--use-fake-device-for-media-stream=fps=30"];

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

/// A browser with a profile of its own; dropped, it is killed.
pub struct Browser {
    /// The driver's client.
    pub client: Client,
    driver: String,
    http: reqwest::Client,
    // In this order: the browser's processes go before its profile.
    _processes: Processes,
    _profile: Scratch,
}

/// The driver, and the browser, which does not end with it.
struct Processes {
    driver: Child,
    profile: PathBuf,
}

impl Browser {
    /// Starts one with `flags`. None: it cannot be had here, which was said.
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
            .find("says its port", seconds(30), |line| {
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
        let http = reqwest::Client::builder().no_proxy().timeout(seconds(30)).build().unwrap();
        Some(Self { client, driver, http, _processes: processes, _profile: profile })
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.unwrap_or_else(|error| panic!("{address} cannot be opened: {error}"));
    }

    /// Runs a script in every page to come, before the page's own.
    pub async fn before_pages(&self, script: &str) {
        let session = self.client.session_id().await.unwrap().unwrap();
        let address = format!("{}/session/{session}/goog/cdp/execute", self.driver);
        let command = json!({ "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": { "source": script } });
        let answer = self.http.post(address).json(&command).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Waits for an element that a person can see.
    pub async fn see(&self, selector: &str) -> Element {
        wait_until(&format!("{selector} is to be seen"), seconds(30), async || {
            let element = self.client.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
            match element.is_displayed().await {
                Ok(true) => Ok(element),
                other => Err(format!("{other:?}")),
            }
        })
        .await
    }

    /// Presses an element as soon as that is possible.
    pub async fn press(&self, selector: &str) {
        wait_until(&format!("{selector} can be pressed"), seconds(30), async || {
            let element = self.client.find(Locator::Css(selector)).await.map_err(|error| error.to_string())?;
            if !element.is_enabled().await.map_err(|error| error.to_string())? {
                return Err("it is disabled".to_owned());
            }
            element.click().await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// Chooses a file in a field for files, which need not be visible.
    pub async fn choose_file(&self, selector: &str, file: &Path) {
        let field =
            self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        field.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// Runs a script in the page; returns what it returns.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.client.execute(script, arguments.to_vec()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The text of an element; empty without it.
    pub async fn text(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.textContent ?? ''";
        self.run(script, &[selector.into()]).await.as_str().unwrap().trim().to_owned()
    }

    /// Waits until an element's text is as wanted; returns it.
    pub async fn wait_for_text(&self, selector: &str, what: &str, is: impl Fn(&str) -> bool) -> String {
        wait_until(&format!("{selector} {what}"), seconds(30), async || {
            let text = self.text(selector).await;
            if is(&text) { Ok(text) } else { Err(format!("{text:?}")) }
        })
        .await
    }

    /// Errors that the page or the browser wrote to the console since it was last asked.
    pub async fn console_errors(&self) -> Vec<String> {
        let session = self.client.session_id().await.unwrap().unwrap();
        let address = format!("{}/session/{session}/se/log", self.driver);
        let answer = self.http.post(address).json(&json!({ "type": "browser" })).send().await.unwrap();
        let log: Value = answer.json().await.unwrap();
        let entries = log["value"].as_array().unwrap_or_else(|| panic!("{log}"));
        entries.iter().filter(|entry| entry["level"] == "SEVERE").map(|entry| entry["message"].to_string()).collect()
    }

    /// Keeps a picture of the page for people to look at, beside the build's other files.
    pub async fn photograph(&self, name: &str) {
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
        // A browser whose session was not ended stays; it is known by the directory that it alone was given.
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

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
