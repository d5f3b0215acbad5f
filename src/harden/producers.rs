//! Objects that controllers create: the Secret of an `ExternalSecret`, the Service of a database, and so on.

use std::sync::LazyLock;

use crate::resource::Resource;
use crate::text::wildcard::fits;
use crate::yaml::Node;

/// The kinds of objects that create others, in a text with a line for each.
const TEXT: &str = include_str!("data/producers.txt");

static BUILT_IN: LazyLock<Vec<Producer>> =
    LazyLock::new(|| TEXT.lines().filter_map(Producer::parse).collect());

/// The producers that are built in, in the order of their kinds.
pub(super) fn built_in() -> &'static [Producer] {
    &BUILT_IN
}

/// Creation of an object by a controller, for each object of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// The group of the kind; `*` for any, `-` for objects that exist in every namespace.
    pub group: String,
    /// The kind; `*` for any.
    pub kind: String,
    /// The kind of the object that is created.
    pub makes: String,
    /// Its name: text, `*` for any text, and fields of the creating object in braces.
    pub name: String,
    /// Its namespace, in the same form; empty for that of the creating object, `*` for any.
    pub namespace: String,
    /// Annotations and labels of which the creating object must have one; empty for no condition.
    pub with: Vec<String>,
    /// A pattern of images of which one of its containers must have one; empty for no condition.
    pub image: String,
}

impl Producer {
    /// Reads a line; `None` for comments.
    fn parse(line: &str) -> Option<Self> {
        let mut columns = line.split_whitespace().filter(|_| !line.starts_with('#'));
        let mut next = || columns.next();
        let (group, kind) = (next()?.trim_matches('"'), next()?);
        let (makes, name, namespace) = (next()?, next()?, next().unwrap_or("."));
        let condition = next().unwrap_or_default();
        let with = condition.strip_prefix("with=").unwrap_or_default();
        Some(Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
            makes: makes.to_owned(),
            name: name.to_owned(),
            namespace: namespace.trim_matches('.').to_owned(),
            with: with.split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect(),
            image: condition.strip_prefix("image=").unwrap_or_default().to_owned(),
        })
    }

    /// True for an object that exists in every namespace.
    pub(super) fn is_everywhere(&self) -> bool {
        self.group == "-"
    }

    /// The names that it gives, with their namespaces; `None` as a namespace stands for that of the object, `*` for any.
    /// Empty if the object is of another kind. `images` returns those of its containers.
    pub(super) fn names<'i>(
        &self,
        object: &Resource,
        images: impl FnOnce() -> &'i [&'i str],
    ) -> Vec<(Option<String>, String)> {
        let is_of = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        if !is_of(&self.kind, object.kind()) || !is_of(&self.group, &object.gvk().group) {
            return Vec::new();
        }
        let has = |key: &String| {
            object.annotations().chain(object.labels()).any(|(name, _)| name == key.as_str())
        };
        if !self.with.is_empty() && !self.with.iter().any(has) {
            return Vec::new();
        }
        if !self.image.is_empty() && !images().iter().any(|image| fits(&self.image, image)) {
            return Vec::new();
        }
        let names = filled(&self.name, object.node());
        if names.is_empty() || self.namespace.is_empty() {
            return names.into_iter().map(|name| (None, name)).collect();
        }
        let namespace = filled(&self.namespace, object.node()).into_iter().next();
        names.into_iter().map(|name| (namespace.clone(), name)).collect()
    }
}

/// The images of the containers in the template of an object.
pub(super) fn images(object: &Resource) -> Vec<&str> {
    values("spec.template.spec.containers.*.image", object.node())
}

