//! The changes of an object as lines of its text, with the unchanged lines around them.
//!
//! The old text is the new one with the changes of a group taken back. Other differences of the object, which are told by
//! other groups or not at all, are not in it.

use std::ops::Range;

use super::compare::{Change, What};
use super::lines::{Hunk, hunks};
use super::path::{Path, Step};
use super::{Group, Review, list, text_of};
use crate::schema::{Schema, Type};
use crate::source::{Source, Span};
use crate::yaml::{Node, parse};

/// Changes that are near each other, with the lines around them.
pub(crate) struct Around {
    /// The path that the first change is below, or of a long value in which it is; empty for a field at the top.
    pub(crate) path: String,
    /// The lines.
    pub(crate) hunk: Hunk,
}

/// Unchanged lines on both sides of a change.
const CONTEXT: usize = 3;
/// Lines of an object, above which it has no lines around its changes.
const MOST_LINES: usize = 20_000;

impl Review {
    /// The changes of a group as lines of the first of its objects. `None` if the review does not
    /// [keep](super::Options::around) what it takes, or if a change is none of lines: of the order of a list, or of a name that
    /// follows another one. Linear in the text of the object.
    #[must_use]
    pub(crate) fn around(&self, group: &Group) -> Option<Vec<Around>> {
        let [Some(before), Some(after)] = &group.object.nodes else { return None };
        let (target, _) = group.members.first()?;
        let sides = [Text::of(before)?, Text::of(after)?];
        let schema = &self.targets.get(*target)?.schema;
        let kinds = sides.each_ref().map(|side| side.kind(schema));
        let changes: Vec<&Change> =
            group.object.changes.iter().filter(|change| change.follows.is_none()).collect();
        let edits = changes.into_iter().map(|change| Edit::of(change, &sides, kinds));
        let mut edits = edits.collect::<Option<Vec<Edit<'_>>>>()?;
        if edits.is_empty() {
            return None;
        }
        edits.sort_by_key(|edit| (edit.after.start, edit.after.end));
        let [before, after] = &sides;
        let mut old = String::with_capacity(after.text.len());
        let mut next = 0;
        for edit in &edits {
            // Changes of a list whose elements have no names may be in each other.
            if edit.after.start < next {
                return None;
            }
            old += after.lines(&(next..edit.after.start));
            old += before.lines(&edit.before);
            next = edit.after.end;
        }
        old += after.lines(&(next..after.count()));
        let around = |hunk: Hunk| {
            let is_in = |edit: &&Edit| {
                edit.after.end >= hunk.after.start && edit.after.start <= hunk.after.end
            };
            let first = edits.iter().find(is_in);
            let path = first.map(|edit| edit.heading(hunk.after.start)).unwrap_or_default();
            Around { path, hunk }
        };
        Some(hunks(&old, &after.text, CONTEXT).into_iter().map(around).collect())
    }
}

/// The text of an object with the places of its fields.
struct Text {
    text: String,
    root: Node,
    /// The address of the text.
    base: u32,
    /// The offsets of the lines, and the length.
    starts: Vec<usize>,
}

