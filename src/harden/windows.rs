//! Paths of Windows, as the kubelet and the container runtime of its nodes read them.

/// The path of a node of Windows, in one form: in lower case, with slashes, and without what Windows leaves out (`c:/users`);
/// its pipes are `pipe:/name`, and shares of other machines `share:/machine/name`. `None` for another path. With `is_bound`,
/// the path is certainly one of Windows.
///
/// What names a disk as a whole, or a device that Windows has below another name, is `c:/`: it may be all of it.
/// (<https://learn.microsoft.com/en-us/dotnet/standard/io/file-path-formats>)
pub(super) fn path(host: &str, is_bound: bool) -> Option<String> {
    let has_drive = drive(host).is_some();
    let is_root_of_linux = host.starts_with('/') && !is_bound;
    if is_root_of_linux || !has_drive && !host.starts_with(['/', '\\']) {
        return None;
    }
    let host = host.replace('\\', "/").to_ascii_lowercase();
    let device = ["//./", "//?/", "/??/"].iter().find_map(|start| host.strip_prefix(start));
    let share = || host.strip_prefix("//").filter(|rest| !rest.starts_with('/'));
    Some(match (device, share()) {
        (Some(device), _) => of_device(device),
        (None, Some(share)) => of_share(share),
        (None, None) => match drive(&host) {
            Some((drive, path)) => joined(drive, path),
            None => joined("c:", &host),
        },
    })
}

/// A drive with its colon, and the rest of a path.
fn drive(path: &str) -> Option<(&str, &str)> {
    let is_drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    is_drive.then(|| path.split_at(2))
}

/// The path of a device by its name.
fn of_device(device: &str) -> String {
    let device = device.trim_start_matches('/');
    let (first, rest) = device.split_once('/').unwrap_or((device, ""));
    match (trimmed(first), drive(device)) {
        ("pipe", _) => joined("pipe:", rest),
        ("unc", _) => of_share(rest),
        (_, Some((drive, path))) if !trimmed(path).is_empty() => joined(drive, path),
        // A disk, a volume by its id, or all devices.
        _ => "c:/".to_owned(),
    }
}

/// The path of a share of a machine: those for administrators are folders of the node, if it is its own name.
fn of_share(share: &str) -> String {
    let mut parts = share.splitn(3, '/');
    let machine = parts.next().unwrap_or_default();
    let (name, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match trimmed(name) {
        "pipe" | "ipc$" => joined("pipe:", rest.strip_prefix("pipe/").unwrap_or(rest)),
        "admin$" => joined("c:", &format!("windows/{rest}")),
        name if name.len() == 2 && name.ends_with('$') => joined(&name.replace('$', ":"), rest),
        name => joined("share:", &format!("{machine}/{name}/{rest}")),
    }
}

/// A path on a drive: without `.`, `..`, empty names, and dots and spaces at the ends of names.
fn joined(drive: &str, path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            ".." => drop(names.pop()),
            _ if trimmed(name).is_empty() => {}
            // Its short name: which number it has is not known.
            _ if name.starts_with("progra~") => names.push("programdata"),
            _ => names.push(trimmed(name)),
        }
    }
    format!("{drive}/{}", names.join("/"))
}

/// A name without dots and spaces at its end, which Windows leaves out.
fn trimmed(name: &str) -> &str {
    name.trim_end_matches(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn forms_of_one_path_are_the_same() {
        for (expected, forms) in [
            (
                "c:/",
                r"C: C:\ c:/ \ \\.\C: \\?\C:\ \\.\PhysicalDrive0 \\?\GLOBALROOT\Device\HarddiskVolume1 \\localhost\C$ C:\a\..",
            ),
            (
                "c:/users/ops",
                r"C:\Users\Ops c:/users//ops \Users\.\Ops \\?\C:\Users\Ops \\.\c:\users\ops \??\C:\Users\Ops \\localhost\c$\Users\Ops \\?\UNC\127.0.0.1\c$\users\ops C:\Users.\Ops C:\x\..\Users\Ops...",
            ),
            ("c:/windows/system32", r"\Windows\System32 \\node\admin$\System32 C:Windows\System32"),
            ("c:/programdata/app", r"C:\ProgramData\app c:/progra~3/app"),
            (
                "pipe:/docker_engine",
                r"\\.\pipe\docker_engine \\.\PIPE\docker_engine. \\?\pipe\docker_engine \\.\\pipe\\docker_engine \\localhost\pipe\docker_engine \\.\pipe\x\..\docker_engine",
            ),
            ("pipe:/", r"\\.\pipe \\.\pipe\"),
            ("d:/data", r"D:\data d:/data"),
            ("share:/files/team/a", r"\\files\team\a"),
        ] {
            for form in forms.split(' ') {
                assert_eq!(path(form, false).as_deref(), Some(expected), "{form}");
            }
        }
        assert_eq!(path(r"C:\Users ", false).as_deref(), Some("c:/users"));
        assert_eq!(path(r"C:\ ", false).as_deref(), Some("c:/"));
    }

    #[test]
    fn other_paths_are_those_of_linux() {
        for host in ["/etc", "//./pipe/docker_engine", "etc", "", ".", "pipe:/a"] {
            assert_eq!(path(host, false), None, "{host}");
        }
        for (host, expected) in [
            ("/etc", "c:/etc"),
            ("//./pipe/docker_engine", "pipe:/docker_engine"),
            ("//localhost/c$/Users", "c:/users"),
        ] {
            assert_eq!(path(host, true).as_deref(), Some(expected), "{host}");
        }
    }
}
