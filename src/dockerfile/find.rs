//! The search for Dockerfiles.

use crate::error::Result;
use crate::load::{File, Kind, Loader};
use crate::source::Span;

/// Directories whose content comes from elsewhere.
const VENDORED: &str = "|node_modules|vendor|third_party|site-packages|bower_components|";

/// Ends of names of files that become Dockerfiles, or are about them.
const NO_DOCKERFILES: &str = "|dockerignore|j2|jinja|jinja2|tmpl|tpl|template|in|erb|mustache|gotmpl|m4|md|txt|rst|sh|py|go|yaml|yml|json|bak|orig|swp|";

/// True for the name of a Dockerfile: `Dockerfile`, `Dockerfile.NAME`, `NAME.Dockerfile`, and the same with `Containerfile`.
#[must_use]
pub fn is_dockerfile(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let is_word = |word: &str| matches!(word, "dockerfile" | "containerfile");
    match name.rsplit_once('.') {
        None => is_word(&name),
        Some((_, end)) if is_word(end) => true,
        Some((_, end)) => {
            name.split('.').next().is_some_and(is_word)
                && !end.is_empty()
                && !NO_DOCKERFILES.contains(&format!("|{end}|"))
        }
    }
}

/// The Dockerfiles at and below a directory, in the order of names. Links are not followed; hidden and vendored
/// directories are skipped.
///
/// # Errors
/// Those of [`Loader::root`], [`Loader::visit`], and of reading a file.
pub fn find(loader: &Loader, directory: &str) -> Result<Vec<File>> {
    let root = loader.root(directory)?;
    let mut names = Vec::new();
    loader.visit(root.path(), |below, kind| {
        let Some(name) = below.file_name().and_then(|name| name.to_str()) else { return Ok(false) };
        if kind == Kind::File && is_dockerfile(name) {
            names.extend(below.to_str().map(str::to_owned));
        }
        Ok(!name.starts_with('.') && !VENDORED.contains(&format!("|{name}|")))
    })?;
    names.iter().map(|name| root.file(name, Span::NONE)).collect()
}

#[cfg(test)]
mod tests {
    use super::{find, is_dockerfile};
    use crate::load::{Loader, Memory, Options};

    #[test]
    fn dockerfiles_are_known_by_their_names() {
        for name in
            ["Dockerfile", "a/Dockerfile.dev", "web.Dockerfile", "Containerfile", "dockerfile"]
        {
            assert!(is_dockerfile(name), "{name}");
        }
        for name in [
            "Dockerfile.dockerignore",
            ".dockerignore",
            "Dockerfile.j2",
            "Dockerfile.md",
            "MyDockerfile",
            "Dockerfiles/a",
        ] {
            assert!(!is_dockerfile(name), "{name}");
        }
    }

    #[test]
    fn hidden_and_vendored_directories_are_skipped() {
        let files = Memory::new()
            .file("site/Dockerfile", "")
            .file("site/a/web.Dockerfile", "")
            .file("site/.git/Dockerfile", "")
            .file("site/vendor/a/Dockerfile", "")
            .file("elsewhere/Dockerfile", "")
            .link("site/b", "../elsewhere")
            .link("site/c/Dockerfile", "../../elsewhere/Dockerfile");
        let loader = Loader::new(files, Options::default());
        let found = find(&loader, "site").unwrap();
        let names: Vec<&str> = found.iter().map(|file| file.name()).collect();
        assert_eq!(names, ["site/Dockerfile", "site/a/web.Dockerfile"]);
    }
}
