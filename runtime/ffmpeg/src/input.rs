//! What is read.

use std::fmt;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use url::{Host, Url};

/// Endings of addresses that are files: they come faster than they are to be shown.
const FILES: [&str; 19] = [
    "3gp", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "ogg", "ogv", "ts",
    "webm", "webp", "wmv",
];
/// Ending of a playlist (HLS), whose pieces come faster than they are to be shown.
const PLAYLIST: &str = "m3u8";

/// What is read. Only the operator's configuration makes one.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file, opened for each run.
    File(PathBuf),
    /// An open file, read from its beginning.
    Open(Arc<File>),
    /// An address.
    Network(Network),
    /// A device of V4L2.
    Device(PathBuf),
    /// A test picture: the description of a filter graph of `lavfi`.
    Test(String),
}

/// An address. Its text never shows it: it may hold credentials.
#[derive(Clone)]
pub struct Network {
    url: Url,
    granted: Vec<IpNet>,
}

/// Why a text is no input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It begins with nothing that is known.
    #[error(
        "an input begins with file:, http://, https://, rtsp://, rtsps://, rtmp://, rtmps://, v4l2: or lavfi:, as \
         \"rtsp://camera.example/1\" or \"file:door.mp4\""
    )]
    Kind,
    /// Nothing follows.
    #[error("after {0} a path or a description is missing")]
    Empty(&'static str),
    /// The address is wrong.
    #[error("the address is wrong: {0}")]
    Address(&'static str),
    /// A device has another path.
    #[error("v4l2: is followed by a device, as \"v4l2:/dev/video0\"")]
    Device,
    /// A range of addresses is wrong.
    #[error("private: {0:?} is no address and no range of addresses, as \"192.168.1.20\" or \"192.168.1.0/24\"")]
    Range(String),
    /// Only what is read from the network has addresses.
    #[error("private is for inputs that are read from the network")]
    NotNetwork,
}

impl Input {
    /// Reads the text of the configuration. `private` lists the private addresses, or ranges of them, to which names and
    /// redirects of this input may lead.
    ///
    /// # Errors
    /// What is wrong. The text does not contain the address.
    pub fn parse(text: &str, private: &[String]) -> Result<Self, Error> {
        let granted = private.iter().map(|range| parse_range(range)).collect::<Result<Vec<_>, _>>()?;
        let after = |kind: &'static str| match text[kind.len()..].trim() {
            "" => Err(Error::Empty(kind)),
            rest => Ok(rest.to_owned()),
        };
        let local = match text.split_once(':').map(|(kind, _)| kind) {
            Some("file") => Self::File(after("file:")?.into()),
            Some("v4l2") => {
                let path = PathBuf::from(after("v4l2:")?);
                let is_plain = path.components().all(|part| part != std::path::Component::ParentDir);
                if !path.starts_with("/dev") || !is_plain {
                    return Err(Error::Device);
                }
                Self::Device(path)
            }
            Some("lavfi") => Self::Test(after("lavfi:")?),
            Some("http" | "https" | "rtsp" | "rtsps" | "rtmp" | "rtmps") => {
                return Ok(Self::Network(Network::new(text, granted)?));
            }
            _ => return Err(Error::Kind),
        };
        if granted.is_empty() { Ok(local) } else { Err(Error::NotNetwork) }
    }

    /// A file with a path relative to `folder` is in there.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(folder.join(path)),
            other => other,
        }
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Open(_) => "file",
            Self::Network(network) => match network.url.scheme() {
                "rtsp" | "rtsps" => "RTSP camera",
                "rtmp" | "rtmps" => "RTMP stream",
                _ => "address",
            },
            Self::Device(_) => "device",
            Self::Test(_) => "test picture",
        }
    }

    /// Whether it comes to an end by itself only when something is wrong.
    pub fn is_endless(&self) -> bool {
        match self {
            Self::File(_) | Self::Open(_) | Self::Test(_) => false,
            Self::Network(network) => network.nature() != Nature::File,
            Self::Device(_) => true,
        }
    }
}

/// How what is behind an address comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// As it is shown.
    Live,
    /// In pieces, each faster than it is to be shown.
    Playlist,
    /// As fast as it is taken.
    File,
}

