//! Examples of merges. The rules are those of kustomize; comments mark surprising ones.

use super::*;
use crate::source::Sources;
use crate::yaml::{Tag, emit, parse};

fn read(text: &str) -> parse::Document {
    parse::document(&Sources::new().add("test.yaml", text).unwrap()).unwrap().unwrap()
}

/// The resource after the patch as printed, `deleted`, or the code of the error.
fn merged(resource: &str, patch: &str) -> String {
    let mut root = read(resource).root;
    match merge(&mut root, &read(patch).root, &Schema::built_in()) {
        Ok(Merged::Kept) => printed(&root),
        Ok(Merged::Deleted) => "deleted".to_owned(),
        Err(error) => error.code().to_string(),
    }
}

fn printed(root: &Node) -> String {
    let mut text = String::new();
    emit(root, &mut text).unwrap();
    text
}

/// Checks rows of resource, patch and result.
fn check(rows: &[[&str; 3]]) {
    for [resource, patch, expected] in rows {
        let expected = match expected.contains(':') {
            true => printed(&read(expected).root),
            false => (*expected).to_owned(),
        };
        assert_eq!(merged(resource, patch), expected, "{resource} with {patch}");
    }
}

/// Checks rows about the spec of pods.
fn check_pods(rows: &[[&str; 3]]) {
    let pod = |spec: &str| format!("{{apiVersion: v1, kind: Pod, spec: {{{spec}}}}}");
    for [resource, patch, expected] in rows {
        check(&[[
            &pod(resource),
            &pod(patch),
            &if expected.contains(':') { pod(expected) } else { (*expected).into() },
        ]]);
    }
}

#[test]
fn fields_are_set_added_and_deleted() {
    check(&[
        ["{a: 1, b: 2}", "{a: 3}", "{a: 3, b: 2}"],
        ["{a: 1}", "{b: {c: [1]}}", "{a: 1, b: {c: [1]}}"],
        ["{a: 1, b: 2}", "{a: null, c: ~}", "{b: 2}"],
        ["{a: {b: 1}}", "{a: {b: null}}", "{a: {}}"],
        ["{a: {b: 1}, c: [1]}", "{a: , c: }", "{}\n"],
        ["{a: {b: {c: 1}}}", "{a: {b: {d: 2}}}", "{a: {b: {c: 1, d: 2}}}"],
        ["{a: null}", "{a: {b: 1}}", "{a: {b: 1}}"],
        // Nulls within added parts are removed as well, but not those in lists.
        [
            "{}",
            "{a: {b: null, c: {d: ~}}, e: [null, {f: null}]}",
            "{a: {c: {}}, e: [null, {f: null}]}",
        ],
        // An explicit null of the resource stays; an empty value is removed.
        ["a: null\nb: ~\nc:\nd: [~]\n", "{e: 1}", "{a: null, b: null, d: [null], e: 1}"],
    ]);
}

#[test]
fn kinds_of_nodes_must_agree() {
    check(&[
        ["{a: {b: 1}}", "{a: x}", "patch-conflict"],
        ["{a: x}", "{a: {b: 1}}", "patch-conflict"],
        ["{a: [x]}", "{a: {b: 1}}", "patch-conflict"],
        ["{a: x}", "{a: [1]}", "patch-conflict"],
        ["{a: {'': 1}}", "{a: {b: 1}}", "invalid-key"],
        ["{a: 1}", "{'': 1}", "invalid-key"],
    ]);
    for (resource, patch, message, help) in [
        (
            "a: {b: 1}",
            "a: x",
            "found a text in the patch, expected a mapping",
            "write fields below",
        ),
        (
            "a: {b: 1}",
            "a: [x]",
            "found a list in the patch, expected a mapping",
            "write `key: value`",
        ),
        ("a: [b]", "a: 1", "found a number in the patch, expected a list", "begin each element"),
        (
            "a: [b]",
            "a: {b: 1}",
            "found a mapping in the patch, expected a list",
            "begin each element",
        ),
        (
            "a: true",
            "a: [x]",
            "found a list in the patch, expected a boolean",
            "write a single value",
        ),
    ] {
        let mut root = read(resource).root;
        let error = merge(&mut root, &read(patch).root, &Schema::built_in()).unwrap_err();
        assert!(error.message().starts_with(message), "{}", error.message());
        assert!(error.helps()[0].starts_with(help), "{:?}", error.helps());
        assert_eq!(error.notes().len(), 1);
    }
}

