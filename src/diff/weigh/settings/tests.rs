//! Fields that loosen security, and those that do not.

use super::{ROWS, Row};
use crate::diff::weigh::tests::{judged, told};

fn object(version: &str, kind: &str, fields: &str) -> String {
    format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: o}}, {fields}}}\n---\n")
}

const MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}\n---\n";

#[test]
fn each_line_is_read() {
    let lines = include_str!("fields.txt").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let (kinds, rest) = line.split_once('\t').unwrap();
        assert!(Row::read(rest).is_some(), "{line}");
        for kind in kinds.split(',') {
            assert!(ROWS.contains_key(&kind.split_once('/').unwrap()), "{line}");
        }
    }
}

/// Asserts what is told of fields that differ, and that the reverse is silent.
#[track_caller]
fn some(make: &dyn Fn(&str) -> String, cases: &[(&str, &str, &str)]) {
    for (before, after, words) in cases {
        let words: Vec<String> = words
            .split(" & ")
            .filter(|words| !words.is_empty())
            .map(|words| {
                let (mark, words) = words.split_at(3);
                let (severity, words) = words.trim_start().split_once(' ').unwrap();
                let kind = make("");
                let kind = kind.split("kind: ").nth(1).unwrap().split(',').next().unwrap();
                format!("{mark} {severity} {kind} o: {words}")
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        told(&make(before), &make(after), &words);
    }
}

#[test]
fn security_context_constraints_admit_more() {
    let strict = "allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, ";
    let constraints =
        |fields: &str| object("security.openshift.io/v1", "SecurityContextConstraints", fields);
    some(
        &constraints,
        &[
            (
                "allowPrivilegedContainer: false",
                "allowPrivilegedContainer: true",
                "008 error lets pods run privileged containers",
            ),
            (
                "allowHostNetwork: false, allowHostPorts: false",
                "allowHostNetwork: true, allowHostPorts: true",
                "008 error lets pods use the network of the node; use ports of the node",
            ),
            (
                "allowHostPID: false",
                "allowHostPID: true",
                "008 error lets pods see the processes of the node",
            ),
            ("", "allowHostIPC: true", "008 error lets pods use the memory of the node (IPC)"),
            (
                "",
                "allowHostDirVolumePlugin: true",
                "008 error lets pods mount directories of the node",
            ),
            (
                strict,
                "readOnlyRootFilesystem: true, ",
                "008 warning lets pods gain privileges (allowPrivilegeEscalation)",
            ),
            (
                strict,
                "allowPrivilegeEscalation: false, ",
                "008 warning lets pods write to their root file systems",
            ),
            (
                "allowedCapabilities: [CHOWN]",
                "allowedCapabilities: [KILL, CHOWN]",
                "008 warning lets pods add the capabilities KILL",
            ),
            (
                "allowedCapabilities: [CHOWN]",
                "allowedCapabilities: ['*']",
                "008 error lets pods add the capabilities *",
            ),
            (
                "defaultAddCapabilities: null",
                "defaultAddCapabilities: [SYS_ADMIN, CHOWN]",
                "008 error lets pods have the capabilities SYS_ADMIN; have the capabilities CHOWN",
            ),
            (
                "requiredDropCapabilities: [ALL]",
                "requiredDropCapabilities: [KILL]",
                "008 warning lets pods keep the capabilities ALL",
            ),
            (
                "requiredDropCapabilities: [KILL, MKNOD]",
                "requiredDropCapabilities: [KILL]",
                "008 warning lets pods keep the capabilities MKNOD",
            ),
            (
                "runAsUser: {type: MustRunAsRange}",
                "runAsUser: {type: RunAsAny}",
                "008 error lets pods run as any user, also as root",
            ),
            (
                "seLinuxContext: {type: MustRunAs}",
                "seLinuxContext: {type: RunAsAny}",
                "008 warning lets pods have any SELinux context",
            ),
            (
                "fsGroup: {type: MustRunAs}",
                "fsGroup: {type: RunAsAny}",
                "008 warning lets pods own volumes as any group (fsGroup)",
            ),
            (
                "supplementalGroups: {type: MustRunAs}",
                "supplementalGroups: {type: RunAsAny}",
                "008 warning lets pods be in any group (supplementalGroups)",
            ),
            (
                "volumes: [secret]",
                "volumes: [secret, hostPath]",
                "008 error lets pods use volumes of the kind hostPath",
            ),
            (
                "volumes: [secret, hostPath]",
                "volumes: ['*']",
                "008 error lets pods use volumes of the kind *",
            ),
            (
                "seccompProfiles: [runtime/default]",
                "seccompProfiles: ['*']",
                "008 warning lets pods use the seccomp profiles *",
            ),
            (
                "",
                "allowedUnsafeSysctls: [kernel.msg*]",
                "008 warning lets pods set the sysctls kernel.msg*",
            ),
            (
                "groups: [a]",
                "groups: [a, 'system:authenticated', b]",
                "006 error may be used by the groups system:authenticated & 006 warning may be used by the groups b",
            ),
            (
                "users: []",
                "users: ['system:serviceaccount:a:b']",
                "006 warning may be used by the users system:serviceaccount:a:b",
            ),
        ],
    );
    for (before, after) in [
        ("allowedCapabilities: ['*']", "allowedCapabilities: [CHOWN]"),
        ("requiredDropCapabilities: [KILL]", "requiredDropCapabilities: [ALL]"),
        ("volumes: [a, b]", "volumes: [b, a]"),
        ("", "allowPrivilegeEscalation: true"),
        ("priority: 1", "priority: 2"),
        ("runAsUser: {type: RunAsAny}", "runAsUser: {type: MustRunAsNonRoot}"),
        ("allowedUnsafeSysctls: [kernel.msg*]", "allowedUnsafeSysctls: [kernel.msgmax]"),
    ] {
        assert_eq!(judged(&constraints(before), &constraints(after)), [""; 0], "{before} {after}");
    }
    let open = constraints(
        "allowPrivilegedContainer: true, volumes: ['*'], users: [eve], runAsUser: {type: RunAsAny}",
    );
    told(
        MAP,
        &format!("{MAP}{open}"),
        &[
            "008 error SecurityContextConstraints o: lets pods run privileged containers; run as any user, also as root; use volumes of the kind *",
            "006 warning SecurityContextConstraints o: may be used by the users eve",
        ],
    );
    let restricted = constraints(
        "allowPrivilegedContainer: false, allowPrivilegeEscalation: false, volumes: [secret], requiredDropCapabilities: [ALL], runAsUser: {type: MustRunAsRange}, supplementalGroups: {type: RunAsAny}",
    );
    told(MAP, &format!("{MAP}{restricted}"), &[]);
}

#[test]
fn accounts_that_move_still_use_constraints() {
    let with = |namespace: &str| {
        let constraints = object(
            "security.openshift.io/v1",
            "SecurityContextConstraints",
            &format!("users: ['system:serviceaccount:{namespace}:a']"),
        );
        format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: a, namespace: {namespace}}}}}\n---\n{constraints}"
        )
    };
    assert_eq!(judged(&with("one"), &with("two")), [""; 0]);
}

