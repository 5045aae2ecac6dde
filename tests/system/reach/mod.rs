//! How clients reach the server where networks are in the way.
//!
//! | module | what it tests |
//! |---|---|
//! | `doctor` | `framebox doctor` |
//! | `ice` | STUN and TURN servers for clients, and ports that cannot be had |
//! | `relay` | a browser that may use TURN servers only |
//! | `restart` | other paths for a session that runs |

mod doctor;
mod ice;
mod relay;
mod restart;

use framebox_test_support::browser::Browser;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use serde_json::{Value, json};

/// Starts a server with a configuration file.
async fn start(folder: &Scratch, configuration: &str, flags: &[&str]) -> Server {
    let file = folder.write("framebox.toml", configuration);
    let flags: Vec<_> = ["--config", file.to_str().unwrap()].into_iter().chain(flags.iter().copied()).collect();
    Server::start(&flags).await
}

/// Starts a session of `handler` in a page of the server, with more options for the client, whose states and errors are
/// kept in `window.seen`.
async fn connect(browser: &Browser, server: &Server, handler: &str, options: Value) {
    browser.open(&server.base).await;
    let script = "const [token, handler, options] = arguments;
        window.seen = { states: [], reconnects: 0, error: null };
        import('/framebox.js').then(async ({ Framebox }) => {
            const client = new Framebox({ token, handler, statsInterval: 250, ...options });
            client.addEventListener('state', ({ detail }) => seen.states.push(detail.state));
            client.addEventListener('reconnect', () => { seen.reconnects += 1; });
            client.addEventListener('end', ({ detail }) => { seen.error = detail.message; });
            window.client = client;
            await client.start({ constraints: { width: 320, height: 240 } });
        }).catch((error) => { seen.error = `${error.code}: ${error.message}`; });";
    browser.run(script, &[json!(server.secret), json!(handler), options]).await;
}

/// Waits until the video of the session arrives; returns the client's statistics.
async fn wait_for_video(browser: &Browser) -> Value {
    wait_until("video arrives", async || {
        let seen = browser.run("return [seen, window.client?.stats() ?? null]", &[]).await;
        assert_eq!(seen[0]["error"], Value::Null, "{seen}");
        let arrives = seen[1]["output"]["fps"].as_f64() > Some(1.0) && seen[1]["network"]["path"].is_string();
        if arrives { Ok(seen[1].clone()) } else { Err(seen.to_string()) }
    })
    .await
}
