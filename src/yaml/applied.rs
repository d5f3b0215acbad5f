//! Documents that are applied as they are, as kubectl reads them: by the rules of YAML 1.1 (sigs.k8s.io/yaml, go-yaml v2).

use std::collections::BTreeSet;
use std::mem::take;

use super::emit::push_integer;
use super::node::{Node, Scalar, Style};
use super::scalar::number::push_general;
use super::scalar::{Value, resolve, resolve_1_1};
use crate::error::Result;
use crate::limits::Budget;

/// A collection whose children are being read.
struct Open<'a> {
    node: &'a Node,
    /// The position of the next child.
    next: usize,
    /// The collection with the children that differ so far.
    changed: Option<Node>,
}

/// Writes `true` and `false` for the words that only YAML 1.1 reads as booleans (`yes`, `on`, `n`), which kubectl sends to
/// a cluster as booleans. kustomize takes them for texts, and writes them in quotes. A key that is a boolean or a number becomes
/// the text that kubectl makes of its value: `true` of `y`, `16` of `0x10`. Spans stay. (kubectl 1.32; the values of numbers mean
/// the same to both.)
///
/// # Errors
/// `Code::LimitExceeded` if copies of what several aliases share are too large. Linear.
pub fn as_applied(root: &mut Node, budget: &Budget) -> Result<()> {
    if let Some(scalar) = root.as_scalar() {
        if let Some(boolean) = boolean(scalar) {
            *root = boolean;
        }
        return Ok(());
    }
    let mut changed = None;
    let mut open = vec![Open { node: root, next: 0, changed: None }];
    while let Some(top) = open.last_mut() {
        let position = top.next;
        top.next += 1;
        let Some(child) = top.node.child(position) else {
            let whole = match open.pop() {
                Some(done) => done.with_text_keys(budget)?,
                None => None,
            };
            match (open.last_mut(), whole) {
                (Some(above), Some(whole)) => above.set(above.next - 1, whole, budget)?,
                (None, whole) => changed = whole,
                (Some(_), None) => {}
            }
            continue;
        };
        match child.as_scalar() {
            None => open.push(Open { node: child, next: 0, changed: None }),
            Some(scalar) => {
                if let Some(boolean) = boolean(scalar) {
                    top.set(position, boolean, budget)?;
                }
            }
        }
    }
    if let Some(changed) = changed {
        *root = changed;
    }
    Ok(())
}

/// The approximate size of a child in memory.
const SIZE_OF_CHILD: usize = 48;

impl Open<'_> {
    fn set(&mut self, position: usize, child: Node, budget: &Budget) -> Result<()> {
        let mut node = self.changed(budget)?;
        if let Some(place) = node.child_mut(position) {
            *place = child;
        }
        self.changed = Some(node);
        Ok(())
    }

    /// The collection with the children that differ, or a copy.
    fn changed(&mut self, budget: &Budget) -> Result<Node> {
        if let Some(changed) = take(&mut self.changed) {
            return Ok(changed);
        }
        let children = self.node.items().len() + self.node.entries().len();
        budget.bytes(children.saturating_mul(SIZE_OF_CHILD), self.node.span())?;
        Ok(self.node.clone())
    }

    /// The collection, if its children differ or its keys are not texts, which they are then. Of keys with the same text, the last
    /// one stays.
    fn with_text_keys(mut self, budget: &Budget) -> Result<Option<Node>> {
        if self.node.entries().iter().all(|(key, _)| text_key(key).is_none()) {
            return Ok(self.changed);
        }
        let mut node = self.changed(budget)?;
        if let Some(mapping) = node.as_mapping_mut() {
            let mut seen = BTreeSet::new();
            let entries = mapping.entries_mut();
            for (key, _) in entries.iter_mut() {
                *key = text_key(key).unwrap_or_else(|| key.clone());
            }
            entries.reverse();
            entries.retain(|(key, _)| seen.insert(key.text().to_owned()));
            entries.reverse();
        }
        Ok(Some(node))
    }
}

/// The text of a key that is no text, by the rules of sigs.k8s.io/yaml; `None` for a text, and for what it refuses.
fn text_key(key: &Scalar) -> Option<Scalar> {
    let mut text = String::new();
    match resolve_1_1(key).ok()? {
        Value::Bool(is_true) => text.push_str(if is_true { "true" } else { "false" }),
        Value::Int(integer) => push_integer(integer, &mut text),
        Value::Uint(integer) => push_integer(integer, &mut text),
        Value::Float(float) if float.is_finite() => push_general(float, &mut text),
        Value::Float(_) | Value::Null | Value::Str(_) | Value::Timestamp(_) => return None,
    }
    Some(Scalar::string(&text, key.span()))
}

