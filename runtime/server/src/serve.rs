//! Runs the server: listens, serves, and ends every session when it is asked to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::http::HeaderValue;
use framebox_auth::Auth;
use framebox_catalog::data_dir::DataDir;
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::Config;
use crate::http::Changes;
use crate::recorder;

/// Longest time for sessions to end when the server stops.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Serves until `stop` resolves, then ends every session.
///
/// # Errors
/// When the address is not available or the configuration is wrong.
pub async fn serve(config: Config, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let bind = config.server.bind;
    let data_dir = DataDir::open(config.server.data.as_deref())?;
    let auth = Auth::open(data_dir.persistent(), &config.server.allow_anyone, bind)?;
    let auth = Arc::new(auth.with_quotas(config.quotas.resolve(config.server.sessions)));
    let listener = TcpListener::bind(bind)
        .await
        .with_context(|| format!("cannot listen on {bind}; choose another address with --bind"))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let origins = origins(&config.server.origins)?;
    let app =
        Arc::new(tokio::task::spawn_blocking(move || App::new(&config, data_dir)).await.context("loading failed")??);
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached from other machines: tokens and cameras need HTTPS in front of it");
    }
    println!("Framebox is ready: open http://{address} in a browser. Ctrl-C ends it.");
    #[expect(clippy::disallowed_methods, reason = "it is awaited below, once every change has ended")]
    let recorder = tokio::spawn(recorder::run(auth.clone(), app.catalog.subscribe()));
    let changes = Arc::new(Changes::new(auth.clone()));
    let router = crate::http::router(app.clone(), auth, changes.clone(), &origins);
    let sessions = app.sessions.clone();
    // Sessions end first: the streams of their outputs end with them, and then every request is answered.
    let stop = async move {
        stop.await;
        if tokio::time::timeout(SHUTDOWN, sessions.close()).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop).await.context("the HTTP server failed");
    // Changes whose clients have left go on: they end, and are recorded, before the program does.
    let finish = async {
        changes.finish().await;
        app.catalog.close_subscriptions();
        recorder.await
    };
    match tokio::time::timeout(SHUTDOWN, finish).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the recorder of changes failed"),
        Err(_) => tracing::warn!("some changes of the catalog did not end in time"),
    }
    served
}

fn origins(origins: &[String]) -> anyhow::Result<Vec<HeaderValue>> {
    let parse = |origin: &String| {
        let hint = || format!("server.origins: {origin:?} is not an origin; give one like https://example.org");
        origin.parse().with_context(hint)
    };
    origins.iter().map(parse).collect()
}

/// Resolves when the program is asked to stop: by Ctrl-C or the signal TERM.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
