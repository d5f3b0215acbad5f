//! Tests of the whole table of rules.

use super::rule::Needs;
use super::{Holds, Kind, Phase, Profile, Rule, Settings, Tool, check, rules};
use crate::resource::ResMap;
use crate::resource::sample::read;
use crate::source::{Sources, Span};

/// The number of findings of a rule for a manifest, in the widest profile.
fn found(rule: &Rule, manifest: &str) -> usize {
    if manifest.starts_with("apiVersion: krender.dev/") {
        return found_in_configuration(rule, manifest);
    }
    let mut settings = Settings::of("paranoid".parse::<Profile>().unwrap());
    settings.severities.extend(rules().find(|one| *one == rule).map(|rule| (rule, Holds::On)));
    // The widest profile omits rules that stricter ones replace; the narrower one has them.
    let narrow = Settings::of("baseline".parse::<Profile>().unwrap());
    let resources: ResMap = read(manifest).unwrap().into();
    let count = |settings| {
        check(&resources, &Sources::new(), settings)
            .iter()
            .filter(|finding| finding.rule == *rule)
            .count()
    };
    count(&settings) + count(&narrow)
}

/// The number of findings of a rule for the manifest after a configuration, or for a pod, on a day in the middle of 2026.
fn found_in_configuration(rule: &Rule, example: &str) -> usize {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostPID: true}\n";
    let (configuration, manifest) = example.split_once("---\n").unwrap_or((example, pod));
    let named = configuration.replace("spec:", "metadata: {name: a}\nspec:");
    let configurations: ResMap = read(&named).unwrap().into();
    let root = configurations.get(0).unwrap().node();
    let mut settings = Settings::read(root, &Kind::ALL, Profile::default()).unwrap();
    settings.today = Some("2026-06-30".parse().unwrap());
    let findings = check(&read(manifest).unwrap().into(), &Sources::new(), &settings);
    findings.iter().filter(|finding| finding.rule == *rule).count()
}

