//! Setters for text in a document. They treat tag and style as kustomize's setters do, because these decide the bytes.

use super::node::Share;
use super::node::{Kind, Mapping, Node, Scalar, Style, Tag};
use super::parse::document;
use super::scalar::{Value, resolve, resolve_1_1};
use crate::error::{Code, Error, Result};
use crate::source::{Sources, Span};

impl Node {
    /// Sets the text of a scalar. The scalar keeps its style and gets the given tag; with [`Tag::None`], the type is
    /// inferred from the new text. (kyaml's `FieldSetter` without a name, `kyaml/yaml/fns.go`.)
    ///
    /// # Errors
    /// [`Code::InvalidType`] if this is not a scalar.
    pub fn set_text(&mut self, text: &str, tag: Tag, span: Span) -> Result<()> {
        let Some(old) = self.as_scalar() else { return Err(self.wrong_kind(Kind::Scalar)) };
        *self = Self::replacing(restyled(text, tag, old.style(), span), self.share());
        Ok(())
    }

    /// Sets a field of a mapping to text. An existing field keeps its style; a new string is quoted if YAML 1.1 would
    /// read it as another type. A new key has no tag. (kyaml's `FieldSetter`.)
    ///
    /// # Errors
    /// [`Code::InvalidType`] if this is neither a mapping nor null. A null stays as it is.
    pub fn set_field(&mut self, key: &str, text: &str, tag: Tag, span: Span) -> Result<()> {
        let new = || Self::new_field(text, tag, span, Share::NONE);
        self.set_in_mapping(|mapping| mapping.set_text(key, text, tag, span, new))
    }

    /// Sets a field of a mapping as [`Node::set_field`] does, to a value made by [`Node::new_field`]. All new fields
    /// get this same value, with its share. An empty key stands for the node itself.
    ///
    /// # Errors
    /// As [`Node::set_field`], and [`Code::InvalidKey`] if the key is empty and this is a collection.
    pub fn set_shared_field(&mut self, key: &str, new: &Self) -> Result<()> {
        let text = new.as_text().unwrap_or_default();
        if key.is_empty() {
            return self.set_itself(new);
        }
        self.set_in_mapping(|mapping| {
            mapping.set_text(key, text, new.tag(), new.span(), || new.clone());
        })
    }

    /// Sets a scalar as kyaml's `FieldSetter` does for an empty name; a null is replaced.
    #[cold]
    fn set_itself(&mut self, new: &Self) -> Result<()> {
        if self.is_null() {
            *self = new.clone();
            return Ok(());
        }
        if self.kind() == Kind::Scalar {
            return self.set_text(new.as_text().unwrap_or_default(), new.tag(), new.span());
        }
        let error = Error::new(Code::InvalidKey, "found an empty key").at(new.span());
        let error = if self.span().is_none() { error } else { error.note(self.span(), "set here") };
        Err(error.help("give it a name, or remove it"))
    }

    /// The value that [`Node::set_field`] gives to a new field, with a share.
    #[must_use]
    pub fn new_field(text: &str, tag: Tag, span: Span, share: Share) -> Self {
        let scalar = if tag == Tag::Str && !means_string_in_1_1(text) {
            Scalar::parsed(text, tag, Style::DoubleQuoted, span)
        } else {
            Scalar::set(text, tag, Style::Plain, span)
        };
        Self::sharing(scalar, share)
    }

    fn set_in_mapping(&mut self, set: impl FnOnce(&mut Mapping)) -> Result<()> {
        if self.is_null() {
            return Ok(());
        }
        if self.kind() != Kind::Mapping {
            return Err(self.wrong_kind(Kind::Mapping));
        }
        if let Some(mapping) = self.as_mapping_mut() {
            set(mapping);
        }
        Ok(())
    }

    /// A copy of a scalar with other text, as [`Scalar::with_text`] makes it. `None` if this is not a scalar.
    #[must_use]
    pub fn with_text(&self, text: &str, span: Span) -> Option<Self> {
        let new = self.as_scalar()?.with_text(text, span);
        Some(if new.is_untagged() { new.into() } else { Self::replacing(new, self.share()) })
    }

