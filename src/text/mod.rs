//! Escaping text for people and logs, and detecting common defects in text of any format.

pub mod escape;
pub mod suspect;
