//! Rules about Dockerfiles: their examples, and properties of the reader over random text (`PROPTEST_CASES` sets the number).
#![expect(clippy::disallowed_methods, reason = "the time that reading takes is measured")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::fmt::Write;
use std::time::{Duration, Instant};

use krender::dockerfile::{self, Judged};
use krender::harden::{Container, Phase, Profile, Rule, Settings, rules};
use krender::load::{Loader, Memory, Options};
use proptest::prelude::*;
use proptest::sample::select;

/// The outcome for a Dockerfile in `web/`, next to other files.
fn judged(
    text: &str,
    others: &[(&str, &str)],
    rule: Option<&'static Rule>,
    containers: &[Container],
) -> (Loader, Judged) {
    let mut files = Memory::new().file("web/Dockerfile", text);
    for (name, content) in others {
        files = files.file(name, *content);
    }
    let loader = Loader::new(files, Options::default());
    let mut settings = Settings::of(Profile::default());
    settings.phase = Phase::Dockerfiles;
    settings.only.extend(rule.map(Into::into));
    let found = dockerfile::find(&loader, ".").unwrap();
    let judged = dockerfile::check(&loader, &found, true, containers, &settings).unwrap();
    (loader, judged)
}

/// The findings in short: `3 error KR-DKR-002: message`.
fn found(text: &str, containers: &[Container]) -> Vec<String> {
    let (loader, judged) = judged(text, &[], None, containers);
    assert!(judged.failed.is_empty(), "{:?}", judged.failed);
    let line = |span| loader.sources().locate(span).map_or(0, |place| place.line);
    let told = judged.findings.iter().filter(|one| one.suppressed.is_none());
    told.map(|one| {
        format!("{} {} {}: {}", line(one.span), one.severity, one.rule.id(), one.message)
    })
    .collect()
}

fn rules_found(text: &str) -> Vec<String> {
    found(text, &[])
        .iter()
        .map(|line| line.split(' ').nth(2).unwrap().trim_end_matches(':').to_owned())
        .collect()
}

#[test]
fn examples_are_what_they_say() {
    let rules: Vec<&Rule> = rules().filter(|rule| rule.is_of_dockerfiles()).collect();
    assert_eq!(rules.len(), 15);
    for rule in rules {
        let example = rule.example().unwrap();
        let others: &[(&str, &str)] = &[("web/.env", "PASSWORD=hunter2\n")];
        let covered: &[(&str, &str)] =
            &[("web/.env", "PASSWORD=hunter2\n"), ("web/.dockerignore", ".git\n.env\n")];
        let count = |text, others| judged(text, others, Some(rule), &[]).1.findings.len();
        assert!(count(example.bad, others) > 0, "{rule:?} finds nothing in its bad example");
        assert_eq!(count(example.good, covered), 0, "{rule:?} finds something in its good example");
    }
}

#[test]
fn good_examples_violate_no_other_rule_at_severity_error() {
    for rule in rules().filter(|rule| rule.is_of_dockerfiles()) {
        let lines = found(rule.example().unwrap().good, &[]);
        assert!(lines.iter().all(|line| !line.contains(" error ")), "{rule:?}: {lines:?}");
    }
}

