//! The number of findings is linear in the number of objects: each object is reported once, however many others it meets.
#![expect(clippy::disallowed_methods, reason = "the program is run, and files are made")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fs;
use std::process::Command;

const COUNT: usize = 20;

const CONFIGURATION: &str = "\
apiVersion: krender.dev/v1alpha1
kind: Hardening
metadata: {name: all}
spec: {profile: paranoid, failOn: never}
";

/// The lines that `krender check` writes about a rule.
fn found(documents: &[String], rule: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.yaml"), documents.join("---\n")).unwrap();
    fs::write(folder.path().join("h.yaml"), CONFIGURATION).unwrap();
    let program = env!("CARGO_BIN_EXE_krender");
    let arguments = ["check", "--config", "h.yaml", "--format", "github", "all.yaml"];
    let output =
        Command::new(program).args(arguments).current_dir(folder.path()).env_clear().output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| line.contains(rule)).map(str::to_owned).collect()
}

fn pod(number: usize, labels: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: x, labels: {{{labels}}}}}\nspec: {{containers: [{{name: c, image: 'x:1', ports: [{{containerPort: 80}}]}}]}}\n"
    )
}

fn each(make: impl Fn(usize) -> Vec<String>) -> Vec<String> {
    (0..COUNT).flat_map(make).collect()
}

#[test]
fn a_budget_is_reported_once_with_the_first_other() {
    let all = each(|number| {
        let selector = if number % 2 == 0 {
            "matchLabels: {app: same}"
        } else {
            "matchExpressions: [{key: app, operator: In, values: [same]}]"
        };
        let budget = format!(
            "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b{number}, namespace: x}}\nspec: {{minAvailable: 1, selector: {{{selector}}}}}\n"
        );
        vec![pod(number, &format!("app: same, n: a{number}")), budget]
    });
    let found = found(&all, "KR-AVL-006");
    assert_eq!(found.len(), COUNT - 1, "{found:#?}");
    assert!(found.iter().all(|line| line.contains("`b0`")), "{found:#?}");
}

#[test]
fn the_quotas_and_ranges_of_a_namespace_are_one() {
    let all = each(|number| {
        let quota = format!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q{number}, namespace: x}}\nspec: {{hard: {{requests.cpu: 1, limits.memory: 1Gi, pods: 5}}}}\n"
        );
        vec![quota, pod(number, "app: same")]
    });
    // Each pod once, and the `pods` of each quota.
    let quotas = found(&all, "KR-RES-015");
    assert_eq!(quotas.len(), 2 * COUNT, "{quotas:#?}");
    let all = each(|number| {
        let range = format!(
            "apiVersion: v1\nkind: LimitRange\nmetadata: {{name: r{number}, namespace: x}}\nspec: {{limits: [{{type: Container, min: {{cpu: {}m}}}}]}}\n",
            number + 1
        );
        let pod = pod(number, "app: same")
            .replace("name: c,", "name: c, resources: {requests: {cpu: 500u}},");
        vec![range, pod]
    });
    let ranges = found(&all, "KR-RES-016");
    assert_eq!(ranges.len(), COUNT, "{ranges:#?}");
    let tightest = format!("`r{}`", COUNT - 1);
    assert!(ranges.iter().all(|line| line.contains(&tightest)), "{ranges:#?}");
}

#[test]
fn selectors_are_found_by_any_of_their_conditions() {
    let policies = [
        "matchLabels: {app: same, of: a1}",
        "matchExpressions: [{key: of, operator: In, values: [a2, a3, a2]}]",
        "matchExpressions: [{key: only, operator: Exists}]",
        "matchLabels: {app: same}, matchExpressions: [{key: of, operator: In, values: [a5]}]",
        "matchExpressions: [{key: of, operator: In, values: [none]}]",
    ];
    let mut all = each(|number| {
        let only = if number == 4 { ", only: 'yes'" } else { "" };
        vec![pod(number, &format!("app: same, of: a{number}{only}"))]
    });
    for (number, selector) in policies.iter().enumerate() {
        all.push(format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n{number}, namespace: x}}\nspec: {{podSelector: {{{selector}}}, policyTypes: [Ingress]}}\n"
        ));
    }
    assert_eq!(found(&all, "KR-NET-001").len(), COUNT - 5);
    let dangling = found(&all, "KR-NET-002");
    assert_eq!(dangling.len(), 1, "{dangling:#?}");
    assert!(dangling[0].contains("`x/n4`") || dangling[0].contains("n4"), "{dangling:#?}");
}

#[test]
fn many_labels_are_compared_as_few_are() {
    let labels: Vec<String> = (0..100).map(|number| format!("l{number}: v")).collect();
    let service = |name: &str, last: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: x}}\nspec: {{ports: [{{port: 80}}], selector: {{{}, {last}}}}}\n",
            labels[..99].join(", ")
        )
    };
    let all = |last: &str| vec![pod(0, &labels.join(", ")), service("s", last)];
    assert_eq!(found(&all("l99: v"), "readiness-missing").len(), 1);
    assert!(found(&all("l99: w"), "gets requests").is_empty());
    assert_eq!(found(&all("l99: v"), "gets requests").len(), 1);
}
