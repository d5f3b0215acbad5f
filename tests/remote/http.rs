//! Files over HTTP.

use super::lab::{Lab, config_map};
use super::server::{Answer, Server, file, redirect, status};

/// A lab with the target `k` that lists an URL.
fn lab(url: &str) -> Lab {
    let lab = Lab::new();
    lab.write("k/kustomization.yaml", &format!("resources: ['{url}']\n"));
    lab
}

#[test]
fn a_file_is_fetched_once_and_asked_for_again_by_its_version() {
    let server = Server::new(|_, request, _| {
        let is_known =
            request.iter().any(|line| line.eq_ignore_ascii_case("if-none-match: \"v1\""));
        match is_known {
            true => status("304 Not Modified"),
            false => Answer::Whole("200 OK", vec!["ETag: \"v1\"".into()], config_map("one").into()),
        }
    });
    let lab = lab(&server.url("cm.yaml"));
    let url = server.url("cm.yaml");
    lab.write("k/deep/kustomization.yaml", &format!("resources: ['{url}']\nnameSuffix: -x\n"));
    lab.write("k/kustomization.yaml", &format!("resources: ['{url}', deep]\n"));
    for _ in 0..2 {
        assert_eq!(lab.build(&["k"]).matches("a: one").count(), 2);
        assert_eq!(server.requests(), ["cm.yaml"]);
    }
    assert_eq!(lab.build(&["--offline", "k"]).matches("a: one").count(), 2);
    assert_eq!(server.requests(), [""; 0]);
    assert_eq!(lab.build(&["--no-cache", "k"]).matches("a: one").count(), 2);
    assert!(lab.calls().is_empty() && lab.is_tidy());
}

/// A file in the cache is used only if it is whole.
#[test]
fn a_file_that_was_damaged_in_the_cache_is_fetched_again() {
    let server = Server::new(|_, request, _| {
        let is_known = request.iter().any(|line| line.to_lowercase().starts_with("if-none-match"));
        match is_known {
            true => status("304 Not Modified"),
            false => Answer::Whole("200 OK", vec!["ETag: \"v1\"".into()], config_map("one").into()),
        }
    });
    let lab = lab(&server.url("cm.yaml"));
    for damage in ["truncated", "altered", "emptied"] {
        assert!(lab.build(&["k"]).contains("a: one"));
        let mut pending = vec![lab.path("home/.cache/krender/http")];
        let mut damaged = 0;
        while let Some(folder) = pending.pop() {
            for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    pending.push(path);
                    continue;
                }
                let mut bytes = std::fs::read(&path).unwrap();
                match damage {
                    "truncated" => bytes.truncate(bytes.len() / 2),
                    "altered" => bytes.iter_mut().for_each(|byte| *byte ^= 1),
                    _ => bytes.clear(),
                }
                std::fs::write(&path, bytes).unwrap();
                damaged += 1;
            }
        }
        assert!(damaged > 0, "{damage}");
        assert!(lab.fail(&["--offline", "k"]).contains("is not in the cache"), "{damage}");
    }
}

#[test]
fn failures_that_may_pass_are_tried_again() {
    let server = Server::new(|path, _, number| match (path, number) {
        ("busy.yaml", 1) => status("503 Service Unavailable"),
        ("cut.yaml", 1) => {
            Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\napi".to_vec())
        }
        ("closed.yaml", 1 | 2) => Answer::Raw(Vec::new()),
        ("down.yaml", _) => status("502 Bad Gateway"),
        ("gone.yaml", _) => status("404 Not Found"),
        ("broken.yaml", _) => status("500 Internal Server Error"),
        _ => file(config_map("one")),
    });
    for (name, tries) in [("busy.yaml", 2), ("cut.yaml", 2), ("closed.yaml", 3)] {
        assert!(lab(&server.url(name)).build(&["k"]).contains("a: one"), "{name}");
        assert_eq!(server.requests().len(), tries, "{name}");
    }
    for (name, tries, reason) in [
        ("down.yaml", 3, "answers 502 Bad Gateway"),
        ("gone.yaml", 1, "answers 404 Not Found"),
        ("broken.yaml", 1, "answers 500 Internal Server Error"),
    ] {
        let said = lab(&server.url(name)).fail(&["k"]);
        assert!(said.contains("error[fetch-failed]: `http://") && said.contains(reason), "{said}");
        assert!(said.contains("k/kustomization.yaml:1:13"), "{said}");
        assert_eq!(server.requests().len(), tries, "{name}");
    }
}