impl Text {
    fn of(node: &Node) -> Option<Self> {
        let text = text_of(node) + "\n";
        let source = Source::detached(&text);
        let root = parse::document(&source).ok()??.root;
        let breaks = text.match_indices('\n').map(|(place, _)| place + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(breaks).collect();
        (starts.len() <= MOST_LINES).then_some(Self { root, base: source.base(), starts, text })
    }

    fn kind<'s>(&self, schema: &'s Schema) -> Option<Type<'s>> {
        let text = |key: &str| self.root.get(key).and_then(Node::as_text).unwrap_or_default();
        schema.of(text("apiVersion"), text("kind"))
    }

    fn count(&self) -> usize {
        self.starts.len() - 1
    }

    fn lines(&self, lines: &Range<usize>) -> &str {
        let at = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        self.text.get(at(lines.start)..at(lines.end)).unwrap_or_default()
    }

    /// The line of the beginning of a span.
    fn line(&self, span: Span) -> Option<usize> {
        let offset = span.start().checked_sub(self.base).filter(|_| !span.is_none())? as usize;
        self.starts.partition_point(|start| *start <= offset).checked_sub(1)
    }

    fn top<'t>(&'t self, kind: Option<Type<'t>>) -> Place<'t> {
        Place { node: &self.root, lines: 0..self.count(), kind, field: None }
    }

    /// The places of the children of a field, each with its step.
    fn children<'t>(&'t self, place: &Place<'t>, side: usize) -> Option<Vec<(Step, Place<'t>)>> {
        let mut children: Vec<(Step, Place<'t>)> = Vec::new();
        let mut add = |step: Step, node: &'t Node, span: Span, kind, field| {
            let line = self.line(span)?;
            if let Some((_, last)) = children.last_mut() {
                last.lines.end = line;
            }
            children.push((step, Place { node, lines: line..place.lines.end, kind, field }));
            Some(())
        };
        for (key, value) in place.node.entries() {
            let name = key.text();
            let kind = place.kind.and_then(|kind| kind.field(name));
            add(Step::Key(name.into()), value, key.span(), kind, Some(name))?;
        }
        let items = place.node.items();
        let names = list::names(items, place.field, place.kind.and_then(Type::merge_keys));
        for (number, item) in items.iter().enumerate() {
            let step = match &names {
                Some(names) => Step::Item(names.get(number)?.as_str().into()),
                None if side == 0 => Step::Index(Some(number), None),
                None => Step::Index(None, Some(number)),
            };
            add(step, item, item.span(), place.kind.and_then(Type::elements), None)?;
        }
        Some(children)
    }

    /// The child at a step.
    fn child<'t>(&'t self, place: &Place<'t>, step: &Step, side: usize) -> Option<Place<'t>> {
        let is_meant = |other: &Step| match (step, other) {
            (Step::Index(before, _), Step::Index(found, None)) => before == found,
            (Step::Index(_, after), Step::Index(None, found)) => after == found,
            _ => step == other,
        };
        let children = self.children(place, side)?;
        children.into_iter().find(|(step, _)| is_meant(step)).map(|(_, place)| place)
    }
}

/// A field in the text of an object.
struct Place<'t> {
    node: &'t Node,
    /// Its lines, with its key.
    lines: Range<usize>,
    kind: Option<Type<'t>>,
    /// The key of the field.
    field: Option<&'t str>,
}

/// Lines of the new text that replace lines of the old one.
struct Edit<'a> {
    path: &'a Path,
    before: Range<usize>,
    after: Range<usize>,
}

impl<'a> Edit<'a> {
    /// The path to show above lines from this one on.
    fn heading(&self, first: usize) -> String {
        let above = self.path.cut().map(|(above, _)| above);
        let above = above.filter(|_| self.after.start >= first);
        above.as_ref().unwrap_or(self.path).to_string()
    }

    fn of(change: &'a Change, sides: &[Text; 2], kinds: [Option<Type<'_>>; 2]) -> Option<Self> {
        let (last, above) = change.path.steps().split_last()?;
        let above_place = |side: usize| {
            let text = &sides[side];
            above
                .iter()
                .try_fold(text.top(kinds[side]), |place, step| text.child(&place, step, side))
        };
        // The place of a value, if it is the one that has changed: masks and an other order hide it.
        let place = |side: usize, value: &Node| {
            let place = sides[side].child(&above_place(side)?, last, side)?;
            (text_of(place.node) == text_of(value)).then_some(place.lines)
        };
        let (before, after) = match &change.what {
            What::Changed(old, new) => (place(0, old)?, place(1, new)?),
            What::Added(new) => {
                let after = place(1, new)?;
                (0..0, after)
            }
            What::Removed(old) => {
                let before = place(0, old)?;
                let line = gap(sides, [&above_place(0)?, &above_place(1)?], last)?;
                (before, line..line)
            }
            What::Reordered(..) => return None,
        };
        Some(Self { path: &change.path, before, after })
    }
}