#[test]
fn directives_say_what_becomes_of_a_mapping() {
    check(&[
        ["{a: {b: 1}}", "{a: {$patch: replace, c: 2}}", "{a: {c: 2}}"],
        ["{a: {b: 1}, d: 3}", "{a: {$patch: delete, c: 2}}", "{d: 3}"],
        ["{a: {b: 1}}", "{a: {$patch: merge, c: 2}}", "{a: {b: 1, c: 2}}"],
        ["{a: {b: 1}}", "{a: {$patch: remove}}", "invalid-patch"],
        ["{a: {b: 1}}", "{a: {$patch: [delete]}}", "invalid-patch"],
        ["{a: 1}", "{$patch: delete}", "deleted"],
        // Kustomize discards what replaces a whole resource.
        ["{a: 1}", "{$patch: replace, b: 2}", "{a: 1}"],
        // Directives in added parts are obeyed too; an unknown one is data there, but not further inside.
        ["{a: 1}", "{b: {$patch: replace, c: 2}, d: {$patch: delete}}", "{a: 1, b: {c: 2}}"],
        ["{a: 1}", "{b: {$patch: remove}}", "{a: 1, b: {$patch: remove}}"],
        ["{a: 1}", "{b: {c: {$patch: remove}}}", "invalid-patch"],
        ["{a: 1}", "{b: {c: {$patch: delete}, d: {$patch: merge}}}", "{a: 1, b: {d: {}}}"],
        // Other directives of Kubernetes are data.
        ["{a: [1]}", "{$setElementOrder/a: [2]}", "{a: [1], $setElementOrder/a: [2]}"],
    ]);
}

#[test]
fn a_list_without_keys_is_replaced() {
    check(&[
        ["{a: [1, 2]}", "{a: [3]}", "{a: [3]}"],
        ["{a: [{name: x, b: 1}]}", "{a: [{name: x, c: 2}]}", "{a: [{name: x, c: 2}]}"],
        ["{a: [1]}", "{a: []}", "{a: []}"],
        ["{a: [1]}", "{a: [{$patch: delete}]}", "{a: [{$patch: delete}]}"],
    ]);
    check_pods(&[[
        "tolerations: [{key: a}]",
        "tolerations: [{key: b}]",
        "tolerations: [{key: b}]",
    ]]);
}

#[test]
fn a_list_with_a_key_is_merged_the_patch_first() {
    check_pods(&[
        [
            "containers: [{name: a, image: x}, {name: b, image: y}]",
            "containers: [{name: c, image: z}, {name: b, image: w}]",
            "containers: [{name: c, image: z}, {name: b, image: w}, {name: a, image: x}]",
        ],
        // An empty list changes nothing, a null deletes, a scalar is a conflict.
        ["volumes: [{name: a}]", "volumes: []", "volumes: [{name: a}]"],
        ["volumes: [{name: a}], x: 1", "volumes: null", "x: 1"],
        ["volumes: [{name: a}]", "volumes: a", "patch-conflict"],
        ["x: 1", "volumes: [{name: a, emptyDir: null}]", "volumes: [{name: a}], x: 1"],
        // Scalars are compared as they are written.
        [
            "volumes: [{name: '1', x: 1}]",
            "volumes: [{name: 1, y: 2}]",
            "volumes: [{name: '1', x: 1, y: 2}]",
        ],
        // Merging with nulls only gives an empty value, and empty elements are removed.
        ["volumes: [{name: a}]", "volumes: [{name: a, $patch: delete}]", "volumes: []"],
    ]);
}