#[test]
fn api_services_are_served_by_others() {
    let service = |fields: &str| {
        object("apiregistration.k8s.io/v1", "APIService", &format!("spec: {{{fields}}}"))
    };
    some(
        &service,
        &[
            (
                "caBundle: YQ==",
                "insecureSkipTLSVerify: true",
                "007 error does not check the certificate of its server (insecureSkipTLSVerify)",
            ),
            (
                "caBundle: YQ==",
                "group: a",
                "007 warning checks the certificate of its server by the authorities of the system (no caBundle)",
            ),
        ],
    );
    let led = |namespace: &str, name: &str| {
        service(&format!("service: {{namespace: {namespace}, name: {name}}}"))
    };
    let words = "008 warning APIService o: is served by b/y in place of a/x";
    assert_eq!(judged(&led("a", "x"), &led("b", "y")), [words]);
    let own = |namespace: &str| {
        format!(
            "{{apiVersion: v1, kind: Service, metadata: {{name: x, namespace: {namespace}}}}}\n---\n{}",
            led(namespace, "x")
        )
    };
    assert_eq!(judged(&own("a"), &own("b")), [""; 0]);
    let injected = |fields: &str| {
        service(fields)
            .replace("name: o", "name: o, annotations: {cert-manager.io/inject-ca-from: a/b}")
    };
    told(&injected("caBundle: YQ=="), &injected("group: a"), &[]);
    told(MAP, &format!("{MAP}{}", led("a", "b")), &[]);
}

#[test]
fn clients_of_oauth_get_more() {
    let client = |fields: &str| object("oauth.openshift.io/v1", "OAuthClient", fields);
    some(
        &client,
        &[
            (
                "grantMethod: prompt",
                "grantMethod: auto",
                "006 warning gets tokens without asking the user (grantMethod: auto)",
            ),
            (
                "redirectURIs: ['https://a']",
                "redirectURIs: ['https://b', 'https://a']",
                "006 warning sends tokens to https://b",
            ),
        ],
    );
}

