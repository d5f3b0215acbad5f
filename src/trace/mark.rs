//! The lines of a rendered object, each with the field that it shows.

use std::ops::Range;

use super::{Chain, FieldPath};
use crate::error::Result;
use crate::source::Source;
use crate::yaml::{Kind, Node, Style, parse};

/// A field of a rendered object with its lines.
#[derive(Clone, Debug)]
pub struct Marked<'t> {
    /// Its path.
    pub path: FieldPath,
    /// Its states.
    pub chain: Chain<'t>,
    /// The lines that show it, counted from 0. Of a field with fields below it, the line of its key.
    pub lines: Range<usize>,
    /// The line at whose end a comment can stand.
    pub last: usize,
    /// True if there are no fields below it.
    pub is_leaf: bool,
}

/// The fields of an object as its YAML shows them, in the order of the lines. `text` is the output for the object, without a
/// separator, and `chain` its states. Linear in the size of the text.
///
/// # Errors
/// Those of [`parse::document`].
pub fn mark_lines<'t>(text: &str, chain: &Chain<'t>) -> Result<Vec<Marked<'t>>> {
    let source = Source::detached(text);
    let Some(document) = parse::document(&source)? else { return Ok(Vec::new()) };
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(offset, _)| offset + 1)).collect();
    let line = |offset: u32| {
        let offset = offset.saturating_sub(source.base()) as usize;
        starts.partition_point(|start| *start <= offset).saturating_sub(1)
    };
    let (mut marked, mut pending) = (Vec::new(), Vec::new());
    push_children(&document.root, &FieldPath::default(), chain, &line, &mut pending);
    while let Some(Shown { node, path, chain, first }) = pending.pop() {
        let children = node.items().len() + node.entries().len();
        let is_leaf = children == 0;
        let (end, last) = if is_leaf { ends(node, first, &line) } else { (first, first) };
        if !is_leaf {
            push_children(node, &path, &chain, &line, &mut pending);
        }
        marked.push(Marked { path, chain, lines: first..end + 1, last, is_leaf });
    }
    Ok(marked)
}

/// A field that is not marked yet.
struct Shown<'s, 't> {
    node: &'s Node,
    path: FieldPath,
    chain: Chain<'t>,
    /// The line of its key, or of its first line in a list.
    first: usize,
}

/// The last line of a field without fields below it, and the one at whose end a comment can stand: the content of a block
/// scalar has no place for one.
fn ends(node: &Node, first: usize, line: &impl Fn(u32) -> usize) -> (usize, usize) {
    let span = node.span();
    if span.is_none() || span.length() == 0 {
        return (first, first);
    }
    let (start, end) = (line(span.start()), line(span.end().saturating_sub(1)));
    let is_block = node
        .as_scalar()
        .is_some_and(|scalar| matches!(scalar.style(), Style::Literal | Style::Folded));
    if is_block { (end.max(first), start) } else { (end.max(first), end.max(first)) }
}

fn push_children<'s, 't>(
    node: &'s Node,
    path: &FieldPath,
    chain: &Chain<'t>,
    line: &impl Fn(u32) -> usize,
    pending: &mut Vec<Shown<'s, 't>>,
) {
    let known = chain.children();
    let mut shown = Vec::new();
    match node.kind() {
        Kind::Scalar => {}
        Kind::Sequence => {
            let items = node.items().iter().zip(known);
            shown.extend(items.map(|(node, (segment, chain))| Shown {
                node,
                path: path.with(segment),
                chain,
                first: line(node.span().start()),
            }));
        }
        Kind::Mapping => {
            let mut known: std::collections::BTreeMap<String, _> = known
                .into_iter()
                .map(|(segment, chain)| {
                    (FieldPath::default().with(segment.clone()).pointer(), (segment, chain))
                })
                .collect();
            for (key, node) in node.entries() {
                let name = format!("/{}", crate::yaml::path::to_pointer(key.text()));
                if let Some((segment, chain)) = known.remove(&name) {
                    let (path, first) = (path.with(segment), line(key.span().start()));
                    shown.push(Shown { node, path, chain, first });
                }
            }
        }
    }
    pending.extend(shown.into_iter().rev());
}