#[test]
fn a_list_with_several_keys_keeps_the_order_of_the_resource_behind_new_elements() {
    let ports =
        |ports: &str| format!("{{apiVersion: v1, kind: Service, spec: {{ports: [{ports}]}}}}");
    for [resource, patch, expected] in [
        [
            "{port: 80, protocol: TCP}, {port: 80, protocol: UDP, name: u}",
            "{port: 80, protocol: UDP, nodePort: 1}, {port: 81, protocol: TCP}",
            "{port: 81, protocol: TCP}, {port: 80, protocol: TCP}, {port: 80, protocol: UDP, name: u, nodePort: 1}",
        ],
        // With only one of the keys in use, the rules for one key apply.
        [
            "{port: 80}, {port: 81}",
            "{port: 82}, {port: 81, name: x}",
            "{port: 82}, {port: 81, name: x}, {port: 80}",
        ],
        // A port without protocol changes nothing.
        ["{port: 80, protocol: TCP}", "{port: 80, name: x}", "{port: 80, protocol: TCP}"],
        // A port with protocol cannot be added beside one without.
        ["{port: 80}", "{port: 80, protocol: TCP, name: x}", "{port: 80}"],
        ["{port: 80}", "{port: 81, protocol: TCP}", "{port: 81, protocol: TCP}, {port: 80}"],
    ] {
        check(&[[&ports(resource), &ports(patch), &ports(expected)]]);
    }
}

#[test]
fn directives_in_a_list_that_merges() {
    let base = "containers: [{name: a, image: x}, {name: b, image: y}]";
    check_pods(&[
        [base, "containers: [{name: a, $patch: delete}]", "containers: [{name: b, image: y}]"],
        [base, "containers: [{$patch: replace}, {name: c}]", "containers: [{name: c}]"],
        [base, "containers: [{name: c}, {$patch: replace}]", "containers: [{name: c}]"],
        [base, "containers: [{$patch: delete}], x: 1", "x: 1"],
        [
            base,
            "containers: [{$patch: merge}, {name: a, tty: true}]",
            "containers: [{name: a, image: x, tty: true}, {name: b, image: y}]",
        ],
        [base, "containers: [{$patch: remove}]", "invalid-patch"],
        // Beside other fields of an element, `replace` discards what the patch has for that element.
        [
            base,
            "containers: [{name: b, $patch: replace, tty: true}]",
            "containers: [{name: b, image: y}, {name: a, image: x}]",
        ],
        // In an added list a directive alone is an element without a key: see below.
        [
            "x: 1",
            "containers: [{$patch: replace}, {name: a}]",
            "containers: [{$patch: replace}], x: 1",
        ],
    ]);
}

#[test]
fn scalars_that_merge_are_united_the_patch_first() {
    let metadata =
        |list: &str| format!("{{apiVersion: v1, kind: Pod, metadata: {{finalizers: [{list}]}}}}");
    for [resource, patch, expected] in [
        ["a, b", "c, b", "c, b, a"],
        ["a", "", "a"],
        ["a, a, b", "c", "c, a, b"],
        ["a, null, ''", "b", "b, a, ''"],
        ["'1'", "1", "'1'"],
        ["a, b", "{$patch: replace}, c", "c"],
    ] {
        check(&[[&metadata(resource), &metadata(patch), &metadata(expected)]]);
    }
    check(&[[&metadata("a"), &metadata("[b]"), "patch-conflict"]]);
}

#[test]
fn irregular_lists_end_as_in_the_reference() {
    check_pods(&[
        // An element without the key removes all elements of the resource that are walked after it.
        ["containers: [{name: a}]", "containers: [{image: x}]", "containers: []"],
        [
            "containers: [{name: a, x: 1}]",
            "containers: [{image: x}, {name: a, y: 2}]",
            "containers: [{name: a, y: 2}]",
        ],
        [
            "containers: [{name: a, x: 1}]",
            "containers: [{name: a, y: 2}, {image: x}]",
            "containers: [{name: a, x: 1, y: 2}]",
        ],
        ["containers: [{image: x}, {name: a}]", "y: 1", "containers: [{image: x}], y: 1"],
        // Of equal elements the last of the resource remains.
        [
            "env: 1, containers: [{name: a, x: 1}, {name: a, y: 2}]",
            "env: 2",
            "env: 2, containers: [{name: a, y: 2}]",
        ],
        ["volumes: [{}, null, {name: a}]", "y: 1", "volumes: [], y: 1"],
        ["volumes: [a, {name: b}]", "y: 1", "patch-conflict"],
    ]);
}