/// The boolean that a scalar is by YAML 1.1 only.
fn boolean(scalar: &Scalar) -> Option<Node> {
    match resolve_1_1(scalar) {
        Ok(Value::Bool(is_true)) if !matches!(resolve(scalar), Ok(Value::Bool(_))) => {
            let text = if is_true { "true" } else { "false" };
            Some(Scalar::parsed(text, scalar.tag(), Style::Plain, scalar.span()).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Limit, Limits};
    use crate::source::Source;
    use crate::yaml::parse;

    fn read(text: &str) -> Node {
        let mut root = parse::document(&Source::detached(text)).unwrap().unwrap().root;
        as_applied(&mut root, &Budget::new(Limits::default())).unwrap();
        root
    }

    #[test]
    fn words_are_booleans() {
        let words = ["yes", "On", "y", "ON", "n", "NO", "Off", "!!bool yes", "!!bool 'N'"];
        for (place, word) in words.into_iter().enumerate() {
            let root = read(&format!("a: [{{b: {word}}}]"));
            let value = root.get("a").unwrap().child(0).unwrap().get("b").unwrap();
            let is_true = place < 4 || word == "!!bool yes";
            let value = value.as_scalar().unwrap();
            assert_eq!(resolve(value).unwrap(), Value::Bool(is_true), "{word}");
        }
        for word in ["'yes'", "\"on\"", "!!str y", "oN", "yess", "010", "0b0", "true", "~"] {
            let text = format!("a: [{word}]");
            let before = parse::document(&Source::detached(&text)).unwrap().unwrap().root;
            assert_eq!(read(&text), before, "{word}");
        }
        assert_eq!(read("yes").as_text(), Some("true"));
    }

    #[test]
    fn keys_are_texts() {
        for (text, expected) in [
            ("{y: a, 'n': b, On: c}", "n=b true=c"),
            ("{0x10: a, 010: b, 1_0: c, .5: d, 1e30: e}", "16=a 8=b 10=c 0.5=d 1e+30=e"),
            ("{y: 1, \"true\": 2, z: 3}", "true=2 z=3"),
            ("{off: yes}", "false=true"),
            ("{1:30: a, 2001-01-01: b, '1': c}", "1:30=a 2001-01-01=b 1=c"),
        ] {
            let root = read(&format!("a: [{text}]"));
            let inner = root.get("a").unwrap().child(0).unwrap();
            let entries = inner.entries().iter();
            let drawn = entries.map(|(key, value)| {
                assert!(matches!(resolve_1_1(key), Ok(Value::Str(_))), "{text}");
                format!("{}={}", key.text(), value.as_text().unwrap())
            });
            assert_eq!(drawn.collect::<Vec<_>>().join(" "), expected);
        }
    }

    #[test]
    fn spans_and_shared_collections_stay() {
        let text = "a: &a {b: &b [1, 2]}\nc: [*a, *b, yes]\nd: &d {e: no}\nf: *d";
        let root = read(text);
        let at = |keys: &[&str]| root.get_path(keys).unwrap();
        let yes = at(&["c"]).child(2).unwrap();
        assert_eq!((yes.as_text(), yes.span().length()), (Some("true"), 3));
        for keys in [["d", "e"], ["f", "e"]] {
            assert_eq!(at(&keys).as_text(), Some("false"));
        }
    }

    #[test]
    fn depth_costs_no_stack_and_aliases_are_charged() {
        let depth = 9_000;
        let text = format!("{}yes{}", "[".repeat(depth), "]".repeat(depth));
        let mut node = &read(&text);
        while let Some(child) = node.child(0) {
            node = child;
        }
        assert_eq!(node.as_text(), Some("true"));
        let list = |of: &str| vec![of; 40].join(", ");
        let text = format!(
            "a: &a [{}]\nb: &b [{}]\nc: &c [{}]\nd: [{}]",
            list("yes"),
            list("*a"),
            list("*b"),
            list("*c")
        );
        let mut root = parse::document(&Source::detached(&text)).unwrap().unwrap().root;
        let limits = Limits::default().with(Limit::Bytes, 1_000_000);
        assert!(as_applied(&mut root, &Budget::new(limits)).is_err());
    }
}
