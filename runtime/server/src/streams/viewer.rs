//! A connection that watches a stream.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_pipeline::{Needs, Notice, Severity};
use framebox_rtc::{ConnectionEvents, Peer, State};
use framebox_sandbox::MemoryAccount;
use framebox_worker::RunningSession;
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::link::Link;
use super::stream::Stream;
use crate::protocol::{self, Batch, LogLine, Message, Request, Subscription};
use crate::sessions::ActiveSession;
use crate::sessions::control::Listener;
use crate::sessions::data_channel::DataChannel;
use crate::sessions::egress::Egress;
use crate::sessions::ends::Ends;

/// A connection that watches a stream.
pub struct Viewer {
    /// The connection.
    pub link: Link,
    stream: Weak<Stream>,
    ends: Arc<Ends>,
    egress: Arc<Egress>,
    channel: DataChannel,
    wants: watch::Sender<Wants>,
    /// This viewer, as a listener of its session.
    own: OnceLock<Weak<dyn Listener>>,
    connected: AtomicBool,
}

/// What a viewer asked for beside the picture.
#[derive(Clone, Copy, Debug, Default)]
struct Wants {
    subscription: Option<Subscription>,
    /// How often it asked what the session is, or there was another one.
    introductions: u64,
}

impl Viewer {
    /// A viewer of `stream` whose offer is being answered. What waits for it is charged to `account`.
    pub(super) fn new(link: Link, stream: &Arc<Stream>, account: &MemoryAccount) -> Arc<Self> {
        let ends = Arc::<Ends>::default();
        let viewer = Arc::new(Self {
            link,
            stream: Arc::downgrade(stream),
            egress: Arc::new(Egress::new(ends.clone())),
            channel: DataChannel::new(ends.clone(), account),
            ends,
            wants: watch::Sender::default(),
            own: OnceLock::new(),
            connected: AtomicBool::new(false),
        });
        let listener: Arc<dyn Listener> = viewer.clone();
        let own: Weak<dyn Listener> = Arc::downgrade(&listener);
        // It was made just now.
        let _ = viewer.own.set(own);
        viewer
    }

    /// The offer was answered: the peer takes pictures as `needs` says.
    pub(super) fn answered(&self, peer: Arc<dyn Peer>, answer: &str, needs: Needs) {
        self.ends.set_peer(&peer);
        self.egress.set_needs(needs);
        self.link.answered(peer, answer);
    }

    /// What its peer takes, once that is known.
    pub(super) fn needs(&self) -> Option<Needs> {
        self.egress.needs()
    }

