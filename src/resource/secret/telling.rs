//! Judges how telling a value is: where it can be searched for without hiding words that only look like it.

use std::str;

use super::vocabulary;

/// The places in which a value is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Telling {
    /// Only in its Secret: it is too short, a common word, or a word of reviews.
    Never,
    /// In text where it is the whole of it, or what is assigned in it.
    Alone,
    /// Between other characters than letters and digits, except in names of objects.
    Phrase,
    /// Between other characters than letters and digits.
    Word,
    /// Anywhere.
    Anywhere,
}

/// Words that stand in many manifests and in lists of passwords: to hide them would reveal them.
const WORDS: &str = include_str!("words.txt");

/// The shortest value that is searched for, in bytes.
pub(super) const SHORTEST: usize = 4;
/// The shortest value that is searched for within text.
pub(super) const SHORTEST_WORD: usize = 6;
/// The shortest value that is searched for within words.
const SHORTEST_PART: usize = 8;
/// The shortest number that is searched for, and the shortest one within other digits.
const NUMBERS: [usize; 2] = [6, 12];

/// Judges a value. `is_named` is true if its key says that it is secret.
pub(super) fn telling(value: &[u8], is_named: bool) -> Telling {
    let Ok(text) = str::from_utf8(value) else {
        return if value.len() < SHORTEST_PART { Telling::Never } else { Telling::Anywhere };
    };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() < SHORTEST
        || is_number && text.len() < NUMBERS[0]
        || is_known(text)
        || vocabulary::has(text)
    {
        return Telling::Never;
    }
    match text.len() {
        0..SHORTEST_WORD => Telling::Alone,
        _ if is_number && text.len() < NUMBERS[1] => Telling::Word,
        _ if !is_number && is_plain(text) => match is_named {
            true => Telling::Phrase,
            false => Telling::Alone,
        },
        SHORTEST_WORD..SHORTEST_PART => Telling::Word,
        _ => Telling::Anywhere,
    }
}

/// True for a piece of a value that looks like a secret by itself: other pieces are names, hosts and words, which texts
/// have in common that share no secret.
pub(super) fn is_random(piece: &str) -> bool {
    telling(piece.as_bytes(), false) >= Telling::Word
        && !piece.bytes().all(|byte| byte.is_ascii_digit())
        && !are_plain(&piece.to_ascii_lowercase(), true)
        && !are_joined_words(piece)
}

/// True for words that begin with capitals, or consist of them: `MyShop`, `HTTPServer`, `MAX_SIZE`.
fn are_joined_words(text: &str) -> bool {
    /// The fewest letters of a word on average.
    const FEW: usize = 3;
    let letters: Vec<char> = text.chars().collect();
    let is_inside = |letter: &char| letter.is_alphabetic() || matches!(letter, '-' | '_' | '.');
    if !letters.iter().all(is_inside) {
        return false;
    }
    let is_break = |at: usize| {
        let [before, letter] = [letters[at - 1], letters[at]];
        let next = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        letter.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && next)
    };
    let mut words: Vec<String> = vec![String::new()];
    for (at, &letter) in letters.iter().enumerate() {
        if at > 0 && (is_break(at) || !letter.is_alphabetic()) {
            words.push(String::new());
        }
        if letter.is_alphabetic() {
            words.last_mut().into_iter().for_each(|word| word.extend(letter.to_lowercase()));
        }
    }
    words.retain(|word| !word.is_empty());
    let count: usize = words.iter().map(|word| word.chars().count()).sum();
    words.iter().all(|word| is_word(word)) && words.len() * FEW <= count
}

fn is_known(text: &str) -> bool {
    const LONGEST: usize = 13;
    text.len() <= LONGEST && WORDS.lines().any(|word| word.eq_ignore_ascii_case(text))
}

/// True for text like a name, a host, a version or a path: words of small letters and short numbers.
fn is_plain(text: &str) -> bool {
    are_plain(text, false)
}

