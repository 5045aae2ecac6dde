//! Every kind of parameter and every kind of output.

use framebox_handler::{
    About, Blob, Button, Color, Frame, Json, Level, OutputKind, PixelFormat, Rect, Result, Size, Transform, log,
    parameters,
};
use serde_json::{Map, Value, json};

/// Size of the copy that is analysed, pixels.
const SMALL: Size = Size { width: 64, height: 36 };
/// Thickness of the bar, pixels.
const BAR: u32 = 16;
/// Time between two thumbnails, microseconds.
const THUMBNAIL_US: i64 = 1_000_000;

parameters! {
    struct Settings {
        gain: f64 = number("Gain", 0.0..=2.0, 1.0).step(0.05).group("Measuring"),
        rows: usize = integer("Rows of the table", 1..=8, 3).group("Measuring"),
        snapshot: bool = toggle("Thumbnails", true).group("Measuring"),
        reset: Button = button("Count from 0").group("Measuring"),
        side: String = option("Side of the bar", ["left", "right", "top", "bottom"].map(|it| (it, it)), "left")
            .group("Picture"),
        color: Color = color("Colour of the bar", 0xff8800).group("Picture"),
        note: String = text("Note", 40, "hello").group("Picture"),
    }
}

#[derive(Default)]
struct Knobs {
    /// The current parameters; `None` before the start.
    known: Option<Map<String, Value>>,
    frames: u64,
    /// Time of the next thumbnail, microseconds.
    next_thumbnail_us: Option<i64>,
}

impl Transform for Knobs {
    type Settings = Settings;

    fn about() -> About {
        About::new("Knobs", "Every kind of control and every kind of output.")
            .output("frames", "Frames", OutputKind::Number)
            .output("brightness", "Brightness", OutputKind::Gauge)
            .unit("%")
            .output("echo", "Note", OutputKind::Text)
            .output("settings", "Settings", OutputKind::Json)
            .output("thumbnail", "Thumbnail", OutputKind::Image)
            .output("bands", "Bands", OutputKind::Table)
            .output("channels", "Red, green, blue", OutputKind::Plot)
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        let Settings { gain, rows, snapshot, reset, side, color, note } = settings;
        let pairs = [
            ("gain", json!(gain)),
            ("rows", json!(rows)),
            ("snapshot", json!(snapshot)),
            ("side", json!(side)),
            ("color", json!(color.to_string())),
            ("note", json!(note)),
        ];
        let all = Map::from_iter(pairs.map(|(id, value)| (id.to_owned(), value)));
        match &self.known {
            None => log(Level::Info, "ready"),
            Some(known) => {
                for (id, _) in all.iter().filter(|(id, value)| known.get(*id) != Some(value)) {
                    log(Level::Info, &format!("{id} changed"));
                }
            }
        }
        self.known = Some(all);
        if reset.pressed() {
            log(Level::Info, "reset changed");
            self.frames = 0;
        }
        Ok(())
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let info = frame.info();
        let small = frame.input.sample(PixelFormat::Rgb8, None, Some(SMALL));
        frame.pass()?;
        frame.fill(bar(&frame.settings.side, info.size), frame.settings.color)?;
        self.frames += 1;
        self.put(frame, &small)?;
        if frame.settings.snapshot && self.next_thumbnail_us.is_none_or(|due| info.pts_us >= due) {
            self.next_thumbnail_us = Some(info.pts_us + THUMBNAIL_US);
            frame.put("thumbnail", Blob { media_type: "image/png".into(), data: png(&small)? })?;
        }
        Ok(())
    }

    fn closed(&mut self) {
        log(Level::Info, "the session has ended");
    }
}

impl Knobs {
    /// Puts all outputs that are measured on the `small` copy.
    fn put(&self, frame: &Frame<Settings>, small: &[u8]) -> Result {
        let Settings { gain, rows, note, .. } = frame.settings;
        let percent = |pixels: &[u8]| {
            let sum: u64 = pixels.iter().map(|byte| u64::from(*byte)).sum();
            (sum as f64 / pixels.len().max(1) as f64 / 2.55 * gain * 10.0).round() / 10.0
        };
        let band = (SMALL.height as usize).div_ceil(*rows) * SMALL.width as usize * 3;
        let row = |(i, band): (usize, &[u8])| json!({ "band": i + 1, "brightness": percent(band) });
        let bands: Vec<_> = small.chunks(band).enumerate().map(row).collect();
        let channel = |offset: usize| percent(&small.iter().copied().skip(offset).step_by(3).collect::<Vec<_>>());
        frame.put("frames", self.frames)?;
        frame.put("brightness", percent(small))?;
        frame.put("echo", note.as_str())?;
        frame.put("settings", Json(json!(self.known).to_string()))?;
        frame.put("bands", Json(json!(bands).to_string()))?;
        frame.put("channels", vec![channel(0), channel(1), channel(2)])
    }
}

/// Returns the position of the bar in a picture of `size`.
fn bar(side: &str, size: Size) -> Rect {
    let (wide, high) = (BAR.min(size.width), BAR.min(size.height));
    match side {
        "right" => Rect { x: size.width - wide, y: 0, width: wide, height: size.height },
        "top" => Rect { x: 0, y: 0, width: size.width, height: high },
        "bottom" => Rect { x: 0, y: size.height - high, width: size.width, height: high },
        _ => Rect { x: 0, y: 0, width: wide, height: size.height },
    }
}

fn png(rgb: &[u8]) -> Result<Vec<u8>, String> {
    let mut data = Vec::new();
    let mut encoder = png::Encoder::new(&mut data, SMALL.width, SMALL.height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(rgb).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(data)
}

framebox_handler::export!(Knobs);
