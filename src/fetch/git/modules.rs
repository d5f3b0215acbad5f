//! Submodules: repositories that a revision contains, at the commits that it names.

use std::path::PathBuf;
use std::sync::Arc;

use super::store::Store;
use super::{Key, Session, Way};
use crate::error::{Code, Error, Result};
use crate::index::Index;
use crate::limits::Budget;
use crate::load::Fetched;
use crate::load::git::{EntryKind, Id, Trees, is_segment};

/// The maximum number of submodules of a revision.
const MOST: usize = 100;
/// The maximum size of `.gitmodules`, in bytes.
const LARGEST: u64 = 1 << 20;
/// The maximum depth of nested submodules.
const DEEPEST: usize = 8;

/// A submodule as `.gitmodules` describes it.
#[derive(Default)]
struct Described {
    name: String,
    path: Option<String>,
    url: Option<String>,
    /// True if git does not fetch it (`update = none`).
    is_left_out: bool,
}

impl Session {
    /// Fetches the submodules of a tree, each with its path.
    pub(super) fn modules(
        &self,
        store: &Store,
        tree: Id,
        key: &Key,
        way: Way<'_>,
    ) -> Result<Vec<(PathBuf, Arc<Fetched>)>> {
        let trees = Trees::new(store.objects(), Budget::default());
        let top = trees.tree(tree)?;
        let Some(file) = top.get(".gitmodules".as_ref()) else { return Ok(Vec::new()) };
        if !matches!(file.kind, EntryKind::File | EntryKind::Executable) {
            return Ok(Vec::new());
        }
        drop(trees.blob(file.id, LARGEST)?);
        let mut modules = Vec::new();
        for module in described(store.bare().settings(file.id)?) {
            let Described { name, path: Some(path), url: Some(url), is_left_out: false } = module
            else {
                continue;
            };
            // It may be described and not be in this revision.
            let Some(commit) = linked(&trees, tree, &path)? else { continue };
            if modules.len() == MOST || way.depth == DEEPEST {
                let message = format!("`{}` has too many submodules", key.url);
                return Err(Error::new(Code::NestingTooDeep, message)
                    .help("`?submodules=false` leaves them out"));
            }
            let url = absolute(&key.url, &url).ok_or_else(|| refused(&name, &url))?;
            let key =
                Key { url, reference: commit.to_string(), submodules: true, from_user: false };
            let fetched = self.revision(&key, Way { depth: way.depth + 1, ..way });
            let fetched = fetched.map_err(|error| {
                error
                    .step(format!("while fetching the submodule `{name}`"))
                    .help("`?submodules=false` in the URL leaves submodules out")
            })?;
            modules.push((PathBuf::from(path), fetched));
        }
        Ok(modules)
    }
}

/// The submodules in the settings of `.gitmodules`, in their order.
fn described(settings: Vec<(String, String)>) -> impl Iterator<Item = Described> {
    let mut modules: Index<String, Described> = Index::default();
    for (key, value) in settings {
        let Some(key) = key.strip_prefix("submodule.") else { continue };
        let Some((name, field)) = key.rsplit_once('.') else { continue };
        let new = || Described { name: name.to_owned(), ..Described::default() };
        let module = modules.entry(name.to_owned()).or_insert_with(new);
        match field {
            "path" => module.path = Some(value),
            "url" => module.url = Some(value),
            "update" => module.is_left_out = value == "none",
            _ => {}
        }
    }
    modules.into_values()
}

/// The commit of the submodule at a path of a tree; `None` if there is none.
fn linked(trees: &Trees, top: Id, path: &str) -> Result<Option<Id>> {
    let mut tree = top;
    let segments: Vec<&str> = path.split('/').collect();
    if !segments.iter().all(|segment| is_segment(segment.as_bytes())) {
        return Ok(None);
    }
    let Some((last, parents)) = segments.split_last() else { return Ok(None) };
    for parent in parents {
        match trees.tree(tree)?.get(parent.as_ref()) {
            Some(entry) if entry.kind == EntryKind::Tree => tree = entry.id,
            _ => return Ok(None),
        }
    }
    let found = trees.tree(tree)?;
    let entry = found.get(last.as_ref()).filter(|entry| entry.kind == EntryKind::Module);
    Ok(entry.map(|entry| entry.id))
}

