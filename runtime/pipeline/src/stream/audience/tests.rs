use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame};
use framebox_picture::{MemoryAccount, Size};
use proptest::prelude::*;

use super::crowd::{Crowd, Delivery};
use super::seat::ViewerId;
use crate::stream::encoders::{Ask, Coded, Encoders, Format, Order, RenditionId};
use crate::stream::keyframes::Keyframes;
use crate::stream::layers::LAYERS;
use crate::stream::needs::Needs;
use crate::stream::settings::Settings;

const H264: Needs = Needs::of(Codec::H264);
const VP8: Needs = Needs::of(Codec::Vp8);
const FULL: Size = Size::new(1280, 720);
const TICK: Duration = Duration::from_millis(33);

/// The encoders of a simulated stream.
#[derive(Default)]
struct Simulated(Mutex<Running>);

#[derive(Default)]
struct Running {
    now: Option<Instant>,
    renditions: Vec<Rendition>,
    started: usize,
}

struct Rendition {
    id: RenditionId,
    format: Format,
    ask: Ask,
    keyframes: Keyframes,
    frames: u32,
}

impl Encoders for Simulated {
    fn order(&self, id: RenditionId, order: Order) {
        let mut running = self.0.lock().unwrap();
        let now = running.now.unwrap();
        let index = running.renditions.iter().position(|rendition| rendition.id == id);
        match order {
            Order::Start(format, ask) => {
                assert_eq!(index, None);
                let mut keyframes = Keyframes::default();
                keyframes.wish(now);
                running.started += 1;
                running.renditions.push(Rendition { id, format, ask, keyframes, frames: 0 });
            }
            Order::Change(ask) => running.renditions[index.unwrap()].ask = ask,
            Order::Keyframe => running.renditions[index.unwrap()].keyframes.wish(now),
            Order::Stop => drop(running.renditions.remove(index.unwrap())),
        }
    }
}

/// What a viewer was sent: rendition, number of the frame there, keyframe, RTP timestamp, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Received {
    rendition: u8,
    frame: u32,
    keyframe: bool,
    timestamp: u32,
}

/// A stream whose pictures come every 33 ms.
struct World {
    now: Instant,
    tick: u32,
    encoders: Simulated,
    crowd: Crowd<u64>,
    received: HashMap<u64, Vec<Received>>,
    /// Who was sent the last picture.
    follows: HashSet<u64>,
    account: MemoryAccount,
}

impl World {
    fn new() -> Self {
        let (now, account) = (Instant::now(), MemoryAccount::new(1 << 20));
        let settings = Settings { bitrate: 1_500_000, max_bitrate: 2_500_000, fps: 30.0 };
        let encoders = Simulated::default();
        encoders.0.lock().unwrap().now = Some(now);
        let crowd = Crowd::new(settings, account.clone());
        Self { now, tick: 0, encoders, crowd, received: HashMap::new(), follows: HashSet::new(), account }
    }

    fn attach(&mut self, needs: Needs) -> ViewerId {
        let (id, first) = self.crowd.attach(self.now, needs, 0, &self.encoders);
        self.received.insert(id.0, Vec::new());
        self.deliver(first.into_iter().collect());
        self.follows.remove(&id.0);
        id
    }

    fn detach(&mut self, id: ViewerId) {
        self.crowd.detach(self.now, id, &self.encoders);
    }

    fn carries(&mut self, id: ViewerId, bits_per_second: u32) {
        self.crowd.set_bitrate(self.now, id, bits_per_second, &self.encoders);
    }

    fn blocked(&mut self, id: ViewerId, blocked: bool) {
        self.crowd.set_blocked(self.now, id, blocked, &self.encoders);
    }

    fn wish(&mut self, id: ViewerId) {
        self.crowd.request_keyframe(self.now, id, &self.encoders);
    }

    fn deliver(&mut self, mut deliveries: Vec<Delivery<u64>>) {
        while !deliveries.is_empty() {
            for Delivery { id, frame, .. } in &deliveries {
                let data = &frame.data;
                let number = u32::from_le_bytes(data[1..5].try_into().unwrap());
                let (rendition, keyframe, timestamp) = (data[0], frame.keyframe, frame.rtp_timestamp);
                let received = self.received.get_mut(&id.0).unwrap();
                received.push(Received { rendition, frame: number, keyframe, timestamp });
                self.follows.insert(id.0);
            }
            self.crowd.delivered(&mut deliveries);
        }
    }

