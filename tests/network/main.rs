//! Video over networks as people have them: a browser and the server over an impaired wire.
//!
//! Without names three scenarios run, with bounds that hold on any machine. `cargo test --test network -- --list` names them all.

fn main() -> std::process::ExitCode {
    framebox_test_network::report::main(Some(framebox_test_support::paths::program()))
}
