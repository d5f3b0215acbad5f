//! Escaping text for people and logs, and detecting common defects in text of any format.

pub mod ascii;
pub mod escape;
mod hex;
pub mod path;
pub mod phrase;
pub mod suspect;
pub mod url;
pub mod wildcard;

pub use hex::hex;
