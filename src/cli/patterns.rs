//! Patterns that select targets by their paths, and the error for one that selects none.

use std::collections::BTreeSet;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Code, Error, Result, nearest};
use crate::text::{escape, phrase};

/// The patterns of `--include` and `--exclude`.
///
/// A pattern matches a directory, or all directories below it, by its path relative to the tree; without a slash it
/// matches a name at any level. `*` matches any text without a slash, `**` any directories.
#[derive(Debug)]
pub(super) struct Patterns {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    /// As on the command line.
    text: String,
    set: GlobSet,
}

/// The kustomizations that patterns can match, by their paths below the trees that are searched.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) targets: Vec<String>,
    /// Other names of the targets, if they have any, which patterns match, too.
    pub(super) names: Vec<String>,
    /// Those that are not targets, with the reason.
    pub(super) others: Vec<(String, String)>,
}

impl Patterns {
    /// Parses patterns.
    ///
    /// # Errors
    /// [`Code::InvalidPattern`].
    pub(super) fn parse(include: &[String], exclude: &[String]) -> Result<Self> {
        let all = |flag: &str, texts: &[String]| {
            texts.iter().map(|text| Pattern::parse(flag, text)).collect::<Result<_>>()
        };
        Ok(Self { include: all("--include", include)?, exclude: all("--exclude", exclude)? })
    }

    /// True if there is no pattern: all targets are selected.
    pub(super) const fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// True if the patterns select a directory.
    pub(super) fn selects(&self, below: &str) -> bool {
        self.selects_any(&[below])
    }

    /// True if the patterns select a directory by one of its names.
    pub(super) fn selects_any(&self, names: &[&str]) -> bool {
        let is_in = |patterns: &[Pattern]| {
            patterns.iter().any(|pattern| names.iter().any(|name| pattern.set.is_match(name)))
        };
        (self.include.is_empty() || is_in(&self.include)) && !is_in(&self.exclude)
    }

    /// Refuses patterns that would let a run pass that looks at nothing: an included one that matches no target, and
    /// excluded ones that leave none. An excluded one that matches none selects more, not less, and is allowed: it may be
    /// about directories that other branches have. `tree` names the directories that were searched.
    ///
    /// # Errors
    /// [`Code::NothingSelected`].
    pub(super) fn check(&self, found: &Found, tree: &[String]) -> Result<()> {
        let Found { targets, names, .. } = found;
        let is_used = |pattern: &&Pattern| {
            targets.iter().chain(names).any(|target| pattern.set.is_match(target))
        };
        if targets.is_empty() {
            return Ok(());
        }
        if let Some(unused) = self.include.iter().find(|pattern| !is_used(pattern)) {
            return Err(unused.matches_none(found, tree));
        }
        let is_selected = |(place, target): (usize, &String)| match names.get(place) {
            Some(name) => self.selects_any(&[target, name]),
            None => self.selects(target),
        };
        if self.is_empty() || targets.iter().enumerate().any(is_selected) {
            return Ok(());
        }
        let targets = &distinct(targets);
        let message = format!(
            "the patterns leave none of the {} in {}",
            phrase::counted(targets.len(), "target"),
            places(tree)
        );
        let few = phrase::few(&self.exclude, 3, |pattern| {
            format!("`--exclude {}`", escape::visible(&pattern.text))
        });
        Err(Error::new(Code::NothingSelected, message)
            .help(format!("{few} would leave out all that are selected"))
            .help(format!("the targets are {}", named(targets))))
    }
}

impl Pattern {
    fn parse(flag: &str, text: &str) -> Result<Self> {
        let invalid = |error: &globset::Error| {
            let message = format!("the pattern `{}` of `{flag}` is invalid", escape::visible(text));
            Error::new(Code::InvalidPattern, message).help(error.kind().to_string())
        };
        let whole = text.trim_start_matches("./").trim_matches('/');
        if whole.trim().is_empty() {
            let message = format!("the pattern `{}` of `{flag}` is empty", escape::visible(text));
            let help = "it names no directory; a variable may have no value; all targets are selected without the flag";
            return Err(Error::new(Code::InvalidPattern, message).help(help));
        }
        let whole = if whole.contains('/') { whole.to_owned() } else { format!("**/{whole}") };
        let glob = |text: &str| -> Result<Glob> {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            glob.map_err(|error| invalid(&error))
        };
        let mut set = GlobSetBuilder::new();
        set.add(glob(&whole)?).add(glob(&format!("{whole}/**"))?);
        let set = set.build().map_err(|error| invalid(&error))?;
        Ok(Self { text: text.to_owned(), set })
    }

    #[cold]
    fn matches_none(&self, found: &Found, tree: &[String]) -> Error {
        let Found { targets, names, others } = found;
        let targets = &distinct(targets);
        let shown = escape::visible(&self.text);
        let which = match targets.len() {
            1 => "the only target".to_owned(),
            count => format!("any of the {count} targets"),
        };
        let message = format!("`--include {shown}` does not match {which} in {}", places(tree));
        let mut error = Error::new(Code::NothingSelected, message);
        if let Some((other, why)) = others.iter().find(|(other, _)| self.set.is_match(other)) {
            error = error.help(format!("`{}` is no target: {why}", escape::visible(other)));
        } else if let Some(near) = self.near(targets).or_else(|| self.near(names)) {
            error = error.help(format!("did you mean `--include {}`?", escape::visible(&near)));
        }
        let are = if targets.len() == 1 { "the target is" } else { "the targets are" };
        error.help(format!("{are} {}", named(targets))).help(
            "patterns match paths relative to the directory that is searched: `overlays/*`, `**/prod`",
        )
    }

