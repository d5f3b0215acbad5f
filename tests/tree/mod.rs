//! Random trees of kustomizations: a base, overlays on top of it, and a component, with resources that refer to each
//! other.
//!
//! They use only features that behave the same since kustomize v5.5: no `sourceValue`, no structured data inside text,
//! no patterns in the targets of replacements, no `includeVolumeClaimTemplates`.

mod fields;
mod objects;

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;

/// A tree of kustomizations, each in a folder of its own.
#[derive(Clone)]
pub(crate) struct Tree {
    /// The levels from the base to the target; each lists the one before it.
    levels: Vec<Level>,
    component: Option<Level>,
}

/// The content of one kustomization.
#[derive(Clone, Debug)]
struct Level {
    /// The objects of its own file.
    objects: Vec<String>,
    fields: Vec<Option<Field>>,
    /// True if it includes the component, if there is one.
    includes_component: bool,
}

/// A field of a kustomization, and the files that it names.
#[derive(Clone, Debug, Default)]
struct Field {
    text: String,
    files: Vec<(String, String)>,
}

/// Any tree.
pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let levels = (
        level(objects::of_base(), 0.3),
        prop::collection::vec(level(objects::of_overlay(), 0.35), 0..3),
    );
    (levels, prop::option::weighted(0.3, level(objects::of_component(), 0.25))).prop_map(
        |((base, overlays), component)| Tree {
            levels: [base].into_iter().chain(overlays).collect(),
            component,
        },
    )
}

/// A kustomization with these objects, and each of the fields with a probability.
fn level(objects: impl Strategy<Value = Vec<String>>, share: f64) -> impl Strategy<Value = Level> {
    let fields: Vec<_> =
        fields::all().into_iter().map(|field| prop::option::weighted(share, field)).collect();
    (objects, fields, any::<bool>()).prop_map(|(objects, fields, includes_component)| Level {
        objects,
        fields,
        includes_component,
    })
}

impl Tree {
    /// The folder of the kustomization to build.
    pub(crate) fn target(&self) -> String {
        self.folders().pop().unwrap_or_default()
    }

    /// The folders of all kustomizations.
    pub(crate) fn folders(&self) -> Vec<String> {
        (0..self.levels.len()).map(|number| format!("level-{number}")).collect()
    }

    /// Path and text of each file.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for (number, level) in self.levels.iter().enumerate() {
            let mut head = String::from("kind: Kustomization\n");
            let below = number.checked_sub(1).map(|below| format!("../level-{below}"));
            head += &list("resources", below.into_iter().chain(level.objects_file()));
            if self.component.is_some() && level.includes_component {
                head += "components: [../component]\n";
            }
            level.write(&format!("level-{number}"), head, &mut files);
        }
        if let Some(component) = &self.component {
            let head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n".to_owned();
            component.write(
                "component",
                head + &list("resources", component.objects_file()),
                &mut files,
            );
        }
        files
    }
}

impl Level {
    fn objects_file(&self) -> Option<String> {
        (!self.objects.is_empty()).then(|| "objects.yaml".to_owned())
    }

    fn write(&self, folder: &str, head: String, files: &mut BTreeMap<String, String>) {
        let mut text = head;
        if !self.objects.is_empty() {
            files.insert(format!("{folder}/objects.yaml"), self.objects.join("---\n"));
        }
        for field in self.fields.iter().flatten() {
            text += &field.text;
            files.extend(
                field.files.iter().map(|(path, text)| (format!("{folder}/{path}"), text.clone())),
            );
        }
        files.insert(format!("{folder}/kustomization.yaml"), text);
    }
}

/// All files as one text, for failure messages.
impl fmt::Debug for Tree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "build {}", self.target())?;
        self.files()
            .iter()
            .try_for_each(|(path, text)| writeln!(formatter, "--- {path} ---\n{text}"))
    }
}

/// A field that is a list of words; empty without words.
fn list(name: &str, words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    if words.is_empty() { String::new() } else { format!("{name}: [{}]\n", words.join(", ")) }
}
