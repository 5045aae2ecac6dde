//! Descriptions of imports: what a component is able to do.

/// Prefixes of interface names and their descriptions; empty for interfaces that only define types. The text report puts the
/// descriptions into a list with commas, so that they contain none.
const DESCRIPTIONS: [(&str, &str); 20] = [
    ("framebox:video/types", ""),
    ("framebox:video/media", "exchanges pictures and values"),
    ("framebox:video/log", "writes to its log"),
    ("framebox:video/sources", "opens granted videos"),
    ("wasi:clocks/monotonic-clock", "reads the clock"),
    ("wasi:clocks/wall-clock", "reads the date and time"),
    ("wasi:clocks/", "reads the clock"),
    ("wasi:random/", "reads random numbers"),
    ("wasi:cli/stdout", "writes to standard output (its log)"),
    ("wasi:cli/stderr", "writes to standard error (its log)"),
    ("wasi:cli/stdin", "reads standard input (empty)"),
    ("wasi:cli/environment", "reads environment variables and arguments (none)"),
    ("wasi:cli/exit", "can exit"),
    ("wasi:cli/terminal", "checks for a terminal (none)"),
    ("wasi:cli/", "uses the command line environment (empty)"),
    ("wasi:io/poll", "waits for events"),
    ("wasi:io/error", ""),
    ("wasi:io/", "uses byte streams"),
    ("wasi:filesystem/", "uses the file system (empty)"),
    ("wasi:sockets/", "uses the network (none)"),
];

const UNKNOWN: &str = "uses other interfaces";

/// Returns the descriptions of imports without repetition, in the order of [`DESCRIPTIONS`].
pub(super) fn descriptions(imports: &[String]) -> Vec<&'static str> {
    let mut used: Vec<&'static str> = Vec::new();
    let all = DESCRIPTIONS.iter().map(|(_, description)| *description).chain([UNKNOWN]);
    for candidate in all.filter(|description| !description.is_empty()) {
        if !used.contains(&candidate) && imports.iter().any(|import| description(import) == candidate) {
            used.push(candidate);
        }
    }
    used
}

/// Returns the description of an import.
pub(super) fn description(import: &str) -> &'static str {
    let mut all = DESCRIPTIONS.iter();
    all.find(|(prefix, _)| import.starts_with(prefix)).map_or(UNKNOWN, |(_, description)| description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_description_appears_once_and_types_have_none() {
        let imports = [
            "framebox:video/types@0.1.0",
            "framebox:video/log@0.1.0",
            "wasi:random/random@0.2.6",
            "wasi:random/insecure-seed@0.2.6",
            "wasi:clocks/wall-clock@0.2.6",
            "wasi:cli/terminal-stdin@0.2.6",
        ];
        assert_eq!(
            descriptions(&imports.map(str::to_owned)),
            ["writes to its log", "reads the date and time", "reads random numbers", "checks for a terminal (none)"]
        );
    }
}
