//! Advice on values of the wrong form: a string in place of a mapping, a mapping in place of a list, and so on.

use super::place::ErrorPlace;
use crate::error::Error;
use crate::resource::ImageReference;
use crate::text::phrase::listed;
use crate::yaml::{CollectionStyle, Kind, Mapping, Node, Scalar, Value, push_text, resolve_1_1};

/// The entries of a mapping, with values in one line of YAML.
type FormEntries = Vec<(String, String)>;

/// Form of the value of a field.
#[derive(Clone, Copy)]
enum Takes {
    /// A list of strings.
    Texts,
    /// A list of strings `KEY=VALUE`.
    Assignments,
    /// A list of mappings; the function interprets a string in place of one.
    Items(fn(&str) -> FormEntries),
    /// A list of mappings with labels and the fields to add them to.
    Labels,
    /// A mapping with arbitrary keys.
    Pairs,
    /// A mapping with fields; the function interprets a string in its place.
    Fields(fn(&str) -> FormEntries),
}

/// Fields that take a list or a mapping, by their path in lower case.
const FIELDS: &[(&str, Takes)] = &[
    ("resources", Takes::Texts),
    ("components", Takes::Texts),
    ("bases", Takes::Texts),
    ("crds", Takes::Texts),
    ("configurations", Takes::Texts),
    ("generators", Takes::Texts),
    ("transformers", Takes::Texts),
    ("validators", Takes::Texts),
    ("patchesstrategicmerge", Takes::Texts),
    ("buildmetadata", Takes::Texts),
    ("patches", Takes::Items(patch)),
    ("patches[].target", Takes::Fields(selector)),
    ("patches[].options", Takes::Fields(options_of_patch)),
    ("patchesjson6902", Takes::Items(json_patch)),
    ("patchesjson6902[].target", Takes::Fields(selector)),
    ("images", Takes::Items(image)),
    ("imagetags", Takes::Items(image)),
    ("replicas", Takes::Items(replica)),
    ("labels", Takes::Labels),
    ("labels[].pairs", Takes::Pairs),
    ("labels[].fields", Takes::Items(path)),
    ("commonlabels", Takes::Pairs),
    ("commonannotations", Takes::Pairs),
    ("replacements", Takes::Items(path)),
    ("replacements[].source", Takes::Fields(selector)),
    ("replacements[].source.options", Takes::Fields(delimiter)),
    ("replacements[].targets", Takes::Items(target)),
    ("replacements[].targets[].select", Takes::Fields(selector)),
    ("replacements[].targets[].reject", Takes::Items(selector)),
    ("replacements[].targets[].options", Takes::Fields(delimiter)),
    ("replacements[].targets[].fieldpaths", Takes::Texts),
    ("vars", Takes::Items(variable)),
    ("vars[].objref", Takes::Fields(selector)),
    ("vars[].fieldref", Takes::Fields(field_path)),
    ("configmapgenerator", Takes::Items(generator)),
    ("configmapgenerator[].literals", Takes::Assignments),
    ("configmapgenerator[].files", Takes::Assignments),
    ("configmapgenerator[].envs", Takes::Texts),
    ("configmapgenerator[].options", Takes::Fields(options_of_generator)),
    ("configmapgenerator[].options.labels", Takes::Pairs),
    ("configmapgenerator[].options.annotations", Takes::Pairs),
    ("secretgenerator", Takes::Items(generator)),
    ("secretgenerator[].literals", Takes::Assignments),
    ("secretgenerator[].files", Takes::Assignments),
    ("secretgenerator[].envs", Takes::Texts),
    ("secretgenerator[].options", Takes::Fields(options_of_generator)),
    ("secretgenerator[].options.labels", Takes::Pairs),
    ("secretgenerator[].options.annotations", Takes::Pairs),
    ("generatoroptions", Takes::Fields(options_of_generator)),
    ("generatoroptions.labels", Takes::Pairs),
    ("generatoroptions.annotations", Takes::Pairs),
    ("helmcharts", Takes::Items(chart)),
    ("helmchartinflationgenerator", Takes::Items(old_chart)),
    ("helmcharts[].additionalvaluesfiles", Takes::Texts),
    ("helmcharts[].apiversions", Takes::Texts),
    ("helmcharts[].valuesinline", Takes::Pairs),
    ("helmglobals", Takes::Fields(chart_home)),
    ("openapi", Takes::Fields(path)),
    ("sortoptions", Takes::Fields(order)),
    ("sortoptions.legacysortoptions", Takes::Fields(order_first)),
    ("sortoptions.legacysortoptions.orderfirst", Takes::Texts),
    ("sortoptions.legacysortoptions.orderlast", Takes::Texts),
    ("metadata", Takes::Fields(name)),
    ("metadata.labels", Takes::Pairs),
    ("metadata.annotations", Takes::Pairs),
    ("configurations[].nameprefix", Takes::Items(path)),
    ("configurations[].namesuffix", Takes::Items(path)),
    ("configurations[].namespace", Takes::Items(path)),
    ("configurations[].commonlabels", Takes::Items(path)),
    ("configurations[].labels", Takes::Items(path)),
    ("configurations[].templatelabels", Takes::Items(path)),
    ("configurations[].volumeclaimtemplatelabels", Takes::Items(path)),
    ("configurations[].commonannotations", Takes::Items(path)),
    ("configurations[].varreference", Takes::Items(path)),
    ("configurations[].images", Takes::Items(path)),
    ("configurations[].replicas", Takes::Items(path)),
    ("configurations[].namereference", Takes::Items(referred)),
    ("annotationstransformer.annotations", Takes::Pairs),
    ("imagetagtransformer.imagetag", Takes::Fields(image)),
    ("labeltransformer.labels", Takes::Pairs),
    ("patchstrategicmergetransformer.paths", Takes::Texts),
    ("replicacounttransformer.replica", Takes::Fields(replica)),
    ("valueaddtransformer.targets", Takes::Items(field_path)),
    ("valueaddtransformer.targets[].selector", Takes::Fields(selector)),
];