/// The texts that result from a form with fields in braces: several if a field is in a list, none if it is missing.
fn filled(form: &str, root: &Node) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        let (fields, after) = after.split_once('}').unwrap_or((after, ""));
        let values = fields.split('|').map(|field| values(field, root));
        let values = values.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        if values.is_empty() {
            return Vec::new();
        }
        let every = |text: String| {
            let with = move |value: &&str| [&*text, before, value].concat();
            values.iter().map(with).collect::<Vec<_>>()
        };
        texts = texts.into_iter().flat_map(every).collect();
        rest = after;
    }
    texts.iter_mut().for_each(|text| text.push_str(rest));
    texts
}

/// The values of a field; `*` stands for each element of a list, or each value of a mapping.
fn values<'n>(field: &str, root: &'n Node) -> Vec<&'n str> {
    let (mut one, mut rest) = (root, field);
    // Up to a list there is one node.
    loop {
        let (key, after) = first(rest);
        if matches!(key, "" | "*") {
            break;
        }
        let Some(next) = one.get(key) else { return Vec::new() };
        (one, rest) = (next, after);
    }
    let mut nodes = vec![one];
    while !rest.is_empty() && !nodes.is_empty() {
        let (key, after) = first(rest);
        rest = after;
        nodes = match key {
            "*" => nodes.into_iter().flat_map(Node::children).collect(),
            key => nodes.into_iter().filter_map(|node| node.get(key)).collect(),
        };
    }
    let texts = nodes.into_iter().filter(|node| !node.is_null()).filter_map(Node::as_text);
    texts.filter(|text| !text.is_empty()).collect()
}

/// The first key of a field, and the rest behind it.
fn first(field: &str) -> (&str, &str) {
    let (key, after) = match field.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or((rest, "")),
        None => field.find('.').map_or((field, ""), |end| field.split_at(end)),
    };
    (key, after.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::resource;

    fn named(line: &str, object: &str) -> Vec<(Option<String>, String)> {
        let object = resource(object);
        let images = images(&object);
        Producer::parse(line).unwrap().names(&object, || &images)
    }

    #[test]
    fn names_come_from_fields() {
        let object = "{apiVersion: a/v1, kind: A, metadata: {name: x, annotations: {d.e/f: y}}, spec: {l: [{n: p}, {n: q}], s: z}}";
        let names = |form: &str| {
            let found = named(&format!("a A Secret {form}"), object).into_iter();
            found.map(|(_, name)| name).collect::<Vec<_>>()
        };
        assert_eq!(names("{metadata.name}-app"), ["x-app"]);
        assert_eq!(names("{spec.l.*.n}-{metadata.name}"), ["p-x", "q-x"]);
        assert_eq!(names("{metadata.annotations.[d.e/f]}"), ["y"]);
        assert_eq!(names("{spec.t|spec.s}"), ["z"]);
        assert_eq!(names("{spec.t}-a"), [""; 0]);
    }

    #[test]
    fn conditions_hold() {
        let object =
            "{apiVersion: a/v1, kind: A, metadata: {name: x, labels: {k: v}}, spec: {ns: n}}";
        let found = |line: &str| named(line, object).len();
        assert_eq!(found("a A Secret {metadata.name} * with=k"), 1);
        assert_eq!(found("a A Secret {metadata.name} * with=l"), 0);
        assert_eq!(found("b A Secret {metadata.name}"), 0);
        let deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template: {spec: {containers: [{image: 'e.com/maker:1'}]}}}}";
        let made = |line: &str| named(line, deployment).len();
        assert_eq!(made("apps Deployment Secret tls . image=*/maker*"), 1);
        assert_eq!(made("apps Deployment Secret tls . image=*/other*"), 0);
        let somewhere = named("* * Secret {metadata.name} {spec.ns}", object);
        assert_eq!(somewhere, [(Some("n".to_owned()), "x".to_owned())]);
    }

    #[test]
    fn the_table_is_well_formed() {
        for line in TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let one = Producer::parse(line).unwrap();
            assert!(
                one.is_everywhere() || one.name.contains('{') || !one.name.is_empty(),
                "{line}"
            );
            assert_eq!(one.name.matches('{').count(), one.name.matches('}').count(), "{line}");
        }
    }
}
