//! The program's log, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise. A target stands for every target that begins with it: `framebox` for all
/// crates of this workspace, and for the audit log.
const DEFAULT_FILTER: &str = "warn,framebox=info,handler=info";

/// Starts the log.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled};

    use super::*;

    #[test]
    fn information_of_all_crates_of_the_workspace_is_logged() {
        let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(DEFAULT_FILTER)).finish();
        tracing::subscriber::with_default(log, || {
            assert!(enabled!(target: "framebox::audit", Level::INFO));
            assert!(enabled!(target: "framebox_auth", Level::INFO));
            assert!(enabled!(target: "framebox_catalog::upload", Level::INFO));
            assert!(enabled!(target: "framebox_pipeline::session", Level::INFO));
            assert!(enabled!(target: "framebox_rtc::answer", Level::INFO));
            assert!(enabled!(target: "framebox_server::sessions", Level::INFO));
            assert!(!enabled!(target: "framebox_server::sessions", Level::DEBUG));
            assert!(!enabled!(target: "webrtc", Level::INFO) && enabled!(target: "webrtc", Level::WARN));
        });
    }
}
