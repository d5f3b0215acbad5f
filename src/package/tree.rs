//! Resources drawn as a tree: by the folders of their files, or by their owners.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::annotations::PATH;
use super::find::{FieldPath, Found, in_flow, parts, text_of};
use super::meta::{Meta, annotation, field};
use super::{Item, format};
use crate::error::{Code, Error, Result};
use crate::index::Index;
use crate::limits::{Budget, Limit};
use crate::source::Span;
use crate::text::escape;

/// The structure of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// The folders of files.
    Folders,
    /// The owners of resources.
    Owners,
}

impl Structure {
    /// The structure for resources: by owners if one of them has owners.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let has_owner = |item: &Item| {
            field(&item.root, "metadata").and_then(|it| field(it, "ownerReferences")).is_some()
        };
        if items.iter().any(has_owner) { Self::Owners } else { Self::Folders }
    }
}

/// A field that is shown below each resource that has it.
#[derive(Debug)]
pub struct TreeField {
    path: FieldPath,
    /// The name of the field, or of the list of containers that it is in.
    name: String,
    /// The name in its container; empty for a field outside of containers.
    below: String,
}

/// Lists of containers, whose fields are shown together for each container.
const CONTAINERS: [&str; 3] = [
    "spec.template.spec.containers",
    "spec.jobTemplate.spec.template.spec.containers",
    "spec.containers",
];

impl TreeField {
    /// Reads the path of a field.
    ///
    /// # Errors
    /// Those of [`FieldPath::parse`].
    pub fn parse(path: &str, budget: &Budget) -> Result<Self> {
        let parts = parts(path)?;
        let whole = parts.join(".");
        let list = CONTAINERS.iter().find(|list| whole.starts_with(**list));
        let (name, below) = match (list, parts.last()) {
            (Some(list), Some(last)) => ((*list).to_owned(), last.clone()),
            _ => (whole, String::new()),
        };
        Ok(Self { path: FieldPath::of(&parts, budget)?, name, below })
    }

    /// A field of all containers.
    ///
    /// # Errors
    /// As [`TreeField::parse`].
    pub fn of_containers(name: &str, budget: &Budget) -> Result<Vec<Self>> {
        let lists = ["spec", "spec.template.spec", "spec.jobTemplate.spec.template.spec"];
        let path =
            |list: &str| Self::parse(&format!("{list}.containers[name=\\.*].{name}"), budget);
        lists.into_iter().map(path).collect()
    }
}

/// A tree of resources as text.
///
/// # Errors
/// Those of following the paths of fields, [`Code::InvalidValue`] for an owner that is not there,
/// [`Code::Cycle`] for one that is its own, and [`Code::LimitExceeded`].
pub fn tree(
    items: &[Item],
    structure: Structure,
    fields: &[TreeField],
    root: &Root<'_>,
    budget: &Budget,
) -> Result<String> {
    let mut drawing = Drawing { nodes: Vec::new(), budget };
    match structure {
        Structure::Folders => drawing.folders(items, fields, root)?,
        Structure::Owners => drawing.owners(items, fields)?,
    }
    drawing.text()
}

/// The top of a tree of folders.
pub struct Root<'a> {
    /// Its name.
    pub name: &'a str,
    /// True for a folder, relative to it, that is a package of its own.
    pub is_package: &'a dyn Fn(&str) -> bool,
}

/// The sort key of a resource in a tree.
fn place(item: &Item) -> [String; 5] {
    let Meta { api_version, kind, namespace, name } = Meta::of(&item.root);
    let path = annotation(&item.root, PATH.internal).unwrap_or_default();
    [base(path), namespace, name, kind, api_version].map(str::to_owned)
}

/// The last name of a path, as Go has it.
fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    if path.is_empty() { "." } else { path.rsplit('/').next().unwrap_or(path) }
}

/// The lines of a tree, before they are drawn.
struct Drawing<'b> {
    nodes: Vec<DrawnNode>,
    /// Charged for each node: resources of one name that own each other are drawn many times.
    budget: &'b Budget,
}

struct DrawnNode {
    text: String,
    children: Vec<usize>,
}

