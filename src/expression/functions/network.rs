//! Addresses, networks and URLs: `ip('10.0.0.1')`, `cidr('10.0.0.0/8')`, `url('https://example.com')`.

use std::net::IpAddr;

use super::super::kinds::network::address;
use super::super::kinds::{Library, Network, Url};
use super::super::run::{Failure, Run};
use super::super::value::{Entries, Key, Outcome, Value};
use super::{Function, global, member, text, unreadable, unsuitable};

pub(super) const FUNCTIONS: &[Function] = &[
    global("ip", (1, 1), |values, _| {
        let address = address(text("ip", values, 0)?);
        Ok(Library::Address(address.ok_or_else(|| unreadable("an IP address"))?).value())
    }),
    global("isIP", (1, 1), |values, _| {
        Ok(Value::Bool(address(text("isIP", values, 0)?).is_some()))
    }),
    global("ip.isCanonical", (1, 1), |values, _| {
        let text = text("ip.isCanonical", values, 0)?;
        let address = address(text).ok_or_else(|| unreadable("an IP address"))?;
        Ok(Value::Bool(address.to_string() == text))
    }),
    member("family", (0, 0), |values, _| {
        of_address("family", values, |one| Value::Int(if one.is_ipv4() { 4 } else { 6 }))
    }),
    member("isUnspecified", (0, 0), |values, _| {
        of_address("isUnspecified", values, |one| Value::Bool(one.is_unspecified()))
    }),
    member("isLoopback", (0, 0), |values, _| {
        of_address("isLoopback", values, |one| Value::Bool(one.is_loopback()))
    }),
    member("isLinkLocalMulticast", (0, 0), |values, _| {
        of_address("isLinkLocalMulticast", values, |one| Value::Bool(is_local_multicast(one)))
    }),
    member("isLinkLocalUnicast", (0, 0), |values, _| {
        of_address("isLinkLocalUnicast", values, |one| Value::Bool(is_local_unicast(one)))
    }),
    member("isGlobalUnicast", (0, 0), |values, _| {
        of_address("isGlobalUnicast", values, |one| {
            let is_broadcast = matches!(one, IpAddr::V4(one) if one.is_broadcast());
            let is_special = one.is_unspecified() || one.is_loopback() || one.is_multicast();
            Value::Bool(!is_broadcast && !is_special && !is_local_unicast(one))
        })
    }),
    global("cidr", (1, 1), |values, _| {
        let network = Network::parse(text("cidr", values, 0)?);
        Ok(Library::Network(network.ok_or_else(|| unreadable("a network"))?).value())
    }),
    global("isCIDR", (1, 1), |values, _| {
        Ok(Value::Bool(Network::parse(text("isCIDR", values, 0)?).is_some()))
    }),
    member("containsIP", (1, 1), contains_address),
    member("containsCIDR", (1, 1), contains_network),
    member("ip", (0, 0), |values, _| {
        Ok(Library::Address(network("ip", values, 0)?.address).value())
    }),
    member("masked", (0, 0), |values, _| {
        Ok(Library::Network(network("masked", values, 0)?.masked()).value())
    }),
    member("prefixLength", (0, 0), |values, _| {
        Ok(Value::Int(i64::from(network("prefixLength", values, 0)?.length)))
    }),
    global("url", (1, 1), |values, _| {
        let url = Url::parse(text("url", values, 0)?);
        Ok(Library::Url(Box::new(url.ok_or_else(|| unreadable("a URL"))?)).value())
    }),
    global("isURL", (1, 1), |values, _| {
        Ok(Value::Bool(Url::parse(text("isURL", values, 0)?).is_some()))
    }),
    member("getScheme", (0, 0), |values, _| of_url("getScheme", values, |one| &one.scheme)),
    member("getHost", (0, 0), |values, _| of_url("getHost", values, |one| &one.host)),
    member("getHostname", (0, 0), |values, _| of_url("getHostname", values, Url::hostname)),
    member("getPort", (0, 0), |values, _| of_url("getPort", values, Url::port)),
    member("getEscapedPath", (0, 0), |values, _| of_url("getEscapedPath", values, |one| &one.path)),
    member("getQuery", (0, 0), query),
];

fn is_local_unicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_local_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
    }
}

fn of_address<'a>(name: &str, values: &[Value<'a>], told: fn(IpAddr) -> Value<'a>) -> Outcome<'a> {
    match &values[0] {
        Value::Library(value) => match &**value {
            Library::Address(address) => Ok(told(*address)),
            _ => Err(unsuitable(name, values)),
        },
        _ => Err(unsuitable(name, values)),
    }
}

fn network(name: &str, values: &[Value<'_>], place: usize) -> Result<Network, Box<Failure>> {
    match values.get(place) {
        Some(Value::Library(value)) => match &**value {
            Library::Network(network) => Ok(*network),
            _ => Err(unsuitable(name, values)),
        },
        Some(Value::Text(text)) if place > 0 => {
            Network::parse(text.as_str()).ok_or_else(|| unreadable("a network"))
        }
        _ => Err(unsuitable(name, values)),
    }
}

fn contains_address<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    let network = network("containsIP", values, 0)?;
    let address = match &values[1] {
        Value::Text(text) => address(text.as_str()).ok_or_else(|| unreadable("an IP address"))?,
        Value::Library(value) => match &**value {
            Library::Address(address) => *address,
            _ => return Err(unsuitable("containsIP", values)),
        },
        _ => return Err(unsuitable("containsIP", values)),
    };
    Ok(Value::Bool(network.has(address)))
}

fn contains_network<'a>(values: &[Value<'a>], _: &Run) -> Outcome<'a> {
    let (whole, part) = (network("containsCIDR", values, 0)?, network("containsCIDR", values, 1)?);
    Ok(Value::Bool(whole.length <= part.length && whole.has(part.address)))
}

fn of_url<'a>(name: &str, values: &[Value<'a>], part: fn(&Url) -> &str) -> Outcome<'a> {
    Ok(Value::text(part(url(name, values)?)))
}

/// The parameters of a query, each with the list of its values.
fn query<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let query = &url("getQuery", values)?.query;
    run.make(query.len() * 8)?;
    let mut parameters: Vec<(String, Vec<Value<'a>>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (unescaped(key), Value::text(unescaped(value)));
        run.step(parameters.len())?;
        match parameters.iter_mut().find(|(known, _)| *known == key) {
            Some((_, all)) => all.push(value),
            None => parameters.push((key, vec![value])),
        }
    }
    let entry = |(key, all): (String, Vec<Value<'a>>)| (Key::Text(key.into()), Value::list(all));
    let entries: Entries<'a> = parameters.into_iter().map(entry).collect();
    Ok(Value::Map(std::sync::Arc::new(entries)))
}

/// The text of a part of a query: `+` is a space, and `%2F` a slash.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        let digit = |byte: u8| char::from(byte).to_digit(16);
        match (*first, behind) {
            (b'%', [high, low, behind @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push((high * 16 + low) as u8);
                    rest = behind;
                }
                _ => bytes.push(b'%'),
            },
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn url<'v>(name: &str, values: &'v [Value<'_>]) -> Result<&'v Url, Box<Failure>> {
    match &values[0] {
        Value::Library(value) => match &**value {
            Library::Url(url) => Ok(url),
            _ => Err(unsuitable(name, values)),
        },
        _ => Err(unsuitable(name, values)),
    }
}
