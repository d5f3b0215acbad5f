//! The types that the reference gives to a tree. kustomize prints a resource with go-yaml v3 and reads it again before
//! it converts it to Go types. That printing is not always faithful; this module applies the same changes.

mod entries;
mod order;
mod refold;

use std::borrow::Cow;

use super::analysis::analyze;
use super::node::{Scalar, Style, Tag};
use super::scalar::{Value, resolve};
use crate::error::{Code, Error, Result};
use crate::text::phrase::shortened;

pub use entries::twice;
pub(super) use entries::{
    LONGEST_SIMPLE_KEY, TypedEntry, TypedPlace, collect, is_in_order, is_ordinary,
};
pub(super) use order::Order;

/// The order of keys in what kustomize writes.
#[must_use]
pub fn order_of_keys(left: &str, right: &str) -> std::cmp::Ordering {
    Order::Natural.compare(left, right)
}

/// The value of a scalar (not a key) after it was printed and read again; `in_flow` is true inside of a flow
/// collection.
///
/// # Errors
/// Those of [`resolve`], and [`Code::UnrepresentableValue`] for a block that begins with a tab.
#[inline]
pub(super) fn value(scalar: &Scalar, in_flow: bool) -> Result<Value<'_>> {
    if in_flow && is_quoted_in_flow(scalar) {
        return Ok(Value::Str(Cow::Borrowed(scalar.text())));
    }
    match resolve(scalar)? {
        Value::Str(Cow::Borrowed(text))
            if scalar.style() == Style::Folded || text.starts_with('\t') =>
        {
            Ok(Value::Str(reread(scalar, in_flow)?))
        }
        value => Ok(value),
    }
}

/// True if go-yaml v3 quotes this plain text in a flow collection, and so makes a string of it: empty text, and text
/// with a colon. (It quotes other characters too, but only strings have those.)
fn is_quoted_in_flow(scalar: &Scalar) -> bool {
    let text = scalar.text();
    scalar.tag() == Tag::None
        && scalar.style() == Style::Plain
        && (text.is_empty() || text.contains(':'))
}

/// The text of a string after go-yaml v3 has written it in its style and read it again.
fn reread(scalar: &Scalar, in_flow: bool) -> Result<Cow<'_, str>> {
    let text = scalar.text();
    let block = match scalar.style() {
        Style::Literal | Style::Folded => true,
        Style::Plain => text.contains('\n'),
        Style::SingleQuoted | Style::DoubleQuoted => false,
    };
    if in_flow || !block || !analyze(text).block {
        return Ok(Cow::Borrowed(text));
    }
    if text.starts_with('\t') {
        return Err(begins_with_tab(scalar));
    }
    Ok(if scalar.style() == Style::Folded { refold::refold(text) } else { Cow::Borrowed(text) })
}

/// The error for a block that begins with a tab.
#[cold]
pub(super) fn begins_with_tab(scalar: &Scalar) -> Error {
    Error::new(Code::UnrepresentableValue, "text of several lines begins with a tab")
        .at(scalar.span())
        .label("the reference cannot read this block again")
        .help("begin the text with a space or an empty line, or indent it with spaces")
}

/// The error for infinity or NaN.
#[cold]
pub(super) fn no_number(scalar: &Scalar) -> Error {
    let text = shortened(scalar.text(), 60);
    Error::new(
        Code::UnrepresentableValue,
        format!("`{text}` is a number that JSON has no form for"),
    )
    .at(scalar.span())
    .label("infinite, or not a number")
    .help(format!("put it in quotes if it is a string: `\"{text}\"`"))
}
