//! Tables, units, and untrusted text made safe for a terminal.

use std::fmt::Write as _;
use std::time::Duration;

/// Characters shown of an untrusted text.
const MAX_CHARS: usize = 2000;

/// Puts an untrusted text into one line, without control characters.
pub(crate) fn printable(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.filter(|c| !c.is_control()).take(MAX_CHARS).collect()
}

/// Formats microseconds as milliseconds without a unit: `1.25`.
pub(crate) fn ms(us: u64) -> String {
    let ms = us as f64 / 1e3;
    if ms < 10.0 { format!("{ms:.2}") } else { format!("{ms:.1}") }
}

/// Formats a duration: `20 µs`, `350.0 ms` or `1.2 s`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.1} s"),
    }
}

/// Formats a size: `54.9 KiB` or `1.3 MiB`.
pub(crate) fn bytes(bytes: usize) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1024.0 { format!("{kib:.1} KiB") } else { format!("{:.1} MiB", kib / 1024.0) }
}

/// Formats a count: `950`, `1.25 k`, `3.20 M`, `1.10 G`.
pub(crate) fn count(count: u64) -> String {
    let number = count as f64;
    match count {
        0..1000 => count.to_string(),
        1000..1_000_000 => format!("{:.2} k", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} M", number / 1e6),
        _ => format!("{:.2} G", number / 1e9),
    }
}

/// Converts a duration to microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Formats rows of equal length as a table. The first `left` columns are aligned to the left, the others to the right.
pub(crate) fn table(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let cell = |row: &[String], column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let _ = match column < left {
                true => write!(line, "{gap}{cell:<width$}"),
                false => write!(line, "{gap}{cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let text =
            table(&[row(&["size", "what", "ms"]), row(&["640x480", "copy", "1.2"]), row(&["", "invert", ""])], 2);
        assert_eq!(text, "size     what     ms\n640x480  copy    1.2\n         invert\n");
    }

    #[test]
    fn numbers_are_short_and_control_characters_are_removed() {
        assert_eq!(
            [count(999), count(1250), count(3_200_000), count(20_000_000_000)].join(" "),
            "999 1.25 k 3.20 M 20.00 G"
        );
        assert_eq!([ms(1250), ms(12_340)].join(" "), "1.25 12.3");
        assert_eq!([bytes(56_253), bytes(1 << 21)].join(" "), "54.9 KiB 2.0 MiB");
        assert_eq!(printable("a\u{1b}[31m\nb"), "a[31m b");
    }
}
