//! The entries of a kustomization that name files, directories and URLs.

use crate::config::{GeneratorArgs, Kustomization};
use crate::source::Span;
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// An entry that names a file, a directory or a URL.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The field.
    pub(super) field: &'static str,
    /// The path or URL.
    pub(super) path: Text,
    pub(super) span: Span,
    pub(super) role: Role,
}

/// The use of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A manifest, or a directory with a kustomization.
    Listed,
    /// A file.
    File,
    /// A file with values of a Secret; the number is that of the generator.
    Secret(usize),
    /// A directory with charts.
    Charts,
}

/// All entries of a kustomization.
pub(super) fn entries(fields: &Kustomization) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut add = |field, path: &str, span, role| {
        // An entry with several lines, or of flow style, is an inline patch or configuration.
        if !path.is_empty() && !path.contains('\n') && !path.starts_with('{') {
            found.push(Entry { field, path: path.into(), span, role });
        }
    };
    let lists = [
        ("resources", &fields.resources, Role::Listed),
        ("components", &fields.components, Role::Listed),
        ("generators", &fields.generators, Role::Listed),
        ("transformers", &fields.transformers, Role::Listed),
        ("validators", &fields.validators, Role::Listed),
        ("crds", &fields.crds, Role::File),
        ("configurations", &fields.configurations, Role::File),
        ("patchesStrategicMerge", &fields.patches_strategic_merge, Role::File),
    ];
    for (field, list, role) in lists {
        list.iter().for_each(|entry| add(field, entry, entry.span, role));
    }
    let patches = fields.patches.iter().map(|patch| ("patches", &patch.path));
    let json = fields.patches_json6902.iter().map(|patch| ("patchesJson6902", &patch.path));
    let replacements = fields.replacements.iter().map(|one| ("replacements", &one.path));
    for (field, path) in patches.chain(json).chain(replacements) {
        add(field, path, path.span, Role::File);
    }
    if let Some(path) = fields.openapi.get("path") {
        add("openapi", path, path.span, Role::File);
    }
    let config_maps = fields.config_map_generator.iter();
    for args in config_maps {
        of_generator(args, |path, span| add("configMapGenerator", path, span, Role::File));
    }
    for (number, secret) in fields.secret_generator.iter().enumerate() {
        let role = Role::Secret(number);
        of_generator(&secret.args, |path, span| add("secretGenerator", path, span, role));
    }
    for chart in &fields.helm_charts {
        for path in [&chart.values_file].into_iter().chain(&chart.additional_values_files) {
            add("helmCharts", path, path.span, Role::File);
        }
    }
    if !fields.helm_charts.is_empty() {
        let home = fields.helm_globals.as_ref().map(|globals| &globals.chart_home);
        let home = home.filter(|home| !home.is_empty());
        let usual = || Spanned::new(Text::from("charts"), Span::NONE);
        let home = home.cloned().unwrap_or_else(usual);
        add("helmGlobals", &home, home.span, Role::Charts);
    }
    found
}

/// The files of a generator.
fn of_generator(args: &GeneratorArgs, mut add: impl FnMut(&str, Span)) {
    for entry in &args.files {
        add(entry.split_once('=').map_or(entry.as_str(), |(_, path)| path), entry.span);
    }
    args.envs.iter().for_each(|entry| add(entry, entry.span));
}