#[test]
fn the_table_is_sorted_and_well_formed() {
    assert!(rules().map(|rule| rule.id).is_sorted());
    let mut names: Vec<&str> = rules().map(|rule| rule.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    for rule in rules() {
        assert!(rule.id.starts_with(&format!("KR-{}-", rule.topic().as_str())), "{rule:?}");
        assert!(rule.score.is_none_or(|score| (0.0..=10.0).contains(&score)), "{rule:?}");
        let is_name = rule.name.split('-').all(|word| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        assert!(is_name, "{rule:?}");
        for text in [rule.summary(), rule.why(), rule.condition()] {
            assert!(text.ends_with('.') && !text.contains("  "), "{rule:?}: {text}");
        }
        for text in rule.fixes().map(|(_, text)| text).chain([rule.advice()]) {
            assert!(!text.is_empty() && !text.ends_with('.'), "{rule:?}: {text}");
        }
    }
}

#[test]
fn examples_are_what_they_say() {
    // The cases of `testdata/lint` prove rules about sources, and `tests/dockerfiles.rs` those about Dockerfiles.
    for rule in rules().filter(|rule| !rule.is_of_sources() && !rule.is_of_dockerfiles()) {
        let Some(example) = rule.example() else {
            let has_none = matches!(rule.needs, Needs::Targets | Needs::Reviews);
            assert!(has_none, "{rule:?} has no example");
            continue;
        };
        assert!(found(rule, example.bad) > 0, "{rule:?} finds nothing in its bad example");
        assert_eq!(found(rule, example.good), 0, "{rule:?} finds something in its good example");
    }
}

/// A manifest with other numbers: each integer that is the value of a field or an item becomes `number`.
fn with_numbers(manifest: &str, number: &str) -> String {
    let mut out = String::new();
    for line in manifest.split_inclusive('\n') {
        let mut before = "";
        for word in line.split_inclusive([' ', ',', '}', ']', '\n']) {
            let end = word.trim_end_matches([' ', ',', '}', ']', '\n']).len();
            let (token, rest) = word.split_at(end);
            let is_value = before.ends_with(": ") || before.trim_start().ends_with("- ");
            let is_number = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
            out += if is_value && is_number { number } else { token };
            out += rest;
            before = word;
        }
    }
    out
}

/// Two workloads whose sums exceed each number, with all the numbers that rules compute with.
const NUMBERS: &str = "apiVersion: v1
kind: ResourceQuota
metadata: {name: q}
spec: {hard: {requests.cpu: \"3\", requests.memory: 1Gi, limits.memory: 1Gi, pods: \"3\"}}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: a}, ports: [{port: 1, targetPort: 1}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, annotations: {krender.dev/drain-seconds: \"9223372036854775807\"}}
spec:
  replicas: 1
  minReadySeconds: 1
  progressDeadlineSeconds: 1
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      terminationGracePeriodSeconds: 1
      resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}
      containers:
      - name: a
        image: openjdk:21
        ports: [{containerPort: 1}]
        resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}
        lifecycle: {preStop: {sleep: {seconds: 1}}}
        readinessProbe: {tcpSocket: {port: 1}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 1, initialDelaySeconds: 1}
        livenessProbe: {tcpSocket: {port: 1}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 1, initialDelaySeconds: 1}
        startupProbe: {tcpSocket: {port: 1}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 1, initialDelaySeconds: 1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
spec:
  replicas: 1
  selector: {matchLabels: {app: b}}
  template:
    metadata: {labels: {app: b}}
    spec:
      containers:
      - {name: b, image: b, resources: {requests: {cpu: 1, memory: 1}, limits: {cpu: 1, memory: 1}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a}
spec: {minAvailable: 1, selector: {matchLabels: {app: a}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: b}
spec: {minReplicas: 1, maxReplicas: 1, scaleTargetRef: {kind: Deployment, name: b}}
";

/// The rules compute with the largest and the smallest numbers, and sums of them are still told.
#[test]
fn numbers_may_have_any_size() {
    let settings = Settings::of("paranoid".parse::<Profile>().unwrap());
    let examples = rules().filter_map(Rule::example).flat_map(|one| [one.bad, one.good]);
    let manifests = examples.filter(|one| !one.starts_with("apiVersion: krender.dev/"));
    for manifest in manifests.chain([NUMBERS]) {
        for number in ["9223372036854775807", "-9223372036854775808", "-1", "0"] {
            let Ok(resources) = read(&with_numbers(manifest, number)) else { continue };
            let resources: ResMap = resources.into();
            let findings = check(&resources, &Sources::new(), &settings);
            drop(super::capacity::capacity(&resources, &settings.facts, u64::MAX));
            let exceeded = |entry: &str| {
                let said = format!("more than the 3 of `{entry}`");
                findings.iter().any(|finding| finding.message.contains(&said))
            };
            if manifest == NUMBERS && number.starts_with('9') {
                assert!(exceeded("requests.cpu") && exceeded("pods"));
            }
        }
    }
}

#[test]
fn a_fingerprint_does_not_depend_on_what_stands_around() {
    let one = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: x, securityContext: {privileged: true}}\n";
    let two = one.replace("containers:\n", "containers:\n  - {name: w}\n");
    let settings = Settings::of("baseline".parse().unwrap());
    let prints = [one, &two].map(|text| {
        let resources: ResMap = read(text).unwrap().into();
        let findings = check(&resources, &Sources::new(), &settings);
        findings[0].fingerprint(resources.iter().next().unwrap())
    });
    assert_eq!(prints[0], prints[1]);
    assert_eq!(prints[0].len(), 16);
}

#[test]
fn each_tool_is_understood_in_its_own_words() {
    let accepts = |tool: Tool, key, value| {
        let (checks, reason) = tool.checks(key, value);
        let rules = rules().filter(|rule| rule.is_among(tool, &checks));
        (rules.map(|rule| rule.id).collect::<Vec<_>>(), reason)
    };
    for (tool, key, value, id, reason) in [
        (
            Tool::KubeLinter,
            "ignore-check.kube-linter.io/host-pid",
            "it looks at them",
            "KR-SEC-003",
            Some("it looks at them"),
        ),
        (Tool::KubeScore, "kube-score/ignore", "a, container-image-tag", "KR-IMG-001", None),
        (Tool::Polaris, "polaris.fairwinds.com/hostPortSet-exempt", "true", "KR-SEC-006", None),
        (Tool::Checkov, "checkov.io/skip1", "CKV_K8S_37=later", "KR-SEC-025", Some("later")),
    ] {
        assert_eq!(accepts(tool, key, value), (vec![id], reason));
    }
    let all = accepts(Tool::KubeLinter, "kube-linter.io/ignore-all", "no").0;
    assert!(all.contains(&"KR-SEC-003") && !all.contains(&"KR-SEC-006"));
    assert!(accepts(Tool::Polaris, "polaris.fairwinds.com/exempt", "true").0.len() > 10);
    for (tool, key, value) in [
        (Tool::Polaris, "polaris.fairwinds.com/hostPortSet-exempt", "false"),
        (Tool::Polaris, "checkov.io/skip1", "true"),
        (Tool::KubeLinter, "ignore-check.kube-linter.io/", "nothing"),
        (Tool::KubeScore, "kube-score/enable", "container-image-tag"),
    ] {
        assert!(accepts(tool, key, value).0.is_empty(), "{key}");
    }
}

#[test]
fn each_rule_is_asked_once() {
    let is_meant = |rule: &&Rule| {
        !matches!(
            rule.needs,
            Needs::Suppressions | Needs::Sources | Needs::Dockerfiles | Needs::Reviews
        )
    };
    for rule in rules().filter(is_meant) {
        let last = Phase::Final(Span::NONE);
        assert!(Phase::Early.asks(rule) != last.asks(rule), "{rule:?}");
    }
}

#[test]
fn many_subjects_of_a_role_are_compared_as_one() {
    let values = |rules: usize, subjects: &[String]| {
        let rule = "- {apiGroups: [apps], resources: ['*'], verbs: ['*']}\n";
        let list: String =
            subjects.iter().map(|one| format!("- {{kind: User, name: {one}}}\n")).collect();
        let manifest = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: a}}\nrules:\n{}---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: a}}\n\
             roleRef: {{kind: ClusterRole, name: a}}\nsubjects:\n{list}",
            rule.repeat(rules),
        );
        let resources: ResMap = read(&manifest).unwrap().into();
        let settings = Settings::of(Profile::default());
        let found = check(&resources, &Sources::new(), &settings);
        let found = found.iter().find(|finding| finding.rule.id() == "KR-RBAC-002").unwrap();
        found.values(resources.get(found.place))
    };
    let users: Vec<String> = (0..200).map(|number| format!("user-{number}")).collect();
    assert_eq!(values(1, &users).len(), 4 + users.len());
    let all = values(200, &users);
    assert_eq!(all.len(), 5);
    assert_eq!(all, values(200, &users));
    assert_ne!(all, values(200, &users[1..]), "another set of subjects is another value");
}