    /// Time passes, without a picture.
    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.encoders.0.lock().unwrap().now = Some(self.now);
    }

    /// The next picture is encoded by all renditions; `backwards`: by the youngest first.
    fn picture(&mut self, backwards: bool) {
        self.pass(TICK);
        self.tick += 1;
        self.follows.clear();
        let mut coded: Vec<Coded> = {
            let mut running = self.encoders.0.lock().unwrap();
            let now = self.now;
            let encode = |rendition: &mut Rendition| {
                let keyframe = rendition.keyframes.take(now, rendition.ask.shared) || rendition.frames == 0;
                if keyframe {
                    rendition.keyframes.made(now);
                }
                let data = [&[rendition.id.0 as u8][..], &rendition.frames.to_le_bytes()].concat().into();
                rendition.frames += 1;
                let (codec, rtp_timestamp) =
                    (rendition.format.codec, (u32::MAX - 90_000).wrapping_add(self.tick * 2970));
                let frame = EncodedFrame { codec, data, keyframe, rtp_timestamp, captured: now };
                Coded { rendition: rendition.id, size: FULL, original: FULL, frame }
            };
            running.renditions.iter_mut().filter(|rendition| !rendition.ask.blocked).map(encode).collect()
        };
        if backwards {
            coded.reverse();
        }
        for coded in coded {
            let deliveries = self.crowd.coded(self.now, coded, &self.encoders);
            self.deliver(deliveries);
        }
    }

    fn pictures(&mut self, count: usize) {
        (0..count).for_each(|_| self.picture(false));
    }

    fn received(&self, id: ViewerId) -> &[Received] {
        &self.received[&id.0]
    }

    /// Codec, layer and bit rate of what runs.
    fn running(&self) -> Vec<(Codec, usize, u32)> {
        let running = self.encoders.0.lock().unwrap();
        running.renditions.iter().map(|one| (one.format.codec, one.format.layer, one.ask.bitrate)).collect()
    }

    /// What a viewer was sent can be decoded, and its times go on.
    fn check(&self, id: ViewerId) {
        let received = self.received(id);
        assert!(received.first().is_none_or(|first| first.keyframe), "{id:?} begins with {:?}", received[0]);
        for pair in received.windows(2) {
            let follows = (pair[0].rendition, pair[0].frame + 1) == (pair[1].rendition, pair[1].frame);
            assert!(pair[1].keyframe || follows, "{id:?}: {pair:?}");
            assert!(0 < pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32, "{id:?}: {pair:?}");
        }
    }
}

fn keyframes(received: &[Received]) -> usize {
    received.iter().filter(|received| received.keyframe).count()
}

#[test]
fn a_single_viewer_has_one_rendition_that_follows_its_path_at_once() {
    let mut world = World::new();
    let viewer = world.attach(H264);
    world.pictures(3);
    for rate in [2_000_000, 80_000, 2_400_000, 9_000_000] {
        world.carries(viewer, rate);
        assert_eq!(world.running(), [(Codec::H264, 0, rate.min(2_500_000))]);
        world.wish(viewer);
        world.pictures(1);
        world.blocked(viewer, true);
        world.pictures(20);
        world.blocked(viewer, false);
    }
    assert_eq!(keyframes(world.received(viewer)), 5, "each wish is served by the next picture");
    assert_eq!(world.received(viewer).len(), 3 + 4, "nothing is encoded while it is blocked");
    world.check(viewer);
    world.detach(viewer);
    assert_eq!(world.running(), []);
}

#[test]
fn two_hundred_viewers_cost_one_encode_and_one_keyframe() {
    let mut world = World::new();
    let viewers: Vec<_> = (0..200).map(|_| world.attach(H264)).collect();
    world.pictures(30);
    assert_eq!(world.running().len(), 1);
    assert_eq!(world.encoders.0.lock().unwrap().started, 1);
    for viewer in &viewers {
        assert_eq!((world.received(*viewer).len(), keyframes(world.received(*viewer))), (30, 1));
        world.carries(*viewer, 2_000_000);
        world.wish(*viewer);
    }
    world.pictures(60);
    assert_eq!(world.running(), [(Codec::H264, 0, 2_000_000)]);
    assert_eq!(keyframes(world.received(viewers[9])), 2, "many wishes are one keyframe");
    viewers.iter().for_each(|viewer| world.check(*viewer));
    viewers.iter().for_each(|viewer| world.detach(*viewer));
    assert_eq!((world.running().len(), world.account.used()), (0, 0));
}

