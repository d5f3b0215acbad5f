//! `'%s is %d'.format([…])`, and the named formats of Kubernetes: `format.dns1123Label().validate(text)`.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use super::super::run::{Failure, Outcome, Run};
use super::super::value::Value;
use super::library::Library;
use super::{Function, conversions, global, items, member, text, unsuitable};

pub(super) const FUNCTIONS: &[Function] =
    &[
        member("format", (1, 1), formatted),
        member("validate", (1, 1), validate),
        global("format.named", (1, 1), |values, _| {
            let format = Format::named(text("format.named", values, 0)?);
            Ok(Value::Optional(format.map(|format| Arc::new(Library::Format(format).value()))))
        }),
        global("format.dns1123Label", (0, 0), |_, _| Ok(Library::Format(Format::Label).value())),
        global("format.dns1123Subdomain", (0, 0), |_, _| {
            Ok(Library::Format(Format::Subdomain).value())
        }),
        global("format.dns1035Label", (0, 0), |_, _| Ok(Library::Format(Format::OldLabel).value())),
        global("format.qualifiedName", (0, 0), |_, _| {
            Ok(Library::Format(Format::QualifiedName).value())
        }),
        global("format.dns1123LabelPrefix", (0, 0), |_, _| {
            Ok(Library::Format(Format::LabelPrefix).value())
        }),
        global("format.dns1123SubdomainPrefix", (0, 0), |_, _| {
            Ok(Library::Format(Format::SubdomainPrefix).value())
        }),
        global("format.dns1035LabelPrefix", (0, 0), |_, _| {
            Ok(Library::Format(Format::OldLabelPrefix).value())
        }),
        global("format.labelValue", (0, 0), |_, _| Ok(Library::Format(Format::LabelValue).value())),
        global("format.uuid", (0, 0), |_, _| Ok(Library::Format(Format::Uuid).value())),
    ];

/// A named format of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `dns1123Label`
    Label,
    /// `dns1123LabelPrefix`
    LabelPrefix,
    /// `dns1123Subdomain`
    Subdomain,
    /// `dns1123SubdomainPrefix`
    SubdomainPrefix,
    /// `dns1035Label`
    OldLabel,
    /// `dns1035LabelPrefix`
    OldLabelPrefix,
    /// `qualifiedName`
    QualifiedName,
    /// `labelValue`
    LabelValue,
    /// `uuid`
    Uuid,
    /// `ipv4`
    Ip4,
    /// `ipv6`
    Ip6,
}

impl Format {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dns1123Label" => Self::Label,
            "dns1123LabelPrefix" => Self::LabelPrefix,
            "dns1123Subdomain" => Self::Subdomain,
            "dns1123SubdomainPrefix" => Self::SubdomainPrefix,
            "dns1035Label" => Self::OldLabel,
            "dns1035LabelPrefix" => Self::OldLabelPrefix,
            "qualifiedName" => Self::QualifiedName,
            "labelValue" => Self::LabelValue,
            "uuid" => Self::Uuid,
            "ipv4" => Self::Ip4,
            "ipv6" => Self::Ip6,
            _ => return None,
        })
    }

    /// The reason why text does not have the format.
    fn refusal(self, text: &str) -> Option<&'static str> {
        let prefix = text.strip_suffix('-').unwrap_or(text);
        let is_valid = match self {
            Self::Label => is_label(text),
            Self::LabelPrefix => is_label(prefix),
            Self::Subdomain => is_subdomain(text),
            Self::SubdomainPrefix => is_subdomain(prefix),
            Self::OldLabel => is_old_label(text),
            Self::OldLabelPrefix => is_old_label(prefix),
            Self::QualifiedName => match text.split_once('/') {
                Some((domain, name)) => is_subdomain(domain) && is_name(name),
                None => is_name(text),
            },
            Self::LabelValue => text.is_empty() || is_name(text),
            Self::Uuid => is_uuid(text),
            Self::Ip4 => matches!(text.parse(), Ok(IpAddr::V4(_))),
            Self::Ip6 => matches!(text.parse(), Ok(IpAddr::V6(_))),
        };
        (!is_valid).then_some(match self {
            Self::Label | Self::LabelPrefix => {
                "must have at most 63 lower-case letters, digits and `-`, and begin and end with a letter or digit"
            }
            Self::Subdomain | Self::SubdomainPrefix => {
                "must have at most 253 characters: labels of lower-case letters, digits and `-`, separated by dots"
            }
            Self::OldLabel | Self::OldLabelPrefix => {
                "must have at most 63 lower-case letters, digits and `-`, and begin with a letter"
            }
            Self::QualifiedName => "must be a name with an optional domain and a slash in front",
            Self::LabelValue => {
                "must have at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
            }
            Self::Uuid => "must be a UUID",
            Self::Ip4 => "must be an IPv4 address",
            Self::Ip6 => "must be an IPv6 address",
        })
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_part(text)
}

/// A label of any length: only the whole of a subdomain is limited.
fn is_part(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|byte| is_letter(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_part)
}

fn is_old_label(text: &str) -> bool {
    is_label(text) && text.starts_with(|letter: char| letter.is_ascii_lowercase())
}

