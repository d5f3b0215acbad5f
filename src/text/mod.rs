//! Text for people and for logs, whatever it says.

pub mod escape;
