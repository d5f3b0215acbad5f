"""Kinds of growing input: for each a function from a size to files, and the command that reads them.

The size is the number of repetitions. If a kind combines two things (images and objects, misspelt names and files), both grow.
"""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of input. `files` returns texts by path for a size; `@` in the command is replaced by the folder."""

    name: str
    command: tuple
    files: Callable
    start: int
    limit: int
    charged: bool


ALL = []
MANY_FILES = 16_000
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\n"


def kind(name, *command, start=500, limit=1_000_000, charged=False):
    """A decorator that registers a kind."""

    def register(files):
        ALL.append(Kind(name, command or ("build", "@"), files, start, limit, charged))
        return files

    return register


def lines(text, n):
    """A text repeated n times, with the number of the repetition in place of every `#`."""
    return "".join(text.replace("#", str(i)) for i in range(n))


def one(kustomization="", resources=CONFIG_MAP.replace("NAME", "c"), **files):
    """A kustomization with one file of resources, and other files by their names without `.yaml`."""
    return {
        "kustomization.yaml": "resources: [r.yaml]\n" + kustomization,
        "r.yaml": resources,
        **{f"{name}.yaml": text for name, text in files.items()},
    }


def maps(n, more=""):
    """n ConfigMaps in one stream."""
    return lines("---\n" + CONFIG_MAP.replace("NAME", "c#") + more, n)


def pods(n, image="nginx:1"):
    """n Pods in one stream, each with a container."""
    return lines("---\n" + POD.replace("NAME", "p#") + f"spec: {{containers: [{{name: a, image: '{image}'}}]}}\n", n)


def config_map(data):
    """One ConfigMap with more fields."""
    return CONFIG_MAP.replace("NAME", "c") + data


# --- text


@kind("YAML: documents of a file")
def documents(n):
    return one(resources=maps(n))


@kind("YAML: comments above a field")
def comments(n):
    return one(resources=config_map("# a comment #\n" * n + "data: {a: b}\n"))


@kind("YAML: comments between fields, at changing depths")
def comments_between(n):
    return one(resources=config_map("data:\n" + lines("  a#: b\n      # deep\n # shallow\n", n)))


@kind("YAML: `%TAG` directives")
def tag_directives(n):
    return one(resources=lines("%TAG !t#! tag:x#:\n", n) + "---\n" + config_map(""))


@kind("YAML: one flow sequence on one line")
def flow_sequence(n):
    return one(resources=config_map("x: [" + lines("a#, ", n) + "]\n"))


@kind("YAML: one flow mapping over many lines")
def flow_mapping(n):
    return one(resources=config_map("x: {\n" + lines("  k#: v,\n", n) + "}\n"))


@kind("YAML: a plain scalar of many lines")
def plain_scalar(n):
    return one(resources=config_map("x: a\n" + "  word word\n\n" * n))


@kind("YAML: a quoted scalar of many lines")
def quoted_scalar(n):
    return one(resources=config_map('x: "a\n' + "  word \\\n  \\u00e9 word\n\n" * n + '  b"\n'))


@kind("YAML: a block scalar with empty lines")
def block_scalar(n):
    return one(resources=config_map("x: |\n  a\n" + "\n" * n + "  b\n"))


@kind("YAML: a block scalar that ends in empty lines")
def block_scalar_end(n):
    return one(resources=config_map("x: |+\n  a\n" + "\n" * n))


@kind("YAML: a folded scalar")
def folded_scalar(n):
    return one(resources=config_map("x: >\n" + "  word word\n   more\n\n" * n))


@kind("YAML: nested flow", limit=9_000, start=1_000)
def nested_flow(n):
    return one(resources=config_map("x: " + "[" * n + "]" * n + "\n"))


@kind("YAML: documents nested 500 deep", start=50)
def nested_documents(n):
    return one(resources=maps(n, "x: " + "[" * 500 + "]" * 500 + "\n"))


@kind("YAML: anchors and aliases")
def anchors(n):
    return one(resources=config_map("x:\n" + lines("- &a# v\n", n) + "y:\n" + lines("- *a#\n", n)))


@kind("YAML: one anchor, written anew")
def anchors_again(n):
    return one(resources=config_map("x:\n" + lines("- &a [v#]\n- *a\n", n)))


@kind("YAML: merge keys")
def merge_keys(n):
    return one(resources=config_map("b: &b {k: v}\nx:\n" + lines("- {<<: *b, l: #}\n", n)))


@kind("YAML: a merge of many maps")
def merge_key_list(n):
    return one(resources=config_map("b:\n" + lines("- &b# {k#: v}\n", n) + "x:\n  <<: [" + lines("*b#, ", n) + "]\n"))


@kind("YAML: keys of one map")
def keys(n):
    return one(resources=config_map("data:\n" + lines("  k#: v\n", n)))


@kind("YAML: the same key again and again")
def duplicate_keys(n):
    return one(resources=config_map("data:\n" + lines("  k: v\n", n)))


@kind("YAML: each key twice")
def keys_twice(n):
    return one(resources=config_map("data:\n" + lines("  k#: v\n  k#: v\n", n)))


@kind("YAML: tags")
def tags(n):
    return one(resources=config_map("x:\n" + lines("- !!str #\n- !own a\n", n)))


@kind("JSON: items of a List on one line")
def json_list(n):
    item = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c#"}},'
    return one(resources='{"apiVersion":"v1","kind":"List","items":[' + lines(item, n)[:-1] + "]}\n")


@kind("YAML: files with an error each", limit=MANY_FILES)
def broken_files(n):
    files = {f"r{i}.yaml": "a: [\n" for i in range(n)}
    return {"kustomization.yaml": "resources:\n" + lines("- r#.yaml\n", n), **files}


# --- kustomizations


@kind("files of a kustomization", limit=MANY_FILES)
def files(n):
    texts = {f"r{i}.yaml": CONFIG_MAP.replace("NAME", f"c{i}") for i in range(n)}
    return {"kustomization.yaml": "resources:\n" + lines("- r#.yaml\n", n), **texts}


@kind("misspelt files among files", limit=MANY_FILES)
def misspelt_files(n):
    texts = {f"missing-file-with-long-name-{i}x.yaml": "" for i in range(n)}
    return {"kustomization.yaml": "resources:\n" + lines("- missing-file-with-long-name-#.yamm\n", n), **texts}


@kind("unknown fields")
def unknown_fields(n):
    return one(lines("resource#: [a]\n", n))


@kind("the same resource again and again")
def same_resources(n):
    return one(resources="---\n".join([config_map("")] * n))


@kind("bases side by side", limit=MANY_FILES)
def bases(n):
    made = {"kustomization.yaml": "resources:\n" + lines("- b#\n", n)}
    for i in range(n):
        made[f"b{i}/kustomization.yaml"] = "namePrefix: p-\nresources: [r.yaml]\n"
        made[f"b{i}/r.yaml"] = CONFIG_MAP.replace("NAME", f"c{i}")
    return made


@kind("a chain of bases with prefixes", "build", "@/b0", start=100, limit=3200, charged=True)
def chain(n):
    made = {f"b{i}/kustomization.yaml": f"namePrefix: {'p' * 20}-\nresources: [../b{i + 1}]\n" for i in range(n)}
    return {**made, f"b{n}/kustomization.yaml": "resources: [r.yaml]\n", f"b{n}/r.yaml": maps(50)}


@kind("components with a prefix", charged=True, limit=MANY_FILES)
def components(n):
    head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a-\n"
    made = {f"c{i}/kustomization.yaml": head for i in range(n)}
    return {**one("components:\n" + lines("- c#\n", n), maps(20)), **made}


@kind("components with a namespace", limit=MANY_FILES)
def components_namespace(n):
    head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamespace: n{}\n"
    made = {f"c{i}/kustomization.yaml": head.format(i) for i in range(n)}
    return {**one("components:\n" + lines("- c#\n", n), maps(20)), **made}


def var(name, of="c"):
    where = f"objref: {{apiVersion: v1, kind: ConfigMap, name: {of}}}, fieldref: {{fieldpath: metadata.name}}"
    return f"- {{name: {name}, {where}}}\n"


def arguments(text):
    return maps(1).replace("c0", "c") + "---\n" + POD.replace("NAME", "p") + f"spec: {{containers: [{{name: x, args: {text}}}]}}\n"


@kind("vars: `$(` that is not closed")
def vars_unclosed(n):
    return one("vars:\n" + var("V"), arguments("['" + "$(V" * n + "']"))


@kind("vars: references in one text")
def vars_used(n):
    return one("vars:\n" + var("V"), arguments("['" + "$(V) $$(V) $(W) " * n + "']"))


@kind("vars: references in arguments")
def vars_arguments(n):
    return one("vars:\n" + var("V"), arguments("[" + lines("'$(V) $(W#)', ", n) + "]"))


@kind("vars: many, each used")
def vars_many(n):
    return one("vars:\n" + lines(var("V#"), n), arguments("[" + lines("$(V#), ", n) + "]"))


@kind("vars: many, each of an object")
def vars_objects(n):
    return one("vars:\n" + lines(var("V#", "c#"), n), maps(n))


@kind("labels: entries")
def label_entries(n):
    return one("labels:\n" + lines("- pairs: {l#: v}\n", n))


@kind("labels: pairs of an entry")
def label_pairs(n):
    return one("labels:\n- pairs: {" + lines("l#: v, ", n) + "}\n", maps(10))


@kind("labels: common pairs with selectors")
def common_labels(n):
    workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: []}}}\n"
    return one("commonLabels: {" + lines("l#: v, ", n) + "}\n", workload)


@kind("annotations: common pairs")
def common_annotations(n):
    return one("commonAnnotations: {" + lines("z#: v, ", n) + "}\n", maps(5))


@kind("labels: of a component each", limit=MANY_FILES)
def label_components(n):
    head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {{a{}: b}}\n"
    made = {f"c{i}/kustomization.yaml": head.format(i) for i in range(n)}
    return {**one("components:\n" + lines("- c#\n", n)), **made}


@kind("labels: transformer annotations")
def transformer_annotations(n):
    return one("buildMetadata: [transformerAnnotations]\nlabels:\n" + lines("- {pairs: {l#: v}}\n", n))


@kind("origin annotations of objects")
def origin_annotations(n):
    return one("buildMetadata: [originAnnotations, managedByLabel]\n", maps(n))


# --- generators


@kind("generators: many maps")
def generators(n):
    return {"kustomization.yaml": "configMapGenerator:\n" + lines("- {name: g#, literals: [a=b]}\n", n)}


@kind("generators: merges into one map")
def generator_merges(n):
    merges = lines("- {name: g, behavior: merge, literals: [k#=v]}\n", n)
    return {"kustomization.yaml": "configMapGenerator:\n- {name: g, literals: [a=b]}\n" + merges}


@kind("generators: merges into the map of a base")
def generator_merges_base(n):
    merges = lines("- {name: c, behavior: merge, literals: [k#=v]}\n", n)
    return one("configMapGenerator:\n" + merges)


@kind("generators: replacements of one map")
def generator_replaces(n):
    merges = lines("- {name: c, behavior: replace, literals: [k#=v]}\n", n)
    return one("configMapGenerator:\n" + merges)


@kind("generators: literals of one map")
def literals(n):
    return {"kustomization.yaml": "secretGenerator:\n- name: g\n  literals:\n" + lines("  - k#=v\n", n)}


@kind("generators: lines of an env file")
def env_file(n):
    made = {"kustomization.yaml": "configMapGenerator:\n- {name: g, envs: [e.env]}\n"}
    return {**made, "e.env": "# comment\n\n" + lines("k#=v\n", n)}


@kind("generators: files of one map", limit=MANY_FILES)
def generator_files(n):
    made = {f"f{i}": f"text {i}\n" for i in range(n)}
    return {"kustomization.yaml": "configMapGenerator:\n- name: g\n  files:\n" + lines("  - f#\n", n), **made}


@kind("generators: labels of the options")
def generator_options(n):
    options = "generatorOptions: {annotations: {" + lines("a#: v, ", n) + "}, labels: {" + lines("l#: v, ", n) + "}}\n"
    return {"kustomization.yaml": options + "configMapGenerator:\n- {name: g, literals: [a=b]}\n"}


@kind("generators: a literal twice, each")
def literals_twice(n):
    return {"kustomization.yaml": "configMapGenerator:\n" + lines("- {name: g#, literals: [a=b, a=c]}\n", n)}


# --- patches


PATCH_OF = "- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: NAME}\n    data: {k#: v}\n"


@kind("patches: merges into one object", charged=True)
def patches(n):
    return one("patches:\n" + lines(PATCH_OF.replace("NAME", "c"), n))


@kind("patches: an object each")
def patches_each(n):
    return one("patches:\n" + lines(PATCH_OF.replace("NAME", "c#"), n), maps(n))


@kind("patches: targets of a name each", charged=True)
def patches_targets(n):
    return one("patches:\n" + lines("- {target: {kind: ConfigMap, name: c#}, patch: '[{\"op\": \"add\", \"path\": \"/data\", \"value\": {}}]'}\n", n), maps(n))


@kind("patches: operations on one object")
def patches_operations(n):
    return one("patches:\n- target: {kind: ConfigMap}\n  patch: |\n" + lines("    - {op: add, path: /data/k#, value: v}\n", n), config_map("data: {a: b}\n"))


@kind("patches: with a target, of one object", charged=True)
def patches_target_one(n):
    return one("patches:\n" + lines("- {target: {name: c}, patch: '[{\"op\": \"add\", \"path\": \"/data/k#\", \"value\": \"v\"}]'}\n", n), config_map("data: {a: b}\n"))


@kind("patches: documents of one file")
def patches_file(n):
    return one("patches:\n- path: p.yaml\n", maps(n), p=maps(n, "data: {a: b}\n"))


@kind("patches: items put in front of a list", charged=True)
def patches_front(n):
    return one("patches:\n- target: {kind: ConfigMap}\n  patch: |\n" + lines("    - {op: add, path: /x/0, value: v}\n", n), config_map("x: [a]\n"))


@kind("patches: tests of one list")
def patches_tests(n):
    return one("patches:\n- target: {kind: ConfigMap}\n  patch: |\n" + lines("    - {op: test, path: /x/#, value: v}\n", n), config_map("x: [" + "v, " * n + "]\n"))


def deployment(containers, more="", name="d"):
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n{more}      containers:\n"
        + containers
    )


@kind("patches: elements of a list, merged by name")
def patches_elements(n):
    containers = lines("      - {name: c#, image: a}\n", n)
    return one("patches:\n- path: p.yaml\n", deployment(containers), p=deployment(containers.replace("image: a", "image: b")))


@kind("patches: elements of a list, removed")
def patches_removed(n):
    containers = lines("      - {name: c#, image: a}\n", n)
    removed = lines("      - {name: c#, $patch: delete}\n", n - 1)
    return one("patches:\n- path: p.yaml\n", deployment(containers), p=deployment(removed))


@kind("patches: primitive elements removed")
def patches_primitive(n):
    base = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  finalizers: [" + lines("a#, ", n) + "]\n"
    patch = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  $deleteFromPrimitiveList/finalizers: [" + lines("a#, ", n) + "]\n"
    return one("patches:\n- path: p.yaml\n", base, p=patch)


@kind("patches: primitive elements merged")
def patches_primitive_merged(n):
    base = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  finalizers: [" + lines("a#, ", n) + "]\n"
    return one("patches:\n- path: p.yaml\n", base, p=base.replace("[a0", "[b0"))


@kind("patches: ports, by two keys")
def patches_ports(n):
    ports = lines("  - {port: #, protocol: TCP}\n  - {port: #, protocol: UDP}\n", n)
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n" + ports
    return one("patches:\n- path: p.yaml\n", service, p=service.replace("TCP}", "TCP, name: a}"))


@kind("patches: objects removed")
def patches_delete(n):
    return one("patches:\n- path: p.yaml\n", maps(n) + "---\n" + config_map(""), p=maps(n, "$patch: delete\n"))


@kind("patches: without a target")
def patches_missing(n):
    return one("patches:\n" + lines(PATCH_OF.replace("NAME", "d#"), n), maps(n))


# --- transformers of many


@kind("images: of one container")
def images_one(n):
    return one("images:\n" + lines("- {name: i#, newTag: v}\n", n), pods(1))


@kind("images: of as many objects")
def images_each(n):
    return one("images:\n" + lines("- {name: i#, newTag: v}\n", n), pods(n, "i#:1"))


@kind("images: one of many containers")
def images_containers(n):
    return one("images:\n- {name: a, newTag: v}\n", deployment(lines("      - {name: c#, image: a}\n", n)))


@kind("images: patterns of many objects", charged=True)
def images_patterns(n):
    return one("images:\n" + lines("- {name: 'i#[ab]*', newTag: v}\n", n), pods(n, "i#:1"), )


@kind("replicas: of as many objects")
def replicas(n):
    workloads = lines("---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d#}\n", n)
    return one("replicas:\n" + lines("- {name: d#, count: 2}\n", n), workloads)


@kind("namespace: subjects of a binding")
def subjects(n):
    binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nsubjects:\n"
    accounts = lines("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a#}\n", n)
    return one("namespace: n\nnamePrefix: p-\n", binding + lines("- {kind: ServiceAccount, name: a#}\n", n) + accounts)


@kind("names: a reference each")
def names(n):
    users = lines("---\n" + POD.replace("NAME", "p#") + "spec: {volumes: [{name: v, configMap: {name: c#}}]}\n", n)
    return one("nameSuffix: -x\n", maps(n) + users)


@kind("names: candidates of one name in namespaces")
def names_namespaces(n):
    objects = lines("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: n#}\n", n)
    users = lines("---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n#}\nspec: {volumes: [{name: v, configMap: {name: c}}]}\n", n)
    return one("nameSuffix: -x\n", objects + users)


@kind("names: candidates of one name in bases", limit=MANY_FILES, charged=True)
def names_bases(n):
    made = {"kustomization.yaml": "resources:\n" + lines("- b#\n", n)}
    user = "---\n" + POD.replace("NAME", "p") + "spec: {volumes: [{name: v, configMap: {name: c}}]}\n"
    for i in range(n):
        made[f"b{i}/kustomization.yaml"] = f"namePrefix: p{i}-\nresources: [r.yaml]\n"
        made[f"b{i}/r.yaml"] = config_map("") + user
    return made


@kind("names: references of one object")
def names_one(n):
    user = "---\n" + POD.replace("NAME", "p") + "spec:\n  volumes:\n" + lines("  - {name: v#, configMap: {name: c#}}\n", n)
    return one("nameSuffix: -x\n", maps(n) + user)


@kind("order: legacy, with kinds of its own")
def order(n):
    objects = lines("---\napiVersion: a/v1\nkind: K#\nmetadata: {name: c#}\n", n)
    kinds = lines("K#, ", n)
    return one("sortOptions: {order: legacy, legacySortOptions: {orderFirst: [" + kinds + "], orderLast: []}}\n", objects)


@kind("configurations: fields for labels")
def field_specs(n):
    return one("configurations: [f.yaml]\ncommonLabels: {a: b}\n", f="commonLabels:\n" + lines("- {path: spec/f#, create: true}\n", n))


@kind("configurations: fields for as many kinds", charged=True)
def field_specs_kinds(n):
    objects = lines("---\napiVersion: a/v1\nkind: K#\nmetadata: {name: c#}\n", n)
    return one("configurations: [f.yaml]\ncommonAnnotations: {a: b}\n", objects, f="commonAnnotations:\n" + lines("- {path: spec/f, kind: K#, create: true}\n", n))


@kind("configurations: name references", charged=True)
def name_references(n):
    objects = lines("---\napiVersion: a/v1\nkind: K#\nmetadata: {name: c#}\nspec: {other: c#}\n", n)
    return one("configurations: [f.yaml]\nnamePrefix: p-\n", objects, f="nameReference:\n" + lines("- {kind: K#, fieldSpecs: [{kind: K#, path: spec/other}]}\n", n))


@kind("configurations: one type that is referred to by many fields")
def name_references_of_one(n):
    fields = lines("- {kind: K, fieldSpecs: [{kind: L, path: spec/f#}]}\n", n)
    return one("configurations: [f.yaml]\nnamePrefix: p-\n", f="nameReference:\n" + fields)


@kind("configurations: one field of many types")
def field_specs_of_one_path(n):
    fields = lines("- {path: spec/f, group: g#}\n- {path: spec/f, kind: K#}\n", n)
    return one("configurations: [f.yaml]\ncommonAnnotations: {a: b}\n", f="commonAnnotations:\n" + fields)


@kind("configurations: files", limit=MANY_FILES, charged=True)
def configurations(n):
    made = {f"f{i}.yaml": f"commonLabels:\n- {{path: spec/f{i}, create: true}}\n" for i in range(n)}
    return {**one("configurations:\n" + lines("- f#.yaml\n", n) + "commonLabels: {a: b}\n"), **made}


@kind("crds: definitions")
def crds(n):
    definition = '"a.K#": {"Schema": {"properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {}, "spec": {"x-kubernetes-object-ref-kind": "ConfigMap", "x-kubernetes-object-ref-api-version": "v1"}}}},'
    return one("crds: [d.yaml]\n", maps(n), d="{" + lines(definition, n) + "}")


@kind("transformers: of one kind")
def transformers(n):
    document = "---\napiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: t#}\nprefix: a\nfieldSpecs: [{kind: Other, path: metadata/name}]\n"
    return one("transformers: [t.yaml]\n", t=lines(document, n))


# --- replacements


def replacement(source, target, path, more=""):
    return f"- source: {{kind: ConfigMap, name: {source}, fieldPath: metadata.name}}\n  targets:\n  - select: {{kind: ConfigMap, name: {target}}}\n    fieldPaths: [{path}]\n    options: {{create: true{more}}}\n"


@kind("replacements: an object each")
def replacements(n):
    return one("replacements:\n" + lines(replacement("c#", "c#", "data.k"), n), maps(n))


@kind("replacements: into one object")
def replacements_one(n):
    return one("replacements:\n" + lines(replacement("c", "c", "data.k#"), n))


@kind("replacements: paths of one target")
def replacements_paths(n):
    return one("replacements:\n" + replacement("c", "c", lines("data.k#, ", n)))


@kind("replacements: targets of one source")
def replacements_targets(n):
    target = "  - {select: {kind: ConfigMap, name: c#}, fieldPaths: [data.k], options: {create: true}}\n"
    return one("replacements:\n- source: {kind: ConfigMap, name: c0}\n  targets:\n" + lines(target, n), maps(n))


@kind("replacements: into one embedded YAML text", charged=True)
def replacements_embedded(n):
    paths = lines("data.text.k#, ", n)
    return one("replacements:\n" + replacement("c", "c", paths).replace("{create: true}", "{}"), config_map("data:\n  text: |\n" + lines("    k#: v\n", n)))


@kind("replacements: many, into one embedded JSON text", charged=True)
def replacements_json(n):
    many = lines(replacement("c", "c", "data.text.k#").replace("{create: true}", "{}"), n)
    return one("replacements:\n" + many, config_map("data:\n  text: '{" + lines('"k#": 1, ', n)[:-2] + "}'\n"))


@kind("replacements: parts of one text", charged=True)
def replacements_parts(n):
    many = lines(replacement("c", "c", "data.text", ", delimiter: '.', index: #"), n)
    return one("replacements:\n" + many, config_map("data:\n  text: " + "a." * n + "a\n"))


@kind("replacements: elements of a list by name", charged=True)
def replacements_elements(n):
    target = "  - {select: {kind: Pod}, fieldPaths: ['spec.containers.[name=a#].image']}\n"
    pod = "---\n" + POD.replace("NAME", "p") + "spec:\n  containers:\n" + lines("  - {name: a#, image: x}\n", n)
    return one("replacements:\n- source: {kind: ConfigMap, name: c}\n  targets:\n" + lines(target, n), config_map("") + pod)


@kind("replacements: rejections of a target", charged=True)
def replacements_reject(n):
    reject = lines("{name: c#}, ", n)
    return one("replacements:\n- source: {kind: ConfigMap, name: c0}\n  targets:\n  - {select: {kind: ConfigMap}, reject: [" + reject + "{name: z}], fieldPaths: [data.k], options: {create: true}}\n", maps(n))


# --- targets


@kind("targets: `build --all`", "build", "--all", "@", limit=MANY_FILES)
def targets(n):
    made = {f"t{i}/kustomization.yaml": "resources: [r.yaml]\n" for i in range(n)}
    return {**made, **{f"t{i}/r.yaml": config_map("") for i in range(n)}}


@kind("targets: that fail", "build", "--all", "@", limit=MANY_FILES)
def targets_failing(n):
    return {f"t{i}/kustomization.yaml": "resources: [missing.yaml]\n" for i in range(n)}


@kind("targets: of one base", "build", "--all", "@", limit=MANY_FILES)
def targets_base(n):
    made = {f"t{i}/kustomization.yaml": "namePrefix: p-\nresources: [../base]\n" for i in range(n)}
    return {**made, **{f"base/{name}": text for name, text in one("commonLabel: {a: b}\n".replace("commonLabel:", "commonLabels:")).items()}}


@kind("targets: inputs", "inputs", "@", start=200, limit=MANY_FILES)
def targets_inputs(n):
    return files(n)


@kind("targets: shares", "shard", "1/3", "@", limit=MANY_FILES)
def targets_shard(n):
    return targets(n)


# --- checks


@kind("check: pods", "check", "@")
def check_pods(n):
    return one(resources=pods(n))


@kind("check: pods, as JSON", "check", "--format", "json", "@")
def check_json(n):
    return one(resources=pods(n))


@kind("check: pods, as SARIF", "check", "--format", "sarif", "@")
def check_sarif(n):
    return one(resources=pods(n))


@kind("check: pods, as JUnit", "check", "--format", "junit", "@")
def check_junit(n):
    return one(resources=pods(n))


@kind("check: pods, for GitHub", "check", "--format", "github", "@")
def check_github(n):
    return one(resources=pods(n))


@kind("check: containers of one pod", "check", "--profile", "paranoid", "@")
def check_containers(n):
    return one(resources=deployment(lines("      - {name: c#, image: a, ports: [{containerPort: #}], volumeMounts: [{name: v#, mountPath: /a#}]}\n", n), "      volumes:\n" + lines("      - {name: v#, hostPath: {path: /a}}\n", n)))


@kind("check: comments above a line", "check", "@")
def check_comments(n):
    return one(resources=POD.replace("NAME", "p") + "# krender: ignore host-pid -- r\n" * n + "spec: {hostPID: true, containers: [{name: c, image: x}]}\n")


@kind("check: comments above lines", "check", "@")
def check_comments_each(n):
    return one(resources=POD.replace("NAME", "p") + "spec:\n  containers:\n" + lines("  # krender: ignore image-tag -- r\n  - {name: c#, image: x}\n", n))


@kind("check: comments, nested", "check", "@", limit=4_000, start=250)
def check_comments_nested(n):
    nested = "".join(f"{' ' * i}# krender: ignore host-pid -- r\n{' ' * i}a:\n" for i in range(n))
    return one(resources=POD.replace("NAME", "p") + "spec: {hostPID: true, containers: [{name: c, image: x}]}\n" + nested)


@kind("check: annotations", "check", "@")
def check_annotations(n):
    return one(resources="apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n" + lines("    ignore.krender.dev/r#: x\n", n) + "spec: {hostPID: true, containers: [{name: c, image: x}]}\n")


@kind("check: exclusions of a configuration", "check", "--config", "@/c.yaml", "@")
def check_exclusions(n):
    exclusion = "- {rule: image-tag, reason: x, kind: Pod, name: p#}\n"
    return one(resources=pods(n), c="apiVersion: krender.dev/v1alpha1\nkind: Hardening\nexclude:\n" + lines(exclusion, n))


@kind("check: services and workloads", "check", "--profile", "paranoid", "@")
def check_services(n):
    service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: s#}\nspec: {selector: {app: a#}, ports: [{port: 80}]}\n"
    workload = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d#}\nspec: {template: {metadata: {labels: {app: a#}}, spec: {serviceAccountName: s, containers: [{name: c, image: x, envFrom: [{configMapRef: {name: c#}}]}]}}}\n"
    return one(resources=lines(service + workload, n))


@kind("check: disruption budgets and workloads", "check", "--profile", "paranoid", "@")
def check_budgets(n):
    budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b#}\nspec: {selector: {matchLabels: {app: a#}}}\n"
    scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h#}\nspec: {scaleTargetRef: {kind: Deployment, name: d#}}\n"
    workload = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d#}\nspec: {replicas: 2, template: {metadata: {labels: {app: a#}}, spec: {containers: [{name: c, image: x}]}}}\n"
    return one(resources=lines(budget + scaler + workload, n))


@kind("check: hardening of pods", "build", "--harden", "@")
def harden_pods(n):
    return one(resources=pods(n))


@kind("check: hardening of containers", "build", "--harden", "@")
def harden_containers(n):
    return one(resources=deployment(lines("      - {name: c#, image: 'a:1'}\n", n)))


@kind("check: hardening of pods and their containers", "build", "--harden", "--harden-config", "@/c.yaml", "@")
def harden_both(n):
    containers = lines("  - {name: c#, image: 'x:1'}\n", n)
    settings = "apiVersion: krender.dev/v1alpha1\nkind: Hardening\nspec: {values: {placement: both}}\n"
    return one(resources="apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n" + containers, c=settings)


@kind("check: many targets", "check", "--all", "@", limit=MANY_FILES)
def check_targets(n):
    made = {f"t{i}/kustomization.yaml": "resources: [r.yaml]\n" for i in range(n)}
    return {**made, **{f"t{i}/r.yaml": pods(1) for i in range(n)}}


# --- differences


DIFF = ("diff", "@/a", "@/b")


def two(before, after):
    """Two kustomizations of one file each."""
    made = {"a/kustomization.yaml": "resources: [r.yaml]\n", "b/kustomization.yaml": "resources: [r.yaml]\n"}
    return {**made, "a/r.yaml": before, "b/r.yaml": after}


for name, more in {
    "": (),
    ", as JSON": ("--format", "json"),
    ", as Markdown": ("--format", "markdown"),
    ", unified": ("--format", "unified"),
}.items():

    @kind("diff: changed objects" + name, *DIFF, *more)
    def diff_objects(n):
        return two(maps(n, "data: {a: b}\n"), maps(n, "data: {a: c#}\n"))


@kind("diff: objects changed alike", *DIFF)
def diff_alike(n):
    return two(maps(n, "data: {a: b}\n"), maps(n, "data: {a: c}\n"))


@kind("diff: removed and new objects", *DIFF)
def diff_renamed(n):
    return two(maps(n, "data: {a: b#}\n"), maps(n, "data: {a: b#}\n").replace("name: c", "name: d"))


@kind("diff: objects with new hashes in their names", *DIFF)
def diff_hashes(n):
    def side(value):
        return "configMapGenerator:\n" + lines(f"- {{name: g#, literals: [a={value}]}}\n", n)

    return {"a/kustomization.yaml": side("b"), "b/kustomization.yaml": side("c")}


@kind("diff: keys of one map", *DIFF)
def diff_keys(n):
    return two(config_map("data: {" + lines("k#: a, ", n) + "}\n"), config_map("data: {" + lines("k#: b, ", n) + "}\n"))


@kind("diff: other keys of one map", *DIFF)
def diff_other_keys(n):
    return two(config_map("data: {" + lines("k#: a, ", n) + "}\n"), config_map("data: {" + lines("l#: a, ", n) + "}\n"))


@kind("diff: elements of one list", *DIFF)
def diff_elements(n):
    return two(config_map("x: [" + lines("a#, ", n) + "]\n"), config_map("x: [" + lines("b#, ", n) + "]\n"))


@kind("diff: elements of one list, backwards", *DIFF)
def diff_backwards(n):
    backwards = "".join(f"a{i}, " for i in reversed(range(n)))
    return two(config_map("x: [" + lines("a#, ", n) + "]\n"), config_map("x: [" + backwards + "]\n"))


@kind("diff: maps in a list without keys", *DIFF)
def diff_list_maps(n):
    return two(config_map("x: [" + lines("{a: #, b: c}, ", n) + "]\n"), config_map("x: [" + lines("{a: #, b: d}, ", n) + "]\n"))


@kind("diff: containers in another order", *DIFF)
def diff_containers(n):
    containers = [f"      - {{name: c{i}, image: a}}\n" for i in range(n)]
    return two(deployment("".join(containers)), deployment("".join(reversed(containers))))


for name, more in {"": (), ", as Markdown": ("--format", "markdown"), ", unified": ("--format", "unified")}.items():

    @kind("diff: lines of one text" + name, *DIFF, *more)
    def diff_text(n):
        return two(config_map("data:\n  t: |\n" + lines("    line #\n", n)), config_map("data:\n  t: |\n" + lines("    other #\n", n)))


@kind("diff: words of one line", *DIFF)
def diff_words(n):
    return two(config_map("data:\n  t: '" + lines("w# ", n) + "'\n"), config_map("data:\n  t: '" + lines("v# ", n) + "'\n"))


@kind("diff: every second line of one text", *DIFF)
def diff_text_second(n):
    return two(config_map("data:\n  t: |\n" + lines("    line\n    l#\n", n)), config_map("data:\n  t: |\n" + lines("    line\n    m#\n", n)))


@kind("diff: many targets", *DIFF, limit=MANY_FILES)
def diff_targets(n):
    made = {}
    for i in range(n):
        for side, value in (("a", "b"), ("b", i)):
            made[f"{side}/t{i}/kustomization.yaml"] = "resources: [r.yaml]\n"
            made[f"{side}/t{i}/r.yaml"] = config_map(f"data: {{a: '{value}'}}\n")
    return made


@kind("diff: files of manifests", *DIFF, limit=MANY_FILES)
def diff_files(n):
    made = {}
    for i in range(n):
        made[f"a/r{i}.yaml"] = maps(1).replace("c0", f"c{i}")
        made[f"b/r{i}.yaml"] = maps(1, "data: {a: b}\n").replace("c0", f"c{i}")
    return made
