//! Examples of schema look-ups.

use super::*;
use crate::source::Sources;

/// The type at a path from a kind; `[]` steps into a list.
fn at<'a>(schema: &'a Schema, kind: (&str, &str), path: &str) -> Option<Type<'a>> {
    let root = schema.of(kind.0, kind.1)?;
    path.split('.').filter(|step| !step.is_empty()).try_fold(root, |place, step| match step {
        "[]" => place.elements(),
        field => place.field(field),
    })
}

/// The merge keys at a path: `replaced` for a list that a patch replaces, `unknown` if the schema has no entry.
fn keys(schema: &Schema, kind: (&str, &str), path: &str) -> String {
    match at(schema, kind, path).map(Type::merge_keys) {
        None => "unknown".to_owned(),
        Some(None) => "replaced".to_owned(),
        Some(Some(keys)) if keys.is_empty() => "by value".to_owned(),
        Some(Some(keys)) => keys.iter().collect::<Vec<_>>().join("+"),
    }
}

#[test]
fn lists_merge_by_their_keys() {
    const POD: (&str, &str) = ("v1", "Pod");
    for (kind, path, expected) in [
        (("apps/v1", "Deployment"), "spec.template.spec.containers", "name"),
        (
            ("apps/v1", "Deployment"),
            "spec.template.spec.containers.[].ports",
            "containerPort+protocol",
        ),
        (
            ("apps/v1", "Deployment"),
            "spec.template.spec.topologySpreadConstraints",
            "topologyKey+whenUnsatisfiable",
        ),
        (("apps/v1", "StatefulSet"), "spec.volumeClaimTemplates", "replaced"),
        (("batch/v1", "CronJob"), "spec.jobTemplate.spec.template.spec.initContainers", "name"),
        (("v1", "Service"), "spec.ports", "port+protocol"),
        (("v1", "ServiceAccount"), "secrets", "name"),
        (("v1", "ServiceAccount"), "imagePullSecrets", "replaced"),
        (POD, "spec.imagePullSecrets", "name"),
        (POD, "spec.volumes", "name"),
        (POD, "spec.hostAliases", "ip"),
        (POD, "spec.tolerations", "replaced"),
        (POD, "spec.containers.[].env", "name"),
        (POD, "spec.containers.[].envFrom", "replaced"),
        (POD, "spec.containers.[].volumeMounts", "mountPath"),
        (POD, "spec.containers.[].volumeDevices", "devicePath"),
        (POD, "spec.containers.[].args", "replaced"),
        (POD, "status.conditions", "type"),
        (POD, "metadata.finalizers", "by value"),
        (POD, "metadata.ownerReferences", "uid"),
        (POD, "metadata.labels.anything", "replaced"),
        (POD, "spec.affinity.nodeAffinity", "replaced"),
        (POD, "spec.nothing", "unknown"),
        (("networking.k8s.io/v1", "Ingress"), "spec.rules", "replaced"),
        (("rbac.authorization.k8s.io/v1", "Role"), "rules", "replaced"),
        (("kustomize.config.k8s.io/v1beta1", "Kustomization"), "configMapGenerator", "name"),
        (("example.com/v1", "Widget"), "spec", "unknown"),
        (("apps/v2", "Deployment"), "spec", "unknown"),
    ] {
        assert_eq!(keys(&Schema::built_in(), kind, path), expected, "{kind:?} {path}");
    }
}

#[test]
fn a_list_of_lists_and_a_mapping_are_walked_into() {
    let schema = Schema::built_in();
    let crd = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    // JSONSchemaProps contains itself.
    let path = "spec.versions.[].schema.openAPIV3Schema.properties.spec.properties.size.items";
    assert!(at(&schema, crd, path).is_some());
    assert!(at(&schema, ("v1", "ConfigMap"), "data.key").is_some());
    assert!(at(&schema, ("v1", "ConfigMap"), "data.key.more").is_none());
    assert!(at(&schema, ("v1", "Pod"), "spec.containers.[].[]").is_none());
}

#[test]
fn scopes_are_those_of_v1_21_and_two_newer_ones() {
    let schema = Schema::built_in();
    for (group, version, kind, expected) in [
        ("", "v1", "Namespace", Some(false)),
        ("", "v1", "Node", Some(false)),
        ("", "v1", "PersistentVolume", Some(false)),
        ("", "v1", "ConfigMap", Some(true)),
        ("apps", "v1", "Deployment", Some(true)),
        ("rbac.authorization.k8s.io", "v1", "ClusterRole", Some(false)),
        ("rbac.authorization.k8s.io", "v1", "RoleBinding", Some(true)),
        ("policy", "v1beta1", "PodSecurityPolicy", Some(false)),
        ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", Some(false)),
        ("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", Some(false)),
        ("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", Some(false)),
        ("admissionregistration.k8s.io", "v1beta1", "ValidatingAdmissionPolicy", None),
        ("apps", "v1", "DeploymentList", None),
        ("example.com", "v1", "Namespace", None),
        ("", "v1", "", None),
        ("", "", "", None),
        ("zz", "v1", "Zebra", None),
    ] {
        let kind = Gvk::new(group, version, kind);
        assert_eq!(schema.is_namespaced(&kind), expected, "{kind}");
        assert_eq!(schema.is_cluster_scoped(&kind), expected == Some(false));
        assert_eq!(Schema::built_in_scope(&kind), expected);
    }
}

