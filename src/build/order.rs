//! The order of the output: as it was accumulated, or by kind.

use std::cmp::Reverse;

use crate::config::{Kustomization, SortOptions, Warning};
use crate::error::{Code, Error, Result};
use crate::resource::{ResId, ResMap};
use crate::schema::{LEGACY_FIRST, LEGACY_LAST};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// How a render is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// As accumulated.
    Fifo,
    /// By kind, group and version, then by namespace and name.
    Legacy {
        /// The kinds that come before all others.
        first: Vec<Text>,
        /// The kinds that come after all others. A kind in both lists is one of them.
        last: Vec<Text>,
    },
}

/// The order asked for on the command line (`--reorder`). `sortOptions:` goes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reorder {
    /// By kind: [`Order::default`].
    Legacy,
    /// As accumulated.
    None,
}

/// The order that the kustomization asks for, or else the command line.
///
/// # Errors
/// [`Code::InvalidValue`] for a word that names no order, and for lists of kinds beside `fifo`.
pub(super) fn choose(
    kustomization: &Kustomization,
    reorder: Option<Reorder>,
    warnings: &mut Vec<Warning>,
) -> Result<Order> {
    let Some(options) = &kustomization.sort_options else {
        return Ok(match reorder {
            Some(Reorder::None) => Order::Fifo,
            Some(Reorder::Legacy) | None => Order::default(),
        });
    };
    if reorder.is_some() {
        let text = "Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag ('--reorder'). \
                    Using the kustomization file over the CLI flag.";
        let failure = Error::new(Code::NoEffect, "`--reorder` has no effect beside `sortOptions`")
            .at(options.span)
            .help("leave the flag out, or remove the field");
        warnings.push(Warning { text: Some(text.to_owned()), failure });
    }
    let SortOptions { order, legacy_sort_options } = &options.value;
    match (order.as_str(), legacy_sort_options) {
        (LEGACY, None) => Ok(Order::default()),
        (LEGACY, Some(lists)) => {
            let texts =
                |kinds: &[Spanned<Text>]| kinds.iter().map(|kind| kind.value.clone()).collect();
            Ok(Order::Legacy { first: texts(&lists.order_first), last: texts(&lists.order_last) })
        }
        (FIFO, None) => Ok(Order::Fifo),
        (FIFO, Some(lists)) => Err(Error::new(
            Code::InvalidValue,
            "found `legacySortOptions` beside the order `fifo`, which has none",
        )
        .at(lists.span)
        .help("remove them, or write `order: legacy`")),
        ("", _) => Err(Error::new(Code::InvalidValue, "found `sortOptions` without an `order`")
            .at(options.span)
            .help("write `order: legacy` or `order: fifo`")),
        (word, _) => Err(Error::new(
            Code::InvalidValue,
            format!("found the order `{word}`, expected `legacy` or `fifo`"),
        )
        .at(order.span)
        .did_you_mean(word, [LEGACY, FIFO])
        .help("`legacy` sorts by kind, `fifo` keeps the order of `resources`")),
    }
}

const LEGACY: &str = "legacy";
const FIFO: &str = "fifo";

impl Default for Order {
    /// By kind, with the kinds that kustomize puts first and last.
    fn default() -> Self {
        let owned = |kinds: &[&str]| kinds.iter().map(|&kind| kind.into()).collect();
        Self::Legacy { first: owned(LEGACY_FIRST), last: owned(LEGACY_LAST) }
    }
}

/// Orders resources. Cost: one sort.
pub(super) fn sort(resources: &mut ResMap, order: &Order) {
    if let Order::Legacy { first, last } = order {
        resources.sort_by_key(|resource| legacy_key(resource.id(), first, last));
    }
}

/// The reference compares texts glued from the parts, so `a-b` comes before `a` (`-` is less than `|`).
fn legacy_key(id: &ResId, first: &[Text], last: &[Text]) -> impl Ord + use<> {
    let rank = rank(&id.gvk.kind, first, last);
    let namespace = if id.namespace.is_empty() { "~X" } else { &id.namespace };
    let name = if id.name.is_empty() { "~N" } else { &id.name };
    let place = format!("{namespace}|{name}");
    // Between two of kind Namespace the order is reversed when one is Kubernetes' own, so that it leads. Where
    // Namespace has no rank of its own that is no order at all, and is left out.
    let leads = id.gvk.kind == "Namespace" && id.gvk.group.is_empty() && rank != 0;
    let (led, text) = if leads {
        (id.gvk.legacy_text(), String::new())
    } else {
        (String::new(), id.gvk.legacy_text())
    };
    (rank, !leads, Reverse(led), text, place)
}

/// Less than 0 for the kinds that come first, 0 for most, more for those that come last.
fn rank(kind: &str, first: &[Text], last: &[Text]) -> i64 {
    let place = |kinds: &[Text]| {
        kinds
            .iter()
            .rposition(|known| *known == *kind)
            .map(|place| i64::try_from(place).unwrap_or(i64::MAX))
    };
    let count = i64::try_from(first.len()).unwrap_or(i64::MAX);
    place(last)
        .map(|place| place + 1)
        .or_else(|| place(first).map(|place| place - count))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::sample::read;

    #[track_caller]
    fn sorted(order: &Order, objects: &[&str]) -> Vec<String> {
        let text = |object: &&str| {
            let [api_version, kind, name, namespace] = object.split(' ').collect::<Vec<_>>()[..]
            else {
                panic!("{object}");
            };
            format!(
                "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
            )
        };
        let texts: Vec<String> = objects.iter().map(text).collect();
        let mut resources = read(&texts.join("---\n")).unwrap().into();
        sort(&mut resources, order);
        resources.iter().map(|resource| resource.id().to_string()).collect()
    }

    #[test]
    fn the_legacy_order_goes_by_kind_then_type_then_place() {
        let objects = [
            "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration w ~",
            "v1 Pod a ~",
            "v1 Pod b x",
            "v1 Pod a x",
            "v1 Pod c x-y",
            "apps/v1 Deployment d ~",
            "batch/v1 Job j ~",
            "a_b/v1 Job j ~",
            "v1 Namespace n ~",
            "a.example/v1 Namespace n ~",
            "v1 ConfigMap c ~",
        ];
        let expected = [
            "v1 Namespace n",
            "a.example/v1 Namespace n",
            "v1 ConfigMap c",
            "apps/v1 Deployment d",
            "a_b/v1 Job j",
            "batch/v1 Job j",
            "v1 Pod x-y/c",
            "v1 Pod x/a",
            "v1 Pod x/b",
            "v1 Pod a",
            "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration w",
        ];
        assert_eq!(sorted(&Order::default(), &objects), expected);
    }

    #[test]
    fn kinds_can_be_put_first_and_last() {
        let owned = |kinds: &[&str]| kinds.iter().map(|&kind| kind.into()).collect();
        let order = Order::Legacy { first: owned(&["B", "A"]), last: owned(&["D", "A"]) };
        let objects = ["v1 A x ~", "v1 D x ~", "v1 Namespace x ~", "v1 C x ~", "v1 B x ~"];
        let expected = ["B", "C", "Namespace", "D", "A"].map(|kind| format!("v1 {kind} x"));
        assert_eq!(sorted(&order, &objects), expected);
    }

    #[test]
    fn fifo_changes_nothing() {
        let objects = ["v1 Pod a ~", "v1 Namespace n ~"];
        assert_eq!(sorted(&Order::Fifo, &objects), ["v1 Pod a", "v1 Namespace n"]);
    }
}
