//! What the machine has to offer: data directory, ports, codecs, isolation.

use std::io::ErrorKind;
use std::net::TcpListener;

use framebox_media::Codec;
use framebox_server::config::Config;
use framebox_server::media_port;
use framebox_worker::{Isolation, Processes, Workers};

use super::report::Report;

/// Tries to write into the data directory.
pub fn data_directory(report: &mut Report, config: &Config, is_running: bool) {
    let what = "data directory";
    let Some(folder) = &config.server.data else {
        return report.advice(what, "none: uploads are forgotten when the server ends (--data)");
    };
    let shown = folder.display();
    // One that does not exist yet is made by the server.
    let existing = folder.ancestors().find(|folder| folder.is_dir() || folder.as_os_str().is_empty());
    let existing = existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    match tempfile::tempfile_in(existing) {
        Ok(_) if is_running => report.ok(what, format!("{shown} can be written")),
        Ok(_) => report.ok(what, format!("{shown} can be written, or made")),
        Err(error) => {
            report.broken(what, format!("{shown}: {error}: give the server's user the right to write into it"));
        }
    }
}

/// Tries the ports of HTTP and media.
pub fn ports(report: &mut Report, config: &Config, is_running: bool) {
    let bind = config.server.bind;
    match TcpListener::bind(bind) {
        Ok(_) => report.ok("HTTP", format!("{bind} is free")),
        Err(_) if is_running => report.ok("HTTP", format!("the server runs at {bind}")),
        Err(error) => report.broken("HTTP", format!("{bind}: {error}: choose another --bind, or stop what uses it")),
    }
    let wanted = media_port::wanted(&config.webrtc);
    if wanted.is_empty() && config.webrtc.ports().is_none() {
        report.ok("media port", "the system chooses one at each start; a firewall needs --media-port (webrtc.port)");
    }
    for (address, protocol) in wanted {
        let what = format!("{} {address}", protocol.name());
        match media_port::bind(address, protocol) {
            Ok(()) => report.ok(&what, "it is free"),
            Err(error) if is_running && error.kind() == ErrorKind::AddrInUse => report.ok(&what, "it is in use"),
            Err(error) => report.broken(&what, format!("{error}: choose another --media-port, or stop what uses it")),
        }
    }
}

/// Names the codecs of this build.
pub fn codecs(report: &mut Report) {
    let names: Vec<_> = Codec::available().map(|codec| codec.rtp_format().name).collect();
    report.ok("codecs", names.join(", "));
    for codec in Codec::ALL.into_iter().filter(|codec| !codec.is_available()) {
        let name = codec.rtp_format().name;
        report.advice(
            "codecs",
            format!("this build lacks {name}: clients that offer nothing else are refused (docs/troubleshooting.md)"),
        );
    }
}

/// Tries to confine a process, where sessions are to run in such.
pub async fn isolation(report: &mut Report, config: &Config) {
    let what = "isolation";
    if config.server.isolation() == Isolation::Thread {
        let words = "sessions run on threads of the server (isolation = \"process\" adds a second wall)";
        return if config.server.bind.ip().is_loopback() {
            report.ok(what, words);
        } else {
            report.advice(what, words);
        };
    }
    let guest_memory = config.defaults().most_memory();
    match Workers::processes(Processes { program: config.program.clone(), ready: 1, guest_memory }).await {
        Ok(workers) => {
            workers.close().await;
            report.ok(what, "processes can be confined");
        }
        Err(error) => report.broken(
            what,
            format!(
                "{error}: this system cannot confine processes (seccomp, Landlock); isolation = \"thread\" does without"
            ),
        ),
    }
}