/// The field of many documents that lists field specs.
const FIELD_SPECS: &str = ".fieldspecs";

/// Maximum length of a form that is shown: longer ones are hard to read in a message.
const LONGEST: usize = 120;

/// Placeholder for values that are unknown or may be secret.
const UNKNOWN: &str = "…";

/// Adds the right form to an error about a value of the wrong type.
pub(super) fn advise(place: &ErrorPlace<'_>, error: Error) -> Error {
    let takes = |path: &str| match FIELDS.iter().find(|(field, _)| *field == path) {
        Some(&(_, takes)) => Some(takes),
        None => path.ends_with(FIELD_SPECS).then_some(Takes::Items(self::path)),
    };
    let writer = FormWriter { is_secret: is_secret(place) };
    let error = if writer.is_secret { masked(place, error) } else { error };
    let form = if let Some(takes) = takes(&place.path) {
        let field = place.key.map_or("", Scalar::text);
        writer.whole(takes, place.node).map(|form| format!("`{field}: {form}`"))
    } else if let (Some(takes), None) = (takes(place.path_around()), place.key) {
        if let Some(help) = document_in_list(place) {
            return error.without_help().help(help);
        }
        let around = place.around.and_then(Node::as_sequence);
        let is_flow = around.is_some_and(|list| list.style() == CollectionStyle::Flow);
        let is_text = place.node.as_scalar().is_some();
        if is_text && matches!(takes, Takes::Texts | Takes::Assignments) {
            return error;
        }
        let forms = writer.elements(takes, place.node);
        let forms: Vec<String> = forms.iter().map(|form| in_list(form, is_flow)).collect();
        Some(listed(forms, "and")).filter(|forms| !forms.is_empty())
    } else if let (true, Some(text)) = (place.path.is_empty(), place.node.as_text()) {
        let field = text.split([' ', '-']).next().unwrap_or_default();
        let is_field =
            field.chars().all(|letter| letter.is_ascii_alphanumeric()) && !field.is_empty();
        return match is_field {
            true => {
                error.help(format!("is a colon missing? A field begins with its name: `{field}:`"))
            }
            false => error,
        };
    } else if place.path.is_empty() && place.node.kind() == Kind::Sequence {
        return error
            .without_help()
            .help("write the name of a field before the list: `resources:`");
    } else {
        writer.text(place)
    };
    match form.filter(|form| form.chars().count() <= LONGEST) {
        Some(form) => error.without_help().help(format!("write {form}")),
        None => error,
    }
}

