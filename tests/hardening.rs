//! Properties of hardening for any pods: over random manifests (`PROPTEST_CASES` sets their number), and over the
//! fixtures of the Kubernetes admission tests if they are present next to the checkout.
#![expect(clippy::disallowed_methods, reason = "the fixtures are read as they are")]
#![expect(clippy::unwrap_used, reason = "this is a test")]
#![expect(clippy::print_stdout, reason = "who skips says so")]

#[path = "hardening/builds.rs"]
mod builds;
#[path = "hardening/corpus.rs"]
mod corpus;
#[path = "hardening/fixtures.rs"]
mod fixtures;
#[path = "hardening/generate.rs"]
mod generate;
#[path = "hardening/laws.rs"]
mod laws;
#[path = "hardening/refused.rs"]
mod refused;

use generate::{manifest, served};
use krender::harden::{Class, Fixes, Rule, rules};
use laws::{
    LEVELS, PROFILES, Run, config, hardened, only, read, reversed, settings, violated, yaml,
};
use proptest::prelude::*;
use proptest::sample::select;

/// A hardening of a random manifest.
fn run() -> impl Strategy<Value = Run> {
    (manifest(), select(&PROFILES[..]), select(&LEVELS[..]))
        .prop_map(|(text, profile, fixes)| Run::new(&text, settings(profile), fixes))
}

/// A manifest, a profile, and a level of fixes.
fn asked() -> impl Strategy<Value = (String, &'static str, Fixes)> {
    (manifest(), select(&PROFILES[..]), select(&LEVELS[..]))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn once_is_enough(run in run()) {
        prop_assert_eq!(run.is_idempotent(), Ok(()));
    }

    #[test]
    fn what_is_right_stays_as_it_is(run in run()) {
        prop_assert_eq!(run.changes_only_what_is_wrong(), Ok(()));
    }

    /// For each rule alone: without a violation it writes nothing, and with one all properties hold.
    #[test]
    fn a_rule_that_is_kept_writes_nothing(
        text in manifest(),
        rule in select(rules().collect::<Vec<_>>()),
        version in select(vec!["v1.18", "v1.24", "v1.37"]),
        fixes in select(&LEVELS[..]),
    ) {
        let run = Run::new(&text, only(rule.id, version), fixes);
        if violated(&run.before, &only(rule.id, version)).is_empty() {
            prop_assert_eq!(yaml(&run.after), yaml(&run.before));
        }
        prop_assert_eq!(run.obeys_all(), Ok(()));
    }

    #[test]
    fn nothing_gets_worse(run in run()) {
        prop_assert_eq!(run.makes_nothing_worse(), Ok(()));
    }

    /// Pods behind a Service get enough time to end, within their grace period.
    #[test]
    fn there_is_time_to_end(text in served(), profile in select(&PROFILES[6..]), fixes in select(&LEVELS[..])) {
        prop_assert_eq!(Run::new(&text, settings(profile), fixes).obeys_all(), Ok(()));
    }

    #[test]
    fn what_is_written_stays_unless_it_is_overridden(run in run()) {
        prop_assert_eq!(run.keeps_what_was_written(), Ok(()));
    }

    #[test]
    fn the_api_server_takes_what_it_took(run in run()) {
        prop_assert_eq!(run.stays_acceptable(), Ok(()));
    }

    #[test]
    fn only_its_fields_are_touched(run in run()) {
        prop_assert_eq!(run.touches_only_its_fields(), Ok(()));
    }

    /// The result does not depend on the order of keys, nor on concurrent runs.
    #[test]
    fn the_outcome_depends_on_the_input_alone((text, profile, fixes) in asked()) {
        let settings = settings(profile);
        let (resources, turned) = (read(&text), read(&reversed(&text)));
        let expected = yaml(&hardened(&resources, &settings, fixes));
        prop_assert_eq!(&yaml(&hardened(&turned, &settings, fixes)), &expected);
        prop_assert_eq!(violated(&turned, &settings), violated(&resources, &settings));
        let together: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..3).map(|_| scope.spawn(|| yaml(&hardened(&resources, &settings, fixes)))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        prop_assert!(together.iter().all(|one| *one == expected));
    }

    /// The result for an object depends only on the object and on the Services and autoscalers of the render.
    #[test]
    fn an_object_is_hardened_by_itself((text, profile, fixes) in asked()) {
        let settings = settings(profile);
        let texts: Vec<&str> = text.split("---\n").collect();
        let together = yaml(&hardened(&read(&text), &settings, fixes));
        let services: String =
            texts.iter().filter(|one| one.contains("kind: Service\n") || one.contains("Autoscaler\n")).map(|one| format!("---\n{one}")).collect();
        for (document, one) in together.split("---\n").zip(&texts) {
            let alone = yaml(&hardened(&read(&format!("{one}{services}")), &settings, fixes));
            prop_assert_eq!(alone.split("---\n").next(), Some(document));
            if profile.starts_with("restricted") {
                let alone = yaml(&hardened(&read(one), &settings, fixes));
                prop_assert_eq!(alone, document);
            }
        }
    }
}

/// An init container whose `preStop` sleeps longer than the grace period is refused before and after hardening.
#[test]
fn a_sleep_that_is_too_long_stays_refused() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  initContainers:
  - {name: setup, lifecycle: {preStop: {sleep: {seconds: 50}}}}
  containers: [{name: web}]
";
    let fixes = Fixes::UpTo(Class::Override);
    assert_eq!(Run::new(text, settings("recommended@v1.37"), fixes).stays_acceptable(), Ok(()));
}

/// Each rule has examples with and without a violation in `testdata/rules/<name>`; those about suppressions in
/// `testdata/check`, with findings to suppress, and those about sources in `testdata/lint/<name>`.
#[test]
fn every_rule_has_its_case() {
    let folders = |area: &str| -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(area);
        let cases = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut cases: Vec<String> = cases.map(|name| name.into_string().unwrap()).collect();
        cases.sort();
        cases
    };
    let is_of_render = |rule: &&Rule| {
        let is_elsewhere = rule.is_of_sources() || rule.is_of_dockerfiles() || rule.is_of_reviews();
        !rule.id.starts_with("KR-CFG") && !is_elsewhere
    };
    let of_render = rules().filter(is_of_render);
    let mut names: Vec<&str> = of_render.map(|rule| rule.name).collect();
    names.sort_unstable();
    assert_eq!(folders("testdata/rules"), names);
    let cases = folders("testdata/lint");
    for rule in rules().filter(|rule| rule.is_of_sources()) {
        assert!(cases.iter().any(|case| case == rule.name), "{rule:?} has no case");
    }
    let cases = folders("testdata/diff");
    for rule in rules().filter(|rule| rule.is_of_reviews()) {
        assert!(cases.iter().any(|case| case == rule.name), "{rule:?} has no case");
    }
    let cases = folders("testdata/dockerfiles");
    for rule in rules().filter(|rule| rule.is_of_dockerfiles()) {
        assert!(cases.iter().any(|case| case == rule.name), "{rule:?} has no case");
    }
}
