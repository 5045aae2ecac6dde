//! Video out of nothing but arithmetic: a generator.

wit_bindgen::generate!({ world: "video-generator", path: "../../wit" });

use std::cell::RefCell;

use exports::framebox::video::{generate, lifecycle};
use framebox::video::media::Output;
use framebox::video::types::*;

use common::Clock;
use field::Field;
use palette::{COLORS, Table};

mod field;
mod palette;

/// Width and height that can be chosen; even.
const SIZES: [(&str, Size); 3] = [
    ("320x180", Size { width: 320, height: 180 }),
    ("640x360", Size { width: 640, height: 360 }),
    ("1280x720", Size { width: 1280, height: 720 }),
];

/// Length of a cycle at a speed of 1, µs.
const CYCLE: i64 = 60_000_000;

struct State {
    clock: Clock,
    colors: Table,
    scale: f32,
    detail: usize,
    size: Size,
    /// The picture and a row of the pattern, kept from frame to frame so that their memory is.
    picture: Vec<u8>,
    color: Vec<f32>,
    light: Vec<f32>,
}

thread_local! {
    static STATE: RefCell<State> = const {
        RefCell::new(State {
            clock: Clock::new(),
            colors: Table::new(),
            scale: 2.0,
            detail: 4,
            size: SIZES[1].1,
            picture: Vec::new(),
            color: Vec::new(),
            light: Vec::new(),
        })
    };
}

struct Plasma;

impl lifecycle::Guest for Plasma {
    fn describe() -> Descriptor {
        let parameter = |id: &str, label: &str, help: &str, kind| Parameter {
            id: id.into(),
            label: label.into(),
            help: Some(help.into()),
            group: None,
            kind,
        };
        let number = |min, max, step, default, unit: &str| {
            ParameterKind::Number(NumberSpec { min, max, step, default, unit: Some(unit.into()) })
        };
        let option = |id: &str, label: &str| Choice { id: id.into(), label: label.into() };
        let palettes = palette::ALL.iter().map(|(id, label, _)| option(id, label)).collect();
        let sizes = SIZES.iter().map(|(id, _)| option(id, &id.replace('x', " × "))).collect();
        let detail = IntegerSpec { min: 0, max: field::MOST_BENDS as i64, step: 1, default: 4, unit: None };
        Descriptor {
            title: "Plasma".into(),
            summary: "A flowing pattern, computed for each frame: no camera, no file.".into(),
            parameters: vec![
                parameter("speed", "Speed", "0 stands still.", number(0.0, 4.0, 0.1, 1.0, "×")),
                parameter(
                    "palette",
                    "Colours",
                    "The colours to go through.",
                    ParameterKind::Choice(ChoiceSpec { options: palettes, default: "aurora".into() }),
                ),
                parameter("scale", "Scale", "Higher shows more of the pattern.", number(0.5, 6.0, 0.1, 2.0, "×")),
                parameter("detail", "Detail", "How often the pattern is bent.", ParameterKind::Integer(detail)),
                parameter(
                    "size",
                    "Size",
                    "Four times the pixels take four times the work.",
                    ParameterKind::Choice(ChoiceSpec { options: sizes, default: "640x360".into() }),
                ),
            ],
            outputs: vec![OutputSpec {
                id: "phase".into(),
                label: "Part of the cycle".into(),
                kind: OutputKind::Gauge,
                unit: Some("%".into()),
            }],
            size: None,
            fps: Some(60.0),
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
            ("speed", Value::Number(speed)) => self.clock.set_speed(speed),
            ("palette", Value::Text(name)) => {
                let named = palette::ALL.iter().find(|(id, ..)| *id == name);
                let (_, _, stops) = named.ok_or_else(|| format!("{name} is no palette"))?;
                self.colors.set(stops);
            }
            ("scale", Value::Number(scale)) => self.scale = scale as f32,
            ("detail", Value::Integer(detail)) => self.detail = detail.clamp(0, field::MOST_BENDS as i64) as usize,
            ("size", Value::Text(name)) => {
                let named = SIZES.iter().find(|(id, _)| *id == name);
                self.size = named.ok_or_else(|| format!("{name} is no size"))?.1;
            }
            _ => return Err(format!("{id} is not known")),
        }
        Ok(())
    }

    /// Draws the frame at `phase`.
    fn draw(&mut self, phase: f32) {
        let Size { width, height } = self.size;
        let field = Field::new(width, height, self.scale, self.detail, phase);
        let planes = common::I420::new(width, height);
        let (columns, rows) = planes.chroma();
        self.picture.resize(planes.width * planes.height + 2 * columns * rows, 0);
        self.color.resize(planes.width, 0.0);
        self.light.resize(planes.width, 0.0);
        // A third of the circle of colours to either side; the rest of it comes with time.
        let turn = phase * (4 * COLORS) as f32;
        let place = |color: f32| (color * (COLORS / 3) as f32 + turn) as i32 as usize % COLORS;
        let dim = |value: i16, light: f32| (i32::from(value) * (176.0 + light * 80.0) as i32) >> 8;
        let [(luma, _), (u, _), (v, _)] = planes.planes(&mut self.picture);
        for (y, luma) in luma.chunks_exact_mut(planes.width).enumerate() {
            field.row(y, &mut self.color, &mut self.light);
            let points = self.color.iter().zip(&self.light);
            for (luma, (color, light)) in luma.iter_mut().zip(points.clone()) {
                *luma = (16 + dim(self.colors.y[place(*color)], *light)) as u8;
            }
            // A colour sample is that of the first of its four pixels.
            if y % 2 == 0 {
                let row = y / 2 * columns..(y / 2 + 1) * columns;
                let samples = u[row.clone()].iter_mut().zip(&mut v[row]);
                for ((u, v), (color, light)) in samples.zip(points.step_by(2)) {
                    *u = (128 + dim(self.colors.u[place(*color)], *light)) as u8;
                    *v = (128 + dim(self.colors.v[place(*color)], *light)) as u8;
                }
            }
        }
    }
}

impl generate::Guest for Plasma {
    fn next(now_us: i64, out: &Output, _budget: Budget) -> Result<(), Stop> {
        STATE.with_borrow_mut(|state| {
            let phase = state.clock.at(now_us).rem_euclid(CYCLE) as f32 / CYCLE as f32;
            state.draw(phase);
            out.pixels(state.size, PixelFormat::I420, &state.picture).map_err(Stop::Failed)?;
            let percent = (f64::from(phase) * 1000.0).floor() / 10.0;
            out.put("phase", &Value::Number(percent)).map_err(Stop::Failed)
        })
    }
}

export!(Plasma);