#[test]
fn redirects_are_followed_up_to_a_limit() {
    let server = Server::new(|path, _, _| match path {
        "old.yaml" => redirect("/new.yaml"),
        "loop.yaml" => redirect("/loop.yaml"),
        _ => file(config_map("one")),
    });
    assert!(lab(&server.url("old.yaml")).build(&["k"]).contains("a: one"));
    let said = lab(&server.url("loop.yaml")).fail(&["k"]);
    assert!(said.contains("error[fetch-failed]"), "{said}");
    assert!(server.requests().len() < 15);
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let server = Server::new(|_, _, _| file(vec![b'#'; 3 << 20]));
    let said = lab(&server.url("big.yaml")).fail(&["--limit", "files=1MiB", "k"]);
    assert!(said.contains("error[limit-exceeded]: this takes more than 1MiB of files"), "{said}");
}

/// As in kustomize, a compressed answer is unpacked; a small one may be large.
#[test]
fn compressed_files_are_unpacked_up_to_the_limit() {
    const SMALL: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03K,\xc8\x0cK-*\xce\xcc\xcf\xb3R(3\xe4\xca\xce\xccK\xb1Rp\xce\xcfK\xcbL\xf7M,\xe0\xcaM-ILI,I\xb4\xe2RP\xc8K\xccM\xb5RH\xe6\x82\xf1\x13\xad\x14\xaa2\x0b\xb8\x00\xa8}\xe4\xabB\0\0\0";
    let server = Server::new(|path, lines, _| {
        let accepts = |line: &String| line.eq_ignore_ascii_case("accept-encoding: gzip");
        assert!(lines.iter().any(accepts), "{lines:?}");
        // 65,536 `#`.
        let (head, tail) = (
            b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xed\xc1\x81\0\0\0\0\x80 \x98\xfd\x1d\x17\xa9\n",
            b"jj\xf4\xd1\xbf\0\0\x01\0",
        );
        let large = [&head[..], &[0; 63], tail].concat();
        let body = if path == "small.yaml" { SMALL.to_vec() } else { large };
        let body = if path == "cut.yaml" { body[..50].to_vec() } else { body };
        Answer::Whole("200 OK", vec!["Content-Encoding: gzip".to_owned()], body)
    });
    let small = lab(&server.url("small.yaml"));
    assert!(small.build(&["k"]).contains("a: zip"));
    assert!(small.build(&["--offline", "k"]).contains("a: zip"));
    let large = lab(&server.url("large.yaml"));
    assert_eq!(large.build(&["k"]), "");
    let said = large.fail(&["--no-cache", "--limit", "files=50KiB", "k"]);
    assert!(said.contains("error[limit-exceeded]: this takes more than 50KiB of files"), "{said}");
    let said = lab(&server.url("cut.yaml")).fail(&["k"]);
    assert!(said.contains("error[fetch-failed]"), "{said}");
}

#[test]
fn a_build_that_waits_for_a_server_can_be_ended() {
    let server = Server::new(|_, _, _| Answer::Silence);
    let lab = lab(&server.url("cm.yaml"));
    let start = std::time::Instant::now();
    let mut build = lab.krender(&["build", "k"]).spawn().unwrap();
    super::lab::wait_for(|| !server.requests().is_empty());
    // It waits, and ends at once when it is told to.
    assert!(build.try_wait().unwrap().is_none());
    build.kill().unwrap();
    build.wait().unwrap();
    assert!(start.elapsed().as_secs() < 20);
}

/// With `--locked`, an entry that was added sends no request anywhere.
#[test]
fn what_is_not_in_the_lock_is_not_asked_for() {
    let server = Server::new(|_, _, _| file(config_map("one")));
    let lab = lab(&server.url("cm.yaml"));
    let output = lab.krender(&["lock", "k"]).output().unwrap();
    assert!(output.status.success());
    server.requests();
    for name in ["new.yaml", "owner/name", "owner/name//base?ref=v1"] {
        let text = format!("resources: ['{}', '{}']\n", server.url(name), server.url("x/y/z"));
        lab.write("k/kustomization.yaml", &text);
        let said = lab.fail(&["--locked", "k"]);
        assert!(said.contains("is not in `kustomization.lock`"), "{said}");
        assert_eq!((server.requests(), lab.calls()), (Vec::new(), Vec::new()), "{name}");
    }
}

#[test]
fn strangers_reach_no_private_address() {
    let server = Server::new(|_, _, _| file(config_map("one")));
    let app = Lab::with_app();
    for url in [
        server.url("cm.yaml"),
        format!("{}//base?ref=v1", app.url("app")),
        "git@localhost:a/b".into(),
    ] {
        let lab = lab(&url);
        let said = lab.fail(&["--untrusted", "k"]);
        assert!(said.contains("error[fetch-refused]"), "{said}");
        assert!(said.contains("k/kustomization.yaml:1:13"), "{said}");
        assert_eq!((lab.calls(), server.requests()), (Vec::new(), Vec::new()), "{url}");
    }
    let lab = lab(&server.url("cm.yaml"));
    assert!(lab.build(&["--untrusted", "--allow-host", "127.0.0.1", "k"]).contains("a: one"));
    let said = lab.fail(&["--allow-host", "*.example.com", "k"]);
    assert!(said.contains("the host `127.0.0.1` is not allowed"), "{said}");
}