#[test]
fn projects_of_argo_allow_more() {
    let project =
        |fields: &str| object("argoproj.io/v1alpha1", "AppProject", &format!("spec: {{{fields}}}"));
    let role = |policies: &str| format!("roles: [{{name: dev, policies: [{policies}]}}]");
    let (get, all, deny) = (
        "'p, proj:a:dev, applications, get, a/x, allow'",
        "'p, proj:a:dev, applications, *, a/*, allow'",
        "'p, proj:a:dev, applications, delete, a/*, deny'",
    );
    some(
        &project,
        &[
            (
                "sourceRepos: ['https://a/*']",
                "sourceRepos: ['https://a/*', 'https://b']",
                "008 warning lets applications deploy from https://b",
            ),
            (
                "sourceRepos: ['*', '!https://b']",
                "sourceRepos: ['*']",
                "008 warning lets applications deploy from !https://b (is refused no longer)",
            ),
            (
                "destinations: [{server: s, namespace: a}]",
                "destinations: [{server: s, namespace: '*'}]",
                "008 warning lets applications deploy to s/*",
            ),
            (
                "sourceNamespaces: [a]",
                "sourceNamespaces: [a, b]",
                "008 warning takes applications from the namespaces b",
            ),
            (
                "clusterResourceWhitelist: []",
                "clusterResourceWhitelist: [{group: '*', kind: '*'}]",
                "008 error lets applications deploy objects of the whole cluster: */*",
            ),
            (
                "clusterResourceWhitelist: []",
                "clusterResourceWhitelist: [{group: '', kind: Namespace}]",
                "008 warning lets applications deploy objects of the whole cluster: Namespace",
            ),
            (
                "namespaceResourceWhitelist: [{group: apps, kind: '*'}]",
                "",
                "008 warning lets applications deploy anything",
            ),
            (
                "namespaceResourceBlacklist: [{group: '', kind: ResourceQuota}]",
                "namespaceResourceBlacklist: []",
                "008 warning refuses no longer ResourceQuota",
            ),
            (
                "signatureKeys: [{keyID: A}]",
                "",
                "008 warning accepts commits that are signed by anything",
            ),
            (
                "signatureKeys: [{keyID: A}]",
                "signatureKeys: [{keyID: A}, {keyID: B}]",
                "008 warning accepts commits that are signed by B",
            ),
            (
                &role(get),
                &role(all),
                "006 warning gives the rights proj:a:dev, applications, *, a/*, allow",
            ),
            (
                &role(&format!("{all}, {deny}")),
                &role(all),
                "006 warning gives the rights proj:a:dev, applications, delete, a/*, deny (is refused no longer)",
            ),
            (
                &role(get),
                &role(get).replace("name: dev", "name: dev, groups: [g]"),
                "006 warning gives roles to groups: dev/g",
            ),
        ],
    );
    for (before, after) in [
        ("sourceRepos: ['*']", "sourceRepos: ['https://a']"),
        ("sourceRepos: [b, a]", "sourceRepos: [a, b]"),
        (
            "destinations: [{server: '*', namespace: '*'}]",
            "destinations: [{name: in-cluster, namespace: a}]",
        ),
        (
            "destinations: [{name: in-cluster, namespace: a}]",
            "destinations: [{server: 'https://kubernetes.default.svc', namespace: a}]",
        ),
        ("orphanedResources: {warn: true}", "orphanedResources: {warn: false}"),
        ("sourceRepos: [a, '!b']", "sourceRepos: [a]"),
        (&role("'p,proj:a:dev,applications,get,a/x,allow'"), &role(get)),
        ("", "roles: [{name: empty}]"),
    ] {
        assert_eq!(judged(&project(before), &project(after)), [""; 0], "{before} {after}");
    }
    let application =
        |kind: &str, spec: &str| object("argoproj.io/v1alpha1", kind, &format!("spec: {spec}"));
    let words = "moves to the project default in place of team";
    for (kind, form, of) in [
        ("Application", "{project: P}", words.to_owned()),
        (
            "ApplicationSet",
            "{template: {spec: {project: P}}}",
            words.replace("moves", "moves its applications"),
        ),
    ] {
        let [old, new] =
            ["team", "default"].map(|name| application(kind, &form.replace('P', name)));
        assert_eq!(judged(&old, &new), [format!("008 warning {kind} o: {of}")]);
    }
}

