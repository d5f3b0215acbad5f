//! Effects of a merge on tags and styles, which determine types and so the bytes of the output.

use crate::source::{Sources, Span};
use crate::yaml::{
    CollectionStyle, Node, Scalar, Share, Style, Tag, Value, parse, resolve, resolve_1_1,
};

/// The style of a field's value, to be applied to a new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Scalar(Tag, Style, Share),
    Collection(CollectionStyle),
}

impl Written {
    /// The style of a node. An empty collection takes the style of what is merged into it first: it was often written
    /// `{}` only because it was empty.
    pub(super) fn of(node: &Node, patch: Option<&Node>) -> Self {
        match node.as_scalar() {
            Some(scalar) => Self::Scalar(scalar.tag(), scalar.style(), node.share()),
            None => Self::Collection(collection_style(
                patch.filter(|_| node.is_empty()).unwrap_or(node),
            )),
        }
    }
}

/// The style of a collection; a scalar counts as block style.
fn collection_style(node: &Node) -> CollectionStyle {
    let mapping = node.as_mapping().map(|mapping| mapping.style());
    mapping.or_else(|| node.as_sequence().map(|list| list.style())).unwrap_or_default()
}

/// Sets the style of a collection; copies nothing if it is the same.
pub(super) fn set_collection_style(node: &mut Node, style: CollectionStyle) {
    if collection_style(node) == style {
        return;
    }
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.set_style(style);
    } else if let Some(list) = node.as_sequence_mut() {
        list.set_style(style);
    }
}

/// Gives an empty collection of a resource the style of what a patch merges into it.
pub(super) fn take_style(node: &mut Node, patch: &Node) {
    if node.as_scalar().is_none() && node.is_empty() {
        set_collection_style(node, collection_style(patch));
    }
}

/// Gives a value the style of the one that it replaces. Kustomize keeps the old style, quotes included: `"3"` patched
/// with 5 stays a string, and 3 patched with `"5"` becomes a number. (kyaml, `FieldSetter`.)
pub(super) fn write_as(mut value: Node, old: Written) -> Node {
    match (old, value.as_scalar()) {
        (Written::Collection(style), None) => set_collection_style(&mut value, style),
        (Written::Scalar(..), None) => set_collection_style(&mut value, CollectionStyle::Block),
        (Written::Collection(_), Some(_)) => {}
        (Written::Scalar(old_tag, style, share), Some(scalar)) => {
            let tag = tag_in_style(scalar, old_tag, style);
            if (tag, style, share) != (scalar.tag(), scalar.style(), value.share()) {
                let written = Scalar::parsed(scalar.text(), tag, style, scalar.span());
                value = Node::replacing(written, share);
            }
        }
    }
    value
}

/// The tag of a scalar after it is written in another style.
fn tag_in_style(scalar: &Scalar, old_tag: Tag, style: Style) -> Tag {
    // Generated text of several lines is tagged as a string, but written without the tag.
    let shows_tag = old_tag != Tag::None && (old_tag, style) != (Tag::Str, Style::Literal);
    let own = match (scalar.tag(), scalar.style()) {
        (Tag::None, Style::Plain) => meaning(scalar.text()),
        (Tag::None, _) => Tag::Str,
        (tag, _) => tag,
    };
    match own {
        own if shows_tag => own,
        // go-yaml omits a tag that the text implies anyway, even if quotes then make it a string.
        Tag::Str if style != Style::Plain => Tag::None,
        own if own == meaning(scalar.text()) => Tag::None,
        own => own,
    }
}

/// The tag that go-yaml v3 gives to plain text.
fn meaning(text: &str) -> Tag {
    match resolve(&Scalar::untagged(text, Span::NONE)) {
        Ok(Value::Null) => Tag::Null,
        Ok(Value::Bool(_)) => Tag::Bool,
        Ok(Value::Int(_) | Value::Uint(_)) => Tag::Int,
        Ok(Value::Float(_)) => Tag::Float,
        Ok(Value::Timestamp(_)) | Err(_) => Tag::Timestamp,
        Ok(Value::Str(_)) if text == "<<" => Tag::Merge,
        Ok(Value::Str(_)) => Tag::Str,
    }
}

/// True if a merge quotes a string: an unquoted one that YAML 1.1 would read as another type, such as `on`. It is a
/// string either way, but values that replace it later inherit the quotes.
pub(super) fn wants_quotes(scalar: &Scalar) -> bool {
    scalar.style() == Style::Plain
        && match scalar.tag() {
            Tag::None if !scalar.is_untagged() => is_legacy_boolean(scalar.text()),
            Tag::None | Tag::Str => means_more_than_text(scalar.text()),
            _ => false,
        }
}

/// Puts a string in double quotes.
pub(super) fn quoted(scalar: &Scalar, share: Share) -> Node {
    let quoted = Scalar::parsed(scalar.text(), Tag::None, Style::DoubleQuoted, scalar.span());
    Node::sharing(quoted, share)
}

/// The words that are booleans in YAML 1.1 and strings in go-yaml v3.
fn is_legacy_boolean(text: &str) -> bool {
    (1..=3).contains(&text.len())
        && matches!(
            text,
            "y" | "Y"
                | "yes"
                | "Yes"
                | "YES"
                | "on"
                | "On"
                | "ON"
                | "n"
                | "N"
                | "no"
                | "No"
                | "NO"
                | "off"
                | "Off"
                | "OFF"
        )
}

/// True if text that is a string by its tag would be read as something else without it. Kustomize parses it as a whole
/// document, so JSON in an annotation is a mapping here.
fn means_more_than_text(text: &str) -> bool {
    let is_simple = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/+".contains(&byte);
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    if text.bytes().all(is_simple) && !text.starts_with("--") {
        let scalar = Scalar::untagged(text, Span::NONE);
        return !matches!(resolve_1_1(&scalar), Ok(Value::Str(_)));
    }
    Sources::new().add("", text).and_then(|source| parse::document(&source)).is_ok_and(|document| {
        let scalar = document.as_ref().and_then(|document| document.root.as_scalar());
        !scalar.is_some_and(|scalar| matches!(resolve_1_1(scalar), Ok(Value::Str(_))))
    })
}
