//! The program's log, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts it: warnings of everybody and information of our own, unless `RUST_LOG` says otherwise.
pub fn start() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,framebox=info,framebox_server=info,handler=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}
