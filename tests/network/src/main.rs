//! The scenarios, for a program that the command line names.

fn main() -> std::process::ExitCode {
    framebox_test_network::report::main(None)
}