/// The URL of a submodule. One that begins with `./` or `../` is relative to that of the repository around it; `None` for
/// one that git would start a program for, or that is beyond the host.
fn absolute(around: &str, url: &str) -> Option<String> {
    if !url.starts_with("./") && !url.starts_with("../") {
        let is_program = url.contains("::");
        return (!is_program && is_fetched(url)).then(|| url.to_owned());
    }
    let joined = joined(around, url)?;
    let authority = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        Some((scheme.to_owned(), rest.split('/').next().unwrap_or_default().to_owned()))
    };
    (authority(&joined) == authority(around) && is_fetched(&joined)).then_some(joined)
}

/// True if git connects to a URL by itself, and does not take it for an option.
fn is_fetched(url: &str) -> bool {
    let is_known = ["https://", "http://", "ssh://", "git://", "file://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    let is_other = url.contains("://") && !is_known;
    // `name::rest` is an argument of the program `git-remote-name`.
    let is_program = url
        .split("::")
        .next()
        .is_some_and(|name| name.len() < url.len() && !name.contains(['/', '@', '[']));
    !is_program && !is_other && !url.starts_with('-') && !url.contains(char::is_control)
}

/// A relative URL, resolved as git does.
fn joined(around: &str, url: &str) -> Option<String> {
    let mut rest = url;
    let mut base = around.trim_end_matches('/');
    let mut separator = '/';
    loop {
        if let Some(below) = rest.strip_prefix("./") {
            rest = below;
        } else if let Some(above) = rest.strip_prefix("../") {
            rest = above;
            // As in git, the path of `host:path` may end at its host.
            let end = base.rfind(['/', ':'])?;
            separator = if base[end..].starts_with(':') { ':' } else { '/' };
            base = &base[..end];
        } else {
            return Some(format!("{base}{separator}{rest}"));
        }
    }
}

#[cold]
fn refused(name: &str, url: &str) -> Error {
    let message = format!("the submodule `{name}` has the URL `{url}`, which is not fetched");
    Error::new(Code::FetchRefused, message)
        .help("`?submodules=false` in the URL leaves submodules out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_submodules_may_be_relative() {
        for (around, url, expected) in [
            ("https://host/a/b.git", "../c.git", Some("https://host/a/c.git")),
            ("https://host/a/b.git/", "../../x/c.git", Some("https://host/x/c.git")),
            ("https://host/a/b", "./c", Some("https://host/a/b/c")),
            ("git@host:a/b.git", "../c.git", Some("git@host:a/c.git")),
            ("git@host:b.git", "../c.git", Some("git@host:c.git")),
            ("file:///srv/b.git", "../c.git", Some("file:///srv/c.git")),
            ("https://host/a/b", "https://other/c", Some("https://other/c")),
            ("https://host/a/b", "git@other:c", Some("git@other:c")),
            ("https://host/a/b", "/srv/c", Some("/srv/c")),
            ("https://host/a/b", "ext::sh -c x", None),
            ("https://host/a/b", "fd::1", None),
            ("https://host/a/b", "ftp://host/c", None),
            ("https://host/a/b", "-uwhatever", None),
            ("https://host/a/b", "https://other/c\nd", None),
            ("https://host/a/b", "../c\rd", None),
            // Beyond the host: a program, another scheme, or another host.
            ("https://host/a/b", "../../../../:x", None),
            ("https://host/a/b", "../../../../../:ext", None),
            ("http://host/a", "../../../:sh -c x", None),
            ("http://host/a", "../../../..//evil/c", None),
            ("https://host/a", "../../evil/c", None),
            ("https://host/a", "../c", Some("https://host/c")),
            ("github.com:a/b", "../../:evil", None),
            ("git@host:a/b", "../../../c", None),
            ("git@host:a", "../c", Some("git@host:c")),
            ("file:///srv/a", "../../../../c", None),
            ("/srv/a", "../c", Some("/srv/c")),
        ] {
            assert_eq!(absolute(around, url).as_deref(), expected, "{around} {url}");
        }
    }

    #[test]
    fn submodules_are_read_from_their_settings() {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let modules: Vec<Described> = described(vec![
            setting("submodule.a.b.path", "mods/a"),
            setting("core.pager", "x"),
            setting("submodule.c.url", "../c"),
            setting("submodule.a.b.url", "../a"),
            setting("submodule.c.update", "none"),
        ])
        .collect();
        let rows: Vec<_> = modules
            .iter()
            .map(|it| (&*it.name, it.path.as_deref(), it.url.as_deref(), it.is_left_out))
            .collect();
        assert_eq!(
            rows,
            [("a.b", Some("mods/a"), Some("../a"), false), ("c", None, Some("../c"), true)]
        );
    }
}
