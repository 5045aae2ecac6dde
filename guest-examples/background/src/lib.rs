//! Replaces what lies behind a person, without a neural network: the background is learned while nobody is there.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::RefCell;

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

use enlarge::Enlarged;
use model::{CELL, LESSONS, Model};

mod enlarge;
mod model;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Blur,
    Color,
    Gradient,
    Mask,
}

const MODES: [(&str, &str, Mode); 4] = [
    ("blur", "Blurred", Mode::Blur),
    ("color", "One colour", Mode::Color),
    ("gradient", "From one colour to another", Mode::Gradient),
    ("mask", "Show what is found", Mode::Mask),
];

struct State {
    mode: Mode,
    threshold: i32,
    blur: usize,
    /// Luma and colour differences, at the top and at the bottom.
    colors: [[i32; 3]; 2],
    model: Model,
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State { mode: Mode::Blur, threshold: 14, blur: 3, colors: [[0; 3]; 2], model: Model::new() })
    };
}

struct Background;

impl lifecycle::Guest for Background {
    fn describe() -> Descriptor {
        let parameter = |id: &str, label: &str, help: &str, kind| Parameter {
            id: id.into(),
            label: label.into(),
            help: Some(help.into()),
            group: None,
            kind,
        };
        let output = |id: &str, label: &str, kind, unit: Option<&str>| OutputSpec {
            id: id.into(),
            label: label.into(),
            kind,
            unit: unit.map(Into::into),
        };
        let integer =
            |min, max, default| ParameterKind::Integer(IntegerSpec { min, max, step: 1, default, unit: None });
        let options = MODES.map(|(id, label, _)| Choice { id: id.into(), label: label.into() }).into();
        Descriptor {
            title: "Background".into(),
            summary: "Blurs or replaces what lies behind you. Step out of the picture, press \u{201c}Learn\u{201d}, wait a second."
                .into(),
            parameters: vec![
                parameter(
                    "mode",
                    "Background",
                    "What is seen behind you.",
                    ParameterKind::Choice(ChoiceSpec { options, default: "blur".into() }),
                ),
                parameter("reset", "Learn", "Learns the background anew: nobody should be there.", ParameterKind::Button),
                parameter("threshold", "Threshold", "How far from the background you have to be.", integer(4, 60, 14)),
                parameter("blur", "Blur", "How much the background is blurred.", integer(0, 12, 3)),
                parameter("color", "Colour", "At the top.", ParameterKind::Color("#1d3557".into())),
                parameter("color-below", "Colour below", "At the bottom.", ParameterKind::Color("#e0a96d".into())),
            ],
            outputs: vec![
                output("foreground", "Foreground", OutputKind::Gauge, Some("%")),
                output("state", "State", OutputKind::Text, None),
            ],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        STATE.with_borrow_mut(|state| changed.into_iter().try_for_each(|named| state.set(named)))
    }

    fn close() {}
}

impl State {
    fn set(&mut self, NamedValue { id, value }: NamedValue) -> Result<(), String> {
        match (id.as_str(), value) {
            ("mode", Value::Text(name)) => {
                let named = MODES.iter().find(|(id, ..)| *id == name);
                self.mode = named.ok_or_else(|| format!("{name} is no mode"))?.2;
            }
            ("reset", Value::Boolean(true)) => self.model.reset(),
            ("reset", Value::Boolean(false)) => {}
            ("threshold", Value::Integer(threshold)) => self.threshold = threshold.clamp(1, 255) as i32,
            ("blur", Value::Integer(times)) => self.blur = times.clamp(0, 100) as usize,
            ("color", Value::Text(color)) => self.colors[0] = yuv(&color)?,
            ("color-below", Value::Text(color)) => self.colors[1] = yuv(&color)?,
            _ => return Err(format!("{id} is not known")),
        }
        Ok(())
    }

