//! Reads the texts with values of Secrets that builds of a tree would read, without building it.
//!
//! A review masks values that it knows from the [sources](crate::source::Sources) of its run. What it does not render may
//! have values, too, which an object of another target copies.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::run::Run;
use crate::config::SecretArgs;
use crate::error::{Code, Error, Result};
use crate::generate::read_secret_files;
use crate::load::git::Changed;
use crate::load::{Kind, Root, Tree, join};
use crate::parallel::in_order;
use crate::resource::secret::{mentions_secret, says_secret};
use crate::source::Span;
use crate::yaml::de::{self, Rules, Spanned};
use crate::yaml::parse::{self, Document};
use crate::yaml::{Node, Text};

impl Run<'_> {
    /// Reads the kustomizations in and below a directory, the files of each `secretGenerator` and `SecretGenerator` there, and the
    /// listed files
    /// whose names say that they are secret. With `changed`, only those of kustomizations in whose directory something has
    /// changed. What cannot be read is left out: a build reports it. `ahead` may read the listed files at once before they are read
    /// one by one.
    ///
    /// # Errors
    /// Those of [`Loader::kustomizations`](crate::load::Loader::kustomizations), and [`Code::LimitExceeded`], after which
    /// values may be missing.
    pub fn read_secrets(
        &self,
        directory: &str,
        changed: Option<&dyn Changed>,
        ahead: &dyn Fn(&mut dyn Iterator<Item = PathBuf>),
    ) -> Result<()> {
        let is_changed =
            |path: &Path| changed.map_or(Ok(true), |changed| changed.is_changed_below(path));
        // An error is told for the kustomizations there.
        let enters = |path: &Path| is_changed(path).unwrap_or(true);
        let found = self.loader().kustomizations_within(directory, &enters)?;
        let Tree { found: roots, refused: _ } = found;
        let work = |number: usize| {
            let root: &Root = &roots[number];
            match is_changed(root.path())? {
                true => self.read_secrets_of(root),
                false => Ok(Vec::new()),
            }
        };
        let (mut outcome, mut listed) = (Ok(()), Vec::new());
        in_order(roots.len(), &self.options().threads, work, |number, found| match found {
            Ok(paths) => {
                listed.extend(paths.into_iter().map(|path: Text| (&roots[number], path)));
                ControlFlow::Continue(())
            }
            Err(error) => {
                outcome = Err(error);
                ControlFlow::Break(())
            }
        });
        outcome?;
        ahead(&mut listed.iter().map(|(root, path)| join(root.path(), Path::new(&**path))));
        let work = |number: usize| {
            let (root, path): &(&Root, Text) = &listed[number];
            root.read(path, Span::NONE).map(|_| ()).or_else(only_limits)
        };
        let mut outcome = Ok(());
        in_order(listed.len(), &self.options().threads, work, |_, done: Result<()>| {
            outcome = done;
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        outcome
    }

    /// Reads the texts of one kustomization that its generators name, and returns the listed files whose names say that they are
    /// secret.
    fn read_secrets_of(&self, root: &Root) -> Result<Vec<Text>> {
        match root.kustomization_file() {
            Ok(source) if says_secret(source.text()) || source.text().contains("generators") => {}
            Ok(_) => return Ok(Vec::new()),
            Err(error) => return only_limits(error).map(|()| Vec::new()),
        }
        // A text that is no kustomization is searched as it is.
        let kustomization = match self.kustomization(root) {
            Ok(kustomization) => kustomization,
            Err(error) => return only_limits(error).map(|()| Vec::new()),
        };
        for generator in &kustomization.secret_generator {
            let SecretArgs { args, secret_type: _ } = &generator.value;
            read_secret_files(args, root).or_else(only_limits)?;
        }
        for entry in &kustomization.generators {
            read_generators(entry, root).or_else(only_limits)?;
        }
        let patches = kustomization.patches.iter().map(|patch| &patch.path);
        let listed = kustomization.resources.iter().chain(&kustomization.bases);
        let listed = listed.chain(&kustomization.patches_strategic_merge).chain(patches);
        let is_secret = |path: &&Spanned<Text>| {
            let name = path.rsplit('/').next().unwrap_or_default();
            says_secret(name) && matches!(root.kind_of(path), Kind::File | Kind::Link)
        };
        let listed = listed.chain(&kustomization.generators).filter(is_secret);
        Ok(listed.map(|path| path.value.clone()).collect())
    }
}

/// Reads an entry of `generators`, and the files of each `SecretGenerator` there, whose paths are relative to the
/// kustomization that lists it. Of a directory, those are read that its kustomization lists.
fn read_generators(entry: &Spanned<Text>, root: &Root) -> Result<()> {
    if entry.contains('\n') {
        let source = root.loader().sources().add_inline(entry.span, "generators", entry)?;
        return read_documents(&parse::documents(&source)?, root);
    }
    match root.kind_of(entry) {
        Kind::File | Kind::Link => read_configuration(entry, root, root),
        Kind::Directory => {
            let directory = root.child(entry, Span::NONE)?;
            let listed = parse::document(&*directory.kustomization_file()?)?;
            let listed = listed.as_ref().and_then(|document| document.root.get("resources"));
            for path in listed.map(Node::items).unwrap_or_default().iter().filter_map(Node::as_text)
            {
                if matches!(directory.kind_of(path), Kind::File | Kind::Link) {
                    read_configuration(path, &directory, root).or_else(only_limits)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Reads a file of a directory with configurations, and the files that they list of another directory.
fn read_configuration(path: &str, directory: &Root, root: &Root) -> Result<()> {
    let file = directory.file(path, Span::NONE)?;
    match mentions_secret(file.source()?.text()) {
        true => read_documents(&file.documents(directory.budget())?, root),
        false => Ok(()),
    }
}

/// Reads the files of each `SecretGenerator`.
fn read_documents(documents: &[Document], root: &Root) -> Result<()> {
    let nodes = documents.iter().map(|document| &document.root);
    let is_meant =
        |node: &&Node| node.get("kind").and_then(Node::as_text) == Some("SecretGenerator");
    for node in nodes.filter(is_meant) {
        let secret: Result<SecretArgs> = de::from_node_by(node, Rules::Embedded);
        match secret {
            Ok(secret) => read_secret_files(&secret.args, root)?,
            Err(error) => only_limits(error)?,
        }
    }
    Ok(())
}

/// The error, if a limit is exceeded.
fn only_limits(error: Error) -> Result<()> {
    if error.code() == Code::LimitExceeded { Err(error) } else { Ok(()) }
}
