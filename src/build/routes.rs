//! Finds the paths by which a resource is included twice.

use std::sync::Arc;

use super::session::Session;
use crate::config::Kustomization;
use crate::error::{Code, Error};
use crate::load::{Kind, Root};
use crate::resource::TWICE;
use crate::source::Span;

/// An entry on the path to a resource: its span, and the directory that it lists; no directory for a file.
#[derive(Clone)]
struct Hop {
    span: Span,
    directory: Option<String>,
}

/// The entries from the target to a resource.
type Route = Vec<Hop>;

/// Adds both paths to an error about a resource that is included twice. Other errors are unchanged.
#[cold]
pub(super) fn explain(session: &Session<'_>, top: &Root, error: Error) -> Error {
    if error.code() != Code::DuplicateId || error.label_text() != TWICE {
        return error;
    }
    let written = session.loader().sources().written(error.span());
    let Some((source, _)) = written else { return error };
    let [first, second] = &routes(session, top, source.name())[..] else { return error };
    let is_same = |(one, other): &(&Hop, &Hop)| one.span == other.span;
    let shared = first.iter().zip(second).take_while(is_same).count();
    let told = |route: &[Hop], when: &str| {
        let names: Vec<String> = route
            .iter()
            .skip(shared)
            .filter_map(|hop| Some(format!("`{}`", hop.directory.as_ref()?)))
            .collect();
        let way =
            if names.is_empty() { String::new() } else { format!(": {}", names.join(" → ")) };
        (route.get(shared).map_or(Span::NONE, |hop| hop.span), format!("{when}{way}"))
    };
    let directories =
        |route: &[Hop]| route.iter().skip(shared).filter(|hop| hop.directory.is_some()).count();
    let is_deep = directories(first).max(directories(second)) > 1;
    let last = second.iter().rev().find_map(|hop| hop.directory.clone()).filter(|_| is_deep);
    let (first, second) = (told(first, "it comes in here"), told(second, "and here again"));
    let error = error.note(first.0, first.1).note(second.0, second.1);
    match last {
        Some(directory) => error.without_help().help(format!(
            "include `{directory}` once: in the kustomization that both ways begin at, and in none below it"
        )),
        None => error,
    }
}

/// The first two paths from a directory to a file: one with resources, or a kustomization file that generates them.
fn routes(session: &Session<'_>, top: &Root, file: &str) -> Vec<Route> {
    /// The maximum number of directories to visit.
    const MOST: usize = 1000;
    let mut found = Vec::new();
    let mut pending: Vec<(Root, Route)> = vec![(top.clone(), Vec::new())];
    let mut visits = 0;
    while let Some((root, route)) = pending.pop() {
        visits += 1;
        let Ok(read) = session.kustomization(&root) else { continue };
        if root.kustomization_file().is_ok_and(|source| source.name() == file) {
            found.push(route.clone());
        }
        let (files, directories) = hops(&root, &read.kustomization, file, &route);
        found.extend(files);
        if found.len() > 1 || visits == MOST {
            break;
        }
        pending.extend(directories.into_iter().rev());
    }
    found.truncate(2);
    found
}

/// The entries of a kustomization: paths to the file, and directories with the paths to them.
fn hops(
    root: &Root,
    kustomization: &Arc<Kustomization>,
    file: &str,
    route: &[Hop],
) -> (Vec<Route>, Vec<(Root, Route)>) {
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    let extended = |span, directory| [route, &[Hop { span, directory }]].concat();
    for path in kustomization.resources.iter().chain(&kustomization.components) {
        match root.kind_of(path) {
            Kind::File => {
                let name = root.canonical(path).map(|path| root.loader().display(&path));
                files.extend((name.as_deref() == Some(file)).then(|| extended(path.span, None)));
            }
            Kind::Directory => {
                let Ok(child) = root.child(path, path.span) else { continue };
                let name = child.name().to_owned();
                directories.push((child, extended(path.span, Some(name))));
            }
            Kind::Missing | Kind::Link | Kind::Special => {}
        }
    }
    (files, directories)
}
