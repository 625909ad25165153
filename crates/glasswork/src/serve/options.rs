//! What a node is started with, put together from the command line and its settings, each value checked once.

use crate::{
    arguments::{LogFormat, ServeArguments},
    settings::{Settings, SettingsError},
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs},
    ops::RangeInclusive,
    path::PathBuf,
};

/// The port that is taken where none is named, as OpenSearch's.
const HTTP_PORT: u16 = 9200;
/// The port that other nodes would use.
const TRANSPORT_PORT: u16 = 9300;

/// Everything `glasswork serve` needs to know.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) host: IpAddr,
    pub(crate) ports: RangeInclusive<u16>,
    pub(crate) transport_port: u16,
    /// `None` is a temporary folder.
    pub(crate) data: Option<PathBuf>,
    pub(crate) name: String,
    pub(crate) cluster_name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) admin_password: Option<String>,
    /// The password stands in the process list.
    pub(crate) password_shown: bool,
    pub(crate) samples: bool,
    pub(crate) insecure: bool,
    pub(crate) log: LogFormat,
    /// What else was set.
    pub(crate) settings: BTreeMap<String, String>,
}

impl Options {
    /// Reads them from `arguments` and what these name.
    ///
    /// # Errors
    /// A setting with a value that makes no sense.
    pub(crate) fn of(arguments: ServeArguments) -> Result<Self, SettingsError> {
        let mut settings = Settings::gather(&arguments)?;
        let host = settings.take(&[
            "http.host",
            "http.bind_host",
            "network.host",
            "network.bind_host",
        ]);
        let transport_port = settings.take(&["transport.port", "transport.tcp.port"]);
        let data = settings.take(&["path.data"]).map(PathBuf::from);
        let name = settings.take(&["node.name"]).unwrap_or_else(host_name);
        let cluster_name = settings
            .take(&["cluster.name"])
            .unwrap_or_else(|| "glasswork".to_owned());
        let ports = ports(settings.take(&["http.port"]))?;
        let mut rest = settings.rest();
        let named = rest.extract_if(.., |key, _| key.starts_with("node.attr."));
        // Every stock node has this one.
        let mut attributes = BTreeMap::from([(
            "shard_indexing_pressure_enabled".to_owned(),
            "true".to_owned(),
        )]);
        attributes.extend(named.map(|(key, value)| (key["node.attr.".len()..].to_owned(), value)));
        let password_shown = std::env::var_os("OPENSEARCH_INITIAL_ADMIN_PASSWORD").is_none();
        Ok(Self {
            host: address(host)?,
            ports,
            transport_port: one_port(
                "transport.port",
                transport_port.as_deref().unwrap_or(""),
                TRANSPORT_PORT,
            )?,
            data,
            name,
            cluster_name,
            attributes,
            password_shown: password_shown && arguments.admin_password.is_some(),
            admin_password: arguments.admin_password,
            samples: arguments.samples,
            insecure: arguments.insecure,
            log: arguments.log,
            settings: rest,
        })
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "node-1".to_owned()
    } else {
        name.to_owned()
    }
}

/// The address to listen on. OpenSearch's `_local_` and `_site_`-like words: `_local_` is loopback; other words are refused.
fn address(host: Option<String>) -> Result<IpAddr, SettingsError> {
    let Some(host) = host else {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    };
    if host == "_local_" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = plain.parse() {
        return Ok(address);
    }
    let resolved = (plain, 0).to_socket_addrs().map(|mut found| found.next());
    match resolved {
        Ok(Some(found)) => Ok(SocketAddr::ip(&found)),
        Ok(None) => Err(value("http.host", &host, "no address")),
        Err(error) => Err(value("http.host", &host, &format!("no address: {error}"))),
    }
}

/// `9200`, `0`, or a range `9200-9300` of which the first free one is taken.
fn ports(text: Option<String>) -> Result<RangeInclusive<u16>, SettingsError> {
    let text = text.unwrap_or_default();
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (
            one_port("http.port", first, HTTP_PORT)?,
            one_port("http.port", last, HTTP_PORT)?,
        );
        if first > last {
            return Err(value("http.port", &text, "an empty range"));
        }
        return Ok(first..=last);
    }
    let port = one_port("http.port", &text, HTTP_PORT)?;
    Ok(port..=port)
}

fn one_port(key: &'static str, text: &str, default: u16) -> Result<u16, SettingsError> {
    if text.is_empty() {
        return Ok(default);
    }
    text.trim()
        .parse()
        .map_err(|_| value(key, text, "no port from 0 to 65535"))
}

fn value(key: &'static str, value: &str, reason: &str) -> SettingsError {
    SettingsError::Value {
        key,
        value: value.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser;

    fn options(words: &[&str]) -> Result<Options, SettingsError> {
        let Command::Serve(arguments) =
            Arguments::parse_from(["glasswork", "serve"].iter().chain(words)).command
        else {
            panic!("serve was asked for")
        };
        Options::of(arguments)
    }

    #[test]
    fn a_node_is_local_and_on_9200_unless_told_otherwise() {
        let options = options(&[]).unwrap();
        assert!(options.host.is_loopback());
        assert_eq!((options.ports, options.data), (9200..=9200, None));
    }

    #[test]
    fn opensearchs_settings_mean_what_they_mean_there() {
        let options = options(&[
            "-E",
            "network.host=0.0.0.0",
            "-E",
            "http.port=9200-9300",
            "-E",
            "node.attr.rack=r1",
        ])
        .unwrap();
        assert!(!options.host.is_loopback());
        assert_eq!(options.ports, 9200..=9300);
        assert_eq!(options.attributes["rack"], "r1");
        assert!(options.settings.is_empty());
    }

    #[test]
    fn a_port_that_is_none_is_refused() {
        for port in ["x", "70000", "9300-9200"] {
            assert!(
                matches!(
                    options(&["-E", &format!("http.port={port}")]),
                    Err(SettingsError::Value { .. })
                ),
                "{port}"
            );
        }
    }
}
