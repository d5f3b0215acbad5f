//! The texts in which a variable may occur: resources and patches of a kustomization and of its bases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fields::cannot_be_patch;
use super::uses::{first_use, uses};
use crate::config::{GeneratorArgs, Kustomization, Patch};
use crate::error::{Code, Error, Result};
use crate::load::{self, Disk, Entry, File, Kind, Loader, Root, is_remote, relative};
use crate::source::{Source, Span};
use crate::text::escape;
use crate::yaml::de::Spanned;
use crate::yaml::{Text, parse};

/// A text, and its state while variables in it are replaced.
#[derive(Debug)]
pub(super) struct Touched {
    /// Its file.
    pub(super) place: Place,
    /// Its path relative to the kustomization.
    pub(super) name: String,
    /// The text on disk.
    pub(super) before: String,
    /// The text so far.
    pub(super) text: String,
    /// The entry of `patches` that it belongs to. The resources that the patch changes may have other names.
    pub(super) patch: Option<Patch>,
}

/// The place of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file, by its path with links resolved.
    File(PathBuf),
    /// An inline patch of the kustomization itself, by its index in `patches`.
    Inline(usize),
}

/// A text in which a variable is found, but not replaced.
#[derive(Debug)]
pub(super) struct Other {
    source: Arc<Source>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// A kustomization: only its values count.
    Kustomization,
    /// A file that is searched as a text.
    Text,
    /// A file for a generator. It may be secret: the entry that names it is shown.
    Generator(Span),
}

impl Other {
    /// The place of the first use of a variable.
    pub(super) fn first_use(&self, variable: &str) -> Result<Option<Span>> {
        let found = uses(self.source.text(), variable).next();
        Ok(match self.form {
            Form::Text => found.map(|found| self.source.span(found.start, found.end)),
            Form::Generator(span) => found.map(|_| span),
            Form::Kustomization => {
                let documents = parse::documents(&self.source)?;
                documents.iter().find_map(|document| first_use(&document.root, variable))
            }
        })
    }
}

/// The texts of a kustomization, of its bases and its components.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Those in which variables are replaced.
    pub(super) files: Vec<Touched>,
    /// Those in which a variable cannot be replaced.
    pub(super) others: Vec<Other>,
    /// The entries from elsewhere, which are not searched.
    pub(super) remote: Vec<Text>,
}

/// The texts of the kustomization in the working directory: of each entry of `resources`, and then those of its patches.
///
/// # Errors
/// Those of reading the files as a build does, and [`Code::EditRefused`] for one in UTF-16.
pub(super) fn search(fields: &Kustomization, options: &load::Options) -> Result<Texts> {
    let loader = Loader::new(Disk, options.clone());
    let root = loader.root(".")?;
    let top = root.path().to_owned();
    let directories = BTreeSet::from([top.clone()]);
    let (texts, later) = (Texts::default(), Vec::new());
    let mut search = Search { top: &top, texts, directories, later, is_converted: true };
    search.add(&root, fields)?;
    search.is_converted = false;
    while let Some((root, entry)) = search.later.pop() {
        search.entry(&root, &entry)?;
    }
    let inline = fields.patches.iter().enumerate().filter(|(_, patch)| !patch.patch.is_empty());
    search.texts.files.extend(inline.map(|(index, patch)| Touched {
        place: Place::Inline(index),
        name: format!("patch {} of the kustomization", index + 1),
        before: patch.patch.to_string(),
        text: patch.patch.to_string(),
        patch: Some(patch.value.clone()),
    }));
    Ok(search.texts)
}

struct Search<'a> {
    top: &'a Path,
    texts: Texts,
    /// The directories that have been entered: a base of several bases is searched once.
    directories: BTreeSet<PathBuf>,
    /// Components and plugins, which are searched last: a base of them may be one of the kustomization, too.
    later: Vec<(Root, Spanned<Text>)>,
    /// True while variables can be replaced in what is found.
    is_converted: bool,
}

