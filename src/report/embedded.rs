//! Pages that need no other file, and load nothing.
//!
//! A page is a template with contents. Its style and its script are fixed texts, which its content policy names by their
//! digests; the policy allows nothing else. Data is embedded as JSON, of which no part can be markup.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use crate::load::Digest;
use crate::text::escape::{as_go_json, json_text, visible};

/// Style that all pages have: colours for light and dark, and the font.
const BASE: &str = include_str!("embedded/base.css");

/// The fixed parts of a page.
pub(super) struct Frame {
    /// The page, in which `{POLICY}`, `{STYLE}`, `{SCRIPT}` and other names in upper case stand for contents.
    pub(super) template: &'static str,
    /// Its style besides the common one.
    pub(super) style: &'static str,
    /// Its script; empty if it has none.
    pub(super) script: &'static str,
}

impl Frame {
    /// The page with these contents, each for `{NAME}` in the template. Contents are copied as they are: text of input
    /// must be escaped before, by [`markup`] or [`json`].
    pub(super) fn filled(&self, contents: &[(&str, &str)]) -> String {
        // Browsers take digests of texts with line breaks as here, also if a checkout has others.
        let style = [BASE, self.style].concat().replace("\r\n", "\n");
        let script = self.script.replace("\r\n", "\n");
        let policy = policy(&style, &script);
        let own = [("POLICY", &*policy), ("STYLE", &*style), ("SCRIPT", &*script)];
        let content = |name: &str| {
            own.iter().chain(contents).find(|(known, _)| *known == name).map(|(_, text)| *text)
        };
        let length: usize = own.iter().chain(contents).map(|(_, text)| text.len()).sum();
        let mut page = String::with_capacity(self.template.len() + length);
        let mut rest = self.template;
        while let Some((before, behind)) = rest.split_once('{') {
            page.push_str(before);
            let found = behind.split_once('}');
            match found.and_then(|(name, after)| Some((content(name)?, after))) {
                Some((text, after)) => {
                    page.push_str(text);
                    rest = after;
                }
                None => {
                    page.push('{');
                    rest = behind;
                }
            }
        }
        page.push_str(rest);
        page
    }
}

/// The policy that allows this style and this script only.
fn policy(style: &str, script: &str) -> String {
    let digest = |text: &str| BASE64_STANDARD.encode(Digest::of(text).as_bytes());
    let script = match script {
        "" => String::new(),
        script => format!("script-src 'sha256-{}'; ", digest(script)),
    };
    let style = digest(style);
    format!(
        "default-src 'none'; {script}style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    )
}

/// Data as JSON for a script element: without `<`, `>` and `&`, and without invisible characters.
pub(super) fn json(data: &impl Serialize) -> String {
    // Text, numbers and lists can always be written as JSON.
    as_go_json(json_text(&serde_json::to_string(data).unwrap_or_default()))
}

/// Text of input for a page: invisible characters are made visible, and none is markup.
pub(super) fn markup(text: &str) -> String {
    escaped(&visible(text))
}

/// Lines of text without invisible characters for a page: none is markup.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_no_templates() {
        let frame = Frame { template: "{POLICY}|{A}{ {B}}|{STYLE}", style: "b{}", script: "" };
        let page = frame.filled(&[("A", "{B}{STYLE}"), ("B", "b")]);
        let (policy, rest) = page.split_once('|').unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert_eq!(rest, format!("{{B}}{{STYLE}}{{ b}}|{BASE}b{{}}"));
    }

    #[test]
    fn no_text_can_end_an_element() {
        let text = "</script><!--<script>\u{2028}\u{202e}&\"'";
        let json = json(&[text]);
        assert!(!json.contains(['<', '>', '&', '\u{2028}', '\u{202e}']), "{json}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap_or_default(), [text]);
        assert_eq!(
            markup(text),
            "&lt;/script&gt;&lt;!--&lt;script&gt;\\u{2028}\\u{202e}&amp;&quot;&#39;"
        );
    }
}
