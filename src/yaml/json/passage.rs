//! The conversion of a document to JSON and back, as the reference does it around JSON patches.

use crate::error::Result;
use crate::source::Span;
use crate::yaml::analysis::{analyze, is_plain_in_one_look};
use crate::yaml::node::{CollectionStyle, Mapping, Node, Scalar, Sequence, Style, Tag, View};
use crate::yaml::scalar::{Value, is_string, is_string_1_1, number};
use crate::yaml::typed::{self, Order, TypedEntry, TypedPlace};

/// Converts a document as kustomize does when it passes it from YAML to JSON, into Go values, and back.
///
/// Every number is a float64, written as Go does it (`1234567` becomes `1.234567e+06`); timestamps are strings; tags
/// are dropped, and styles are those that go-yaml v3 chooses: an empty collection is a flow collection, a string is
/// plain unless it could be read as another type, text of several lines is a block. Keys are text, sorted and unique.
/// Spans stay.
///
/// # Errors
/// As [`super::to_json`]; the document stays as it was.
pub fn json_passage(root: &mut Node) -> Result<()> {
    *root = passed(root, Stage::Whole)?;
    Ok(())
}

/// Converts a document as kustomize does before a JSON patch sees it: the first half of a [`json_passage`], which must
/// follow. Integers stay as they are here, and text that has no form in YAML is no error yet: the patch may remove it.
///
/// # Errors
/// As [`json_passage`].
pub fn json_beginning(root: &mut Node) -> Result<()> {
    *root = passed(root, Stage::Beginning)?;
    Ok(())
}

/// The part of the passage that a document goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// From YAML to JSON and back.
    Whole,
    /// From YAML to JSON.
    Beginning,
}

/// A collection that is being built.
struct Building<'a> {
    rest: Rest<'a>,
    in_flow: bool,
    span: Span,
    /// The children built so far: either `items` or `entries` is used.
    items: Vec<Node>,
    entries: Vec<(Scalar, Node)>,
    /// The key of the entry that is being built.
    key: Option<Scalar>,
    /// True if all children so far are steady.
    is_steady: bool,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Node>),
    /// Entries that are in order.
    Ordered(std::slice::Iter<'a, (Scalar, Node)>),
    Entries(std::vec::IntoIter<TypedEntry<'a>>),
}

/// A node after the passage.
struct Passed {
    node: Node,
    /// True if a further passage certainly has no effect.
    is_steady: bool,
}

fn passed(root: &Node, stage: Stage) -> Result<Node> {
    let mut open: Vec<Building<'_>> = Vec::new();
    let mut complete = begin(root, true, false, stage, &mut open)?;
    while let Some(building) = open.last_mut() {
        if let Some(child) = complete.take() {
            building.add(child);
        }
        let next = building.next(stage)?;
        let in_flow = building.in_flow;
        complete = match next {
            Some(node) => begin(node, false, in_flow, stage, &mut open)?,
            None => open.pop().map(|building| building.finish(open.is_empty())),
        };
    }
    Ok(complete.map_or_else(|| root.clone(), |root| root.node))
}

/// Returns a scalar, or a collection that a passage leaves as it is, as a complete node; another collection is pushed to
/// `open`.
fn begin<'a>(
    node: &'a Node,
    root: bool,
    in_flow: bool,
    stage: Stage,
    open: &mut Vec<Building<'a>>,
) -> Result<Option<Passed>> {
    if node.is_steady() && !root && !in_flow {
        return Ok(Some(Passed { node: node.clone(), is_steady: true }));
    }
    let (rest, style) = match node.view() {
        View::Scalar(found) => {
            return scalar(found, in_flow, stage).map(Some);
        }
        View::Sequence(sequence) => (Rest::Items(sequence.items.iter()), sequence.style),
        View::Mapping(mapping) => {
            let place =
                TypedPlace { root, in_flow: in_flow || mapping.style == CollectionStyle::Flow };
            let rest = if typed::is_in_order(mapping, Order::Natural) {
                Rest::Ordered(mapping.entries().iter())
            } else {
                let mut entries = Vec::new();
                typed::collect(mapping, place, Order::Natural, &mut entries)?;
                Rest::Entries(entries.into_iter())
            };
            (rest, mapping.style)
        }
    };
    let (items, entries) = match &rest {
        Rest::Items(_) => (Vec::with_capacity(rest.len()), Vec::new()),
        Rest::Ordered(_) | Rest::Entries(_) => (Vec::new(), Vec::with_capacity(rest.len())),
    };
    let in_flow = in_flow || style == CollectionStyle::Flow;
    open.push(Building {
        rest,
        in_flow,
        span: node.span(),
        items,
        entries,
        key: None,
        is_steady: true,
    });
    Ok(None)
}

