//! The examples in other languages than Rust, built from source: what each does, judged by its output.

mod convolve;
mod histogram;
mod life;
mod memory;
mod posterize;
mod sobel;
mod tracker;

use framebox_sandbox::{Component, Output};
use serde_json::Value;

use crate::guests::handler::load;
use framebox_test_support::examples;

/// An example, if the machine has what builds it.
fn example(language: &str, name: &str) -> Option<Component> {
    examples::component(language, name).map(|bytes| load(&bytes))
}

/// A value that was put.
fn value(output: &Output, id: &str) -> Value {
    let named = output.values.iter().find(|named| named.id == id);
    named.unwrap_or_else(|| panic!("no {id} in {:?}", output.values)).json.parse()
}
