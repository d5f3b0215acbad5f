//! Rewrites entries of kustomizations, and keeps every other byte.

use crate::error::{Code, Error, Result};
use crate::source::{Source, Span};
use crate::yaml::edit::{Change, TextEdit, apply, edit};
use crate::yaml::path::{Path, PathStep};
use crate::yaml::{Node, Scalar, parse};

/// An entry to rewrite: a path or URL in a scalar.
pub(super) struct Rewrite<'r> {
    /// The span of the scalar; [`Span::NONE`] for all scalars with this text.
    pub(super) span: Span,
    pub(super) from: &'r str,
    pub(super) to: &'r str,
}

/// The text of a kustomization with entries rewritten.
///
/// # Errors
/// [`Code::EditRefused`] for an entry that is no scalar of its own, such as one in an embedded document.
pub(super) fn rewrite(source: &Source, rewrites: &[Rewrite<'_>]) -> Result<String> {
    let documents = parse::documents(source)?;
    let mut edits: Vec<TextEdit> = Vec::new();
    for Rewrite { span, from, to } in rewrites {
        let mut is_found = false;
        for (number, document) in documents.iter().enumerate() {
            for (path, scalar) in scalars(&document.root) {
                let is_meant = span.is_none() || scalar.span() == *span;
                let Some(text) = is_meant.then(|| replaced(scalar.text(), from, to)).flatten()
                else {
                    continue;
                };
                let value = Scalar::string(&text, Span::NONE).into();
                let change = Change::Set { path: path.steps(), value: &value };
                edits.extend(edit(source, number, &change)?.edits().iter().cloned());
                is_found = true;
            }
        }
        if !is_found && !span.is_none() {
            let message = format!("`{from}` cannot be replaced here");
            return Err(Error::new(Code::EditRefused, message)
                .at(*span)
                .help("write it as an entry of its own in kustomization.yaml"));
        }
    }
    edits.sort_by_key(|edit| edit.span);
    edits.dedup();
    apply(source, &edits)
}

/// The text of an entry, which is a path or `key=path`, with another path.
fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    if text == from {
        return Some(to.to_owned());
    }
    let key = text.strip_suffix(from).filter(|key| key.ends_with('='))?;
    Some(format!("{key}{to}"))
}

/// The scalars of a document that are values, with their paths.
fn scalars(root: &Node) -> Vec<(Path, &Scalar)> {
    let (mut found, mut pending) = (Vec::new(), vec![(Path::default(), root)]);
    while let Some((path, node)) = pending.pop() {
        if let Some(scalar) = node.as_scalar() {
            found.push((path, scalar));
            continue;
        }
        let items = node.items().iter().enumerate();
        pending.extend(items.map(|(index, item)| (path.clone().index(index), item)));
        for (key, value) in node.entries() {
            let step = PathStep::Key(key.shared_text().clone());
            pending.push((path.clone().step(step), value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# the parts\r\nresources:\r\n- \"https://host/a//b?ref=v1\" # pinned\r\n-   'own.yaml'\r\n\
        configMapGenerator:\r\n- {name: x, files: [k=https://host/f.txt]}\r\n";

    #[test]
    fn every_other_byte_stays() {
        let source = Source::detached(TEXT);
        let all = |from, to| Rewrite { span: Span::NONE, from, to };
        let text = rewrite(
            &source,
            &[
                all("https://host/f.txt", "vendor/host/f.txt"),
                all("https://host/a//b?ref=v1", "../vendor/host/a@v1/b"),
            ],
        );
        let expected = TEXT
            .replace("https://host/a//b?ref=v1", "../vendor/host/a@v1/b")
            .replace("https://host/f.txt", "vendor/host/f.txt");
        assert_eq!(text.unwrap(), expected);
    }

    #[test]
    fn an_entry_in_other_text_is_refused() {
        let text = "generators:\n- |-\n  kind: A\n  path: https://host/f\n";
        let source = Source::detached(text);
        let start = text.find("https").unwrap();
        let rewrites =
            [Rewrite { span: source.span(start, text.len() - 1), from: "https://host/f", to: "f" }];
        assert_eq!(rewrite(&source, &rewrites).unwrap_err().code(), Code::EditRefused);
    }
}