#[test]
fn instructions_are_read_as_docker_reads_them() {
    for (text, expected) in [
        // Continuations, comments between them, and empty lines.
        ("FROM alpine:3\nRUN a \\\n# sudo\n\n  && sudo b\nUSER 1000\n", &["KR-DKR-013"][..]),
        ("FROM alpine:3\nRUN a \\\\\nUSER 1000\n", &[]),
        // Another escape character, which is no sign of Windows.
        ("# escape=`\nFROM alpine:3\nRUN a `\n  && sudo b\nUSER 1000\n", &["KR-DKR-013"]),
        ("# escape=`\nFROM alpine:3\nUSER root\n", &["KR-DKR-002"]),
        ("# escape=`\nFROM --platform=windows/amd64 a:1\nCMD a\n", &[]),
        // Only the stages that the image is made of count.
        (
            "FROM --platform=windows/amd64 a:1 AS a\nFROM alpine:3\nCOPY --from=a /a /a\nUSER root\n",
            &["KR-DKR-002"],
        ),
        // Docker reads numbers with a sign, and root where no user is given.
        ("FROM alpine:3\nUSER +0\n", &["KR-DKR-002"]),
        ("FROM alpine:3\nUSER -0\n", &["KR-DKR-002"]),
        ("FROM alpine:3\nUSER :0\n", &["KR-DKR-002"]),
        ("FROM alpine:3\nUSER +1000\n", &[]),
        // Here-documents, also behind a command, and several.
        ("FROM alpine:3\nRUN <<EOF\nFROM x\nsudo a\nEOF\nUSER 1000\n", &["KR-DKR-013"]),
        ("FROM alpine:3\nRUN cat > /a <<'EOF' && b\nUSER root\nEOF\nUSER 1000\n", &[]),
        ("FROM alpine:3\nRUN <<A <<B cat\nx\nA\ny\nB\nUSER 1000\n", &[]),
        ("FROM alpine:3\nRUN <<-E\n\tsudo a\n\tE\nUSER 1000\n", &["KR-DKR-013"]),
        ("FROM alpine:3\nRUN <<E\n#!/usr/bin/python3\nsudo a\nE\nUSER 1000\n", &[]),
        ("FROM alpine:3\nCOPY <<E /a\nUSER root\nE\nUSER 1000\n", &[]),
        ("FROM alpine:3\nRUN echo $((1<<2))\nUSER 1000\n", &[]),
        // A byte order mark, line ends of Windows, and small letters.
        ("\u{feff}from alpine:3\r\nuser 1000\r\n", &[]),
        // Variables.
        ("ARG V=3\nFROM alpine:${V}\nARG U=0\nUSER ${U}\n", &["KR-DKR-002"]),
        ("ARG V\nFROM alpine:${V}\nUSER 1000\n", &[]),
        ("ARG V\nFROM alpine:${V:-latest}\nUSER 1000\n", &[]),
        ("FROM alpine:${V:-latest}\nUSER 1000\n", &["KR-DKR-001"]),
        ("FROM alpine:3\nENV U=root\nUSER $U\n", &["KR-DKR-002"]),
        ("FROM alpine:3\nUSER $UNKNOWN\n", &[]),
        ("FROM alpine:3\nUSER 1000:0\n", &[]),
        ("FROM alpine:3\nUSER \"0\"\n", &["KR-DKR-002"]),
        // Stages.
        ("FROM alpine:3 AS Base\nUSER 1000\nFROM base\n", &[]),
        ("FROM alpine:3 AS a\nFROM scratch\nCOPY --from=A / /\nUSER 1000\n", &["KR-DKR-014"]),
        ("FROM alpine:3\nUSER 1000\nONBUILD USER root\n", &[]),
        ("FROM --platform=windows/amd64 a:1\nCMD a\n", &[]),
        // Commands of a shell.
        ("FROM alpine:3\nRUN if true; then DEBUG=1 sudo -E a; fi\nUSER 1000\n", &["KR-DKR-013"]),
        ("FROM alpine:3\nRUN echo 'a && sudo b' # sudo\nUSER 1000\n", &[]),
        ("FROM alpine:3\nRUN apk add gcc && make && apk del gcc\nUSER 1000\n", &["KR-DKR-011"]),
        ("FROM alpine:3\nUSER 1000\nENTRYPOINT exec a $B\nCMD b\n", &[]),
        ("FROM alpine:3\nUSER 1000\nCMD ['a']\n", &["KR-DKR-008"]),
        (
            "FROM alpine:3\nCOPY --from=b /a /a\nUSER 1000\nFROM alpine:3 AS b\nUSER 1000\n",
            &["KR-DKR-013"],
        ),
        (
            "FROM alpine:3\nADD a.tar.gz /\nADD $URL /\nADD https://example.com/a.git#v1 /\nUSER 1000\n",
            &[],
        ),
    ] {
        assert_eq!(rules_found(text), expected, "{text}");
    }
}