/// As [`is_plain`]; `is_part` is true for a part of such a text.
fn are_plain(text: &str, is_part: bool) -> bool {
    const LONGEST: usize = 64;
    /// Most words with letters and digits, such as `eu1` or `k8s`.
    const MOST_MIXED: usize = 2;
    let is_separator = |byte: u8| b"-._/:@, ".contains(&byte);
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_separator(byte);
    if text.len() >= LONGEST || !text.bytes().all(is_allowed) {
        return false;
    }
    let parts = || {
        let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        parts.filter(|part| !part.is_empty())
    };
    let are_several = is_part || parts().nth(1).is_some();
    let mut mixed = 0;
    parts().all(|part| {
        let letters = part.bytes().filter(u8::is_ascii_lowercase).count();
        match part.len() - letters {
            0 => is_word(part),
            digits if letters == 0 => digits <= 4,
            digits => {
                mixed += 1;
                let ends = part.bytes().rev().take_while(u8::is_ascii_digit).count();
                let is_numbered = ends == digits && digits <= 2 && letters >= 3;
                are_several && mixed <= MOST_MIXED && (part.len() <= 4 || is_numbered)
            }
        }
    })
}

/// True for small letters that can be spoken, or abbreviate something.
fn is_word(letters: &str) -> bool {
    const LONGEST: usize = 15;
    /// Words of fewer letters are often abbreviations without vowels.
    const SHORT: usize = 8;
    const MOST_CONSONANTS: usize = 4;
    let longest = letters.split(['a', 'e', 'i', 'o', 'u', 'y']).map(str::len).max();
    letters.len() <= LONGEST && (letters.len() < SHORT || longest <= Some(MOST_CONSONANTS))
}

/// True if a key says that its value is secret.
#[must_use]
pub fn says_secret(key: &str) -> bool {
    const PARTS: [&str; 9] =
        ["pass", "pwd", "secret", "token", "apikey", "api_key", "api-key", "private", "credential"];
    let key = key.to_ascii_lowercase();
    PARTS.iter().any(|part| key.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_known_by_what_they_are_like() {
        use Telling::{Alone, Anywhere, Never, Phrase, Word};
        for (value, expected) in [
            ("true", Never),
            ("Admin", Never),
            ("abc", Never),
            ("5432", Never),
            ("securityContext", Never),
            ("securitycontext", Alone),
            ("Deployment", Never),
            ("cluster-admin", Never),
            ("s3cr", Alone),
            ("frontend", Alone),
            ("us-east-1", Alone),
            ("db-0.shop.svc.cluster.local:5432", Alone),
            ("https://shop.example.com/v2/a", Alone),
            ("10.0.0.1", Alone),
            ("123456", Word),
            ("123456789012", Anywhere),
            ("hunter2", Word),
            ("hunter22", Anywhere),
            ("ERRSEKRIT", Anywhere),
            ("a!b@c#d$", Anywhere),
            ("qwmzkxjvbphd", Anywhere),
            ("correcthorsebatterystaple", Anywhere),
            ("550e8400-e29b-41d4-a716-446655440000", Anywhere),
            ("pässwörter", Anywhere),
        ] {
            assert_eq!(telling(value.as_bytes(), false), expected, "{value}");
        }
        for (piece, expected) in [
            ("Zq91AxW7qkPv2mN", true),
            ("550e8400", true),
            ("qwmzkxjvbphd", true),
            ("XkQzWvBnMp", true),
            ("kR7pqZt", true),
            ("123456789012", false),
            ("myregistry1", false),
            ("eu-west-1", false),
            ("TLSv1.2", false),
            ("MyRepo", false),
            ("DefaultEndpointsProtocol", false),
            ("MAX_POOL_SIZE", false),
            ("HTTPServer", false),
            ("Zq91", false),
        ] {
            assert_eq!(is_random(piece), expected, "{piece}");
        }
        assert_eq!(telling(b"super-secret-value", true), Phrase);
        assert_eq!(telling(b"password", true), Never);
        assert_eq!(telling(b"\xff\xfe\xfd", true), Never);
        assert_eq!(telling(b"\xff\xfe\xfd1234567", false), Anywhere);
    }
}
