//! The hash of objects other than ConfigMaps and Secrets: kustomize hashes its in-memory form of the whole document,
//! including styles, tags, comments, lines and columns of its nodes. (`api/hasher/hasher.go`, and `Node` of go-yaml
//! v3.)

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::load::KUSTOMIZATION_FILES;
use crate::resource::Resource;
use crate::source::{Sources, Span};
use crate::yaml::{
    CollectionStyle, Kind, Layout, Mapping, Node, Remarks, Scalar, Sequence, Style, Tag, Value,
    parse, push_json_string, resolve,
};

/// Maximum nesting depth of a document that is hashed this way.
const MAX_DEPTH: usize = 500;

/// True if the hash of a document depends on its layout.
#[must_use]
pub fn hashes_layout(root: &Node) -> bool {
    !matches!(root.get("kind").and_then(Node::as_text), Some("ConfigMap" | "Secret"))
}

/// The document in the JSON form of kustomize's memory.
///
/// # Errors
/// [`Code::NotSupportedYet`] if its layout is no longer known.
pub(super) fn memory(resource: &Resource, sources: &Sources) -> Result<String> {
    let Some(root) = resource.in_full() else { return Err(unknown(resource.span())) };
    let mut writer = LayoutWriter { sources, parts: BTreeMap::new(), out: String::new() };
    let ties = resource.ties();
    // One that a plugin printed was read as a whole.
    let is_read = ties.rewritten.is_some() || ties.brought.is_some();
    let is_generated = resource.behavior.is_some() && !is_read;
    writer.root(&root, is_generated)?;
    Ok(writer.out)
}

#[cold]
fn unknown(span: Span) -> Error {
    Error::new(
        Code::NotSupportedYet,
        "the hash of this resource depends on its original layout, which is no longer known",
    )
    .at(span)
    .label("only the hashes of ConfigMaps and Secrets depend on content alone")
    .help("remove the annotation that requests a hash")
}

/// The position and the comments of a node.
#[derive(Default)]
struct LinePlace {
    /// The first address of its part of the source.
    part: u32,
    line: usize,
    column: usize,
    remarks: Remarks,
}

struct LayoutWriter<'s> {
    sources: &'s Sources,
    /// The parts of sources that were looked up, by their first addresses.
    parts: BTreeMap<u32, Option<Layout>>,
    out: String,
}

/// The fields of a node, written before and after its content.
struct LineForm<'a> {
    kind: u32,
    style: u32,
    tag: &'a str,
    value: &'a str,
}

const SEQUENCE: u32 = 2;
const MAPPING: u32 = 4;
const SCALAR: u32 = 8;
const FLOW: u32 = 32;

