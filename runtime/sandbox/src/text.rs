//! Texts that guests and the engine contribute to errors, bounded in length.

/// Longest text from a guest or the engine, bytes.
const MAX_BYTES: usize = 2000;

/// Returns `text`, truncated to 2000 bytes.
pub(crate) fn truncated(text: &str) -> String {
    match text.char_indices().find(|(index, c)| index + c.len_utf8() > MAX_BYTES) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the messages of `error` and of its causes, outermost first, truncated.
pub(crate) fn error_chain(error: &wasmtime::Error) -> String {
    let messages: Vec<_> = error.chain().map(ToString::to_string).collect();
    truncated(&messages.join(": "))
}