/// The style of a collection after the passage, given the number of its children.
const fn style_of(length: usize) -> CollectionStyle {
    if length == 0 { CollectionStyle::Flow } else { CollectionStyle::Block }
}

impl Rest<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Items(items) => items.len(),
            Self::Ordered(entries) => entries.len(),
            Self::Entries(entries) => entries.len(),
        }
    }
}

impl<'a> Building<'a> {
    /// The next child that is not built yet.
    fn next(&mut self, stage: Stage) -> Result<Option<&'a Node>> {
        let (key, value) = match &mut self.rest {
            Rest::Items(items) => return Ok(items.next()),
            Rest::Ordered(entries) => match entries.next() {
                Some((name, value)) => (string(name.text(), name, stage)?, value),
                None => return Ok(None),
            },
            Rest::Entries(entries) => match entries.next() {
                Some(entry) => (string(&entry.key, entry.name, stage)?, entry.value),
                None => return Ok(None),
            },
        };
        self.is_steady = self.is_steady && is_steady(&key) && typed::is_ordinary(&key);
        self.key = Some(key);
        Ok(Some(value))
    }

    fn add(&mut self, Passed { node, is_steady }: Passed) {
        self.is_steady = self.is_steady && is_steady;
        match self.key.take() {
            Some(key) => self.entries.push((key, node)),
            None => self.items.push(node),
        }
    }

    fn finish(self, is_root: bool) -> Passed {
        let Self { rest, span, items, entries, is_steady, .. } = self;
        let style = style_of(items.len().max(entries.len()));
        let node: Node = match rest {
            Rest::Items(_) => Sequence { items, span, style, ..Sequence::default() }.into(),
            Rest::Ordered(_) | Rest::Entries(_) => {
                Mapping { entries: entries.into(), span, style, ..Mapping::default() }.into()
            }
        };
        // The keys of the root are read by other rules.
        let node = if is_steady && !is_root { node.into_steady() } else { node };
        Passed { node, is_steady }
    }
}

fn scalar(found: &Scalar, in_flow: bool, stage: Stage) -> Result<Passed> {
    let text = |text: &str| {
        let scalar = string(text, found, stage)?;
        // Text that has no form in YAML is an error in the second half.
        let may_be_error = stage == Stage::Beginning && text.starts_with('\t');
        let is_same = scalar == *found && !in_flow && !may_be_error;
        Ok(Passed { is_steady: is_same || is_steady(&scalar), node: scalar.into() })
    };
    let word = |word| {
        let scalar = written(word, Style::Plain, found);
        Ok(Passed { is_steady: scalar == *found && !in_flow, node: scalar.into() })
    };
    match typed::value(found, in_flow)? {
        Value::Null => word("null"),
        Value::Bool(true) => word("true"),
        Value::Bool(false) => word("false"),
        Value::Str(found) => text(&found),
        Value::Timestamp(found) => text(&found),
        Value::Int(integer) => Ok(number(integer as f64, Some(integer.to_string()), found, stage)),
        Value::Uint(integer) => Ok(number(integer as f64, Some(integer.to_string()), found, stage)),
        Value::Float(float) if float.is_finite() => Ok(number(float, None, found, stage)),
        Value::Float(_) => Err(typed::no_number(found)),
    }
}

/// A number, given its text if it is an integer.
fn number(float: f64, integer: Option<String>, found: &Scalar, stage: Stage) -> Passed {
    let mut text = String::new();
    number::push_general(float, &mut text);
    let scalar = match stage {
        Stage::Whole => written(&text, Style::Plain, found),
        Stage::Beginning => {
            let json = integer.unwrap_or_else(|| {
                let mut json = String::new();
                number::push_json(float, &mut json);
                json
            });
            // Without the tag, this is an integer.
            let tag = if json == "-0" { Tag::Float } else { Tag::None };
            Scalar::parsed(&json, tag, Style::Plain, found.span())
        }
    };
    let is_steady = text != "-0" && scalar.text() == text;
    Passed { node: scalar.into(), is_steady }
}

/// True for text in one line, which is read as a string and written in the same style again.
fn is_steady(scalar: &Scalar) -> bool {
    let text = scalar.text();
    let is_written_as_string = match scalar.style() {
        Style::Plain => is_string(text),
        Style::SingleQuoted | Style::DoubleQuoted => true,
        Style::Literal | Style::Folded => false,
    };
    is_written_as_string && !text.starts_with('\t') && !text.contains('\n')
}