impl LayoutWriter<'_> {
    fn root(&mut self, root: &Node, is_generated: bool) -> Result<()> {
        let Some(mapping) = root.as_mapping() else { return Err(unknown(root.span())) };
        if !is_generated {
            return self.node(root, 0);
        }
        // A generator parses `apiVersion` and `kind` from the second and third line of a text, and adds the rest.
        self.begin(&LineForm { kind: MAPPING, style: 0, tag: "!!map", value: "" });
        self.content(mapping.len(), |writer| {
            for (number, (key, value)) in mapping.iter().enumerate() {
                writer.comma(number);
                let line = match key.text() {
                    "apiVersion" if value.span().is_none() => 2,
                    // A replacement changes only the text; a patch creates a node without a position.
                    "kind" => 3,
                    _ => 0,
                };
                let is_new = key.text() == "kind" && value.span().is_none();
                let is_set = !is_new && value.as_scalar().is_some_and(Scalar::is_untagged);
                if line > 0 && is_set && key.span().is_none() {
                    let at = |column| LinePlace { line, column, ..LinePlace::default() };
                    let string = |value| LineForm { kind: SCALAR, style: 0, tag: "!!str", value };
                    writer.leaf(&string(key.text()), &at(1));
                    writer.out.push(',');
                    writer.leaf(
                        &string(value.as_text().unwrap_or_default()),
                        &at(key.text().len() + 3),
                    );
                    continue;
                }
                let at = LinePlace { line, column: 1, ..LinePlace::default() };
                if line > 0 && key.span().is_none() {
                    writer.leaf(
                        &LineForm { kind: SCALAR, style: 0, tag: "!!str", value: key.text() },
                        &at,
                    );
                } else if key.text() == "apiVersion" && key.span().is_none() {
                    let at = LinePlace { line: 2, ..at };
                    writer.leaf(
                        &LineForm { kind: SCALAR, style: 0, tag: "!!str", value: key.text() },
                        &at,
                    );
                } else {
                    writer.key(key, None)?;
                }
                writer.out.push(',');
                writer.node(value, 1)?;
            }
            Ok(())
        })?;
        self.end(&LinePlace { line: 2, column: 1, ..LinePlace::default() });
        Ok(())
    }

    fn node(&mut self, node: &Node, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(unknown(node.span()));
        }
        if let Some(scalar) = node.as_scalar() {
            return self.scalar(scalar);
        }
        let place = self.collection(node.span())?;
        if node.tag() != Tag::None
            || place.as_ref().is_some_and(|place| !place.remarks.tag.is_empty())
        {
            return Err(unknown(node.span()));
        }
        let style = |style| if style == CollectionStyle::Flow { FLOW } else { 0 };
        let (kind, style, tag) = match (node.as_mapping(), node.as_sequence()) {
            (Some(mapping), _) => (MAPPING, style(mapping.style()), "!!map"),
            (None, Some(list)) => (SEQUENCE, style(list.style()), "!!seq"),
            (None, None) => return Err(unknown(node.span())),
        };
        let part = place.as_ref().map(|place| place.part);
        self.begin(&LineForm {
            kind,
            style,
            tag: if place.is_some() { tag } else { "" },
            value: "",
        });
        match node.kind() {
            Kind::Mapping => {
                let entries = node.as_mapping().map_or(&[][..], Mapping::entries);
                self.content(entries.len(), |writer| {
                    entries.iter().enumerate().try_for_each(|(number, (key, value))| {
                        writer.comma(number);
                        writer.key(key, part)?;
                        writer.out.push(',');
                        writer.node(value, depth + 1)
                    })
                })?;
            }
            Kind::Sequence | Kind::Scalar => {
                let items = node.as_sequence().map_or(&[][..], Sequence::items);
                self.content(items.len(), |writer| {
                    items.iter().enumerate().try_for_each(|(number, item)| {
                        writer.comma(number);
                        writer.node(item, depth + 1)
                    })
                })?;
            }
        }
        self.end(&place.unwrap_or_default());
        Ok(())
    }

    /// Writes the key of a mapping that was read from a part of a source; a key from elsewhere was generated.
    fn key(&mut self, key: &Scalar, part: Option<u32>) -> Result<()> {
        let place = self.place_of_scalar(key)?;
        if part.is_some() && place.is_some_and(|place| Some(place.part) == part) {
            return self.scalar(key);
        }
        self.scalar(&Scalar::set(key.text(), Tag::None, key.style(), Span::NONE))
    }

    fn scalar(&mut self, scalar: &Scalar) -> Result<()> {
        let place = if scalar.is_untagged() { None } else { self.place_of_scalar(scalar)? };
        if place.as_ref().is_some_and(|place| !place.remarks.tag.is_empty())
            || scalar.is_complex_key()
        {
            return Err(unknown(scalar.span()));
        }
        // Scalars that were read have no tag here; a tag means that the scalar was set.
        let is_read = place.is_some() && scalar.tag() == Tag::None;
        let tag = match scalar.tag() {
            Tag::None if scalar.is_untagged() => "",
            Tag::None if !is_read => return Err(unknown(scalar.span())),
            Tag::None => read_tag(scalar),
            Tag::Str => "!!str",
            Tag::Int => "!!int",
            Tag::Bool => "!!bool",
            Tag::Null => "!!null",
            _ => return Err(unknown(scalar.span())),
        };
        let style = match scalar.style() {
            Style::Plain => 0,
            Style::DoubleQuoted => 2,
            Style::SingleQuoted => 4,
            Style::Literal => 8,
            Style::Folded => 16,
        };
        let form = LineForm { kind: SCALAR, style, tag, value: scalar.text() };
        self.leaf(&form, &place.filter(|_| is_read).unwrap_or_default());
        Ok(())
    }

    /// The position of a collection; `None` if it was generated.
    fn collection(&mut self, span: Span) -> Result<Option<LinePlace>> {
        self.place(span, |layout, at| layout.collection(at).cloned())
    }

    fn place_of_scalar(&mut self, scalar: &Scalar) -> Result<Option<LinePlace>> {
        let span = scalar.span();
        if span.length() > 0 || span.is_none() || !scalar.text().is_empty() {
            return self.place(span, |layout, at| layout.scalar(at).cloned());
        }
        // There is no text after its key or dash.
        let Some(source) = self.sources.source_of(span) else { return Ok(None) };
        let offset = (span.start() - source.base()) as usize;
        let before = source.text().get(..offset).unwrap_or_default().trim_end();
        if !before.ends_with([':', '-']) {
            return Err(unknown(span));
        }
        let start = parse::part_of(&source, before.len());
        let (line, column) = position(&before[start..]);
        let part = source.span(start, start).start();
        Ok(Some(LinePlace { part, line, column, remarks: Remarks::default() }))
    }

    fn place(
        &mut self,
        span: Span,
        remarks: impl FnOnce(&Layout, usize) -> Option<Remarks>,
    ) -> Result<Option<LinePlace>> {
        let Some(source) = self.sources.source_of(span) else { return Ok(None) };
        let file = Path::new(source.name()).file_name();
        if !source.is_inline() && KUSTOMIZATION_FILES.iter().any(|name| file == Some(name.as_ref()))
        {
            return Ok(None);
        }
        let offset = (span.start() - source.base()) as usize;
        let start = parse::part_of(&source, offset);
        let text = &source.text()[start..];
        let end = parse::part_end(&source, start) - start;
        let part = source.span(start, start).start();
        let layout = match self.parts.entry(part) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Some(Layout::of(&text[..end]).map_err(|error| error.at(span))?))
            }
        };
        let remarks = layout.as_ref().and_then(|layout| remarks(layout, offset - start));
        let (line, column) = position(&text[..offset - start]);
        Ok(remarks.map(|remarks| LinePlace { part, line, column, remarks }))
    }

    fn comma(&mut self, number: usize) {
        if number > 0 {
            self.out.push(',');
        }
    }

    fn leaf(&mut self, form: &LineForm<'_>, place: &LinePlace) {
        self.begin(form);
        self.out.push_str("null");
        self.end(place);
    }

    fn begin(&mut self, form: &LineForm<'_>) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, r#"{{"Kind":{},"Style":{},"Tag":"#, form.kind, form.style);
        push_json_string(form.tag, &mut self.out);
        self.out.push_str(r#","Value":"#);
        push_json_string(form.value, &mut self.out);
        self.out.push_str(r#","Anchor":"","Alias":null,"Content":"#);
    }

    fn content(
        &mut self,
        length: usize,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if length == 0 {
            self.out.push_str("null");
            return Ok(());
        }
        self.out.push('[');
        write(self)?;
        self.out.push(']');
        Ok(())
    }

    fn end(&mut self, place: &LinePlace) {
        let LinePlace { line, column, remarks, .. } = place;
        for (name, text) in [
            ("HeadComment", &remarks.head),
            ("LineComment", &remarks.line),
            ("FootComment", &remarks.foot),
        ] {
            let _ = write!(self.out, r#","{name}":"#);
            push_json_string(text, &mut self.out);
        }
        let _ = write!(self.out, r#","Line":{line},"Column":{column}}}"#);
    }
}

/// Line and column after a text, both from 1.
fn position(before: &str) -> (usize, usize) {
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The tag that the parser gives to a scalar without one.
fn read_tag(scalar: &Scalar) -> &'static str {
    match resolve(scalar) {
        _ if scalar.style() == Style::Plain && scalar.text() == "<<" => "!!merge",
        Ok(Value::Null) => "!!null",
        Ok(Value::Bool(_)) => "!!bool",
        Ok(Value::Int(_) | Value::Uint(_)) => "!!int",
        Ok(Value::Float(_)) => "!!float",
        Ok(Value::Timestamp(_)) => "!!timestamp",
        Ok(Value::Str(_)) | Err(_) => "!!str",
    }
}
