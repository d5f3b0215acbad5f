//! KR-DKR-005 and KR-DKR-006: build tools are not in the image.

use crate::dockerfile::bases::{Content, Facts};
use crate::dockerfile::found::Found;
use crate::dockerfile::scene::{Base, Scene};
use crate::dockerfile::shell::Simple;
use crate::harden::{Set, Severity};

/// Packages with compilers and build tools.
const TOOLS: &str = "\
    |build-essential|build-base|gcc|g++|gcc-c++|clang|make|cmake|ninja-build|golang|golang-go|go|cargo|rustc|rust|maven|\
    |gradle|default-jdk|default-jdk-headless|base-devel|autoconf|automake|bison|flex|nasm|";

pub(super) fn single_stage(scene: &Scene<'_>) -> Vec<Found> {
    let ([_], [steps]) = (&*scene.file.stages, &*scene.commands) else { return Vec::new() };
    if scene.is_tool() {
        return Vec::new();
    }
    let is_sdk = matches!(scene.base(), Base::Image(image) if Facts::of(image).content == Some(Content::Sdk));
    for commands in steps {
        // The tools of this layer are not in the image.
        if !is_sdk && commands.iter().any(removes_packages) {
            continue;
        }
        for one in commands {
            let message = match (builds(one), installed_tool(one)) {
                (Some(build), _) => format!(
                    "the only stage runs `{build}`: its tools and sources stay in the image"
                ),
                (None, Some(tool)) => {
                    format!("the only stage installs `{tool}`, which stays in the image")
                }
                _ => continue,
            };
            return vec![Found::at(one.span, &["0", "RUN", one.program()], message)];
        }
    }
    Vec::new()
}

/// The command in short, if it builds a program.
fn builds(one: &Simple) -> Option<String> {
    let program = one.program();
    let first = one.operands().next().unwrap_or_default();
    let has = |words: &str| one.operands().any(|word| words.split('|').any(|one| one == word));
    let is_build = match program {
        "go" => matches!(first, "build" | "install"),
        "cargo" => matches!(first, "build" | "install"),
        "mvn" | "mvnw" => has("package|install|verify|compile"),
        "gradle" | "gradlew" => has("build|assemble|bootJar|shadowJar|installDist|jar|war"),
        "npm" | "pnpm" | "yarn" => {
            let mut words = one.operands();
            match (words.next(), words.next()) {
                (Some("run"), Some(script)) => script == "build" || script.starts_with("build:"),
                (Some("build"), _) => program != "npm",
                _ => false,
            }
        }
        "dotnet" => matches!(first, "build" | "publish"),
        "cmake" => one.has(&["--build"]),
        "make" => true,
        "gcc" | "g++" | "clang" | "cc" | "c++" | "rustc" | "javac" => true,
        "stack" | "cabal" | "swift" | "mix" | "sbt" => {
            matches!(first, "build" | "install" | "release" | "assembly")
        }
        _ => false,
    };
    let is_asked = one.has(&["--version", "-version", "--help"]);
    is_build
        .then(|| match program {
            "go" | "cargo" | "dotnet" | "npm" | "pnpm" | "yarn" | "stack" | "cabal" | "swift"
            | "mix" | "sbt" => {
                let words: Vec<&str> = one.operands().take(2).collect();
                let most = if matches!(words.first(), Some(&"run")) { 2 } else { 1 };
                format!("{program} {}", words.into_iter().take(most).collect::<Vec<_>>().join(" "))
            }
            _ => program.to_owned(),
        })
        .filter(|_| !is_asked)
}

/// The first build tool that a command installs.
fn installed_tool(one: &Simple) -> Option<&str> {
    let operation = match one.program() {
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "microdnf" | "tdnf" | "zypper" => {
            "install"
        }
        "apk" => "add",
        _ => return None,
    };
    let mut words = one.operands();
    words.find(|word| *word == operation)?;
    words.find(|word| {
        let name = word.split(['=', '~', '<', '>']).next().unwrap_or_default();
        let is_jdk = name.contains("jdk") && !name.contains("jre") && name.contains("openjdk")
            || name.ends_with("-devel") && name.starts_with("java-");
        TOOLS.contains(&format!("|{name}|")) && !name.is_empty() || is_jdk
    })
}

/// True if a command removes packages.
fn removes_packages(one: &Simple) -> bool {
    let first = one.operands().next().unwrap_or_default();
    match one.program() {
        "apt-get" | "apt" | "aptitude" | "yum" | "dnf" | "microdnf" | "zypper" => {
            one.operands().any(|word| matches!(word, "purge" | "remove" | "autoremove" | "erase"))
        }
        "apk" => first == "del",
        _ => false,
    }
}

pub(super) fn fat_runtime(scene: &Scene<'_>) -> Vec<Found> {
    let Base::Image(image) = scene.base() else { return Vec::new() };
    if scene.is_tool() || !single_stage(scene).is_empty() {
        return Vec::new();
    }
    let message = match Facts::of(image).content {
        Some(Content::Sdk) => format!("`{image}` has compilers and build tools"),
        Some(Content::System) if scene.facts.profile.set == Set::Paranoid => {
            format!("`{image}` is a whole distribution")
        }
        _ => return Vec::new(),
    };
    let span = scene.stages().last().map_or(scene.end(), |(_, stage)| stage.image.span);
    vec![Found::at(span, &[&scene.label(scene.last()), "FROM"], message).graded(Severity::Note)]
}