#[test]
fn a_slow_viewer_gets_a_smaller_size_without_a_gap_and_hurts_nobody() {
    let mut world = World::new();
    let (fast, slow) = (world.attach(H264), world.attach(H264));
    world.carries(fast, 2_500_000);
    world.carries(slow, 2_300_000);
    world.pictures(30);
    assert_eq!(world.running(), [(Codec::H264, 0, 2_300_000)]);
    for second in 0..40 {
        world.carries(slow, 700_000);
        world.pictures(30);
        let expected = [(Codec::H264, 0, 2_500_000), (Codec::H264, 1, 700_000)];
        assert!(second == 0 || world.running() == expected, "{:?}", world.running());
    }
    let received = world.received(slow);
    assert_eq!(keyframes(received), 2, "one at the start, one of its own layer");
    assert!(received.len() >= 41 * 30, "a frame of each picture");
    assert_eq!(keyframes(world.received(fast)), 1, "the other one notices nothing");
    for _ in 0..10 {
        world.carries(slow, 2_500_000);
        world.pictures(30);
    }
    let running = world.running();
    assert_eq!((running.len(), running[0].1), (1, 0), "it returns, and its layer ends");
    assert!(running[0].2 > 2_490_000, "{running:?}");
    assert!(world.received(slow).len() >= 51 * 30);
    [fast, slow].iter().for_each(|viewer| world.check(*viewer));
    world.detach(fast);
    world.carries(slow, 100_000);
    assert_eq!(world.running(), [(Codec::H264, 0, 100_000)]);
}

#[test]
fn whichever_rendition_is_quicker_nobody_is_sent_a_time_twice() {
    for backwards in [false, true] {
        let mut world = World::new();
        let (fast, slow) = (world.attach(H264), world.attach(H264));
        for second in 0..30 {
            world.carries(fast, 2_500_000);
            world.carries(slow, if second % 15 < 7 { 500_000 } else { 2_500_000 });
            (0..30).for_each(|_| world.picture(backwards));
        }
        assert!(keyframes(world.received(slow)) >= 4);
        assert!(world.received(slow).len() >= 900);
        [fast, slow].iter().for_each(|viewer| world.check(*viewer));
    }
}

#[test]
fn each_codec_has_its_renditions_only_while_somebody_needs_it() {
    let mut world = World::new();
    let one = world.attach(H264);
    world.pictures(5);
    let other = world.attach(VP8);
    let old = world.attach(Needs { max_unit_bytes: Some(1200), ..H264 });
    world.pictures(5);
    let codecs: Vec<_> = world.running().iter().map(|(codec, ..)| *codec).collect();
    assert_eq!(codecs, [Codec::H264, Codec::Vp8, Codec::H264]);
    assert_eq!(keyframes(world.received(one)), 1);
    world.carries(one, 2_000_000);
    world.carries(other, 200_000);
    assert_eq!(world.running()[..2], [(Codec::H264, 0, 2_000_000), (Codec::Vp8, 0, 200_000)], "each follows its own");
    world.blocked(other, true);
    let before = world.received(other).len();
    world.pictures(20);
    world.blocked(other, false);
    world.pictures(5);
    assert_eq!(world.received(other).len(), before + 5, "alone, it misses nothing that is encoded");
    world.detach(other);
    world.detach(old);
    assert_eq!(world.running().len(), 1);
    [one, other, old].iter().for_each(|viewer| world.check(*viewer));
}

#[test]
fn a_stopped_viewer_and_one_that_loses_much_cost_the_others_nothing() {
    let mut world = World::new();
    let viewers: Vec<_> = (0..3).map(|_| world.attach(H264)).collect();
    let [good, stopped, lossy] = viewers[..] else { unreachable!() };
    viewers.iter().for_each(|viewer| world.carries(*viewer, 2_000_000));
    world.pictures(30);
    world.blocked(stopped, true);
    for _ in 0..60 {
        world.wish(lossy);
        world.wish(stopped);
        world.pictures(15);
    }
    assert_eq!(world.received(good).len(), 930);
    let seen = keyframes(world.received(good));
    assert!((3..=15).contains(&seen), "{seen} keyframes in half a minute");
    assert!(world.received(stopped).len() <= 30 + 5, "the stopped one is sent nothing");
    world.blocked(stopped, false);
    world.pictures(20);
    assert!(world.received(stopped).last().unwrap().frame > 930, "it goes on");
    viewers.iter().for_each(|viewer| world.check(*viewer));
}

#[test]
fn a_newcomer_sees_a_picture_within_300_ms() {
    let mut world = World::new();
    let _first = world.attach(H264);
    world.pictures(40);
    let mut seen = Vec::new();
    for wait in 0..60 {
        let newcomer = world.attach(H264);
        let pictures = (0..20).find(|_| {
            let is_there = !world.received(newcomer).is_empty();
            if !is_there {
                world.pictures(1);
            }
            is_there
        });
        seen.push(pictures.unwrap());
        world.pictures(wait % 9);
        world.check(newcomer);
    }
    assert!(seen.iter().all(|pictures| *pictures <= 2), "{seen:?}");
    let mut still = World::new();
    let _first = still.attach(H264);
    still.pictures(1);
    still.pass(Duration::from_secs(3600));
    let late = still.attach(H264);
    assert_eq!(still.received(late).len(), 1, "what is there shows the present");
    still.pictures(3);
    assert_eq!((still.received(late).len(), keyframes(still.received(late))), (4, 1));
    still.check(late);
}