impl Drawing<'_> {
    /// Adds a node below another one.
    fn add(&mut self, parent: Option<usize>, text: String) -> Result<usize> {
        self.budget.spend(Limit::Bytes, 64 + text.len() as u64, Span::NONE)?;
        let number = self.nodes.len();
        self.nodes.push(DrawnNode { text, children: Vec::new() });
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(parent)) {
            parent.children.push(number);
        }
        Ok(number)
    }

    fn folders(&mut self, items: &[Item], fields: &[TreeField], root: &Root<'_>) -> Result<()> {
        let mut folders: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in items.iter().filter(|item| !Meta::of(&item.root).kind.is_empty()) {
            let path = annotation(&item.root, PATH.internal).unwrap_or_default();
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            folders.entry(folder).or_default().push(item);
        }
        let top = self.add(None, escape::visible(root.name).into_owned())?;
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (folder, mut items) in folders {
            items.sort_by_cached_key(|item| place(item));
            let branch = match folder {
                "." => top,
                _ => {
                    let mut around = Path::new(folder).ancestors().skip(1);
                    let parent = around.find_map(|it| known.get(it.to_str()?)).copied();
                    let name = escape::visible(base(folder));
                    let text = match (root.is_package)(folder) {
                        true => format!("Pkg: {name}"),
                        false => name.into_owned(),
                    };
                    let branch = self.add(Some(parent.unwrap_or(top)), text)?;
                    known.insert(folder, branch);
                    branch
                }
            };
            for item in items {
                let path = annotation(&item.root, PATH.internal).unwrap_or_default();
                self.resource(item, base(path), branch, fields)?;
            }
        }
        Ok(())
    }

    fn owners(&mut self, items: &[Item], fields: &[TreeField]) -> Result<()> {
        let key = |kind: &str, namespace: &str, name: &str| format!("{kind} {namespace}/{name}");
        let mut known: Index<String, usize> = Index::default();
        for (number, item) in items.iter().enumerate() {
            let Meta { kind, namespace, name, .. } = Meta::of(&item.root);
            known.insert(key(kind, namespace, name), number);
        }
        let mut owned: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for item in items {
            let Meta { kind, namespace, name, .. } = Meta::of(&item.root);
            let own = known.get(&key(kind, namespace, name)).copied();
            let owner = match owner(item)? {
                None => None,
                Some((kind, name, span)) => {
                    let owner = key(kind, namespace, name);
                    let found = known.get(&owner).copied();
                    Some(found.ok_or_else(|| no_owner(&owner, item, span))?)
                }
            };
            owned.entry(owner).or_default().extend(own);
        }
        let top = self.add(None, ".".to_owned())?;
        // Each entry: an owner, its place in the drawing, and those that it owns.
        let sorted = |numbers: &[usize]| {
            let mut numbers = numbers.to_vec();
            numbers.sort_by_cached_key(|number| place(&items[*number]));
            numbers.reverse();
            numbers
        };
        let mut above = vec![false; items.len()];
        let mut pending: Vec<(Option<usize>, usize, Vec<usize>)> =
            vec![(None, top, sorted(owned.get(&None).map_or(&[], Vec::as_slice)))];
        while let Some((own, branch, rest)) = pending.last_mut() {
            let (own, branch, next) = (*own, *branch, rest.pop());
            let Some(number) = next else {
                own.into_iter().for_each(|own| above[own] = false);
                pending.pop();
                continue;
            };
            let item = &items[number];
            if above[number] {
                let message = format!("`{}` owns itself", title(item));
                return Err(Error::new(Code::Cycle, message).at(item.root.span()));
            }
            let node = self.resource(item, "Resource", branch, fields)?;
            let below = owned.get(&Some(number)).map_or(&[][..], Vec::as_slice);
            above[number] = true;
            pending.push((Some(number), node, sorted(below)));
        }
        Ok(())
    }

    fn resource(
        &mut self,
        item: &Item,
        about: &str,
        branch: usize,
        fields: &[TreeField],
    ) -> Result<usize> {
        let text = format!("[{}]  {}", escape::visible(about), escape::visible(&title(item)));
        let node = self.add(Some(branch), text)?;
        let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
        for TreeField { path, name, below } in fields {
            let found = path.find(item)?;
            if found.is_empty() {
                continue;
            }
            let group = groups.entry(name).or_default();
            if below.is_empty() {
                group.value = found.first().map_or(Ok(String::new()), value)?;
                continue;
            }
            for found in &found {
                let fields = group.containers.entry(found.names.join("/")).or_default();
                fields.push((below.clone(), value(found)?));
            }
        }
        let mut groups: Vec<(&str, Group)> = groups.into_iter().collect();
        groups.sort_by(|left, right| format::order(left.0).cmp(&format::order(right.0)));
        for (name, Group { value, containers }) in groups {
            let name = escape::visible(name);
            if containers.is_empty() {
                self.add(Some(node), format!("{name}: {value}"))?;
                continue;
            }
            let list = self.add(Some(node), name.into_owned())?;
            let mut containers: Vec<_> = containers.into_iter().collect();
            containers.sort_by(|left, right| format::order(&left.0).cmp(&format::order(&right.0)));
            for (index, (_, mut fields)) in containers.into_iter().enumerate() {
                let container = self.add(Some(list), index.to_string())?;
                let key = |(name, value): &(String, String)| {
                    let (place, name) = format::order(name);
                    (place, name.to_owned(), value.clone())
                };
                fields.sort_by_cached_key(key);
                for (name, value) in fields {
                    self.add(Some(container), format!("{}: {value}", escape::visible(&name)))?;
                }
            }
        }
        Ok(node)
    }

    /// Draws the tree. Lines of a text after its first one begin in its column.
    fn text(&self) -> Result<String> {
        let mut out = String::new();
        let mut pending: Vec<(usize, String, &str)> = Vec::new();
        if let Some(top) = self.nodes.first() {
            out.extend([&*top.text, "\n"]);
            self.push_children(top, "", &mut pending);
        }
        while let Some((number, before, edge)) = pending.pop() {
            let Some(node) = self.nodes.get(number) else { continue };
            let below = if edge == LAST { "    " } else { "│   " };
            let continued = format!("{before}{below}");
            let start = out.len();
            out.extend([
                &*before,
                edge,
                " ",
                &*node.text.replace('\n', &format!("\n{continued}")),
                "\n",
            ]);
            self.budget.spend(Limit::Bytes, (out.len() - start) as u64, Span::NONE)?;
            self.push_children(node, &continued, &mut pending);
        }
        Ok(out)
    }

    fn push_children(
        &self,
        node: &DrawnNode,
        before: &str,
        pending: &mut Vec<(usize, String, &str)>,
    ) {
        let mut edge = LAST;
        for child in node.children.iter().rev() {
            pending.push((*child, before.to_owned(), edge));
            edge = "├──";
        }
    }
}

