//! Values within lines of files of known formats: list items and flow collections of YAML, comments behind values, words
//! behind a keyword as in netrc, fields of pgpass, and elements of XML.

use super::telling::says_secret;

/// The values within a line, each with true if its key says that it is secret.
pub(super) fn values(line: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    items(line, &mut found);
    words(line, &mut found);
    found.extend(last_field(line).map(|field| (field, true)));
    elements(line, &mut found);
    found.retain(|(value, _)| !value.is_empty() && *value != line);
    found
}

/// A value without a comment or another command behind it, or the end of a flow collection. `None` if it has neither.
pub(super) fn bare(value: &str) -> Option<&str> {
    let bare = match quoted(value) {
        Some(text) => text,
        None => {
            let marks = [" #", "\t#", " //", " ;", "; ", " && ", " || ", " | "];
            let end = marks.iter().filter_map(|mark| value.find(mark)).min();
            let text = &value[..end.unwrap_or(value.len())];
            let text =
                if text.contains(['{', '[']) { text } else { text.trim_end_matches(['}', ']']) };
            text.trim_end()
        }
    };
    Some(bare).filter(|bare| bare.len() < value.len() && !bare.is_empty())
}

/// The text between quotes with which a value begins: a quote in it is doubled, or has a backslash before it.
fn quoted(value: &str) -> Option<&str> {
    let quote = *value.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let bytes = value.as_bytes();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return value.get(1..at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Adds the item of a list, or the parts of a flow collection.
fn items<'a>(line: &'a str, found: &mut Vec<(&'a str, bool)>) {
    found.extend(line.strip_prefix("- ").map(|item| (item.trim(), false)));
    found.extend(quoted(line).map(|text| (text, false)));
    if !line.starts_with(['{', '[']) {
        return;
    }
    let (mut start, mut quote, mut last) = (0, None, ',');
    for (at, letter) in line.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'') && matches!(last, ',' | '{' | '[' | ':') => {
                quote = Some(letter);
            }
            None if matches!(letter, ',' | '{' | '}' | '[' | ']') => {
                item(&line[start..at], found);
                start = at + 1;
            }
            None => {}
        }
        if !letter.is_whitespace() {
            last = letter;
        }
    }
    item(&line[start..], found);
}

/// Adds a part of a flow collection. Behind a key in quotes there may be no blank.
fn item<'a>(item: &'a str, found: &mut Vec<(&'a str, bool)>) {
    let item = item.trim();
    match item.split_once("\":").filter(|_| item.starts_with('"')) {
        Some((key, value)) => {
            let value = value.trim();
            found.push((quoted(value).unwrap_or(value), says_secret(key)));
        }
        None => found.push((item, false)),
    }
}

/// Adds each word behind a keyword: `Bearer TOKEN`, `login USER password WORD`, `requirepass WORD`, `identified by 'WORD'`.
fn words<'a>(line: &'a str, found: &mut Vec<(&'a str, bool)>) {
    let is_pair = line.split_whitespace().nth(2).is_none();
    let mut is_behind = false;
    for word in line.split_whitespace() {
        if word.bytes().all(|byte| byte.is_ascii_punctuation()) {
            continue;
        }
        if is_behind && word.eq_ignore_ascii_case("by") {
            continue;
        }
        if is_behind {
            let word = word.trim_matches(['"', '\'', '`', ',', ';', '(', ')', '$']);
            found.push((word, is_pair));
        }
        is_behind = is_keyword(word);
    }
}

/// True for a name of a password, or of a scheme of authentication.
fn is_keyword(word: &str) -> bool {
    const LONGEST: usize = 48;
    let word = word.trim_matches(['"', '\'', '`', ':']);
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if word.is_empty() || word.len() > LONGEST || !word.bytes().all(is_letter) {
        return false;
    }
    let scheme = word.to_ascii_lowercase();
    let is_scheme = matches!(
        &*scheme,
        "bearer"
            | "basic"
            | "digest"
            | "negotiate"
            | "splunk"
            | "auth"
            | "masterauth"
            | "identified"
    );
    is_scheme || says_secret(&scheme)
}

