//! Writes a frame's time and number into the picture.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::RefCell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

mod text;

/// What lies behind the text: black that lets something of the picture through, or nothing.
const BACKDROP: [u8; 4] = [0, 0, 0, 150];
const NOTHING: [u8; 4] = [0; 4];

struct Settings {
    label: String,
    color: [u8; 3],
    /// Height of a line, percent of the picture's.
    size: u32,
    right: bool,
    bottom: bool,
    backdrop: bool,
}

thread_local! {
    static SETTINGS: RefCell<Settings> = const {
        RefCell::new(Settings {
            label: String::new(),
            color: [255; 3],
            size: 4,
            right: false,
            bottom: false,
            backdrop: true,
        })
    };
    /// Frames skipped since the beginning.
    static SKIPPED: RefCell<u64> = const { RefCell::new(0) };
}

struct Timestamp;

impl lifecycle::Guest for Timestamp {
    fn describe() -> Descriptor {
        let parameter = |id: &str, label: &str, help: Option<&str>, kind| Parameter {
            id: id.into(),
            label: label.into(),
            help: help.map(Into::into),
            group: None,
            kind,
        };
        let corners = [
            ("top-left", "Top left"),
            ("top-right", "Top right"),
            ("bottom-left", "Bottom left"),
            ("bottom-right", "Bottom right"),
        ];
        let options = corners.map(|(id, label)| Choice { id: id.into(), label: label.into() }).into();
        let label = TextSpec { max_chars: 40, multiline: false, default: String::new() };
        let size = IntegerSpec { min: 2, max: 12, step: 1, default: 4, unit: Some("%".into()) };
        Descriptor {
            title: "Timestamp".into(),
            summary: "Writes the time and the number of each frame into it, and how many were skipped.".into(),
            parameters: vec![
                parameter("label", "Label", Some("A line of your own above the others."), ParameterKind::Text(label)),
                parameter("color", "Colour", None, ParameterKind::Color("#ffffff".into())),
                parameter(
                    "size",
                    "Size",
                    Some("Height of a line, of the picture's height; smaller where it would not fit."),
                    ParameterKind::Integer(size),
                ),
                parameter(
                    "corner",
                    "Corner",
                    None,
                    ParameterKind::Choice(ChoiceSpec { options, default: "top-left".into() }),
                ),
                parameter("backdrop", "Darken what lies behind", None, ParameterKind::Toggle(true)),
            ],
            outputs: vec![],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        SETTINGS.with_borrow_mut(|settings| changed.into_iter().try_for_each(|named| settings.set(named)))
    }

    fn close() {}
}

impl Settings {
    fn set(&mut self, NamedValue { id, value }: NamedValue) -> Result<(), String> {
        match (id.as_str(), value) {
            ("label", Value::Text(label)) => self.label = label,
            ("color", Value::Text(color)) => {
                let rgb = u32::from_str_radix(color.trim_start_matches('#'), 16).map_err(|e| e.to_string())?;
                self.color = [(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8];
            }
            ("size", Value::Integer(percent)) => self.size = percent.clamp(1, 100) as u32,
            ("corner", Value::Text(corner)) => {
                (self.right, self.bottom) = (corner.ends_with("right"), corner.starts_with("bottom"));
            }
            ("backdrop", Value::Boolean(backdrop)) => self.backdrop = backdrop,
            _ => return Err(format!("{id} is not known")),
        }
        Ok(())
    }

    /// The text as it lies in a picture of `size`.
    fn draw(&self, lines: &[String], size: Size) -> (Rect, Vec<u8>) {
        let (across, down) = text::extent(lines);
        let (width, height) = (size.width as usize, size.height as usize);
        let wanted = height * self.size as usize / 100 / text::CHARACTER;
        // A dot has at least one pixel; what does not fit even then is cut off.
        let dot = wanted.min(width / across).min(height / down).max(1);
        let ground = if self.backdrop { BACKDROP } else { NOTHING };
        let drawn = text::draw(lines, dot, self.color, ground, (width, height));
        // At even places colours are sharp.
        let at = |far: bool, whole: usize, part: usize| if far { (whole - part) & !1 } else { 0 } as u32;
        let (x, y) = (at(self.right, width, drawn.width), at(self.bottom, height, drawn.height));
        (Rect { x, y, width: drawn.width as u32, height: drawn.height as u32 }, drawn.pixels)
    }
}

impl transform::Guest for Timestamp {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let info = input.info();
        let skipped = SKIPPED.with_borrow_mut(|skipped| {
            *skipped = skipped.saturating_add(info.skipped.into());
            *skipped
        });
        let (rect, pixels) = SETTINGS.with_borrow(|settings| {
            let facts = [time(info.pts_us), format!("frame {}", info.sequence), format!("skipped {skipped}")];
            let label = Some(settings.label.trim().to_owned()).filter(|label| !label.is_empty());
            let lines: Vec<_> = label.into_iter().chain(facts).collect();
            settings.draw(&lines, info.size)
        });
        out.show(input).map_err(Stop::Failed)?;
        out.patch(rect, PixelFormat::Rgba8, &pixels).map_err(Stop::Failed)
    }
}

/// Hours, minutes, seconds and thousandths since the stream began.
fn time(pts_us: i64) -> String {
    let ms = pts_us.max(0) / 1000;
    let (seconds, minutes, hours) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    format!("{hours}:{minutes:02}:{seconds:02}.{:03}", ms % 1000)
}

export!(Timestamp);
