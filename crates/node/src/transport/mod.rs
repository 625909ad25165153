//! Requests between nodes: what travels, how it is asked and how it is served. The door stands at both ends.
//!
//! A message is a *head* (postcard, with its length before it) and the bytes of the request or the answer. Messages longer
//! than the bus carries travel in parts ([`transfers`]).

mod ask;
mod frame;
mod serve;
pub(crate) mod transfers;

pub(crate) use serve::Handler;

/// The version of the protocol. Nodes of another version refuse each other's requests.
const PROTOCOL: u16 = 1;

/// Actions of the transport itself: they move bytes and are no tasks.
const PUT_PART: &str = "internal:transport/put";
const GET_PART: &str = "internal:transport/get";