#[test]
fn without_memory_for_a_keyframe_newcomers_wait_for_another() {
    let mut world = World::new();
    let first = world.attach(H264);
    let all = world.account.charge(world.account.limit()).unwrap();
    world.pictures(1);
    let second = world.attach(H264);
    assert_eq!(world.received(second), []);
    drop(all);
    world.pictures(20);
    assert_eq!(keyframes(world.received(second)), 1);
    [first, second].iter().for_each(|viewer| world.check(*viewer));
}

#[test]
fn who_decodes_small_pictures_only_makes_them_small_for_nobody_else() {
    let small = Needs { max_pixels: Some(640 * 480), ..H264 };
    let mut world = World::new();
    let one = world.attach(small);
    world.pictures(5);
    let asks = |world: &World| -> Vec<_> {
        let running = world.encoders.0.lock().unwrap();
        running.renditions.iter().map(|one| (one.format.layer, one.ask.max_pixels)).collect()
    };
    assert_eq!(asks(&world), [(0, small.max_pixels)]);
    let other = world.attach(H264);
    world.pictures(30);
    assert_eq!(asks(&world), [(0, None), (2, small.max_pixels)]);
    world.detach(other);
    world.pictures(30);
    assert_eq!(asks(&world), [(0, small.max_pixels)]);
    world.check(one);
    assert!(world.received(one).len() >= 65);
}

#[derive(Clone, Debug)]
enum Step {
    Attach(u8),
    Detach(usize),
    Carries(usize, u32),
    Blocked(usize, bool),
    Wish(usize),
    Pictures(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..4).prop_map(Step::Attach),
        (0usize..9).prop_map(Step::Detach),
        (0usize..9, 10_000u32..4_000_000).prop_map(|(index, rate)| Step::Carries(index, rate)),
        (0usize..9, any::<bool>()).prop_map(|(index, blocked)| Step::Blocked(index, blocked)),
        (0usize..9).prop_map(Step::Wish),
        (1usize..130, any::<bool>()).prop_map(|(count, backwards)| Step::Pictures(count, backwards)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_happens_what_viewers_are_sent_can_be_decoded(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        let (mut here, mut all, mut free) = (Vec::new(), Vec::new(), HashMap::new());
        for step in steps {
            let pick = |index: usize| (!here.is_empty()).then(|| here[index % here.len()]);
            match step {
                Step::Attach(needs) => {
                    let small = Needs { max_pixels: Some(500_000), ..H264 };
                    let viewer = world.attach([H264, VP8, small, H264][usize::from(needs)]);
                    here.push(viewer);
                    all.push(viewer);
                    free.insert(viewer.0, true);
                }
                Step::Detach(index) => if let Some(viewer) = pick(index) {
                    here.retain(|other| *other != viewer);
                    world.detach(viewer);
                },
                Step::Carries(index, rate) => if let Some(viewer) = pick(index) {
                    world.carries(viewer, rate);
                },
                Step::Blocked(index, blocked) => if let Some(viewer) = pick(index) {
                    world.blocked(viewer, blocked);
                    free.insert(viewer.0, !blocked);
                },
                Step::Wish(index) => if let Some(viewer) = pick(index) {
                    world.wish(viewer);
                },
                Step::Pictures(count, backwards) => {
                    let follows = world.follows.clone();
                    let before: Vec<_> = here.iter().map(|viewer| world.received(*viewer).len()).collect();
                    (0..count).for_each(|_| world.picture(backwards));
                    for (viewer, before) in here.iter().zip(before).filter(|(viewer, _)| free[&viewer.0]) {
                        let got = world.received(*viewer).len() - before;
                        prop_assert!(!follows.contains(&viewer.0) || got >= count, "{viewer:?} misses {}", count - got);
                        // Its keyframe waits for half a second, or for three seconds when it has needed many.
                        prop_assert!(count < 110 || got > 0, "{viewer:?} sees nothing");
                    }
                }
            }
            let running = world.running();
            for codec in [Codec::H264, Codec::Vp8] {
                let mut layers: Vec<_> = running.iter().filter(|one| one.0 == codec).map(|one| one.1).collect();
                layers.sort_unstable();
                layers.dedup();
                prop_assert!(layers.len() <= LAYERS && layers.iter().all(|layer| *layer < LAYERS));
            }
            prop_assert_eq!(running.is_empty(), here.is_empty());
            prop_assert!(running.len() <= here.len() * 2);
        }
        all.iter().for_each(|viewer| world.check(*viewer));
    }
}
