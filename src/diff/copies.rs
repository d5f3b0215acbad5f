//! Masks for copies of secret values: in all that a review shows, in each target and on both sides, values of the Secrets
//! of the whole run are replaced by hashes.
//!
//! This is done when all targets are compared, and before anything is grouped, cut or written. Values differ after it
//! where they differ before, since their hashes do.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use super::compare::{Change, Consequence, What};
use super::mask::Hashes;
use super::path::Step;
use super::{
    Effect, Failure, FindingChange, Group, Identity, Object, Status, TargetReview, TurnedFinding,
};
use crate::index::Index;
use crate::resource::ResMap;
use crate::resource::secret::{Finder, Fragments, MASK, SecretValues, TextKind, says_secret};
use crate::source::Sources;
use crate::sync::lock;
use crate::yaml::{Kind, Mapping, Node, Scalar, Sequence, Text};

/// Masks for values of Secrets, with the values of a run.
#[derive(Debug)]
pub struct Masking {
    pub(super) hashes: Hashes,
    values: Mutex<SecretValues>,
    finder: OnceLock<Arc<Finder>>,
}

impl Masking {
    /// Masks with a key: with the same key, equal values have equal hashes in all runs.
    #[must_use]
    pub fn new(key: impl Into<Vec<u8>>) -> Self {
        Self {
            hashes: Hashes { key: key.into() },
            values: Mutex::default(),
            finder: OnceLock::new(),
        }
    }

    /// Adds the values of rendered Secrets, and of objects that make some.
    pub fn add(&self, resources: &ResMap) {
        let mut secrets = resources.iter().filter(|of| SecretValues::are_in(of.kind())).peekable();
        if secrets.peek().is_some() {
            let mut values = lock(&self.values);
            secrets.for_each(|secret| values.add_object(secret.kind(), secret.node()));
        }
    }

    /// Adds the values in texts that were read, also for targets that are not rendered.
    pub fn add_texts(&self, sources: &Sources) {
        lock(&self.values).add_texts(sources);
    }

    /// Searches for the values. Those that are added later do not count.
    #[must_use]
    pub fn finder(&self) -> Arc<Finder> {
        Arc::clone(self.finder.get_or_init(|| Arc::new(lock(&self.values).finder())))
    }

    /// Masks all that reviews show. Objects on both sides, of which only the changes are shown, are dropped, unless they are
    /// kept for [`Masking::cover_groups`].
    pub(super) fn cover(&self, targets: &mut [TargetReview], keeps_pairs: bool) {
        if !targets.iter().any(TargetReview::shows_text) {
            return;
        }
        let finder = self.finder();
        if finder.is_empty() {
            return;
        }
        let covering = Covering::new(&finder, &self.hashes, keeps_pairs);
        targets.iter_mut().for_each(|target| covering.target(target));
    }

    /// Masks the objects of groups that are on both sides, and drops those of the targets: groups are few.
    pub(super) fn cover_groups(&self, targets: &mut [TargetReview], groups: &mut [Group]) {
        let pairs = targets.iter_mut().flat_map(|target| &mut target.objects);
        for object in pairs.filter(|object| object.nodes.iter().all(Option::is_some)) {
            object.nodes = [None, None];
        }
        let finder = self.finder();
        if finder.is_empty() {
            return;
        }
        let covering = Covering::new(&finder, &self.hashes, true);
        for Group { object, members: _ } in groups {
            if let [Some(before), Some(after)] = &mut object.nodes {
                [before, after].into_iter().for_each(|node| covering.node(node, TextKind::Field));
            }
        }
    }
}

impl TargetReview {
    /// True if it shows more than the name of its target.
    #[must_use]
    pub fn shows_text(&self) -> bool {
        !self.objects.is_empty()
            || !self.findings.is_empty()
            || self.failed_before.is_some()
            || matches!(self.status, Status::Failed(_))
    }
}

struct Covering<'a> {
    finder: &'a Finder,
    hashes: &'a Hashes,
    /// True if objects on both sides are masked later.
    keeps_pairs: bool,
    /// Short texts without a secret, by their kinds: many targets have the same ones.
    clean: RefCell<[Index<String, ()>; KINDS]>,
}

/// The number of kinds of texts.
const KINDS: usize = 4;

impl<'a> Covering<'a> {
    fn new(finder: &'a Finder, hashes: &'a Hashes, keeps_pairs: bool) -> Self {
        Self { finder, hashes, keeps_pairs, clean: RefCell::default() }
    }

