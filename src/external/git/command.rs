//! The git command with the arguments and variables of every call. Settings and programs of the repository have no
//! effect.

use std::ffi::OsStr;
use std::path::Path;

use super::find::Found;
use crate::error::Result;
use crate::external::{Environment, Program};

/// Settings that override those of the repository. Programs named by its configuration are not started: file watchers,
/// hooks, pagers, helpers for transport or credentials.
const SETTINGS: &[&str] = &[
    // Empty, and not `false`: before 2.36 git would start a program called `false`.
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.pager=cat",
    "core.askPass=",
    "core.sshCommand=false",
    "core.gitProxy=none",
    "credential.helper=",
    "protocol.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    // Larger objects are read in parts, and not as a whole before the first byte is written.
    "core.bigFileThreshold=16m",
    // Suppresses a warning about the file of `GIT_GRAFT_FILE`.
    "advice.graftFileDeprecated=false",
];

/// Variables that override settings of the repository or of the user.
const VARIABLES: &[(&str, &str)] = &[
    // Messages are parsed.
    ("LC_ALL", "C"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // Older versions fetch missing objects by any protocol that the repository allows. This overrides it.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_GRAFT_FILE", "/dev/null"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", ""),
    ("SSH_ASKPASS", ""),
];

/// Variables of git that are passed on: the locations of its programs and of the user's settings. All others, such as
/// `GIT_TRACE` and `GIT_EXTERNAL_DIFF`, are not.
const PASSED_ON: &[&str] = &[
    "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_TEST_ASSUME_DIFFERENT_OWNER",
];
const PASSED_ON_BY_PREFIX: &[&str] = &["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

/// Variables that belong to the repository in `GIT_DIR`, and are passed on together with it. A `pre-receive` hook needs
/// them to find the pushed objects.
const OF_REPOSITORY: &[&str] =
    &["GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"];

/// Git in a repository that was found. Git finds it again, and so refuses a repository of another user
/// (`safe.directory`). A directory inside of the working tree that looks like a bare repository is not accepted.
pub(super) fn found(found: &Found, environment: &Environment) -> Result<Program> {
    let (directory, bare) = match found {
        Found::Tree { top, .. } => (top, "explicit"),
        Found::Bare(folder) => (folder, "all"),
    };
    let git = neutral(environment, directory, bare)?;
    let git = match directory.parent() {
        Some(parent) => git.variable("GIT_CEILING_DIRECTORIES", parent),
        None => git,
    };
    let git = git.variable("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1");
    Ok(match found {
        Found::Tree { top, .. } => git.variable("GIT_WORK_TREE", top),
        Found::Bare(_) => git,
    })
}

/// Git in the repository that `GIT_DIR` names.
pub(super) fn named(
    folder: &Path,
    top: Option<&Path>,
    directory: &Path,
    environment: &Environment,
) -> Result<Program> {
    let git = neutral(environment, directory, "explicit")?.variable("GIT_DIR", folder);
    let git = OF_REPOSITORY.iter().fold(git, |git, name| match environment.path(name) {
        // A list of directories, which git resolves against its own working directory.
        Some(_) if *name == "GIT_ALTERNATE_OBJECT_DIRECTORIES" => {
            git.variable(*name, environment.get(name).unwrap_or_default())
        }
        Some(path) => git.variable(*name, path),
        None => git,
    });
    Ok(match top {
        Some(top) => git.variable("GIT_WORK_TREE", top),
        None => git,
    })
}

/// Git in a bare repository that krender made.
pub(super) fn own(folder: &Path, environment: &Environment) -> Result<Program> {
    Ok(neutral(environment, folder, "all")?.variable("GIT_DIR", folder))
}

/// Settings for fetching. Those of the user, such as credentials and replaced URLs, are in force otherwise.
const SETTINGS_TO_FETCH: &[&str] = &[
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    // A server would name other hosts, which are not checked.
    "fetch.uriProtocols=",
    "transfer.bundleURI=false",
    // What was fetched stays one file, which is there as a whole or not at all.
    "fetch.unpackLimit=1",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// Variables that belong to a repository, and name another one than that to fetch into.
const OF_ANOTHER_REPOSITORY: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_CONFIG",
    "GIT_PREFIX",
    "GIT_IMPLICIT_WORK_TREE",
];

/// Git with the settings and the credentials of the user, to fetch into a bare repository that krender made. It asks for
/// nothing at a terminal. A URL that is `from_user` may have any protocol but `ext`; another one, such as that of a
/// submodule, only those that need no permission (`protocol.allow` in the manual of git).
pub(super) fn fetching(
    folder: &Path,
    environment: &Environment,
    from_user: bool,
) -> Result<Program> {
    let mut git = Program::find("git", environment, folder)?;
    for (name, value) in environment.variables() {
        if !OF_ANOTHER_REPOSITORY.iter().any(|other| name == *other) {
            git = git.variable(name, value);
        }
    }
    git = git.variable("GIT_DIR", folder).variable("GIT_TERMINAL_PROMPT", "0");
    // Messages are parsed.
    git = git.variable("LC_ALL", "C");
    if let Some(allowed) = environment.get("GIT_ALLOW_PROTOCOL").and_then(OsStr::to_str) {
        let allowed: Vec<&str> = allowed.split(':').filter(|name| *name != "ext").collect();
        git = git.variable("GIT_ALLOW_PROTOCOL", allowed.join(":"));
    }
    if !from_user {
        git = git.variable("GIT_PROTOCOL_FROM_USER", "0");
    }
    git = git.argument("--no-pager");
    Ok(SETTINGS_TO_FETCH.iter().fold(git, |git, setting| git.argument("-c").argument(*setting)))
}

fn neutral(environment: &Environment, directory: &Path, bare: &str) -> Result<Program> {
    let mut git = Program::find("git", environment, directory)?;
    for (name, value) in environment.variables() {
        if is_passed_on(name) {
            git = git.variable(name, value);
        }
    }
    git = VARIABLES.iter().fold(git, |git, (name, value)| git.variable(*name, *value));
    git = git.argument("--no-pager").argument("-c").argument(format!("safe.bareRepository={bare}"));
    Ok(SETTINGS.iter().fold(git, |git, setting| git.argument("-c").argument(*setting)))
}

fn is_passed_on(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return true };
    let is_setting = |prefix: &&str| {
        name.strip_prefix(*prefix)
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    !name.starts_with("GIT_")
        || PASSED_ON.contains(&name)
        || PASSED_ON_BY_PREFIX.iter().any(is_setting)
}
