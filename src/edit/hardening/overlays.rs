//! Patches as files, and the kustomizations that list them.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use super::Form;
use super::files::{NewText, NewTexts, set_text, text_of, with_element};
use super::patch::{ObjectPatch, patch};
use super::renders::{Render, Wanted, subject};
use crate::edit::kustomization::KustomizationFile;
use crate::error::{Code, Error, Result};
use crate::fleet::Run;
use crate::harden::Rule;
use crate::load::{Disk, Files as _, Kind, relative};
use crate::source::Span;
use crate::yaml::{Node, Scalar, emit};

/// The patches of a target, as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Patches {
    /// The strategic merge patches.
    strategic: Vec<String>,
    /// The JSON patches, each with the object's name for a file, and the selector as text.
    json: Vec<(String, String, String)>,
}

/// The new texts of files, the paths of the files with the patches of each target, and the objects that have none.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) files: NewTexts,
    /// The file of each target.
    pub(super) patches: BTreeMap<usize, PathBuf>,
    /// The objects that cannot be patched, by target and index.
    pub(super) refused: Vec<(usize, usize, Error)>,
}

/// The directory that files may be written in, and their form.
pub(super) struct Writer<'a> {
    pub(super) run: &'a Run<'a>,
    /// The directory that files must be in or below, with links resolved.
    pub(super) top: &'a FilePath,
    pub(super) form: &'a Form,
}

/// The first line of a file of patches.
const HEADING: &str = "# Fixes of rules, written by `krender fix`.\n";
/// The name of a file of patches, and of a folder of a component.
const NAME: &str = "krender-fixes";

impl Patches {
    /// The patches of a target. Objects that cannot be patched are added to `refused`.
    fn of(
        render: &Render,
        wanted: &[&Wanted],
        refused: &mut Vec<(usize, usize, Error)>,
    ) -> Result<Self> {
        let mut patches = Self::default();
        for Wanted { target, place, deltas } in wanted {
            let Some(object) = render.before.get(*place) else { continue };
            let made = patch(object, deltas, &render.before, &render.schema);
            let Some(made) = made else {
                let message = "another object has the same name where patches are applied";
                let error = Error::new(Code::EditRefused, message).at(object.span());
                refused.push((*target, *place, error.help("`--as inline` changes the manifest")));
                continue;
            };
            let changes = render.changes_of(*place);
            let mut rules: Vec<&Rule> = changes.iter().map(|change| change.rule).collect();
            rules.sort_unstable_by_key(|rule| rule.id);
            rules.dedup();
            let mut text = String::new();
            for rule in rules {
                text.extend(["# ", &rule.title(), "\n"]);
            }
            match made {
                ObjectPatch::Strategic(node) => {
                    emit(&node, &mut text)?;
                    patches.strategic.push(text);
                }
                ObjectPatch::Json { target, operations } => {
                    emit(&operations, &mut text)?;
                    let mut selector = String::new();
                    emit(&target, &mut selector)?;
                    let name = format!("{}-{}", object.kind().to_lowercase(), object.name());
                    let is_plain =
                        |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
                    let name = name.replace(|letter| !is_plain(letter), "-");
                    patches.json.push((name, text, selector));
                }
            }
        }
        Ok(patches)
    }

    const fn is_empty(&self) -> bool {
        self.strategic.is_empty() && self.json.is_empty()
    }
}