#[test]
fn secrets_are_told_from_other_variables() {
    for (line, expected) in [
        ("ENV DB_PASSWORD=hunter2", " error "),
        ("ENV DB_PASSWORD hunter2", " error "),
        ("ENV A=b DB_PASSWORD=\"hunter 2\"", " error "),
        ("ARG NPM_TOKEN", " warning "),
        ("ARG NPM_TOKEN=npm_abcdef", " error "),
        ("ENV A=ghp_0123456789", " error "),
        ("COPY id_rsa /root/.ssh/", " error "),
        ("COPY .env /srv/", " warning "),
        ("COPY tls/server.key /srv/", " warning "),
        ("ENV DB_PASSWORD=", ""),
        ("ENV DB_PASSWORD=changeme", ""),
        ("ENV DB_PASSWORD=$PASSWORD", ""),
        ("ENV DB_PASSWORD_FILE=/run/secrets/db", ""),
        ("ENV DB_PASSWORD=/run/secrets/db", ""),
        ("ENV GPG_KEY=0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D", ""),
        ("ENV TOKEN_TTL=3600", ""),
        ("COPY .env.example /srv/", ""),
        ("COPY ca.pem /srv/", ""),
    ] {
        let lines = found(&format!("FROM alpine:3\n{line}\nUSER 1000\n"), &[]);
        let severity = lines.first().map_or("", |line| {
            assert!(!line.contains("hunter"), "{line}");
            if line.contains(" error ") { " error " } else { " warning " }
        });
        assert_eq!(severity, expected, "{line}: {lines:?}");
    }
}

fn container(image: &str) -> Container {
    Container {
        object: "Deployment `web`".to_owned(),
        name: "app".to_owned(),
        image: image.to_owned(),
        is_non_root: true,
        user: None,
        ports: vec![8080],
    }
}

#[test]
fn pods_are_compared_with_the_images_that_they_use() {
    let text = "FROM alpine:3\nEXPOSE 80\nUSER web\n";
    let told = found(text, &[container("registry.example.com/shop/web:1.0")]);
    let assumed = "container `app` of Deployment `web`, assuming that `web/Dockerfile` builds `registry.example.com/shop/web:1.0`,";
    let expected = [
        format!(
            "2 note KR-DKR-013: {assumed} declares the port `8080`, which is not one of `EXPOSE`"
        ),
        format!(
            "3 warning KR-DKR-003: the last `USER` is the name `web`, and {assumed} has `runAsNonRoot: true` without `runAsUser`: it does not start"
        ),
    ];
    assert_eq!(told, expected);
    let with_user = Container { user: Some(1000), ports: vec![80], ..container("web") };
    assert_eq!(
        found(text, &[with_user]),
        ["3 warning KR-DKR-003: the last `USER` is the name `web`, and not a number"]
    );
    assert_eq!(found(text, &[container("other")]).len(), 1);
}

