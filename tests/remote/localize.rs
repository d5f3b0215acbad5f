//! `krender localize`: copies of kustomizations with remote content.

use std::fs;

use super::lab::{Lab, config_map, text};

/// The exit code and standard error of `krender localize`.
fn localize(lab: &Lab, arguments: &[&str]) -> (Option<i32>, String) {
    let output = lab.krender(&[&["localize"], arguments].concat()).output().unwrap();
    assert_eq!(text(&output.stdout), "");
    (output.status.code(), text(&output.stderr))
}

#[track_caller]
fn localized(lab: &Lab, arguments: &[&str]) {
    let (code, said) = localize(lab, arguments);
    assert_eq!(code, Some(0), "{said}");
}

/// The message of a failure. Nothing is left in place of the copy.
#[track_caller]
fn refused(lab: &Lab, arguments: &[&str]) -> String {
    let (code, said) = localize(lab, arguments);
    assert_eq!(code, Some(1), "{said}");
    assert!(fs::symlink_metadata(lab.path("copy")).is_err(), "{said}");
    said
}

/// The path of a repository of the lab in a copy.
fn folder(lab: &Lab, name: &str) -> String {
    let url = lab.url(name);
    let path = url.strip_prefix("file:///").unwrap();
    format!("localized-files/file-schemed/{}", path.strip_suffix(".git").unwrap_or(path))
}

#[test]
fn remote_bases_become_paths() {
    let lab = Lab::with_app();
    let (url, app) = (lab.url("app"), folder(&lab, "app"));
    lab.repository("top");
    let nested = format!("resources: ['{url}//base?ref=v1']\nnamePrefix: x-\n");
    lab.commit("top", "x/kustomization.yaml", &nested);
    let entry = format!("resources: ['{}//x?ref=main']\n", lab.url("top"));
    lab.write("site/kustomization.yaml", &entry);
    let rendered = lab.build(&["site"]);
    localized(&lab, &["site", "copy"]);
    let top = format!("{}/main/x", folder(&lab, "top"));
    let read = |path: &str| fs::read_to_string(lab.path(path)).unwrap();
    assert_eq!(read("copy/kustomization.yaml"), format!("resources:\n- {top}\n"));
    assert_eq!(
        read(&format!("copy/{top}/kustomization.yaml")),
        format!("namePrefix: x-\nresources:\n- {app}/v1/base\n")
    );
    assert!(read(&format!("copy/{top}/{app}/v1/base/cm.yaml")).contains("ConfigMap"));

    fs::remove_dir_all(lab.path("home/.cache")).unwrap();
    fs::rename(lab.path("app"), lab.path("gone")).unwrap();
    lab.calls();
    assert_eq!(lab.build(&["copy"]), rendered);
    assert_eq!(lab.all_calls(), [""; 0]);
    assert!(lab.is_tidy());
}

/// Unlike kustomize, which builds the top of the copy.
#[test]
fn a_remote_target_is_verified() {
    let lab = Lab::with_app();
    let target = format!("{}//base?ref=v1", lab.url("app"));
    localized(&lab, &[&target, "copy"]);
    assert_eq!(lab.build(&["copy/base"]), lab.build(&[&target]));
}

#[test]
fn what_has_no_place_is_refused() {
    let lab = Lab::with_app();
    let url = lab.url("app");
    lab.write("site/kustomization.yaml", &format!("resources: ['{url}//base']\n"));
    assert!(refused(&lab, &["site", "copy"]).contains("names no version"));
    lab.write("site/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    lab.write("site/localized-files/a", "");
    assert!(refused(&lab, &["site", "copy"]).contains("has an entry `localized-files`"));
    fs::remove_dir_all(lab.path("site/localized-files")).unwrap();
    lab.write("taken", "precious\n");
    let (code, said) = localize(&lab, &["site", "taken"]);
    assert_eq!((code, said.contains("is there already")), (Some(1), true), "{said}");
    assert_eq!(fs::read_to_string(lab.path("taken")).unwrap(), "precious\n");
    assert!(lab.is_tidy());
}

#[cfg(feature = "http")]
mod http {
    use super::super::server::{Server, file, status};
    use super::*;

    #[test]
    fn files_become_paths() {
        let server = Server::new(|path, _, _| match path {
            "a/cm.yaml" => file(config_map("one")),
            "a/conf.txt?x" => file("x=1\r\n"),
            _ => status("404 Not Found"),
        });
        let lab = Lab::new();
        let text = format!(
            "resources: ['{}']\nconfigMapGenerator: [{{name: g, files: ['k={}']}}]\n",
            server.url("a/cm.yaml"),
            server.url("a/conf.txt?x"),
        );
        lab.write("site/kustomization.yaml", &text);
        let rendered = lab.build(&["site"]);
        localized(&lab, &["site", "copy"]);
        let text = fs::read_to_string(lab.path("copy/kustomization.yaml")).unwrap();
        assert!(text.contains("- k=localized-files/127.0.0.1/a/conf.txt\n"), "{text}");
        server.requests();
        assert_eq!(lab.build(&["copy"]), rendered);
        assert_eq!(server.requests(), [""; 0]);
    }

    #[test]
    fn hostile_urls_write_nothing() {
        let server = Server::new(|path, _, _| match path {
            "same?1" => file(config_map("one")),
            _ => file(config_map("two").replace("name: c", "name: d")),
        });
        let lab = Lab::new();
        for (entries, expected) in [
            (&[".git/hooks/post-checkout"][..], "is the folder of git"),
            (&["a/..%2f..\\x"], "has a backslash"),
            (&["same?1", "same?2"], "two contents would be copied"),
            (&["Case", "case"], "would be the same file on some systems"),
            (&["a", "a/b"], "cannot make the folder"),
        ] {
            let urls: Vec<String> =
                entries.iter().map(|entry| format!("'{}'", server.url(entry))).collect();
            let text = format!("patches: [path: {}]\n", urls.join("}, {path: "));
            let text = text.replace("[path:", "[{path:").replace("]\n", "}]\n");
            lab.write("site/kustomization.yaml", &text);
            let said = refused(&lab, &["site", "copy", "--no-verify"]);
            assert!(said.contains(expected), "{said}");
        }
        assert!(lab.is_tidy());
    }
}
