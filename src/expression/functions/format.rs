//! `'%s is %d'.format([…])`, and the named formats of Kubernetes: `format.dns1123Label().validate(text)`.

use std::fmt::Write;
use std::sync::Arc;

use super::super::kinds::{Format, Library};
use super::super::run::{Failure, Run};
use super::super::value::{Outcome, Value};
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
