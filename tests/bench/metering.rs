//! What fuel and epochs cost: the handlers that come with the program, with both and without, on one host.
//!
//! Both sides run here on the same plain host, so that nothing differs but what the compiler puts into the guest's code.

use std::time::{Duration, Instant};

use framebox_picture::{Format, Picture, Rect, Size, convert, sample::Sampler};
use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable, TypedFunc};
use wasmtime::{Config, Engine, OperatorCost, OptLevel, Store, UpdateDeadline, VariableOperatorCost};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::figure::{Goal, ms, print};
use framebox_test_support::{examples, scene};

const SIZE: Size = Size::new(640, 480);
const ROUNDS: usize = 60;
const ALLOWED: u64 = u64::MAX / 2;

mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "handler-base",
        imports: { default: trappable },
        with: { "framebox:video/media.frame": super::Frame, "framebox:video/media.output": super::Results },
    });
}
use bindings::framebox::video::{log, media, sources, types};

type Process = TypedFunc<(Resource<Frame>, Resource<Results>, types::Budget), (Result<(), types::Stop>,)>;

pub struct Frame;
pub struct Results;

struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    picture: Picture,
    put: Picture,
    sampler: Sampler,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

fn format(format: types::PixelFormat) -> Format {
    match format {
        types::PixelFormat::Rgba8 => Format::Rgba8,
        types::PixelFormat::Rgb8 => Format::Rgb8,
        types::PixelFormat::Gray8 => Format::Gray8,
        types::PixelFormat::I420 => Format::I420,
        types::PixelFormat::Nv12 => Format::Nv12,
    }
}

impl types::Host for Host {}
impl media::Host for Host {}

impl media::HostFrame for Host {
    fn info(&mut self, _: Resource<Frame>) -> wasmtime::Result<types::FrameInfo> {
        let size = types::Size { width: SIZE.width, height: SIZE.height };
        Ok(types::FrameInfo { size, native: types::PixelFormat::I420, pts_us: 0, sequence: 0, skipped: 0 })
    }

    fn pixels(&mut self, _: Resource<Frame>, wanted: types::PixelFormat) -> wasmtime::Result<Vec<u8>> {
        let mut pixels = vec![0; format(wanted).bytes(SIZE)];
        convert::read(self.picture.planes(), format(wanted), &mut pixels)?;
        Ok(pixels)
    }

    fn sample(
        &mut self,
        _: Resource<Frame>,
        wanted: types::PixelFormat,
        crop: Option<types::Rect>,
        to: Option<types::Size>,
    ) -> wasmtime::Result<Vec<u8>> {
        let crop = crop.map_or(Rect::whole(SIZE), |types::Rect { x, y, width, height }| Rect { x, y, width, height });
        let to = to.map_or(crop.size(), |size| Size::new(size.width, size.height));
        let mut pixels = vec![0; format(wanted).bytes(to)];
        self.sampler.sample(self.picture.planes(), crop, to, format(wanted), &mut pixels)?;
        Ok(pixels)
    }

    fn drop(&mut self, _: Resource<Frame>) -> wasmtime::Result<()> {
        Ok(())
    }
}

type Answer = wasmtime::Result<Result<(), String>>;

impl media::HostOutput for Host {
    fn pixels(&mut self, _: Resource<Results>, size: types::Size, given: types::PixelFormat, data: Vec<u8>) -> Answer {
        convert::write(&data, format(given), Size::new(size.width, size.height), &mut self.put)?;
        Ok(Ok(()))
    }

    fn show(&mut self, _: Resource<Results>, _: Resource<Frame>) -> Answer {
        Ok(Ok(()))
    }

    fn patch(&mut self, _: Resource<Results>, _: types::Rect, _: types::PixelFormat, _: Vec<u8>) -> Answer {
        Ok(Ok(()))
    }

    fn put(&mut self, _: Resource<Results>, _: String, _: types::Value) -> Answer {
        Ok(Ok(()))
    }

