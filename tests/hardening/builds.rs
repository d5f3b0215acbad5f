//! Hardening within a build: which value wins, and which names and positions stay.

use krender::build::{self, Options};
use krender::harden::{self, Fixes};
use krender::load::{self, Loader, Memory};
use krender::resource::ResMap;
use krender::schema::Schema;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::generate::{SERVICE, object, pod};
use super::laws::{LEVELS, config, documents, settings, yaml};

/// Builds `/app` of some files.
fn built(files: &[(&str, &str)]) -> Option<(ResMap, Loader)> {
    let add =
        |memory: Memory, (path, text): &(&str, &str)| memory.file(format!("/app/{path}"), text);
    let memory = files.iter().fold(Memory::new(), add);
    let loader = Loader::new(memory, load::Options::default());
    let output = build::build(&loader, "/app", &Options::default()).ok()?;
    Some((output.resources, loader))
}

fn hardened(resources: &ResMap, loader: &Loader, profile: &str, fixes: Fixes) -> ResMap {
    let mut resources = resources.clone();
    harden::harden(
        &mut resources,
        loader.sources(),
        &Schema::built_in(),
        &settings(profile),
        fixes,
    )
    .unwrap();
    resources
}

/// Fields of kustomizations that change all objects, or the one named `web`. Not `replicas`: rules about copies depend on it.
const TRANSFORMERS: &[&str] = &[
    "namePrefix: a-",
    "nameSuffix: -b",
    "namespace: shop",
    "images: [{name: web, newName: shop, newTag: '2'}]",
    "labels: [{pairs: {team: a}, includeSelectors: true}, {pairs: {tier: b}, includeTemplates: true}]",
    "commonAnnotations: {team: a}",
];

/// Patches that make a pod less safe: the field, its value, and the violated rule.
const PATCHES: &[(&[&str], &str, &str)] = &[
    (&["securityContext", "runAsNonRoot"], "false", "KR-SEC-022"),
    (&["securityContext", "runAsUser"], "0", "KR-SEC-023"),
    (&["securityContext", "seccompProfile", "type"], "Unconfined", "KR-SEC-024"),
    (&["hostNetwork"], "true", "KR-SEC-002"),
    (&["containers", "web", "securityContext", "privileged"], "true", "KR-SEC-001"),
    (&["containers", "web", "securityContext", "allowPrivilegeEscalation"], "true", "KR-SEC-021"),
    (&["containers", "web", "securityContext", "procMount"], "Unmasked", "KR-SEC-026"),
];