#[test]
fn every_line_of_the_data_can_be_found() {
    let (mut kinds, mut scopes, mut definitions, mut fields, mut lists) = (0, 0, 0, 0, 0);
    let (text, table) = (include_str!("data/v1.21.2.txt"), data::DEFAULT);
    let mut definition = None;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, own) = line.trim_start().split_once('\t').unwrap_or((line.trim_start(), ""));
        if let Some(definition) = definition.filter(|_| line.starts_with(' ')) {
            assert_eq!(table.field(definition, name).unwrap().text, own);
            (fields, lists) =
                (fields + 1, lists + usize::from(own.starts_with('[') && !own.starts_with("[]")));
        } else if let Some((kind, rest)) = own.split_once('\t') {
            let found = table.kind(&format!("{name}\t{kind}\t")).unwrap();
            assert_eq!(
                found.definition.unwrap_or(""),
                rest.split_once('\t').map_or("", |(_, name)| name)
            );
            (kinds, scopes) = (kinds + 1, scopes + usize::from(found.namespaced.is_some()));
        } else {
            definition = table.definition(name);
            assert_eq!(definition.unwrap().own, own);
            definitions += 1;
        }
    }
    // The counts of kustomize's own bundle.
    assert_eq!((kinds, scopes, definitions, fields, lists), (275, 82, 618, 2645, 44));
}

#[test]
fn every_reference_in_the_data_leads_somewhere() {
    let schema = Schema::built_in();
    for text in [include_str!("data/v1.21.2.txt"), include_str!("data/kustomize.txt")] {
        for (_, own) in text
            .lines()
            .filter(|line| line.starts_with(' '))
            .filter_map(|line| line.split_once('\t'))
        {
            let name = own.rsplit([']', '}']).next().unwrap();
            assert!(name.is_empty() || name == "?" || schema.definition(name).is_some(), "{name}");
        }
    }
}

/// The names of the fields of a type and of its elements, and whether it is closed.
type Shown<'a> = (Vec<&'a str>, Option<Vec<&'a str>>, bool);