#[test]
fn mistakes_are_told_together_with_their_places() {
    let (loader, judged) = judged("FROM alpine:3\nFORM a\nCOPY a\nRUN <<E\nx\n", &[], None, &[]);
    let (_, error) = &judged.failed[0];
    let lines = error.iter().map(|one| {
        let place = loader.sources().locate(one.span()).unwrap();
        format!("{}:{} {}", place.line, place.column, one.message())
    });
    let expected = [
        "2:1 `FORM` is no instruction",
        "3:1 `COPY` needs a source and a destination",
        "4:5 the here-document has no end: a line `E`",
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn comments_accept_findings() {
    let text = "# krender: ignore KR-DKR-001 -- built here\nFROM alpine\n# krender: ignore user-not-numeric -- later\nUSER web\n";
    assert_eq!(found(text, &[]), [""; 0]);
    let unused = "FROM alpine:3\n# krender: ignore KR-DKR-002 -- no\nUSER 1000\n";
    assert!(found(unused, &[])[0].contains("KR-CFG-003"), "{:?}", found(unused, &[]));
    let stage =
        "# krender: ignore KR-DKR-013 -- all\nFROM alpine:3\nRUN sudo a\nRUN sudo b\nUSER 1000\n";
    assert_eq!(found(stage, &[]), [""; 0]);
}

/// Pieces of Dockerfiles, and characters that mean something in them.
fn piece() -> impl Strategy<Value = &'static str> {
    select(vec![
        "FROM ",
        "a",
        "alpine:3",
        " AS ",
        " as b",
        "\n",
        "\r\n",
        "\\\n",
        "`\n",
        "\\",
        "RUN ",
        "<<EOF",
        "<<-'E'",
        "EOF\n",
        "E\n",
        "COPY ",
        "--from=",
        "--mount=type=cache",
        "ADD ",
        "[\"a\",\"b\"]",
        "[",
        "]",
        "\"",
        "'",
        "é",
        "漢",
        "\u{feff}",
        "#",
        "# escape=`\n",
        "# krender: ignore KR-DKR-002 -- a\n",
        " ",
        "\t",
        "$",
        "${A:-b}",
        "${",
        "}",
        "$(",
        ")",
        "ONBUILD ",
        "ENV ",
        "ARG ",
        "A=$A$A",
        "CMD ",
        "ENTRYPOINT ",
        "HEALTHCHECK ",
        "SHELL ",
        "USER ",
        "WORKDIR ",
        "EXPOSE ",
        "99999/tcp",
        "root",
        "\0",
        "sudo ",
        "apt-get install gcc",
        " && ",
        ";",
        "https://a/b",
        "PASSWORD=hunter2 ",
        ".",
        "/",
        "{{",
    ])
}

proptest! {
    /// No text makes the reader or a rule fail, and every finding has a place in the text.
    #[test]
    fn any_text_is_judged(pieces in proptest::collection::vec(piece(), 0..60), begins in any::<bool>()) {
        let text = format!("{}{}", if begins { "FROM a\n" } else { "" }, pieces.concat());
        let (loader, judged) = judged(&text, &[], None, &[container("web")]);
        for finding in &judged.findings {
            let place = loader.sources().locate(finding.span);
            prop_assert!(place.is_some_and(|place| place.range.end <= text.len()), "{:?}", finding);
        }
    }
}

/// Text that grows without bound in one way takes time that grows as it does.
#[test]
fn the_time_is_linear_in_the_text() {
    let head = "FROM alpine:3 AS a\n";
    for unit in [
        "RUN a \\\n",
        "RUN a && sudo b\n",
        "# krender: ignore KR-DKR-002 -- a\n",
        "RUN <<A <<B\nA\nB\n",
        "ENV A=$A$A\n",
        "ENV A=${A:-${A}}\n",
        "ARG A=\"b c\"\n",
        "COPY --from=b a b\n",
        "EXPOSE 1 2 3\n",
        "RUN \"",
        "RUN $(",
        "ENV ${",
        "COPY . .\nRUN npm ci\n",
        "CMD a\n",
        "ADD a b\n",
    ] {
        let text = head.to_owned() + &unit.repeat(200_000 / unit.len());
        let start = Instant::now();
        drop(judged(&text, &[], None, &[]));
        assert!(start.elapsed() < Duration::from_secs(60), "{unit:?} takes {:?}", start.elapsed());
    }
}

#[test]
fn too_many_stages_are_refused() {
    let mut text = String::new();
    for number in 0..300 {
        let _ = writeln!(text, "FROM a AS s{number}");
    }
    let (_, judged) = judged(&text, &[], None, &[]);
    assert_eq!(judged.failed.len(), 1);
}
