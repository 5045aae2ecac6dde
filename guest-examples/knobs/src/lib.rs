//! Every kind of parameter and every kind of output.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::RefCell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::log::{Level, log};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;
use serde_json::json;

/// Size of the copy that is looked at, pixels.
const SMALL: Size = Size { width: 64, height: 36 };
/// Thickness of the bar, pixels.
const BAR: u32 = 16;
/// Time between two thumbnails, microseconds.
const THUMBNAIL_US: i64 = 1_000_000;

struct Settings {
    gain: f64,
    rows: i64,
    snapshot: bool,
    side: String,
    note: String,
    color: String,
}

struct State {
    settings: Settings,
    frames: i64,
    next_thumbnail_us: i64,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State {
        settings: Settings {
            gain: 1.0,
            rows: 3,
            snapshot: true,
            side: String::new(),
            note: String::new(),
            color: String::new(),
        },
        frames: 0,
        next_thumbnail_us: i64::MIN,
    }) };
}

struct Knobs;

impl lifecycle::Guest for Knobs {
    fn describe() -> Descriptor {
        let parameter = |id: &str, label: &str, group: &str, kind| Parameter {
            id: id.into(),
            label: label.into(),
            help: None,
            group: Some(group.into()),
            kind,
        };
        let output = |id: &str, label: &str, kind| OutputSpec { id: id.into(), label: label.into(), kind, unit: None };
        let sides = ["left", "right", "top", "bottom"];
        Descriptor {
            title: "Knobs".into(),
            summary: "Every kind of control and every kind of output.".into(),
            parameters: vec![
                parameter(
                    "gain",
                    "Gain",
                    "Measuring",
                    ParameterKind::Number(NumberSpec { min: 0.0, max: 2.0, step: 0.05, default: 1.0, unit: None }),
                ),
                parameter(
                    "rows",
                    "Rows of the table",
                    "Measuring",
                    ParameterKind::Integer(IntegerSpec { min: 1, max: 8, step: 1, default: 3, unit: None }),
                ),
                parameter("snapshot", "Thumbnails", "Measuring", ParameterKind::Toggle(true)),
                parameter("reset", "Count from 0", "Measuring", ParameterKind::Button),
                parameter(
                    "side",
                    "Side of the bar",
                    "Picture",
                    ParameterKind::Choice(ChoiceSpec {
                        options: sides.map(|side| Choice { id: side.into(), label: side.into() }).into(),
                        default: "left".into(),
                    }),
                ),
                parameter("color", "Colour of the bar", "Picture", ParameterKind::Color("#ff8800".into())),
                parameter(
                    "note",
                    "Note",
                    "Picture",
                    ParameterKind::Text(TextSpec { max_chars: 40, multiline: false, default: "hello".into() }),
                ),
            ],
            outputs: vec![
                output("frames", "Frames", OutputKind::Number),
                OutputSpec { unit: Some("%".into()), ..output("brightness", "Brightness", OutputKind::Gauge) },
                output("echo", "Note", OutputKind::Text),
                output("settings", "Settings", OutputKind::Json),
                output("thumbnail", "Thumbnail", OutputKind::Image),
                output("bands", "Bands", OutputKind::Table),
                output("channels", "Red, green, blue", OutputKind::Plot),
            ],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        for NamedValue { id, value } in settings {
            set(&id, value)?;
        }
        log(Level::Info, "ready");
        Ok(())
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        for NamedValue { id, value } in changed {
            set(&id, value)?;
            log(Level::Info, &format!("{id} changed"));
        }
        Ok(())
    }

    fn close() {
        log(Level::Info, "the session is over");
    }
}

fn set(id: &str, value: Value) -> Result<(), String> {
    STATE.with_borrow_mut(|State { settings, frames, .. }| {
        match (id, value) {
            ("gain", Value::Number(gain)) => settings.gain = gain,
            ("rows", Value::Integer(rows)) => settings.rows = rows,
            ("snapshot", Value::Boolean(snapshot)) => settings.snapshot = snapshot,
            ("side", Value::Text(side)) => settings.side = side,
            ("note", Value::Text(note)) => settings.note = note,
            ("color", Value::Text(color)) => settings.color = color,
            ("reset", Value::Boolean(pressed)) => *frames = if pressed { 0 } else { *frames },
            _ => return Err(format!("{id} is not known")),
        }
        Ok(())
    })
}

impl transform::Guest for Knobs {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let info = input.info();
        let small = input.sample(PixelFormat::Rgb8, None, Some(SMALL));
        STATE
            .with_borrow_mut(|state| {
                out.show(input)?;
                draw_bar(&state.settings, info.size, out)?;
                state.frames += 1;
                put(state, &small, out)?;
                if state.settings.snapshot && info.pts_us >= state.next_thumbnail_us {
                    state.next_thumbnail_us = info.pts_us + THUMBNAIL_US;
                    let blob = Blob { media_type: "image/png".into(), data: png(&small)? };
                    out.put("thumbnail", &Value::Blob(blob))?;
                }
                Ok(())
            })
            .map_err(Stop::Failed)
    }
}

fn draw_bar(settings: &Settings, size: Size, out: &Output) -> Result<(), String> {
    let (wide, high) = (BAR.min(size.width), BAR.min(size.height));
    let at = match settings.side.as_str() {
        "right" => Rect { x: size.width - wide, y: 0, width: wide, height: size.height },
        "top" => Rect { x: 0, y: 0, width: size.width, height: high },
        "bottom" => Rect { x: 0, y: size.height - high, width: size.width, height: high },
        _ => Rect { x: 0, y: 0, width: wide, height: size.height },
    };
    let rgb = u32::from_str_radix(settings.color.trim_start_matches('#'), 16).map_err(|error| error.to_string())?;
    let [_, rgb @ ..] = rgb.to_be_bytes();
    out.patch(at, PixelFormat::Rgb8, &rgb.repeat((at.width * at.height) as usize))
}

/// Puts everything that is measured on the `small` copy.
fn put(state: &State, small: &[u8], out: &Output) -> Result<(), String> {
    let State { settings, frames, .. } = state;
    let Settings { gain, rows, snapshot, side, note, color } = settings;
    let percent = |pixels: &[u8]| {
        let sum: u64 = pixels.iter().map(|byte| u64::from(*byte)).sum();
        (sum as f64 / pixels.len().max(1) as f64 / 2.55 * gain * 10.0).round() / 10.0
    };
    let band = (SMALL.height as usize).div_ceil(*rows as usize) * SMALL.width as usize * 3;
    let bands: Vec<_> =
        small.chunks(band).enumerate().map(|(i, band)| json!({ "band": i + 1, "brightness": percent(band) })).collect();
    let channel = |offset: usize| percent(&small.iter().copied().skip(offset).step_by(3).collect::<Vec<_>>());
    let all = json!({
        "gain": gain, "rows": rows, "snapshot": snapshot, "side": side, "note": note, "color": color
    });
    out.put("frames", &Value::Integer(*frames))?;
    out.put("brightness", &Value::Number(percent(small)))?;
    out.put("echo", &Value::Text(note.clone()))?;
    out.put("settings", &Value::Json(all.to_string()))?;
    out.put("bands", &Value::Json(json!(bands).to_string()))?;
    out.put("channels", &Value::Numbers(vec![channel(0), channel(1), channel(2)]))
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

export!(Knobs);
