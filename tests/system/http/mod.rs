//! HTTP under attack: connections that hold on, requests of other sites, and the end of the server.

mod connections;
mod requests;
mod stopping;

use std::process::Command;

use framebox_test_support::paths;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::LIMIT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Starts a server with a configuration.
async fn configured(scratch: &Scratch, text: &str) -> Server {
    let file = scratch.write("framebox.toml", text);
    Server::start(&["--config", file.to_str().unwrap()]).await
}

/// Returns a command of the program under a limit of open files.
fn limited(files: u32) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n {files}; exec \"$0\" \"$@\"")).arg(paths::program());
    command
}

fn address(server: &Server) -> &str {
    server.base.strip_prefix("http://").unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(address(server)).await.unwrap()
}

/// The first lines of a request with the start-up secret, up to the end of `Host`.
fn head(server: &Server, what: &str) -> String {
    let secret = server.secret.as_deref().unwrap();
    format!("{what} HTTP/1.1\r\nauthorization: Bearer {secret}\r\nhost: {}\r\n", address(server))
}

/// Sends bytes, and reads until the server closes the connection; a connection that is reset is closed, too.
async fn exchange(server: &Server, text: &str) -> String {
    let mut stream = connect(server).await;
    // The server may have answered and closed before everything is sent.
    let _ = stream.write_all(text.as_bytes()).await;
    rest(&mut stream).await
}

/// Reads until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(LIMIT, read).await.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}
