//! What a viewer misses during a swap.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::figure::{Goal, print};
use crate::film::{connect, film, runtime};
use framebox_test_support::server::Server;

const SWAPS: usize = 20;

/// Twenty swaps within twenty seconds of a session, and as long without: pictures that are missing in a row.
pub fn run() {
    runtime().block_on(async {
        let server = Server::start(&[]).await;
        for name in ["edges", "invert"] {
            let file = format!("{}/guest-examples/prebuilt/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
            let answer = server.put("/handlers/mine", &[], std::fs::read(file).unwrap()).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        for swaps in [0, SWAPS] {
            let client = connect(&server, &format!("swaps-{swaps}"), "handler=mine").await;
            let filming = tokio::spawn(film(client, Duration::from_secs(3), Duration::from_secs(20)));
            sleep(Duration::from_secs(3)).await;
            for n in 0..swaps {
                let answer = server.post("/handlers/mine/active", &json!({ "version": n % 2 + 1 })).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                sleep(Duration::from_millis(950)).await;
            }
            let measured = filming.await.unwrap();
            let gaps = measured.came.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0 + 1));
            let (longest, all) = gaps.fold((0, 0), |(longest, all), gap| (gap.max(longest), all + gap));
            if swaps == 0 {
                println!("without swaps: {all} of 600 pictures missing, {longest} at most in a row");
            } else {
                println!("with {swaps} swaps: {all} of 600 pictures missing");
                print("a swap: pictures that are missing in a row, at most", f64::from(longest), "", Goal::AtMost(1.0));
            }
        }
    });
}
