//! `replicas`: numbers of replicas of workloads.

use std::collections::BTreeMap;

use super::{Draft, mapping, text};
use crate::config::Replica;
use crate::error::{Code, Error, Result};
use crate::source::Span;
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Scalar};

/// Numbers of replicas by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetReplicas(BTreeMap<String, i64>);

impl SetReplicas {
    /// Reads arguments `name=count`.
    ///
    /// # Errors
    /// [`Code::InvalidArgument`].
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let pair = |argument: &String| {
            let parts: Vec<&str> = argument.split('=').collect();
            let count = match &*parts {
                [name, count] => count.parse().ok().map(|count| ((*name).to_owned(), count)),
                _ => None,
            };
            count.ok_or_else(|| {
                let shown = escape::visible(argument);
                let message = format!("invalid format of replica `{shown}`, expected `NAME=COUNT`");
                Error::new(Code::InvalidArgument, message).help("for example `web=3`")
            })
        };
        arguments.iter().map(pair).collect::<Result<_>>().map(Self)
    }

    /// Sets the numbers. Existing entries keep their places; the others are added in the order of their names.
    ///
    /// # Errors
    /// [`Code::EditRefused`].
    pub fn apply(mut self, draft: &mut Draft<'_>) -> Result<()> {
        let field = draft.field("replicas")?;
        let before = draft.model().replicas.clone();
        let mut removed = Vec::new();
        for (index, old) in before.iter().enumerate() {
            // kustomize keeps the last one of several entries for a name.
            if before[index + 1..].iter().any(|later| *later.name == *old.name) {
                removed.push(index);
                continue;
            }
            let Some(count) = self.0.remove(old.name.as_str()) else { continue };
            draft.model_mut().replicas[index].value.count = Spanned::new(count, Span::NONE);
            if *old.count != count {
                let path = draft.below(&field.clone().index(index), "count")?;
                draft.set(&path, &number(count))?;
            }
        }
        draft.remove_items(&field, &removed)?;
        let mut at = 0..;
        let is_kept = |at: usize| removed.binary_search(&at).is_err();
        draft.model_mut().replicas.retain(|_| at.next().is_none_or(is_kept));
        let names: Vec<&str> = draft.model().replicas.iter().map(|it| it.name.as_str()).collect();
        let is_sorted = names.is_sorted();
        for (name, count) in self.0 {
            let replicas = &mut draft.model_mut().replicas;
            let end = replicas.len();
            let at = replicas.partition_point(|it| it.name.as_str() < name.as_str());
            let at = if is_sorted { at } else { end };
            let new = Replica {
                name: Spanned::new(name.as_str().into(), Span::NONE),
                count: Spanned::new(count, Span::NONE),
            };
            replicas.insert(at, Spanned::new(new, Span::NONE));
            let entry = mapping([("count", Some(number(count))), ("name", Some(text(&name)))]);
            draft.insert(&field, at, vec![entry])?;
        }
        Ok(())
    }
}

fn number(count: i64) -> Node {
    Scalar::untagged(&count.to_string(), Span::NONE).into()
}
