use serde::Deserialize;

use super::*;
use crate::source::Sources;
use crate::yaml::{Text, sample};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Ship {
    name: String,
    /// An `Option`, so that a missing value differs from an empty one.
    sister: Option<String>,
    crew: i64,
    funnels: u8,
    afloat: bool,
    cargo: Vec<String>,
    flags: BTreeMap<String, String>,
    engine: Engine,
    #[serde(rename = "homeURL")]
    home_url: Spanned<Text>,
    class: Class,
    notes: Option<Node>,
    #[serde(deserialize_with = "mapping")]
    extras: Option<Node>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Engine {
    kind: String,
    power: i64,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    #[default]
    None,
    Liner,
    Tug,
}

fn read(text: &str, rules: Rules) -> std::result::Result<Ship, String> {
    let sources = Sources::new();
    let root = sample::document(&sources, text).unwrap();
    from_node_by(&root, rules).map_err(|error| sample::drawn(&error, &sources))
}

fn ship(text: &str) -> Ship {
    read(text, Rules::Exact).unwrap()
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    assert_eq!(read(text, Rules::Exact).unwrap_err(), expected, "\n{text}");
}

#[test]
fn every_type_is_read() {
    let text = "
name: Ada
sister: ''
crew: 12
funnels: 0x3
afloat: yes
cargo: [coal, '1']
flags: {stern: red}
engine: {kind: steam, power: 1_000}
homeURL: ada.example
class: tug
notes: [1, 2.50, ~, on, text, {2: b, 2: c}]
extras: {a: b}
";
    let ship = ship(text);
    assert_eq!(
        (ship.name.as_str(), ship.sister.as_deref(), ship.crew, ship.funnels, ship.afloat),
        ("Ada", Some(""), 12, 3, true)
    );
    assert_eq!(ship.cargo, ["coal", "1"]);
    assert_eq!(ship.flags["stern"], "red");
    assert_eq!(ship.engine, Engine { kind: "steam".to_owned(), power: 1000 });
    assert_eq!(ship.class, Class::Tug);
    assert_eq!(
        format!("{:?}", ship.notes.unwrap()),
        r#"[!!Int "1", !!Float "2.5", !!Null "null", !!Bool "true", !!Str "text", {!!Str "2": !!Str "c"}]"#
    );
    assert_eq!(ship.extras.unwrap().get("a").unwrap().as_text(), Some("b"));
    let url = ship.home_url;
    assert_eq!(&text[url.span.start() as usize..url.span.end() as usize], "ada.example");
}

#[test]
fn null_is_the_same_as_nothing() {
    let fields = "name sister crew funnels afloat cargo flags engine homeURL class notes extras";
    let text: String = fields.split(' ').map(|field| format!("{field}: null\n")).collect();
    assert_eq!(ship(&text), Ship::default());
    assert_eq!(ship("~"), Ship::default());
    assert_eq!(ship(""), Ship::default());
}

#[test]
fn null_among_others_is_an_empty_value() {
    let ship = ship("{cargo: [a, ~], flags: {a: }}");
    assert_eq!(ship.cargo, ["a", ""]);
    assert_eq!(ship.flags["a"], "");
}

#[test]
fn names_match_in_any_case() {
    assert_eq!(ship("{NAME: a, homeurl: b, ſister: c}"), ship("{name: a, homeURL: b, sister: c}"));
}

#[test]
fn of_equal_keys_the_last_counts() {
    assert_eq!(ship("{name: a, crew: 1, name: b}").name, "b");
    assert_eq!(ship("{flags: {a: b, a: c}}").flags["a"], "c");
    // The other entries are ignored, even if they are wrong.
    assert_eq!(ship("{name: 1, name: b}").name, "b");
    assert_eq!(ship("{flags: {a: 1, ~: 2}, notes: .nan, flags: {a: b}, notes: 1}").flags["a"], "b");
}

#[test]
fn of_several_spellings_the_last_in_byte_order_counts() {
    assert_eq!(ship("{name: a, Name: b}").name, "a");
    assert_eq!(ship("{Name: b, name: ~}").name, "b");
    assert_eq!(ship("{Cargo: [a], cargo: ~}").cargo, [""; 0]);
    assert_eq!(ship("{Cargo: [a, b], cargo: [c]}").cargo, ["c"]);
    let both = ship("{flags: {a: b, c: d}, Flags: {a: x, e: f}}").flags;
    assert_eq!(both.into_iter().map(|(key, value)| key + &value).collect::<String>(), "abcdef");
}

#[test]
fn keys_that_are_no_text_become_text() {
    let ship = ship("{flags: {1: a, 0x10: b, yes: c, 1.50: d, 2001-01-01: e, 1e6: f}}");
    let keys: Vec<&str> = ship.flags.keys().map(String::as_str).collect();
    assert_eq!(keys, ["1", "1.5", "16", "1e+06", "2001-01-01", "true"]);
}

#[test]
fn whole_numbers_may_be_written_as_floats() {
    assert_eq!(ship("{crew: 3.0}").crew, 3);
    assert_eq!(ship("{crew: -1e2}").crew, -100);
}

#[test]
fn wrong_types_are_named_with_what_was_expected() {
    for (text, expected) in [
        (
            "name: n",
            "1:7 invalid-type: found the boolean `n`, expected text (put it in quotes: `\"n\"`)",
        ),
        (
            "name: 1.10",
            "1:7 invalid-type: found the number `1.10`, expected text (put it in quotes: `\"1.10\"`)",
        ),
        (
            "cargo: [a, 1]",
            "1:12 invalid-type: found the number `1`, expected text (put it in quotes: `\"1\"`)",
        ),
        (
            "flags: {a: on}",
            "1:12 invalid-type: found the boolean `on`, expected text (put it in quotes: `\"on\"`)",
        ),
        (
            "name: [a]",
            "1:7 invalid-type: found a list, expected text (only one is possible: write `a`, without `[` or `- `)",
        ),
        (
            "cargo:\n- kind: a",
            "2:3 invalid-type: found a mapping, expected text (to write a document in place, make it a block of text with `|-`)",
        ),
        (
            "crew: '3'",
            "1:7 invalid-type: found the text `3`, expected a whole number (take the quotes away: `3`)",
        ),
        ("crew: many", "1:7 invalid-type: found the text `many`, expected a whole number"),
        ("crew: 3.5", "1:7 invalid-type: found the number `3.5`, expected a whole number"),
        (
            "crew: 1e19",
            "1:7 invalid-type: found the number `1e19`, expected a whole number of at most 64 bits (the largest one is 9223372036854775807)",
        ),
        (
            "afloat: 'true'",
            "1:9 invalid-type: found the text `true`, expected `true` or `false` (write `true`, without quotes)",
        ),
        ("afloat: 1", "1:9 invalid-type: found the number `1`, expected `true` or `false`"),
        (
            "cargo: coal",
            "1:8 invalid-type: found the text `coal`, expected a list (make it a list: `[coal]`)",
        ),
        (
            "cargo: {a: b}",
            "1:8 invalid-type: found a mapping, expected a list (begin each element with `- `)",
        ),
        ("engine: steam", "1:9 invalid-type: found the text `steam`, expected a mapping"),
        (
            "flags: [a]",
            "1:8 invalid-type: found a list, expected a mapping (write `key: value`, without `- `)",
        ),
        ("extras: a", "1:9 invalid-type: found the text `a`, expected a mapping"),
        (
            "- a",
            "1:1 invalid-type: found a list, expected a mapping (write `key: value`, without `- `)",
        ),
        ("words", "1:1 invalid-type: found the text `words`, expected a mapping"),
        (
            r#"engine: "first\nsecond""#,
            "1:9 invalid-type: found the text `first…`, expected a mapping",
        ),
    ] {
        refused(text, expected);
    }
}

#[test]
fn unknown_fields_are_named_with_what_was_meant() {
    refused("nmae: a", "1:1 unknown-field: unknown field `nmae` (did you mean `name`?)");
    refused(
        "engine:\n  pwr: 3",
        "2:3 unknown-field: unknown field `pwr` (the fields here are `kind`, `power`)",
    );
    refused("x: ~", "1:1 unknown-field: unknown field `x` (remove it, or correct its name)");
}

#[test]
fn all_that_is_wrong_is_reported_in_the_order_of_the_text() {
    refused(
        "cargo: [1, a, 2]\nyard: x\nname: y\nafloat: x",
        "1:9 invalid-type: found the number `1`, expected text (put it in quotes: `\"1\"`)\n\
         1:15 invalid-type: found the number `2`, expected text (put it in quotes: `\"2\"`)\n\
         2:1 unknown-field: unknown field `yard` (remove it, or correct its name)\n\
         3:7 invalid-type: found the boolean `y`, expected text (put it in quotes: `\"y\"`)\n\
         4:9 invalid-type: found the text `x`, expected `true` or `false`",
    );
    let many: String = (0..1000).map(|number| format!("a{number}: b\n")).collect();
    let error = read(&many, Rules::Exact).unwrap_err();
    assert_eq!(error.lines().count(), MOST_ERRORS);
}

#[test]
fn words_and_numbers_out_of_range_are_named() {
    refused(
        "class: tugg",
        "1:8 invalid-value: found `tugg`, expected `none`, `liner` or `tug` (did you mean `tug`?)",
    );
    refused("funnels: 300", "1:10 invalid-value: found the number `300`, expected u8");
}

#[test]
fn what_has_no_form_in_json_is_refused_wherever_it_stands() {
    refused(
        "flags: {~: a}",
        "1:9 invalid-key: null cannot be a key (if text is meant, put it in quotes: `\"~\"`)",
    );
    refused(
        "flags: {18446744073709551615: a}",
        "1:9 invalid-key: the number `18446744073709551615` cannot be a key \
         (if text is meant, put it in quotes: `\"18446744073709551615\"`)",
    );
    refused(
        "notes: [.inf]",
        "1:9 unrepresentable-value: `.inf` has no form in JSON (if text is meant, put it in quotes: `\".inf\"`)",
    );
    let ignored = read("unknown: {a: [.nan]}", Rules::Lenient).unwrap_err();
    assert!(ignored.starts_with("1:15 unrepresentable-value"), "{ignored}");
}

#[test]
fn strict_and_lenient_rules_make_text_of_scalars() {
    for rules in [Rules::Strict, Rules::Lenient] {
        let ship =
            read("{name: 0777, cargo: [y, 1.50, 1e6], flags: {a: no}, notes: 1}", rules).unwrap();
        assert_eq!((ship.name.as_str(), ship.flags["a"].as_str()), ("511", "false"));
        assert_eq!(ship.cargo, ["true", "1.5", "1e+06"]);
        assert_eq!(ship.notes.unwrap().tag(), crate::yaml::Tag::Int);
        assert!(read("crew: '1'", rules).is_err());
    }
}

#[test]
fn strict_rules_refuse_a_repeated_key() {
    assert_eq!(
        read("notes: {a: 1, b: 2, a: 3}", Rules::Strict).unwrap_err(),
        "1:21 duplicate-key: the key `a` is there twice [1:9 here for the first time]"
    );
    assert_eq!(
        read("nmae: a", Rules::Strict).unwrap_err(),
        "1:1 unknown-field: unknown field `nmae` (did you mean `name`?)"
    );
}

#[test]
fn lenient_rules_ignore_unknown_fields() {
    assert_eq!(
        read("{nmae: a, name: b, engine: {x: y}}", Rules::Lenient),
        read("{name: b}", Rules::Exact)
    );
}

#[test]
fn nesting_is_bounded_and_needs_little_stack() {
    let nested = |levels: usize| format!("notes: {}{}", "[".repeat(levels), "]".repeat(levels));
    let body = move || {
        assert!(read(&nested(99), Rules::Exact).is_ok());
        refused(
            &nested(100),
            "1:107 nesting-too-deep: values are nested more than 100 levels deep",
        );
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(body).unwrap().join().unwrap();
}