/// A merge patch that sets one field, one key a line, and the line of that field.
fn patch(keys: &[&str], value: &str) -> (String, usize) {
    let mut lines: Vec<String> = [
        "apiVersion: apps/v1",
        "kind: Deployment",
        "metadata:",
        "  name: web",
        "spec:",
        "  template:",
        "    spec:",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut indent = 6;
    let mut keys = keys.iter().peekable();
    while let Some(key) = keys.next() {
        let value = if keys.peek().is_none() { format!(" {value}") } else { String::new() };
        lines.push(format!("{:indent$}{key}:{value}", ""));
        indent += 2;
        if *key == "containers" {
            let name = keys.next().unwrap();
            lines.push(format!("{:indent$}- name: {name}", ""));
            indent += 2;
        }
    }
    let line = lines.len();
    (lines.join("\n") + "\n", line)
}

proptest! {
    #![proptest_config(config())]

    /// Names with a hash of their content stay the same, and so do the references to them.
    #[test]
    fn names_do_not_move((metadata, spec) in pod(), value in "[a-z]{1,8}", fixes in select(&LEVELS[..])) {
        let spec = spec.replace(
            "{initContainers: [",
            "{initContainers: [{name: first, image: 'a:1', envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: secrets}}]}, ",
        );
        let deployment = object("apps/v1", "Deployment", "web", &metadata, &spec);
        let kustomization = format!(
            "resources: [web.yaml]\nconfigMapGenerator: [{{name: settings, literals: [a={value}]}}]\nsecretGenerator: [{{name: secrets, literals: [a={value}]}}]\n"
        );
        let (before, loader) = built(&[("kustomization.yaml", &kustomization), ("web.yaml", &deployment)]).unwrap();
        let after = hardened(&before, &loader, "paranoid", fixes);
        let (was, is) = (documents(&yaml(&before)), documents(&yaml(&after)));
        let names: Vec<String> = after.iter().map(|one| one.id().to_string()).collect();
        prop_assert_eq!(before.iter().map(|one| one.id().to_string()).collect::<Vec<_>>(), names);
        for (was, is) in was.iter().zip(&is) {
            let name = is["metadata"]["name"].as_str().unwrap();
            prop_assert_eq!(&was["metadata"], &is["metadata"]);
            match is["kind"].as_str() {
                Some("Deployment") => {
                    let sources = |document: &serde_yaml::Value| {
                        let first = &document["spec"]["template"]["spec"]["initContainers"][0];
                        first["envFrom"].clone()
                    };
                    prop_assert_eq!(sources(was), sources(is));
                }
                _ => {
                    prop_assert!(name.len() > "settings".len(), "{} has no hash", name);
                    prop_assert_eq!(was, is);
                }
            }
        }
    }

    /// The value of a patch in an overlay is kept, and reported with the line of the patch.
    #[test]
    fn a_patch_wins_and_is_blamed(
        (keys, value, rule) in select(PATCHES),
        blank in 0_usize..4,
        inline in any::<bool>(),
        fixes in select(&LEVELS[..3]),
    ) {
        let (text, line) = patch(keys, value);
        let text = format!("{}{text}", "# why\n".repeat(blank));
        let base = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, image: 'web:1.0'}]}}}\n";
        let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
        let (kustomization, file, line) = match inline {
            true => (format!("resources: [base.yaml]\npatches:\n- patch: |\n{indented}"), "app/kustomization.yaml", line + blank + 3),
            false => ("resources: [base.yaml]\npatches: [{path: patch.yaml}]\n".to_owned(), "app/patch.yaml", line + blank),
        };
        let files = [("kustomization.yaml", &*kustomization), ("base.yaml", base), ("patch.yaml", &text)];
        let (before, loader) = built(&files).unwrap();
        let after = hardened(&before, &loader, "restricted", fixes);
        let set = |resources: &ResMap| {
            let document = documents(&yaml(resources)).remove(0);
            let spec = &document["spec"]["template"]["spec"];
            let step = |value: &serde_yaml::Value, key: &&str| match *key {
                "web" => value[0].clone(),
                key => value[key].clone(),
            };
            keys.iter().fold(spec.clone(), |value, key| step(&value, key))
        };
        prop_assert_eq!(set(&after), set(&before));
        let findings = harden::check(&after, loader.sources(), &settings("restricted"));
        let blamed = findings.iter().filter(|finding| finding.rule.id() == rule);
        let places: Vec<(String, usize)> = blamed
            .filter_map(|finding| loader.sources().locate(finding.span))
            .map(|place| (place.source.name().to_owned(), place.line))
            .collect();
        prop_assert_eq!(places.first(), Some(&(file.to_owned(), line)));
    }

    /// The result is the same whether hardening runs first or last, unless a patch changes the fields that it sets.
    #[test]
    fn hardening_commutes_with_transformers(
        (metadata, spec) in pod(),
        kind in select(vec!["Deployment", "StatefulSet"]),
        transformers in subsequence(TRANSFORMERS, 1..=TRANSFORMERS.len()),
        profile in select(vec!["restricted", "paranoid"]),
        fixes in select(&LEVELS[..]),
    ) {
        let text = format!("{}---\n{SERVICE}", object("apps/v1", kind, "web", &metadata, &spec));
        let overlay = format!("resources: [all.yaml]\n{}\n", transformers.join("\n"));
        let build = |kustomization: &str, text: &str| built(&[("kustomization.yaml", kustomization), ("all.yaml", text)]).unwrap();
        let (plain, loader) = build("resources: [all.yaml]\n", &text);
        let first = yaml(&hardened(&plain, &loader, profile, fixes));
        let (first, _) = build(&overlay, &first);
        let (last, loader) = build(&overlay, &yaml(&plain));
        let last = hardened(&last, &loader, profile, fixes);
        prop_assert_eq!(yaml(&first), yaml(&last));
    }
}
