use proptest::prelude::*;

use super::*;

const START: u32 = 1_500_000;
const MAX: u32 = 2_500_000;
const TICK: Duration = Duration::from_millis(100);

/// Viewers of one codec.
struct Viewers {
    now: Instant,
    paths: Vec<Path>,
    changes: Vec<usize>,
}

impl Viewers {
    fn new(rates: &[u32]) -> Self {
        let mut viewers =
            Self { now: Instant::now(), paths: vec![Path::default(); rates.len()], changes: vec![0; rates.len()] };
        viewers.say(rates);
        viewers
    }

    fn say(&mut self, rates: &[u32]) {
        let now = self.now;
        self.paths.iter_mut().zip(rates).for_each(|(path, rate)| path.set_rate(now, *rate));
    }

    fn reference(&self) -> f64 {
        reference(START, MAX, self.paths.iter())
    }

    fn tick(&mut self) -> Vec<usize> {
        self.now += TICK;
        let (now, reference, is_only) = (self.now, self.reference(), self.paths.len() == 1);
        let decide = |(path, changes): (&mut Path, &mut usize)| {
            let before = path.layer();
            let layer = path.decide(now, reference, is_only);
            *changes += usize::from(layer != before);
            layer
        };
        self.paths.iter_mut().zip(&mut self.changes).map(decide).collect()
    }

    /// Layers after some seconds at these rates.
    fn run(&mut self, seconds: u64, rates: &[u32]) -> Vec<usize> {
        let mut layers = Vec::new();
        for _ in 0..seconds * 10 {
            self.say(rates);
            layers = self.tick();
        }
        layers
    }

    /// Bit rates of the layers that have viewers.
    fn bitrates(&self) -> Vec<u32> {
        let of = |layer| self.paths.iter().filter(move |path| path.layer() == layer);
        let used = (0..LAYERS).filter(|layer| of(*layer).count() > 0);
        used.map(|layer| bitrate(layer, self.reference(), (START, MAX), of(layer))).collect()
    }
}

#[test]
fn each_viewer_gets_the_best_layer_that_does_not_slow_the_others_down() {
    // Rates of the paths, layers, bit rates of those, kb/s.
    let cases: [(&[u32], &[usize], &[u32]); 9] = [
        (&[2500], &[0], &[2500]),
        (&[40], &[0], &[40]),
        (&[9000, 9000], &[0, 0], &[2500]),
        (&[300, 280, 250], &[0, 0, 0], &[250]),
        (&[2500, 1400], &[0, 0], &[1400]),
        (&[2500, 800], &[0, 1], &[2500, 800]),
        (&[2500, 800, 600], &[0, 1, 1], &[2500, 600]),
        (&[2500, 2000, 800, 300, 250], &[0, 0, 1, 2, 2], &[2000, 800, 250]),
        (&[2500, 300, 20], &[0, 2, 2], &[2500, 200]),
    ];
    for (rates, layers, bitrates) in cases {
        let rates: Vec<_> = rates.iter().map(|rate| rate * 1000).collect();
        let mut viewers = Viewers::new(&rates);
        assert_eq!(viewers.run(3, &rates), layers, "{rates:?}");
        let near: Vec<_> = viewers.bitrates().iter().map(|rate| (rate + 500) / 1000).collect();
        assert_eq!(near, bitrates, "{rates:?}");
        assert_eq!(viewers.run(60, &rates), layers, "it stays so: {rates:?}");
    }
}

#[test]
fn who_carries_less_leaves_within_a_second_and_returns_after_some_seconds_of_room() {
    let (fast, slow) = ([2_500_000; 2], [2_500_000, 1_100_000]);
    let mut viewers = Viewers::new(&fast);
    assert_eq!(viewers.run(5, &fast), [0, 0]);
    let ticks = |viewers: &mut Viewers, rates: &[u32; 2], until: [usize; 2]| {
        (1..200).find(|_| {
            viewers.say(rates);
            viewers.tick() == until
        })
    };
    let left = ticks(&mut viewers, &slow, [0, 1]).unwrap();
    assert!((8..=15).contains(&left), "{left} tenths of a second");
    let came = ticks(&mut viewers, &fast, [0, 0]).unwrap();
    assert!((30..=45).contains(&came), "{came} tenths of a second");
    let left = ticks(&mut viewers, &[2_500_000, 100_000], [0, 2]).unwrap();
    assert!(left <= 6, "far too little is noticed sooner: {left}");
}