    /// The error for a node of the wrong kind.
    #[cold]
    #[must_use]
    pub fn wrong_kind(&self, expected: Kind) -> Error {
        Error::new(Code::InvalidType, format!("found {}, expected {expected}", self.kind()))
            .at(self.span())
    }
}

impl Scalar {
    /// The value of a new field that holds a string: a literal block if it has several lines, in double quotes if YAML
    /// 1.1 would read it as another type, otherwise plain. (kyaml's `NewStringRNode` and `FieldSetter`.)
    #[must_use]
    pub fn new_string(text: &str, span: Span) -> Self {
        let style = if text.contains('\n') {
            Style::Literal
        } else if means_string_in_1_1(text) {
            Style::Plain
        } else {
            Style::DoubleQuoted
        };
        Self::parsed(text, Tag::Str, style, span)
    }

    /// A copy with other text, the same type and the same style: if the old text was a number, the new text must be
    /// one. The parser of go-yaml v3 stores the type of plain text as a tag, and a setter of text leaves that tag in
    /// place.
    #[must_use]
    pub fn with_text(&self, text: &str, span: Span) -> Self {
        let tag = match self.tag() {
            Tag::None if self.is_untagged() => {
                return Self::set(text, Tag::None, self.style(), span);
            }
            // A tag that the new text implies too is not printed; so a quoted style still makes a string of the text.
            Tag::None if self.style() == Style::Plain => match parsed_tag(self.text()) {
                tag if tag == implied_tag(text) && text != "<<" => Tag::None,
                tag => tag,
            },
            tag => tag,
        };
        Self::parsed(text, tag, self.style(), span)
    }
}

impl Mapping {
    /// Sets a field to a string: an existing field keeps its style, a new one is a [`Scalar::new_string`].
    pub fn set_string(&mut self, key: &str, text: &str, key_span: Span, span: Span) {
        match self.get_mut(key) {
            Some(old) => {
                let style = old.as_scalar().map(Scalar::style).unwrap_or_default();
                *old = Node::replacing(restyled(text, Tag::Str, style, span), old.share());
            }
            None => {
                self.push(Scalar::untagged(key, key_span), Scalar::new_string(text, span).into());
            }
        }
    }

    /// Sets an existing field to text, or adds the `new` value.
    fn set_text(
        &mut self,
        key: &str,
        text: &str,
        tag: Tag,
        span: Span,
        new: impl FnOnce() -> Node,
    ) {
        if let Some(old) = self.get_mut(key) {
            let style = old.as_scalar().map(Scalar::style).unwrap_or_default();
            *old = Node::replacing(restyled(text, tag, style, span), old.share());
            return;
        }
        self.push(Scalar::untagged(key, span), new());
    }
}

/// New text in an old style. A tag that the text implies is not printed, so the old quotes make it a string: `replicas:
/// "3"` becomes `replicas: "5"`. (go-yaml v3, `encode.go`.)
fn restyled(text: &str, tag: Tag, style: Style, span: Span) -> Scalar {
    if style != Style::Plain && tag == implied_tag(text) {
        return Scalar::parsed(text, Tag::None, style, span);
    }
    Scalar::set(text, tag, style, span)
}

/// The tag that the parser of go-yaml v3 stores for plain text. It treats `<<` as a merge key in any position; the
/// encoder treats it as a string.
fn parsed_tag(text: &str) -> Tag {
    if text == "<<" { Tag::Merge } else { implied_tag(text) }
}

/// The type of plain text without a tag.
pub(super) fn implied_tag(text: &str) -> Tag {
    match resolve(&Scalar::untagged(text, Span::NONE)) {
        Ok(Value::Null) => Tag::Null,
        Ok(Value::Bool(_)) => Tag::Bool,
        Ok(Value::Int(_) | Value::Uint(_)) => Tag::Int,
        Ok(Value::Float(_)) => Tag::Float,
        Ok(Value::Timestamp(_)) => Tag::Timestamp,
        Ok(Value::Str(_)) | Err(_) => Tag::Str,
    }
}