/// A server that only has files sends objects one by one.
#[test]
fn repositories_may_be_files_of_a_server() {
    let lab = Lab::with_app();
    lab.git("app", &["config", "gc.auto", "0"]);
    lab.git("app", &["update-server-info"]);
    let folder = lab.path("app/.git");
    let server = Server::new(move |path, _, _| {
        let path = path.split('?').next().unwrap_or_default();
        match std::fs::read(folder.join(path.strip_prefix("app.git/").unwrap_or_default())) {
            Ok(bytes) => file(bytes),
            Err(_) => status("404 Not Found"),
        }
    });
    let target = server.url("app.git//base?ref=v1");
    assert!(lab.build(&[&target]).contains("a: one"));
    lab.git("app", &["gc", "-q"]);
    lab.commit("app", "base/cm.yaml", &config_map("two"));
    lab.git("app", &["update-server-info"]);
    assert!(lab.build(&[&server.url("app.git//base?ref=main")]).contains("a: two"));
    assert!(lab.is_tidy());
}

/// Git looks for a host where krender has found it, and nowhere if it is not known.
#[test]
fn git_gets_the_addresses_that_were_checked() {
    let lab = lab("https://nowhere.invalid/a/b.git//base?ref=v1");
    lab.program(&format!("echo \"$*\" >> '{}'; exec git \"$@\"", lab.path("arguments").display()));
    lab.fail(&["--untrusted", "k"]);
    let arguments = std::fs::read_to_string(lab.path("arguments")).unwrap();
    let pin = "-c http.curloptResolve=nowhere.invalid:443:255.255.255.255 ";
    assert!(arguments.contains(pin), "{arguments}");
    std::fs::remove_file(lab.path("arguments")).unwrap();
    lab.fail(&["k"]);
    let arguments = std::fs::read_to_string(lab.path("arguments")).unwrap();
    assert!(!arguments.contains("curloptResolve"), "{arguments}");
    // Without a request there is no look-up, and no program.
    lab.calls();
    let said = lab.fail(&["--offline", "--untrusted", "k"]);
    assert!(said.contains("is not in the cache"), "{said}");
    assert!(lab.calls().is_empty());
}

/// Git follows no redirects where some hosts are closed.
#[test]
fn redirects_of_repositories_are_not_followed_where_hosts_are_closed() {
    let inner = Server::new(|_, _, _| status("404 Not Found"));
    let to = inner.url("a/b.git/info/refs?service=git-upload-pack");
    let outer = Server::new(move |_, _, _| redirect(&to.replace("127.0.0.1", "localhost")));
    let lab = lab(&outer.url("a/b.git//base?ref=v1"));
    lab.fail(&["k"]);
    assert!(!inner.requests().is_empty());
    let said = lab.fail(&["--allow-host", "127.0.0.1", "k"]);
    assert!(said.contains("error[fetch-"), "{said}");
    assert_eq!(inner.requests(), [""; 0]);
}

/// A redirect passes the same door as the first request.
#[test]
fn redirects_lead_to_no_host_that_is_closed() {
    let inner = Server::new(|_, _, _| file(config_map("secret")));
    let to = inner.url("cm.yaml").replace("127.0.0.1", "localhost");
    let outer = Server::new(move |_, _, _| redirect(&to));
    let lab = lab(&outer.url("cm.yaml"));
    assert!(lab.build(&["k"]).contains("a: secret"));
    inner.requests();
    for flags in [&["--allow-host", "127.0.0.1"][..], &["--untrusted", "--allow-host", "127.0.0.1"]]
    {
        let said = lab.fail(&[flags, &["--no-cache", "k"]].concat());
        assert!(said.contains("error[fetch-refused]: the host `localhost`"), "{said}");
        assert_eq!(inner.requests(), [""; 0]);
    }
}

#[test]
fn a_file_that_has_changed_since_it_was_locked_is_refused() {
    let server = Server::new(|_, _, number| file(config_map(&format!("n{number}"))));
    let lab = lab(&server.url("cm.yaml"));
    let lock = lab.krender(&["lock", "k"]).output().unwrap();
    assert!(lock.status.success());
    server.requests();
    assert!(lab.build(&["--locked", "k"]).contains("a: n1"));
    let said = lab.fail(&["--locked", "k"]);
    assert!(said.contains("has changed since `kustomization.lock` was written"), "{said}");
    std::fs::remove_file(lab.path("kustomization.lock")).unwrap();
    let said = lab.fail(&["--locked", "k"]);
    assert!(said.contains("there is no lock `") && !said.contains("as a file"), "{said}");
    lab.write("kustomization.lock", "{\"version\": 1}");
    assert!(lab.fail(&["--locked", "k"]).contains("is not in `kustomization.lock`"));
}
