//! Tokens on the real program: which routes and addresses need them, the commands that manage them, what belongs to whom,
//! and how much one principal may use.

mod client;
mod commands;
mod owners;
mod quotas;
mod routes;
mod stand_in;
mod tokens;

use std::process::Command;

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::program;

/// The exit code of the program and its output.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program to its end, without a token in its environment.
async fn run(arguments: &[&str]) -> Ended {
    run_as(arguments, None).await
}

/// Runs the program to its end, with a token in its environment.
async fn run_as(arguments: &[&str], token: Option<&str>) -> Ended {
    let mut command: Command = program(arguments);
    command.env_remove("FRAMEBOX_TOKEN");
    if let Some(token) = token {
        command.env("FRAMEBOX_TOKEN", token);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ended = Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ended.err.contains("panicked"), "{arguments:?}: {}", ended.err);
    ended
}

/// Creates a token in the data directory `data`; returns its text.
pub(super) async fn make_token(data: &Scratch, name: &str, scopes: &str, more: &[&str]) -> String {
    let mut arguments =
        vec!["token", "new", "--data", data.path().to_str().unwrap(), "--name", name, "--scope", scopes];
    arguments.extend(more);
    let ended = run(&arguments).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.trim().to_owned()
}