/// True if the value may belong to a Secret, so that no message may quote it.
fn is_secret(place: &ErrorPlace<'_>) -> bool {
    place.path == "secretgenerator"
        || place.path.starts_with("secretgenerator[]") && place.path.ends_with(']')
        || place.path.starts_with("secretgenerator[].literals")
}

/// The error without the value.
fn masked(place: &ErrorPlace<'_>, error: Error) -> Error {
    let Some(scalar) = place.node.as_scalar() else { return error };
    let found = match (resolve_1_1(scalar), scalar.text().split_once('=')) {
        (Ok(Value::Str(_)), Some((key, _))) => format!("the text `{key}={UNKNOWN}`"),
        (Ok(Value::Str(_)), None) => "a text".to_owned(),
        (Ok(Value::Bool(_)), _) => "a boolean".to_owned(),
        _ => "a number".to_owned(),
    };
    let expected =
        error.message().rsplit_once(", expected ").map_or("text", |(_, expected)| expected);
    Error::new(error.code(), format!("found {found}, expected {expected}"))
        .at(error.span())
        .help(format!("a literal is written `KEY={UNKNOWN}`"))
}

/// Advice on a document in a list of strings.
fn document_in_list(place: &ErrorPlace<'_>) -> Option<&'static str> {
    let fields = ["apiVersion", "kind", "metadata", "spec"];
    let is_document = fields.iter().any(|field| place.node.get(field).is_some());
    match place.path.as_str() {
        _ if !is_document => None,
        "generators[]" | "transformers[]" | "validators[]" | "patchesstrategicmerge[]" => {
            Some("to write a document in place, make it a block of text: `- |-`")
        }
        _ => Some("keep the document in a file of its own, and list the name of the file"),
    }
}

/// An element of a list.
enum Element {
    Text(String),
    Mapping(FormEntries),
}

impl Element {
    fn flow(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Mapping(entries) => flow(entries),
        }
    }
}

/// An element as written in a list.
fn in_list(element: &Element, is_flow: bool) -> String {
    match element {
        Element::Mapping(entries) if !is_flow && entries.len() == 1 => {
            entries.iter().map(|(key, value)| format!("`- {key}: {value}`")).collect()
        }
        element if is_flow => format!("`{}`", element.flow()),
        element => format!("`- {}`", element.flow()),
    }
}