fn shown(of: Option<Type<'_>>) -> Option<Shown<'_>> {
    let of = of?;
    let elements = of.elements().map(|one| one.fields().collect());
    Some((of.fields().collect(), elements, of.is_closed()))
}

/// The slow twin: links lead to what a search for the name finds, at first and later.
#[test]
fn links_lead_where_a_search_leads() {
    let built_in = Schema::built_in();
    let mut known = 0;
    for (schema, text) in [
        (&built_in, include_str!("data/v1.21.2.txt")),
        (Schema::newest(), include_str!("data/fields.txt")),
        (Schema::newest(), include_str!("data/kustomize.txt")),
    ] {
        for kind in text.lines().take_while(|line| !line.is_empty()) {
            let mut parts = kind.split('\t');
            let (version, kind) = (parts.next().unwrap(), parts.next().unwrap());
            let Some(root) = schema.of(version, kind) else { continue };
            let mut types = vec![(root, 0)];
            while let Some((of, depth)) = types.pop() {
                for name in of.fields() {
                    let searched = of.field_without_links(name);
                    for _ in 0..2 {
                        assert_eq!(
                            shown(of.field(name)),
                            shown(searched),
                            "{version} {kind} {name}"
                        );
                    }
                    known += usize::from(searched.is_some());
                    let below = [of.field(name), of.field(name).and_then(Type::elements)];
                    if depth < 3 {
                        types.extend(below.into_iter().flatten().map(|one| (one, depth + 1)));
                    }
                }
            }
        }
    }
    assert!(known > 5000, "{known}");
}

const WIDGETS: &str = r##"
definitions:
  com.example.Widget:
    x-kubernetes-group-version-kind:
    - {group: example.com, version: v1, kind: Widget}
    - {group: "", version: v1, kind: Namespace}
    properties:
      circle: {$ref: "#/definitions/com.example.A"}
      spec:
        type: object
        properties:
          parts:
            type: array
            items: {$ref: "#/definitions/com.example.Part"}
            x-kubernetes-patch-strategy: merge,retainKeys
            x-kubernetes-patch-merge-key: name
            x-kubernetes-list-map-keys: [name, value]
          tags: {type: array, items: {type: string}, x-kubernetes-patch-strategy: merge}
          lost: {type: array}
          byName:
            additionalProperties:
              type: [array]
              items: {properties: {name: {type: string}}}
  com.example.Part: {properties: {name: {}, value: null}, additionalProperties: true}
  com.example.A: {$ref: "#/definitions/com.example.B"}
  com.example.B: {$ref: "#/definitions/com.example.A"}
paths:
  /apis/example.com/v1/widgets/{name}:
    get: {x-kubernetes-group-version-kind: {group: example.com, version: v1, kind: Widget}}
  /apis/example.com/v1/namespaces/{namespace}/gadgets:
    get: {x-kubernetes-group-version-kind: {group: example.com, version: v1, kind: Gadget}}
  /apis/example.com/v1/gadgets:
    get: {x-kubernetes-group-version-kind: {group: example.com, version: v1, kind: Gadget}}
"##;

fn document(text: &str, built_in: BuiltIn) -> Schema {
    Schema::of_document(Sources::new().add("schema.yaml", text), built_in)
}

#[test]
fn an_open_api_document_becomes_a_table() {
    let expected = "\
example.com/v1\tGadget\tnamespaced
example.com/v1\tWidget\tcluster\tcom.example.Widget
v1\tNamespace\t\tcom.example.Widget

com.example.A\tcom.example.B
com.example.B\tcom.example.A
com.example.Part
 name
 value
com.example.Widget
 circle\tcom.example.A
 spec\tcom.example.Widget#1
com.example.Widget#1
 byName\t{}[]com.example.Widget#2
 lost\t[]?
 parts\t[name,value]com.example.Part
 tags\t[=]
com.example.Widget#2
 name
";
    let source = Sources::new().add("schema.yaml", WIDGETS).unwrap();
    let document = crate::yaml::parse::document(&source).unwrap().unwrap();
    assert_eq!(compile(&document.root).unwrap(), expected);
}

#[test]
fn an_open_api_document_replaces_what_is_built_in() {
    let schema = document(WIDGETS, BuiltIn::Replaced);
    let widget = ("example.com/v1", "Widget");
    assert_eq!(keys(&schema, widget, "spec.parts"), "name+value");
    assert_eq!(keys(&schema, widget, "spec.tags"), "by value");
    assert_eq!(keys(&schema, widget, "spec.byName.any"), "replaced");
    assert_eq!(keys(&schema, widget, "spec.byName.any.[].name"), "replaced");
    assert_eq!(keys(&schema, widget, "spec.lost.[]"), "unknown");
    assert_eq!(keys(&schema, widget, "circle"), "unknown");
    assert_eq!(keys(&schema, ("apps/v1", "Deployment"), "spec"), "unknown");
    let scope = |kind| schema.is_namespaced(&Gvk::of("example.com/v1", kind));
    assert_eq!((scope("Widget"), scope("Gadget"), scope("Other")), (Some(false), Some(true), None));
    // The scopes of v1.21.2 and kustomize's own kinds always apply.
    assert!(schema.is_cluster_scoped(&Gvk::of("v1", "Namespace")));
    let kustomization = ("kustomize.config.k8s.io/v1beta1", "Kustomization");
    assert_eq!(keys(&schema, kustomization, "secretGenerator"), "name");
}

#[test]
fn what_was_asked_before_stays_beside_the_document() {
    for (built_in, namespace) in [(BuiltIn::First, "unknown"), (BuiltIn::Second, "name+value")] {
        let schema = document(WIDGETS, built_in);
        assert_eq!(keys(&schema, ("v1", "Namespace"), "spec.parts"), namespace);
        assert_eq!(keys(&schema, ("v1", "Service"), "spec.ports"), "port+protocol");
        assert_eq!(keys(&schema, ("example.com/v1", "Widget"), "spec.parts"), "name+value");
    }
}

#[test]
fn a_document_that_is_no_schema_is_found_out_when_it_is_needed() {
    for (text, code) in [
        ("", Code::InvalidSchema),
        ("yes", Code::InvalidSchema),
        ("[]", Code::InvalidSchema),
        ("definitions: []", Code::InvalidSchema),
        ("definitions: {a: x}", Code::InvalidSchema),
        ("definitions: {a: {properties: x}}", Code::InvalidSchema),
        ("definitions: {a: {properties: {b: []}}}", Code::InvalidSchema),
        ("{", Code::MalformedYaml),
    ] {
        let schema = document(text, BuiltIn::Replaced);
        assert_eq!(schema.is_namespaced(&Gvk::of("v1", "Pod")), Some(true));
        assert_eq!(schema.check().unwrap_err().code(), code, "{text}");
        assert!(schema.of("v1", "Pod").is_none());
    }
    document("{}", BuiltIn::Replaced).check().unwrap();
    Schema::built_in().check().unwrap();
}

#[test]
fn a_version_is_asked_for_by_name() {
    assert_eq!(Schema::of_version("v1.21.2").unwrap(), Schema::built_in());
    let error = Schema::of_version("v1.21.3").unwrap_err();
    assert_eq!(error.code(), Code::InvalidValue);
}

#[test]
fn deep_schemas_need_little_stack() {
    let body = || {
        let steps = ["{properties: {a: ", "{type: array, items: ", "{additionalProperties: "];
        let mut text = "definitions: {x: ".to_owned();
        for depth in 0..4_900 {
            text.push_str(steps[depth % 3]);
        }
        text.push_str("{type: string}");
        for depth in (0..4_900).rev() {
            text.push_str(if depth % 3 == 0 { "}}" } else { "}" });
        }
        let schema = document(&(text + "}"), BuiltIn::Replaced);
        schema.check().unwrap();
        assert!(schema.definition("x#1632").is_some());
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}
