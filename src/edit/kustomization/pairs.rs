//! Labels and annotations.

use std::collections::BTreeMap;

use super::{Draft, list, mapping, text};
use crate::config::{Label, Pairs};
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar};

/// A field of labels or annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairField {
    /// `commonLabels`.
    Labels,
    /// `commonAnnotations`.
    Annotations,
}

impl PairField {
    /// The name of one of its entries.
    const fn entry(self) -> &'static str {
        match self {
            Self::Labels => "label",
            Self::Annotations => "annotation",
        }
    }

    /// The name of the field.
    const fn field(self) -> &'static str {
        match self {
            Self::Labels => "commonLabels",
            Self::Annotations => "commonAnnotations",
        }
    }

    fn of<'d>(self, draft: &'d mut Draft<'_>) -> &'d mut Pairs {
        match self {
            Self::Labels => &mut draft.model_mut().common_labels,
            Self::Annotations => &mut draft.model_mut().common_annotations,
        }
    }

    /// Reads arguments `key:value`. The value may be in double quotes; without a colon it is empty.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an argument without a key.
    pub fn parse(self, arguments: &[String]) -> Result<BTreeMap<String, String>> {
        arguments.iter().map(|argument| pair(argument, self.entry())).collect()
    }

    /// Refuses keys that no annotation may have, as kustomize's `edit set annotation` does.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn check_keys(self, pairs: &BTreeMap<String, String>) -> Result<()> {
        match pairs.keys().find(|key| !is_key(key)) {
            None => Ok(()),
            Some(key) => {
                let message = format!("invalid {} key `{}`", self.entry(), escape::visible(key));
                Err(Error::new(Code::InvalidArgument, message)
                    .help("a key is `name` or `domain/name`: at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"))
            }
        }
    }

    /// Adds entries. With `force`, it replaces existing ones.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an entry that exists, and [`Code::EditRefused`].
    pub fn add(
        self,
        draft: &mut Draft<'_>,
        pairs: &BTreeMap<String, String>,
        force: bool,
    ) -> Result<()> {
        for (key, value) in pairs {
            if let Some(found) = self.of(draft).get(key.as_str()).filter(|_| !force) {
                return Err(self.exists(key, found.span));
            }
            self.of(draft)
                .insert(key.as_str().into(), Spanned::new(value.as_str().into(), Span::NONE));
            let path = draft.field(self.field())?.keys(&[key]);
            draft.set(&path, &text(value))?;
        }
        Ok(())
    }

    #[cold]
    fn exists(self, key: &str, span: Span) -> Error {
        let key = escape::visible(key);
        let message = format!("{} `{key}` already in kustomization file", self.entry());
        Error::new(Code::InvalidArgument, message).at(span).help("`--force` replaces its value")
    }

    /// Removes entries. With `ignore`, missing ones are no errors.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`] for an entry that does not exist, and [`Code::EditRefused`].
    pub fn remove(self, draft: &mut Draft<'_>, keys: &[&str], ignore: bool) -> Result<()> {
        for key in keys {
            if self.of(draft).remove(*key).is_none() && !ignore {
                let key = escape::visible(key);
                let message =
                    format!("{} `{key}` is not defined in kustomization file", self.entry());
                let error = Error::new(Code::InvalidArgument, message);
                let error = error.did_you_mean(&key, self.of(draft).keys().map(|key| key.as_str()));
                return Err(error.help("`--ignore-non-existence` accepts it"));
            }
            let path = draft.field(self.field())?.keys(&[key]);
            draft.remove(&path)?;
        }
        Ok(())
    }
}

/// Reads `key:value`. Without a colon the value is empty; double quotes around it are left out.
///
/// # Errors
/// [`Code::InvalidArgument`] for a value without a key. `what` is the thing that a pair is, such as a label.
pub fn pair(text: &str, what: &str) -> Result<(String, String)> {
    let (key, value) = text.split_once(':').unwrap_or((text, ""));
    if key.is_empty() && text.starts_with(':') {
        let message = format!("the {what} `{}` has no key", escape::visible(text));
        return Err(Error::new(Code::InvalidArgument, message)
            .help("write `key:value`; the value may be in double quotes"));
    }
    let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    Ok((key.to_owned(), unquoted.unwrap_or(value).to_owned()))
}

/// True for the key of an annotation: `name`, or `domain/name`.
fn is_key(key: &str) -> bool {
    let (domain, name) = match key.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, key),
    };
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let fits = |text: &str, most: usize, marks: &[u8]| {
        let bytes = text.as_bytes();
        let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || marks.contains(byte);
        bytes.len() <= most
            && is_edge(bytes.first())
            && is_edge(bytes.last())
            && bytes.iter().all(is_inner)
    };
    let is_domain = |domain: &str| {
        fits(domain, 253, b"-.") && domain.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    domain.is_none_or(is_domain) && fits(name, 63, b"-_.")
}

/// Adds labels to `labels`, in an entry that does not change selectors. With `templates`, templates get them, too; with
/// `force`, it replaces existing ones.
///
/// # Errors
/// [`Code::InvalidArgument`] for a label that exists, and [`Code::EditRefused`].
pub fn add_labels_without_selector(
    draft: &mut Draft<'_>,
    pairs: &BTreeMap<String, String>,
    templates: bool,
    force: bool,
) -> Result<()> {
    let is_meant =
        |label: &Spanned<Label>| !label.include_selectors && label.include_templates == templates;
    let value = |value: &str| Spanned::new(value.into(), Span::NONE);
    let field = draft.field("labels")?;
    let labels = &mut draft.model_mut().labels;
    let Some(index) = labels.iter().position(is_meant) else {
        let new = pairs.iter().map(|(key, text)| (key.as_str().into(), value(text))).collect();
        let label = Label { pairs: new, include_templates: templates, ..Label::default() };
        labels.push(Spanned::new(label, Span::NONE));
        let entries = pairs
            .iter()
            .map(|(key, value)| (Scalar::string(key, Span::NONE), text(value)))
            .collect();
        let label = mapping([
            ("includeTemplates", templates.then(|| Scalar::untagged("true", Span::NONE).into())),
            ("pairs", Some(Node::mapping(entries, Span::NONE))),
        ]);
        return match draft.get(&field) {
            Some(_) => draft.add(&field, vec![label]),
            None => draft.set(&field, &list([label])),
        };
    };
    let entry: Path = draft.below(&field.index(index), "pairs")?;
    for (key, text) in pairs {
        let labels = &mut draft.model_mut().labels[index].value.pairs;
        if let Some(found) = labels.get(key.as_str()).filter(|_| !force) {
            return Err(PairField::Labels.exists(key, found.span));
        }
        labels.insert(key.as_str().into(), value(text));
        draft.set(&entry.clone().keys(&[key]), &self::text(text))?;
    }
    Ok(())
}
