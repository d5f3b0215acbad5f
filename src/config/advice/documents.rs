//! Advice on documents other than the kustomization file: configurations of builtins, and files of `configurations`.

use super::fields::advise_in;
use crate::error::{Code, Error};
use crate::yaml::de::{same_name, shown};
use crate::yaml::{Mapping, Node, Scalar};

/// Adds the right forms to an error about the configuration of a builtin with these fields.
#[cold]
pub fn explain_plugin(kind: &str, fields: &[&str], root: &Node, error: Error) -> Error {
    let explained = super::explain_part(&field(kind), root, error);
    if explained.code() == Code::InvalidType {
        return explained;
    }
    // A missing field may be there under another name.
    let ignored = ignored_fields(kind, fields, root);
    let meant = ignored.iter().filter_map(|error| Some((error.message(), error.helps().first()?)));
    meant.fold(explained, |error, (found, help)| error.help(format!("{found}: {help}")))
}

/// The path, in lower case, of the kustomization field whose elements have the form of the configuration of a builtin.
fn field(kind: &str) -> String {
    match kind {
        "ConfigMapGenerator" => "configmapgenerator[]".to_owned(),
        "SecretGenerator" => "secretgenerator[]".to_owned(),
        "HelmChartInflationGenerator" => "helmcharts[]".to_owned(),
        "PatchTransformer" => "patches[]".to_owned(),
        "PatchJson6902Transformer" => "patchesjson6902[]".to_owned(),
        // Its configuration has the field `replacements` itself.
        "ReplacementTransformer" => String::new(),
        kind => kind.to_ascii_lowercase(),
    }
}

/// Adds the right forms to an error about a file of `configurations`.
#[cold]
pub(in crate::config) fn explain_configuration(root: &Node, error: Error) -> Error {
    super::explain_part("configurations[]", root, error)
}

/// An error for each field that the configuration of a builtin does not have. The build ignores these fields.
pub fn ignored_fields(kind: &str, fields: &[&str], root: &Node) -> Vec<Error> {
    let around = field(kind);
    let ignored = |key: &Scalar| {
        let name = shown(key.text());
        let message = format!("`{kind}` has no field `{name}`, and ignores it");
        let error = Error::new(Code::NoEffect, message).at(key.span());
        let error = error.did_you_mean(key.text(), fields.iter().copied());
        advise_in(&around, &key.text().to_lowercase(), error)
    };
    unknown_fields(fields, root).map(ignored).collect()
}

fn unknown_fields<'a>(fields: &'a [&str], root: &'a Node) -> impl Iterator<Item = &'a Scalar> {
    let of_objects = ["apiVersion", "kind", "metadata"];
    let is_known = move |key: &Scalar| {
        fields.iter().chain(&of_objects).any(|field| same_name(key.text(), field))
    };
    let keys = root.as_mapping().into_iter().flat_map(Mapping::iter).map(|(key, _)| key);
    keys.filter(move |key| !is_known(key))
}
