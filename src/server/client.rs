//! Who sends a request, under which name, and how: as the connection says, or, where that is a
//! proxy of ours, as the proxy says.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{FromRequestParts, Request};
use axum::http::Extensions;
use axum::http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use ipnet::IpNet;

use super::config::PublicUrl;
use super::serve::Peer;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whose word counts.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Proxies that are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The address that people type.
    pub public_url: Option<PublicUrl>,
}

/// The sender of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Whether it spoke HTTPS, if not to us then to our proxy.
    pub https: bool,
    /// The name it addressed, in lower case, without a port.
    pub host: String,
}

impl Client {
    /// The client that [`Front::know`] found.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_else(|| Self {
            address: Ipv4Addr::UNSPECIFIED.into(),
            https: false,
            host: String::new(),
        })
    }

    /// Whether others on the way can read along: plain HTTP that is not on this machine.
    pub fn is_exposed(&self) -> bool {
        let local = self.host == "localhost"
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback());
        !self.https && !local
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

impl Front {
    /// Finds the client, for [`Client::of`], and puts the host that a trusted proxy names into `Host`,
    /// where everything behind looks for it.
    pub fn know(&self, request: &mut Request) {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let trusted = peer.is_some_and(|peer| self.trusts(peer));
        if trusted
            && let Some(host) = last(request.headers(), &FORWARDED_HOST)
            && let Ok(value) = HeaderValue::from_str(&host)
        {
            request.headers_mut().insert(HOST, value);
        }
        let headers = request.headers();
        let host = split_port(named_host(request))
            .map(|(name, _)| name.to_ascii_lowercase())
            .unwrap_or_default();
        let told = if trusted { last(headers, &FORWARDED_PROTO) } else { None };
        let https = match (told, &self.public_url) {
            (Some(scheme), _) => scheme.eq_ignore_ascii_case("https"),
            (None, Some(public)) => public.https && public.host == host,
            (None, None) => false,
        };
        let address = match peer {
            Some(peer) if trusted => self.first_untrusted(headers, peer),
            Some(peer) => peer,
            None => Ipv4Addr::UNSPECIFIED.into(),
        };
        request.extensions_mut().insert(Client { address, https, host });
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// The rightmost hop that is not a proxy of ours: what stands left of it, anyone can have
    /// written.
    fn first_untrusted(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut nearest = peer;
        for hop in values(headers, &FORWARDED_FOR).rev() {
            let Some(address) = address(hop) else { break };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }
}

/// All values of a list header, over all its lines.
fn values<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl DoubleEndedIterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .map(str::trim)
}

/// What the nearest proxy wrote.
fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    values(headers, name).next_back().filter(|value| !value.is_empty()).map(str::to_owned)
}

/// An address, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim_matches('"');
    let parsed = hop.parse().ok().or_else(|| {
        let (name, _) = split_port(hop)?;
        name.parse().ok()
    });
    parsed.map(|address: IpAddr| address.to_canonical())
}

/// The host that a request names, with its port; empty where it names none.
pub fn named_host(request: &Request) -> &str {
    request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(HOST).and_then(|value| value.to_str().ok()))
        .unwrap_or_default()
}

/// A host and its port, which may be empty; `None` where it is no host with a port.
pub fn split_port(host: &str) -> Option<(&str, &str)> {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':').unwrap_or(port)),
        None => host.rsplit_once(':').unwrap_or((host, "")),
    };
    port.bytes().all(|byte| byte.is_ascii_digit()).then_some((name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front() -> Front {
        let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        Front { trusted_proxies, public_url: None }
    }

    fn through(lines: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        front().first_untrusted(&headers, Ipv4Addr::LOCALHOST.into()).to_string()
    }

    #[test]
    fn the_rightmost_hop_that_is_no_proxy_of_ours_is_the_client() {
        assert_eq!(through(&["203.0.113.9"]), "203.0.113.9");
        assert_eq!(through(&["6.6.6.6, 203.0.113.9"]), "203.0.113.9", "forged");
        assert_eq!(through(&["6.6.6.6, 203.0.113.9, 10.0.0.2"]), "203.0.113.9", "two proxies");
        assert_eq!(through(&["6.6.6.6", "203.0.113.9:4711"]), "203.0.113.9", "two lines");
        assert_eq!(through(&["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn where_the_proxies_say_nothing_of_use_the_nearest_of_them_counts() {
        assert_eq!(through(&[]), "127.0.0.1");
        assert_eq!(through(&["unknown"]), "127.0.0.1");
        assert_eq!(through(&["6.6.6.6, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_on_this_machine() {
        let exposed = |host: &str, https| {
            Client { address: Ipv4Addr::UNSPECIFIED.into(), https, host: host.to_owned() }
                .is_exposed()
        };
        assert!(exposed("192.168.1.5", false) && exposed("ink.example.org", false));
        assert!(!exposed("localhost", false) && !exposed("127.0.0.1", false));
        assert!(!exposed("::1", false) && !exposed("ink.example.org", true));
    }
}
