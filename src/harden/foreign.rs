//! Annotations by which other tools are told what is accepted, for those who ask that these count here too.

use serde::Deserialize;

use super::rule::Rule;
use super::rules::RULES;

/// A tool whose annotations can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// `ignore-check.kube-linter.io/<check>: <reason>` and `kube-linter.io/ignore-all: <reason>`.
    KubeLinter,
    /// `kube-score/ignore: <check>,<check>`.
    KubeScore,
    /// `polaris.fairwinds.com/<check>-exempt: "true"` and `polaris.fairwinds.com/exempt: "true"`.
    Polaris,
    /// `checkov.io/skip1: <check>=<reason>`.
    Checkov,
}

/// The checks that an annotation tells a tool not to do.
enum Checks<'a> {
    All,
    Of(Vec<&'a str>),
}

impl Tool {
    /// As rules name it in [`Rule::elsewhere`].
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KubeLinter => "kube-linter",
            Self::KubeScore => "kube-score",
            Self::Polaris => "polaris",
            Self::Checkov => "checkov",
        }
    }

    /// The rules that are not to hold as this annotation says it, and why; no reason where the tool knows none.
    pub(super) fn accepts<'a>(
        self,
        key: &'a str,
        value: &'a str,
    ) -> (Vec<&'static Rule>, Option<&'a str>) {
        let (checks, reason) = self.checks(key, value);
        let is_meant = |rule: &&&'static Rule| {
            let mut own = self.checks_of(rule);
            match &checks {
                Checks::All => own.next().is_some(),
                Checks::Of(checks) => own.any(|check| checks.contains(&check)),
            }
        };
        (RULES.iter().filter(is_meant).copied().collect(), reason)
    }

    fn checks<'a>(self, key: &'a str, value: &'a str) -> (Checks<'a>, Option<&'a str>) {
        let one = |check| Checks::Of(vec![check]);
        match self {
            Self::KubeLinter if key == "kube-linter.io/ignore-all" => (Checks::All, Some(value)),
            Self::KubeLinter => match key.strip_prefix("ignore-check.kube-linter.io/") {
                Some(check) => (one(check), Some(value)),
                None => (Checks::Of(Vec::new()), None),
            },
            Self::KubeScore if key == "kube-score/ignore" => {
                (Checks::Of(value.split(',').map(str::trim).collect()), None)
            }
            Self::Polaris if value == "true" => {
                let name = key.strip_prefix("polaris.fairwinds.com/");
                match name.map(|name| (name, name.strip_suffix("-exempt"))) {
                    Some((_, Some(check))) => (one(check), None),
                    Some(("exempt", None)) => (Checks::All, None),
                    _ => (Checks::Of(Vec::new()), None),
                }
            }
            Self::Checkov if key.starts_with("checkov.io/skip") => match value.split_once('=') {
                Some((check, reason)) => (one(check.trim()), Some(reason)),
                None => (one(value.trim()), None),
            },
            Self::KubeScore | Self::Polaris | Self::Checkov => (Checks::Of(Vec::new()), None),
        }
    }

    /// The checks of this tool that a rule stands for.
    fn checks_of(self, rule: &'static Rule) -> impl Iterator<Item = &'static str> {
        let named = rule.elsewhere.split("; ").filter_map(|part| part.split_once(' '));
        let own = named.filter(move |(tool, _)| *tool == self.name());
        own.flat_map(|(_, checks)| checks.split(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_understood_in_its_own_words() {
        let accepts = |tool: Tool, key, value| {
            let (rules, reason) = tool.accepts(key, value);
            (rules.iter().map(|rule| rule.id).collect::<Vec<_>>(), reason)
        };
        for (tool, key, value, id, reason) in [
            (
                Tool::KubeLinter,
                "ignore-check.kube-linter.io/host-pid",
                "it looks at them",
                "KR-SEC-003",
                Some("it looks at them"),
            ),
            (Tool::KubeScore, "kube-score/ignore", "a, container-image-tag", "KR-IMG-001", None),
            (Tool::Polaris, "polaris.fairwinds.com/hostPortSet-exempt", "true", "KR-SEC-006", None),
            (Tool::Checkov, "checkov.io/skip1", "CKV_K8S_37=later", "KR-SEC-025", Some("later")),
        ] {
            assert_eq!(accepts(tool, key, value), (vec![id], reason));
        }
        let all = accepts(Tool::KubeLinter, "kube-linter.io/ignore-all", "no").0;
        assert!(all.contains(&"KR-SEC-003") && !all.contains(&"KR-SEC-006"));
        assert!(accepts(Tool::Polaris, "polaris.fairwinds.com/exempt", "true").0.len() > 10);
        for (tool, key, value) in [
            (Tool::Polaris, "polaris.fairwinds.com/hostPortSet-exempt", "false"),
            (Tool::Polaris, "checkov.io/skip1", "true"),
            (Tool::KubeLinter, "ignore-check.kube-linter.io/", "nothing"),
            (Tool::KubeScore, "kube-score/enable", "container-image-tag"),
        ] {
            assert!(accepts(tool, key, value).0.is_empty(), "{key}");
        }
    }
}
