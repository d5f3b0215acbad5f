//! The order of the output: as accumulated, or by kind. (kustomize, `api/internal/builtins/SortOrderTransformer.go`.)

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::config::{Kustomization, SortOptions, Warning};
use crate::error::{Code, Error, Result};
use crate::resource::{Index, ResId, ResMap};
use crate::schema::{Gvk, LEGACY_FIRST, LEGACY_LAST};
use crate::yaml::Text;
use crate::yaml::de::Spanned;

/// The order of the resources of a render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// As accumulated.
    Fifo,
    /// By kind, group and version, then by namespace and name.
    Legacy {
        /// The kinds that come before all others.
        first: Vec<Text>,
        /// The kinds that come after all others. A kind in both lists counts for this one.
        last: Vec<Text>,
    },
}

/// The order requested on the command line (`--reorder`). `sortOptions:` takes precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reorder {
    /// By kind: [`Order::default`].
    Legacy,
    /// As accumulated.
    None,
}

/// The order of `sortOptions:`, or else that of the command line.
///
/// # Errors
/// [`Code::InvalidValue`] for an unknown order, and for lists of kinds with `fifo`.
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

impl Order {
    /// The sort key of a resource. All parts except the last depend only on its type.
    ///
    /// The reference compares texts joined from the parts, so `a-b` comes before `a` (`-` is less than `|`).
    pub(super) fn key(&self, id: &ResId) -> Option<impl Ord + use<>> {
        let Self::Legacy { first, last } = self else { return None };
        let mut place = String::new();
        push_place(id, &mut place);
        Some((type_key(&id.gvk, &Ranks::new(first, last)), place))
    }
}

/// Sorts resources by [`Order::key`]; equal ones keep their order. Costs a sort of the types, and one of the resources
/// of each type, which is nearly free if they are in order or consist of a few sorted runs.
pub(super) fn sort(resources: &mut ResMap, order: &Order) {
    let Order::Legacy { first, last } = order else { return };
    if resources.len() < 2 {
        return;
    }
    let mut types: Index<&Gvk, ()> = Index::default();
    let mut text = String::new();
    let mut keys: Vec<SortKey> = Vec::with_capacity(resources.len());
    for (number, resource) in resources.iter().enumerate() {
        let id = resource.id();
        let (kind, _) = types.insert_full(&id.gvk, ());
        let start = text.len();
        push_place(id, &mut text);
        keys.push(SortKey { kind, place: start..text.len(), number });
    }
    let kinds = Ranks::new(first, last);
    let mut ranks: Vec<_> = types.keys().map(|gvk| type_key(gvk, &kinds)).collect();
    let by_type = ranks.clone();
    ranks.sort_unstable();
    // Types with the same key count as one.
    let rank = |kind: usize| ranks.partition_point(|known| *known < by_type[kind]);
    let rank_of: Vec<usize> = (0..by_type.len()).map(rank).collect();
    keys.sort_by_key(|key| rank_of[key.kind]);
    for equals in keys.chunk_by_mut(|one, other| rank_of[one.kind] == rank_of[other.kind]) {
        equals.sort_by(|one, other| text[one.place.clone()].cmp(&text[other.place.clone()]));
    }
    resources.reorder(keys.iter().map(|key| key.number));
}

/// The sort key of a resource.
struct SortKey {
    /// The index of its type.
    kind: usize,
    /// The range of its namespace and name in the text of all keys.
    place: Range<usize>,
    /// Its position.
    number: usize,
}

/// The sort key of a type. In the reference, the comparison of two types of kind Namespace is reversed if one is that
/// of Kubernetes, so that this one comes first. If Namespace has no rank, this rule gives no consistent order, and is
/// omitted.
fn type_key(gvk: &Gvk, ranks: &Ranks<'_>) -> (i64, bool, Reverse<String>, String) {
    let rank = ranks.of(&gvk.kind);
    let leads = gvk.kind == "Namespace" && gvk.group.is_empty() && rank != 0;
    let (led, text) =
        if leads { (gvk.legacy_text(), String::new()) } else { (String::new(), gvk.legacy_text()) };
    (rank, !leads, Reverse(led), text)
}

fn push_place(id: &ResId, text: &mut String) {
    let namespace = if id.namespace.is_empty() { "~X" } else { &id.namespace };
    let name = if id.name.is_empty() { "~N" } else { &id.name };
    text.extend([namespace, "|", name]);
}

/// The ranks of kinds: negative for those that come first, 0 for most, positive for those that come last.
struct Ranks<'o> {
    first: &'o [Text],
    last: &'o [Text],
    /// The rank of each kind in long lists.
    known: BTreeMap<&'o str, i64>,
}

/// The length above which lists of kinds are indexed.
const LONG: usize = 128;

impl<'o> Ranks<'o> {
    fn new(first: &'o [Text], last: &'o [Text]) -> Self {
        let mut known = BTreeMap::new();
        if first.len() + last.len() > LONG {
            // The last occurrence of a kind counts.
            known.extend(
                first.iter().zip(-number(first.len())..).map(|(kind, rank)| (&**kind, rank)),
            );
            known.extend(last.iter().zip(1..).map(|(kind, rank)| (&**kind, rank)));
        }
        Self { first, last, known }
    }

    fn of(&self, kind: &str) -> i64 {
        if !self.known.is_empty() {
            return self.known.get(kind).copied().unwrap_or_default();
        }
        let place = |kinds: &[Text]| kinds.iter().rposition(|known| *known == *kind).map(number);
        place(self.last)
            .map(|place| place + 1)
            .or_else(|| place(self.first).map(|place| place - number(self.first.len())))
            .unwrap_or(0)
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Resource;
    use crate::resource::sample::read;

    #[track_caller]
    fn resources(objects: &[&str]) -> ResMap {
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
        read(&texts.join("---\n")).unwrap().into()
    }

    #[track_caller]
    fn sorted(order: &Order, objects: &[&str]) -> Vec<String> {
        let mut resources = resources(objects);
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

    /// The slow twin: to sort by types and then by places is to sort by keys.
    #[test]
    fn types_are_sorted_once() {
        let kinds =
            ["v1 Pod", "a/v1 Pod", "v1 Namespace", "a/v1 Namespace", "v1 Service", "_/v1 A_"];
        let places = ["a ~", "a-b ~", "b x", "b x-y", "a x"];
        let objects = (0..60).map(|number| {
            let (kind, place) = (kinds[number * 7 % 6], places[number * number % 5]);
            format!("{kind} {place}")
        });
        let objects: Vec<String> = objects.collect();
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        for order in [Order::default(), Order::Legacy { first: Vec::new(), last: Vec::new() }] {
            let mut resources = resources(&objects);
            let mut expected: Vec<_> = resources
                .iter()
                .map(|resource| (order.key(resource.id()), resource.span()))
                .collect();
            expected.sort_by(|(one, _), (other, _)| one.cmp(other));
            sort(&mut resources, &order);
            let sorted: Vec<_> = resources.iter().map(Resource::span).collect();
            assert_eq!(sorted, expected.into_iter().map(|(_, span)| span).collect::<Vec<_>>());
        }
    }

    #[test]
    fn fifo_changes_nothing() {
        let objects = ["v1 Pod a ~", "v1 Namespace n ~"];
        assert_eq!(sorted(&Order::Fifo, &objects), ["v1 Pod a", "v1 Namespace n"]);
    }
}
