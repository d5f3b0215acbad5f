//! Character classes and escapes: `[a-z]`, `\d`, `\pL`, `[:alpha:]`, `\x{41}`.
//!
//! All are written as ranges with escaped ends, so that no character between brackets has a meaning that Go does not
//! give it (`&&`, `--`, `~~`, `[`). Case folding and the properties of Unicode are resolved here too: the tables of the
//! `regex` crate for them contain so many pointers that the start of the program takes a tenth longer with them.

use std::fmt::Write;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use icu_casemap::CaseMapper;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use icu_properties::{CodePointMapData, PropertyNamesLong, PropertyParser};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The reason why a pattern is rejected.
pub(super) type Fault = String;

pub(super) const TOO_LARGE: &str = "it is too large";

/// The largest number of ranges between brackets. The letters of Unicode are 677.
const MOST_RANGES: usize = 1 << 20;

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
    let mut ranges: Vec<ClassUnicodeRange> = Vec::new();
    let mut first = true;
    // A bracket at the first position is a member.
    while first || !rest.starts_with(']') {
        first = false;
        if ranges.len() > MOST_RANGES {
            return Err(TOO_LARGE.to_owned());
        }
        let group = match named(rest, fold_case, last_close)? {
            None => escaped(rest, fold_case)?,
            group => group,
        };
        if let Some((members, after)) = group {
            ranges.extend(members.iter());
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
        ranges.extend(range(low..=high));
    }
    // Groups in it are folded already, and negated after that: folding them again changes nothing.
    Ok((written(&signed(ClassUnicode::new(ranges), negative, fold_case)), &rest[1..]))
}

/// The pattern for a class.
pub(super) fn written(class: &ClassUnicode) -> String {
    if class.ranges().is_empty() {
        return NOTHING.to_owned();
    }
    let mut text = String::from("[");
    for range in class.iter() {
        push_letter(&mut text, u32::from(range.start()));
        if range.start() < range.end() {
            text.push('-');
            push_letter(&mut text, u32::from(range.end()));
        }
    }
    text.push(']');
    text
}

/// The pattern for a single character.
pub(super) fn letter(letter: u32, fold_case: bool) -> String {
    let class = ClassUnicode::new(range(letter..=letter));
    if fold_case && class.iter().any(|range| range.start().is_alphabetic()) {
        return written(&signed(class, false, true));
    }
    let mut text = String::new();
    push_letter(&mut text, letter);
    text
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
fn named(
    text: &str,
    fold_case: bool,
    last_close: usize,
) -> Result<Option<(ClassUnicode, &str)>, Fault> {
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
        "alnum" => "09AZaz",
        "alpha" => "AZaz",
        "ascii" => "\0\x7F",
        "blank" => "\t\t  ",
        "cntrl" => "\0\x1F\x7F\x7F",
        "digit" => DIGITS,
        "graph" => "!~",
        "lower" => "az",
        "print" => " ~",
        "punct" => "!/:@[`{~",
        "space" => "\t\r  ",
        "upper" => "AZ",
        "word" => WORD,
        "xdigit" => "09AFaf",
        _ => return Err(format!("`[:{name}:]` is not a character class")),
    };
    Ok(Some((signed(pairs(ranges), negative, fold_case), rest)))
}

/// The ranges of `\d`, as pairs of their ends.
const DIGITS: &str = "09";

/// The ranges of `\w`.
const WORD: &str = "09AZ__az";

/// Translates `\d`, `\pL`, `\p{Greek}` and the like at the beginning of `text`.
pub(super) fn escaped(text: &str, fold_case: bool) -> Result<Option<(ClassUnicode, &str)>, Fault> {
    let mut letters = text.chars();
    let (Some('\\'), Some(letter)) = (letters.next(), letters.next()) else {
        return Ok(None);
    };
    // ASCII only, as in Go, where a vertical tab is not a space.
    let ranges = match letter.to_ascii_lowercase() {
        'd' => DIGITS,
        's' => "\t\n\x0C\r  ",
        'w' => WORD,
        'p' => return unicode(text, letter == 'P', fold_case).map(Some),
        _ => return Ok(None),
    };
    let class = signed(pairs(ranges), letter.is_ascii_uppercase(), fold_case);
    Ok(Some((class, letters.as_str())))
}

