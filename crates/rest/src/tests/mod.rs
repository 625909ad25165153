//! The interface over real sockets, with a small table of its own.

mod bodies;
mod client;
mod connections;
mod endpoints;
mod heads;
mod hostile;
mod past;
mod searches;
mod secured;
mod table;
mod tasks;
mod watching;