    /// Whether it has been connected.
    pub(super) fn was_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }

    /// Shows it a session, in place of the one before. `reports`: what it says of times is the session's.
    pub(super) fn attach(&self, active: &ActiveSession, session: &Arc<RunningSession>, reports: bool) {
        self.ends.set_session(session);
        self.egress.set_reports(reports);
        self.egress.attach(session);
        if let Some(own) = self.own.get() {
            active.control().listeners().remove(own);
            active.control().listeners().add(own.clone());
        }
        self.wants.send_modify(|wants| wants.introductions += 1);
    }

    /// Shows it nothing any more.
    pub(super) fn detach(&self) {
        self.egress.detach();
    }

    /// What it says of times is the session's from now on.
    pub(super) fn set_reports(&self, reports: bool) {
        self.egress.set_reports(reports);
    }

    /// Whether what it says of times is the session's.
    pub(super) fn reports(&self) -> bool {
        self.egress.reports()
    }

    /// Sends it a warning or an error.
    pub(super) fn notice(&self, severity: Severity, code: &'static str, message: String, request: Option<u64>) {
        self.channel.send(&Message::notice(&Notice { severity, code, message, request }));
    }

    /// Sends what it subscribed to, until it is over; returns why.
    pub(super) async fn run(&self) -> String {
        tokio::select! {
            reason = self.link.over() => reason,
            never = self.serve() => match never {},
        }
    }

    async fn serve(&self) -> std::convert::Infallible {
        let mut wants = self.wants.subscribe();
        let (mut introductions, mut cursor, mut next) = (0, 0, None::<Instant>);
        loop {
            let wanted = *wants.borrow_and_update();
            let session = self.stream.upgrade().and_then(|stream| stream.session());
            if let (Some(subscription), Some(active)) = (wanted.subscription, session) {
                if wanted.introductions != introductions {
                    introductions = wanted.introductions;
                    cursor = 0;
                    self.channel.send_text(active.introduction());
                    next = Some(Instant::now());
                }
                if next.is_some_and(|at| Instant::now() >= at) {
                    if let Some(stats) = active.stats_message(subscription, &mut cursor).await {
                        self.channel.send_text(stats);
                    }
                    next = Some(Instant::now() + Duration::from_millis(subscription.stats_ms));
                }
            } else if next.is_some() {
                // There is no session at this moment: looked at again with the next one.
                next = Some(Instant::now() + Duration::from_secs(1));
            }
            let timer = async {
                match next {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = timer => {}
                // The sender is in this viewer.
                _ = wants.changed() => {}
            }
        }
    }

    fn set_parameters(
        &self,
        stream: &Stream,
        parameters: &serde_json::Map<String, serde_json::Value>,
        request: Option<u64>,
    ) {
        let Some((active, own)) = stream.session().zip(self.own.get()) else {
            let message = "nothing is live at this moment: try again when it is".to_owned();
            return self.notice(Severity::Error, "not-live", message, request);
        };
        if let Err(wrong) = active.control().ask_for(own.clone(), parameters, request) {
            for wrong in wrong {
                self.notice(Severity::Error, "parameter", wrong.to_string(), request);
            }
        }
    }
}

impl Listener for Viewer {
    fn message(&self, text: &str) {
        self.channel.send_text(text.to_owned());
    }

    fn values(&self, batch: &Batch) {
        // Who is told of values that are too large is the owner of the session.
        let _ = self.channel.send_values(Instant::now(), batch);
    }

    fn line(&self, line: &LogLine) {
        if self.wants.borrow().subscription.is_some_and(|subscription| subscription.log) {
            self.channel.send(&Message::log(line));
        }
    }
}

impl ConnectionEvents for Viewer {
    fn state(&self, state: State) {
        self.link.state(state);
        if state == State::Connected
            && !self.connected.swap(true, Ordering::AcqRel)
            && let Some(stream) = self.stream.upgrade()
        {
            stream.viewer_connected(self);
        }
    }

    fn frame(&self, _frame: EncodedFrame) {}

    fn keyframe_wanted(&self) {
        self.egress.keyframe_wanted();
    }

    fn bitrate(&self, bits_per_second: u32) {
        self.egress.bitrate(bits_per_second);
    }

    fn blocked(&self, blocked: bool) {
        self.egress.blocked(blocked);
    }

    fn channel_open(&self) {
        self.channel.open();
    }

    fn message(&self, text: String) {
        let Some(stream) = self.stream.upgrade() else { return };
        let request = match protocol::parse(&text) {
            Some(Request::Handshake) => {
                self.channel.speaks_fastrtc();
                return self.channel.send(&Message::handshake());
            }
            Some(Request::Subscribe(wanted)) => {
                return self.wants.send_modify(|wants| {
                    wants.subscription = Some(wanted);
                    wants.introductions += 1;
                });
            }
            Some(Request::SetParameters { parameters, request }) if stream.is_controlled_by(&self.link.owner) => {
                return self.set_parameters(&stream, &parameters, request);
            }
            Some(Request::SetPolicy { change, .. }) if stream.is_controlled_by(&self.link.owner) => {
                if let Some(active) = stream.session() {
                    active.control().set_policy(change);
                }
                return;
            }
            Some(Request::SetParameters { request, .. } | Request::SetPolicy { request, .. }) => request,
            None => return,
        };
        let message = "this stream's settings are its owner's: you may watch it".to_owned();
        self.notice(Severity::Error, "not-allowed", message, request);
    }

    fn sent(&self, rtp_timestamp: u32, first_packet: Instant) {
        self.egress.sent(rtp_timestamp, first_packet);
    }
}