/// `\pL`, `\p{Lu}`, `\p{^Greek}`; `\P` negates.
fn unicode(text: &str, mut negative: bool, fold_case: bool) -> Result<(ClassUnicode, &str), Fault> {
    let inner = &text[2..];
    let (name, rest) = match inner.strip_prefix('{') {
        Some(braced) => braced.split_once('}').ok_or("a `\\p{` is not closed")?,
        None => inner.split_at(inner.chars().next().map_or(0, char::len_utf8)),
    };
    let whole = &text[..text.len() - rest.len()];
    let plain = name.strip_prefix('^').inspect(|_| negative = !negative).unwrap_or(name);
    let class = property(plain).ok_or_else(|| format!("`{whole}` is not a character class"))?;
    Ok((signed(class, negative, fold_case), rest))
}

/// The characters of Go's class of this name: a category, short or long, or the long name of a script.
fn property(name: &str) -> Option<ClassUnicode> {
    let canonical = canonical(name)?;
    match &*canonical {
        "Any" => return Some(ClassUnicode::new(range(0..=u32::from(char::MAX)))),
        "Ascii" => return Some(pairs("\0\x7F")),
        "Assigned" => {
            let mut class = ClassUnicode::new(group(GeneralCategoryGroup::Unassigned));
            class.negate();
            return Some(class);
        }
        _ => {}
    }
    if let Some(category) = PropertyParser::<GeneralCategoryGroup>::new().get_loose(&canonical) {
        return Some(ClassUnicode::new(group(category)));
    }
    let script = PropertyParser::<Script>::new().get_loose(&canonical)?;
    // Unicode also names scripts by codes of four letters, and has names for no script.
    let long = PropertyNamesLong::<Script>::new().get(script)?;
    let is_long = self::canonical(long).is_some_and(|long| long == canonical);
    let ranges = CodePointMapData::<Script>::new().iter_ranges_for_value(script);
    let class = ClassUnicode::new(ranges.filter_map(range));
    (is_long && script != Script::Unknown && !class.ranges().is_empty()).then_some(class)
}

/// The characters of a group of categories.
fn group(category: GeneralCategoryGroup) -> impl Iterator<Item = ClassUnicodeRange> {
    CodePointMapData::<GeneralCategory>::new().iter_ranges_for_group(category).filter_map(range)
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

/// The class of ranges whose ends stand in pairs.
fn pairs(ends: &str) -> ClassUnicode {
    let mut letters = ends.chars();
    let ranges =
        std::iter::from_fn(|| Some(ClassUnicodeRange::new(letters.next()?, letters.next()?)));
    ClassUnicode::new(ranges)
}

/// A range without the surrogates at its ends, since text contains none; `None` if nothing is left.
fn range(letters: RangeInclusive<u32>) -> Option<ClassUnicodeRange> {
    let low = char::from_u32(*letters.start()).unwrap_or('\u{E000}');
    let high = char::from_u32(*letters.end()).unwrap_or('\u{D7FF}');
    (low <= high).then(|| ClassUnicodeRange::new(low, high))
}

/// A class with all cases of its characters, and negated, as far as that is asked for: as in Go, folded first.
fn signed(mut class: ClassUnicode, negative: bool, fold_case: bool) -> ClassUnicode {
    if fold_case {
        let folded: Vec<_> = class
            .iter()
            .flat_map(|range| {
                let start = OTHER_CASES.partition_point(|&(letter, _)| letter < range.start());
                OTHER_CASES[start..].iter().take_while(|&&(letter, _)| letter <= range.end())
            })
            .map(|&(_, other)| ClassUnicodeRange::new(other, other))
            .collect();
        class.union(&ClassUnicode::new(folded));
    }
    if negative {
        class.negate();
    }
    class
}

/// Each character that has other cases, with each of these, in order: the pairs that Unicode's simple case folding maps
/// to the same character. (Go: `unicode.SimpleFold`.)
static OTHER_CASES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let mapper = CaseMapper::new();
    let mut folded: Vec<(char, char)> = ('\0'..='\u{1FFFF}')
        .map(|letter| (mapper.simple_fold(letter), letter))
        .filter(|(fold, letter)| fold != letter)
        .collect();
    let images: std::collections::BTreeSet<char> = folded.iter().map(|&(fold, _)| fold).collect();
    folded.extend(images.into_iter().map(|fold| (fold, fold)));
    folded.sort_unstable();
    let mut cases: Vec<(char, char)> = folded
        .chunk_by(|(left, _), (right, _)| left == right)
        .flat_map(|orbit| {
            orbit
                .iter()
                .flat_map(|&(_, letter)| orbit.iter().map(move |&(_, other)| (letter, other)))
        })
        .filter(|(letter, other)| letter != other)
        .collect();
    cases.sort_unstable();
    cases
});

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