    /// What a plane has behind the foreground, in cells of `columns` and `rows`.
    fn behind(&self, points: &[[i32; 3]], (columns, rows): (usize, usize), plane: usize) -> Vec<i32> {
        let even = |row: usize| {
            let [above, below] = self.colors.map(|color| color[plane]);
            above + (below - above) * row as i32 / (rows.max(2) - 1) as i32
        };
        match self.mode {
            Mode::Blur => {
                let values = points.iter().map(|point| point[plane]).collect();
                (0..self.blur).fold(values, |values: Vec<_>, _| model::smooth(&values, columns))
            }
            Mode::Color => vec![self.colors[0][plane]; points.len()],
            Mode::Gradient => (0..rows).flat_map(|row| std::iter::repeat_n(even(row), columns)).collect(),
            Mode::Mask => vec![if plane == 0 { 16 } else { 128 }; points.len()],
        }
    }
}

impl transform::Guest for Background {
    fn process(input: &Frame, out: &Output, _budget: Budget) -> Result<(), Stop> {
        STATE.with_borrow_mut(|state| {
            let size = input.info().size;
            let cells = Size { width: size.width.div_ceil(CELL as u32), height: size.height.div_ceil(CELL as u32) };
            let points = points(input, cells);
            let columns = cells.width as usize;
            let mask = state.model.foreground(&points, columns, state.threshold);
            let left = state.model.lessons_left();
            if left > 0 {
                // What is shown while the background is learned is the picture itself.
                let share = (LESSONS - left) * 100 / LESSONS;
                out.show(input).map_err(Stop::Failed)?;
                return out.put("state", &Value::Text(format!("learning, {share} %"))).map_err(Stop::Failed);
            }
            let mut pixels = input.pixels(PixelFormat::I420);
            let planes = common::I420::new(size.width, size.height).planes(&mut pixels);
            for (number, (plane, width)) in planes.into_iter().enumerate() {
                let behind = state.behind(&points, (columns, cells.height as usize), number);
                if state.mode == Mode::Mask {
                    plane.fill(if number == 0 { 235 } else { 128 });
                }
                // Colour planes have half the resolution, and so half the cell.
                match number {
                    0 => replace::<CELL>(plane, width, &mask, &behind, columns),
                    _ => replace::<{ CELL / 2 }>(plane, width, &mask, &behind, columns),
                }
            }
            out.pixels(size, PixelFormat::I420, &pixels).map_err(Stop::Failed)?;
            let share = f64::from(mask.iter().sum::<i32>()) * 100.0 / (256 * mask.len()) as f64;
            out.put("foreground", &Value::Number((share * 10.0).round() / 10.0)).map_err(Stop::Failed)?;
            out.put("state", &Value::Text("ready".into())).map_err(Stop::Failed)
        })
    }
}

/// The picture, a point for each cell.
fn points(input: &Frame, cells: Size) -> Vec<[i32; 3]> {
    // Twice the cells in luma, so that there is one colour sample for each of them.
    let fine = Size { width: cells.width * 2, height: cells.height * 2 };
    let mut sample = input.sample(PixelFormat::I420, None, Some(fine));
    let [(y, width), (u, columns), (v, _)] = common::I420::new(fine.width, fine.height).planes(&mut sample);
    let mut points = Vec::with_capacity(u.len());
    for ((rows, u), v) in y.chunks_exact(2 * width).zip(u.chunks_exact(columns)).zip(v.chunks_exact(columns)) {
        let (above, below) = rows.split_at(width);
        for (i, (above, below)) in above.chunks_exact(2).zip(below.chunks_exact(2)).enumerate() {
            let luma: i32 = above.iter().chain(below).map(|luma| i32::from(*luma)).sum();
            points.push([(luma + 2) / 4, u[i].into(), v[i].into()]);
        }
    }
    points
}

/// Lets a plane of rows of `width` stand where the mask is 256, and `behind` where it is 0; both in rows of `columns`.
fn replace<const CELL: usize>(plane: &mut [u8], width: usize, mask: &[i32], behind: &[i32], columns: usize) {
    let (mut mask, mut behind) = (Enlarged::<CELL>::new(mask, columns), Enlarged::<CELL>::new(behind, columns));
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        for (pixel, (mask, behind)) in row.iter_mut().zip(mask.row(y).iter().zip(behind.row(y))) {
            // Both together are at most 255 × 256.
            *pixel = ((u16::from(*pixel) * mask + behind * (256 - mask)) >> 8) as u8;
        }
    }
}

/// A colour as BT.601, limited range.
fn yuv(color: &str) -> Result<[i32; 3], String> {
    let rgb = i32::from_str_radix(color.trim_start_matches('#'), 16).map_err(|e| e.to_string())?;
    let [red, green, blue] = [16, 8, 0].map(|shift| rgb >> shift & 255);
    Ok([
        16 + ((66 * red + 129 * green + 25 * blue + 128) >> 8),
        128 + ((-38 * red - 74 * green + 112 * blue + 128) >> 8),
        128 + ((112 * red - 94 * green - 18 * blue + 128) >> 8),
    ])
}

export!(Background);