impl Writer<'_> {
    /// The files that patch objects of targets.
    ///
    /// # Errors
    /// [`Code::EditRefused`] for a kustomization that cannot be changed.
    pub(super) fn write(&self, renders: &[Render], wanted: &[Wanted]) -> Result<Written> {
        let mut written = Written::default();
        let mut by_patches: BTreeMap<Patches, Vec<usize>> = BTreeMap::new();
        for (number, render) in renders.iter().enumerate() {
            let own: Vec<&Wanted> = wanted.iter().filter(|one| one.target == number).collect();
            if own.is_empty() {
                continue;
            }
            if let Err(error) = self.directory(render) {
                written.refused.extend(own.iter().map(|one| (number, one.place, error.clone())));
                continue;
            }
            let patches = Patches::of(render, &own, &mut written.refused)?;
            if !patches.is_empty() {
                by_patches.entry(patches).or_default().push(number);
            }
        }
        match self.form {
            Form::Component { folder } => {
                let mut groups: Vec<(Patches, Vec<usize>)> = by_patches.into_iter().collect();
                groups.sort_by(|one, other| one.1.cmp(&other.1));
                let is_one = groups.len() == 1;
                for (patches, targets) in groups {
                    let folder = self.folder(folder.as_deref(), renders, &targets, is_one)?;
                    self.component(&patches, &targets, renders, &folder, &mut written)?;
                }
            }
            Form::Inline | Form::Patch => {
                for (patches, targets) in by_patches {
                    for target in targets {
                        let Some(render) = renders.get(target) else { continue };
                        let directory = self.directory(render)?;
                        let file = KustomizationFile::find(&directory)?.canonical_path()?;
                        let path = self.list(&patches, &directory, &file, &mut written.files)?;
                        written.patches.insert(target, path);
                    }
                }
            }
        }
        Ok(written)
    }

    /// The directory of a target.
    ///
    /// # Errors
    /// [`Code::EditRefused`] if it is not in this repository.
    fn directory(&self, render: &Render) -> Result<PathBuf> {
        let root = self.run.root(&render.name)?;
        if root.remote().is_some() || !root.path().starts_with(self.top) {
            let message = format!("`{}` is not in this repository", render.name);
            return Err(Error::new(Code::EditRefused, message)
                .help("make an overlay of it here: `krender create --resources`"));
        }
        Ok(root.path().to_path_buf())
    }

    /// Adds patches to a directory, and lists them in a kustomization there. Returns the path of the first file.
    fn list(
        &self,
        patches: &Patches,
        directory: &FilePath,
        kustomization: &FilePath,
        files: &mut NewTexts,
    ) -> Result<PathBuf> {
        let mut first = None;
        if !patches.strategic.is_empty() {
            let name = format!("{NAME}.yaml");
            let path = directory.join(&name);
            let text = patches.strategic.join("---\n");
            let is_listed = text_of(files, kustomization)?.contains(&name);
            match (text_of(files, &path), is_listed) {
                // Fixes that came later.
                (Ok(before), true) => set_text(files, &path, format!("{before}---\n{text}"))?,
                _ => {
                    let path = free(directory, NAME, ".yaml", files);
                    let name = file_name(&path);
                    let list = entry_of(vec![("path", string(&name))]);
                    let after = with_element(&text_of(files, kustomization)?, "patches", list)?;
                    set_text(files, kustomization, after)?;
                    add(files, &path, format!("{HEADING}{text}"));
                    first = Some(path);
                }
            }
            first.get_or_insert(path);
        }
        for (object, text, selector) in &patches.json {
            let path = free(directory, &format!("{NAME}-{object}"), ".yaml", files);
            let target = parsed(selector)?;
            let list = entry_of(vec![("path", string(&file_name(&path))), ("target", target)]);
            let after = with_element(&text_of(files, kustomization)?, "patches", list)?;
            set_text(files, kustomization, after)?;
            add(files, &path, format!("{HEADING}{text}"));
            first.get_or_insert(path);
        }
        Ok(first.unwrap_or_else(|| directory.join(NAME)))
    }

    /// The folder of the component for some targets.
    fn folder(
        &self,
        asked: Option<&FilePath>,
        renders: &[Render],
        targets: &[usize],
        is_one: bool,
    ) -> Result<PathBuf> {
        let of_targets = targets.iter().filter_map(|target| renders.get(*target));
        let directories: Vec<PathBuf> =
            of_targets.map(|render| self.directory(render)).collect::<Result<_>>()?;
        let folder = match asked {
            Some(folder) => folder.to_path_buf(),
            None => common(&directories).join(NAME),
        };
        if !folder.starts_with(self.top) {
            let message = format!("`{}` is outside of the repository", folder.display());
            return Err(Error::new(Code::OutsideRoot, message)
                .help("choose a folder of the repository with `--component`"));
        }
        let named = directories.first().filter(|_| !is_one && asked.is_some());
        Ok(match named {
            Some(directory) => folder.join(file_name(directory)),
            None => folder,
        })
    }

    /// Writes a component with patches, and lists it in the kustomizations of targets.
    fn component(
        &self,
        patches: &Patches,
        targets: &[usize],
        renders: &[Render],
        folder: &FilePath,
        written: &mut Written,
    ) -> Result<()> {
        let files = &mut written.files;
        let (parent, name) = (folder.parent().unwrap_or(folder), file_name(folder));
        let folder = free(parent, &name, "", files);
        let kustomization = folder.join("kustomization.yaml");
        let text = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
        add(files, &kustomization, text.to_owned());
        let path = self.list(patches, &folder, &kustomization, files)?;
        for target in targets {
            let Some(render) = renders.get(*target) else { continue };
            let directory = self.directory(render)?;
            let file = KustomizationFile::find(&directory)?.canonical_path()?;
            let way = relative(&directory, &folder);
            let way = way.to_str().ok_or_else(|| {
                Error::new(Code::InvalidPath, "the path of the component is not UTF-8")
            })?;
            let after = with_element(&text_of(files, &file)?, "components", string(way))?;
            set_text(files, &file, after)?;
            written.patches.insert(*target, path.clone());
        }
        Ok(())
    }
}

/// The description of an object that is refused.
pub(super) fn described(renders: &[Render], target: usize, place: usize) -> String {
    let object = renders.get(target).and_then(|render| render.before.get(place));
    object.map(subject).unwrap_or_default()
}

/// A path in a directory that nothing has yet.
fn free(directory: &FilePath, name: &str, ending: &str, files: &NewTexts) -> PathBuf {
    let is_free = |path: &PathBuf| {
        matches!(Disk.kind(path), Ok(Kind::Missing))
            && !files.keys().any(|file| file.starts_with(path))
    };
    let first = directory.join(format!("{name}{ending}"));
    let mut others = (2..).map(|number| directory.join(format!("{name}-{number}{ending}")));
    if is_free(&first) { first } else { others.find(is_free).unwrap_or(first) }
}

fn add(files: &mut NewTexts, path: &FilePath, after: String) {
    files.insert(path.to_path_buf(), NewText { before: None, after });
}

fn file_name(path: &FilePath) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The deepest directory that all of these are in or below.
fn common(directories: &[PathBuf]) -> PathBuf {
    let Some((first, others)) = directories.split_first() else { return PathBuf::new() };
    let is_above = |above: &&FilePath| others.iter().all(|other| other.starts_with(above));
    first.ancestors().find(is_above).unwrap_or(first).to_path_buf()
}

fn parsed(text: &str) -> Result<Node> {
    let source = crate::source::Source::detached(text);
    let root = crate::yaml::edit::content(&source, 0)?;
    Ok(root.unwrap_or_else(|| Scalar::null(Span::NONE).into()))
}

fn string(text: &str) -> Node {
    Scalar::string(text, Span::NONE).into()
}

fn entry_of(fields: Vec<(&str, Node)>) -> Node {
    let entries = fields.into_iter().map(|(key, value)| (Scalar::string(key, Span::NONE), value));
    Node::mapping(entries.collect(), Span::NONE)
}
