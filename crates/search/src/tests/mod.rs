//! What searches answer, on small indices: recorded answers, laws, limits and ways to stop.

mod laws;
mod parity;
mod printing;
mod queries;
mod refusals;
mod results;
mod stopping;
