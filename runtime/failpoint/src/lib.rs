//! Failpoints: places at which a test makes a thread or a task panic, to see that the rest of the program goes on.
//!
//! **In release builds they do nothing.** In debug builds the environment variable `FRAMEBOX_FAULTS` names a folder; a
//! failpoint panics once for each time that a file with its name is put there.

/// Panics when a test asks for it.
///
/// # Panics
/// When the folder `FRAMEBOX_FAULTS` has a file with this name, which is removed. Never in release builds.
pub fn panic(name: &str) {
    #[cfg(debug_assertions)]
    debug::panic(name);
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
mod debug {
    use std::path::PathBuf;
    use std::sync::OnceLock;

    #[expect(clippy::disallowed_methods, reason = "a test sets it for one process")]
    pub fn panic(name: &str) {
        static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
        let folder = FOLDER.get_or_init(|| std::env::var_os("FRAMEBOX_FAULTS").map(PathBuf::from));
        // Of several threads that are there, the one that removes the file panics.
        let asked = folder.as_ref().is_some_and(|folder| std::fs::remove_file(folder.join(name)).is_ok());
        assert!(!asked, "a test asked for this panic at {name}");
    }
}