/// The line of the new text at which a field was that is gone: behind the nearest one before it that is still there.
fn gap(sides: &[Text; 2], [before, after]: [&Place<'_>; 2], gone: &Step) -> Option<usize> {
    let old = sides[0].children(before, 0)?;
    let new = sides[1].children(after, 1)?;
    if let Step::Index(place, _) = gone {
        let place = new.get((*place)?).map_or(after.lines.end, |(_, next)| next.lines.start);
        return Some(place);
    }
    let earlier = old.iter().rev().skip_while(|(step, _)| step != gone).skip(1);
    let near = earlier.filter_map(|(step, _)| new.iter().find(|(other, _)| other == step)).next();
    Some(match (near, new.first()) {
        (Some((_, near)), _) => near.lines.end,
        (None, Some((_, first))) => first.lines.start,
        (None, None) => after.lines.end,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diff::tests::{renders, target};
    use crate::diff::{Masking, Options, TargetReview};

    fn reviewed(before: &str, after: &str) -> Review {
        let options =
            Options { mask: Some(Masking::new("key")), around: true, ..Options::default() };
        Review::of(vec![TargetReview::of(&target(before, after), &options)], &options)
    }

    /// The lines of all groups, with the path above each hunk.
    fn drawn(before: &str, after: &str) -> String {
        let review = reviewed(before, after);
        let hunks = review.groups.iter().flat_map(|group| review.around(group).unwrap());
        let hunk = |Around { path, hunk }: Around| {
            let lines = hunk.lines.into_iter();
            let lines = lines.map(|(mark, line)| format!("{}{line}\n", mark.symbol()));
            format!("@{path}\n{}", lines.collect::<String>())
        };
        hunks.map(hunk).collect()
    }

    const WORKLOAD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    spec:
      containers:
      - image: web:1
        name: web
        resources:
          limits:
            cpu: 1
          requests:
            memory: 1Gi
      - image: log:1
        name: log
";

    #[test]
    fn changes_have_lines_around_them() {
        let after = WORKLOAD
            .replace("replicas: 2", "replicas: 3")
            .replace("          limits:\n            cpu: 1\n", "")
            .replace("        name: log", "        imagePullPolicy: Always\n        name: log");
        assert_eq!(
            drawn(WORKLOAD, &after),
            "\
@spec
 metadata:
   name: web
 spec:
-  replicas: 2
+  replicas: 3
   selector:
     matchLabels:
       app: web
@spec.template.spec.containers[web]
       - image: web:1
         name: web
         resources:
-          limits:
-            cpu: 1
           requests:
             memory: 1Gi
       - image: log:1
+        imagePullPolicy: Always
         name: log
"
        );
    }

    #[test]
    fn long_values_have_the_lines_that_differ() {
        let config = |fifth: &str| {
            let lines: String = (0..9)
                .map(|number| {
                    format!(
                        "    {}\n",
                        if number == 5 { fifth.to_owned() } else { format!("line {number}") }
                    )
                })
                .collect();
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a.txt: |\n{lines}  b: x\n"
            )
        };
        let lines = drawn(&config("old"), &config("new"));
        assert_eq!(
            lines,
            "@data[a.txt]\n     line 2\n     line 3\n     line 4\n-    old\n+    new\n     line 6\n     line 7\n     line 8\n"
        );
    }

    /// A value that another object of the run has as a Secret is not shown around a change either.
    #[test]
    fn lines_around_have_masks() {
        let text = |image: &str| {
            format!(
                "{}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: hunter2-secret}}\n",
                WORKLOAD.replace(
                    "image: web:1",
                    &format!("args: [--key=hunter2-secret]\n        image: {image}")
                )
            )
        };
        let lines = drawn(&text("web:1"), &text("web:2"));
        assert!(lines.contains("--key=masked-") && !lines.contains("hunter2"), "{lines}");
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_new_object((before, after) in renders()) {
            let review = reviewed(&before, &after);
            for group in &review.groups {
                let Some(hunks) = review.around(group) else { continue };
                let text = text_of(group.object.nodes[1].as_ref().unwrap());
                let lines: Vec<&str> = text.lines().collect();
                for Around { hunk, .. } in hunks {
                    let new = hunk.lines.iter().filter(|(mark, _)| *mark != super::super::lines::Mark::Removed);
                    let new: Vec<&str> = new.map(|(_, line)| line.as_str()).collect();
                    prop_assert_eq!(&lines[hunk.after.clone()], &new[..]);
                }
            }
        }
    }
}
