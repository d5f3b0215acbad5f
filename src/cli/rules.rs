//! `krender rules` lists the rules, `krender explain` describes one.

use std::fmt::Write;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{own_rules, terminal};
use crate::error::{Code, Error, Result};
use crate::harden::{
    Example, Level, OwnRule, Profile, Rule, RuleRef, Scope, Settings, meant, rules,
};
use crate::load::Loader;
use crate::text::escape::visible;

/// List the rules of `krender check` and `krender lint`
#[derive(Args)]
pub(super) struct Rules {
    /// List only the rules of a profile
    #[arg(long, value_name = "PROFILE[@VERSION]")]
    profile: Option<Profile>,

    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: RulesForm,

    /// Configuration file with further rules
    /// [default: the nearest `.krender.yaml` between the working directory and the top of the repository]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,

    /// Test the examples of the configuration's rules: fail if a bad example passes, a good one does not, or `match` selects no
    /// object of one
    #[arg(long)]
    test: bool,
}

/// Explain a rule: its condition, the reason, and how to comply
///
/// The rule may be named as other tools name it, such as `CKV_K8S_19` or `latest-tag`.
#[derive(Args)]
pub(super) struct Explain {
    /// Id or name of the rule, or the name of its equivalent in another tool
    #[arg(value_name = "RULE")]
    rule: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum RulesForm {
    /// One line per rule
    Text,
    /// One JSON document with all details
    Json,
    /// A Markdown page with all details
    Markdown,
}

impl Rules {
    /// Prints the list, or tests the rules of the configuration.
    pub(super) fn run(&self, loader: &Loader) -> Result<()> {
        let settings = own_rules::settings(self.config.as_deref(), loader)?;
        if self.test {
            if !matches!(self.format, RulesForm::Text) {
                let message = "`--test` cannot be used with another `--format` than `text`";
                return Err(
                    Error::new(Code::InvalidArgument, message).help("omit one of the flags")
                );
            }
            return super::print(&own_rules::tested(&settings, loader)?);
        }
        let is_listed = |rule: &&Rule| self.profile.is_none_or(|profile| profile.has(&rule.scope));
        let rules: Vec<&Rule> = rules().filter(is_listed).collect();
        let text = match self.format {
            RulesForm::Text => {
                let lines = rules.iter().map(|rule| line(&RuleRef::Known(rule)));
                lines.chain(own(&settings).map(|rule| line(&rule))).collect()
            }
            RulesForm::Json => {
                let known = rules.iter().map(|rule| as_json(rule));
                let all = known.chain(settings.own.iter().map(|rule| own_as_json(rule)));
                Value::from(all.collect::<Vec<_>>()).to_string() + "\n"
            }
            RulesForm::Markdown => page(&rules),
        };
        super::print(&text)
    }
}

impl Explain {
    /// Prints the details of the rule. If a check of another tool is several rules, prints a line for each.
    pub(super) fn run(&self) -> Result<()> {
        let name = &self.rule;
        let known = match meant(name) {
            Ok(known) => known,
            // The configuration may have it.
            Err(error) => {
                let own = own_rules::named(name).map_err(|_| error)?;
                return super::print(&own_rules::explained(&own));
            }
        };
        let text = match &*known {
            [(rule, None)] => explained(rule, terminal::width().min(WIDEST)),
            [(rule, Some(tool))] => {
                let same = format!("`{}` of {}: {}\n\n", visible(name), tool.name(), rule.title());
                same + &explained(rule, terminal::width().min(WIDEST))
            }
            many => {
                let count = many.len();
                let mut text = format!("`{}` stands for {count} rules:\n\n", visible(name));
                text.extend(many.iter().map(|(rule, _)| line(&RuleRef::Known(rule))));
                text + "\nFor details of one: `krender explain RULE`\n"
            }
        };
        super::print(&text)
    }
}

/// The rules of the configuration.
fn own(settings: &Settings) -> impl Iterator<Item = RuleRef> {
    settings.own.iter().map(|rule| RuleRef::Own(Arc::clone(rule)))
}

fn line(rule: &RuleRef) -> String {
    let (severity, name) = (rule.severity().as_str(), rule.name());
    format!("{}  {severity:<8} {name:<26} {}\n", rule.id(), rule.summary())
}

fn own_as_json(rule: &OwnRule) -> Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.as_str(),
        "profiles": "all",
        "summary": rule.summary,
        "why": rule.why,
        "condition": rule.condition(),
        "advice": rule.advice,
        "fixes": [],
        "own": true,
    })
}

fn as_json(rule: &Rule) -> Value {
    let fixes: Vec<Value> =
        rule.fixes().map(|(class, text)| json!({"class": class.as_str(), "does": text})).collect();
    json!({
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.as_str(),
        "securitySeverity": rule.score.map(|score| score.to_string()),
        "profiles": profiles(rule),
        "summary": rule.summary(),
        "why": rule.why(),
        "condition": rule.condition(),
        "fixes": fixes,
        "leadsTo": rule.follow_ups().map(|(id, _)| id).collect::<Vec<_>>(),
        "advice": rule.advice(),
        "elsewhere": rule.elsewhere(),
    })
}

