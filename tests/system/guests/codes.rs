//! QR codes within pictures.

use std::sync::Arc;

use framebox_picture::Picture;
use qrcode::{Color, QrCode};

use crate::guests::pictures::{painted, pixel};

/// Light around a code, modules.
const QUIET: f64 = 4.0;

/// A code as it lies in a picture.
pub struct Placed {
    pub code: QrCode,
    /// Its middle, pixels.
    pub middle: (f64, f64),
    /// Side of a module, pixels.
    pub module: f64,
    /// Degrees, clockwise.
    pub turned: f64,
}

impl Placed {
    pub fn new(text: impl AsRef<[u8]>, middle: (f64, f64), module: f64, turned: f64) -> Self {
        Self { code: QrCode::new(text).unwrap(), middle, module, turned }
    }

    /// Half of its side, modules.
    fn half(&self) -> f64 {
        self.code.width() as f64 / 2.0
    }

    /// Its corners, pixels: top left as it is printed, then clockwise.
    pub fn corners(&self) -> [(f64, f64); 4] {
        let half = self.half() * self.module;
        let (sin, cos) = self.turned.to_radians().sin_cos();
        [(-half, -half), (half, -half), (half, half), (-half, half)]
            .map(|(x, y)| (self.middle.0 + x * cos - y * sin, self.middle.1 + x * sin + y * cos))
    }

    /// Whether it is dark at a point; none beside it.
    fn dark(&self, x: f64, y: f64) -> Option<bool> {
        let (sin, cos) = self.turned.to_radians().sin_cos();
        let (x, y) = (x - self.middle.0, y - self.middle.1);
        let half = self.half();
        let (column, row) = ((x * cos + y * sin) / self.module + half, (y * cos - x * sin) / self.module + half);
        let reach = -QUIET..2.0 * half + QUIET;
        if !(reach.contains(&column) && reach.contains(&row)) {
            return None;
        }
        let inside = 0.0..2.0 * half;
        let printed = inside.contains(&column) && inside.contains(&row);
        Some(printed && self.code[(column as usize, row as usize)] == Color::Dark)
    }
}

/// `ground` with codes over it; edges are smooth, and `noise` is the most that luma is off.
pub fn over(ground: &Picture, codes: &[Placed], noise: u32) -> Arc<Picture> {
    painted(ground.size(), |x, y| {
        let [luma, u, v] = pixel(ground, x, y);
        let points = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
        let sum: f64 = points
            .map(|(right, down)| {
                let dark = codes.iter().find_map(|code| code.dark(x as f64 + right, y as f64 + down));
                dark.map_or(f64::from(luma), |dark| if dark { 35.0 } else { 215.0 })
            })
            .into_iter()
            .sum();
        let mut random = (x * 7919 + y * 104_729) as u32;
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) >> 8;
        let off = random % (2 * noise + 1);
        [(sum as u32 / 4 + off).saturating_sub(noise).min(255) as u8, u, v]
    })
}

/// `ground` with one code in its middle.
pub fn among(ground: &Picture) -> Arc<Picture> {
    let size = ground.size();
    let middle = (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0);
    over(ground, &[Placed::new("golden", middle, 5.0, 0.0)], 0)
}