fn flow(entries: &[(String, String)]) -> String {
    let entries: Vec<String> =
        entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

/// Writes values of the document in their right form.
struct FormWriter {
    is_secret: bool,
}

impl FormWriter {
    /// The right value of a field. `None` if the meaning is unclear.
    fn whole(&self, takes: Takes, node: &Node) -> Option<String> {
        match (takes, node.as_text()) {
            (Takes::Texts | Takes::Assignments | Takes::Items(_) | Takes::Labels, _) => {
                let elements: Vec<String> =
                    self.elements(takes, node).iter().map(Element::flow).collect();
                (!elements.is_empty()).then(|| format!("[{}]", elements.join(", ")))
            }
            (Takes::Fields(of_text), Some(text)) => Some(flow(&of_text(text))),
            (Takes::Fields(_), None) => {
                self.entries(node, Self::scalar).map(|entries| flow(&entries))
            }
            (Takes::Pairs, Some(text)) => Some(flow(&[assignment(text)?])),
            (Takes::Pairs, None) => self.entries(node, Self::quoted).map(|entries| flow(&entries)),
        }
    }

    /// The elements that a value in place of a list means; empty if the meaning is unclear.
    fn elements(&self, takes: Takes, node: &Node) -> Vec<Element> {
        let mapping = node.as_mapping().map(Mapping::entries).unwrap_or_default();
        match (takes, node.as_text()) {
            // A string without a key may be a value.
            (Takes::Items(of_text), Some(text)) if self.is_secret && !text.contains('=') => {
                vec![Element::Mapping(of_text("KEY="))]
            }
            (Takes::Items(of_text), Some(text)) => vec![Element::Mapping(of_text(text))],
            (Takes::Items(of_text), None) => self.items(of_text, mapping),
            (Takes::Labels, Some(text)) => vec![Element::Mapping(label(text))],
            (Takes::Labels, None) => vec![Element::Mapping(self.labels(mapping))],
            (Takes::Texts, Some(text)) => {
                let texts = text.split([',', ' ']).filter(|text| !text.is_empty());
                texts.map(|text| Element::Text(quoted(text))).collect()
            }
            (Takes::Assignments, Some(_)) => {
                node.as_scalar().map(|text| Element::Text(self.quoted(text))).into_iter().collect()
            }
            (Takes::Texts, None) => {
                mapping.iter().filter_map(text_of_entry).map(Element::Text).collect()
            }
            (Takes::Assignments, None) => {
                mapping.iter().filter_map(|entry| self.assigned(entry)).map(Element::Text).collect()
            }
            (Takes::Pairs | Takes::Fields(_), _) => Vec::new(),
        }
    }

    /// The mappings that a mapping in place of a list means: its only element, or names with their values.
    fn items(&self, of_text: fn(&str) -> FormEntries, mapping: &[(Scalar, Node)]) -> Vec<Element> {
        let fields = of_text("");
        let is_field = |key: &str| fields.iter().any(|(field, _)| field == key);
        if mapping.iter().any(|(key, _)| is_field(key.text())) {
            let entries = mapping.iter().map(|(key, value)| self.entry(key, value, Self::scalar));
            return vec![Element::Mapping(entries.collect())];
        }
        let meant = |(key, value): &(Scalar, Node)| {
            let text = value.as_text().filter(|_| !value.is_null());
            let text = text.map_or(key.text().to_owned(), |text| format!("{}={text}", key.text()));
            Element::Mapping(of_text(&text))
        };
        mapping.iter().map(meant).collect()
    }

    /// The fields of a labels entry from a mapping of labels, which may also hold fields such as `includeSelectors`.
    fn labels(&self, mapping: &[(Scalar, Node)]) -> FormEntries {
        let is_field = |key: &str| key.starts_with("include") || key == "fields" || key == "pairs";
        let (fields, labels): (Vec<_>, Vec<_>) =
            mapping.iter().partition(|(key, _)| is_field(key.text()));
        let labels: FormEntries =
            labels.iter().map(|(key, value)| self.entry(key, value, Self::quoted)).collect();
        let pairs = (!labels.is_empty()).then(|| ("pairs".to_owned(), flow(&labels)));
        let fields = fields.iter().map(|(key, value)| self.entry(key, value, Self::scalar));
        pairs.into_iter().chain(fields).collect()
    }

    /// The entries of all mappings and `KEY=VALUE` strings in a list.
    fn entries(&self, list: &Node, write: fn(&Self, &Scalar) -> String) -> Option<FormEntries> {
        let mut entries = FormEntries::new();
        for item in list.items() {
            match (item.as_text(), item.as_mapping()) {
                (Some(text), _) => entries.push(assignment(text)?),
                (None, Some(mapping)) => {
                    entries
                        .extend(mapping.iter().map(|(key, value)| self.entry(key, value, write)));
                }
                (None, None) => return None,
            }
        }
        (!entries.is_empty()).then_some(entries)
    }

    fn entry(
        &self,
        key: &Scalar,
        value: &Node,
        write: fn(&Self, &Scalar) -> String,
    ) -> (String, String) {
        let items = value.items();
        let value = match value.as_scalar() {
            Some(scalar) => write(self, scalar),
            None if !items.is_empty() && items.iter().all(|item| item.as_scalar().is_some()) => {
                let items = items.iter().filter_map(Node::as_scalar).map(|item| write(self, item));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            None if value.kind() == Kind::Sequence => format!("[{UNKNOWN}]"),
            None => format!("{{{UNKNOWN}}}"),
        };
        (key.text().to_owned(), value)
    }

    /// An entry as a string `KEY=VALUE`.
    fn assigned(&self, (key, value): &(Scalar, Node)) -> Option<String> {
        let value = if value.is_null() { "" } else { value.as_text()? };
        Some(quoted(&format!("{}={}", key.text(), if self.is_secret { UNKNOWN } else { value })))
    }

    /// The right form of a field that takes a string.
    fn text(&self, place: &ErrorPlace<'_>) -> Option<String> {
        let key = place.key?.text();
        if place.path.ends_with("[].patch") && place.node.as_scalar().is_none() {
            return Some("`patch: |-`, and the patch as text on the lines below".to_owned());
        }
        let [(name, value)] = place.node.as_mapping()?.entries() else { return None };
        let says_so = ["name", "path", "value", "file"].contains(&name.text());
        let text = value.as_scalar().filter(|text| says_so && !text.is_null())?;
        Some(format!("`{key}: {}`", self.quoted(text)))
    }

    /// A scalar where a string is expected.
    fn quoted(&self, scalar: &Scalar) -> String {
        match (self.is_secret, scalar.text().split_once('=')) {
            (false, _) => quoted(scalar.text()),
            (true, Some((key, _))) => format!("{key}={UNKNOWN}"),
            (true, None) => UNKNOWN.to_owned(),
        }
    }

    /// A scalar, unchanged.
    fn scalar(&self, scalar: &Scalar) -> String {
        match resolve_1_1(scalar) {
            Ok(Value::Str(_) | Value::Timestamp(_)) | Err(_) => self.quoted(scalar),
            Ok(_) => scalar.text().to_owned(),
        }
    }
}

/// The string that a mapping in its place means: `path: a.yaml` means `a.yaml`, and so does `a.yaml:`.
fn text_of_entry((key, value): &(Scalar, Node)) -> Option<String> {
    Some(quoted(if value.is_null() { key.text() } else { value.as_text()? }))
}

/// A string in YAML, quoted where needed, also in flow style.
pub(super) fn quoted(text: &str) -> String {
    let mut written = String::new();
    push_text(text, 0, &mut written);
    let is_plain = written == text;
    if is_plain && text.contains([',', '[', ']', '{', '}']) || written.contains('\n') {
        written = format!("{text:?}");
    }
    written
}

/// The entry of a string `KEY=VALUE` or `KEY: VALUE`.
fn assignment(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=').or_else(|| text.split_once(':'))?;
    Some((key.trim().to_owned(), quoted(value.trim())))
}

fn entries<const N: usize>(entries: [(&str, String); N]) -> FormEntries {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn unknown() -> String {
    UNKNOWN.to_owned()
}

fn patch(text: &str) -> FormEntries {
    match text.contains('\n') {
        true => entries([("patch", "|-".to_owned())]),
        false => path(text),
    }
}

fn json_patch(text: &str) -> FormEntries {
    let target = format!("{{version: {UNKNOWN}, kind: {UNKNOWN}, name: {UNKNOWN}}}");
    entries([("path", quoted(text)), ("target", target)])
}

/// An image as written in a container (`name:tag@digest`), or for `kustomize edit set image` (`name=new:tag`).
fn image(text: &str) -> FormEntries {
    let (name, new) = match text.split_once('=') {
        // A tag in place of a new name: `nginx=1.27`.
        Some((name, tag)) if !tag.contains([':', '/', '@']) => {
            return entries([("name", quoted(name)), ("newTag", quoted(tag))]);
        }
        Some((name, new)) => (Some(name), new),
        None => (None, text),
    };
    let image = ImageReference::new(new);
    let mut all = entries([("name", quoted(name.unwrap_or(image.name)))]);
    if name.is_some() {
        all.extend(entries([("newName", quoted(image.name))]));
    }
    match (image.digest, image.tag) {
        ("", "") if name.is_none() => all.extend(entries([("newTag", unknown())])),
        ("", "") => {}
        ("", tag) => all.extend(entries([("newTag", quoted(tag))])),
        (digest, _) => all.extend(entries([("digest", quoted(digest))])),
    }
    all
}

fn replica(text: &str) -> FormEntries {
    let (name, count) = assignment(text).unwrap_or_else(|| (text.to_owned(), unknown()));
    entries([("name", quoted(&name)), ("count", count.trim_matches('"').to_owned())])
}

fn label(text: &str) -> FormEntries {
    let (key, value) = assignment(text).unwrap_or_else(|| (text.to_owned(), unknown()));
    entries([("pairs", format!("{{{key}: {value}}}"))])
}

fn path(text: &str) -> FormEntries {
    entries([("path", quoted(text))])
}

/// The target of a name reference, by its kind.
fn referred(text: &str) -> FormEntries {
    entries([("kind", quoted(text)), ("fieldSpecs", format!("[{{path: {UNKNOWN}}}]"))])
}

fn name(text: &str) -> FormEntries {
    entries([("name", quoted(text))])
}

/// A selector by kind, if the string begins with a capital letter, or else by name.
fn selector(text: &str) -> FormEntries {
    match text.split_once('/') {
        Some((kind, name)) => entries([("kind", quoted(kind)), ("name", quoted(name))]),
        None if text.starts_with(char::is_uppercase) => entries([("kind", quoted(text))]),
        None => entries([("kind", unknown()), ("name", quoted(text))]),
    }
}

fn target(text: &str) -> FormEntries {
    entries([("select", flow(&selector(text))), ("fieldPaths", format!("[{UNKNOWN}]"))])
}

fn variable(text: &str) -> FormEntries {
    let target = format!("{{apiVersion: {UNKNOWN}, kind: {UNKNOWN}, name: {UNKNOWN}}}");
    entries([("name", quoted(text)), ("objref", target)])
}

fn field_path(text: &str) -> FormEntries {
    entries([("fieldPath", quoted(text))])
}

/// A generator from a literal, a file or a name. The value of a literal may be secret.
fn generator(text: &str) -> FormEntries {
    let list = |text: &str| format!("[{}]", quoted(text));
    match text.split_once('=') {
        Some((key, _)) => {
            entries([("name", unknown()), ("literals", format!("[{key}={UNKNOWN}]"))])
        }
        None if text.contains(".env") => entries([("name", unknown()), ("envs", list(text))]),
        None if text.contains(['.', '/']) => entries([("name", unknown()), ("files", list(text))]),
        None => entries([("name", quoted(text)), ("literals", format!("[KEY={UNKNOWN}]"))]),
    }
}

fn chart(text: &str) -> FormEntries {
    entries([("name", quoted(text)), ("repo", unknown()), ("version", unknown())])
}

fn old_chart(text: &str) -> FormEntries {
    entries([("chartName", quoted(text)), ("chartRepoUrl", unknown()), ("chartVersion", unknown())])
}

fn chart_home(text: &str) -> FormEntries {
    entries([("chartHome", quoted(text))])
}

fn order(text: &str) -> FormEntries {
    entries([("order", quoted(text))])
}

fn order_first(text: &str) -> FormEntries {
    entries([("orderFirst", format!("[{}]", quoted(text)))])
}

fn delimiter(text: &str) -> FormEntries {
    entries([("delimiter", quoted(text)), ("index", "0".to_owned())])
}

fn options_of_patch(text: &str) -> FormEntries {
    switched_on(text, &["allowNameChange", "allowKindChange"])
}

fn options_of_generator(text: &str) -> FormEntries {
    switched_on(text, &["disableNameSuffixHash", "immutable"])
}

/// The option that a string names, or else the first one, set to true.
fn switched_on(text: &str, options: &[&str]) -> FormEntries {
    let named = options.iter().find(|option| text.contains(**option)).or(options.first());
    named.map(|option| ((*option).to_owned(), "true".to_owned())).into_iter().collect()
}
