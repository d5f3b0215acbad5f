//! Resources on their way through a function: annotations tell which ones come back, and where they belong.
//! (kyaml, `kio/kio.go` and `fn/runtime/runtimeutil/runtimeutil.go`.)

use super::annotations::{ALL, ID, INDEX, Names, PATH, agree, clear, complete, set, spellings};
use super::meta::{Meta, annotation, check};
use super::resemble::Resembled;
use super::{Item, Output, Printed, clean, write};
use crate::error::{Code, Error, Result};
use crate::yaml::Node;

/// The number of a resource among those that passed.
const NUMBER: &str = "internal.config.kubernetes.io/annotations-migration-resource-id";
/// A folder whose functions apply to the folder around it.
const FUNCTIONS: &str = "functions";

/// The resources that a function gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Global,
    /// Those at and below the folder of its configuration, if that has one.
    OfFolder,
}

/// Resources on their way through a function.
#[derive(Debug)]
pub struct Passage {
    /// The resources that the function gets.
    given: Vec<Item>,
    /// The others.
    kept: Vec<Item>,
    /// The folder of resources that the function adds.
    folder: String,
    /// True for spellings of annotations that all resources with such annotations had: internal, and legacy.
    spellings: Result<(bool, bool)>,
    /// The path and the index of each resource before.
    before: Vec<[String; 2]>,
}

impl Passage {
    /// Annotates resources for a function with this configuration.
    ///
    /// # Errors
    /// [`Code::InvalidType`] for an item that is no resource, [`Code::InvalidValue`] for annotations that contradict each
    /// other.
    pub fn begin(mut items: Vec<Item>, config: &Node, scope: Scope) -> Result<Self> {
        for (number, Item { root, .. }) in items.iter_mut().enumerate() {
            set(root, NUMBER, &number.to_string())?;
        }
        let spellings = if items.is_empty() { Ok((true, true)) } else { spellings(&items) };
        let before = items.iter().map(|item| {
            [PATH, INDEX].map(|Names { internal, legacy }| {
                let either =
                    annotation(&item.root, internal).or_else(|| annotation(&item.root, legacy));
                either.unwrap_or_default().to_owned()
            })
        });
        let before = before.collect();
        for Item { root, .. } in &mut items {
            complete(root)?;
            agree(root)?;
        }
        let folder = path_of(config).map(folder_of).unwrap_or_default();
        let is_global = scope == Scope::Global || matches!(&*folder, "" | ".");
        let is_given = |item: &Item| {
            is_global
                || path_of(&item.root).is_some_and(|path| folder_of(path).starts_with(&folder))
        };
        let (mut given, kept): (Vec<Item>, Vec<Item>) = items.into_iter().partition(is_given);
        for (number, Item { root, .. }) in given.iter_mut().enumerate() {
            let id = (number + 1).to_string();
            set(root, ID.internal, &id)?;
            set(root, ID.legacy, &id)?;
        }
        Ok(Self { given, kept, folder, spellings, before })
    }

    /// The resource with this number among all, as the function gets it.
    #[must_use]
    pub fn item(&self, number: usize) -> Option<&Item> {
        let number = number.to_string();
        let mut all = self.given.iter().chain(&self.kept);
        all.find(|item| annotation(&item.root, NUMBER) == Some(&number))
    }

    /// True if the function gets resources.
    #[must_use]
    pub const fn gives_any(&self) -> bool {
        !self.given.is_empty()
    }

    /// The list that the function reads.
    ///
    /// # Errors
    /// Those of [`write`](super::write()).
    pub fn input(&self, config: &Item) -> Result<String> {
        let wrapping = ("ResourceList".to_owned(), "config.kubernetes.io/v1".to_owned());
        let output = Output {
            keeps_index: true,
            keeps_path: true,
            wrapping: Some(wrapping),
            function_config: Some(config.clone()),
            ..Output::default()
        };
        write(self.given.clone(), &output)
    }

