//! Reads QR codes.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::Cell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;
use outline::Point;
use rqrr::PreparedImage;

mod json;
mod outline;

/// The most codes that are told of in one frame.
const MOST: usize = 8;
/// The most codes that are looked at from near in one frame, and the longer side of such a look, pixels.
const MOST_LOOKS: usize = 3;
const CLOSE: u32 = 400;
/// No code has fewer modules to a side, so smaller pictures hold none.
const SMALLEST: u32 = 21;

thread_local! {
    /// The longer side of the copy that is searched, pixels.
    static RESOLUTION: Cell<u32> = const { Cell::new(640) };
    static COLOR: Cell<[u8; 3]> = const { Cell::new([0, 200, 255]) };
}

/// A code that was read.
struct Code {
    text: String,
    /// From the corner at its top left on, clockwise as it is printed; pixels of the picture.
    corners: [Point; 4],
}

struct Qr;

impl lifecycle::Guest for Qr {
    fn describe() -> Descriptor {
        let output = |id: &str, label: &str, kind| OutputSpec { id: id.into(), label: label.into(), kind, unit: None };
        let parameter = |id: &str, label: &str, help: Option<&str>, kind| Parameter {
            id: id.into(),
            label: label.into(),
            help: help.map(Into::into),
            group: None,
            kind,
        };
        let resolution = IntegerSpec { min: 320, max: 1920, step: 80, default: 640, unit: Some("px".into()) };
        Descriptor {
            title: "QR codes".into(),
            summary: "Reads QR codes and draws their outline.".into(),
            parameters: vec![
                parameter(
                    "resolution",
                    "Resolution of the search",
                    Some("The longer side of the copy that is searched. More finds smaller codes and takes more time."),
                    ParameterKind::Integer(resolution),
                ),
                parameter("color", "Colour of the outline", None, ParameterKind::Color("#00c8ff".into())),
            ],
            outputs: vec![
                output("text", "Text", OutputKind::Text),
                output("codes", "Codes", OutputKind::Json),
                output("count", "Codes in the picture", OutputKind::Number),
            ],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        for NamedValue { id, value } in changed {
            match (id.as_str(), value) {
                ("resolution", Value::Integer(side)) => RESOLUTION.set(side.clamp(1, 4096) as u32),
                ("color", Value::Text(color)) => {
                    let rgb = u32::from_str_radix(color.trim_start_matches('#'), 16).map_err(|e| e.to_string())?;
                    COLOR.set([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8]);
                }
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for Qr {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        let size = input.info().size;
        let codes = search(input, size);
        out.show(input).map_err(Stop::Failed)?;
        let thickness = (size.width.min(size.height) / 120).clamp(2, 8) as i32;
        for code in &codes {
            for (i, from) in code.corners.iter().enumerate() {
                let to = code.corners[(i + 1) % 4];
                for piece in outline::line(*from, to, thickness, COLOR.get(), (size.width, size.height)) {
                    let at = Rect { x: piece.x, y: piece.y, width: piece.width, height: piece.height };
                    out.patch(at, PixelFormat::Rgba8, &piece.pixels).map_err(Stop::Failed)?;
                }
            }
        }
        // The text stays until another one is read.
        if !codes.is_empty() {
            let texts: Vec<_> = codes.iter().map(|code| code.text.as_str()).collect();
            out.put("text", &Value::Text(texts.join("\n"))).map_err(Stop::Failed)?;
        }
        out.put("codes", &Value::Json(json::codes(&codes))).map_err(Stop::Failed)?;
        out.put("count", &Value::Integer(codes.len() as i64)).map_err(Stop::Failed)
    }
}

/// The codes in the picture that can be read.
fn search(input: &Frame, size: Size) -> Vec<Code> {
    let whole = Rect { x: 0, y: 0, width: size.width, height: size.height };
    let side = RESOLUTION.get().min(size.width.max(size.height));
    let (mut codes, unread) = look(input, whole, side);
    // What was seen but not read may be read from the picture itself rather than from the small copy.
    for corners in unread.into_iter().take(MOST_LOOKS) {
        let (closer, _) = look(input, around(corners, size), CLOSE);
        codes.extend(closer);
    }
    // From the top of the picture down, so that several stand in the same order in each frame.
    codes.sort_by_key(|code| (code.corners.map(|(_, y)| y).into_iter().min(), code.corners[0]));
    codes.dedup_by(|a, b| a.text == b.text && a.corners[0].0.abs_diff(b.corners[0].0) < 16);
    codes.truncate(MOST);
    codes
}

/// Looks at the part `at` of the picture, scaled so that its longer side has `side` pixels. The codes that it could
/// read, and the corners of those that it could not.
fn look(input: &Frame, at: Rect, side: u32) -> (Vec<Code>, Vec<[Point; 4]>) {
    let longer = at.width.max(at.height);
    let scaled = |length: u32| (length * side / longer).max(1);
    let small = Size { width: scaled(at.width), height: scaled(at.height) };
    let (mut codes, mut unread) = (Vec::new(), Vec::new());
    if small.width.min(small.height) < SMALLEST {
        return (codes, unread);
    }
    let gray = input.sample(PixelFormat::Gray8, Some(at), Some(small));
    let (width, height) = (small.width as usize, small.height as usize);
    let mut image = PreparedImage::prepare_from_greyscale(width, height, |x, y| gray[y * width + x]);
    let on_picture = |place: i32, begin: u32, whole: u32, small: u32| {
        let place = (i64::from(place) * i64::from(whole) / i64::from(small)).clamp(0, i64::from(whole) - 1);
        begin as i32 + place as i32
    };
    for grid in image.detect_grids() {
        let corners = grid.bounds.map(|corner| {
            (on_picture(corner.x, at.x, at.width, small.width), on_picture(corner.y, at.y, at.height, small.height))
        });
        // What a code holds need not be text.
        let mut bytes = Vec::new();
        match grid.decode_to(&mut bytes) {
            Ok(_) => codes.push(Code { text: String::from_utf8_lossy(&bytes).into_owned(), corners }),
            Err(_) => unread.push(corners),
        }
    }
    (codes, unread)
}

/// The part of a picture of `size` that holds `corners` and some light around them.
fn around(corners: [Point; 4], size: Size) -> Rect {
    let range = |places: [i32; 4], whole: u32| {
        let (least, most) = (places.into_iter().min().unwrap_or(0), places.into_iter().max().unwrap_or(0));
        let light = (most - least) / 4 + 8;
        let begin = (least - light).max(0) as u32;
        (begin, ((most + light) as u32).min(whole) - begin)
    };
    let (x, width) = range(corners.map(|(x, _)| x), size.width);
    let (y, height) = range(corners.map(|(_, y)| y), size.height);
    Rect { x, y, width, height }
}

export!(Qr);
