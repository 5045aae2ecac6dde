//! The candidates of this side, as an answer names them.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// Type preference of host candidates (RFC 8445 section 5.1.2.2).
const HOST: u32 = 126;
/// The same over TCP: below every candidate for UDP but the relayed ones (RFC 6544 section 4.2).
const HOST_TCP: u32 = 90;
/// Direction preference of passive candidates (RFC 6544 section 4.2).
const PASSIVE: u32 = 4;

/// What the answer's candidates have besides the library's, or differently.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalCandidates {
    /// The address of each socket that the library knows, and the one that it stands for.
    pub stands_for: Vec<(SocketAddr, SocketAddr)>,
    /// Addresses under which the port is reached from outside.
    pub public: Vec<IpAddr>,
    /// Number of the port, where all local addresses have the same one.
    pub port: Option<u16>,
    /// Where TCP streams are accepted.
    pub tcp: Vec<SocketAddr>,
}

impl LocalCandidates {
    /// Writes them into a description of ours: into each section that has candidates, behind these.
    pub fn apply(&self, description: &str) -> String {
        let added = self.added();
        let mut out = String::with_capacity(description.len() + added.len());
        let mut in_candidates = false;
        for line in description.split_inclusive('\n') {
            let candidate = line.strip_prefix("a=candidate:");
            if in_candidates && candidate.is_none() {
                out.push_str(&added);
            }
            in_candidates = candidate.is_some();
            match candidate {
                // RTCP has none of its own (RFC 5761 section 5.1.3).
                Some(candidate) if candidate.split(' ').nth(1) == Some("2") => {}
                Some(candidate) => {
                    let _ = write!(out, "a=candidate:{}\r\n", self.moved(candidate.trim_end()));
                }
                None => out.push_str(line),
            }
        }
        if in_candidates {
            out.push_str(&added);
        }
        out
    }

    /// Writes candidates for these addresses, where the library is not there yet to name them, and those that are added.
    pub fn of_hosts(&self, hosts: &[SocketAddr]) -> String {
        let mut out = String::new();
        for (at, address) in (0u32..).zip(hosts) {
            write(&mut out, "udp", priority(HOST, 0xffff - at.min(0xff)), *address, "");
        }
        out + &self.added()
    }

    /// A candidate of the library's with the addresses that its own ones stand for.
    fn moved(&self, candidate: &str) -> String {
        let mut tokens: Vec<String> = candidate.split(' ').map(str::to_owned).collect();
        let related = tokens.iter().position(|token| token == "raddr");
        for (address, port) in [Some((4, 5)), related.map(|at| (at + 1, at + 3))].into_iter().flatten() {
            let (Some(ip), Some(number)) = (tokens.get(address), tokens.get(port)) else { continue };
            let (Ok(ip), Ok(number)) = (ip.parse::<IpAddr>(), number.parse()) else { continue };
            let named = SocketAddr::new(ip, number);
            if let Some((_, real)) = self.stands_for.iter().find(|(bound, _)| *bound == named) {
                tokens[address] = real.ip().to_string();
                tokens[port] = real.port().to_string();
            }
        }
        tokens.join(" ")
    }

    fn added(&self) -> String {
        let mut out = String::new();
        let public = || (0u32..).zip(self.public.iter().copied());
        if let Some(port) = self.port {
            for (at, address) in public() {
                write(&mut out, "udp", priority(HOST, 0xfffe - at.min(0xff)), SocketAddr::new(address, port), "");
            }
        }
        let tcp = |preference: u32| PASSIVE << 13 | preference;
        let mut streams: Vec<SocketAddr> = self.tcp.clone();
        let port = streams.first().map(SocketAddr::port);
        streams.extend(public().filter_map(|(_, address)| Some(SocketAddr::new(address, port?))));
        streams.dedup();
        for (at, address) in (0u32..).zip(streams) {
            let priority = priority(HOST_TCP, tcp(0x1fff - at.min(0xff)));
            write(&mut out, "tcp", priority, address, " tcptype passive");
        }
        out
    }
}

