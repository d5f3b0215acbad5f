//! Numbers in the output.

use std::fmt::{Display, Write};

use crate::yaml::scalar::number;

/// Writes an integer.
pub(in crate::yaml) fn push_integer(integer: impl Display, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{integer}");
}

/// Writes a finite float as go-yaml v2 does after it has read it from JSON: as an integer if its JSON looks like one
/// that fits 64 bits (`1.0` becomes `1`, and `1e6` becomes `1000000`).
pub(in crate::yaml) fn push_float(float: f64, out: &mut String) {
    if float.abs() < 2e19 {
        let json = float.to_string();
        if let Ok(integer) = json.parse::<i64>() {
            return push_integer(integer, out);
        }
        if let Ok(integer) = json.parse::<u64>() {
            return push_integer(integer, out);
        }
    }
    number::push_general(float, out);
}
