//! Words that reviews are made of: kinds and fields of the built-in schema, and those that judgements name. They are no
//! secrets, and to hide them would hide what changed.

use std::ops::Range;

use crate::schema::Schema;

/// Names of roles, resources, verbs, capabilities and settings that judgements name.
const NAMES: &str = include_str!("vocabulary.txt");

/// The longest word, in bytes.
const LONGEST: usize = 64;

/// True if a text is such a word, and nothing else.
pub(super) fn has(text: &str) -> bool {
    text.len() <= LONGEST
        && (Schema::built_in_names().binary_search(&text).is_ok()
            || NAMES.lines().any(|word| word == text))
}

/// True if a part of a text lies within such a word.
pub(super) fn is_around(text: &[u8], range: &Range<usize>) -> bool {
    let is_within = |is_part: fn(&u8) -> bool| {
        let before = text[..range.start].iter().rev().take(LONGEST);
        let start = range.start - before.take_while(|byte| is_part(byte)).count();
        let behind = text[range.end..].iter().take(LONGEST);
        let end = range.end + behind.take_while(|byte| is_part(byte)).count();
        std::str::from_utf8(&text[start..end]).is_ok_and(has)
    };
    range.len() <= LONGEST
        && (is_within(u8::is_ascii_alphanumeric)
            || is_within(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_as_a_whole() {
        for word in [
            "Deployment",
            "ClusterRoleBinding",
            "Kustomization",
            "securityContext",
            "allowPrivilegeEscalation",
            "validationActions",
            "cluster-admin",
            "SYS_ADMIN",
            "impersonate",
        ] {
            assert!(has(word), "{word}");
            assert!(!has(&word[1..]) && !has(&format!("{word}9")), "{word}");
            assert!(is_around(word.as_bytes(), &(1..word.len() - 1)), "{word}");
            assert!(is_around(format!("a.{word}: x").as_bytes(), &(3..5)), "{word}");
            assert!(!is_around(format!("{word} x").as_bytes(), &(0..word.len() + 2)), "{word}");
        }
        assert!(!has("") && !has("deployMent"));
    }
}
