//! Nothing. Building it beside the fuzz targets lets cargo resolve features as for all other tests, so that `cargo xtask fuzz` takes
//! the dependencies that those have built.

fn main() {}
