//! The ports at which a client was told to reach a session, to name them when none of its packets arrives.

use std::collections::BTreeSet;
use std::fmt;

/// Ports of an answer's host candidates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaPorts {
    udp: BTreeSet<u16>,
    tcp: BTreeSet<u16>,
}

impl MediaPorts {
    /// Reads them out of an answer of this server.
    pub fn of(answer: &str) -> Self {
        let mut ports = Self::default();
        for line in answer.lines().filter_map(|line| line.strip_prefix("a=candidate:")) {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            // foundation component transport priority address port typ type (RFC 8839 section 5.1)
            let [_, _, transport, _, _, port, _, "host", ..] = words[..] else { continue };
            let of_transport = if transport.eq_ignore_ascii_case("tcp") { &mut ports.tcp } else { &mut ports.udp };
            of_transport.extend(port.parse::<u16>().ok());
        }
        ports
    }
}

impl fmt::Display for MediaPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ports: &BTreeSet<u16>| ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        match (self.udp.is_empty(), self.tcp.is_empty()) {
            (true, true) => f.write_str("the server's UDP port"),
            (false, true) => write!(f, "UDP port {}", list(&self.udp)),
            (true, false) => write!(f, "TCP port {}", list(&self.tcp)),
            (false, false) if self.udp == self.tcp => write!(f, "port {}, UDP or TCP", list(&self.udp)),
            (false, false) => write!(f, "UDP port {} or TCP port {}", list(&self.udp), list(&self.tcp)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_named_once() {
        let line = |transport: &str, port: u16, kind: &str| {
            format!("a=candidate:1 1 {transport} 1 192.0.2.1 {port} typ {kind}\r\n")
        };
        let udp = line("udp", 50000, "host") + &line("UDP", 50000, "host") + &line("udp", 7, "relay raddr 0.0.0.0");
        for (answer, text) in [
            (String::new(), "the server's UDP port"),
            (udp.clone(), "UDP port 50000"),
            (udp.clone() + &line("tcp", 50000, "host tcptype passive"), "port 50000, UDP or TCP"),
            (udp.clone() + &line("TCP", 50001, "host tcptype passive"), "UDP port 50000 or TCP port 50001"),
            ("a=candidate:1 1 udp\r\n".to_owned(), "the server's UDP port"),
        ] {
            assert_eq!(MediaPorts::of(&answer).to_string(), text);
        }
    }
}