    /// A pattern with a name or path of targets that is similar.
    fn near(&self, targets: &[String]) -> Option<String> {
        let plain = self.text.trim_start_matches("./").trim_matches('/');
        let below = plain.strip_prefix("**/").unwrap_or(plain);
        let plain = ["/**", "/*"].iter().find_map(|end| below.strip_suffix(end)).unwrap_or(below);
        let is_known = |target: &String| {
            target.strip_prefix(plain).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if plain != self.text && targets.iter().any(is_known) {
            // `overlays/prod/**` is what is below, without the directory itself.
            return Some(plain.to_owned());
        }
        let ends = |target: &String| target.strip_suffix(plain).is_some_and(|it| it.ends_with('/'));
        if plain == self.text && targets.iter().any(ends) {
            return Some(format!("**/{plain}"));
        }
        if !plain.contains('/') {
            let names = targets.iter().flat_map(|target| target.split('/'));
            return nearest(plain, names).map(|near| self.text.replacen(plain, near, 1));
        }
        let above = targets.iter().flat_map(|target| {
            let ends = target.match_indices('/').map(|(end, _)| end);
            ends.chain([target.len()]).map(|end| &target[..end])
        });
        let near = nearest(plain, above).map(|near| self.text.replacen(plain, near, 1));
        near.or_else(|| {
            // The path from another directory: `repository/overlays/prod`.
            let ends = plain.match_indices('/').map(|(end, _)| &plain[end + 1..]);
            ends.filter(|end| targets.iter().any(|it| it == end)).map(str::to_owned).next()
        })
    }
}

/// Targets without those that are named twice, such as in two revisions.
fn distinct(targets: &[String]) -> Vec<String> {
    targets.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// The first of some targets.
fn named(targets: &[String]) -> String {
    phrase::few(targets, 5, |target| match &**target {
        "" => "`.`".to_owned(),
        target => format!("`{}`", escape::visible(target)),
    })
}

fn places(tree: &[String]) -> String {
    phrase::few(tree, 3, |place| format!("`{}`", escape::visible(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|&text| text.to_owned()).collect()
    }

    fn check(include: &[&str], exclude: &[&str], targets: &[&str]) -> Option<(String, String)> {
        let patterns = Patterns::parse(&texts(include), &texts(exclude)).unwrap();
        let others = vec![("base".to_owned(), "included by `overlays/prod`".to_owned())];
        let found = Found { targets: texts(targets), names: Vec::new(), others };
        let error = patterns.check(&found, &texts(&["."])).err()?;
        Some((error.message().to_owned(), error.helps().join("; ")))
    }

    #[test]
    fn patterns_fit_directories_and_what_is_below() {
        for (pattern, path, expected) in [
            ("overlays/*", "overlays/prod", true),
            ("overlays/*", "overlays/prod/eu", true),
            ("overlays/*", "team/overlays/prod", false),
            ("**/prod", "team/overlays/prod", true),
            ("**/prod", "prod", true),
            ("prod", "team/overlays/prod/eu", true),
            ("prod", "team/overlays/product", false),
            ("pr*", "team/product", true),
            ("./team/", "team", true),
            ("{dev,test}", "a/test", true),
            ("team/**/eu", "team/eu", true),
            ("*", "", true),
        ] {
            let patterns = Patterns::parse(&texts(&[pattern]), &[]).unwrap();
            assert_eq!(patterns.selects(path), expected, "{pattern} {path}");
            let patterns = Patterns::parse(&[], &texts(&[pattern])).unwrap();
            assert_eq!(patterns.selects(path), !expected, "{pattern} {path}");
        }
        let error = Patterns::parse(&texts(&["a["]), &[]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidPattern);
    }

    #[test]
    fn every_included_pattern_matches_a_target() {
        const ALL: &[&str] = &["overlays/dev", "overlays/prod", "sites/eu"];
        let (_, help) = check(&["eu/a"], &[], &["sites/eu/a"]).unwrap();
        assert!(help.starts_with("did you mean `--include **/eu/a`?"), "{help}");
        for (include, exclude) in [
            (&["prod"][..], &[][..]),
            (&["overlays/*", "sites"], &["**/dev"]),
            (&[], &["nowhere"]),
            (&[], &["overlays", "base"]),
        ] {
            assert_eq!(check(include, exclude, ALL), None, "{include:?} {exclude:?}");
        }
        assert_eq!(check(&["prod"], &[], &[]), None, "that there is none is another error");
        for (include, meant) in [
            ("prodd", "did you mean `--include prod`?"),
            ("**/prd", "did you mean `--include **/prod`?"),
            ("overlay/*", "did you mean `--include overlays/*`?"),
            ("overlay/prod", "did you mean `--include overlays/prod`?"),
            ("repository/sites/eu", "did you mean `--include sites/eu`?"),
            ("base", "`base` is no target: included by `overlays/prod`"),
            ("overlays/prod/**", "did you mean `--include overlays/prod`?"),
            ("nowhere", "the targets are `overlays/dev`, `overlays/prod`, `sites/eu`"),
        ] {
            let (message, help) = check(&["sites", include], &[], ALL).unwrap();
            let expected =
                format!("`--include {include}` does not match any of the 3 targets in `.`");
            assert_eq!(message, expected);
            assert!(help.contains(meant), "{include}: {help}");
        }
        let (message, help) = check(&["prod"], &["overlays"], ALL).unwrap();
        assert_eq!(message, "the patterns leave none of the 3 targets in `.`");
        assert!(help.starts_with("`--exclude overlays` would leave out all"), "{help}");
    }
}
