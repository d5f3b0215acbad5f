//! `vars`, rewritten as `replacements`.

use super::files::{Place, Texts, Touched, search};
use super::targets::{not_delimited, placeholder, shared, targets};
use super::uses::{first_use, has_use, replaced, uses};
use crate::config::{Replacement, Selector, SourceSelector, TargetSelector, Var};
use crate::edit::kustomization::Draft;
use crate::error::{Code, Error, Result};
use crate::load;
use crate::source::{Sources, Span};
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::edit::Change;
use crate::yaml::path::Path;
use crate::yaml::{Node, Scalar, Text};

/// Converts the variables of a kustomization. A variable becomes a replacement with a target for each field that contains
/// it; in the texts, `$(NAME)` becomes `NAME_PLACEHOLDER`. Variables are converted one after another, each in the texts that
/// the one before it has left. One that is not used is removed: kustomize fails for a replacement without targets.
///
/// Returns the files with their new texts, and the error for the first value with several variables: a part that contains
/// the delimiter moves the parts behind it, which only the builds show.
///
/// # Errors
/// [`Code::EditRefused`] for a field of which a variable is no part between delimiters and for a use that cannot be converted;
/// those of reading the files.
pub(super) fn convert(
    draft: &mut Draft<'_>,
    options: &load::Options,
) -> Result<(Vec<Touched>, Option<Error>)> {
    let variables = std::mem::take(&mut draft.model_mut().vars);
    let field = draft.field("vars")?;
    if variables.is_empty() {
        draft.remove(&field)?;
        return Ok((Vec::new(), None));
    }
    let searched = search(draft.model(), options)?;
    refuse_other_uses(draft, &variables, &searched)?;
    let mut files = searched.files;
    let several = several(&files, &variables, &options.sources)?;
    let (mut unused, mut converted) = (Vec::new(), Vec::new());
    for (index, variable) in variables.iter().enumerate() {
        let name = &variable.name;
        let mut found = Vec::new();
        let old = format!("$({name})");
        let new = placeholder(&old);
        for file in &mut files {
            let Some(targets) = targets(file, name, &options.sources)? else { continue };
            found.extend(targets);
            file.text = replaced(&file.text, &old, &new);
            if let Place::Inline(index) = file.place {
                replace_inline(draft, index, &old, &new)?;
            }
        }
        if found.is_empty() {
            draft.note(format!(
                "the variable {} is used in no resource and no patch: it was removed, without a replacement",
                escape::visible(name)
            ));
            unused.push(index);
            continue;
        }
        converted.push((index, Spanned::new(replacement(variable, found), Span::NONE)));
    }
    // From the end: an alias goes before its anchor.
    for (index, replacement) in converted.iter().rev() {
        rewrite(draft, &field.clone().index(*index), replacement)?;
    }
    let converted = converted.into_iter().map(|(_, replacement)| replacement);
    draft.model_mut().replacements.extend(converted);
    draft.remove_items(&field, &unused)?;
    draft.move_list("vars", "replacements")?;
    for name in variables.iter().map(|variable| &variable.name) {
        if has_use(draft.text(), &format!("$({name})")) {
            draft.note(format!(
                "$({}) stays in the kustomization file: only resources and patches are converted",
                escape::visible(name)
            ));
        }
    }
    Ok((files, several))
}

/// The error for the first value with several variables.
fn several(
    files: &[Touched],
    variables: &[Spanned<Var>],
    sources: &Sources,
) -> Result<Option<Error>> {
    let names: Vec<String> = variables.iter().map(|it| format!("$({})", it.name)).collect();
    for file in files {
        if let Some((variable, span)) = shared(file, &names, sources)? {
            return Ok(Some(not_delimited(variable, span)));
        }
    }
    Ok(None)
}

/// Refuses variables that are used where they cannot be converted: in the kustomization outside of inline patches, and in
/// texts that are only searched.
fn refuse_other_uses(
    draft: &mut Draft<'_>,
    variables: &[Spanned<Var>],
    searched: &Texts,
) -> Result<()> {
    for variable in variables {
        let variable = format!("$({})", variable.name);
        let mut found = use_outside_of_patches(draft, &variable);
        for other in &searched.others {
            if found.is_none() {
                found = other.first_use(&variable)?;
            }
        }
        let Some(span) = found else { continue };
        let shown = escape::visible(&variable);
        let message =
            format!("cannot convert all vars to replacements; `{shown}` is used here, too");
        return Err(Error::new(Code::EditRefused, message).at(span).help(
            "only resources, files of patches and inline patches of the kustomization itself are converted: write the value here, or keep the variable",
        ));
    }
    for entry in &searched.remote {
        let entry = load::without_credentials(entry);
        draft.note(format!("{entry} is not searched for variables: it is from elsewhere"));
    }
    Ok(())
}

/// The first use of a variable in the kustomization, outside of inline patches.
fn use_outside_of_patches(draft: &Draft<'_>, variable: &str) -> Option<Span> {
    let in_patch = |patch: &Node| {
        let mut entries = patch.entries().iter();
        entries.find_map(|(key, value)| match key.text().eq_ignore_ascii_case("patch") {
            true => None,
            false => first_use(value, variable),
        })
    };
    let root = draft.get(&Path::default()).map(Node::entries).unwrap_or_default();
    root.iter().find_map(|(key, value)| match key.text() {
        "patches" => value.items().iter().find_map(in_patch),
        _ => first_use(value, variable),
    })
}

/// Replaces a text in an inline patch.
fn replace_inline(draft: &mut Draft<'_>, index: usize, old: &str, new: &str) -> Result<()> {
    let patch = draft.below(&draft.field("patches")?.index(index), "patch")?;
    draft.replace_text(&patch, |text| uses(text, old).collect(), new)?;
    if let Some(patch) = draft.model_mut().patches.get_mut(index) {
        patch.value.patch.value = replaced(&patch.patch, old, new).as_str().into();
    }
    Ok(())
}

