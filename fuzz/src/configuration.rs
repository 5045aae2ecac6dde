//! The configuration file.

use framebox_server::config::Config;

use crate::allocation::{FIXED, within};
use crate::file::MemoryFile;

/// Memory that a byte of TOML may take as a table, bytes.
const TABLE: usize = 2048;

/// A file is refused with a text that a person can read, or everything that the server derives of it is within its bounds.
pub fn run(data: &[u8]) {
    let file = MemoryFile::new(data);
    within(FIXED + TABLE * data.len(), || match Config::read(&file.path()) {
        Err(error) => assert!(!format!("{error:#}").is_empty()),
        Ok(config) => match config.check() {
            Err(error) => {
                let text = format!("{error:#}");
                assert!(!text.is_empty() && text.len() <= 1024 + 16 * data.len(), "{text}");
            }
            Ok(()) => check(&config),
        },
    });
}

fn check(config: &Config) {
    let bounds = config.bounds.bounds().expect("checked");
    let general = config.limits.with_defaults(bounds).expect("checked");
    let most = bounds.limits();
    for table in config.handlers.values().map(|handler| handler.limits).chain([config.limits]) {
        let limits = table.resolve(general, bounds, "handlers").expect("checked").limits();
        assert!(limits.call.time <= most.call.time && limits.call.fuel <= most.call.fuel);
        assert!(limits.memory <= most.memory && limits.memory <= 1 << 30);
        assert!(limits.values_bytes <= most.values_bytes && limits.output_pixels <= most.output_pixels);
        assert!(limits.log_bytes <= most.log_bytes && limits.log_lines <= most.log_lines);
    }
    assert!(config.uploads.bytes() <= 256 << 20);
    assert!(!config.uploads.compile_time().is_zero());
    let _ = config.session_defaults(1 << 30);
    let _ = config.defaults();
    let _ = config.breaker.settings();
}