#[test]
fn the_kind_is_that_of_the_resource_or_the_patch_and_embedded_objects_have_their_own() {
    let pod = "apiVersion: v1, kind: Pod, spec: {volumes: [{name: a}]}";
    let patch = "spec: {volumes: [{name: b}]}";
    let both = "spec: {volumes: [{name: b}, {name: a}]}";
    check(&[
        [
            &format!("{{{pod}}}"),
            &format!("{{{patch}}}"),
            &format!("{{apiVersion: v1, kind: Pod, {both}}}"),
        ],
        [
            "{spec: {volumes: [{name: a}]}}",
            &format!("{{apiVersion: v1, kind: Pod, {patch}}}"),
            &format!("{{apiVersion: v1, kind: Pod, {both}}}"),
        ],
        [
            &format!("{{apiVersion: v1, kind: Widget, pod: {{{pod}}}}}"),
            &format!("{{pod: {{{patch}}}}}"),
            &format!(
                "{{apiVersion: v1, kind: Widget, pod: {{apiVersion: v1, kind: Pod, {both}}}}}"
            ),
        ],
        [
            "{apiVersion: v1, kind: Widget, spec: {volumes: [{name: a}]}}",
            &format!("{{{patch}}}"),
            &format!("{{apiVersion: v1, kind: Widget, {patch}}}"),
        ],
    ]);
}

#[test]
fn a_value_takes_the_style_of_the_one_before() {
    check(&[
        // Quotes, and their absence, are kept; a string stays one by its tag.
        ["a: '3'", "a: 5", "a: '5'"],
        ["a: 3", "a: '5'", "a: '5'"],
        ["a: 3", "a: 'x'", "a: x"],
        ["a: '3'", "a: true", "a: 'true'"],
        ["a: !!int '3'", "a: 5", "a: 5"],
        ["a: x", "a: !!int '5'", "a: 5"],
        ["a: '3'", "a: !!float 5", "a: 5"],
        ["a: x", "a: |\n  b\n  c\n", "a: |\n  b\n  c\n"],
        // An empty value in a flow collection becomes an empty string in the output.
        ["a: {b: 1}", "a:\n  c: [{d: }]\n", "a: {b: 1, c: [{d: ''}]}"],
        ["a: [1]", "a: {$patch: merge}", "patch-conflict"],
        ["a: {}", "a:\n  c:\n  - d:\n", "a: {c: [{d: null}]}"],
    ]);
    // Strings that are booleans in YAML 1.1 get quotes, and values that replace them inherit the quotes.
    let mut root = read("{a: on, b: 1}").root;
    for (patch, expected) in [("b: 2", "a: \"on\"\nb: 2\n"), ("a: 5", "a: \"5\"\nb: 2\n")] {
        merge(&mut root, &read(patch).root, &Schema::built_in()).unwrap();
        assert_eq!(printed(&root), expected);
    }
}

#[test]
fn of_a_key_that_occurs_twice_the_first_one_counts() {
    let mut root = read("{a: 1, b: 2, a: 3}").root;
    merge(&mut root, &read("{a: null, c: {d: 1, d: 2}}").root, &Schema::built_in()).unwrap();
    assert_eq!(format!("{root:?}"), "{b: 2, a: 3, c: {d: 1, d: 2}}");
}

#[test]
fn new_keys_come_last_in_the_order_of_their_names() {
    let mut root = read("{b: 1, a: 2}").root;
    merge(&mut root, &read("{d: 1, c: 2, a: 3}").root, &Schema::built_in()).unwrap();
    assert_eq!(format!("{root:?}"), "{b: 1, a: 3, c: 2, d: 1}");
}

#[test]
fn values_of_a_chart_gain_elements_at_the_end() {
    let values = |list: &str| {
        read(&format!("{{apiVersion: v1, kind: Pod, spec: {{volumes: [{list}]}}}}")).root
    };
    let result = merge_values(
        values("{name: a, x: 1}, {name: b}"),
        &values("{name: c}, {name: a, y: 2}"),
        &Schema::built_in(),
    );
    assert_eq!(
        printed(&result.unwrap().unwrap()),
        printed(&values("{name: a, x: 1, y: 2}, {name: b}, {name: c}"))
    );
    let replaced =
        merge_values(read("a: 1").root, &read("{$patch: replace, b: 2}").root, &Schema::built_in());
    assert_eq!(printed(&replaced.unwrap().unwrap()), "b: 2\n");
}

