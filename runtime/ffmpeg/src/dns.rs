//! Finds names for a child that has no network: answers DNS over TCP (RFC 1035 §4.2.2) as the server's machine finds names.
//!
//! The child's C library asks here, and nowhere else, so that a source needs no file of the system, and every kind of name that
//! the server's machine knows is found.

use std::io::{self, Read, Write};
use std::net::IpAddr;

/// Longest query, bytes: one name and nothing else is asked for.
const QUERY: usize = 512;
/// Bytes before the question.
const HEADER: usize = 12;
/// Longest label and name, bytes (RFC 1035 §2.3.4).
const LABEL: usize = 63;
const NAME: usize = 255;
/// Most addresses in an answer.
const ADDRESSES: usize = 16;
/// Types of records.
const A: u16 = 1;
const AAAA: u16 = 28;
/// The class of the internet.
const INTERNET: u16 = 1;
/// Where the name of an answer is: that of the question (RFC 1035 §4.1.4).
const POINTER: [u8; 2] = [0xc0, HEADER as u8];

/// Answers queries until the child closes its end; `find` returns the addresses of a name.
///
/// # Errors
/// When the child asks for what is no query.
pub(crate) fn serve(mut stream: impl Read + Write, find: impl Fn(&str) -> Vec<IpAddr>) -> io::Result<()> {
    loop {
        let mut length = [0; 2];
        match stream.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
        if query.len() > QUERY {
            return Err(io::ErrorKind::InvalidData.into());
        }
        stream.read_exact(&mut query)?;
        let answer = answer(&query, &find).ok_or(io::ErrorKind::InvalidData)?;
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes()[..], &answer].concat())?;
    }
}

/// Returns the answer to a query; none to what is none.
fn answer(query: &[u8], find: impl Fn(&str) -> Vec<IpAddr>) -> Option<Vec<u8>> {
    let (id, flags) = (query.first_chunk::<2>()?, query.get(2)?);
    let questions = query.get(4..6)?;
    // A standard query with one question.
    if flags & 0xf8 != 0 || questions != [0, 1] {
        return None;
    }
    let (name, end) = name(query)?;
    let number = |at: usize| Some(u16::from_be_bytes(*query.get(at..)?.first_chunk()?));
    let (kind, class) = (number(end)?, number(end + 2)?);
    let question = query.get(HEADER..end + 4)?;
    let found = if class == INTERNET && [A, AAAA].contains(&kind) { find(&name) } else { Vec::new() };
    let records: Vec<_> = found.iter().filter_map(|ip| record(*ip, kind)).take(ADDRESSES).collect();
    // Recursion was done. A name without any address does not exist.
    let code = if found.is_empty() { 3 } else { 0 };
    let mut answer = vec![id[0], id[1], 0x80 | (flags & 1), 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0];
    answer.extend_from_slice(question);
    records.iter().for_each(|record| answer.extend_from_slice(record));
    Some(answer)
}

/// Reads the name of the question; returns it, and where it ends.
fn name(query: &[u8]) -> Option<(String, usize)> {
    let (mut name, mut at) = (String::new(), HEADER);
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((name, at));
        }
        // What is longer is a pointer, which a question does not have.
        if length > LABEL || name.len() + length > NAME {
            return None;
        }
        let label = query.get(at..at + length)?;
        if !label.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)) {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|b| char::from(*b)));
        at += length;
    }
}

/// A record of this type, if the address is of its kind. It may not be kept.
fn record(ip: IpAddr, kind: u16) -> Option<Vec<u8>> {
    let octets = match (ip, kind) {
        (IpAddr::V4(ip), A) => ip.octets().to_vec(),
        (IpAddr::V6(ip), AAAA) => ip.octets().to_vec(),
        _ => return None,
    };
    let (kind, class) = (kind.to_be_bytes(), INTERNET.to_be_bytes());
    Some([&POINTER[..], &kind, &class, &[0; 4], &[0, octets.len() as u8], &octets].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut query = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(label.len() as u8);
            query.extend_from_slice(label.as_bytes());
        }
        query.push(0);
        query.extend_from_slice(&[kind.to_be_bytes(), [0, 1]].concat());
        query
    }

    fn find(name: &str) -> Vec<IpAddr> {
        match name {
            "camera.example" => vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
            _ => Vec::new(),
        }
    }

    #[test]
    fn names_are_found_by_the_function_that_is_given() {
        let got = answer(&query("camera.example", A), find).unwrap();
        assert_eq!(got[..4], [0xab, 0xcd, 0x81, 0x80]);
        assert_eq!(got[4..8], [0, 1, 0, 1]);
        assert!(got.ends_with(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 7]));
        let got = answer(&query("camera.example", AAAA), find).unwrap();
        assert!(got.ends_with(&[0, 7]) && got[7] == 1 && got[3] == 0x80);
        let got = answer(&query("nobody.example", A), find).unwrap();
        assert_eq!((got[3], got[7]), (0x83, 0), "no such name");
        let got = answer(&query("camera.example", 16), find).unwrap();
        assert_eq!((got[3], got[7]), (0x83, 0), "no text is given");
    }

    #[test]
    fn what_is_no_query_has_no_answer() {
        let whole = query("camera.example", A);
        for length in 0..whole.len() {
            assert_eq!(answer(&whole[..length], find), None, "{length} bytes");
        }
        let mut pointer = whole.clone();
        pointer[HEADER] = 0xc0;
        assert_eq!(answer(&pointer, find), None);
        let mut odd = whole.clone();
        odd[HEADER + 1] = b'/';
        assert_eq!(answer(&odd, find), None);
        assert_eq!(answer(&query(&vec!["x".repeat(60); 5].join("."), A), find), None, "too long");
    }

    #[test]
    fn several_queries_follow_each_other() {
        struct Stream(io::Cursor<Vec<u8>>, Vec<u8>);
        impl Read for Stream {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer)
            }
        }
        impl Write for Stream {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.1.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let framed = |kind| {
            let query = query("camera.example", kind);
            [&(query.len() as u16).to_be_bytes()[..], &query].concat()
        };
        let mut stream = Stream(io::Cursor::new([framed(A), framed(AAAA)].concat()), Vec::new());
        serve(&mut stream, find).unwrap();
        let first = usize::from(u16::from_be_bytes([stream.1[0], stream.1[1]]));
        assert!(stream.1[2..2 + first].ends_with(&[192, 0, 2, 7]) && stream.1.len() > 2 + first);
    }
}
