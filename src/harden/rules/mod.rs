//! The rules: a folder for each topic, and a page of text for each rule in `texts/`.

/// The page of a rule. It is embedded as one text, and read only where it is shown.
macro_rules! text {
    ($id:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/harden/rules/texts/", $id, ".md"))
    };
}

mod availability;
pub mod differences;
pub mod dockerfiles;
pub(super) mod images;
pub(super) mod judging;
pub mod kustomizations;
mod network;
mod objects;
pub(super) mod practice;
mod probes;
mod rbac;
mod references;
mod resources;
pub(super) mod security;
mod shutdown;

use super::foreign::Tool;
use super::rule::Rule;
use crate::error::{Code, Error, Result, nearest};
use crate::text::phrase::listed;

/// The rules of each topic, in the order of their ids.
static TOPICS: &[&[&Rule]] = &[
    availability::RULES,
    judging::RULES,
    practice::RULES,
    differences::RULES,
    dockerfiles::RULES,
    images::RULES,
    objects::RULES,
    kustomizations::RULES,
    network::RULES,
    probes::RULES,
    rbac::RULES,
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
        let error = unknown(id_or_name, rules().flat_map(|rule| [rule.id, rule.name]));
        let same: Vec<&Rule> = equivalents(id_or_name).map(|(rule, _)| rule).collect();
        match &*same {
            [] => error,
            same => {
                let titles = same.iter().map(|rule| format!("`{}`", rule.title()));
                error.help(format!("the same here: {}", listed(titles, "and")))
            }
        }
    })
}

/// The rules with an id or a name, or with the name of an equivalent check of another tool, in any case of letters. With
/// each rule the tool, if it is found by its name for the check.
///
/// # Errors
/// [`Code::InvalidArgument`] if there is none, with a suggestion.
pub fn meant(name: &str) -> Result<Vec<(&'static Rule, Option<Tool>)>> {
    if let Some(rule) = find(name) {
        return Ok(vec![(rule, None)]);
    }
    let found: Vec<_> = equivalents(name).map(|(rule, tool)| (rule, Some(tool))).collect();
    match found.is_empty() {
        true => {
            let others = rules().flat_map(|rule| rule.equivalents().map(|(_, check)| check));
            // A number next to the one that is meant is another check.
            let others = others.filter(|check| !check.contains(|one: char| one.is_ascii_digit()));
            let own = rules().flat_map(|rule| [rule.id, rule.name]);
            Err(unknown(name, own.chain(others)))
        }
        false => Ok(found),
    }
}

/// The rules with an equivalent check of this name in another tool.
fn equivalents(name: &str) -> impl Iterator<Item = (&'static Rule, Tool)> {
    let name = comparable(name);
    rules().filter_map(move |rule| {
        let (tool, _) = rule.equivalents().find(|(_, check)| comparable(check) == name)?;
        Some((rule, tool))
    })
}

/// A name for comparison: in lower case, and that of a check of trivy without the prefix of its database and zeros.
fn comparable(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("avd-").unwrap_or(&name);
    match name.strip_prefix("ksv") {
        Some(number) => format!("ksv{}", number.trim_start_matches(['-', '0'])),
        None => name.to_owned(),
    }
}

#[cold]
fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
    let error = Error::new(Code::InvalidArgument, format!("there is no rule `{name}`"));
    match nearest(name, known) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`krender rules` lists them"),
    }
}
