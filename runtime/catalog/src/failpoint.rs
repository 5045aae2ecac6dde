//! Failpoints: places at which a test kills the program, to see what a crash there leaves behind.

/// Kills the program, as `kill -9` does, when the environment variable `FRAMEBOX_FAULT` names this failpoint. Does
/// nothing in release builds.
#[cfg_attr(debug_assertions, expect(clippy::disallowed_methods, reason = "a test sets it for one process"))]
pub fn hit(name: &str) {
    #[cfg(debug_assertions)]
    if std::env::var_os("FRAMEBOX_FAULT").is_some_and(|chosen| chosen == name) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
