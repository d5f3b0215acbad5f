//! The checks of other tools, each with a manifest that it reports, in `tests/coming-from/TOOL/CHECK.yaml`. The first
//! line of a file says what is wrong, the second one which rule finds it (`# finds: KR-SEC-001`), or why no rule does
//! (`# none: …`). `docs/coming-from.md` is written from these files: `KRENDER_BLESS=1 cargo test --test coming_from`.
#![expect(clippy::disallowed_methods, reason = "the manifests are read as they are")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use krender::harden::{self, Rule, Settings};
use krender::resource::{self, ResMap};
use krender::schema::Schema;
use krender::source::Sources;
use krender::yaml::parse;

/// A check of another tool.
struct Check {
    tool: String,
    name: String,
    /// The mistake of its manifest, as a sentence.
    mistake: String,
    /// The rule that finds it, or the reason why no rule does.
    rule: Result<&'static Rule, String>,
    manifest: String,
}

/// The tools with a folder, and the pages that list their checks.
const TOOLS: [(&str, &str); 3] = [
    ("kube-linter", "https://docs.kubelinter.io/#/generated/checks"),
    ("kube-score", "https://github.com/zegl/kube-score/blob/master/README_CHECKS.md"),
    ("polaris", "https://polaris.docs.fairwinds.com/checks/security/"),
];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn checks(tool: &str) -> Vec<Check> {
    let folder = here("tests/coming-from").join(tool);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let check = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        let (second, manifest) = rest.split_once('\n').unwrap();
        let rule = match second.strip_prefix("# finds: ") {
            Some(id) => Ok(harden::find(id).unwrap_or_else(|| panic!("{file:?}: no rule {id}"))),
            None => Err(second.strip_prefix("# none: ").unwrap().to_owned()),
        };
        Check {
            tool: tool.to_owned(),
            name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
            mistake: first.strip_prefix("# ").unwrap().to_owned(),
            rule,
            manifest: manifest.to_owned(),
        }
    };
    files.into_iter().map(check).collect()
}

/// The ids of the rules that a manifest violates, in the widest profile, and in the one with rules that it replaces.
fn found(manifest: &str) -> BTreeSet<String> {
    let sources = Sources::new();
    let source = sources.add("manifest.yaml", manifest).unwrap();
    let documents = parse::documents(&source).unwrap();
    let resources: ResMap = resource::read(&source, &documents, &Schema::default()).unwrap().into();
    let mut found = BTreeSet::new();
    for profile in ["paranoid", "baseline"] {
        let settings = Settings::of(profile.parse().unwrap());
        found.extend(
            harden::check(&resources, &sources, &settings)
                .iter()
                .map(|one| one.rule.id().to_owned()),
        );
    }
    found
}

#[test]
fn each_manifest_violates_its_rule() {
    let mut wrong = String::new();
    for check in TOOLS.iter().flat_map(|(tool, _)| checks(tool)) {
        let Ok(rule) = check.rule else { continue };
        if !found(&check.manifest).contains(rule.id) {
            let _ = writeln!(wrong, "{} {}: {rule:?} finds nothing", check.tool, check.name);
        }
        if !rule.elsewhere().split([';', ' ', ',']).any(|word| word == check.name) {
            let _ = writeln!(
                wrong,
                "{} {}: the page of {rule:?} does not name it",
                check.tool, check.name
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_page_lists_all_checks() {
    let mut page = fs::read_to_string(here("docs/coming-from.md")).unwrap();
    let start = page.find("\n## kube-linter\n").unwrap_or(page.len());
    page.truncate(start);
    for (tool, list) in TOOLS {
        let _ = write!(page, "\n## {tool}\n\nIts [list of checks]({list}).\n\n");
        page.push_str("| check | example | krender |\n|---|---|---|\n");
        for Check { name, mistake, rule, .. } in checks(tool) {
            let krender = match rule {
                Ok(rule) => {
                    let anchor =
                        format!("{} {}", rule.id, rule.name).to_lowercase().replace(' ', "-");
                    format!("[{} {}](rules.md#{anchor})", rule.id, rule.name)
                }
                Err(reason) => format!("none: {reason}"),
            };
            let _ = writeln!(page, "| `{name}` | {mistake} | {krender} |");
        }
    }
    let file = here("docs/coming-from.md");
    if std::env::var_os("KRENDER_BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), page);
}
