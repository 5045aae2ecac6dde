//! How clients reach the server where networks are in the way.
//!
//! | module | what it tests |
//! |---|---|
//! | `ice` | STUN and TURN servers for clients, and ports that cannot be had |

mod ice;

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;

/// Starts a server with a configuration file.
async fn start(folder: &Scratch, configuration: &str, flags: &[&str]) -> Server {
    let file = folder.write("framebox.toml", configuration);
    let flags: Vec<_> = ["--config", file.to_str().unwrap()].into_iter().chain(flags.iter().copied()).collect();
    Server::start(&flags).await
}