/// The profiles that contain a rule, as text.
fn profiles(rule: &Rule) -> String {
    let check = match rule.scope {
        Scope::Recommended => return "recommended, paranoid".to_owned(),
        Scope::Paranoid => return "paranoid".to_owned(),
        Scope::Always => return "all".to_owned(),
        Scope::Named => return "none".to_owned(),
        Scope::PodSecurity(check) => check,
    };
    let since = match check.since {
        0 => String::new(),
        minor => format!(" from v1.{minor} on"),
    };
    let name = check.check;
    match (check.level, check.replaced) {
        (Level::Restricted, _) => {
            format!("restricted{since}, recommended, paranoid (Pod Security: {name})")
        }
        (Level::Baseline, None) => {
            format!("baseline{since}, restricted, recommended, paranoid (Pod Security: {name})")
        }
        (Level::Baseline, Some(0)) => format!(
            "baseline{since}; replaced by a stricter rule in the others (Pod Security: {name})"
        ),
        (Level::Baseline, Some(minor)) => format!(
            "baseline{since}; from v1.{minor} on replaced by a stricter rule in the others (Pod Security: {name})"
        ),
    }
}

/// Maximum line length for readability, also on wider terminals.
const WIDEST: usize = 100;

/// The details of a rule, for a terminal.
fn explained(rule: &Rule, width: usize) -> String {
    let paragraph = |indent, text: &str| wrapped(indent, text, width) + "\n";
    let title = format!("{} {}: {}", rule.id, rule.name, rule.summary());
    let mut out = paragraph("", &title);
    let _ = write!(out, "Severity: {}", rule.severity);
    if let Some(score) = rule.score {
        let _ = write!(out, " ({score} of 10 for security)");
    }
    out.push('\n');
    out += &paragraph("", &format!("Profiles: {}", profiles(rule)));
    out += &paragraph("", rule.why());
    for (title, text) in [("Violated when", rule.condition()), ("What to do", rule.advice())] {
        let _ = write!(out, "{title}\n{}", paragraph("  ", text));
    }
    if rule.fixes().next().is_some() {
        out.push_str("Fixes\n");
        for (class, text) in rule.fixes() {
            out += &wrapped("  ", &format!("{}: {text}", class.as_str()), width);
        }
        out.push('\n');
    }
    if rule.follow_ups().next().is_some() {
        out.push_str("Leads to\n");
        for (id, reason) in rule.follow_ups() {
            out += &wrapped("  ", &format!("{id}: {reason}"), width);
        }
        out.push('\n');
    }
    if let Some(Example { bad, good }) = rule.example() {
        let _ = write!(out, "Bad\n{}\nGood\n{}\n", indented(bad), indented(good));
    }
    if !rule.elsewhere().is_empty() {
        let _ = write!(out, "Other tools\n{}", wrapped("  ", &rule.elsewhere(), width));
    }
    out
}

/// Text wrapped to this width; longer words are not broken.
fn wrapped(indent: &str, text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            let _ = writeln!(out, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    let _ = writeln!(out, "{indent}{line}");
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// The rules as a Markdown page.
fn page(rules: &[&Rule]) -> String {
    let mut out = String::from(
        "# Rules\n\nThe rules of `krender check`, (`KR-KUS`) of `krender lint`, and (`KR-DIF`) of `krender diff`. This page is the output of `krender rules --format markdown`.\n\n| Rule | Severity | Requirement |\n|---|---|---|\n",
    );
    for rule in rules {
        let anchor = format!("{}-{}", rule.id.to_lowercase(), rule.name);
        let _ = writeln!(
            out,
            "| [{} {}](#{anchor}) | {} | {} |",
            rule.id,
            rule.name,
            rule.severity,
            rule.summary()
        );
    }
    for rule in rules {
        section(rule, &mut out);
    }
    out
}

fn section(rule: &Rule, out: &mut String) {
    let _ = write!(out, "\n## {} {}\n\n{} {}\n\n", rule.id, rule.name, rule.summary(), rule.why());
    let _ = writeln!(out, "- **Violated when:** {}", rule.condition());
    let _ = writeln!(out, "- **What to do:** {}.", rule.advice());
    for (class, text) in rule.fixes() {
        let _ = writeln!(out, "- **Fix ({}):** {text}.", class.as_str());
    }
    for (id, reason) in rule.follow_ups() {
        let _ = writeln!(out, "- **The fix may lead to {id}:** {reason}.");
    }
    let _ = writeln!(out, "- **Severity:** {}", rule.severity);
    let _ = writeln!(out, "- **Profiles:** {}", profiles(rule));
    if !rule.elsewhere().is_empty() {
        let _ = writeln!(out, "- **Other tools:** {}", rule.elsewhere());
    }
    if let Some(Example { bad, good }) = rule.example() {
        let language = if rule.is_of_dockerfiles() { "dockerfile" } else { "yaml" };
        for (title, text) in [("bad", bad), ("good", good)] {
            let _ = write!(out, "\n```{language}\n# {title}\n{text}```\n");
        }
    }
}
