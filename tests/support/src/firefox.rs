//! Firefox, driven by Marionette: its own protocol of JSON over TCP, so that no driver is needed.

use std::process::Command;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::browser::in_path;
use crate::child::Child;
use crate::scratch::Scratch;
use crate::wait::wait_until;

/// Preferences: a fake camera whose picture moves and that pages may use without asking, no codecs that
/// are fetched, and nothing from the network. Marionette sets those that keep a test's browser quiet.
const PREFERENCES: &str = r#"
user_pref("marionette.port", 0);
user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.gmp-provider.enabled", false);
user_pref("network.proxy.type", 0);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
"#;
/// Longest answer, bytes.
const LONGEST: usize = 16 << 20;

/// A Firefox with a profile of its own. Dropping it kills it.
pub struct Firefox {
    connection: Mutex<Connection>,
    // Dropped in this order: the process before its profile.
    _child: Child,
    _profile: Scratch,
}

struct Connection {
    stream: TcpStream,
    last: u32,
}

impl Firefox {
    /// Starts a browser. Returns None where there is none, after reporting that.
    pub async fn start() -> Option<Self> {
        let Some(browser) = ["firefox-esr", "firefox"].iter().find_map(|name| in_path(name)) else {
            crate::lacking("no Firefox");
            return None;
        };
        let profile = Scratch::new();
        profile.write("user.js", PREFERENCES);
        let mut command = Command::new(browser);
        command.args(["--headless", "--marionette", "--no-remote", "--profile"]).arg(profile.path());
        // Beside the profile, it writes to its user's home.
        command.env("HOME", profile.path()).env("MOZ_CRASHREPORTER_DISABLE", "1");
        let child = Child::start("firefox", &mut command);
        let port = wait_until("Firefox says its port", async || {
            let text = std::fs::read_to_string(profile.path().join("MarionetteActivePort"));
            let port = text.map_err(|error| error.to_string())?;
            port.trim().parse::<u16>().map_err(|error| error.to_string())
        })
        .await;
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut connection = Connection { stream, last: 0 };
        let hello = connection.receive().await;
        assert_eq!(hello["marionetteProtocol"], 3, "{hello}");
        let firefox = Self { connection: Mutex::new(connection), _child: child, _profile: profile };
        firefox.call("WebDriver:NewSession", json!({})).await;
        Some(firefox)
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.call("WebDriver:Navigate", json!({ "url": address })).await;
    }

    /// Runs a script in the page; returns what it returns.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let call = json!({ "script": script, "args": arguments });
        self.call("WebDriver:ExecuteScript", call).await["value"].take()
    }

    /// Clicks an element as soon as it is there and enabled.
    pub async fn press(&self, selector: &str) {
        wait_until(&format!("{selector} can be pressed"), async || {
            let script = "const found = document.querySelector(arguments[0]);
                if (!found || found.disabled) return false;
                found.click(); return true;";
            let pressed = self.run(script, &[selector.into()]).await;
            if pressed == true { Ok(()) } else { Err("it is not there, or disabled".to_owned()) }
        })
        .await;
    }

    /// Ends the browser.
    pub async fn close(mut self) {
        self.call("Marionette:Quit", json!({ "flags": ["eForceQuit"] })).await;
        self._child.ended().await;
    }

    async fn call(&self, command: &str, parameters: Value) -> Value {
        let mut connection = self.connection.lock().await;
        connection.last += 1;
        let id = connection.last;
        let text = json!([0, id, command, parameters]).to_string();
        connection.stream.write_all(format!("{}:{text}", text.len()).as_bytes()).await.unwrap();
        let mut answer = connection.receive().await;
        assert_eq!(answer[1], id, "{command}: {answer}");
        assert!(answer[2].is_null(), "{command} {parameters}: {}", answer[2]);
        answer[3].take()
    }
}

impl Connection {
    /// Receives a message: its length in digits, a colon, and JSON.
    async fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            match self.stream.read_u8().await.expect("Firefox ended") {
                b':' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
            assert!(length <= LONGEST, "an answer of {length} bytes");
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).await.expect("Firefox ended");
        serde_json::from_slice(&message).unwrap()
    }
}