#[test]
fn flux_has_more_rights() {
    for (version, kind) in [
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ] {
        let make = |fields: &str| object(version, kind, &format!("spec: {{{fields}}}"));
        let none = "006 error is applied with the rights of its controller (no serviceAccountName)";
        some(
            &make,
            &[
                ("serviceAccountName: a", "interval: 1m", none),
                (
                    "kubeConfig: {secretRef: {name: a}}",
                    "interval: 1m",
                    "006 warning is applied to the cluster of its controller (no kubeConfig)",
                ),
            ],
        );
        let account = |name: &str| make(&format!("serviceAccountName: {name}"));
        let other = "is applied as the ServiceAccount b in place of a";
        assert_eq!(
            judged(&account("a"), &account("b")),
            [format!("006 warning {kind} o: {other}")]
        );
        told(&make("decryption: {provider: sops}"), &make("interval: 1m"), &[]);
        told(MAP, &format!("{MAP}{}", make("interval: 1m")), &[]);
    }
    for kind in ["GitRepository", "OCIRepository", "HelmChart"] {
        let make = |fields: &str| {
            object("source.toolkit.fluxcd.io/v1", kind, &format!("spec: {{{fields}}}"))
        };
        let none = "008 error takes content without checking its signature (no verify)";
        some(
            &make,
            &[
                ("verify: {provider: cosign}", "interval: 1m", none),
                (
                    "verify: {matchOIDCIdentity: [{issuer: i, subject: s}]}",
                    "verify: {matchOIDCIdentity: [{issuer: i, subject: s}, {issuer: i, subject: t}]}",
                    "008 warning accepts signatures of i/t",
                ),
            ],
        );
    }
    let source = |kind: &str, fields: &str| {
        object("source.toolkit.fluxcd.io/v1", kind, &format!("spec: {{{fields}}}"))
    };
    let words = "007 warning HelmRepository o: fetches without TLS";
    told(
        &source("HelmRepository", "url: 'https://a'"),
        &source("HelmRepository", "url: 'http://a', insecure: true"),
        &[&*format!("{words} (insecure)"), &*format!("{words} (http)")],
    );
}

#[test]
fn servers_of_nginx_ask_less() {
    let server =
        |fields: &str| object("k8s.nginx.org/v1", "VirtualServer", &format!("spec: {{{fields}}}"));
    let route = |policies: &str| format!("routes: [{{path: /, policies: [{policies}]}}]");
    some(
        &server,
        &[
            ("policies: [{name: a}]", "host: x", "007 warning no longer asks the policy a"),
            (
                &route("{name: a}, {name: b}"),
                &route("{name: b}"),
                "007 warning no longer asks a policy for //a",
            ),
            (
                "host: x",
                "server-snippets: 'a'",
                "007 error has other instructions for nginx, which may read Secrets and lead requests anywhere (server-snippets)",
            ),
            ("tls: {secret: a}", "host: x", "007 error serves without TLS"),
        ],
    );
    told(&server(&route("{name: a}")), &server("routes: []"), &[]);
    let general = server(&format!("policies: [{{name: a}}], {}", route("")));
    assert_eq!(judged(&server(&route("{name: a}")), &general), [""; 0]);
    let policy =
        |fields: &str| object("k8s.nginx.org/v1", "Policy", &format!("spec: {{{fields}}}"));
    some(
        &policy,
        &[("jwt: {realm: a}", "rateLimit: {rate: 1r/s}", "007 warning no longer asks for a token")]
            .map(|(before, _, words)| (before, "x: y", words)),
    );
    let allow = |list: &str| policy(&format!("accessControl: {{allow: [{list}]}}"));
    told(
        &allow("10.1.0.0/16"),
        &allow("10.0.0.0/8"),
        &["007 warning Policy o: accepts requests from 10.0.0.0/8"],
    );
    assert_eq!(judged(&allow("10.0.0.0/8"), &allow("10.1.0.0/16, 10.2.3.4")), [""; 0]);
}

