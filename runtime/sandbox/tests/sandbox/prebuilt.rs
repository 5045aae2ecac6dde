//! The prebuilt example handlers.

use std::path::Path;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{CallError, Component, Kind, NamedValue, Setup};

use crate::support::{PLENTY, frame, load, picture, setup};

const SIZE: Size = Size::new(320, 240);

fn all() -> Vec<(String, Component)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-examples/prebuilt");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    paths.sort();
    assert!(!paths.is_empty());
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), load(&std::fs::read(path).unwrap()))).collect()
}

fn defaults(component: &Component) -> Vec<NamedValue> {
    let parameters = component.descriptor().parameters.iter();
    parameters.map(|parameter| NamedValue { id: parameter.id.clone(), value: parameter.default_value() }).collect()
}

#[test]
fn each_accepts_its_defaults_and_frames() {
    for (name, component) in all() {
        let parameters = defaults(&component);
        let mut instance = component.start(Setup { parameters: parameters.clone(), ..setup() }).unwrap();
        let (mut pictures, mut values) = (0, 0);
        for i in 0..5 {
            let call = match component.kind() {
                Kind::Generator => instance.next(i * 33_333, PLENTY),
                _ => instance.process(frame(picture(SIZE)), PLENTY),
            };
            match call.result {
                Ok(output) => {
                    pictures += usize::from(output.picture.is_some());
                    values += output.values.len();
                }
                // A handler that plays a source reports that none is granted.
                Err(CallError::Failed(text)) if component.kind() == Kind::Generator && text.contains("source") => {
                    pictures += 1
                }
                Err(error) => panic!("{name}: {error}"),
            }
        }
        let given = if component.kind() == Kind::Observer { values } else { pictures };
        assert!(given > 0, "{name} returned nothing");
        instance.configure(&parameters).unwrap_or_else(|error| panic!("{name}: {error}"));
        instance.close();
    }
}

#[test]
fn invert_turns_black_into_white() {
    let (_, invert) = all().into_iter().find(|(name, _)| name == "invert").unwrap();
    let parameters = defaults(&invert);
    let mut instance = invert.start(Setup { parameters, ..setup() }).unwrap();
    let black = std::sync::Arc::new(Picture::black(SIZE).unwrap());
    let white = instance.process(frame(black), PLENTY).result.unwrap().picture.unwrap();
    assert!(white.bytes()[..SIZE.pixels() as usize].iter().all(|luma| *luma >= 234), "{:?}", &white.bytes()[..8]);
}
