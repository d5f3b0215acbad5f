//! Expressions in CEL: their values, mistakes, failures, and what hostile ones cost.
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is a test")]

use krender::expression::{Failure, Mistake, Names, Outcome, Program, Run, Scope, Value};
use krender::limits::{Budget, Limit, Limits};
use krender::source::Sources;
use krender::yaml::{Node, parse};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web, none: null}}
spec:
  replicas: 3
  ratio: 0.5
  big: 9223372036854775808
  when: 2001-01-01
  quoted: '3'
  containers:
  - {name: app, image: 'shop:1', resources: {limits: {memory: 1Gi, cpu: 500m}}}
  - {name: log, image: 'log:2'}
";

/// One document as the variable `object`.
struct One<'a>(&'a Node);

impl<'a> Scope<'a> for One<'a> {
    fn variable(&self, slot: usize) -> Outcome<'a> {
        match slot {
            0 => Ok(Value::of(self.0)),
            1 => Ok(Value::list(vec![Value::of(self.0); 3])),
            _ => Ok(Value::Null),
        }
    }
}

const NAMES: Names<'static> = Names {
    variables: &["object", "objects", "params"],
    fields: &[],
    lacking: &[("authorizer", "no")],
};

fn compile(text: &str) -> Result<Program, Mistake> {
    Program::compile(text, NAMES)
}

fn with_value<T>(text: &str, read: impl Fn(Result<Value<'_>, Box<Failure>>) -> T) -> T {
    let sources = Sources::new();
    let source = sources.add("pod.yaml", POD).unwrap();
    let document = parse::document(&source).unwrap().unwrap();
    let program = compile(text).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
    let run = Run::new(&Budget::new(Limits::default().with(Limit::Expressions, 2_000_000)));
    let value = program.evaluate(&One(&document.root), &run);
    read(value)
}

fn is_true(text: &str) {
    with_value(text, |value| match value {
        Ok(Value::Bool(true)) => {}
        other => panic!("{text}: {other:?}"),
    });
}

fn fails(text: &str) -> String {
    with_value(text, |value| match value {
        Ok(value) => panic!("{text}: {value:?}"),
        Err(failure) => {
            let Failure { message, at, .. } = *failure;
            format!("{}: {message}", &text[at.start as usize..at.end as usize])
        }
    })
}

#[test]
fn values_are_as_in_cel() {
    for text in include_str!("expressions/true.txt").lines() {
        if !text.is_empty() && !text.starts_with('#') {
            is_true(text);
        }
    }
}

#[test]
fn failures_name_their_part() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("object.spec.replcas > 2", "replcas: there is no field `replcas`"),
        ("1 + 'a' == 2", "+: `+` cannot be applied to int and string"),
        ("[1][2] == 1", "[: the index is outside of a list of 1 elements"),
        ("object.spec.containers.all(c, c.nmae == '')", "nmae: there is no field `nmae`"),
        ("1 / 0 == 1", "/: a number is divided by zero"),
        ("'é' == 'é' && 1 / 0 == 1", "/: a number is divided by zero"),
        ("object.spec.containers.all(c, 'é' != c.nmae)", "nmae: there is no field `nmae`"),
        ("'a'.matches('(')", "(: `(` is not a valid pattern: a `(` is not closed"),
    ] {
        let found = fails(text);
        if found != expected {
            wrong.push((text, found, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn mistakes_have_places() {
    let mut wrong = Vec::new();
    for (text, part, message) in [
        ("object.spec. == 1", "=", "unexpected `. ==`"),
        ("object.spec.x ==", "", "it ends too early"),
        ("objct.spec", "objct", "there is no variable `objct`"),
        ("'é' == objct.spec", "objct", "there is no variable `objct`"),
        ("object.spec.matchs('a')", "matchs", "there is no function `matchs`"),
        ("size()", "size", "`size` is called with 0 arguments, and has 1"),
        ("math.lest(1)", "lest", "there is no function `math.lest`"),
        ("authorizer.group('')", "authorizer", "the variable `authorizer` is not known here: no"),
        ("  ", "", "the expression is empty"),
    ] {
        let mistake = compile(text).unwrap_err();
        if (&text[mistake.at.clone()], &*mistake.message) != (part, message) {
            wrong.push((text, text[mistake.at.clone()].to_owned(), mistake));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn hostile_expressions_end_soon() {
    let repeat = |text: &str, count| text.repeat(count);
    let nested = |count| {
        let inner =
            format!("{}1{}", repeat("[1,2,3,4,5,6,7,8].map(x, ", count), repeat(")", count));
        format!("size({inner}) > 0")
    };
    let doubling = format!(
        "['{}'].{}size(x) > 0{}",
        repeat("a", 1000),
        repeat("all(x, [x + x].", 60),
        repeat(")", 60)
    );
    let texts = [
        nested(30),
        doubling.replace("].size(x) > 0", "].all(x, size(x) > 0)"),
        "lists.range(9223372036854775807).size() > 0".to_owned(),
        "lists.range(100000).all(a, lists.range(100000).all(b, a != b || true))".to_owned(),
        format!("lists.range(1000).map(x, '{}'.replace('', '{}')).size() > 0", repeat("a", 4000), repeat("b", 4000)),
        "lists.range(100000).distinct().size() > 0".to_owned(),
        "lists.range(1000000).map(x, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a*)*b')).size() > 0".to_owned(),
        "lists.range(100000).map(x, 'a'.matches('a{' + string(x % 900) + '}b{' + string(x) + '}')).size() > 0".to_owned(),
    ];
    for text in texts {
        with_value(&text, |value| {
            let failure = value.expect_err(&text[..40]);
            assert!(failure.is_spent || failure.message.contains("pattern"), "{failure:?}");
        });
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let chains = [
        "1+", "a.", "!", "-", "1*", "a[", "(", "[", "{1:", "a?1:", "1==", "a||", "f(", "a.f(",
        "object.", "'a'+",
    ];
    for part in chains {
        for count in [100, 1000, 5000, 16_000, 100_000] {
            let text = part.repeat(count) + "1";
            drop(compile(&text));
        }
    }
    assert_eq!(
        compile(&("1+".repeat(9000) + "1")).unwrap_err().message,
        "the expression is longer than 16 KiB"
    );
    assert!(compile(&("1+".repeat(5000) + "1")).unwrap_err().message.contains("levels deep"));
}

/// Texts made of pieces of expressions neither end the program nor take long.
#[test]
fn broken_expressions_are_mistakes() {
    let pieces = [
        "object",
        ".",
        "spec",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        ",",
        "'a'",
        "\"",
        "'",
        "`",
        "1",
        "1.5",
        "1u",
        "0x",
        "1e",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "?",
        ":",
        "==",
        "in",
        "has(",
        "all(",
        "x",
        "map(x,",
        "b'",
        "r'",
        "\\",
        "\n",
        "é",
        "//",
        "@",
        "$",
        "optMap(x, x)",
        "cel.bind(x, 1, x)",
        "true",
        "null",
        "[?1]",
        ".?a",
        "transformMap(k, v, v)",
        "\u{0}",
    ];
    let mut state: u64 = 7;
    let mut next = |most: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % most
    };
    for _ in 0..1500 {
        let count = 1 + next(14);
        let text: String = (0..count).map(|_| pieces[next(pieces.len())]).collect();
        match compile(&text) {
            Ok(_) => with_value(&text, |value| drop(value)),
            Err(mistake) => assert!(text.get(mistake.at.clone()).is_some(), "{text}: {mistake:?}"),
        }
    }
}
