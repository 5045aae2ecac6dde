//! What ffmpeg says, each line with how bad it is (`-loglevel level+info`).

/// The marks of lines that tell of problems.
const PROBLEMS: [&str; 4] = ["[warning] ", "[error] ", "[fatal] ", "[panic] "];

/// The lines that tell of problems, without their marks.
pub(crate) fn problems(text: &str) -> String {
    let problem = |line: &str| {
        let (at, mark) = PROBLEMS.iter().filter_map(|mark| Some((line.find(mark)?, mark))).min()?;
        // Before it stands what part of ffmpeg says it.
        let part = &line[..at];
        (part.is_empty() || part.starts_with('[') && part.contains(" @ "))
            .then(|| format!("{part}{}", &line[at + mark.len()..]))
    };
    text.lines().filter_map(problem).collect::<Vec<_>>().join("\n")
}

/// Whether a track is described as interlaced. A line that is not complete yet describes nothing.
pub(crate) fn are_of_interlaced(text: &str) -> bool {
    let describes = |line: &str| line.contains("Stream #0:") && line.contains(" Video: ");
    let interlaced = |line: &str| ["top first", "bottom first", "coded first"].iter().any(|words| line.contains(words));
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).any(|line| describes(line) && interlaced(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[info] Input #0, rtsp, from 'rtsp://host':\n[info]   Metadata:\n[info]     title : [error] no\n\
                        [rtsp @ 0x55] [error] method DESCRIBE failed\n[warning] nothing was encoded\nplain\n";

    #[test]
    fn problems_are_told_from_descriptions() {
        assert_eq!(problems(TEXT), "[rtsp @ 0x55] method DESCRIBE failed\nnothing was encoded");
    }

    #[test]
    fn interlaced_tracks_are_recognised_by_their_description() {
        for (line, interlaced) in [
            ("[info]   Stream #0:0: Video: h264 (Main), yuv420p(tv, bt709, top first), 720x576, 25 fps\n", true),
            (
                "[info]   Stream #0:1[0x1]: Video: mpeg2video (Main), yuv420p(tv, bottom coded first (swapped)), 720x576\n",
                true,
            ),
            ("[info]   Stream #0:0: Video: h264 (Main), yuv420p(tv, bt709, progressive), 720x576\n", false),
            ("[info]   Stream #0:0: Video: h264 (Main), yuv420p(tv, bt709, top first), 720x576", false),
            ("[info]   title : top first\n", false),
        ] {
            assert_eq!(are_of_interlaced(line), interlaced, "{line}");
        }
    }
}