/// Writes a character so that it is literal between brackets and outside; a surrogate matches nothing.
fn push_letter(output: &mut String, letter: u32) {
    match char::from_u32(letter) {
        Some(letter) if letter.is_ascii_alphanumeric() => output.push(letter),
        // Writing to a string cannot fail.
        Some(_) => drop(write!(output, r"\x{{{letter:X}}}")),
        None => output.push_str(NOTHING),
    }
}

#[cfg(test)]
mod tests {
    use icu_properties::PropertyNamesShort;
    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    /// The class that the `regex` crate makes of a pattern, with its own tables of Unicode.
    fn theirs(pattern: &str) -> ClassUnicode {
        match regex_syntax::parse(pattern).unwrap().into_kind() {
            HirKind::Class(Class::Unicode(class)) => class,
            HirKind::Literal(literal) => pairs(&std::str::from_utf8(&literal.0).unwrap().repeat(2)),
            other => panic!("{pattern}: {other:?}"),
        }
    }

    /// The characters of Unicode 15, the version of Go, except one whose category has changed since. Both tables have
    /// later ones.
    static KNOWN: LazyLock<ClassUnicode> = LazyLock::new(|| theirs(r"[\p{age=15.0}--\x{295}]"));

    fn assert_same(mine: &ClassUnicode, theirs: &ClassUnicode, name: &str) {
        let mut different = mine.clone();
        different.symmetric_difference(theirs);
        different.intersect(&KNOWN);
        assert_eq!(different.ranges(), [], "{name}");
    }

    #[test]
    fn categories_and_scripts_are_those_of_another_table() {
        let short = PropertyNamesShort::<GeneralCategory>::new();
        let long = PropertyNamesLong::<GeneralCategory>::new();
        let categories = (0..30).map(|code| GeneralCategory::try_from(code).unwrap());
        let categories = categories
            .flat_map(|category| [short.get(category).unwrap(), long.get(category).unwrap()]);
        let groups = ["C", "Other", "L", "Letter", "LC", "M", "Mark", "N", "P", "punct", "S", "Z"];
        for name in categories.chain(groups).filter(|&name| name != "Cs" && name != "Surrogate") {
            assert_same(&property(name).unwrap(), &theirs(&format!(r"\p{{gc={name}}}")), name);
        }
        let mut scripts = 0;
        let used = CodePointMapData::<Script>::new().iter_ranges().map(|range| range.value);
        for script in used.collect::<std::collections::BTreeSet<_>>() {
            let name = PropertyNamesLong::<Script>::new().get(script).unwrap();
            // Scripts that only the newer table has.
            let Ok(known) = regex_syntax::parse(&format!(r"\p{{sc={name}}}")) else { continue };
            let HirKind::Class(Class::Unicode(known)) = known.into_kind() else { continue };
            if known.ranges().is_empty() || script == Script::Unknown {
                assert_eq!(property(name), None, "{name}");
            } else {
                assert_same(&property(name).unwrap(), &known, name);
                scripts += 1;
            }
        }
        assert!(scripts > 160, "{scripts}");
    }

    #[test]
    fn cases_are_those_of_another_table() {
        let cased = OTHER_CASES.iter().map(|&(letter, _)| ClassUnicodeRange::new(letter, letter));
        let mut others = ClassUnicode::new(cased);
        let mut cased = others.clone();
        cased.intersect(&KNOWN);
        for letter in cased.iter().flat_map(|range| range.start()..=range.end()) {
            let single = ClassUnicode::new([ClassUnicodeRange::new(letter, letter)]);
            let mut folded = single.clone();
            folded.try_case_fold_simple().unwrap();
            assert_same(&signed(single, false, true), &folded, &letter.to_string());
        }
        others.negate();
        let mut folded = others.clone();
        folded.try_case_fold_simple().unwrap();
        assert_same(&others, &folded, "characters with one case");
    }
}
