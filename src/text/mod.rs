//! Text for people and for logs, whatever it says, and what can be seen in a text of any format.

pub mod escape;
pub mod suspect;
