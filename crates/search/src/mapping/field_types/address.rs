//! `ip`: addresses of version 4 and 6 in one order, version 4 mapped into version 6.

use super::query_text;
use crate::mapping::values::{Matches, RangeBound};
use glasswork_content::{Failure, Node};
use glasswork_engine::FieldValue;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Bound;

pub(super) fn read(text: &str) -> Result<FieldValue, Failure> {
    parse(text).map(FieldValue::Ip)
}

fn parse(text: &str) -> Result<u128, Failure> {
    // A zone (`fe80::1%eth0`) names an interface, not a part of the address.
    let address: Result<IpAddr, _> = text.split('%').next().unwrap_or(text).parse();
    match address {
        Ok(IpAddr::V4(address)) => Ok(address.to_ipv6_mapped().to_bits()),
        Ok(IpAddr::V6(address)) => Ok(address.to_bits()),
        Err(_) => Err(Failure::illegal_argument(format!(
            "'{text}' is not an IP string literal."
        ))),
    }
}

/// The address as OpenSearch writes it: version 4 with dots.
pub(in crate::mapping) fn text(address: u128) -> String {
    let address = Ipv6Addr::from_bits(address);
    match address.to_ipv4_mapped() {
        Some(v4) => v4.to_string(),
        None => address.to_string(),
    }
}

pub(super) fn term(value: &Node) -> Result<Matches, Failure> {
    let text = query_text(value)?;
    let Some((address, length)) = text.split_once('/') else {
        return Ok(Matches::Value(FieldValue::Ip(parse(&text)?)));
    };
    let first = parse(address)?;
    let width = if address.contains(':') { 128 } else { 32 };
    let length: u32 = match length.parse() {
        Ok(length) if length <= width => length,
        _ => {
            return Err(Failure::illegal_argument(format!(
                "Illegal prefix length [{length}] in [{text}]. Must be 0-{width} for IPv{} ranges",
                if width == 32 { 4 } else { 6 }
            )));
        }
    };
    let free = width - length;
    let mask = if free >= 128 {
        u128::MAX
    } else {
        (1u128 << free) - 1
    };
    let start = first & !mask;
    Ok(Matches::Range(
        Bound::Included(FieldValue::Ip(start)),
        Bound::Included(FieldValue::Ip(start | mask)),
    ))
}

pub(super) fn range(
    lower: Option<RangeBound<'_>>,
    upper: Option<RangeBound<'_>>,
) -> Result<Matches, Failure> {
    let bound = |bound: Option<RangeBound<'_>>| -> Result<Bound<FieldValue>, Failure> {
        let Some(bound) = bound else {
            return Ok(Bound::Unbounded);
        };
        let address = FieldValue::Ip(parse(&query_text(bound.value)?)?);
        Ok(if bound.inclusive {
            Bound::Included(address)
        } else {
            Bound::Excluded(address)
        })
    };
    Ok(Matches::Range(bound(lower)?, bound(upper)?))
}
