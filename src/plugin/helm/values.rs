//! The values of a chart: those of a file and of the kustomization, as kustomize merges them.

use crate::config::HelmChart;
use crate::error::{Code, Error, Result};
use crate::limits::Budget;
use crate::load::File;
use crate::patch::merge_values;
use crate::schema::Schema;
use crate::yaml::{Node, Text, as_written, emit_within, is_alias, json_passage, parse};

/// The values in the file take precedence over inline values.
const MERGE: &str = "merge";
/// The inline values take precedence over those in the file.
const OVERRIDE: &str = "override";
/// Only the inline values are used.
const REPLACE: &str = "replace";

/// Refuses an unknown precedence.
///
/// # Errors
/// [`Code::InvalidValue`].
pub(super) fn check(chart: &HelmChart) -> Result<()> {
    let merge = &chart.values_merge;
    if ["", MERGE, OVERRIDE, REPLACE].contains(&merge.as_str()) {
        return Ok(());
    }
    let message = format!(
        "found `{}` as `valuesMerge`, expected `{MERGE}`, `{OVERRIDE}` or `{REPLACE}`",
        merge.as_str()
    );
    Err(Error::new(Code::InvalidValue, message)
        .at(merge.span)
        .did_you_mean(merge, [MERGE, OVERRIDE, REPLACE]))
}

/// The content of the file with values that Helm gets. Without inline values, it is `file` as it is.
///
/// # Errors
/// Those of `file`, of reading it as YAML, of [`merge_values`] and of writing YAML.
pub(super) fn values(
    chart: &HelmChart,
    file: impl FnOnce() -> Result<File>,
    schema: &Schema,
    budget: &Budget,
) -> Result<Vec<u8>> {
    let Some(inline) = chart.values_inline.as_ref().filter(|inline| !inline.is_empty()) else {
        return file().map(|file| file.bytes().to_vec());
    };
    let mut inline = inline.clone();
    // The reference writes them as JSON and reads them again.
    json_passage(&mut inline)?;
    let merged = match chart.values_merge.as_str() {
        REPLACE => Some(inline),
        merge => {
            let mut aliases = Vec::new();
            let of_file = root_of(&file()?, &mut aliases, budget)?;
            if merge == MERGE {
                merge_values(inline, &of_file, schema)?
            } else {
                let mut merged = merge_values(of_file, &inline, schema)?;
                aliases.iter().for_each(|path| remove(merged.as_mut(), path));
                merged
            }
        }
    };
    let mut text = String::new();
    match merged {
        Some(values) => emit_within(&values, &mut text, budget)?,
        None => text.push_str("{}\n"),
    }
    Ok(text.into_bytes())
}

/// The first document of a file with values. As in the reference, entries of mappings whose value is an alias are lost, also
/// merge keys; their paths are added to `aliases`. (kyaml, `yaml/walk/walk.go`: an alias is no kind of node.)
fn root_of(file: &File, aliases: &mut Vec<Vec<Text>>, budget: &Budget) -> Result<Node> {
    let source = file.source()?;
    let document = parse::documents_within(source, budget)?.into_iter().next();
    let root = document.map(|document| document.root).ok_or_else(|| {
        let message = format!("`{}` has no values to merge `valuesInline` with", file.name());
        Error::new(Code::InvalidValue, message)
            .help("write `{}` into it, or set `valuesMerge: replace`")
    })?;
    if !source.text().contains('*') {
        return Ok(root);
    }
    let written = as_written(source)?;
    Ok(written.map_or_else(|| root.clone(), |written| pruned(&written, &root, &[], aliases)))
}

/// The maximum depth of mappings whose aliases are looked for.
const DEEPEST: usize = 200;

/// A mapping without the entries whose values are written as aliases. `path` leads to it.
fn pruned(written: &Node, root: &Node, path: &[Text], aliases: &mut Vec<Vec<Text>>) -> Node {
    let (Some(mapping), true) = (written.as_mapping(), path.len() < DEEPEST) else {
        return root.clone();
    };
    let mut entries = Vec::new();
    for (key, value) in mapping.iter() {
        let below = [path, &[key.shared_text().clone()]].concat();
        if is_alias(value) {
            aliases.push(below);
        } else if let Some(found) = root.get(key.text()) {
            entries.push((key.clone(), pruned(value, found, &below, aliases)));
        } else {
            // A merge key with several mappings: all is as it was.
            return root.clone();
        }
    }
    Node::mapping(entries, root.span())
}

/// Removes the entry at a path.
fn remove(root: Option<&mut Node>, path: &[Text]) {
    let (Some((last, above)), Some(mut node)) = (path.split_last(), root) else { return };
    for key in above {
        let Some(below) = node.as_mapping_mut().and_then(|it| it.get_mut(key)) else { return };
        node = below;
    }
    if let Some(mapping) = node.as_mapping_mut() {
        mapping.remove(last);
    }
}