#[test]
fn clouds_give_more_rights() {
    let google = "iam.cnrm.cloud.google.com/v1beta1";
    let member = |fields: &str| {
        object(
            google,
            "IAMPolicyMember",
            &format!("spec: {{resourceRef: {{kind: Project, name: a}}, {fields}}}"),
        )
    };
    let viewer = member("member: 'user:a', role: roles/viewer");
    let owner = member("member: 'user:a', role: roles/owner");
    let words = ["006 error IAMPolicyMember o: grants in Google Cloud Project/user:a/roles/owner"];
    assert_eq!(judged(MAP, &format!("{MAP}{owner}")), words);
    assert_eq!(judged(&viewer, &owner), words);
    assert_eq!(
        judged(&viewer, &viewer.replace("name: a", "name: b")),
        ["006 warning IAMPolicyMember o: grants its roles on b in place of a"]
    );
    let account = member("memberFrom: {serviceAccountRef: {name: s}}, role: roles/viewer");
    assert_eq!(
        judged(MAP, &format!("{MAP}{account}")),
        ["006 warning IAMPolicyMember o: grants in Google Cloud Project/s/roles/viewer"]
    );
    let policy = |kind: &str, members: &str| {
        object(
            google,
            kind,
            &format!("spec: {{bindings: [{{role: roles/storage.viewer, members: [{members}]}}]}}"),
        )
    };
    told(
        &policy("IAMPolicy", "'user:a'"),
        &policy("IAMPolicy", "'user:a', allUsers"),
        &["006 error IAMPolicy o: grants in Google Cloud allUsers/roles/storage.viewer"],
    );
    told(
        &policy("IAMPartialPolicy", "{member: 'user:a'}"),
        &policy("IAMPartialPolicy", "{member: 'user:a'}, {member: 'user:b'}"),
        &["006 warning IAMPartialPolicy o: grants in Google Cloud user:b/roles/storage.viewer"],
    );
    let role =
        |list: &str| object(google, "IAMCustomRole", &format!("spec: {{permissions: [{list}]}}"));
    told(
        &role("a.b.get"),
        &role("c.d.list, a.b.get"),
        &["006 warning IAMCustomRole o: has the permissions c.d.list"],
    );
    let role = |fields: &str| {
        object("iam.services.k8s.aws/v1alpha1", "Role", &format!("spec: {{{fields}}}"))
    };
    told(
        &role("policies: ['arn:aws:iam::aws:policy/ReadOnlyAccess']"),
        &role(
            "policies: ['arn:aws:iam::aws:policy/AdministratorAccess', 'arn:aws:iam::aws:policy/ReadOnlyAccess']",
        ),
        &["006 error Role o: has in AWS the policy arn:aws:iam::aws:policy/AdministratorAccess"],
    );
    assert_eq!(
        judged(&role("assumeRolePolicyDocument: a"), &role("assumeRolePolicyDocument: b")),
        [
            "006 warning Role o: may be assumed by others, which is not compared (assumeRolePolicyDocument)"
        ]
    );
    let attachment = object(
        "iam.aws.upbound.io/v1beta1",
        "RolePolicyAttachment",
        "spec: {forProvider: {policyArn: 'arn:aws:iam::1:policy/mine'}}",
    );
    assert_eq!(
        judged(MAP, &format!("{MAP}{attachment}")),
        [
            "006 warning RolePolicyAttachment o: attaches in AWS the policy arn:aws:iam::1:policy/mine"
        ]
    );
}

#[test]
fn too_many_values_are_told_as_not_judged() {
    let list = |side: &str| {
        let names: Vec<String> = (0..5_000).map(|number| format!("{side}{number}")).collect();
        names.join(", ")
    };
    let constraints = |side: &str| {
        let fields = format!("groups: [{}], users: [{}]", list(side), list(side));
        object("security.openshift.io/v1", "SecurityContextConstraints", &fields)
    };
    let words = judged(&constraints("a"), &constraints("b"));
    let words = words.iter().filter(|words| words.contains("is not judged as a whole"));
    assert_eq!(words.count(), 1);
}

#[test]
fn tokens_and_accounts_are_no_longer_bound() {
    let client = |age: &str| {
        object("oauth.openshift.io/v1", "OAuthClient", &format!("accessTokenMaxAgeSeconds: {age}"))
    };
    told(
        &client("60"),
        &client("0"),
        &[
            "006 warning OAuthClient o: gets tokens that do not expire (accessTokenMaxAgeSeconds: 0)",
        ],
    );
    let project = |fields: &str| {
        object("argoproj.io/v1alpha1", "AppProject", &format!("spec: {{description: d, {fields}}}"))
    };
    let accounts =
        "destinationServiceAccounts: [{server: s, namespace: n, defaultServiceAccount: a}]";
    let words = judged(&project(accounts), &project(""));
    let expected = "006 error AppProject o: deploys with the rights of Argo CD (no destinationServiceAccounts)";
    assert_eq!(words, [expected]);
}
