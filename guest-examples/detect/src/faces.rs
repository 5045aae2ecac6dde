//! Decodes the output of the network: each anchor has a score and a box; overlapping boxes are one face.

use crate::network::{HeadOutput, SIDE};

/// Values of a box: its centre, width and height, and the keypoints, each x and y in pixels of the network's input relative
/// to the anchor.
const VALUES: usize = 4 + 2 * KEYPOINTS;
/// Eyes, tip of the nose, mouth and ears.
pub const KEYPOINTS: usize = 6;
/// Boxes with a larger intersection over union are one face.
const SAME: f32 = 0.3;
/// The maximum number of boxes that are compared, highest scores first.
const MOST: usize = 200;

/// Larger negative logits would give a score of 0.
const MAX_LOGIT: f32 = 80.0;

/// A face. Lengths are fractions of the side of the network's input.
#[derive(Clone, Copy)]
pub struct Face {
    /// 0 to 1.
    pub score: f32,
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
    /// x and y.
    pub keypoints: [[f32; 2]; KEYPOINTS],
}

/// Returns the faces with a score of at least `threshold`, highest first.
pub fn find(heads: &[(HeadOutput, HeadOutput)], threshold: f32) -> Vec<Face> {
    let mut seen: Vec<_> = heads.iter().flat_map(|(scores, boxes)| all(scores, boxes, threshold)).collect();
    seen.sort_by(|a, b| b.score.total_cmp(&a.score));
    seen.truncate(MOST);
    let mut faces = Vec::new();
    while let Some((best, rest)) = seen.split_first() {
        let (mut same, others): (Vec<_>, Vec<_>) = rest.iter().partition(|face| face.overlap(best) > SAME);
        same.push(*best);
        faces.push(mean(&same, best.score));
        seen = others;
    }
    faces
}

/// Decodes the boxes of a map with a score of at least `threshold`.
fn all(scores: &HeadOutput, boxes: &HeadOutput, threshold: f32) -> Vec<Face> {
    let a_place = boxes.channels / VALUES;
    let mut faces = Vec::new();
    for place in 0..scores.side * scores.side {
        let from = [place % scores.side, place / scores.side].map(|at| (at as f32 + 0.5) / scores.side as f32);
        for seen in 0..a_place {
            let score = 1.0 / (1.0 + (-scores.values[place * scores.channels + seen]).min(MAX_LOGIT).exp());
            let values = &boxes.values[place * boxes.channels + seen * VALUES..][..VALUES];
            if score >= threshold && values[2] > 0.0 && values[3] > 0.0 {
                faces.push(Face::new(score, from, values));
            }
        }
    }
    faces
}

/// Returns the mean of the boxes of one face, weighted by score; a score is never 0.
fn mean(same: &[Face], score: f32) -> Face {
    let whole: f32 = same.iter().map(|face| face.score).sum();
    let of = |length: &dyn Fn(&Face) -> f32| same.iter().map(|face| face.score * length(face)).sum::<f32>() / whole;
    Face {
        score,
        left: of(&|face| face.left),
        top: of(&|face| face.top),
        right: of(&|face| face.right),
        bottom: of(&|face| face.bottom),
        keypoints: std::array::from_fn(|point| [0, 1].map(|axis| of(&|face| face.keypoints[point][axis]))),
    }
}

impl Face {
    fn new(score: f32, from: [f32; 2], values: &[f32]) -> Self {
        let part = |value: usize| values[value] / SIDE as f32;
        let (x, y) = (from[0] + part(0), from[1] + part(1));
        let (across, down) = (part(2) / 2.0, part(3) / 2.0);
        Self {
            score,
            left: x - across,
            top: y - down,
            right: x + across,
            bottom: y + down,
            keypoints: std::array::from_fn(|point| [0, 1].map(|axis| from[axis] + part(4 + 2 * point + axis))),
        }
    }

    fn area(&self) -> f32 {
        (self.right - self.left) * (self.bottom - self.top)
    }

    /// Returns the intersection over union.
    fn overlap(&self, other: &Self) -> f32 {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        let both = across.max(0.0) * down.max(0.0);
        both / (self.area() + other.area() - both)
    }
}
