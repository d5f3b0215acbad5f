//! Queries for resources: a path of fields, an operator and a value.

use super::Item;
use super::find::{FieldPath, Found, in_flow, parts, text_of};
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::resource::{Pattern, Quantity};
use crate::text::escape;

/// A query, such as `kind=^(Deployment|Job)$` or `spec.replicas>1`.
#[derive(Debug)]
pub struct Query {
    path: FieldPath,
    condition: Condition,
}

#[derive(Debug)]
enum Condition {
    /// A pattern that may match anywhere in the text.
    Pattern(Pattern),
    /// A number or a quantity, and the operator.
    Quantity(Compare, Quantity),
}

/// A comparison of the value of a field with that of a query.
type Compare = fn(&Quantity, &Quantity) -> bool;

/// The operators, each before those that are a part of it.
const OPERATORS: [(&str, Compare); 4] =
    [(">=", Quantity::ge), ("<=", Quantity::le), (">", Quantity::gt), ("<", Quantity::lt)];

impl Query {
    /// Reads a query. Without an operator, it fits all resources that have the field.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`], [`Code::InvalidPattern`].
    pub fn parse(text: &str, budget: &Budget) -> Result<Self> {
        let mut parts = parts(text)?;
        let last = parts.pop().unwrap_or_default();
        let known = OPERATORS.iter().find(|(operator, _)| last.contains(operator));
        let operator = known.map_or("=", |(operator, _)| operator);
        let (name, value) = last.split_once(operator).unwrap_or((&last, ""));
        if value.contains(operator) {
            let message = format!("`{}` has `{operator}` more than once", escape::visible(&last));
            return Err(Error::new(Code::InvalidArgument, message)
                .help("write one operator after the last name: `spec.replicas>1`"));
        }
        let condition = match known {
            Some((_, compare)) => match Quantity::parse(value) {
                Some(quantity) => Condition::Quantity(*compare, quantity),
                None => {
                    let shown = escape::visible(value);
                    let message = format!("`{shown}` is not a number or a quantity");
                    return Err(Error::new(Code::InvalidArgument, message)
                        .help("write a value such as `2`, `500m` or `1Gi` after the operator"));
                }
            },
            None => Condition::Pattern(Pattern::unanchored(value, budget)?),
        };
        parts.push(name.to_owned());
        Ok(Self { path: FieldPath::of(&parts, budget)?, condition })
    }

    /// True if a resource has a field that the query fits.
    ///
    /// # Errors
    /// Those of following the path, and [`Code::InvalidValue`] for a field that is no quantity.
    pub fn fits(&self, item: &Item) -> Result<bool> {
        let mut fits = false;
        for Found { node, document, .. } in self.path.find(item)? {
            fits |= match &self.condition {
                Condition::Pattern(pattern) => {
                    let text = text_of(&in_flow(&node), &document, true)?.replace('"', "");
                    pattern.matches(text.trim())
                }
                Condition::Quantity(compare, expected) => match node.as_text() {
                    None | Some("") => false,
                    Some(text) => match Quantity::parse(text) {
                        Some(found) => compare(&found, expected),
                        None => {
                            let shown = escape::visible(text);
                            let message = format!("`{shown}` is not a number or a quantity");
                            return Err(Error::new(Code::InvalidValue, message)
                                .at(node.span())
                                .help("`=` compares text"));
                        }
                    },
                },
            };
        }
        Ok(fits)
    }
}
