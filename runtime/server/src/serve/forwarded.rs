//! The client behind a reverse proxy.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Returns the address that a trusted proxy names as its client: the last one of `X-Forwarded-For`, which the proxy added
/// itself; those before it may be anything that the client sent.
pub fn client(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let address: IpAddr = last.rsplit(',').next()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_what_the_proxy_added_counts() {
        for (lines, expected) in [
            (&["192.0.2.1"][..], Some("192.0.2.1")),
            (&["198.51.100.7, 192.0.2.1"], Some("192.0.2.1")),
            (&["198.51.100.7", "192.0.2.1"], Some("192.0.2.1")),
            (&["192.0.2.1,2001:db8::1"], Some("2001:db8::1")),
            (&["::ffff:192.0.2.1"], Some("192.0.2.1")),
            (&["192.0.2.1, unknown"], None),
            (&["192.0.2.1,"], None),
            (&[""], None),
            (&[], None),
        ] {
            let name = HeaderName::from_static("x-forwarded-for");
            let headers = lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line))).collect();
            assert_eq!(client(&headers), expected.map(|address| address.parse().unwrap()), "{lines:?}");
        }
    }
}
