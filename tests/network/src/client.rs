//! The client's end of the wire: Chromium with a camera whose pictures carry their number.

use std::time::Duration;

use framebox_test_support::browser::Browser;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::namespace::SERVER;
use crate::reference::Reference;
use crate::scenario::Picture;
use crate::server::PORT;

/// Flags of every browser here.
pub const FLAGS: &[&str] = &[
    "--no-proxy-server",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    // As in a page that may use the camera.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/// The scripts of the page, in the order in which they need each other.
pub const SCRIPT: &str = concat!(
    include_str!("page/camera.js"),
    include_str!("page/watch.js"),
    include_str!("page/session.js"),
    include_str!("page/echo.js")
);

/// A browser with the camera.
pub struct Client {
    browser: Browser,
}

/// What was collected since the last time.
#[derive(Debug, Default, Deserialize)]
pub struct Taken {
    /// Pictures that arrived.
    pub seen: Vec<Seen>,
    /// Readings of the browser's statistics.
    pub statistics: Vec<Value>,
    /// What happened, with its time (ms since 1970).
    pub events: Vec<(f64, String)>,
    /// Pictures that the camera handed out so far.
    pub sent: u64,
    /// Id of the session.
    pub session: Option<String>,
    /// The client's state.
    pub state: Option<String>,
}

/// A picture that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(from = "(f64, Option<u32>, Option<f64>, u32, u32)")]
pub struct Seen {
    /// When, ms since 1970.
    pub at: f64,
    /// Its number, if that could be read.
    pub number: Option<u32>,
    /// From the local track to the remote one, ms.
    pub latency: Option<f64>,
    /// Width, px.
    pub width: u32,
    /// Height, px.
    pub height: u32,
}

impl From<(f64, Option<u32>, Option<f64>, u32, u32)> for Seen {
    fn from((at, number, latency, width, height): (f64, Option<u32>, Option<f64>, u32, u32)) -> Self {
        Self { at, number, latency, width, height }
    }
}

impl Seen {
    /// Returns when the camera gave it, ms since 1970.
    pub fn left(&self) -> Option<f64> {
        Some(self.at - self.latency?)
    }
}

impl Client {
    /// Starts a browser with a page of the server's origin, which no script of the server's page disturbs. Returns None
    /// where there is no browser.
    pub async fn of_server() -> Option<Self> {
        let origin = format!("http://{SERVER}:{PORT}");
        let secure = format!("--unsafely-treat-insecure-origin-as-secure={origin}");
        let client = Self::start(&[&secure]).await?;
        // The response that is opened forbids everything, being no page.
        client.browser.command("Page.setBypassCSP", &json!({ "enabled": true })).await;
        client.browser.open(&format!("{origin}/healthz")).await;
        Some(client)
    }

    /// Starts a browser with an empty page. Returns None where there is no browser.
    pub async fn start(flags: &[&str]) -> Option<Self> {
        let flags: Vec<_> = FLAGS.iter().chain(flags).copied().collect();
        Some(Self { browser: Browser::start(&flags).await? })
    }

    /// Starts the camera.
    pub async fn prepare(&self, picture: Picture) {
        let script = format!("{SCRIPT}; harness.prepare(arguments[0]); return true");
        let Picture { width, height, fps, noise, .. } = picture;
        let options = json!({ "width": width, "height": height, "fps": fps, "noise": noise });
        self.browser.run(&script, &[options]).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    /// Starts a session; with `codec`, as a browser that has only this one.
    pub async fn open(&self, handler: &str, degradation: Option<&str>, codec: Option<&str>) {
        let options = json!({ "handler": handler, "degradation": degradation, "codec": codec });
        self.browser
            .run(
                "harness.start(arguments[0]).catch((error) => harness.note(`failed ${error}`)); return true",
                &[options],
            )
            .await;
    }

    /// Connects to another browser.
    ///
    /// # Errors
    /// The other browser has ended.
    pub async fn call(&self, other: &Reference, codec: &str, degradation: Option<&str>) -> Result<(), String> {
        let arguments = [json!(codec), json!(degradation)];
        let offer = self.browser.run("return reference.offer(arguments[0], arguments[1])", &arguments).await;
        let answer = other.answer(offer.as_str().unwrap_or_default().to_owned())?;
        self.browser.run("return reference.accept(arguments[0])", &[json!(answer)]).await;
        Ok(())
    }

    /// Takes what was collected since the last time.
    pub async fn take(&self) -> Taken {
        let taken = self.browser.run("return harness.take()", &[]).await;
        serde_json::from_value(taken).unwrap_or_else(|error| panic!("what the page collected cannot be read: {error}"))
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.browser.close().await;
    }
}
