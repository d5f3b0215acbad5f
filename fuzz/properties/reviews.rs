//! Properties of findings and of differences.

use krender::build::{self, Options};
use krender::diff::{self, Rendered, Side, Target, TargetReview, group::Review};
use krender::harden::{self, Settings};
use krender::load::{self, Loader, Memory};
use krender::report::reviews::{json, markdown, text, unified};
use krender::schema::Schema;

use super::archive;
use super::builds::render;

/// Suppressions by comments and annotations change only whether findings are accepted; they add or remove no findings
/// except those about suppressions.
///
/// The bytes are the resources.
pub(crate) fn check_suppressions(bytes: &[u8]) {
    let files = Memory::new()
        .file("kustomization.yaml", "resources: [objects.yaml]\n")
        .file("objects.yaml", bytes);
    let loader = Loader::new(files, load::Options::default());
    let Ok(output) = build::build(&loader, "/", &Options::default()) else { return };
    let with = Settings::of("restricted".parse().expect("a profile"));
    let mut without = with.clone();
    without.facts.ignores_suppressions = true;
    let [with, without] = [with, without]
        .map(|settings| harden::check(&output.resources, loader.sources(), &settings));
    let [with, rest] = [&with, &without].map(|findings| {
        findings.iter().filter(|finding| !finding.rule.id().starts_with("KR-CFG")).count()
    });
    assert_eq!(with, rest);
    assert!(without.iter().all(|finding| finding.suppressed.is_none()));
}

/// Two renders are compared without a panic in any format; a render does not differ from itself; and no format prints
/// an invisible character.
///
/// The bytes are an archive of the resources before and, as `after.yaml`, after.
pub(crate) fn diff_of_renders(bytes: &[u8]) {
    let files = archive::split(bytes, "before.yaml");
    let side = |name: &str| {
        let content = files.iter().find(|(path, _)| path == name).map(|(_, content)| content);
        let files = Memory::new()
            .file("kustomization.yaml", "resources: [objects.yaml]\n")
            .file("objects.yaml", content.cloned().unwrap_or_default());
        render(files)
    };
    let (Ok(before), Ok(after)) = (side("before.yaml"), side("after.yaml")) else { return };
    let rendered = |resources| Side::Rendered(Rendered { resources, schema: Schema::built_in() });
    let review = |before, after| {
        let target = Target {
            name: "overlays/a".to_owned(),
            moved_from: None,
            before: rendered(before),
            after: rendered(after),
        };
        let mask = Some(diff::Masking::new([7]));
        let options = diff::Options { mask, renders: true, ..diff::Options::default() };
        Review::of(vec![TargetReview::of(&target, &options)], &options)
    };
    assert!(!review(before.clone(), before.clone()).is_different());
    let review = review(before, after);
    let texts = [
        plain(&text::write(&review, 80)),
        unified::write(&review),
        markdown::write(&review, markdown::Place::GitHub),
        json::write(&review).unwrap_or_default(),
    ];
    for output in texts {
        let is_hidden = |character: char| {
            !matches!(character, '\n' | '\t') && krender::text::escape::is_invisible(character)
        };
        assert!(!output.contains(is_hidden), "{output:?}");
    }
}

/// Text without the colours of krender.
fn plain(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        match rest.strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\u{1b}[", piece]),
        }
    }
    plain
}
