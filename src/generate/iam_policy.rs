//! `IAMPolicyGenerator` generates a Kubernetes service account that is bound to one of a cloud provider.

use super::Context;
use crate::config::IamPolicyArgs;
use crate::error::{Code, Error, Result};
use crate::resource::Resource;
use crate::source::Span;
use crate::yaml::parse;

/// Generates the service account. Only Google's GKE is supported, as in kustomize.
///
/// The names are inserted into a YAML text that is then parsed: a name `5` becomes a number, as in kustomize.
/// (kustomize, `api/filters/iampolicygenerator/iampolicygenerator.go`.)
///
/// # Errors
/// [`Code::InvalidValue`] for another cloud, and those of parsing the text.
pub fn iam_policy(context: &Context<'_>, args: &IamPolicyArgs, span: Span) -> Result<Resource> {
    if **args.cloud != *"gke" {
        let at = if args.cloud.span.is_none() { span } else { args.cloud.span };
        let message = format!("found the cloud `{}`, expected `gke`", args.cloud);
        return Err(Error::new(Code::InvalidValue, message).at(at).help(
            "no other cloud is supported: write the ServiceAccount itself under `resources`",
        ));
    }
    let (service, account) = (&args.kubernetes_service, &args.service_account);
    let namespace = match service.namespace.as_str() {
        "" => String::new(),
        name => format!("\n  namespace: {name}"),
    };
    let text = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    \
         iam.gke.io/gcp-service-account: {}@{}.iam.gserviceaccount.com\n  name: {}\n{namespace}",
        account.name, account.project_id, service.name
    );
    let source = context.root.loader().sources().add_inline(span, "service account", &text)?;
    let document =
        parse::document(&source).map_err(|error| error.note(span, "generated from this entry"))?;
    match document {
        Some(document) => Resource::new(document.root, context.schema),
        None => Err(Error::new(Code::MissingName, "a service account without names").at(span)),
    }
}
