//! The fields in which a variable occurs, as targets of a replacement.

use super::files::Touched;
use super::uses::{has_use, uses};
use crate::config::{FieldOptions, Patch, PatchArgs, Selector, TargetSelector};
use crate::error::{Code, Error, Result};
use crate::schema::Gvk;
use crate::source::{Sources, Span};
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Text, parse};

/// The targets of a variable in a text: a target for each field that contains `$(NAME)`, in the order of the text. `None` for
/// a text without it.
///
/// # Errors
/// [`Code::EditRefused`] for a field of which the variable is no part between delimiters, and for a use in a key or with
/// escapes of YAML; those of parsing the text.
pub(super) fn targets(
    file: &Touched,
    name: &str,
    sources: &Sources,
) -> Result<Option<Vec<Spanned<TargetSelector>>>> {
    let variable = format!("$({name})");
    if !has_use(&file.text, &variable) && !file.text.contains('\\') {
        return Ok(None);
    }
    let source = sources.add_utf8(&file.name, file.text.clone())?;
    let documents = parse::documents(&source)?;
    let mut targets = Vec::new();
    let roots: Vec<&Node> = match &*documents {
        [only] => objects(&only.root),
        several => several.iter().map(|document| &document.root).collect(),
    };
    for root in roots {
        let mut fields = Vec::new();
        find(root, &variable, &mut Vec::new(), &mut fields)?;
        if fields.is_empty() {
            continue;
        }
        let select = file.patch.as_ref().and_then(|patch| of_patch(patch, root));
        let select = select.unwrap_or_else(|| of_resource(root));
        targets.extend(fields.into_iter().map(|(path, options)| {
            let target = TargetSelector {
                select: Some(Spanned::new(select.clone(), Span::NONE)),
                field_paths: vec![spanned(&path)],
                options,
                ..TargetSelector::default()
            };
            Spanned::new(target, Span::NONE)
        }));
    }
    if !targets.is_empty() && !has_use(&file.text, &variable) {
        let message = format!("`{}` is written with escapes of YAML", escape::visible(&variable));
        return Err(Error::new(Code::EditRefused, message)
            .at(source.span(0, 0))
            .help("write it without them"));
    }
    Ok(Some(targets))
}

/// The text in place of a variable, which is written `$(NAME)`.
pub(super) fn placeholder(variable: &str) -> String {
    let name = variable.strip_prefix("$(").and_then(|name| name.strip_suffix(')'));
    format!("{}_PLACEHOLDER", name.unwrap_or(variable))
}

/// The first value of a text that uses several variables, and the second of these.
///
/// # Errors
/// Those of parsing the text.
pub(super) fn shared<'v>(
    file: &Touched,
    variables: &'v [String],
    sources: &Sources,
) -> Result<Option<(&'v str, Span)>> {
    if variables.iter().filter(|variable| has_use(&file.text, variable)).count() < 2 {
        return Ok(None);
    }
    let source = sources.add_utf8(&file.name, file.text.clone())?;
    let documents = parse::documents(&source)?;
    Ok(documents.iter().find_map(|document| shared_value(&document.root, variables)))
}

fn shared_value<'v>(node: &Node, variables: &'v [String]) -> Option<(&'v str, Span)> {
    if let Some(scalar) = node.as_scalar() {
        let mut used = variables.iter().filter(|variable| has_use(scalar.text(), variable));
        return Some((used.nth(1)?, scalar.span()));
    }
    let mut below = node.items().iter().chain(node.entries().iter().map(|(_, value)| value));
    below.find_map(|value| shared_value(value, variables))
}

/// The refusal of a value of which a variable is no part.
pub(super) fn not_delimited(variable: &str, span: Span) -> Error {
    let shown = escape::visible(variable);
    let message = format!("cannot convert all vars to replacements; `{shown}` is not delimited");
    Error::new(Code::EditRefused, message).at(span).help(
        "a replacement sets a whole value, or a part of it between equal characters such as `/`: write the value so",
    )
}

/// The objects of a list, or the object itself.
fn objects(root: &Node) -> Vec<&Node> {
    let is_list = matches!(text_of(root, &["kind"]), "List" | "ResourceList");
    match root.get("items").filter(|_| is_list) {
        Some(items) => items.items().iter().collect(),
        None => vec![root],
    }
}

/// Selects a resource by its type, name and namespace.
fn of_resource(root: &Node) -> Selector {
    let (group, version) = Gvk::split_api_version(text_of(root, &["apiVersion"]));
    Selector {
        group: spanned(group),
        version: spanned(version),
        kind: spanned(text_of(root, &["kind"])),
        name: spanned(text_of(root, &["metadata", "name"])),
        namespace: spanned(text_of(root, &["metadata", "namespace"])),
        ..Selector::default()
    }
}

