//! Common parts of generated ConfigMaps and Secrets: type, metadata, options, and bytes as text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Context;
use crate::config::{GeneratorArgs, GeneratorOptions};
use crate::error::{Code, Error, Result};
use crate::resource::{Behavior, Resource};
use crate::source::Span;
use crate::yaml::{Node, Scalar, Style, Tag};

/// Creates the resource of a generator from its `fields`. (kustomize, `api/internal/generators/utils.go`.)
///
/// # Errors
/// Those of [`Resource::new`]: bookkeeping annotations that contradict each other.
pub(super) fn resource(
    context: &Context<'_>,
    kind: &str,
    args: &GeneratorArgs,
    fields: impl IntoIterator<Item = (&'static str, Node)>,
) -> Result<Resource> {
    let own = args.options.as_ref();
    let options = match &context.kustomization.generator_options {
        Some(global) => own.unwrap_or(&GeneratorOptions::default()).over(global),
        None => own.cloned().unwrap_or_default(),
    };
    let mut root = vec![
        entry("apiVersion", Scalar::untagged("v1", Span::NONE).into()),
        entry("kind", Scalar::untagged(kind, Span::NONE).into()),
        entry("metadata", metadata(args, &options)),
    ];
    root.extend(fields.into_iter().map(|(field, value)| entry(field, value)));
    if options.immutable {
        let value = Scalar::parsed("true", Tag::Bool, Style::Plain, Span::NONE);
        root.push(entry("immutable", value.into()));
    }
    let mut resource = Resource::new(Node::mapping(root, Span::NONE), context.schema)?;
    resource.behavior = Some(Behavior::named(&args.behavior));
    // An annotation may request it too.
    resource.needs_hash |= !options.disable_name_suffix_hash;
    Ok(resource)
}

fn metadata(args: &GeneratorArgs, options: &GeneratorOptions) -> Node {
    let string = |text, span| Scalar::new_string(text, span).into();
    let mut metadata = vec![entry("name", string(&args.name, args.name.span))];
    if !args.namespace.is_empty() {
        metadata.push(entry("namespace", string(&args.namespace, args.namespace.span)));
    }
    // Annotations are rewritten together with the bookkeeping, and lose the quotes that labels keep.
    let fields = [
        ("labels", &options.labels, Style::SingleQuoted),
        ("annotations", &options.annotations, Style::Plain),
    ];
    for (field, pairs, style) in fields.into_iter().filter(|(_, pairs, _)| !pairs.is_empty()) {
        let entries = pairs.iter().map(|(key, value)| {
            let style = match style {
                Style::Plain if value.contains('\n') => Style::Literal,
                style => style,
            };
            let value = Scalar::parsed(value, Tag::Str, style, value.span).into();
            (Scalar::untagged(key, Span::NONE), value)
        });
        metadata.push(entry(field, Node::mapping(entries.collect(), Span::NONE)));
    }
    Node::mapping(metadata, Span::NONE)
}

fn entry(key: &str, value: Node) -> (Scalar, Node) {
    (Scalar::untagged(key, Span::NONE), value)
}

/// Checks the fields that every object needs.
///
/// # Errors
/// [`Code::MissingName`].
pub(super) fn check(kind: &str, args: &GeneratorArgs, span: Span) -> Result<()> {
    if !args.name.is_empty() {
        return Ok(());
    }
    Err(Error::new(Code::MissingName, format!("a generated {kind} has no name"))
        .at(if args.name.span.is_none() { span } else { args.name.span })
        .label("expected a `name`")
        .help("add a name: `name: …`"))
}

/// Adds to an error which object could not be generated.
pub(super) fn explain(error: Error, kind: &str, args: &GeneratorArgs) -> Error {
    match &**args.name {
        "" => error,
        name => error.step(format!("while generating the {kind} `{name}`")),
    }
}

/// Bytes in base64. Text of two or more lines of 70 characters is wrapped and ends with a line break. (kustomize,
/// `kyaml/yaml/datamap.go`: `encodeBase64`.)
pub(super) fn base64(bytes: &[u8], span: Span) -> Node {
    const WIDTH: usize = 70;
    let encoded = BASE64_STANDARD.encode(bytes);
    if encoded.len() < WIDTH {
        return Scalar::new_string(&encoded, span).into();
    }
    let mut text = String::with_capacity(encoded.len() + encoded.len() / WIDTH + 1);
    let mut rest = &*encoded;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(WIDTH));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    Scalar::new_string(&text, span).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_base64_is_in_lines() {
        let lines = |length: usize| {
            let node = base64(&vec![b'x'; length], Span::NONE);
            let text = node.as_text().unwrap_or_default().to_owned();
            (text.ends_with('\n'), text.lines().map(str::len).collect::<Vec<_>>())
        };
        assert_eq!(lines(0), (false, vec![]));
        assert_eq!(lines(51), (false, vec![68]));
        assert_eq!(lines(52), (true, vec![70, 2]));
        assert_eq!(lines(105), (true, vec![70, 70]));
        assert_eq!(lines(106), (true, vec![70, 70, 4]));
    }
}