    fn drop(&mut self, _: Resource<Results>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl log::Host for Host {
    fn log(&mut self, _: log::Level, _: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl sources::Host for Host {
    fn open(&mut self, _: String) -> wasmtime::Result<Result<Resource<sources::Source>, String>> {
        Ok(Err("there are none".into()))
    }
}

impl sources::HostSource for Host {
    fn info(&mut self, _: Resource<sources::Source>) -> wasmtime::Result<sources::SourceInfo> {
        wasmtime::bail!("there are none")
    }

    fn next(&mut self, _: Resource<sources::Source>) -> wasmtime::Result<Result<Option<Resource<Frame>>, String>> {
        wasmtime::bail!("there are none")
    }

    fn seek(&mut self, _: Resource<sources::Source>, _: i64) -> Answer {
        wasmtime::bail!("there are none")
    }

    fn drop(&mut self, _: Resource<sources::Source>) -> wasmtime::Result<()> {
        Ok(())
    }
}

/// The sandbox's engine as far as the speed of guests goes, with fuel and epochs or without.
fn engine(fuel: bool, epochs: bool) -> Engine {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed).memory_reservation(4 << 30).wasm_component_model(true);
    config.wasm_relaxed_simd(true).relaxed_simd_deterministic(true).concurrency_support(false);
    config.consume_fuel(fuel).epoch_interruption(epochs);
    if fuel {
        let variable = VariableOperatorCost { memory_grow_per_page: 16, ..VariableOperatorCost::new() };
        config.operator_cost(OperatorCost { variable, ..OperatorCost::new() });
    }
    Engine::new(&config).unwrap()
}

/// One handler on one engine.
struct Guest {
    store: Store<Host>,
    process: Process,
    fuel: bool,
    epochs: bool,
}

impl Guest {
    /// None for what takes no frames.
    fn start(engine: &Engine, bytes: &[u8], (fuel, epochs): (bool, bool)) -> Option<Self> {
        let component = Component::from_binary(engine, bytes).unwrap();
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        bindings::HandlerBase::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host).unwrap();
        let host = Host {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            picture: scene::picture(SIZE, 7),
            put: Picture::black(SIZE).unwrap(),
            sampler: Sampler::default(),
        };
        let mut store = Store::new(engine, host);
        if fuel {
            store.set_fuel(ALLOWED).unwrap();
        }
        if epochs {
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Continue(1)));
        }
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let [interface, function] =
            [("transform", "process"), ("observe", "consume")].into_iter().find_map(|(interface, function)| {
                let interface = format!("framebox:video/{interface}@0.1.0");
                let interface = instance.get_export_index(&mut store, None, &interface)?;
                Some([interface, instance.get_export_index(&mut store, Some(&interface), function)?])
            })?;
        let _ = interface;
        let process = instance.get_typed_func(&mut store, function).unwrap();
        let base = bindings::HandlerBase::new(&mut store, &instance).unwrap();
        let lifecycle = base.framebox_video_lifecycle();
        let described = lifecycle.call_describe(&mut store).unwrap();
        let settings: Vec<_> = described.parameters.into_iter().map(default).collect();
        lifecycle.call_init(&mut store, &settings).unwrap().unwrap();
        Some(Self { store, process, fuel, epochs })
    }

    fn call(&mut self) -> Duration {
        let begin = Instant::now();
        if self.fuel {
            self.store.set_fuel(ALLOWED).unwrap();
        }
        if self.epochs {
            self.store.set_epoch_deadline(1);
        }
        let budget = types::Budget { time_us: 500_000, fuel: ALLOWED };
        let given = (Resource::new_borrow(1), Resource::new_borrow(2), budget);
        self.process.call(&mut self.store, given).unwrap().0.unwrap();
        begin.elapsed()
    }
}

fn default(parameter: types::Parameter) -> types::NamedValue {
    use types::{ParameterKind as Kind, Value};
    let value = match parameter.kind {
        Kind::Number(spec) => Value::Number(spec.default),
        Kind::Integer(spec) => Value::Integer(spec.default),
        Kind::Toggle(on) => Value::Boolean(on),
        Kind::Choice(spec) => Value::Text(spec.default),
        Kind::Text(spec) => Value::Text(spec.default),
        Kind::Color(color) => Value::Text(color),
        Kind::Button => Value::Boolean(false),
    };
    types::NamedValue { id: parameter.id, value }
}

pub fn run() {
    const KINDS: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];
    let engines = KINDS.map(|(fuel, epochs)| engine(fuel, epochs));
    let mut logs = Vec::new();
    for name in examples::RUST {
        let Some(path) = examples::rust(name) else { continue };
        let bytes = std::fs::read(path).unwrap();
        let start = |(engine, kind)| Guest::start(engine, &bytes, kind);
        let Some(mut guests) = engines.iter().zip(KINDS).map(start).collect::<Option<Vec<_>>>() else { continue };
        // In turns, frame by frame; the minimum of each, since other load only adds time.
        let mut least = [Duration::MAX; 4];
        for _ in 0..ROUNDS {
            for (guest, least) in guests.iter_mut().zip(&mut least) {
                *least = guest.call().min(*least);
            }
        }
        let ratio = |of: usize| least[of].as_secs_f64() / least[0].as_secs_f64();
        println!(
            "{name:<10} 640x480: {:.3} ms; with fuel {:.2} x, with epochs {:.2} x, with both {:.2} x",
            ms(least[0]),
            ratio(1),
            ratio(2),
            ratio(3)
        );
        logs.push(ratio(3).ln());
    }
    let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    print("a frame with fuel and epochs / without, geometric mean of the examples", mean, "x", Goal::AtMost(1.25));
}