/// The password in a line of pgpass: `host:port:database:user:password`.
fn last_field(line: &str) -> Option<&str> {
    const FIELDS: usize = 4;
    let mut colons = [0; FIELDS];
    let (mut count, mut is_escaped) = (0, false);
    for (at, byte) in line.bytes().enumerate() {
        if is_escaped {
            is_escaped = false;
        } else if byte == b'\\' {
            is_escaped = true;
        } else if byte == b':' {
            *colons.get_mut(count)? = at;
            count += 1;
            if count == FIELDS {
                break;
            }
        }
    }
    let port = line.get(colons[0] + 1..colons[1]).filter(|_| count == FIELDS)?;
    let is_port = port == "*" || !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    line.get(colons[FIELDS - 1] + 1..).filter(|_| is_port)
}

/// Adds the texts of elements, and the attributes whose names say that they are secret.
fn elements<'a>(line: &'a str, found: &mut Vec<(&'a str, bool)>) {
    let (mut rest, mut is_named) = (line, false);
    while let Some((_, tag)) = rest.split_once('<') {
        if let Some(data) = tag.strip_prefix("![CDATA[") {
            let (text, behind) = data.split_once("]]>").unwrap_or((data, ""));
            found.push((text.trim(), is_named));
            rest = behind;
            continue;
        }
        let (tag, behind) = tag.split_once('>').unwrap_or((tag, ""));
        if tag.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
            let name = tag.split_whitespace().next().unwrap_or_default();
            is_named = says_secret(name);
            found.push((behind.split('<').next().unwrap_or_default().trim(), is_named));
            attributes(tag, found);
        }
        rest = behind;
    }
}

/// Adds the secret attributes of a tag: `password="WORD"`, or `key="password" value="WORD"`.
fn attributes<'a>(tag: &'a str, found: &mut Vec<(&'a str, bool)>) {
    let is_named = says_secret(tag);
    for quote in ['"', '\''] {
        let mut parts = tag.split(quote);
        while let (Some(before), Some(value)) = (parts.next(), parts.next()) {
            let key = before.trim_end().trim_end_matches('=').split_whitespace().last();
            if key.is_some_and(|key| says_secret(key) || is_named && key == "value") {
                found.push((value, true));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_each_format() {
        for (line, expected) in [
            ("plain words", &[][..]),
            ("- item", &["item"]),
            ("'it''s'", &["it''s"]),
            ("{a: b, c: 'd, e', \"f\":\"g\"}", &["a: b", "c: 'd, e'", "g"]),
            ("[it's, \"x,y\"", &["it's", "\"x,y\""]),
            ("Bearer abc", &["!abc"]),
            ("basic YTpi", &["!YTpi"]),
            ("machine h login u password abc", &["abc"]),
            ("requirepass \"abc\"", &["!abc"]),
            ("user db password = 'abc';", &["abc"]),
            ("db:5432:app:app:a:b\\:c", &["!a:b\\:c"]),
            ("*:*:*:*:abc", &["!abc"]),
            ("a:b:c:d:e", &[]),
            ("a:1:b:c", &[]),
            ("<password>abc</password>", &["!abc"]),
            ("<a><Secret><![CDATA[a<b]]></Secret>", &["!a<b"]),
            ("<a>b</a> <c d=\"e\">f", &["b", "f"]),
            ("<add key=\"DbPassword\" value=\"abc\"/>", &["!abc"]),
            ("<user password='abc' name='d'>", &["!abc"]),
            ("<<<<<<", &[]),
        ] {
            let mark = |(value, is_named)| format!("{}{value}", if is_named { "!" } else { "" });
            let found: Vec<String> = values(line).into_iter().map(mark).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn values_end_before_comments() {
        for (value, expected) in [
            ("'a#b' # c", Some("a#b")),
            ("\"a\\\"b\"  # c", Some("a\\\"b")),
            ("'it''s', # c", Some("it''s")),
            ("a#b # c", Some("a#b")),
            ("a // b", Some("a")),
            ("a}", Some("a")),
            ("{a}", None),
            ("'a", None),
            ("a", None),
            ("# a", None),
        ] {
            assert_eq!(bare(value), expected, "{value}");
        }
    }
}