/// Priority of the first component (RFC 8445 section 5.1.2.1).
const fn priority(preference: u32, local: u32) -> u32 {
    preference << 24 | local << 8 | 255
}

fn write(out: &mut String, kind: &str, priority: u32, address: SocketAddr, suffix: &str) {
    let (ip, port, foundation) = (address.ip(), address.port(), foundation(kind, address.ip()));
    let _ = write!(out, "a=candidate:{foundation} 1 {kind} {priority} {ip} {port} typ host{suffix}\r\n");
}

/// The same for candidates of one kind and address, different for others (RFC 8445 section 5.1.1.3).
fn foundation(kind: &str, address: IpAddr) -> u32 {
    // FNV-1a: it has to differ, not to be hard to guess.
    let text = format!("{kind} {address}");
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::candidate;

    const RTCPS: &str = "a=candidate:1 2 udp 2130706431 127.0.0.1 40001 typ host\r\n";
    const LIBRARYS: &str = "m=video 9 X 102\r\na=candidate:1 1 udp 2130706431 127.0.0.1 40001 typ host\r\n\
        a=candidate:2 1 udp 1694498815 192.0.2.5 7777 typ srflx raddr 127.0.0.1 rport 40001\r\na=end-of-candidates\r\na=mid:0\r\n";

    #[test]
    fn candidates_name_the_port_that_is_shared() {
        let local = LocalCandidates {
            stands_for: vec![("127.0.0.1:40001".parse().unwrap(), "127.0.0.1:3478".parse().unwrap())],
            ..LocalCandidates::default()
        };
        assert_eq!(local.apply(LIBRARYS), LIBRARYS.replace("40001", "3478"));
        assert_eq!(local.apply(&LIBRARYS.replace("a=end", &format!("{RTCPS}a=end"))), local.apply(LIBRARYS));
        assert_eq!(LocalCandidates::default().apply(LIBRARYS), LIBRARYS);
    }

    #[test]
    fn hosts_are_named_without_the_library() {
        let local = LocalCandidates { tcp: vec!["127.0.0.1:3478".parse().unwrap()], ..LocalCandidates::default() };
        let written = local.of_hosts(&["192.0.2.5:3478".parse().unwrap(), "127.0.0.1:3478".parse().unwrap()]);
        let addresses: Vec<_> = written.lines().map(|line| line.split(' ').nth(4).unwrap()).collect();
        assert_eq!(addresses, ["192.0.2.5", "127.0.0.1", "127.0.0.1"], "{written}");
        assert!(written.lines().all(|line| candidate::usable(line).is_ok()), "{written}");
    }

    #[test]
    fn public_addresses_and_streams_follow_the_librarys_candidates() {
        let local = LocalCandidates {
            public: vec!["203.0.113.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
            port: Some(3478),
            tcp: vec!["127.0.0.1:3478".parse().unwrap()],
            ..LocalCandidates::default()
        };
        let written = local.apply(LIBRARYS);
        let of = |word: &str| written.lines().filter(|line| line.contains(word)).collect::<Vec<_>>();
        let (udp, tcp) = (of(" udp "), of(" tcp "));
        assert!(udp[2].contains(" 203.0.113.7 3478 typ host") && udp[3].contains(" 2001:db8::7 3478 typ host"));
        assert_eq!((udp.len(), tcp.len()), (4, 3), "{written}");
        assert!(tcp.iter().all(|line| line.ends_with("typ host tcptype passive")), "{written}");
        assert!(tcp[0].contains(" 127.0.0.1 3478 ") && tcp[1].contains(" 203.0.113.7 3478 "), "{written}");
        let priority = |line: &&str| line.split(' ').nth(3).unwrap().parse::<u32>().unwrap();
        let hosts = [priority(&udp[0]), priority(&udp[2]), priority(&udp[3])];
        assert!(hosts.is_sorted_by(|a, b| a > b) && tcp.iter().all(|line| priority(line) < hosts[2]));
        assert!(written.ends_with("passive\r\na=end-of-candidates\r\na=mid:0\r\n"), "{written}");
        for line in udp.iter().chain(&tcp) {
            assert!(candidate::usable(line).is_ok(), "{line}");
        }
    }
}
