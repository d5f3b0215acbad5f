//! The rules: a folder for each topic, and a page of text for each rule in `texts/`.

/// The page of a rule. It is embedded as one text, and read only where it is shown.
macro_rules! text {
    ($id:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/harden/rules/texts/", $id, ".md"))
    };
}

mod images;
pub(super) mod judging;
pub mod kustomizations;
mod probes;
mod references;
mod resources;
mod security;
mod shutdown;

use super::rule::Rule;
use crate::error::{Code, Error, Result, nearest};

/// The rules of each topic, in the order of their ids.
static TOPICS: &[&[&Rule]] = &[
    judging::RULES,
    images::RULES,
    kustomizations::RULES,
    probes::RULES,
    references::RULES,
    resources::RULES,
    security::RULES,
    shutdown::RULES,
];

/// All rules, in the order of their ids.
pub fn rules() -> impl Iterator<Item = &'static Rule> + Clone {
    TOPICS.iter().copied().flatten().copied()
}

/// The rule with an id or a name, in any case of letters.
#[must_use]
pub fn find(id_or_name: &str) -> Option<&'static Rule> {
    let is_meant = |rule: &&Rule| {
        rule.id.eq_ignore_ascii_case(id_or_name) || rule.name.eq_ignore_ascii_case(id_or_name)
    };
    rules().find(is_meant)
}

/// The rule with an id or a name.
///
/// # Errors
/// [`Code::InvalidArgument`] if there is none, with a suggestion.
pub fn known(id_or_name: &str) -> Result<&'static Rule> {
    find(id_or_name).ok_or_else(|| {
        let message = format!("there is no rule `{id_or_name}`");
        let error = Error::new(Code::InvalidArgument, message);
        match nearest(id_or_name, rules().flat_map(|rule| [rule.id, rule.name])) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`krender rules` lists them"),
        }
    })
}