impl Network {
    fn new(text: &str, granted: Vec<IpNet>) -> Result<Self, Error> {
        let text = text.trim();
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Error::Address("it contains a space"));
        }
        let url = Url::parse(text).map_err(|_| Error::Address("it cannot be read"))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(Error::Address("it has no host"));
        }
        Ok(Self { url, granted })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The host and the port that the operator wrote down, if the host is an address and not a name.
    fn literal(&self) -> Option<SocketAddr> {
        let ip = match self.url.host()? {
            Host::Ipv4(ip) => IpAddr::V4(ip),
            Host::Ipv6(ip) => IpAddr::V6(ip),
            // Only the hosts of http and https are looked at more closely.
            Host::Domain(name) => name.trim_matches(['[', ']']).parse().ok()?,
        };
        Some(SocketAddr::new(ip, self.port()))
    }

    fn port(&self) -> u16 {
        let usual = match self.url.scheme() {
            "rtsp" => 554,
            "rtsps" => 322,
            "rtmp" => 1935,
            "rtmps" | "https" => 443,
            _ => 80,
        };
        self.url.port().unwrap_or(usual)
    }

    /// Whether the operator allows this address, although it is private.
    pub(crate) fn grants(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.literal() == Some(SocketAddr::new(ip, address.port()))
            || self.granted.iter().any(|range| range.contains(&ip))
    }

    pub(crate) fn nature(&self) -> Nature {
        if !self.url.scheme().starts_with("http") {
            return Nature::Live;
        }
        match self.url.path().rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()) {
            Some(ending) if ending == PLAYLIST => Nature::Playlist,
            Some(ending) if FILES.contains(&&*ending) => Nature::File,
            _ => Nature::Live,
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://…", self.url.scheme())
    }
}

fn parse_range(text: &str) -> Result<IpNet, Error> {
    let range = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    range.map_err(|_| Error::Range(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str, private: &[&str]) -> Network {
        let private: Vec<_> = private.iter().map(|&range| range.to_owned()).collect();
        match Input::parse(text, &private).unwrap() {
            Input::Network(network) => network,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn inputs_are_read_from_their_texts() {
        for (text, kind, is_endless) in [
            ("file:door.mp4", "file", false),
            ("rtsp://user:secret@camera/1", "RTSP camera", true),
            ("rtmps://host/app/key", "RTMP stream", true),
            ("http://camera/mjpeg", "address", true),
            ("https://example.org/live.m3u8?token=1", "address", true),
            ("https://example.org/a.MP4", "address", false),
            ("v4l2:/dev/video0", "device", true),
            ("lavfi:testsrc2=size=320x240", "test picture", false),
        ] {
            let input = Input::parse(text, &[]).unwrap();
            assert_eq!((input.kind(), input.is_endless()), (kind, is_endless), "{text}");
        }
        let Input::File(path) = Input::parse("file:a/b.mp4", &[]).unwrap().relative_to(Path::new("/etc")) else {
            panic!()
        };
        assert_eq!(path, Path::new("/etc/a/b.mp4"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_address() {
        for (text, error) in [
            ("door.mp4", Error::Kind),
            ("/etc/passwd", Error::Kind),
            ("ftp://user:secret@host/a", Error::Kind),
            ("concat:a|b", Error::Kind),
            ("-i:x", Error::Kind),
            ("file:", Error::Empty("file:")),
            ("lavfi: ", Error::Empty("lavfi:")),
            ("rtsp:///1", Error::Address("it has no host")),
            ("rtsp://user:secret@host:99999/", Error::Address("it cannot be read")),
            ("http://host/a b", Error::Address("it contains a space")),
            ("v4l2:video0", Error::Device),
            ("v4l2:/dev/../etc/passwd", Error::Device),
        ] {
            assert_eq!(Input::parse(text, &[]).unwrap_err(), error, "{text}");
        }
        let private = |text, range: &str| Input::parse(text, &[range.to_owned()]).unwrap_err();
        assert_eq!(private("rtsp://host/", "door"), Error::Range("door".into()));
        assert_eq!(private("file:a.mp4", "10.0.0.0/8"), Error::NotNetwork);
    }

    #[test]
    fn credentials_are_not_shown() {
        let input = Input::parse("rtsp://user:secret@camera.example/1", &[]).unwrap();
        assert_eq!(format!("{input:?}"), "Network(rtsp://…)");
    }

    #[test]
    fn an_address_that_is_written_down_is_granted_and_so_are_ranges() {
        for (text, private, address, is_granted) in [
            ("rtsp://192.168.1.20/1", &[][..], "192.168.1.20:554", true),
            ("rtsp://192.168.1.20/1", &[], "192.168.1.20:80", false),
            ("rtsp://192.168.1.20:8554/1", &[], "192.168.1.20:8554", true),
            ("rtsp://192.168.1.20:8554/1", &[], "[::ffff:192.168.1.20]:8554", true),
            ("http://[fd00::1]:81/", &[], "[fd00::1]:81", true),
            ("rtsp://[fd00::1]:81/", &[], "[fd00::1]:81", true),
            ("http://127.1/", &[], "127.0.0.1:80", true),
            ("http://camera.lan/", &[], "192.168.1.20:80", false),
            ("http://camera.lan/", &["192.168.0.0/16"], "192.168.1.20:80", true),
            ("http://camera.lan/", &["192.168.1.20"], "192.168.1.20:8080", true),
            ("http://camera.lan/", &["192.168.1.20"], "192.168.1.21:80", false),
            ("http://camera.lan/", &["fd00::/8"], "[fd12::1]:80", true),
        ] {
            assert_eq!(
                network(text, private).grants(address.parse().unwrap()),
                is_granted,
                "{text} {private:?} {address}"
            );
        }
    }
}