    fn target(&self, target: &mut TargetReview) {
        let failures = match &mut target.status {
            Status::Failed(failures) => failures.as_mut_slice(),
            Status::Same | Status::Changed | Status::Added | Status::Removed => &mut [],
        };
        let failures = failures.iter_mut().flatten().chain(&mut target.failed_before);
        for Failure { message, code: _, place: _, more: _ } in failures {
            let masked = self.finder.replaced(message, TextKind::Message, |_| MASK.to_owned());
            *message = masked.unwrap_or_else(|| std::mem::take(message));
        }
        target.objects.iter_mut().for_each(|object| self.object(object));
        self.findings(&mut target.findings);
        for growth in &mut target.growth {
            self.text(&mut growth.namespace, TextKind::Name);
        }
        for node in target.renders.iter_mut().flatten() {
            self.node(node, TextKind::Field);
        }
    }

    /// Masks findings. An object may have many of them, and is read once on each side.
    fn findings(&self, findings: &mut [FindingChange]) {
        let mut known: Index<(String, bool), (Option<Node>, Fragments)> = Index::default();
        for FindingChange { object, message, node, turned, rule: _, severity: _ } in findings {
            let node = node.take();
            let key = (object.clone(), *turned == TurnedFinding::Resolved);
            let is_known = known.get(&key).is_some_and(|(of, _)| match (of, &node) {
                (Some(one), Some(other)) => one.is_same(other),
                (one, other) => one.is_none() && other.is_none(),
            });
            if !is_known {
                let fragments = self.fragments(node.as_ref());
                known.insert(key.clone(), (node, fragments));
            }
            self.text(object, TextKind::Name);
            if let Some((_, fragments)) = known.get(&key)
                && let Some(masked) = self.sentence(message, TextKind::Message, fragments)
            {
                *message = masked;
            }
        }
    }

    fn object(&self, object: &mut Object) {
        let Object {
            ids,
            stem,
            renamed: _,
            changes,
            effects,
            folded,
            carries,
            elsewhere: _,
            nodes,
        } = object;
        for Identity { api_version, kind, namespace, name } in ids.iter_mut().flatten() {
            [api_version, kind, namespace, name]
                .into_iter()
                .for_each(|text| self.text(text, TextKind::Name));
        }
        let carried = carries.iter_mut().map(|(label, _)| label);
        for text in carried.chain(folded).chain([stem]) {
            self.text(text, TextKind::Name);
        }
        let has = |is_meant: fn(&Effect) -> bool| effects.iter().any(is_meant);
        let fragments = match () {
            () if has(|effect| matches!(effect, Effect::Judged(_))) => {
                self.fragments(nodes.iter().flatten())
            }
            // The words are those of the changed fields.
            () if has(|effect| matches!(effect, Effect::Image(_))) => {
                self.fragments(changes.iter().flat_map(|change| match &change.what {
                    What::Changed(before, after) => vec![before, after],
                    What::Added(_) | What::Removed(_) | What::Reordered(..) => Vec::new(),
                }))
            }
            () => Fragments::default(),
        };
        changes.iter_mut().for_each(|change| self.change(change));
        effects.iter_mut().for_each(|effect| self.effect(effect, &fragments));
        match nodes {
            // Of objects on both sides only the changes are shown.
            [Some(_), Some(_)] if self.keeps_pairs => {}
            [before @ Some(_), after @ Some(_)] => (*before, *after) = (None, None),
            nodes => nodes.iter_mut().flatten().for_each(|node| self.node(node, TextKind::Field)),
        }
    }

    fn change(&self, change: &mut Change) {
        let Change { path, what, follows, then } = change;
        let mut kind = TextKind::Field;
        let mut is_named = true;
        for step in &mut path.0 {
            let (text, of_text) = match step {
                Step::Key(key) => {
                    is_named = !NAMED_OTHERWISE.contains(&&**key);
                    kind = below(kind, key);
                    (key, TextKind::Name)
                }
                Step::Item(name) if is_named => (name, TextKind::Name),
                // The value of another field than a name.
                Step::Item(value) => (value, kind),
                Step::Index(..) => continue,
            };
            if let Some(masked) = self.masked(text, of_text) {
                *text = Text::from(masked);
            }
        }
        match what {
            What::Added(node) | What::Removed(node) => self.node(node, kind),
            What::Changed(before, after) => {
                [before, after].into_iter().for_each(|node| self.node(node, kind));
            }
            What::Reordered(before, after) => {
                before.iter_mut().chain(after).for_each(|text| self.text(text, kind));
            }
        }
        let then = then.iter_mut().map(|then| match then {
            Consequence::Restart(why) | Consequence::Recreation(why) => why,
        });
        then.chain(follows).for_each(|text| self.text(text, TextKind::Name));
    }

