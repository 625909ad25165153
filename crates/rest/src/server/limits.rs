//! What one client may take of the server. Each limit is a setting.

use std::time::Duration;

/// The limits of the HTTP server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `http.max_content_length`: bytes of a body, also after decompression.
    pub content_length: usize,
    /// `http.max_header_size`: bytes of a request's headers, and of those that its tasks carry.
    pub header_size: usize,
    /// `http.max_initial_line_length`: bytes of a request line.
    pub initial_line: usize,
    /// `http.request_id.max_length`: characters of an `X-Request-Id`.
    pub request_id: usize,
    /// `http.max_connections`: connections at a time; more are answered 503 and closed.
    pub connections: usize,
    /// `http.max_body_memory`: bytes of request bodies held at a time over all connections; more are answered 429.
    pub bodies: usize,
    /// `http.head_timeout`: from the first byte of a request to the end of its headers, and for a TLS handshake.
    pub head: Duration,
    /// `http.body_timeout`: between two pieces of a body.
    pub body: Duration,
    /// `http.body_min_rate`: bytes a second that a body must bring on the whole, after a first minute.
    pub body_rate: u64,
    /// `http.write_timeout`: for a client that takes nothing of its answer.
    pub write: Duration,
    /// `http.idle_timeout`: for a connection on which nothing is asked.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            content_length: 100 << 20,
            header_size: 16 << 10,
            initial_line: 4 << 10,
            request_id: 128,
            connections: 4096,
            bodies: 512 << 20,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            body_rate: 1024,
            write: Duration::from_secs(60),
            idle: Duration::from_secs(600),
        }
    }
}