/// The mark of the last node of a branch.
const LAST: &str = "└──";

/// A field, or the fields of each container by its name.
#[derive(Default)]
struct Group {
    value: String,
    containers: BTreeMap<String, Vec<(String, String)>>,
}

/// The title of a resource.
fn title(item: &Item) -> Cow<'_, str> {
    let Meta { kind, namespace, name, .. } = Meta::of(&item.root);
    match namespace.is_empty() {
        true => format!("{kind} {name}").into(),
        false => format!("{kind} {namespace}/{name}").into(),
    }
}

/// A value on one line, if it has no line breaks.
fn value(found: &Found) -> Result<String> {
    let text = text_of(&in_flow(&found.node), &found.document, false)?;
    let lines: Vec<Cow<'_, str>> = text.trim().split('\n').map(escape::visible).collect();
    Ok(lines.join("\n"))
}

/// The kind and the name of the first owner.
fn owner(item: &Item) -> Result<Option<(&str, &str, Span)>> {
    let metadata = field(&item.root, "metadata");
    let Some(owners) = metadata.and_then(|it| field(it, "ownerReferences")) else {
        return Ok(None);
    };
    if owners.is_null() {
        return Ok(None);
    }
    let Some(list) = owners.as_sequence() else {
        return Err(super::meta::unexpected(owners, "in `metadata.ownerReferences`", "a list"));
    };
    Ok(list.items().first().map(|owner| {
        let text = |key| {
            let value = field(owner, key).filter(|value| !value.is_empty());
            value.and_then(crate::yaml::Node::as_text).unwrap_or_default()
        };
        (text("kind"), text("name"), owner.span())
    }))
}

#[cold]
fn no_owner(owner: &str, item: &Item, span: Span) -> Error {
    let message = format!(
        "`{}` is owned by `{}`, which is not there",
        escape::visible(&title(item)),
        escape::visible(owner)
    );
    Error::new(Code::InvalidValue, message)
        .at(span)
        .help("add the owner to the resources, or use `--graph-structure directory`")
}
