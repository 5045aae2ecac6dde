//! Writes the time and the number of each frame into the picture.

use framebox_handler::{About, Color, Frame, Image, Result, Size, Transform, choices, parameters};

mod text;

/// Colours behind the text: translucent black, or transparent.
const BACKDROP: [u8; 4] = [0, 0, 0, 150];
const NOTHING: [u8; 4] = [0; 4];

choices! {
    enum Corner {
        TopLeft = "Top left",
        TopRight = "Top right",
        BottomLeft = "Bottom left",
        BottomRight = "Bottom right",
    }
}

parameters! {
    struct Settings {
        label: String = text("Label", 40, "").help("An additional line at the top."),
        color: Color = color("Colour", 0xffffff),
        size: usize = integer("Size", 2..=12, 4)
            .unit("%")
            .help("Height of a line relative to the picture; smaller if the text would not fit."),
        corner: Corner = choice("Corner", Corner::TopLeft),
        backdrop: bool = toggle("Darken the background", true),
    }
}

#[derive(Default)]
struct Timestamp {
    /// Frames skipped since the start.
    skipped: u64,
}

impl Transform for Timestamp {
    type Settings = Settings;

    fn about() -> About {
        About::new("Timestamp", "Writes the time, the number and the count of skipped frames into each frame.")
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let info = frame.info();
        self.skipped = self.skipped.saturating_add(info.skipped.into());
        let facts = [time(info.pts_us), format!("frame {}", info.sequence), format!("skipped {}", self.skipped)];
        let label = Some(frame.settings.label.trim().to_owned()).filter(|label| !label.is_empty());
        let lines: Vec<_> = label.into_iter().chain(facts).collect();
        let (x, y, image) = frame.settings.draw(&lines, info.size);
        frame.pass()?;
        frame.overlay(x, y, &image)
    }
}

impl Settings {
    /// Returns the text as an image, and its position in a picture of `size`.
    fn draw(&self, lines: &[String], size: Size) -> (u32, u32, Image) {
        let (across, down) = text::extent(lines);
        let (width, height) = (size.width as usize, size.height as usize);
        let wanted = height * self.size / 100 / text::CHARACTER;
        // A dot has at least one pixel; text that still does not fit is clipped.
        let dot = wanted.min(width / across).min(height / down).max(1);
        let ground = if self.backdrop { BACKDROP } else { NOTHING };
        let drawn = text::draw(lines, dot, self.color, ground, (width, height));
        let right = matches!(self.corner, Corner::TopRight | Corner::BottomRight);
        let bottom = matches!(self.corner, Corner::BottomLeft | Corner::BottomRight);
        // Even coordinates, so that colours are sharp.
        let at = |far: bool, whole: u32, part: u32| if far { (whole - part) & !1 } else { 0 };
        let Size { width, height } = drawn.size();
        (at(right, size.width, width), at(bottom, size.height, height), drawn)
    }
}

/// Formats the time since the start of the stream: hours, minutes, seconds, milliseconds.
fn time(pts_us: i64) -> String {
    let ms = pts_us.max(0) / 1000;
    let (seconds, minutes, hours) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    format!("{hours}:{minutes:02}:{seconds:02}.{:03}", ms % 1000)
}

framebox_handler::export!(Timestamp);
