//! KR-DKR-009, KR-DKR-010, KR-DKR-014 and KR-DKR-015: files that are copied.

use crate::dockerfile::found::Found;
use crate::dockerfile::read::{Action, Stage, Transfer, Word};
use crate::dockerfile::scene::{Base, Scene};
use crate::dockerfile::shell::Simple;
use crate::text::phrase::{listed, quoted};

pub(super) fn add(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, stage) in scene.file.stages.iter().enumerate() {
        for step in &stage.steps {
            let Action::Add(transfer) = &step.action else { continue };
            for word in &transfer.sources {
                let Some(message) = complaint(word, transfer) else { continue };
                let path = [&*scene.label(number), "ADD", &word.text];
                found.push(Found::at(word.span, &path, message));
            }
        }
    }
    found
}

/// Ends of names of archives, which `ADD` unpacks.
const ARCHIVES: &str = "tar|tgz|tbz|tbz2|txz|tzst|gz|bz2|xz|zst|lzma";

fn complaint(word: &Word, transfer: &Transfer) -> Option<String> {
    let source = word.value.as_deref().unwrap_or(&word.text);
    let lower = source.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        let path = lower.split(['#', '?']).next().unwrap_or_default();
        let is_repository = path.ends_with(".git");
        return (!is_repository && !transfer.options.contains_key("checksum"))
            .then(|| format!("`ADD` of `{source}` has no `--checksum`: the file may change"));
    }
    if lower.starts_with("git@") || lower.contains("://") || lower.contains(".git#") {
        return None;
    }
    // The name depends on an argument of the build, or on files that are there.
    if word.value.is_none() || lower.ends_with('*') {
        return None;
    }
    let end = lower.rsplit(['.', '/']).next().unwrap_or_default();
    let is_archive = lower.contains('.') && ARCHIVES.split('|').any(|one| one == end);
    (!is_archive).then(|| format!("`ADD` copies `{source}`, which is no archive"))
}

/// True for the whole context of the build.
fn is_whole(word: &Word) -> bool {
    matches!(word.value.as_deref(), Some("." | "./" | "./." | "/" | "*" | "./*"))
}

/// The sources that come from the context of the build.
fn from_context(action: &Action) -> &[Word] {
    match action {
        Action::Copy(transfer) | Action::Add(transfer)
            if !transfer.options.contains_key("from") =>
        {
            &transfer.sources
        }
        _ => &[],
    }
}

pub(super) fn layer_order(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, stage) in scene.file.stages.iter().enumerate() {
        found.extend(copy_before_install(scene, number, stage));
    }
    found
}

fn copy_before_install(scene: &Scene<'_>, number: usize, stage: &Stage) -> Option<Found> {
    let steps = stage.steps.iter().zip(scene.commands.get(number)?);
    let mut copied: Option<&Word> = None;
    let mut known = Vec::new();
    for (step, commands) in steps {
        if copied.is_none() {
            copied = from_context(&step.action).iter().find(|word| is_whole(word));
        }
        let has_cache = matches!(&step.action, Action::Run(run) if !run.mounts.is_empty());
        for one in commands.iter().filter(|_| !has_cache) {
            let Some(tool) = installs(one) else { continue };
            match copied {
                None => known.push(tool),
                Some(word) if !known.contains(&tool) => {
                    let message = format!(
                        "the whole context is copied before `{tool}`, which then runs again after each change of a file"
                    );
                    return Some(Found::at(word.span, &[&scene.label(number), "COPY"], message));
                }
                Some(_) => {}
            }
        }
    }
    None
}

/// The command in short, if it installs the dependencies that a file of the project lists.
fn installs(one: &Simple) -> Option<&'static str> {
    let mut words = one.operands();
    let (first, second) = (words.next(), words.next());
    let is_list = one.has(&["-r", "--requirement"]);
    match (one.program(), first) {
        ("npm", Some("ci")) => Some("npm ci"),
        ("npm", Some("install" | "i")) if second.is_none() => Some("npm install"),
        ("yarn", None)
            if one.words.len() == 1 || one.has(&["--frozen-lockfile", "--production"]) =>
        {
            Some("yarn install")
        }
        ("yarn", Some("install")) => Some("yarn install"),
        ("pnpm", Some("install" | "i")) if second.is_none() => Some("pnpm install"),
        ("pip" | "pip3", Some("install")) if is_list => Some("pip install"),
        ("python" | "python3", Some("pip")) if is_list => Some("pip install"),
        ("poetry", Some("install")) => Some("poetry install"),
        ("pipenv", Some("install" | "sync")) if second.is_none() => Some("pipenv install"),
        ("bundle", Some("install")) => Some("bundle install"),
        ("composer", Some("install")) => Some("composer install"),
        ("go", Some("mod")) if second == Some("download") => Some("go mod download"),
        ("cargo", Some("fetch")) => Some("cargo fetch"),
        ("dotnet", Some("restore")) => Some("dotnet restore"),
        _ => None,
    }
}

pub(super) fn whole_root(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, stage) in scene.file.stages.iter().enumerate() {
        for step in &stage.steps {
            let Action::Copy(transfer) = &step.action else { continue };
            let Some(from) = transfer.options.get("from") else { continue };
            let is_root = |word: &Word| matches!(word.value.as_deref(), Some("/" | "/." | "/*"));
            let [source] = &*transfer.sources else { continue };
            if !is_root(source) || !is_root(&transfer.destination) || !is_built(scene, from) {
                continue;
            }
            let message = format!(
                "all files of `{}` are copied, also those that only the build needs",
                from.text
            );
            found.push(Found::at(
                source.span,
                &[&scene.label(number), "COPY", &from.text],
                message,
            ));
        }
    }
    found
}

/// True for a stage of the file, unless it has only files which were put together for this purpose.
fn is_built(scene: &Scene<'_>, from: &Word) -> bool {
    let is_named = |stage: &Stage| {
        stage.alias.as_ref().is_some_and(|alias| alias.text.eq_ignore_ascii_case(&from.text))
    };
    let number = scene.file.stages.iter().position(is_named).or_else(|| from.text.parse().ok());
    number.and_then(|number| scene.bases.get(number)).is_some_and(|base| *base != Base::Scratch)
}

pub(super) fn no_dockerignore(scene: &Scene<'_>) -> Vec<Found> {
    for (number, stage) in scene.stages() {
        for step in &stage.steps {
            let Some(word) = from_context(&step.action).iter().find(|word| is_whole(word)) else {
                continue;
            };
            let ignored = &scene.ignored;
            let message = match (&*ignored.sent, ignored.is_there) {
                ([], _) => return Vec::new(),
                (names, is_there) => {
                    let names = listed(quoted(names), "and");
                    let file = match is_there {
                        true => "`.dockerignore` does not leave out",
                        false => "there is no `.dockerignore` to leave out",
                    };
                    format!("the whole context is copied, and {file} {names}")
                }
            };
            return vec![Found::at(word.span, &[&scene.label(number), "COPY"], message)];
        }
    }
    Vec::new()
}