    /// The resources after the function, from those that it printed. Resources that it adds get the path of a file.
    ///
    /// # Errors
    /// As [`Passage::begin`].
    pub fn end(self, printed: Printed) -> Result<Vec<Item>> {
        let Self { given, kept, folder, spellings, before } = self;
        let (mut items, mut resembled) = (printed.items, Resembled::default());
        for item in &mut items {
            check(&item.root)?;
            let root = &item.root;
            let id = annotation(root, ID.internal).or_else(|| annotation(root, ID.legacy));
            let number = id.and_then(|id| id.parse::<usize>().ok());
            let before = number.and_then(|id| given.get(id.checked_sub(1)?));
            if let Some(before) = before {
                resembled.add(before, item);
                clear(&mut item.root, ID.internal);
                clear(&mut item.root, ID.legacy);
            }
        }
        resembled.finish(&mut items);
        items.iter_mut().try_for_each(|item| place(&mut item.root, &folder))?;
        items.extend(kept);
        if items.is_empty() {
            return Ok(items);
        }
        let spellings = spellings?;
        items.iter_mut().try_for_each(|item| reconcile(&mut item.root, spellings, &before))?;
        Ok(items)
    }
}

/// The path of the file of a resource.
fn path_of(root: &Node) -> Option<&str> {
    annotation(root, PATH.internal).or_else(|| annotation(root, PATH.legacy))
}

/// The folder that a path belongs to.
pub(super) fn folder_of(path: &str) -> String {
    let folder = |path: &str| {
        let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
        if folder.is_empty() && path.starts_with('/') {
            "/".to_owned()
        } else {
            clean(folder.as_ref())
        }
    };
    let own = folder(path);
    let is_functions = own.rsplit('/').next() == Some(FUNCTIONS);
    if is_functions { folder(&own) } else { own }
}

/// Sets the path of a resource that has none.
pub(super) fn place(root: &mut Node, folder: &str) -> Result<()> {
    complete(root)?;
    if annotation(root, PATH.internal).is_some() {
        return Ok(());
    }
    let Meta { kind, namespace, name, .. } = Meta::of(root);
    let file = format!("{}_{name}.yaml", kind.to_lowercase());
    let parts: Vec<&str> =
        [folder, namespace, &file].into_iter().filter(|part| !part.is_empty()).collect();
    let path = clean(parts.join("/").as_ref());
    set(root, PATH.internal, &path)?;
    set(root, PATH.legacy, &path)
}

/// Copies a path and an index that the function changed in one spelling to the other one, and removes a spelling that was
/// not there before.
fn reconcile(
    root: &mut Node,
    (internal, legacy): (bool, bool),
    before: &[[String; 2]],
) -> Result<()> {
    complete(root)?;
    let number = annotation(root, NUMBER).and_then(|number| number.parse::<usize>().ok());
    for (names, was) in [PATH, INDEX]
        .into_iter()
        .zip(number.and_then(|number| before.get(number)).into_iter().flatten())
    {
        let value = |key| annotation(root, key).unwrap_or_default().to_owned();
        let (new, old) = (value(names.internal), value(names.legacy));
        if was.is_empty() {
            continue;
        }
        if *was != new && *was != old && new != old {
            let message = format!(
                "`{}` and `{}` were changed to different values",
                names.internal, names.legacy
            );
            return Err(Error::new(Code::InvalidValue, message)
                .at(root.span())
                .help("a function that moves a resource sets both annotations, or one of them"));
        }
        if *was != new {
            set(root, names.legacy, &new)?;
        } else if *was != old {
            set(root, names.internal, &old)?;
        }
    }
    for (names, _) in ALL {
        if !internal {
            clear(root, names.internal);
        }
        if !legacy {
            clear(root, names.legacy);
        }
    }
    agree(root)?;
    clear(root, NUMBER);
    Ok(())
}
