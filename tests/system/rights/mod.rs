//! Tokens on the real program: who is let in, on which routes, at which addresses, and the command line that says so.

mod commands;
mod playing;
mod routes;
mod tokens;

use std::process::Command;

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::program;

/// How the program ended, and what it said.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program to its end. It has no token by its environment.
async fn run(arguments: &[&str]) -> Ended {
    run_as(arguments, None).await
}

/// The same, with a token in the environment.
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

/// Makes a token in the data directory `data`; returns its text.
async fn make_token(data: &Scratch, name: &str, scopes: &str, more: &[&str]) -> String {
    let mut arguments =
        vec!["token", "new", "--data", data.path().to_str().unwrap(), "--name", name, "--scope", scopes];
    arguments.extend(more);
    let ended = run(&arguments).await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out.trim().to_owned()
}
