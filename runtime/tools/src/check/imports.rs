//! What a component may do, in plain words, told from what it imports.

/// The beginning of an interface's name, and what whoever imports it does; nothing: it only names types.
const WORDS: [(&str, &str); 20] = [
    ("framebox:video/types", ""),
    ("framebox:video/media", "reads and puts pictures and values"),
    ("framebox:video/log", "writes to its log"),
    ("framebox:video/sources", "opens granted videos"),
    ("wasi:clocks/monotonic-clock", "reads the clock"),
    ("wasi:clocks/wall-clock", "reads the date and time"),
    ("wasi:clocks/", "reads the clock"),
    ("wasi:random/", "takes randomness"),
    ("wasi:cli/stdout", "writes to its standard output, which is its log"),
    ("wasi:cli/stderr", "writes to its standard error, which is its log"),
    ("wasi:cli/stdin", "reads its standard input, which is empty"),
    ("wasi:cli/environment", "looks at its environment and arguments, of which there are none"),
    ("wasi:cli/exit", "can end itself"),
    ("wasi:cli/terminal", "asks whether there is a terminal, which there is not"),
    ("wasi:cli/", "uses the command line, which is empty"),
    ("wasi:io/poll", "waits"),
    ("wasi:io/error", ""),
    ("wasi:io/", "uses streams of bytes"),
    ("wasi:filesystem/", "looks for files, of which there are none"),
    ("wasi:sockets/", "looks for the network, which is not there"),
];

const UNKNOWN: &str = "uses something that has no words here";

/// What the imports mean, each thing once, what matters first.
pub(super) fn words(imports: &[String]) -> Vec<&'static str> {
    let mut words: Vec<&'static str> = Vec::new();
    let known = WORDS.iter().map(|(_, words)| *words).chain([UNKNOWN]);
    for meant in known.filter(|words| !words.is_empty()) {
        if !words.contains(&meant) && imports.iter().any(|import| meaning(import) == meant) {
            words.push(meant);
        }
    }
    words
}

/// What one import means.
pub(super) fn meaning(import: &str) -> &'static str {
    WORDS.iter().find(|(begin, _)| import.starts_with(begin)).map_or(UNKNOWN, |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_said_once_and_types_are_not_said() {
        let imports = [
            "framebox:video/types@0.1.0",
            "framebox:video/log@0.1.0",
            "wasi:random/random@0.2.6",
            "wasi:random/insecure-seed@0.2.6",
            "wasi:clocks/wall-clock@0.2.6",
            "wasi:cli/terminal-stdin@0.2.6",
        ];
        let words = words(&imports.map(str::to_owned));
        assert_eq!(
            words,
            [
                "writes to its log",
                "reads the date and time",
                "takes randomness",
                "asks whether there is a terminal, which there is not"
            ]
        );
    }
}