#[test]
fn a_dip_of_one_of_many_slows_nobody_down_and_moves_nobody() {
    let calm = [2_500_000; 5];
    let mut viewers = Viewers::new(&calm);
    viewers.run(5, &calm);
    viewers.paths[3].set_rate(viewers.now, 800_000);
    viewers.now += Duration::from_millis(40);
    viewers.paths[3].set_rate(viewers.now, 2_500_000);
    assert_eq!(viewers.tick(), [0; 5]);
    assert!(viewers.bitrates()[0] > 2_100_000, "{:?}", viewers.bitrates());
}

#[test]
fn when_the_fastest_leaves_the_others_have_the_first_layer() {
    let rates = [2_500_000, 400_000, 380_000];
    let mut viewers = Viewers::new(&rates);
    assert_eq!(viewers.run(3, &rates), [0, 2, 2]);
    viewers.paths.remove(0);
    assert_eq!(viewers.run(5, &rates[1..]), [0, 0]);
    viewers.paths.remove(0);
    assert_eq!(viewers.tick(), [0]);
}

#[test]
fn the_only_viewer_has_the_first_layer_at_once_and_its_own_bit_rate() {
    let rates = [2_500_000, 300_000];
    let mut viewers = Viewers::new(&rates);
    assert_eq!(viewers.run(2, &rates), [0, 2]);
    viewers.paths.remove(0);
    assert_eq!(viewers.tick(), [0]);
    for rate in [300_000, 20_000, 9_000_000] {
        viewers.say(&[rate]);
        assert_eq!(viewers.bitrates(), [rate.min(MAX)], "without delay");
    }
}

#[test]
fn who_has_no_path_takes_the_first_layer_as_it_is() {
    let mut viewers = Viewers::new(&[900_000]);
    viewers.paths.push(Path::default());
    viewers.changes.push(0);
    assert_eq!(viewers.run(5, &[900_000]), [0, 0]);
    assert_eq!(viewers.bitrates(), [900_000]);
    viewers.paths.remove(0);
    assert_eq!(viewers.bitrates(), [START], "nobody has said anything");
}

#[test]
fn small_decoders_get_small_layers() {
    let full = 640 * 480;
    for (most, layer) in [(u64::MAX, 0), (full, 0), (full - 1, 1), (480 * 360, 1), (480 * 360 - 1, 2), (1, 2)] {
        assert_eq!(of_pixels(most, full), layer, "{most}");
    }
}

#[test]
fn a_path_that_swings_around_a_limit_does_not_flap() {
    let mut viewers = Viewers::new(&[2_500_000, 2_000_000]);
    for second in 0..600 {
        let slow = if second / 5 % 2 == 0 { 2_000_000 } else { 700_000 };
        viewers.run(1, &[2_500_000, slow]);
    }
    let changes = viewers.changes[1];
    assert!((2..=24).contains(&changes), "{changes} changes in ten minutes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_paths_do_layers_seldom_change_and_bit_rates_are_within_bounds(
        steps in proptest::collection::vec(proptest::collection::vec(10_000u32..6_000_000, 4), 60..120),
    ) {
        let mut viewers = Viewers::new(&steps[0]);
        for rates in &steps {
            let layers = viewers.run(1, rates);
            prop_assert!(layers.iter().all(|layer| *layer < LAYERS));
            prop_assert!(viewers.bitrates().iter().all(|rate| *rate <= MAX));
        }
        // Each way up takes three seconds or more, and at most two ways down follow it.
        let seconds = steps.len();
        prop_assert!(viewers.changes.iter().all(|changes| *changes <= 3 * (seconds / 3 + 1)), "{:?}", viewers.changes);
    }

    #[test]
    fn steady_paths_are_left_alone(rates in proptest::collection::vec(10_000u32..6_000_000, 1..12)) {
        let mut viewers = Viewers::new(&rates);
        viewers.run(5, &rates);
        let settled = viewers.changes.clone();
        viewers.run(120, &rates);
        prop_assert_eq!(&viewers.changes, &settled);
        // Nobody gets more than it carries, unless it carries less than the least of the last layer.
        let bitrates = viewers.bitrates();
        let mut used: Vec<_> = viewers.paths.iter().map(Path::layer).collect();
        used.sort_unstable();
        used.dedup();
        for (path, rate) in viewers.paths.iter().zip(&rates) {
            let sent = bitrates[used.iter().position(|layer| *layer == path.layer()).unwrap()];
            let least = (FLOORS[LAYERS - 1] * viewers.reference()) as u32;
            prop_assert!(sent <= (*rate).max(least).saturating_add(1), "{} of {}", sent, rate);
        }
    }
}
