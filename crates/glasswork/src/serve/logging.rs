//! The node's log: on stderr, for people or for machines. `RUST_LOG` chooses what is written; warnings and the audit by default.

use crate::arguments::LogFormat;
use std::io;
use tracing_subscriber::EnvFilter;

/// Starts logging.
pub(crate) fn start(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,audit=info"));
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => logger.init(),
        LogFormat::Json => logger.json().init(),
    }
}
