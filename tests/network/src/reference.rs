//! Chromium at the server's end, which sends back what it receives: what libwebrtc does on the same path.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use framebox_test_support::browser::Browser;
use serde_json::json;

use crate::client::{FLAGS, SCRIPT};
use crate::namespace::{self, SERVER};

/// The other browser. Dropping it ends it.
pub struct Reference {
    /// None once it is to end.
    offers: Option<SyncSender<String>>,
    answers: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Reference {
    /// Starts a browser in a namespace of its own that answers with `codec` first.
    ///
    /// # Errors
    /// What the machine lacks, in words.
    pub fn start(codec: &str) -> Result<(Self, File), String> {
        let (offers, offered) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        let (device, devices) = sync_channel(1);
        let codec = codec.to_owned();
        let work = move || {
            let entered = namespace::enter(SERVER);
            let is_there = entered.is_ok();
            if device.send(entered).is_ok() && is_there {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(echo(&codec, &offered, &answer));
            }
        };
        let thread = std::thread::Builder::new().name("reference".to_owned()).spawn(work);
        let thread = thread.map_err(|error| error.to_string())?;
        let device = devices.recv().map_err(|error| error.to_string())??;
        Ok((Self { offers: Some(offers), answers, thread: Some(thread) }, device))
    }

    /// Returns the answer to an offer.
    ///
    /// # Errors
    /// The other browser has ended.
    pub fn answer(&self, offer: String) -> Result<String, String> {
        let offers = self.offers.as_ref().ok_or("the other browser has ended")?;
        offers.send(offer).map_err(|error| error.to_string())?;
        self.answers.recv().map_err(|error| error.to_string())
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.offers = None;
        // A panic of the thread was printed already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Answers offers until there are no more.
async fn echo(codec: &str, offers: &Receiver<String>, answers: &SyncSender<String>) {
    let Some(browser) = Browser::start(FLAGS).await else { return };
    // The script needs an object for what only the browser with the camera has.
    browser.run(&format!("{SCRIPT}; return true"), &[]).await;
    while let Ok(offer) = offers.recv() {
        let arguments = [json!(offer), json!(codec)];
        let answer = browser.run("return reference.answer(arguments[0], arguments[1])", &arguments).await;
        if answers.send(answer.as_str().unwrap_or_default().to_owned()).is_err() {
            break;
        }
    }
    browser.close().await;
}