#[test]
fn a_comment_may_be_the_schema_of_a_field() {
    const KEYED: &str = r#"{"type":"array","x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name"}"#;
    let merged = |resource: &str, patch: &str| {
        let (mut resource, patch) = (read(resource), read(patch));
        let comments = Comments::read(resource.comments.iter().chain(&patch.comments));
        merge_commented(&mut resource.root, &patch.root, &Schema::built_in(), &comments).unwrap();
        format!("{:?}", resource.root)
    };
    let patch = "l: [{name: b}]";
    let both = "{l: [{name: b}, {name: a}]}";
    assert_eq!(merged(&format!("l: # {KEYED}\n- name: a\n"), patch), both);
    assert_eq!(merged(&format!("# {KEYED}\nl:\n- name: a\n"), patch), both);
    assert_eq!(merged(&format!("l: [{{name: a}}] # {KEYED} and more\n"), patch), both);
    assert_eq!(merged("l: [{name: a}]", &format!("l: [{{name: b}}] # {KEYED}")), both);
    assert_eq!(merged("l: [{name: a}] # {}", patch), "{l: [{name: b}]}");
    // A definition of Kubernetes, and a comment that is not a schema and so hides the known type.
    let pod = |comment: &str| {
        format!("apiVersion: v1\nkind: Pod\nspec: # {comment}\n  volumes:\n  - name: a\n")
    };
    let patch = "spec: {volumes: [{name: b}]}";
    let spec = |comment| merged(&pod(comment), patch).replace("apiVersion: v1, kind: Pod, ", "");
    let both = "{spec: {volumes: [{name: b}, {name: a}]}}";
    assert_eq!(spec("plain"), both);
    assert_eq!(spec(r##"{"$ref":"#/definitions/io.k8s.api.core.v1.PodSpec"}"##), both);
    assert_eq!(spec(r#"{"$openapi":"x"}"#), "{spec: {volumes: [{name: b}]}}");
    assert_eq!(spec(r#"{"$imagepolicy": "x"}"#), "{spec: {volumes: [{name: b}]}}");
    assert_eq!(spec("{no: json}"), both);
}

#[test]
fn what_a_patch_does_not_touch_stays_shared() {
    let base = read("{apiVersion: v1, kind: Pod, metadata: {labels: {a: b}}, spec: {volumes: [{name: a, x: {}}]}}").root;
    let mut changed = base.clone();
    merge(&mut changed, &read("spec: {volumes: [{name: b}]}").root, &Schema::built_in()).unwrap();
    let labels =
        |root: &Node| std::ptr::from_ref(root.get("metadata").unwrap().as_mapping().unwrap());
    assert_eq!(labels(&base), labels(&changed));
    assert_eq!(
        base.get("spec").unwrap().get("volumes").unwrap().as_sequence().unwrap().items().len(),
        1
    );
}

#[test]
fn each_node_says_who_wrote_it() {
    let sources = Sources::new();
    let root =
        |text: &str| parse::document(&sources.add(text, text).unwrap()).unwrap().unwrap().root;
    let (mut resource, patch) = (root("{a: {b: 1, c: 2}}"), root("{a: {c: 3, d: 4}}"));
    merge(&mut resource, &patch, &Schema::built_in()).unwrap();
    let place = |span| sources.locate(span).map(|place| place.source.name().to_owned()).unwrap();
    let a = resource.get("a").unwrap();
    assert_eq!(place(a.span()), "{a: {b: 1, c: 2}}");
    assert_eq!(place(a.get("b").unwrap().span()), "{a: {b: 1, c: 2}}");
    assert_eq!(place(a.get("c").unwrap().span()), "{a: {c: 3, d: 4}}");
    assert_eq!(
        place(a.as_mapping().unwrap().get_entry("d").unwrap().0.span()),
        "{a: {c: 3, d: 4}}"
    );
}

#[test]
fn deep_documents_need_little_stack() {
    let body = || {
        let nest = |leaf: &str| "{a: ".repeat(9_990) + leaf + &"}".repeat(9_990);
        let schema = Schema::built_in();
        for (resource, patch) in
            [("{b: 1}", "{c: on}"), ("{b: }", "{c: 1}"), ("", "{c: null}"), ("{b: 1}", "")]
        {
            let mut root = read(&nest(resource)).root;
            merge(&mut root, &read(&nest(patch)).root, &schema).unwrap();
            merge(&mut root, &read("{a: {b: {c: 1}}}").root, &schema).unwrap();
            merge(&mut root, &read("{x: on}").root, &schema).unwrap();
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}

#[test]
fn long_lists_are_merged_by_an_index_and_irregular_ones_are_limited() {
    use std::fmt::Write;
    let list = |range: std::ops::Range<usize>, key: &str| {
        let mut text = "apiVersion: v1\nkind: Pod\nspec:\n  volumes:\n".to_owned();
        for number in range {
            writeln!(text, "  - {key}: v{}", number * 7919 % 100_000).unwrap();
        }
        read(&text).root
    };
    let mut root = list(0..60_000, "name");
    assert!(merge(&mut root, &list(30_000..90_000, "name"), &Schema::built_in()).is_ok());
    assert_eq!(
        root.get("spec").unwrap().get("volumes").unwrap().as_sequence().unwrap().items().len(),
        90_000
    );
    let error =
        merge(&mut list(0..5_000, "no"), &list(0..1, "name"), &Schema::built_in()).unwrap_err();
    assert_eq!(error.code(), Code::TooLarge);
}

/// All orders of subsets of three elements.
fn lines(element: impl Fn(&str) -> String) -> Vec<String> {
    let orders = ["", "a", "b", "ab", "ba", "bc", "ca", "abc", "acb", "bac", "bca", "cab", "cba"];
    let line = |order: &str| {
        order.split("").filter(|name| !name.is_empty()).map(&element).collect::<Vec<_>>()
    };
    orders.iter().map(|order| line(order).join(", ")).collect()
}

/// Irregular lists are merged step by step as in kustomize. Adding an element twice makes a list irregular without
/// changing the result.
#[test]
fn regular_lists_are_merged_as_irregular_ones_are() {
    let twice = |list: &str, new: &str| {
        let comma = if list.is_empty() { "" } else { ", " };
        (format!("{list}{comma}{new}"), format!("{list}{comma}{new}, {new}"))
    };
    for resource in lines(|name| format!("{{name: {name}, x: {{y: 1}}, command: [{name}]}}")) {
        for more in [
            "x: {y: null, z: 2}",
            "$patch: delete",
            "$patch: replace, q: 1",
            "x: null, command: []",
        ] {
            for patch in lines(|name| format!("{{name: {name}, {more}}}")) {
                let (once, twice) = twice(&patch, "{name: new, x: {z: null}}");
                let pod = |list: &str| {
                    format!("{{apiVersion: v1, kind: Pod, spec: {{containers: [{list}]}}}}")
                };
                let result = merged(&pod(&resource), &pod(&once));
                assert_eq!(result, merged(&pod(&resource), &pod(&twice)), "{resource} with {once}");
            }
        }
    }
    for resource in lines(|name| format!("{{port: 8, protocol: {name}, x: {{y: 1}}}}")) {
        for patch in lines(|name| format!("{{port: 8, protocol: {name}, x: {{z: 1}}}}")) {
            let (once, twice) = twice(&patch, "{port: 9, protocol: TCP}");
            let service = |list: &str| {
                format!("{{apiVersion: v1, kind: Service, spec: {{ports: [{list}]}}}}")
            };
            let result = merged(&service(&resource), &service(&once));
            assert_eq!(
                result,
                merged(&service(&resource), &service(&twice)),
                "{resource} with {once}"
            );
        }
    }
    for resource in lines(str::to_owned) {
        for patch in lines(str::to_owned) {
            let (once, twice) = twice(&patch, "new");
            let pod = |list: &str| {
                format!("{{apiVersion: v1, kind: Pod, metadata: {{finalizers: [{list}]}}}}")
            };
            let result = merged(&pod(&resource), &pod(&once));
            assert_eq!(result, merged(&pod(&resource), &pod(&twice)), "{resource} with {once}");
        }
    }
}

#[test]
fn a_number_that_was_set_as_text_is_quoted() {
    let mut root = read("{kind: A, data: {set: x, written: 5}}").root;
    let set = root.get_mut("data").unwrap().get_mut("set").unwrap();
    set.set_text("5", Tag::None, Span::NONE).unwrap();
    merge(&mut root, &read("{kind: A, data: {}}").root, &Schema::built_in()).unwrap();
    assert_eq!(printed(&root), "data:\n  set: \"5\"\n  written: 5\nkind: A\n");
}
