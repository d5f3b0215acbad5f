//! The table of the builtin transformers.

use super::{
    Builtin, affix, hash, images, labels, namespace, patches, replacements, replicas, value_add,
};

/// The builtin transformers: those with a field in the order in which they run (kustomize,
/// `api/internal/target/kusttarget_configplugin.go`), then those that only documents ask for
/// (`api/internal/plugins/builtinhelpers/builtins.go`).
pub const BUILTINS: &[Builtin] = &[
    patches::STRATEGIC_MERGE,
    patches::PATCH,
    namespace::NAMESPACE,
    affix::PREFIX,
    affix::SUFFIX,
    labels::LABELS,
    labels::ANNOTATIONS,
    patches::JSON6902,
    replicas::REPLICAS,
    images::IMAGES,
    replacements::REPLACEMENTS,
    affix::PREFIX_AND_SUFFIX,
    hash::HASH,
    value_add::VALUE_ADD,
];