/// True if text, read as a whole document, is a string, is empty, or cannot be read. (kyaml's `IsValueNonString`,
/// negated.)
fn means_string_in_1_1(text: &str) -> bool {
    // go-yaml v2 keeps timestamps as strings unless a Go type asks for a time.
    let is_string = |scalar: &Scalar| {
        matches!(resolve_1_1(scalar), Ok(Value::Str(_) | Value::Timestamp(_)) | Err(_))
    };
    if text.is_empty() || is_plain_word(text) {
        return text.is_empty() || is_string(&Scalar::untagged(text, Span::NONE));
    }
    let document = Sources::new().add("", text).and_then(|source| document(&source));
    match document {
        Ok(Some(document)) => document.root.as_scalar().is_some_and(is_string),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// True if text, read as a whole document, is surely the plain scalar with this text.
fn is_plain_word(text: &str) -> bool {
    let begins_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'/';
    let is_inside = |byte: u8| begins_word(&byte) || matches!(byte, b'-' | b'_' | b'.');
    text.as_bytes().first().is_some_and(begins_word) && text.bytes().all(is_inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node {
        document(&Sources::new().add("text.yaml", text).unwrap()).unwrap().unwrap().root
    }

    #[test]
    fn text_keeps_its_style_and_takes_the_tag() {
        let set = |text: &str, tag: Tag| {
            let mut root = read(text);
            root.get_mut("a").unwrap().set_text("5", tag, Span::NONE).unwrap();
            format!("{root:?}")
        };
        assert_eq!(set("a: x", Tag::None), "{a: 5}");
        assert_eq!(set("a: 'x'", Tag::None), r#"{a: "5"}"#);
        assert_eq!(set("a: 'x'", Tag::Int), r#"{a: "5"}"#);
        assert_eq!(
            read("[x]").set_text("5", Tag::None, Span::NONE).unwrap_err().code(),
            Code::InvalidType
        );
    }

    #[test]
    fn a_new_field_is_quoted_where_it_must_be() {
        let mut root = read("{a: 'x'}");
        for (key, text) in [("a", "1"), ("b", "on"), ("c", "text")] {
            root.set_field(key, text, Tag::Str, Span::NONE).unwrap();
        }
        let styles: Vec<Style> = root
            .as_mapping()
            .unwrap()
            .iter()
            .map(|(_, value)| value.as_scalar().unwrap().style())
            .collect();
        assert_eq!(styles, [Style::SingleQuoted, Style::DoubleQuoted, Style::Plain]);
    }

    #[test]
    fn plain_words_are_read_as_whole_documents_are() {
        let parts = ["a", "no", "1", "0x1f", "1e3", "/", "-", "_", ".", "..", "--", "2001-01-02"];
        for text in parts.iter().flat_map(|a| parts.map(|b| parts.map(|c| [a, b, c].concat()))) {
            for text in text.iter().filter(|text| is_plain_word(text)) {
                let root = read(text);
                let scalar = root.as_scalar().unwrap();
                assert_eq!((scalar.text(), scalar.style()), (text.as_str(), Style::Plain));
            }
        }
    }

    #[test]
    fn a_new_string_is_quoted_where_it_must_be() {
        let style = |text: &str| Scalar::new_string(text, Span::NONE).style();
        for text in ["on", "1", "~", "a: b", "{}", "[x]", "# a", "5 # a"] {
            assert_eq!(style(text), Style::DoubleQuoted, "{text}");
        }
        for text in ["", "a", "a:b", "'5'", "a # b", "{", "\u{1}", "*a", "1:30", "2001-01-01"] {
            assert_eq!(style(text), Style::Plain, "{text}");
        }
        assert_eq!(style("1\n"), Style::Literal);
    }
}
