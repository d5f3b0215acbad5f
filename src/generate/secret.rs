//! `secretGenerator:` generates Secrets from literals and files.

use super::{Context, object, sources};
use crate::config::SecretArgs;
use crate::error::{Error, Result};
use crate::resource::Resource;
use crate::source::Span;
use crate::yaml::de::Spanned;
use crate::yaml::{Node, Scalar};

const KIND: &str = "Secret";

/// Generates the Secrets of a kustomization.
///
/// # Errors
/// Those of each Secret: [`object::check`] and [`sources::read`].
pub(super) fn generate(context: &Context<'_>) -> Result<Vec<Resource>> {
    Error::collect(context.kustomization.secret_generator.iter().map(|secret| {
        self::secret(context, secret).map_err(|error| object::explain(error, KIND, &secret.args))
    }))
}

/// Generates a Secret. All values go into `data` in base64; the field is present even if empty. (kustomize,
/// `api/internal/generators/secret.go`, `kyaml/yaml/datamap.go`: `LoadMapIntoSecretData`.)
///
/// # Errors
/// [`Code::MissingName`](crate::error::Code::MissingName), and those of the sources of its entries.
pub fn secret(context: &Context<'_>, secret: &Spanned<SecretArgs>) -> Result<Resource> {
    let SecretArgs { args, secret_type } = &secret.value;
    object::check(KIND, args, secret.span)?;
    let secret_type = match secret_type.as_str() {
        "" => Scalar::new_string("Opaque", Span::NONE),
        text => Scalar::new_string(text, secret_type.span),
    };
    let entries = sources::read(args, context.root, true)?.into_iter().map(|(key, value)| {
        (Scalar::untagged(&key, value.key), object::base64(value.bytes(), value.span()))
    });
    let data = Node::mapping(entries.collect(), Span::NONE);
    object::resource(context, KIND, args, [("type", secret_type.into()), ("data", data)])
}
