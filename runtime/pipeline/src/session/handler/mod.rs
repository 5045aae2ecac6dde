//! The handler thread: takes the frame whose turn it is, or waits for a generator's next frame to be due; calls the
//! component; passes on what it put.
//!
//! | module | what it holds |
//! |---|---|
//! | `version` | [`Version`]: all that belongs to the running version |
//! | `frame` | one frame: the call, and what comes of it |
//! | `limits` | what calls cost, and what is done about it |
//! | `configure` | parameters that change between two frames |
//! | `swap` | another version takes over |

mod configure;
mod frame;
mod limits;
mod swap;
mod version;

use std::time::{Duration, Instant};

use framebox_sandbox::CallError;

use crate::cpu;
use crate::session::connections::Connections;
use crate::session::exchange::Exchange;
use crate::session::notice::{Notice, Severity};
use crate::session::setup::Setup;
use crate::session::work::{self, Work};
use crate::stream::Stream;
use version::Version;

/// Shortest time between two notices of frames that were lost from the backlog.
const LOSS_NOTICE: Duration = Duration::from_secs(5);

/// Serves the session until it ends; returns the reason.
pub(crate) fn run(exchange: &Exchange, setup: &Setup, stream: &Stream, connections: &Connections) -> String {
    cpu::lower_priority();
    let version = Version::new(setup.component.clone(), setup.limits.clone(), &setup.budgets, &setup.account);
    let mut handler =
        Handler { exchange, setup, stream, connections, version, told_losses: None, used: cpu::Meter::new() };
    if let Err(failure) = handler.start() {
        let never_started = !failure.is_of_host();
        exchange.recorder().never_started = never_started;
        if never_started {
            connections.events.never_started();
        }
        return handler.over(&failure, "the handler could not be started");
    }
    let reason = loop {
        let wake = handler.version.tracker.next_look(Instant::now());
        let work = work::next(exchange, wake, || stream.has_room());
        framebox_failpoint::panic("handler");
        handler.notice_losses();
        let ended = match work {
            Work::End => break "the session was ended".to_owned(),
            Work::Tick => handler.degrade(Instant::now()),
            Work::Swap(swap) => {
                handler.swap(*swap);
                None
            }
            Work::Configure(changes) => {
                handler.configure(changes);
                None
            }
            Work::Show(frame) => {
                handler.pass_through(frame);
                None
            }
            Work::Process(ticket) => handler.process(ticket),
            Work::Generate(ticket) => handler.generate(ticket),
        };
        if let Some(reason) = ended {
            break reason;
        }
    };
    if let Some(instance) = handler.version.instance.take() {
        instance.close();
    }
    reason
}

struct Handler<'a> {
    exchange: &'a Exchange,
    setup: &'a Setup,
    stream: &'a Stream,
    connections: &'a Connections,
    version: Version,
    told_losses: Option<Instant>,
    used: cpu::Meter,
}

impl Handler<'_> {
    /// Makes a fresh instance with the parameters that hold.
    fn start(&mut self) -> Result<(), CallError> {
        let parameters = self.exchange.lock().version.parameters.all();
        self.exchange.recorder().instances += 1;
        self.version.start(parameters, self.setup)
    }

    fn notice_losses(&mut self) {
        let now = Instant::now();
        if self.told_losses.is_some_and(|told| now.saturating_duration_since(told) < LOSS_NOTICE) {
            return;
        }
        let lost = std::mem::take(&mut self.exchange.lock().lost);
        if lost > 0 {
            self.told_losses = Some(now);
            let message = format!("the handler does not keep up: {lost} frames were left out of those that waited");
            self.notice(Severity::Warning, "backlog", message, None);
        }
    }

    fn over(&self, failure: &CallError, what: &str) -> String {
        let message = format!("{what}: {failure}");
        self.notice(Severity::Error, failure.code(), message.clone(), None);
        message
    }

    fn notice(&self, severity: Severity, code: &'static str, message: String, request: Option<u64>) {
        self.connections.events.notice(Notice { severity, code, message, request });
    }
}