    fn effect(&self, effect: &mut Effect, fragments: &Fragments) {
        match effect {
            Effect::Lost(_) => {}
            Effect::Recreated(why) | Effect::Restarted(why) => {
                why.iter_mut().for_each(|text| self.text(text, TextKind::Name));
            }
            Effect::Image(image) => {
                for text in [&mut image.name, &mut image.before, &mut image.after] {
                    if let Some(masked) = self.sentence(text, TextKind::Field, fragments) {
                        *text = masked;
                    }
                }
            }
            Effect::Security(security) => {
                let causes = security.violated.iter_mut().chain(&mut security.satisfied);
                for name in causes.flat_map(|cause| &mut cause.containers) {
                    if let Some(masked) = self.masked(name, TextKind::Name) {
                        *name = Text::from(masked);
                    }
                }
            }
            Effect::Judged(judgement) => {
                let mask = |name: &str| self.sentence(name, TextKind::Message, fragments);
                judgement.phrase.replace_names(mask);
                if let Some(masked) = self.masked(&judgement.path, TextKind::Name) {
                    judgement.path = masked.into();
                }
            }
        }
    }

    /// The words of the secret values in objects.
    fn fragments<'n>(&self, nodes: impl IntoIterator<Item = &'n Node>) -> Fragments {
        let mut values: Vec<&str> = Vec::new();
        let mut add = |text: &'n str, kind| {
            let found = self.found(text, kind);
            values.extend(found.into_iter().filter_map(|range| text.get(range)));
        };
        let mut pending: Vec<(&Node, TextKind)> =
            nodes.into_iter().map(|node| (node, TextKind::Field)).collect();
        while let Some((node, kind)) = pending.pop() {
            node.as_text().into_iter().for_each(|text| add(text, kind));
            pending.extend(node.items().iter().map(|item| (item, kind)));
            for (key, value) in node.entries() {
                add(key.text(), TextKind::Name);
                pending.push((value, below(kind, key.text())));
            }
        }
        Fragments::of(values)
    }

    /// The secret parts of a text.
    fn found(&self, text: &str, kind: TextKind) -> Vec<Range<usize>> {
        const LONGEST: usize = 256;
        const MOST: usize = 1 << 16;
        let is_clean = |clean: &[Index<String, ()>; KINDS]| {
            clean.get(kind as usize).is_some_and(|clean| clean.contains_key(text))
        };
        if text.len() <= LONGEST && is_clean(&self.clean.borrow()) {
            return Vec::new();
        }
        let found = self.finder.find(text, kind);
        if let Some(clean) = self.clean.borrow_mut().get_mut(kind as usize)
            && found.is_empty()
            && text.len() <= LONGEST
            && clean.len() < MOST
        {
            clean.insert(text.to_owned(), ());
        }
        found
    }

    /// A text about an object with the values of the run masked, and with the words of those that the object has.
    fn sentence(&self, text: &str, kind: TextKind, fragments: &Fragments) -> Option<String> {
        // A part of a value may begin like the value.
        let masked = fragments.replaced(text, |part| self.hashes.of(part));
        self.masked(masked.as_deref().unwrap_or(text), kind).or(masked)
    }

    /// Masks each text below a node, which may be 10,000 levels deep.
    fn node(&self, node: &mut Node, kind: TextKind) {
        let mut pending = vec![(node, kind)];
        while let Some((node, kind)) = pending.pop() {
            match node.kind() {
                Kind::Scalar => {
                    if let Some(masked) = node.as_text().and_then(|text| self.masked(text, kind)) {
                        *node = Scalar::string(&masked, node.span()).into();
                    }
                }
                Kind::Sequence => {
                    let items = node.as_sequence_mut().map(Sequence::items_mut);
                    pending.extend(items.into_iter().flatten().map(|item| (item, kind)));
                }
                Kind::Mapping => {
                    let entries = node.as_mapping_mut().map(Mapping::entries_mut);
                    for (key, value) in entries.into_iter().flatten() {
                        pending.push((value, below(kind, key.text())));
                        if let Some(masked) = self.masked(key.text(), TextKind::Name) {
                            *key = Scalar::string(&masked, key.span());
                        }
                    }
                }
            }
        }
    }

    fn text(&self, text: &mut String, kind: TextKind) {
        if let Some(masked) = self.masked(text, kind) {
            *text = masked;
        }
    }

    fn masked(&self, text: &str, kind: TextKind) -> Option<String> {
        self.finder.replaced(text, kind, |value| self.hashes.of(value))
    }
}

