//! Character classes and escapes: `[a-z]`, `\d`, `\pL`, `[:alpha:]`, `\x{41}`.
//!
//! All are written as ranges with escaped ends, so that no character between brackets has a meaning that Go does not
//! give it (`&&`, `--`, `~~`, `[`).

use std::fmt::Write;

/// The reason why a pattern is rejected.
pub(super) type Fault = String;

/// A class that matches no character.
const NOTHING: &str = r"[^\x{0}-\x{10FFFF}]";

/// Translates the bracketed class at the beginning of `text`; also returns the rest. The last `:]` of the pattern is
/// `last_close` bytes before its end.
pub(super) fn bracketed(
    text: &str,
    fold_case: bool,
    last_close: usize,
) -> Result<(String, &str), Fault> {
    let inner = &text[1..];
    let (negative, mut rest) = inner.strip_prefix('^').map_or((false, inner), |rest| (true, rest));
    let mut items = String::new();
    let mut first = true;
    // A bracket at the first position is a member.
    while first || !rest.starts_with(']') {
        first = false;
        let group = match named(rest, last_close)? {
            None => escaped(rest)?,
            group => group,
        };
        if let Some((item, after)) = group {
            items.push_str(&item);
            rest = after;
            continue;
        }
        let start = rest;
        let low;
        (low, rest) = member(rest)?;
        let mut high = low;
        // A hyphen before the closing bracket is a member.
        if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
            (high, rest) = member(&rest[1..])?;
            if high < low {
                return Err(format!(
                    "`{}` ends before it begins",
                    &start[..start.len() - rest.len()]
                ));
            }
        }
        push_range(&mut items, low, high);
    }
    let body = match (items.is_empty(), negative) {
        (true, false) => NOTHING.to_owned(),
        (true, true) => "(?s:.)".to_owned(),
        (false, false) => format!("[{items}]"),
        (false, true) => format!("[^{items}]"),
    };
    let folded = if fold_case { format!("(?i:{body})") } else { body };
    Ok((folded, &rest[1..]))
}

/// One character of a class, plain or escaped.
fn member(text: &str) -> Result<(u32, &str), Fault> {
    match text.chars().next() {
        None => Err("a `[` is not closed".to_owned()),
        Some('\\') => escaped_letter(text),
        Some(letter) => Ok((u32::from(letter), &text[letter.len_utf8()..])),
    }
}

/// `[:alpha:]` and `[:^alpha:]`, between brackets. Without a later `:]`, the `[:` is two members.
fn named(text: &str, last_close: usize) -> Result<Option<(String, &str)>, Fault> {
    // Checked first, so that a pattern full of `[:` is not searched to its end for each.
    if text.len() < last_close + 2 {
        return Ok(None);
    }
    let Some((name, rest)) = text.strip_prefix("[:").and_then(|inner| inner.split_once(":]"))
    else {
        return Ok(None);
    };
    let (negative, plain) = name.strip_prefix('^').map_or((false, name), |plain| (true, plain));
    let ranges = match plain {
        "alnum" => "0-9A-Za-z",
        "alpha" => "A-Za-z",
        "ascii" => r"\x00-\x7F",
        "blank" => r"\x09\x20",
        "cntrl" => r"\x00-\x1F\x7F",
        "digit" => "0-9",
        "graph" => r"\x21-\x7E",
        "lower" => "a-z",
        "print" => r"\x20-\x7E",
        "punct" => r"\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E",
        "space" => r"\x09-\x0D\x20",
        "upper" => "A-Z",
        "word" => "0-9A-Z_a-z",
        "xdigit" => "0-9A-Fa-f",
        _ => return Err(format!("`[:{name}:]` is not a character class")),
    };
    Ok(Some((signed(ranges, negative), rest)))
}

/// Translates `\d`, `\pL`, `\p{Greek}` and the like at the beginning of `text` to the content of a bracketed class.
pub(super) fn escaped(text: &str) -> Result<Option<(String, &str)>, Fault> {
    let mut letters = text.chars();
    let (Some('\\'), Some(letter)) = (letters.next(), letters.next()) else {
        return Ok(None);
    };
    // ASCII only, as in Go, where a vertical tab is not a space.
    let ranges = match letter.to_ascii_lowercase() {
        'd' => "0-9",
        's' => r"\x09\x0A\x0C\x0D\x20",
        'w' => "0-9A-Z_a-z",
        'p' => return unicode(text, letter == 'P').map(Some),
        _ => return Ok(None),
    };
    Ok(Some((signed(ranges, letter.is_ascii_uppercase()), letters.as_str())))
}

fn signed(ranges: &str, negative: bool) -> String {
    if negative { format!("[^{ranges}]") } else { ranges.to_owned() }
}

/// `\pL`, `\p{Lu}`, `\p{^Greek}`; `\P` negates.
fn unicode(text: &str, mut negative: bool) -> Result<(String, &str), Fault> {
    let inner = &text[2..];
    let (name, rest) = match inner.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or("a `\\p{` is not closed")?,
        None => inner.split_at(inner.chars().next().map_or(0, char::len_utf8)),
    };
    let whole = &text[..text.len() - rest.len()];
    let plain = name.strip_prefix('^').inspect(|_| negative = !negative).unwrap_or(name);
    let property = property(plain).ok_or_else(|| format!("`{whole}` is not a character class"))?;
    let class = match (property.as_str(), negative) {
        // Text contains no surrogates.
        ("gc=Cs" | "gc=Surrogate", false) => NOTHING.to_owned(),
        ("gc=Cs" | "gc=Surrogate", true) => r"\x{0}-\x{10FFFF}".to_owned(),
        (property, false) => format!(r"\p{{{property}}}"),
        (property, true) => format!(r"\P{{{property}}}"),
    };
    Ok((class, rest))
}

