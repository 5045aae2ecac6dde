use crate::support::*;
use std::time::Instant;
#[test]
fn zz_cost() {
    for name in ["good"] {
        let c = beast(name);
        let mut best = u128::MAX;
        let mut n = 0u128;
        for _ in 0..300 {
            let t = Instant::now();
            let i = start(&c);
            let d = t.elapsed().as_nanos();
            best = best.min(d);
            n += d;
            drop(i);
        }
        eprintln!("start {name} min {} us mean {} us", best / 1000, n / 300 / 1000);
        let mut i = start(&c);
        let (mut best, mut n) = (u128::MAX, 0);
        for _ in 0..2000 {
            let inp = input();
            let t = Instant::now();
            i.process(inp, PLENTY).result.unwrap();
            let d = t.elapsed().as_nanos();
            best = best.min(d);
            n += d;
        }
        eprintln!("call {name} min {} ns mean {} ns", best, n / 2000);
    }
    let c = load(
        &std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-examples/prebuilt/invert.wasm")).unwrap(),
    );
    let mut best = u128::MAX;
    let mut n = 0u128;
    for _ in 0..300 {
        let t = Instant::now();
        let i = start(&c);
        let d = t.elapsed().as_nanos();
        best = best.min(d);
        n += d;
        drop(i);
    }
    eprintln!("start invert min {} us mean {} us", best / 1000, n / 300 / 1000);
    let mut i = start(&c);
    let p = picture(framebox_picture::Size::new(1280, 720));
    let mut v = vec![];
    for _ in 0..200 {
        let call = i.process(frame(p.clone()), PLENTY);
        call.result.unwrap();
        v.push((call.cost.time, call.cost.host, call.cost.fuel));
    }
    v.sort();
    eprintln!("invert 720p {:?}", v[10]);
    let spin = beast("spin");
    let mut over = vec![];
    for _ in 0..40 {
        let b = framebox_sandbox::Budget { time: std::time::Duration::from_millis(20), ..PLENTY };
        let call = start(&spin).process(input(), b);
        over.push(call.cost.time - b.time);
    }
    over.sort();
    eprintln!("overshoot median {:?} max {:?}", over[20], over[39]);
}