/// A string in the style that go-yaml v3 chooses for a Go string.
fn string(text: &str, origin: &Scalar, stage: Stage) -> Result<Scalar> {
    if is_plain_in_one_look(text) && is_string(text) && is_string_1_1(text) {
        return Ok(written(text, Style::Plain, origin));
    }
    let analysis = analyze(text);
    let style = if text.contains('\n') {
        if analysis.block { Style::Literal } else { Style::DoubleQuoted }
    } else if !is_string(text) || !is_string_1_1(text) {
        Style::DoubleQuoted
    } else if analysis.plain {
        Style::Plain
    } else if analysis.single_quoted {
        Style::SingleQuoted
    } else {
        Style::DoubleQuoted
    };
    let style = match style {
        Style::Literal if !text.starts_with('\t') => style,
        Style::Literal if stage == Stage::Beginning => Style::DoubleQuoted,
        Style::Literal => return Err(typed::begins_with_tab(origin)),
        style => style,
    };
    Ok(written(text, style, origin))
}

/// The original scalar if it has this form already, because its text is shared then; otherwise a new one.
fn written(text: &str, style: Style, origin: &Scalar) -> Scalar {
    if origin.tag() == Tag::None && origin.style() == style && origin.text() == text {
        origin.clone().into_parsed()
    } else {
        Scalar::parsed(text, Tag::None, style, origin.span())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::source::Sources;
    use crate::yaml::node::Kind;
    use crate::yaml::sample::document;

    /// The only value of a document after the passage.
    fn value(text: &str) -> Node {
        let mut root = document(&Sources::new(), &format!("k: {text}")).unwrap();
        json_passage(&mut root).unwrap();
        root.get("k").unwrap().clone()
    }

    #[test]
    fn scalars_are_those_of_a_fresh_parse() {
        let table = [
            ("~", "null", Style::Plain),
            ("True", "true", Style::Plain),
            ("0x1F", "31", Style::Plain),
            ("999999", "999999", Style::Plain),
            ("1000000", "1e+06", Style::Plain),
            ("1234567", "1.234567e+06", Style::Plain),
            ("12345678901234567", "1.2345678901234568e+16", Style::Plain),
            ("1.50", "1.5", Style::Plain),
            ("-0.0", "-0", Style::Plain),
            ("2001-01-01", "2001-01-01T00:00:00Z", Style::DoubleQuoted),
            ("'text'", "text", Style::Plain),
            ("!!str 1", "1", Style::DoubleQuoted),
            ("'on'", "on", Style::DoubleQuoted),
            ("\"- a\"", "- a", Style::SingleQuoted),
            ("\"a\\tb\"", "a\tb", Style::DoubleQuoted),
            ("\"a\\nb\"", "a\nb", Style::Literal),
            ("\"a \\nb\"", "a \nb", Style::DoubleQuoted),
            ("\"a\\n\\tb\"", "a\n\tb", Style::Literal),
            ("!!binary aGk=", "hi", Style::Plain),
            (">\n  a\n   b\n", "a\n\n b\n", Style::Literal),
        ];
        for (text, expected, style) in table {
            let value = value(text);
            let scalar = value.as_scalar().unwrap();
            assert_eq!(
                (scalar.text(), scalar.style(), scalar.tag()),
                (expected, style, Tag::None),
                "{text}"
            );
        }
    }

    #[test]
    fn collections_are_blocks_unless_they_are_empty() {
        let text = "{b: [1], a: [], c: !!map {}}";
        let value = value(text);
        assert_eq!(format!("{value:?}"), "{a: [], b: [1], c: {}}");
        let value = value.as_mapping().unwrap();
        let style = |key| value.get(key).unwrap().as_sequence().unwrap().style();
        assert_eq!(
            (value.style(), style("a"), style("b")),
            (CollectionStyle::Block, CollectionStyle::Flow, CollectionStyle::Block)
        );
        assert_eq!(value.get("c").unwrap().as_mapping().unwrap().style(), CollectionStyle::Flow);
        assert_eq!(value.get("c").unwrap().tag(), Tag::None);
    }

    #[test]
    fn places_stay_and_keys_become_text() {
        let sources = Sources::new();
        let mut root = document(&sources, "b: 0x10\n1: {a: 'x'}\n").unwrap();
        let spans = |root: &Node, number: &str| {
            let spans = [
                root.get("b"),
                root.get(number),
                root.get(number).and_then(|inner| inner.get("a")),
            ];
            spans.map(|node| node.unwrap().span())
        };
        let before = spans(&root, "1");
        json_passage(&mut root).unwrap();
        assert_eq!(spans(&root, "1"), before);
        let (key, _) = root.as_mapping().unwrap().get_entry("1").unwrap();
        assert_eq!(
            (key.style(), sources.locate(key.span()).unwrap().line),
            (Style::DoubleQuoted, 2)
        );
    }

    /// A copy that was never passed.
    fn fresh(node: &Node) -> Node {
        match node.view() {
            View::Scalar(scalar) => Node::sharing(scalar.clone(), node.share()),
            View::Sequence(Sequence { items, span, style, tag, .. }) => {
                let items = items.iter().map(fresh).collect();
                let (span, style, tag) = (*span, *style, *tag);
                Sequence { items, span, style, tag, steady: false }.into()
            }
            View::Mapping(mapping) => {
                let entries = mapping.iter().map(|(key, value)| (key.clone(), fresh(value)));
                let entries = entries.collect::<Vec<_>>().into();
                let Mapping { span, style, tag, .. } = *mapping;
                Mapping { entries, span, style, tag, steady: false }.into()
            }
        }
    }

    /// Passes a document again and again, with changes in between: each time as one that was never passed.
    fn passes_as_a_fresh_one(text: &str, changes: &[(usize, &str)]) {
        let source = Sources::new().add("input.yaml", text).unwrap();
        let Ok(documents) = crate::yaml::parse::documents(&source) else { return };
        let Some(mut root) = documents.into_iter().next().map(|document| document.root) else {
            return;
        };
        for (place, new) in changes.iter().chain([&(0, ""), &(1, "x"), &(0, "\ty")]) {
            let mut again = fresh(&root);
            let expected = json_passage(&mut again);
            let outcome = json_passage(&mut root);
            assert_eq!(
                outcome.map_err(|error| error.code()),
                expected.map_err(|error| error.code())
            );
            assert_eq!(root, again, "{text}");
            put(&mut root, *place, new);
        }
    }

    /// Adds a child to one of the collections.
    fn put(root: &mut Node, number: usize, text: &str) {
        let (mut ways, mut pending) = (Vec::new(), vec![(Vec::new(), &*root)]);
        while let Some((way, node)) = pending.pop() {
            let below = node.children().enumerate();
            let below = below.map(|(at, child)| ([&*way, &[at]].concat(), child));
            pending.extend(below.filter(|(_, child)| child.kind() != Kind::Scalar));
            ways.push(way);
        }
        let Some(node) = root.at_mut(&ways[number % ways.len()]) else { return };
        let value = Node::from(Scalar::parsed(text, Tag::None, Style::DoubleQuoted, Span::NONE));
        if let Some(list) = node.as_sequence_mut() {
            list.items_mut().push(value);
        } else if let Some(mapping) = node.as_mapping_mut() {
            mapping.insert(Scalar::untagged(text, Span::NONE), value);
        }
    }

    #[test]
    fn what_passed_before_passes_as_if_it_had_not() {
        for text in [
            "a: {b: [x, {c: 'on', d: [\"\\tx\"]}]}\nb: [1, -0.0, 0x1F, ~, '']\n",
            "a: {\"\\ty\": 1, z: {a: 1}}\nb: {a: {b: {c: d}}}\n",
            "a: &x {k: [1.50]}\nb: *x\nc: {<<: *x, 1: 2}\n",
            "a:\n  b: |\n    x\n    y\n  c: >-\n    x\n    y\n  d: [\"a\\nb\", {e: \"c\\nd\"}]\n",
            "- {b: 1, a: 2}\n- !!str 1\n- []\n- {}\n- !local {a: b}\n",
        ] {
            passes_as_a_fresh_one(text, &[(0, "a"), (1, "b"), (2, "1"), (3, "on"), (4, "\ta")]);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None, ..Default::default()
        })]

        #[test]
        fn anything_that_passed_before_passes_as_if_it_had_not(
            text in "a: [a0~ \n:?#&*!|'\"<{}\\[\\],.-]{0,80}",
            changes in proptest::collection::vec((0_usize..9, "[a0~ \t\n'<.-]{0,4}"), 0..4),
        ) {
            let changes: Vec<_> = changes.iter().map(|(place, text)| (*place, &**text)).collect();
            passes_as_a_fresh_one(&text, &changes);
        }
    }

    #[test]
    fn a_failure_leaves_the_document() {
        for (text, code) in [
            ("a: 1\nb: {c: 1, c: 2}", Code::DuplicateKey),
            ("a: .inf", Code::UnrepresentableValue),
            ("a: {1: b}", Code::InvalidKey),
            ("a: \"\\tb\\n\"", Code::UnrepresentableValue),
        ] {
            let mut root = document(&Sources::new(), text).unwrap();
            let before = root.clone();
            assert_eq!(json_passage(&mut root).unwrap_err().code(), code);
            assert_eq!(root, before);
        }
    }
}