/// Lists whose items are told apart by hosts, paths, addresses and the like, and not by their names.
const NAMED_OTHERWISE: [&str; 8] = [
    "rules",
    "paths",
    "hostAliases",
    "tolerations",
    "topologySpreadConstraints",
    "volumeMounts",
    "volumeDevices",
    "ports",
];

/// The kind of the texts of a field in others of a kind.
fn below(kind: TextKind, key: &str) -> TextKind {
    const DATA: [&str; 7] =
        ["data", "stringData", "binaryData", "value", "args", "command", "annotations"];
    match kind {
        TextKind::Data => kind,
        TextKind::Name | TextKind::Message | TextKind::Field => match key {
            "name" | "namespace" => TextKind::Name,
            _ if DATA.contains(&key) || says_secret(key) => TextKind::Data,
            _ => TextKind::Field,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::tests::target;
    use crate::diff::{Options, Review};

    /// All that a review of an object with a secret value shows, in small letters.
    fn shown(secret: &str, object: &str) -> String {
        let [before, after] = ["summerhouse", "wintergarden"].map(|word| {
            let object = object.replace("SECRET", secret).replace("WORD", word);
            let secret = secret.replace("WORD", word);
            format!("{{apiVersion: v1, kind: Secret, metadata: {{name: s}}, stringData: {{a: '{secret}'}}}}\n---\n{object}")
        });
        let options = Options { mask: Some(Masking::new("key")), ..Options::default() };
        let target = TargetReview::of(&target(&before, &after), &options);
        let review = Review::of(vec![target], &options);
        let objects = review.targets.iter().flat_map(|target| &target.objects);
        let groups = review.groups.iter().map(|group| &group.object);
        let effects = objects.chain(groups).flat_map(|object| &object.effects);
        let effects: Vec<String> = effects.map(|effect| format!("{effect:?}")).collect();
        assert!(effects.iter().any(|effect| effect.contains("masked-")), "{effects:?}");
        effects.join("\n").to_lowercase()
    }

    /// Judgements take hosts, accounts, lists and images apart, or write them in small letters.
    #[test]
    fn sentences_show_no_part_of_a_value() {
        let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, annotations: {a: b}}, spec: {rules: [{host: 'h'}]}}";
        let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: r}, roleRef: {kind: ClusterRole, name: admin}, subjects: [SUBJECT]}";
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: 'SECRET'}]}}";
        let account =
            |name: &str| role.replace("SUBJECT", &format!("{{kind: User, name: '{name}'}}"));
        for (secret, object) in [
            ("Zq91-WORD-xY", ingress.replace("'h'", "SECRET")),
            ("Zq91-WORD-xY", ingress.replace("'h'", "www.SECRET.example.com")),
            ("WORD", ingress.replace("a: b", "nginx.ingress.kubernetes.io/server-alias: SECRET")),
            (
                "shop.example,WORD",
                ingress.replace("a: b", "nginx.ingress.kubernetes.io/server-alias: 'SECRET'"),
            ),
            (
                "WORD;shop.example",
                ingress.replace(
                    "a: b",
                    "nginx.ingress.kubernetes.io/whitelist-source-range: 'SECRET'",
                ),
            ),
            ("system:serviceaccount:Zq91xY:WORD", account("SECRET")),
            ("system:serviceaccount:WORD:Zq91xY", account("SECRET")),
            ("Zq91xY.example/WORD:1", pod.to_owned()),
            ("Zq91xY.example/app:1-WORD", pod.to_owned()),
        ] {
            let shown = shown(secret, &object);
            for word in ["summerhouse", "wintergarden", "zq91"] {
                assert!(!shown.contains(word), "{secret}: {shown}");
            }
        }
    }
}
