//! Runs the server: listens, serves, and ends every session when it is asked to stop.
//!
//! **Whatever clients do, others are answered, and the server ends within ten seconds.**
//!
//! | module | what it holds |
//! |---|---|
//! | `accept` | the loop that accepts connections, and the task of each |
//! | `connections` | which connections are kept, and by when they must send something |
//! | `deadlines` | a stream that fails when its client misses a deadline |
//! | `descriptors` | how many file descriptors there are, and what they are for |
//! | `forwarded` | the client behind a reverse proxy |
//! | `stop` | signals |

mod accept;
mod connections;
mod deadlines;
mod descriptors;
mod forwarded;
mod stop;

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::http::HeaderValue;
use framebox_auth::Auth;
use framebox_auth::startup::SecretFile;
use framebox_catalog::data_dir::DataDir;

use crate::app::App;
use crate::config::Config;
use crate::http::{Changes, Names};
use crate::recorder;
use accept::Acceptor;
use framebox_worker::{Isolation, Processes, Workers};

pub use stop::interrupted;

/// Longest time for sessions to end when the server stops.
const END_SESSIONS: Duration = Duration::from_secs(4);
/// Longest time, after that, for requests to be answered.
const END_REQUESTS: Duration = Duration::from_secs(2);
/// Longest time, after that, for changes of the catalog to end.
const END_CHANGES: Duration = Duration::from_millis(2500);

/// Serves until `stop` resolves, then ends every session.
///
/// # Errors
/// When the address is not available or the configuration is wrong.
pub async fn serve(config: Config, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let bind = config.server.bind;
    let data_dir = DataDir::open(config.server.data.as_deref())?;
    let auth = Auth::open(data_dir.persistent(), &config.server.allow_anyone, bind)?;
    let auth = Arc::new(auth.with_quotas(config.quotas.resolve(config.server.sessions)));
    let descriptors = descriptors::raise();
    let listener =
        accept::listen(bind).with_context(|| format!("cannot listen on {bind}; choose another address with --bind"))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let origins = origins(&config.server.origins)?;
    let names = Names::new(&config.server.hosts, &config.server.origins);
    let limits = connections::Limits {
        total: descriptors::connections(descriptors, config.server.sessions, config.http.connections),
        per_address: usize::try_from(config.http.connections_per_address).unwrap_or(usize::MAX),
        proxies: config.http.proxies.iter().map(IpAddr::to_canonical).collect(),
    };
    let workers = workers(&config).await?;
    let (of_app, load) = (workers.clone(), move |workers| App::new(&config, data_dir, workers));
    let app = Arc::new(tokio::task::spawn_blocking(move || load(of_app)).await.context("loading failed")??);
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached from other machines: tokens and cameras need HTTPS in front of it");
    }
    let secret_file = publish_secret(&auth, address).await;
    println!("Framebox is ready: open {} in a browser. Ctrl-C ends it.", page(&auth, address));
    #[expect(clippy::disallowed_methods, reason = "it is awaited below, once every change has ended")]
    let recorder = tokio::spawn(recorder::run(auth.clone(), app.catalog.subscribe()));
    let changes = Arc::new(Changes::new(auth.clone()));
    let router = crate::http::router(app.clone(), auth, changes.clone(), &origins, names);
    let mut acceptor = Acceptor::new(listener, router, limits);
    tokio::select! {
        never = acceptor.run() => match never {},
        never = tend(&app) => match never {},
        // Sessions end first: the streams of their outputs end with them, and then every request is answered.
        () = end_sessions(&app, &workers, stop) => {}
    }
    acceptor.close(END_REQUESTS).await;
    // Changes whose clients have left go on: they end, and are recorded, before the program does.
    let finish = async {
        changes.finish().await;
        app.catalog.close_subscriptions();
        recorder.await
    };
    drop(secret_file);
    match tokio::time::timeout(END_CHANGES, finish).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the recorder of changes failed"),
        Err(_) => tracing::warn!("some changes of the catalog did not end in time"),
    }
    Ok(())
}

/// Deletes recordings that are too old, from time to time.
async fn tend(app: &App) -> Infallible {
    match app.streams.recordings() {
        Some(recordings) => recordings.tend().await,
        None => std::future::pending().await,
    }
}

/// Waits until the server is to stop, and ends every session.
async fn end_sessions(app: &App, workers: &Workers, stop: impl Future<Output = ()>) {
    stop.await;
    let end = async {
        app.streams.close().await;
        app.sessions.close().await;
        workers.close().await;
    };
    if tokio::time::timeout(END_SESSIONS, end).await.is_err() {
        tracing::warn!("some sessions did not end in time");
    }
}

/// Where sessions run.
async fn workers(config: &Config) -> anyhow::Result<Workers> {
    let isolation = config.server.isolation();
    let workers = match isolation {
        Isolation::Thread => Workers::threads(),
        Isolation::Process => {
            let (program, ready) = (config.program.clone(), config.server.ready_workers);
            let processes = Processes { program, ready, guest_memory: config.defaults().most_memory() };
            Workers::processes(processes).await.context(
                "worker processes cannot be started here; `isolation = \"thread\"` in [server] does without them, and has \
                 the sandbox as its only wall",
            )?
        }
    };
    tracing::info!(?isolation, "sessions run");
    Ok(workers)
}

/// The address of the page. Where nobody else is allowed anything it carries the start-up secret, after the `#`: browsers do
/// not send that part, so it reaches no log and no other page.
fn page(auth: &Auth, address: SocketAddr) -> String {
    match auth.is_closed() {
        true => format!("http://{address}/#access_token={}", auth.startup_secret().reveal()),
        false => format!("http://{address}"),
    }
}

/// Writes the file from which commands on this machine read the start-up secret. The server works without it.
async fn publish_secret(auth: &Arc<Auth>, address: SocketAddr) -> Option<SecretFile> {
    let auth = auth.clone();
    let write = move || SecretFile::write(address, auth.startup_secret());
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(file)) => Some(file),
        Ok(Err(error)) => {
            tracing::warn!(%error, "commands need --token: the file of the start-up secret cannot be written");
            None
        }
        Err(error) => {
            tracing::error!(%error, "the file of the start-up secret cannot be written");
            None
        }
    }
}

fn origins(origins: &[String]) -> anyhow::Result<Vec<HeaderValue>> {
    let parse = |origin: &String| {
        let hint = || format!("server.origins: {origin:?} is not an origin; give one like https://example.org");
        origin.parse().with_context(hint)
    };
    origins.iter().map(parse).collect()
}
