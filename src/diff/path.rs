//! Paths of fields in objects, and fields that are ignored.

use std::fmt;

use crate::error::Result;
use crate::limits::Budget;
use crate::resource::Pattern;
use crate::schema::Type;
use crate::yaml::{Node, Text};

use super::{Rendered, list};

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A field of a mapping.
    Key(Text),
    /// The element of a list with a name: the values of its merge keys, or of `name`.
    Item(Text),
    /// The element of a list with an index, before and after.
    Index(Option<usize>, Option<usize>),
}

/// Path of a field from the top of its object.
///
/// It is written as `spec.containers[app].image`: names and indices of elements are in brackets, and so are keys that
/// are more than a word.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub(super) Vec<Step>);

impl Path {
    /// The steps, from the top.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// True if the first steps are these keys; `*` matches any step.
    #[must_use]
    pub fn is_below(&self, keys: &[&str]) -> bool {
        self.0.len() >= keys.len() && keys.iter().zip(&self.0).all(|(key, step)| step.is(key))
    }

    /// Splits the path to show fields with a common parent together: after the first named element of a list, or else
    /// before the last step.
    pub(crate) fn cut(&self) -> Option<(Self, Self)> {
        let last = self.0.len().checked_sub(1)?;
        let item = self.0[..last].iter().position(|step| matches!(step, Step::Item(_)));
        let (above, below) = self.0.split_at(item.map_or(last, |item| item + 1));
        Some((Self(above.to_vec()), Self(below.to_vec())))
    }

    /// The path written below its parent: a single name has no brackets.
    pub(crate) fn short(&self) -> String {
        match &self.0[..] {
            [Step::Key(name) | Step::Item(name)] => name.to_string(),
            _ => self.to_string(),
        }
    }

    /// The last step, if it is a key.
    #[must_use]
    pub fn last_key(&self) -> Option<&str> {
        match self.0.last()? {
            Step::Key(key) => Some(key),
            Step::Item(_) | Step::Index(..) => None,
        }
    }

    /// The path in the reverse difference.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mirrored = |step: &Step| match step {
            Step::Index(before, after) => Step::Index(*after, *before),
            Step::Key(_) | Step::Item(_) => step.clone(),
        };
        Self(self.0.iter().map(mirrored).collect())
    }
}

impl Step {
    fn is(&self, word: &str) -> bool {
        let named = || word.split_once('=').map_or(word, |(_, value)| value);
        word == "*"
            || match self {
                Self::Key(key) => key == word,
                Self::Item(name) => name == word || name == named(),
                Self::Index(..) => self.to_string() == format!("[{word}]"),
            }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
        match self {
            Self::Key(key) if !key.is_empty() && key.bytes().all(is_plain) => {
                formatter.write_str(key)
            }
            Self::Key(name) | Self::Item(name) => write!(formatter, "[{name}]"),
            Self::Index(before, after) => {
                write!(formatter, "[{}]", before.or(*after).unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            let text = step.to_string();
            if place > 0 && !text.starts_with('[') {
                formatter.write_str(".")?;
            }
            formatter.write_str(&text)?;
        }
        Ok(())
    }
}

/// Fields that are not compared, with everything below them.
#[derive(Debug)]
pub struct Ignore(Matcher);

#[derive(Debug)]
enum Matcher {
    Words(Vec<String>),
    Expression(Pattern),
}

impl Ignore {
    /// Parses a path in the form of [`Path`], in which `*` matches any step, or a regular expression between slashes
    /// that is searched in written paths.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`](crate::error::Code::InvalidPattern) for an invalid expression.
    pub fn parse(text: &str) -> Result<Self> {
        let expression = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        Ok(Self(match expression {
            Some(expression) => {
                Matcher::Expression(Pattern::unanchored(expression, &Budget::default())?)
            }
            None => Matcher::Words(words(text)),
        }))
    }

    /// True if an object has such a field. Linear in the size of the objects up to the first one.
    #[must_use]
    pub fn is_in(&self, rendered: &Rendered) -> bool {
        let only = std::slice::from_ref(self);
        rendered.resources.iter().any(|resource| {
            let gvk = resource.gvk();
            let kind = rendered.schema.of(&gvk.api_version(), &gvk.kind);
            prune(resource.node(), kind, only) != *resource.node()
        })
    }

    fn matches(&self, path: &Path) -> bool {
        match &self.0 {
            Matcher::Words(words) => {
                words.len() == path.0.len()
                    && words.iter().zip(&path.0).all(|(word, step)| step.is(word))
            }
            Matcher::Expression(pattern) => pattern.matches(&path.to_string()),
        }
    }
}

/// The steps of a written path, which are separated by dots and brackets.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_bracketed) = (Vec::new(), String::new(), false);
    for character in text.chars() {
        match character {
            '[' if !is_bracketed => is_bracketed = true,
            ']' if is_bracketed => is_bracketed = false,
            '.' if !is_bracketed => {}
            _ => {
                word.push(character);
                continue;
            }
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Maximum depth: values below are compared as a whole. Real objects are not as deep.
pub(super) const DEEPEST: usize = 64;

/// The object without ignored fields.
pub(super) fn prune(node: &Node, kind: Option<Type<'_>>, ignore: &[Ignore]) -> Node {
    let mut node = node.clone();
    if !ignore.is_empty() {
        prune_below(&mut node, kind, ignore, &mut Path::default());
    }
    node
}

fn prune_below(node: &mut Node, kind: Option<Type<'_>>, ignore: &[Ignore], path: &mut Path) {
    if path.0.len() >= DEEPEST {
        return;
    }
    let field = path.last_key().map(str::to_owned);
    // Prunes the value of a step. Returns false if it is ignored.
    let mut keep = |step: Step, below: &mut Node, kind: Option<Type<'_>>| {
        path.0.push(step);
        let is_kept = !ignore.iter().any(|ignore| ignore.matches(path));
        if is_kept {
            prune_below(below, kind, ignore, path);
        }
        path.0.pop();
        is_kept
    };
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.entries_mut().retain_mut(|(key, value)| {
            let kind = kind.and_then(|kind| kind.field(key.text()));
            keep(Step::Key(key.text().into()), value, kind)
        });
    } else if let Some(sequence) = node.as_sequence_mut() {
        let keys = kind.and_then(Type::merge_keys);
        let names = list::names(sequence.items(), field.as_deref(), keys);
        let mut place = 0;
        sequence.items_mut().retain_mut(|item| {
            let step = match &names {
                Some(names) => Step::Item(names[place].as_str().into()),
                None => Step::Index(Some(place), Some(place)),
            };
            place += 1;
            keep(step, item, kind.and_then(Type::elements))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_and_matched() {
        let path = Path(vec![
            Step::Key("spec".into()),
            Step::Key("containers".into()),
            Step::Item("app".into()),
            Step::Key("a.b/c".into()),
            Step::Index(Some(3), None),
        ]);
        assert_eq!(path.to_string(), "spec.containers[app][a.b/c][3]");
        for text in ["spec.containers[app][a.b/c][3]", "spec.containers.[name=app].*[*]", "/a.b/"] {
            assert!(Ignore::parse(text).unwrap().matches(&path), "{text}");
        }
        for text in ["spec", "spec.containers[other].*[3]", "/^containers/"] {
            assert!(!Ignore::parse(text).unwrap().matches(&path), "{text}");
        }
        assert!(path.is_below(&["spec", "*", "app"]));
    }
}
