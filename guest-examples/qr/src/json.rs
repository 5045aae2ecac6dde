//! The JSON document of the codes.

use std::fmt::Write as _;

use crate::Code;

/// `[{"text":"…","corners":[[x,y],…]},…]`
pub fn codes(codes: &[Code]) -> String {
    let codes: Vec<_> = codes.iter().map(code).collect();
    format!("[{}]", codes.join(","))
}

fn code(Code { text, corners }: &Code) -> String {
    let corners: Vec<_> = corners.iter().map(|(x, y)| format!("[{x},{y}]")).collect();
    format!("{{\"text\":{},\"corners\":[{}]}}", quoted(text), corners.join(","))
}

/// Escapes a text as a JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\x1f' => {
                let _ = write!(quoted, "\\u{:04x}", character as u32);
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