/// The Unicode property for Go's name of a class: a category, short or long, or the long name of a script.
fn property(name: &str) -> Option<String> {
    let canonical = canonical(name)?;
    if let Some(special) =
        ["Any", "Assigned", "Ascii"].into_iter().find(|&special| special == canonical)
    {
        return Some(special.to_owned());
    }
    if CATEGORIES.split(' ').any(|category| category == canonical) {
        return Some(format!("gc={canonical}"));
    }
    // The regex crate also accepts the codes of scripts, all of four letters, and any name after `is`.
    let code = canonical.len() == 4 && !FOUR_LETTER_SCRIPTS.contains(&&*canonical);
    (canonical.len() > 1 && !code && !canonical.starts_with("Is"))
        .then(|| format!("sc={canonical}"))
}

/// A name in the form that Go compares: without blanks, hyphens and underscores, the first letter upper case, the
/// others lower case.
fn canonical(name: &str) -> Option<String> {
    let mut canonical = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '_' | '-' | ' ' => {}
            _ if !letter.is_ascii_alphanumeric() => return None,
            _ if canonical.is_empty() => canonical.push(letter.to_ascii_uppercase()),
            _ => canonical.push(letter.to_ascii_lowercase()),
        }
    }
    Some(canonical)
}

/// The categories of Unicode by their short and long names, in canonical form.
const CATEGORIES: &str = "\
    C Casedletter Cc Cf Closepunctuation Cn Cntrl Co Combiningmark Connectorpunctuation Control Cs \
    Currencysymbol Dashpunctuation Decimalnumber Digit Enclosingmark Finalpunctuation Format Initialpunctuation \
    L Lc Letter Letternumber Lineseparator Ll Lm Lo Lowercaseletter Lt Lu M Mark Mathsymbol Mc Me Mn \
    Modifierletter Modifiersymbol N Nd Nl No Nonspacingmark Number Openpunctuation Other Otherletter Othernumber \
    Otherpunctuation Othersymbol P Paragraphseparator Pc Pd Pe Pf Pi Po Privateuse Ps Punct Punctuation S Sc \
    Separator Sk Sm So Spaceseparator Spacingmark Surrogate Symbol Titlecaseletter Unassigned Uppercaseletter Z \
    Zl Zp Zs";

/// Scripts whose names are as short as the codes of others.
const FOUR_LETTER_SCRIPTS: [&str; 9] =
    ["Ahom", "Cham", "Kawi", "Lisu", "Miao", "Modi", "Newa", "Thai", "Toto"];

/// The character for an escape: `\n`, `\.`, `\x41`, `\x{1F600}`, `\101`. Surrogates are returned as they are.
pub(super) fn escaped_letter(text: &str) -> Result<(u32, &str), Fault> {
    let after = &text[1..];
    let Some(letter) = after.chars().next() else {
        return Err("it ends in a backslash".to_owned());
    };
    let rest = &after[letter.len_utf8()..];
    let is_octal = |byte: &u8| matches!(byte, b'0'..=b'7');
    let simple = |letter: char| Some((u32::from(letter), rest));
    let found = match letter {
        // A single digit except zero would be a backreference.
        '1'..='7' if !rest.as_bytes().first().is_some_and(is_octal) => None,
        '0'..='7' => {
            let length = after.bytes().take(3).take_while(is_octal).count();
            u32::from_str_radix(&after[..length], 8).ok().map(|letter| (letter, &after[length..]))
        }
        'x' => hexadecimal(rest),
        'a' => simple('\x07'),
        'f' => simple('\x0C'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\x0B'),
        // Escaped punctuation is always literal.
        _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => simple(letter),
        _ => None,
    };
    found.ok_or_else(|| format!("`\\{letter}` is not a valid escape"))
}

/// Two digits, or any number in braces.
fn hexadecimal(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at_checked(2)?,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let number =
        if significant.is_empty() { 0 } else { u32::from_str_radix(significant, 16).ok()? };
    (number <= u32::from(char::MAX)).then_some((number, rest))
}

/// Writes a range; surrogates at its ends are left out, since text contains none.
fn push_range(items: &mut String, low: u32, high: u32) {
    let is_surrogate = |letter| matches!(letter, 0xD800..=0xDFFF);
    let low = if is_surrogate(low) { 0xE000 } else { low };
    let high = if is_surrogate(high) { 0xD7FF } else { high };
    if low < high {
        push_letter(items, low);
        items.push('-');
    }
    if low <= high {
        push_letter(items, high);
    }
}

/// Writes a character so that it is literal between brackets and outside; a surrogate matches nothing.
pub(super) fn push_letter(output: &mut String, letter: u32) {
    match char::from_u32(letter) {
        Some(letter) if letter.is_ascii_alphanumeric() => output.push(letter),
        // Writing to a string cannot fail.
        Some(_) => drop(write!(output, r"\x{{{letter:X}}}")),
        None => output.push_str(NOTHING),
    }
}