impl Search<'_> {
    fn add(&mut self, root: &Root, fields: &Kustomization) -> Result<()> {
        for entry in &fields.resources {
            self.entry(root, entry)?;
        }
        for patch in fields.patches.iter().chain(&fields.patches_json6902) {
            self.patch(root, patch)?;
        }
        for text in &fields.patches_strategic_merge {
            if root.kind_of(text) != Kind::Missing || cannot_be_patch(text) {
                self.patch(root, &Patch { path: text.clone(), ..Patch::default() })?;
            }
        }
        let plugins = [&fields.generators, &fields.transformers, &fields.validators];
        let is_inline = |text: &&Spanned<Text>| {
            text.contains('\n') || text.contains(": ") || text.trim_start().starts_with('{')
        };
        let plugins = plugins.into_iter().flatten().filter(|text| !is_inline(text));
        let later = fields.components.iter().chain(plugins);
        self.later.extend(later.map(|entry| (root.clone(), entry.clone())));
        for path in fields.configurations.iter().chain(&fields.crds) {
            self.other(root, path, path.span, Form::Text)?;
        }
        let secrets = fields.secret_generator.iter().map(|secret| &secret.args);
        let generators = fields.config_map_generator.iter().map(|map| &map.value);
        generators.chain(secrets).try_for_each(|generator| self.generator(root, generator))?;
        for chart in &fields.helm_charts {
            for path in [&chart.values_file].into_iter().chain(&chart.additional_values_files) {
                self.other(root, path, path.span, Form::Generator(path.span))?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, root: &Root, entry: &Spanned<Text>) -> Result<()> {
        let known = root.canonical(entry).is_some_and(|path| self.directories.contains(&path));
        if known || self.is_elsewhere(root, entry) {
            return Ok(());
        }
        match root.entry(entry, entry.span)? {
            Entry::File(file) => self.file(root, entry, &file, None),
            Entry::Directory(base) => {
                self.directories.insert(base.path().to_owned());
                let source = base.kustomization_file()?;
                let mut fields = Kustomization::fields(&source)?;
                fields.move_deprecated();
                self.texts.others.push(Other { source, form: Form::Kustomization });
                self.add(&base, &fields)
            }
        }
    }

    /// True for an entry from elsewhere, which is put on the list of these.
    fn is_elsewhere(&mut self, root: &Root, path: &Text) -> bool {
        let is_elsewhere = is_remote(path) && root.kind_of(path) != Kind::File;
        if is_elsewhere && !self.texts.remote.contains(path) {
            self.texts.remote.push(path.clone());
        }
        is_elsewhere
    }

    fn patch(&mut self, root: &Root, patch: &Patch) -> Result<()> {
        if patch.path.is_empty() || self.is_elsewhere(root, &patch.path) {
            return Ok(());
        }
        let file = root.file(&patch.path, patch.path.span)?;
        self.file(root, &patch.path, &file, Some(patch.clone()))
    }

    fn generator(&mut self, root: &Root, generator: &GeneratorArgs) -> Result<()> {
        let files = generator.files.iter();
        let files = files.map(|it| (it.split_once('=').map_or(it.as_str(), |it| it.1), it.span));
        let envs = generator.envs.iter().chain([&generator.env]).map(|it| (it.as_str(), it.span));
        for (path, span) in files.chain(envs) {
            self.other(root, &path.into(), span, Form::Generator(span))?;
        }
        Ok(())
    }

    /// Adds a file in which variables cannot be replaced. One that is not text has none.
    fn other(&mut self, root: &Root, path: &Text, span: Span, form: Form) -> Result<()> {
        if path.is_empty() || self.is_elsewhere(root, path) {
            return Ok(());
        }
        match root.file(path, span)?.source() {
            Ok(source) => self.texts.others.push(Other { source: source.clone(), form }),
            Err(error) if matches!(form, Form::Generator(_)) => drop(error),
            Err(error) => return Err(error.at(span)),
        }
        Ok(())
    }

    /// Adds a file, unless it is there already: a patch of several kustomizations, or a file that is listed twice.
    fn file(&mut self, root: &Root, path: &Text, file: &File, patch: Option<Patch>) -> Result<()> {
        let Some(path) = root.canonical(path) else { return Ok(()) };
        let name = relative(self.top, &path).display().to_string();
        let place = Place::File(path);
        let mut known = self.texts.files.iter_mut();
        if let Some(known) = known.find(|known| known.place == place) {
            if self.is_converted {
                known.patch = patch.or_else(|| known.patch.take());
            }
            return Ok(());
        }
        let source = file.source()?;
        if source.is_utf16() {
            let message = format!("`{}` is in UTF-16, expected UTF-8", escape::visible(&name));
            return Err(Error::new(Code::EditRefused, message)
                .at(source.span(0, 0))
                .help("convert the file to UTF-8"));
        }
        parse::documents(source)?;
        if !self.is_converted {
            self.texts.others.push(Other { source: source.clone(), form: Form::Text });
            return Ok(());
        }
        let text = source.text().to_owned();
        self.texts.files.push(Touched { place, name, before: text.clone(), text, patch });
        Ok(())
    }
}
