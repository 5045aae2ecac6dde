//! Runs the server: listens, serves, and ends every session when it is asked to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use axum::http::HeaderValue;
use framebox_auth::{Auth, audit};
use framebox_catalog::data_dir::DataDir;
use framebox_catalog::{Change, Subscription};
use tokio::net::TcpListener;

use crate::app::App;
use crate::config::Config;

/// Longest time for sessions to end when the server stops.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Serves until `stop` resolves, then ends every session.
///
/// # Errors
/// When the address is not available or the configuration is wrong.
pub async fn serve(config: Config, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let bind = config.server.bind;
    let data_dir = DataDir::open(config.server.data.as_deref())?;
    let auth = Arc::new(Auth::open(data_dir.persistent(), &config.server.allow_anyone, bind)?);
    let listener = TcpListener::bind(bind)
        .await
        .with_context(|| format!("cannot listen on {bind}; choose another address with --bind"))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let origins = origins(&config.server.origins)?;
    let app = Arc::new(tokio::task::spawn_blocking(move || App::new(&config, data_dir)).await.context("loading failed")??);
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached from other machines: tokens and cameras need HTTPS in front of it");
    }
    println!("Framebox is ready: open http://{address} in a browser. Ctrl-C ends it.");
    tokio::spawn(audit_rollbacks(app.catalog.subscribe(), auth.audit.clone()));
    let router = crate::http::router(app.clone(), auth, &origins);
    let sessions = app.sessions.clone();
    // Sessions end first: the streams of their outputs end with them, and then every request is answered.
    let stop = async move {
        stop.await;
        if tokio::time::timeout(SHUTDOWN, sessions.close()).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await.context("the HTTP server failed")
}

fn origins(origins: &[String]) -> anyhow::Result<Vec<HeaderValue>> {
    let parse = |origin: &String| {
        let hint = || format!("server.origins: {origin:?} is not an origin; give one like https://example.org");
        origin.parse().with_context(hint)
    };
    origins.iter().map(parse).collect()
}

/// Writes automatic rollbacks to the audit log.
async fn audit_rollbacks(mut events: Subscription, log: audit::Audit) {
    while let Some(event) = events.next().await {
        if let Change::RolledBack { .. } = &event.change {
            let entry = audit::Entry {
                who: "framebox".to_owned(),
                from: None,
                what: audit::Action::Rollback,
                name: event.handler.clone(),
                version: event.version,
                digest: event.digest.map(|digest| digest.to_string()),
                outcome: "done",
                status: None,
            };
            log.write(&entry, SystemTime::now());
        }
    }
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
