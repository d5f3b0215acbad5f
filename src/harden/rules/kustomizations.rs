//! KR-KUS: the sources of kustomizations. These are the texts; the conditions are in `crate::lint`, a layer below, which
//! reads kustomizations and observes builds.

use crate::harden::profile::Scope;
use crate::harden::rule::{Example, Needs, Rule, Topic};
use crate::harden::violation::{Class, Severity};

/// The parts that all rules about sources have in common.
const OF_SOURCES: Rule = Rule {
    id: "",
    name: "",
    topic: Topic::Kustomizations,
    severity: Severity::Warning,
    score: None,
    scope: Scope::Recommended,
    summary: "",
    why: "",
    condition: "",
    fixes: &[],
    fix_order: 0,
    advice: "",
    example: None,
    elsewhere: &[],
    needs: Needs::Sources,
};

/// KR-KUS-001
pub static DEPRECATED_FIELD: Rule = Rule {
    id: "KR-KUS-001",
    name: "deprecated-field",
    summary: "Kustomizations use no deprecated fields.",
    why: "kustomize will drop these fields; some of them behave differently from their successors.",
    condition: "A kustomization has `bases`, `commonLabels`, `imageTags`, `patchesJson6902`, `patchesStrategicMerge`, `vars`, `helmChartInflationGenerator`, or `env` in a generator.",
    fixes: &[(
        Class::Safe,
        "moves the values to the successor of the field; refused unless every target renders to the same bytes. `vars` stay: `krender edit fix --vars` converts them",
    )],
    advice: "move the values to the successor of the field, as `krender lint --fix` does; for `vars`, `krender edit fix --vars`",
    example: Some(Example {
        bad: "commonLabels:\n  app: shop\nresources:\n- deployment.yaml\n",
        good: "labels:\n- includeSelectors: true\n  pairs:\n    app: shop\nresources:\n- deployment.yaml\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-002
pub static UNPINNED_REMOTE: Rule = Rule {
    id: "KR-KUS-002",
    name: "unpinned-remote",
    severity: Severity::Error,
    score: Some(6.0),
    summary: "Remote bases, files and charts have a fixed version.",
    why: "Without one, a build renders other objects on another day, and a change in the other repository reaches the cluster without a review here.",
    condition: "An entry of `resources`, `components`, `generators`, `transformers` or `validators` is a git repository without `ref`, or a chart of `helmCharts` has a `repo` and no `version`: an error. The `ref` is the usual name of a branch (`main`, `master`, `HEAD`, `develop`, `trunk`), or the URL of a file has no part that looks like a version or a commit: a warning, since this assumes that the name is a branch, and that the file changes.",
    advice: "add `?ref=` with a tag or, better, a commit; for a file over HTTP, take the URL of a release",
    example: Some(Example {
        bad: "resources:\n- https://github.com/example/shop//deploy\n",
        good: "resources:\n- https://github.com/example/shop//deploy?ref=v1.4.2\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-003
pub static ORPHAN_FILE: Rule = Rule {
    id: "KR-KUS-003",
    name: "orphan-file",
    severity: Severity::Note,
    summary: "Manifests next to a kustomization are listed by one.",
    why: "A manifest that no kustomization lists is not applied, and readers assume that it is.",
    condition: "A YAML file with a kustomization in its own directory has only documents with `apiVersion`, `kind` and `metadata.name`, no kustomization of its directory or of one above lists it, and no text beside it (comments in the kustomization, scripts, pages) mentions its name. Assumes that no program outside of these directories reads it. Not reported: charts, tests, and kinds that tools read (kustomize, Flux, Argo CD, Skaffold, kind, kubeadm and the like).",
    advice: "list it under `resources` or `patches`, or remove it",
    example: Some(Example {
        bad: "# service.yaml is not listed\nresources:\n- deployment.yaml\n",
        good: "resources:\n- deployment.yaml\n- service.yaml\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-004
pub static UNMATCHED_PATCH: Rule = Rule {
    id: "KR-KUS-004",
    name: "unmatched-patch",
    severity: Severity::Error,
    summary: "Patches, replacements, images and labels have a target.",
    why: "kustomize says nothing about a target that selects no resource: the change that was meant never happens, for example after a resource was renamed.",
    condition: "In every build that includes the kustomization, the `target` of a patch selects no resource, or a target of `replacements` sets no field: an error. No container uses the image of an entry of `images`, an entry sets nothing, or the kustomization is a component, which may be written for other resources: a warning. Targets that cannot be built are not judged.",
    advice: "correct the target, or remove the entry",
    example: Some(Example {
        bad: "resources:\n- deployment.yaml # its name is `shop`\npatches:\n- path: memory.yaml\n  target:\n    kind: Deployment\n    name: store\n",
        good: "resources:\n- deployment.yaml # its name is `shop`\npatches:\n- path: memory.yaml\n  target:\n    kind: Deployment\n    name: shop\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-005
pub static NO_OP_PATCH: Rule = Rule {
    id: "KR-KUS-005",
    name: "no-op-patch",
    severity: Severity::Note,
    summary: "Patches change something.",
    why: "A patch that changes nothing suggests a difference between environments that does not exist.",
    condition: "In every build that includes the kustomization, an entry of `patches`, or all entries of `patchesStrategicMerge` or of `patchesJson6902`, selects resources and leaves all of them as they are. JSON patches with `test` are checks, and not reported.",
    advice: "remove the patch",
    example: Some(Example {
        bad: "resources:\n- deployment.yaml # `replicas: 3`\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: shop}\n    spec: {replicas: 3}\n",
        good: "resources:\n- deployment.yaml # `replicas: 3`\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-006
pub static PLAINTEXT_SECRET: Rule = Rule {
    id: "KR-KUS-006",
    name: "plaintext-secret",
    severity: Severity::Error,
    score: Some(7.5),
    summary: "Secrets are not in plain text next to a kustomization.",
    why: "A value that was committed once stays in the history of the repository, and everyone who can read it has the secret. base64 is no encryption.",
    condition: "A listed `kind: Secret` has a value in `data` or `stringData`, or an entry of `secretGenerator` has a value in `literals`: an error. An entry of `secretGenerator` reads a file in plain text (of a file with several lines, one sets a password, a token or the like) that `.gitignore` files in and above its directory do not match: a warning, since this assumes that the file is committed. Below a directory of tests (`test`, `testdata`, `e2e` and the like): a note. Not reported: empty values and placeholders, public keys and certificates, and content that SOPS, age, PGP or Ansible Vault has encrypted.",
    advice: "encrypt it (SOPS, SealedSecret), or let the cluster fetch it (ExternalSecret); then replace the value, which is known now",
    example: Some(Example {
        bad: "secretGenerator:\n- name: database\n  literals:\n  - password=hunter2\n",
        good: "resources:\n- database.sealed.yaml # kind: SealedSecret\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-007
pub static HASH_DISABLED: Rule = Rule {
    id: "KR-KUS-007",
    name: "hash-disabled",
    summary: "Generated ConfigMaps and Secrets that workloads use have a hash in their name.",
    why: "Without the hash, a change of the content starts no rollout: pods that run keep the old values until something else restarts them.",
    condition: "`disableNameSuffixHash: true`, of a generator or of `generatorOptions`, applies to a ConfigMap or Secret that a workload of a render uses in `env`, `envFrom`, `volumes` or the like.",
    advice: "remove `disableNameSuffixHash`, or accept the finding if pods watch the object",
    example: Some(Example {
        bad: "configMapGenerator:\n- name: settings\n  literals: [level=info]\n  options:\n    disableNameSuffixHash: true\n",
        good: "configMapGenerator:\n- name: settings\n  literals: [level=info]\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-008
pub static HAND_WRITTEN_CONFIG: Rule = Rule {
    id: "KR-KUS-008",
    name: "hand-written-config",
    severity: Severity::Note,
    scope: Scope::Paranoid,
    summary: "ConfigMaps that workloads use are generated.",
    why: "A change of a ConfigMap that is written by hand starts no rollout; a generated one has a hash in its name.",
    condition: "A listed manifest has a ConfigMap that a workload of a render uses. Off unless it is asked for by `--rule`, or switched on in the configuration.",
    advice: "generate it with `configMapGenerator`",
    example: Some(Example {
        bad: "resources:\n- configmap.yaml\n- deployment.yaml\n",
        good: "configMapGenerator:\n- name: settings\n  files: [settings.ini]\nresources:\n- deployment.yaml\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-009
pub static SELECTOR_LABELS: Rule = Rule {
    id: "KR-KUS-009",
    name: "selector-labels",
    summary: "Overlays do not change selectors of workloads.",
    why: "The selector of a workload is immutable: once it is deployed, the API server refuses another one, and the object must be deleted and created again.",
    condition: "A kustomization that is one of several variants (the base with the workload has another overlay, or its directory has the word of an environment) changes `spec.selector` of a Deployment, ReplicaSet, StatefulSet or DaemonSet of the base by `commonLabels` or by `labels` with `includeSelectors`. Assumes that the workload may be deployed already.",
    advice: "use `labels` without `includeSelectors`, with `includeTemplates: true` for pods",
    example: Some(Example {
        bad: "resources:\n- ../base\nlabels:\n- includeSelectors: true\n  pairs: {env: prod}\n",
        good: "resources:\n- ../base\nlabels:\n- includeTemplates: true\n  pairs: {env: prod}\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-010
pub static DUPLICATED_PATCH: Rule = Rule {
    id: "KR-KUS-010",
    name: "duplicated-patch",
    severity: Severity::Note,
    summary: "A patch that several overlays need is written once.",
    why: "Copies of a patch drift apart: a correction of one of them is forgotten in the others.",
    condition: "Two or more kustomizations, none of which includes another and none of which is a component, include the same base and have a patch with the same content and the same target. Reported once, at the first of them.",
    advice: "move the patch to a component that these kustomizations list, or to the base",
    example: Some(Example {
        bad: "# overlays/staging and overlays/prod, both:\nresources:\n- ../../base\npatches:\n- path: memory.yaml\n",
        good: "# overlays/staging and overlays/prod, both:\nresources:\n- ../../base\ncomponents:\n- ../../components/memory\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-011
pub static BASE_NAMESPACE: Rule = Rule {
    id: "KR-KUS-011",
    name: "base-namespace",
    severity: Severity::Note,
    summary: "Bases of several overlays leave the namespace to them.",
    why: "The overlay decides where its objects go. A namespace in the base reaches each overlay that forgets to set its own: then they share one.",
    condition: "A kustomization that two or more others include under `resources` sets `namespace`, and at least one of these others sets another one.",
    advice: "remove `namespace` from the base, and set it in each overlay",
    example: Some(Example {
        bad: "# base/kustomization.yaml\nnamespace: shop\nresources:\n- deployment.yaml\n",
        good: "# overlays/prod/kustomization.yaml\nnamespace: shop-prod\nresources:\n- ../../base\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-012
pub static OVERLAY_IMPORTS_OVERLAY: Rule = Rule {
    id: "KR-KUS-012",
    name: "overlay-imports-overlay",
    severity: Severity::Note,
    summary: "Overlays of one environment do not include those of another, and bases are not nested deeply.",
    why: "A change that is meant for one environment then reaches another. In deep chains it takes long to find out which level sets a field.",
    condition: "A directory whose path has the word of one environment (such as `dev`, `test`, `staging`, `prod`) includes a directory whose path has that of another one in the same place, such as `overlays/prod` and `overlays/staging`; assumes that the names are those of environments. Or a target includes kustomizations, without components, more than 4 levels deep.",
    advice: "move what both need to a base or a component",
    example: Some(Example {
        bad: "# overlays/prod/kustomization.yaml\nresources:\n- ../staging\n",
        good: "# overlays/prod/kustomization.yaml\nresources:\n- ../../base\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-013
pub static POSTURE_INVERSION: Rule = Rule {
    id: "KR-KUS-013",
    name: "posture-inversion",
    score: Some(5.0),
    summary: "Production is hardened at least as well as other environments of the same base.",
    why: "Hardening that is tried in one environment and forgotten in production protects nothing; and tests do not see pods as production runs them.",
    condition: "A target whose directory has the word of production (`prod`, `production`, `prd`, `live`) renders a pod that violates a rule of the Pod Security Standards, and the same object and container of another target, of the same base and an earlier environment beside it, does not. Assumes that the names of directories are those of environments. Violations that KR-KUS-018 reports are left out.",
    advice: "apply the hardening of the other environment to production, or move it to the base",
    example: Some(Example {
        bad: "# overlays/staging/kustomization.yaml; overlays/prod has no such patch\nresources:\n- ../../base\npatches:\n- path: non-root.yaml\n",
        good: "# overlays/prod/kustomization.yaml\nresources:\n- ../../base\npatches:\n- path: non-root.yaml\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-014
pub static FAIL_OPEN_TRANSFORMER: Rule = Rule {
    id: "KR-KUS-014",
    name: "fail-open-transformer",
    severity: Severity::Error,
    score: Some(5.0),
    summary: "Transformers and validators are no functions that run a program.",
    why: "Without `--enable-exec` kustomize skips such a function and succeeds: hardening is then not applied, and a validation passes without a look.",
    condition: "A document that `generators`, `transformers` or `validators` list has an annotation `config.kubernetes.io/function` with `exec`.",
    advice: "use a container function, a builtin transformer, or make sure that every caller passes `--enable-alpha-plugins --enable-exec`, and accept the finding",
    example: Some(Example {
        bad: "# transformers: [policy.yaml]\napiVersion: example.com/v1\nkind: Policy\nmetadata:\n  name: policy\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./policy}\n",
        good: "# transformers: [policy.yaml]\napiVersion: krender.dev/v1alpha1\nkind: HardeningTransformer\nmetadata:\n  name: policy\nspec:\n  profile: restricted\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-015
pub static HARDENING_NOT_LAST: Rule = Rule {
    id: "KR-KUS-015",
    name: "hardening-not-last",
    summary: "Hardening is the last transformer of the outermost kustomization.",
    why: "Transformers and kustomizations that run after it can undo what it did.",
    condition: "A `HardeningTransformer` is followed by another transformer in the list, or the kustomization that lists it is included by one that has patches, replacements or transformers.",
    advice: "list it last, in the outermost kustomization, or use `krender build --harden`",
    example: Some(Example {
        bad: "transformers:\n- hardening.yaml\n- labels.yaml\n",
        good: "transformers:\n- labels.yaml\n- hardening.yaml\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-016
pub static PATH_ESCAPE: Rule = Rule {
    id: "KR-KUS-016",
    name: "path-escape",
    severity: Severity::Error,
    summary: "Files of a kustomization are in its directory or below.",
    why: "kustomize refuses other files unless its load restrictor is switched off, and then a kustomization can read any file.",
    condition: "Entries of a kustomization that must be files (patches, files of generators, `configurations`, `crds`, `openapi`, `replacements`, values of charts, manifests) lead out of its directory, by `..`, an absolute path or a link. Reported once for each kustomization. Not checked with `--load-restrictor LoadRestrictionsNone`.",
    advice: "move the file below the kustomization, or make a base or component of its directory",
    example: Some(Example {
        bad: "configMapGenerator:\n- name: settings\n  files: [../common/settings.ini]\n",
        good: "resources:\n- ../common # its kustomization generates the ConfigMap\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-017
pub static MISSING_GVK: Rule = Rule {
    id: "KR-KUS-017",
    name: "missing-gvk",
    severity: Severity::Note,
    summary: "Kustomization files have `apiVersion` and `kind`.",
    why: "Editors and other tools recognise the file by them.",
    condition: "A kustomization file lacks `apiVersion` or `kind`.",
    fixes: &[(Class::Safe, "adds them")],
    advice: "add them, as `krender lint --fix` does",
    example: Some(Example {
        bad: "resources:\n- deployment.yaml\n",
        good: "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- deployment.yaml\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-018
pub static LOOSENED_BY_OVERLAY: Rule = Rule {
    id: "KR-KUS-018",
    name: "loosened-by-overlay",
    score: Some(6.0),
    summary: "Overlays do not undo the hardening of their bases.",
    why: "The base was reviewed as hardened; a patch in an overlay that takes this back is easily overlooked.",
    condition: "A patch or replacement changes a pod that another kustomization defines, so that it, or a container that it had, violates a rule of the Pod Security Standards that it satisfied before, and the render violates it, too. In a component, which is listed on purpose: a note.",
    advice: "remove the field from the patch, or accept the finding with the reason why this environment needs it",
    example: Some(Example {
        bad: "resources:\n- ../base # `runAsNonRoot: true`\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: shop}\n    spec: {template: {spec: {securityContext: {runAsNonRoot: false}}}}\n",
        good: "resources:\n- ../base # `runAsNonRoot: true`\n",
    }),
    ..OF_SOURCES
};

/// KR-KUS-019
pub static KEPT_BY_ONE_OVERLAY: Rule = Rule {
    id: "KR-KUS-019",
    name: "kept-by-one-overlay",
    severity: Severity::Note,
    summary: "A base has what most of its overlays need.",
    why: "An object or field that all overlays but one patch away was added to the base for the sake of this one: each new overlay must know that, and remove it again.",
    condition: "Three or more targets include a base, exactly one of them renders an object, or a field of an object, that the base alone renders, and patches removed it in all others. Assumes that all overlays of the base are among the targets.",
    advice: "move it from the base to the overlay that needs it",
    example: Some(Example {
        bad: "# overlays/dev and overlays/test, both; overlays/prod keeps the object\nresources:\n- ../../base\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: public}\n    $patch: delete\n",
        good: "# overlays/prod/kustomization.yaml\nresources:\n- ../../base\n- public-service.yaml\n",
    }),
    ..OF_SOURCES
};
