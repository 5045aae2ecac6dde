//! Signals that end the program.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a program that a second signal ended: that of a program that TERM ended.
const AT_ONCE: i32 = 128 + 15;

/// Receives signals from now on. The result resolves when the program is asked to stop, by Ctrl-C or the signal TERM; a second
/// signal ends the program at once. To be called within the runtime.
pub fn interrupted() -> impl Future<Output = ()> + Send + 'static {
    let signals = signal(SignalKind::interrupt()).and_then(|int| Ok((int, signal(SignalKind::terminate())?)));
    async {
        match signals {
            Ok((int, term)) => stopped(int, term).await,
            // The system's default then ends the program.
            Err(error) => {
                tracing::warn!(%error, "signals cannot be received: they end the program without ending sessions");
                std::future::pending().await
            }
        }
    }
}

async fn stopped(mut int: Signal, mut term: Signal) {
    one_of(&mut int, &mut term).await;
    #[expect(clippy::disallowed_methods, reason = "it ends with the program")]
    tokio::spawn(async move {
        one_of(&mut int, &mut term).await;
        eprintln!("framebox: a second signal: ends at once");
        #[expect(clippy::disallowed_methods, reason = "whoever signals twice does not want to wait")]
        std::process::exit(AT_ONCE);
    });
}

async fn one_of(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}
