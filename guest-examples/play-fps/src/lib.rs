//! Plays a granted video at 60 frames a second, and says once a second how many there were.

wit_bindgen::generate!({ world: "video-generator", path: "../../wit" });

use std::cell::RefCell;
use std::time::Instant;

use common::Rate;
use common::player::{Halt, Player};
use exports::framebox::video::{generate, lifecycle};
use framebox::video::media::Output;
use framebox::video::types::*;

mod clip;

thread_local! {
    static PLAYER: RefCell<Player<clip::Clip>> = const { RefCell::new(Player::new()) };
    static RATE: RefCell<Rate> = const { RefCell::new(Rate::new()) };
}

struct PlayFps;

impl lifecycle::Guest for PlayFps {
    fn describe() -> Descriptor {
        Descriptor {
            title: "Play at 60".into(),
            summary: "Plays a granted video at 60 frames a second, and measures the rate.".into(),
            parameters: clip::parameters(),
            outputs: vec![OutputSpec {
                id: "fps".into(),
                label: "FPS".into(),
                kind: OutputKind::Number,
                unit: Some("fps".into()),
            }],
            size: None,
            fps: Some(60.0),
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        PLAYER.with_borrow_mut(|player| changed.into_iter().try_for_each(|named| clip::set(player, named)))
    }

    fn close() {
        // Gives back what is open.
        PLAYER.set(Player::new());
    }
}

impl generate::Guest for PlayFps {
    fn next(now_us: i64, out: &Output, budget: Budget) -> Result<(), Stop> {
        let begin = Instant::now();
        // Reading takes the time of the call: when half of it is gone, what was read so far is shown.
        let late = || begin.elapsed().as_micros() > u128::from(budget.time_us / 2);
        PLAYER.with_borrow_mut(|player| match player.at(now_us, late) {
            Ok(picture) => out.show(picture).map_err(Stop::Failed),
            Err(Halt::Failed(why)) => Err(Stop::Failed(why)),
            Err(Halt::Finished(why)) => Err(Stop::Finished(why)),
        })?;
        match RATE.with_borrow_mut(|rate| rate.count(now_us)) {
            Some(fps) => out.put("fps", &Value::Number(fps)).map_err(Stop::Failed),
            None => Ok(()),
        }
    }
}

export!(PlayFps);
