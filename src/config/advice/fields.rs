//! Advice on unknown fields: the field that was probably meant.

use super::forms::quoted;
use super::place::ErrorPlace;
use crate::error::Error;
use crate::yaml::{Mapping, Node, Scalar};

/// Advice on an unknown field.
enum Advice {
    /// The right name of the field.
    Named(&'static str),
    /// Any other advice.
    Do(&'static str),
}

use Advice::{Do, Named};

/// Fields that users expect, but that have another name or place: path of the mapping, names of the fields, advice.
/// Paths and names are in lower case. A path matches the end of the actual path.
const MEANT: &[(&str, &[&str], Advice)] = &[
    ("", &["base", "include", "includes", "files", "manifests", "overlays"], Named("resources")),
    ("", &["annotations"], Named("commonAnnotations")),
    ("", &["prefix"], Named("namePrefix")),
    ("", &["suffix"], Named("nameSuffix")),
    ("", &["configmap", "configmaps", "configmapgenerators"], Named("configMapGenerator")),
    ("", &["secret", "secrets", "secretgenerators"], Named("secretGenerator")),
    ("", &["patchesjson"], Named("patches")),
    ("", &["helm", "chart", "charts"], Named("helmCharts")),
    ("", &["schema"], Named("openapi")),
    ("images[]", &["tag", "version", "newversion"], Named("newTag")),
    ("images[]", &["image", "repository", "from", "oldname"], Named("name")),
    ("images[]", &["newimage", "newrepository", "to"], Named("newName")),
    ("images[]", &["newdigest", "sha256"], Named("digest")),
    ("replicas[]", &["replicas", "replica", "value", "number"], Named("count")),
    ("patches[]", &["file", "files", "filename", "resource"], Named("path")),
    ("patches[]", &["op", "value", "from"], Do(OPERATIONS)),
    ("replacements[]", &["from"], Named("source")),
    ("replacements[]", &["to"], Named("targets")),
    ("replacements[].source", &["apiversion"], Do(GROUP_AND_VERSION)),
    ("replacements[].source", &["fieldpaths", "path", "fieldref"], Named("fieldPath")),
    ("replacements[].targets[]", &["fieldpath", "path", "paths"], Named("fieldPaths")),
    (
        "replacements[].targets[]",
        &["kind", "name", "namespace", "group", "version"],
        Do("write it under `select`: `select: {kind: …, name: …}`"),
    ),
    ("replacements[].targets[].select", &["apiversion"], Do(GROUP_AND_VERSION)),
    ("replacements[].targets[].select", &["labels", "matchlabels"], Named("labelSelector")),
    ("replacements[].targets[].reject[]", &["apiversion"], Do(GROUP_AND_VERSION)),
    ("patches[].target", &["apiversion"], Do(GROUP_AND_VERSION)),
    ("patches[].target", &["labels", "matchlabels", "selector"], Named("labelSelector")),
    ("patches[].target", &["annotations"], Named("annotationSelector")),
    ("patchesjson6902[].target", &["apiversion"], Do(GROUP_AND_VERSION)),
    ("configmapgenerator[]", &["data", "stringdata"], Do(LITERALS)),
    ("secretgenerator[]", &["data", "stringdata"], Do(LITERALS)),
    (
        "configmapgenerator[]",
        &["labels", "annotations", "immutable", "disablenamesuffixhash"],
        Do(OPTIONS),
    ),
    (
        "secretgenerator[]",
        &["labels", "annotations", "immutable", "disablenamesuffixhash"],
        Do(OPTIONS),
    ),
    ("helmcharts[]", &["chart", "chartname"], Named("name")),
    ("helmcharts[]", &["repository", "url", "chartrepo"], Named("repo")),
    (
        "helmcharts[]",
        &["values", "set"],
        Do("name a file with `valuesFile`, or write values under `valuesInline`"),
    ),
    ("helmcharts[]", &["chartversion"], Named("version")),
    ("annotationstransformer", &["commonannotations"], Named("annotations")),
    ("imagetagtransformer", &["image", "images"], Named("imageTag")),
    (
        "imagetagtransformer",
        &["name", "newname", "newtag", "digest"],
        Do("write it under `imageTag`"),
    ),
    ("labeltransformer", &["commonlabels", "pairs"], Named("labels")),
    ("namespacetransformer", &["namespace"], Do("write it under `metadata`")),
    ("patches[]", &["patches", "jsonop"], Named("patch")),
    ("patches[]", &["paths"], Named("path")),
    ("patchesjson6902[]", &["patch", "patches"], Named("jsonOp")),
    ("prefixtransformer", &["nameprefix"], Named("prefix")),
    ("replicacounttransformer", &["name", "count"], Do("write it under `replica`")),
    ("suffixtransformer", &["namesuffix"], Named("suffix")),
    ("configurations[]", &["prefix"], Named("namePrefix")),
    ("configurations[]", &["suffix"], Named("nameSuffix")),
    ("configurations[]", &["annotations"], Named("commonAnnotations")),
    ("configurations[]", &["vars", "variables"], Named("varReference")),
    ("configurations[].namereference[]", &["apiversion"], Do(GROUP_AND_VERSION)),
    ("configurations[].namereference[]", &["fields", "path", "paths"], Named("fieldSpecs")),
    (FIELD_SPEC, &["apiversion"], Do(GROUP_AND_VERSION)),
    (FIELD_SPEC, &["fieldpath", "field", "fields", "paths"], Named("path")),
];

/// Placeholder for each list of field specs.
const FIELD_SPEC: &str = "fieldspecs[]";

const OPERATIONS: &str =
    "write the operations as text: `patch: |-`, and below it a list of `- op: …`";
const GROUP_AND_VERSION: &str =
    "`apiVersion: apps/v1` is written `group: apps` and `version: v1` here";
const LITERALS: &str = "write each value as an element of `literals`: `- KEY=value`";
const OPTIONS: &str = "write it under `options`";

/// Fields of objects, which a kustomization has only at its top level.
const OF_MANIFESTS: [&str; 5] = ["apiversion", "kind", "metadata", "spec", "data"];

/// Adds advice to an error about an unknown field.
pub(super) fn advise(place: &ErrorPlace<'_>, error: Error) -> Error {
    let field = place.path.rsplit('.').next().unwrap_or_default();
    advise_in(place.path_around(), field, error)
}

/// Adds advice on a field, in lower case, of the mapping at a path.
pub(super) fn advise_in(around: &str, field: &str, error: Error) -> Error {
    let around = match around {
        "imagetags[]" => "images[]",
        "configurations[].namereference[]" => around,
        _ if around.ends_with(".fieldspecs[]") => FIELD_SPEC,
        _ if around.starts_with("configurations[].") => FIELD_SPEC,
        _ => around,
    };
    let advice = MEANT.iter().find(|(path, fields, _)| *path == around && fields.contains(&field));
    match advice {
        Some((.., Named(name))) => error.without_help().help(format!("did you mean `{name}`?")),
        Some((.., Do(help))) => error.without_help().help(*help),
        None => error,
    }
}

/// Advice on all unknown fields of a mapping together. `None` if they have different causes.
pub(super) fn about_mapping(place: &ErrorPlace<'_>) -> Option<String> {
    let mapping = place.around.and_then(Node::as_mapping)?;
    let is_there =
        |field: &str| mapping.iter().any(|(key, _)| key.text().eq_ignore_ascii_case(field));
    let field = place.path.rsplit('.').next().unwrap_or_default();
    match place.path_around() {
        "patches[]" if OF_MANIFESTS.contains(&field) => Some(
            "write the patch as text: `patch: |-`, and its lines below, indented more than `patch`"
                .to_owned(),
        ),
        "replicas[]" if !is_there("name") => {
            let [(name, count)] = &pairs(mapping)?[..] else { return None };
            Some(format!("write `- {{name: {name}, count: {}}}`", count.trim_matches('"')))
        }
        "images[]" if !is_there("name") => {
            let [(name, tag)] = &pairs(mapping)?[..] else { return None };
            Some(format!("write `- {{name: {name}, newTag: {tag}}}`"))
        }
        "labels[]" if !is_there("pairs") => {
            let pairs = pairs(mapping)?;
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            Some(format!("write `- pairs: {{{}}}`", pairs.join(", ")))
        }
        _ => None,
    }
}

/// The entries of a short mapping of scalars, written in YAML.
fn pairs(mapping: &Mapping) -> Option<Vec<(String, String)>> {
    const MOST: usize = 4;
    let known =
        ["newTag", "newName", "digest", "count", "includeSelectors", "includeTemplates", "fields"];
    let pair = |(key, value): (&Scalar, &Node)| {
        let text = value.as_scalar().filter(|text| !text.is_null())?.text();
        let is_short = key.text().len() + text.len() < 80 && !known.contains(&key.text());
        is_short.then(|| (quoted(key.text()), quoted(text)))
    };
    let pairs: Vec<_> = mapping.iter().map(pair).collect::<Option<_>>()?;
    (pairs.len() <= MOST).then_some(pairs)
}