fn is_name(text: &str) -> bool {
    let is_other = |byte: u8| matches!(byte, b'-' | b'_' | b'.');
    let ends = [text.bytes().next(), text.bytes().last()];
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_other(byte))
        && ends.into_iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// The reasons why text does not have a format; absent if it does.
fn validate<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let format = match &values[0] {
        Value::Library(value) => match &**value {
            Library::Format(format) => *format,
            _ => return Err(unsuitable("validate", values)),
        },
        _ => return Err(unsuitable("validate", values)),
    };
    let text = text("validate", values, 1)?;
    run.step(text.len() / 8)?;
    let reasons = format.refusal(text).map(|reason| Value::list(vec![Value::borrowed(reason)]));
    Ok(Value::Optional(reasons.map(Arc::new)))
}

/// Text with the elements of a list in place of its verbs.
fn formatted<'a>(values: &[Value<'a>], run: &Run) -> Outcome<'a> {
    let template = text("format", values, 0)?;
    let mut arguments = items("format", values, 1)?;
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('%') {
        out += before;
        let mut letters = behind.chars();
        let mut verb = letters.next();
        let mut precision = None;
        if verb == Some('.') {
            let digits = letters.as_str().len()
                - letters.as_str().trim_start_matches(|one: char| one.is_ascii_digit()).len();
            precision = letters.as_str()[..digits].parse().ok().filter(|most| *most <= 100_usize);
            letters = letters.as_str()[digits..].chars();
            verb = letters.next();
        }
        rest = letters.as_str();
        if verb == Some('%') {
            out.push('%');
            continue;
        }
        let missing = || Failure::new("`format` has more verbs than arguments");
        let argument = arguments.next().ok_or_else(missing)?;
        let start = out.len();
        write_verb(verb.unwrap_or(' '), precision, &argument, run, &mut out)?;
        run.make(before.len() + out.len() - start)?;
    }
    run.make(rest.len())?;
    Ok(Value::text(out + rest))
}

fn write_verb(
    verb: char,
    precision: Option<usize>,
    value: &Value<'_>,
    run: &Run,
    out: &mut String,
) -> Result<(), Box<Failure>> {
    let digits = precision.unwrap_or(6);
    // Writing to a `String` cannot fail.
    let _ = match (verb, value) {
        ('s', value) => return write_text(value, run, 0, out),
        ('d', Value::Int(_) | Value::Uint(_)) => write!(out, "{}", value.whole().unwrap_or(0)),
        ('f', Value::Double(value)) => write!(out, "{value:.digits$}"),
        ('f', Value::Int(value)) => write!(out, "{:.digits$}", *value as f64),
        ('e', Value::Double(value)) => write!(out, "{value:.digits$e}"),
        ('b', Value::Bool(value)) => write!(out, "{}", u8::from(*value)),
        ('b', Value::Int(_) | Value::Uint(_)) => write!(out, "{:b}", value.whole().unwrap_or(0)),
        ('o', Value::Int(_) | Value::Uint(_)) => write!(out, "{:o}", value.whole().unwrap_or(0)),
        ('x', Value::Int(_) | Value::Uint(_)) => write!(out, "{:x}", value.whole().unwrap_or(0)),
        ('X', Value::Int(_) | Value::Uint(_)) => write!(out, "{:X}", value.whole().unwrap_or(0)),
        ('x' | 'X', Value::Text(text)) => {
            run.make(text.as_str().len() * 2)?;
            text.as_str().bytes().try_for_each(|byte| match verb {
                'x' => write!(out, "{byte:02x}"),
                _ => write!(out, "{byte:02X}"),
            })
        }
        _ => {
            let found = value.type_name();
            return Err(Failure::new(format!("`%{verb}` cannot show a value of type {found}")));
        }
    };
    Ok(())
}

/// The maximum depth of collections that are shown.
const DEEPEST: usize = 32;

/// A value as text, as `%s` shows it.
fn write_text(
    value: &Value<'_>,
    run: &Run,
    depth: usize,
    out: &mut String,
) -> Result<(), Box<Failure>> {
    run.step(1)?;
    if let Some(text) = conversions::as_text(value) {
        run.make(text.len())?;
        out.push_str(&text);
        return Ok(());
    }
    if depth > DEEPEST {
        out.push('…');
        return Ok(());
    }
    if let Some(items) = value.items() {
        out.push('[');
        for (place, item) in items.enumerate() {
            if place > 0 {
                out.push_str(", ");
            }
            write_text(&item, run, depth + 1, out)?;
        }
        out.push(']');
    } else if let Some(pairs) = value.pairs() {
        let mut pairs = pairs;
        pairs.sort_by(|(left, _), (right, _)| {
            left.order(right).unwrap_or(std::cmp::Ordering::Equal)
        });
        out.push('{');
        for (place, (key, value)) in pairs.iter().enumerate() {
            if place > 0 {
                out.push_str(", ");
            }
            write_text(key, run, depth + 1, out)?;
            out.push_str(": ");
            write_text(value, run, depth + 1, out)?;
        }
        out.push('}');
    } else {
        match value {
            Value::Null => out.push_str("null"),
            Value::Type(name) => out.push_str(name),
            Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
            other => {
                let found = other.type_name();
                return Err(Failure::new(format!("`%s` cannot show a value of type {found}")));
            }
        }
    }
    Ok(())
}
