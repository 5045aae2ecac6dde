//! Replaces the background behind a person, without a neural network: it learns the empty background.

use enlarge::Enlarged;
use framebox_handler::raw::media;
use framebox_handler::{
    About, Button, Color, Frame, I420, OutputKind, PixelFormat, Result, Size, Transform, choices, parameters,
};
use model::{CELL, LESSONS, Model};

mod enlarge;
mod model;

choices! {
    enum Mode {
        Blur = "Blurred",
        Color = "One colour",
        Gradient = "Gradient",
        Mask = "Show the mask",
    }
}

parameters! {
    struct Settings {
        mode: Mode = choice("Background", Mode::Blur).help("Replacement of the background."),
        reset: Button = button("Learn").help("Learns the background again; the picture must be empty."),
        threshold: i32 = integer("Threshold", 4..=60, 14).help("How much the foreground must differ from the background."),
        blur: usize = integer("Blur", 0..=12, 3).help("Strength of the blur."),
        color: Color = color("Colour", 0x1d3557).help("Colour at the top."),
        color_below: Color = color("Colour below", 0xe0a96d).help("Colour at the bottom."),
    }
}

#[derive(Default)]
struct Background {
    /// Luma and chroma at the top and at the bottom.
    colors: [[i32; 3]; 2],
    model: Model,
}

impl Transform for Background {
    type Settings = Settings;

    fn about() -> About {
        About::new(
            "Background",
            "Blurs or replaces your background. Step out of the picture, press \u{201c}Learn\u{201d} and wait a second.",
        )
        .output("foreground", "Foreground", OutputKind::Gauge)
        .unit("%")
        .output("state", "State", OutputKind::Text)
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        if settings.reset.pressed() {
            self.model.reset();
        }
        self.colors = [settings.color, settings.color_below].map(yuv);
        Ok(())
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let size = frame.size();
        let cells = Size { width: size.width.div_ceil(CELL as u32), height: size.height.div_ceil(CELL as u32) };
        let points = points(frame.input, cells);
        let columns = cells.width as usize;
        let mask = self.model.foreground(&points, columns, frame.settings.threshold);
        let left = self.model.lessons_left();
        if left > 0 {
            // While it learns the background, the picture is shown unchanged.
            let share = (LESSONS - left) * 100 / LESSONS;
            frame.pass()?;
            return frame.put("state", format!("learning, {share} %"));
        }
        let mut picture = frame.i420();
        for (number, plane) in picture.planes().into_iter().enumerate() {
            let behind = self.behind(frame.settings, &points, (columns, cells.height as usize), number);
            if frame.settings.mode == Mode::Mask {
                plane.bytes.fill(if number == 0 { 235 } else { 128 });
            }
            // Colour planes have half the resolution, and so half the cell.
            match number {
                0 => replace::<CELL>(plane.bytes, plane.width, &mask, &behind, columns),
                _ => replace::<{ CELL / 2 }>(plane.bytes, plane.width, &mask, &behind, columns),
            }
        }
        frame.show(&picture)?;
        let share = f64::from(mask.iter().sum::<i32>()) * 100.0 / (256 * mask.len()) as f64;
        frame.put("foreground", (share * 10.0).round() / 10.0)?;
        frame.put("state", "ready")
    }
}

impl Background {
    /// Returns the values of a plane behind the foreground, for cells in `columns` and `rows`.
    fn behind(
        &self,
        settings: &Settings,
        points: &[[i32; 3]],
        (columns, rows): (usize, usize),
        plane: usize,
    ) -> Vec<i32> {
        let even = |row: usize| {
            let [above, below] = self.colors.map(|color| color[plane]);
            above + (below - above) * row as i32 / (rows.max(2) - 1) as i32
        };
        match settings.mode {
            Mode::Blur => {
                let values = points.iter().map(|point| point[plane]).collect();
                (0..settings.blur).fold(values, |values: Vec<_>, _| model::smooth(&values, columns))
            }
            Mode::Color => vec![self.colors[0][plane]; points.len()],
            Mode::Gradient => (0..rows).flat_map(|row| std::iter::repeat_n(even(row), columns)).collect(),
            Mode::Mask => vec![if plane == 0 { 16 } else { 128 }; points.len()],
        }
    }
}

/// Returns a point for each cell of the picture.
fn points(input: &media::Frame, cells: Size) -> Vec<[i32; 3]> {
    // Twice the size in luma, so that there is one chroma sample for each cell.
    let fine = Size { width: cells.width * 2, height: cells.height * 2 };
    let mut sample = I420::new(fine, input.sample(PixelFormat::I420, None, Some(fine)));
    let [y, u, v] = sample.planes();
    let mut points = Vec::with_capacity(u.bytes.len());
    let colors = u.bytes.chunks_exact(u.width).zip(v.bytes.chunks_exact(v.width));
    for (rows, (u, v)) in y.bytes.chunks_exact(2 * y.width).zip(colors) {
        let (above, below) = rows.split_at(y.width);
        for (i, (above, below)) in above.chunks_exact(2).zip(below.chunks_exact(2)).enumerate() {
            let luma: i32 = above.iter().chain(below).map(|luma| i32::from(*luma)).sum();
            points.push([(luma + 2) / 4, u[i].into(), v[i].into()]);
        }
    }
    points
}

/// Blends a plane with `behind`: the plane remains where the mask is 256 and is replaced where it is 0. `width` is that of the
/// plane, `columns` that of the mask and of `behind`.
fn replace<const CELL: usize>(plane: &mut [u8], width: usize, mask: &[i32], behind: &[i32], columns: usize) {
    let (mut mask, mut behind) = (Enlarged::<CELL>::new(mask, columns), Enlarged::<CELL>::new(behind, columns));
    for (y, row) in plane.chunks_exact_mut(width).enumerate() {
        for (pixel, (mask, behind)) in row.iter_mut().zip(mask.row(y).iter().zip(behind.row(y))) {
            // The sum is at most 255 × 256.
            *pixel = ((u16::from(*pixel) * mask + behind * (256 - mask)) >> 8) as u8;
        }
    }
}

/// Converts a colour to BT.601, limited range.
fn yuv(color: Color) -> [i32; 3] {
    let [red, green, blue] = [color.red, color.green, color.blue].map(i32::from);
    [
        16 + ((66 * red + 129 * green + 25 * blue + 128) >> 8),
        128 + ((-38 * red - 74 * green + 112 * blue + 128) >> 8),
        128 + ((112 * red - 94 * green - 18 * blue + 128) >> 8),
    ]
}

framebox_handler::export!(Background);
