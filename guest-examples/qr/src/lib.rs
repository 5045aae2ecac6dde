//! Reads QR codes.

use framebox_handler::raw::media;
use framebox_handler::{About, Color, Frame, Json, OutputKind, PixelFormat, Rect, Result, Size, Transform, parameters};
use outline::Point;
use rqrr::PreparedImage;

mod json;
mod outline;

/// Maximum number of reported codes in a frame.
const MOST: usize = 8;
/// Maximum number of crops that are searched in a frame, and the longer side of a crop, pixels.
const MOST_LOOKS: usize = 3;
const CLOSE: u32 = 400;
/// The minimum number of modules on a side of a code: smaller pictures contain none.
const SMALLEST: u32 = 21;

parameters! {
    struct Settings {
        resolution: u32 = integer("Resolution of the search", 320..=1920, 640)
            .step(80.0)
            .unit("px")
            .help("The longer side of the copy that is searched. Higher values find smaller codes and take more time."),
        color: Color = color("Colour of the outline", 0x00c8ff),
    }
}

/// A code that was read.
struct Code {
    text: String,
    /// Clockwise from the code's own top left, pixels of the picture.
    corners: [Point; 4],
}

#[derive(Default)]
struct Qr;

impl Transform for Qr {
    type Settings = Settings;

    fn about() -> About {
        About::new("QR codes", "Reads QR codes and draws their outlines.")
            .output("text", "Text", OutputKind::Text)
            .output("codes", "Codes", OutputKind::Json)
            .output("count", "Codes in the picture", OutputKind::Number)
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let size = frame.size();
        let codes = search(frame.input, size, frame.settings.resolution);
        frame.pass()?;
        let thickness = (size.width.min(size.height) / 120).clamp(2, 8) as i32;
        for code in &codes {
            for (i, from) in code.corners.iter().enumerate() {
                let to = code.corners[(i + 1) % 4];
                for (x, y, piece) in outline::line(*from, to, thickness, frame.settings.color, size) {
                    frame.overlay(x, y, &piece)?;
                }
            }
        }
        // The text remains until another code is read.
        if !codes.is_empty() {
            let texts: Vec<_> = codes.iter().map(|code| code.text.as_str()).collect();
            frame.put("text", texts.join("\n"))?;
        }
        frame.put("codes", Json(json::codes(&codes)))?;
        frame.put("count", codes.len())
    }
}

/// The codes in the picture that can be read.
fn search(input: &media::Frame, size: Size, resolution: u32) -> Vec<Code> {
    let whole = Rect { x: 0, y: 0, width: size.width, height: size.height };
    let side = resolution.min(size.width.max(size.height));
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

/// Searches the part `at` of the picture, scaled so that its longer side has `side` pixels. Returns the codes that were read,
/// and the corners of those that were only located.
fn look(input: &media::Frame, at: Rect, side: u32) -> (Vec<Code>, Vec<[Point; 4]>) {
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
        // The content of a code may be binary.
        let mut bytes = Vec::new();
        match grid.decode_to(&mut bytes) {
            Ok(_) => codes.push(Code { text: String::from_utf8_lossy(&bytes).into_owned(), corners }),
            Err(_) => unread.push(corners),
        }
    }
    (codes, unread)
}

/// Returns the part of a picture of `size` that contains `corners` and a margin.
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

framebox_handler::export!(Qr);