/// Selects what a patch changes: its target, with the names that the patch gives. `None` for a patch that may change name and
/// kind, and for one without target and namespace: it is about the resource that is written in the patch.
fn of_patch(patch: &Patch, root: &Node) -> Option<Selector> {
    let PatchArgs { allow_name_change, allow_kind_change } = patch.options.unwrap_or_default();
    if allow_name_change && allow_kind_change {
        return None;
    }
    let mut select = patch.target.as_ref().map(|target| target.value.clone()).unwrap_or_default();
    if allow_name_change {
        select.name = spanned(text_of(root, &["metadata", "name"]));
    }
    if allow_kind_change {
        select.kind = spanned(text_of(root, &["kind"]));
    }
    let namespace = text_of(root, &["metadata", "namespace"]);
    if !namespace.is_empty() {
        select.namespace = spanned(namespace);
    }
    (select != Selector::default()).then_some(select)
}

fn text_of<'n>(root: &'n Node, path: &[&str]) -> &'n str {
    let node = path.iter().try_fold(root, |node, key| node.get(key));
    node.and_then(Node::as_text).unwrap_or_default()
}

fn spanned(text: &str) -> Spanned<Text> {
    Spanned::new(text.into(), Span::NONE)
}

/// The path of a field, and the part of it to replace.
type Found = (String, Option<FieldOptions>);

/// Finds a variable in the values below a node. The depth of documents is bounded by the parser.
fn find(node: &Node, variable: &str, path: &mut Vec<String>, found: &mut Vec<Found>) -> Result<()> {
    for (index, item) in node.items().iter().enumerate() {
        path.push(index.to_string());
        find(item, variable, path, found)?;
        path.pop();
    }
    for (key, value) in node.entries() {
        if has_use(key.text(), variable) {
            let message = format!("`{}` is used in a key", escape::visible(variable));
            return Err(Error::new(Code::EditRefused, message)
                .at(key.span())
                .help("a replacement sets values: write the key without the variable"));
        }
        let key = key.text().trim();
        path.push(if key.contains('.') { format!("[{key}]") } else { key.to_owned() });
        find(value, variable, path, found)?;
        path.pop();
    }
    if let Some(scalar) = node.as_scalar().filter(|scalar| has_use(scalar.text(), variable)) {
        let options =
            part(scalar.text(), variable).ok_or_else(|| not_delimited(variable, scalar.span()))?;
        found.push((path.join("."), options));
    }
    Ok(())
}

/// The part of a value that a variable is; `None` inside if it is the whole value. `None` if it is no part between delimiters,
/// also after the replacement by its placeholder, or several parts.
#[expect(clippy::option_option, reason = "no part, and the whole value, are different answers")]
fn part(value: &str, variable: &str) -> Option<Option<FieldOptions>> {
    let mut found = uses(value, variable);
    let (Some(only), None) = (found.next(), found.next()) else { return None };
    let (before, behind) = (value.get(..only.start)?, value.get(only.end..)?);
    let (delimiter, index) = match (before.chars().next_back(), behind.chars().next()) {
        (None, None) => return Some(None),
        (None, Some(next)) => (next, 0),
        (Some(last), None) => (last, value.split(last).count() - 1),
        (Some(last), Some(next)) if last == next => {
            (next, value.split(next).position(|part| part == variable)?)
        }
        _ => return None,
    };
    if placeholder(variable).contains(delimiter) {
        return None;
    }
    Some(Some(FieldOptions {
        delimiter: spanned(delimiter.encode_utf8(&mut [0; 4])),
        index: Spanned::new(i64::try_from(index).ok()?, Span::NONE),
        ..FieldOptions::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_between_equal_characters_or_at_an_end() {
        let part = |value: &str| {
            part(value, "$(V)")
                .map(|options| options.map(|it| (it.delimiter.as_str().to_owned(), it.index.value)))
        };
        let some = |delimiter: &str, index| Some(Some((delimiter.to_owned(), index)));
        for (value, expected) in [
            ("$(V)", Some(None)),
            ("$(V)/a/b", some("/", 0)),
            ("a/b/$(V)", some("/", 2)),
            ("a/$(V)/b", some("/", 1)),
            ("--x=$(V)", some("=", 1)),
            ("$(V)é", some("é", 0)),
            ("a-$(V)/b", None),
            ("a/$(V)/$(V)", None),
            ("$$(V)/$(V)", some("/", 1)),
            ("x_$(V)", None),
            ("x$(V)", some("x", 1)),
        ] {
            assert_eq!(part(value), expected, "{value}");
        }
    }
}
