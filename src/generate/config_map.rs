//! `configMapGenerator:` generates ConfigMaps from literals and files.

use super::{Context, object, sources};
use crate::config::GeneratorArgs;
use crate::error::{Error, Result};
use crate::resource::Resource;
use crate::source::Span;
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Scalar};

const KIND: &str = "ConfigMap";

/// Generates the ConfigMaps of a kustomization.
///
/// # Errors
/// Those of each ConfigMap: [`object::check`] and [`sources::read`].
pub(super) fn generate(context: &Context<'_>) -> Result<Vec<Resource>> {
    Error::collect(
        context.kustomization.config_map_generator.iter().map(|args| {
            config_map(context, args).map_err(|error| object::explain(error, KIND, args))
        }),
    )
}

/// Generates a ConfigMap. Text goes into `data` as it is, bytes that are not UTF-8 into `binaryData`. A field without
/// entries is omitted. (kustomize, `kyaml/yaml/datamap.go`: `LoadMapIntoConfigMapData`.)
///
/// # Errors
/// [`Code::MissingName`](crate::error::Code::MissingName), and those of the sources of its entries.
pub fn config_map(context: &Context<'_>, args: &Spanned<GeneratorArgs>) -> Result<Resource> {
    object::check(KIND, args, args.span)?;
    let (mut data, mut binary) = (Vec::new(), Vec::new());
    for (key, value) in sources::read(args, context.root, false)? {
        let key = Scalar::untagged(&key, value.key);
        match value.text() {
            Some(text) => data.push((key, Scalar::new_string(text, value.span()).into())),
            None => binary.push((key, object::base64(value.bytes(), value.span()))),
        }
    }
    let fields = [("data", data), ("binaryData", binary)];
    let fields = fields.into_iter().filter(|(_, entries)| !entries.is_empty());
    let fields = fields.map(|(field, entries)| (field, Node::mapping(entries, Span::NONE)));
    object::resource(context, KIND, args, fields)
}
