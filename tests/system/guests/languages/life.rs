//! Go: a generator that plays Conway's game.

use framebox_picture::{Picture, Size};
use serde_json::json;

use super::{example, value};
use crate::guests::handler::Running;
use crate::guests::pictures::pixel;

const COLUMNS: usize = 160;
const ROWS: usize = 90;
const CELL: usize = 4;

/// Which cells live: the brightest ones, since what has died has faded.
fn living(picture: &Picture) -> Vec<bool> {
    assert_eq!(picture.size(), Size::new((COLUMNS * CELL) as u32, (ROWS * CELL) as u32));
    let brightest = *picture.planes().y.data.iter().max().unwrap();
    let lives = |i: usize| pixel(picture, i % COLUMNS * CELL, i / COLUMNS * CELL)[0] + 8 > brightest;
    (0..COLUMNS * ROWS).map(lives).collect()
}

/// The rules, on a plane whose sides meet.
fn next(cells: &[bool]) -> Vec<bool> {
    let neighbours = |i: usize| {
        let (x, y) = (i % COLUMNS, i / COLUMNS);
        let around = (0..9).filter(|near| *near != 4);
        around
            .filter(|near| cells[(y + ROWS + near / 3 - 1) % ROWS * COLUMNS + (x + COLUMNS + near % 3 - 1) % COLUMNS])
            .count()
    };
    (0..cells.len()).map(|i| matches!((cells[i], neighbours(i)), (_, 3) | (true, 2))).collect()
}

#[test]
fn it_plays_by_the_rules() {
    let Some(component) = example("go", "life") else { return };
    let mut running = Running::new(&component, &json!({ "speed": 20 }));
    let mut cells: Option<Vec<bool>> = None;
    for step in 0..40 {
        let output = running.at(step * 50_000);
        let picture = output.picture.clone().unwrap();
        let seen = living(&picture);
        let expected = cells.as_deref().map_or_else(|| seen.clone(), next);
        assert!(seen == expected, "generation {step}");
        assert_eq!(value(&output, "generation"), step + 1);
        assert_eq!(value(&output, "alive"), seen.iter().filter(|lives| **lives).count());
        cells = Some(seen);
    }
    assert!(cells.unwrap().contains(&true), "it goes on");
}

#[test]
fn it_begins_anew_when_asked() {
    let Some(component) = example("go", "life") else { return };
    let mut running = Running::new(&component, &json!({ "density": 40 }));
    let first = running.at(0);
    let mut again = running.at(2_000_000);
    assert!(first.picture != again.picture);
    running.configure(&json!({ "restart": true }));
    again = running.at(2_033_333);
    // The same beginning; one generation or so on its way.
    assert!(value(&again, "generation").as_i64().unwrap() <= 2, "{:?}", again.values);
}