fn replacement(variable: &Var, targets: Vec<Spanned<TargetSelector>>) -> Replacement {
    let object = &variable.objref;
    let gvk = object.gvk();
    let spanned = |text: Text| Spanned::new(text, Span::NONE);
    let source = SourceSelector {
        group: spanned(gvk.group),
        version: spanned(gvk.version),
        kind: object.kind.clone(),
        name: object.name.clone(),
        namespace: object.namespace.clone(),
        field_path: variable.fieldref.field_path.clone(),
        options: None,
    };
    Replacement {
        source: Some(Spanned::new(source, Span::NONE)),
        targets: Some(targets),
        ..Replacement::default()
    }
}

/// Writes a replacement in place of a variable. Its comments stay: those of keys that a replacement has, too, at these
/// keys, and all others above the entry.
fn rewrite(draft: &mut Draft<'_>, entry: &Path, replacement: &Replacement) -> Result<()> {
    let comments = draft.comments(entry)?;
    let before = draft.clone();
    if let Err(error) = rewrite_keys(draft, entry, replacement) {
        if error.code() != Code::EditRefused {
            return Err(error);
        }
        // A part of it stands elsewhere, behind an alias.
        *draft = before;
        draft.change(&Change::Set { path: entry.steps(), value: &node(replacement) })?;
    }
    let mut kept = draft.comments(entry)?;
    let mut lost = comments;
    lost.retain(|comment| match kept.iter().position(|kept| kept == comment) {
        Some(at) => {
            kept.remove(at);
            false
        }
        None => true,
    });
    draft.comment_above(entry, &lost)
}

/// Changes the keys of a variable one after another.
fn rewrite_keys(draft: &mut Draft<'_>, entry: &Path, replacement: &Replacement) -> Result<()> {
    let source = entry.clone().keys(&["source"]);
    let object = draft.below(entry, "objref")?;
    if draft.get(&object).is_some() {
        draft.rename(&object, "source")?;
    }
    let selector = replacement.source.clone().unwrap_or_default().value;
    let of_type = draft.below(&source, "apiVersion")?;
    if draft.get(&of_type).is_some() {
        let version = draft.below(&source, "version")?;
        match draft.get(&version) {
            Some(_) => draft.remove(&of_type)?,
            None => draft.rename(&of_type, "version")?,
        }
    }
    for (key, value) in source_entries(&selector) {
        let old = draft.below(&source, key)?;
        if draft.get(&old).is_some() && old != source.clone().keys(&[key]) {
            draft.rename(&old, key)?;
        }
        let path = source.clone().keys(&[key]);
        match draft.get(&path).and_then(Node::as_text) {
            found if found.unwrap_or_default() == value.as_str() => {}
            Some(_) if value.is_empty() => draft.remove(&path)?,
            _ => draft.set(&path, &text(value))?,
        }
    }
    for gone in ["name", "fieldref"] {
        let gone = draft.below(entry, gone)?;
        draft.remove(&gone)?;
    }
    let targets = replacement.targets.iter().flatten().map(|target| of_target(target)).collect();
    let (key, value) = ("targets", &Node::sequence(targets, Span::NONE));
    draft.change(&Change::InsertEntry { path: entry.steps(), at: None, key, value })
}

fn text(value: &Text) -> Node {
    Scalar::string(value, Span::NONE).into()
}

fn mapping(entries: impl IntoIterator<Item = (&'static str, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, value)| (Scalar::string(key, Span::NONE), value));
    Node::mapping(entries.collect(), Span::NONE)
}

/// The entries of a source in the order of their keys, with those that are empty.
fn source_entries(source: &SourceSelector) -> [(&'static str, &Text); 6] {
    [
        ("fieldPath", &source.field_path.value),
        ("group", &source.group.value),
        ("kind", &source.kind.value),
        ("name", &source.name.value),
        ("namespace", &source.namespace.value),
        ("version", &source.version.value),
    ]
}

fn texts<const N: usize>(entries: [(&'static str, &Text); N]) -> Node {
    let entries = entries.into_iter().filter(|(_, value)| !value.is_empty());
    mapping(entries.map(|(key, value)| (key, text(value))))
}

/// A replacement as a node.
fn node(replacement: &Replacement) -> Node {
    let source = replacement.source.clone().unwrap_or_default();
    let targets = replacement.targets.iter().flatten().map(|target| of_target(target)).collect();
    mapping([
        ("source", texts(source_entries(&source))),
        ("targets", Node::sequence(targets, Span::NONE)),
    ])
}

fn of_target(target: &TargetSelector) -> Node {
    let paths = target.field_paths.iter().map(|path| text(path)).collect();
    let options = target.options.as_ref().map(|options| {
        let index = options.index.value;
        let index = (index != 0)
            .then(|| ("index", Scalar::untagged(&index.to_string(), Span::NONE).into()));
        mapping([("delimiter", text(&options.delimiter))].into_iter().chain(index))
    });
    let select = target.select.as_ref().map(|select| &select.value);
    let entries = [
        Some(("fieldPaths", Node::sequence(paths, Span::NONE))),
        options.map(|options| ("options", options)),
        select.map(|select| ("select", of_selector(select))),
    ];
    mapping(entries.into_iter().flatten())
}

fn of_selector(select: &Selector) -> Node {
    texts([
        ("annotationSelector", &select.annotation_selector),
        ("group", &select.group),
        ("kind", &select.kind),
        ("labelSelector", &select.label_selector),
        ("name", &select.name),
        ("namespace", &select.namespace),
        ("version", &select.version),
    ])
}
