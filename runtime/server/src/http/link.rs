//! STUN and TURN servers as `Link` headers (RFC 9725 section 4.6).

use axum::http::{HeaderMap, HeaderValue, header};

use crate::ice_servers::IceServer;

/// Returns a header for each address of `servers`.
pub fn link_headers(servers: &[IceServer]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for server in servers {
        for url in &server.urls {
            let mut link = format!("<{url}>; rel=\"ice-server\"");
            if let (Some(username), Some(credential)) = (&server.username, &server.credential) {
                let (username, credential) = (quoted(username), quoted(credential));
                link += &format!("; username={username}; credential={credential}; credential-type=\"password\"");
            }
            // What the configuration allows fits into a header.
            if let Ok(mut value) = HeaderValue::try_from(link) {
                value.set_sensitive(true);
                headers.append(header::LINK, value);
            }
        }
    }
    if !headers.is_empty() {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers
}

/// A quoted string (RFC 9110 section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_a_header_with_its_credential() {
        let server = |urls: &[&str], login: Option<(&str, &str)>| IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: login.map(|(username, _)| username.to_owned()),
            credential: login.map(|(_, credential)| credential.to_owned()),
        };
        let servers = [
            server(&["stun:a.example"], None),
            server(&["turn:b.example", "turn:b.example?transport=tcp"], Some(("1:me", "p\"\\"))),
        ];
        let headers = link_headers(&servers);
        let links: Vec<_> = headers.get_all(header::LINK).iter().map(|value| value.to_str().unwrap()).collect();
        let login = r#"username="1:me"; credential="p\"\\"; credential-type="password""#;
        assert_eq!(
            links,
            [
                r#"<stun:a.example>; rel="ice-server""#.to_owned(),
                format!(r#"<turn:b.example>; rel="ice-server"; {login}"#),
                format!(r#"<turn:b.example?transport=tcp>; rel="ice-server"; {login}"#),
            ]
        );
        assert!(link_headers(&[]).is_empty());
    }
}
