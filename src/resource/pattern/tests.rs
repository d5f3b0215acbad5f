//! Patterns with the results of Go's `regexp`.

use super::*;

/// A pattern, texts that it matches, and texts that it does not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

#[test]
fn patterns_match_what_they_match_in_go() {
    for (text, matched, others) in TABLE {
        let pattern = Pattern::unanchored(text, &Budget::default()).unwrap();
        for subject in *matched {
            assert!(pattern.matches(subject), "`{text}` matches {subject:?}");
        }
        for subject in *others {
            assert!(!pattern.matches(subject), "`{text}` does not match {subject:?}");
        }
    }
}

#[test]
fn what_go_refuses_is_refused() {
    for text in REFUSED {
        let error = Pattern::unanchored(text, &Budget::default()).expect_err(text);
        assert_eq!(error.code(), Code::InvalidPattern);
        // `a)` is a pattern when anchored: its parenthesis closes the added group.
        assert!(
            Pattern::anchored(text, &Budget::default()).is_err() || text.contains(')'),
            "{text}"
        );
    }
}

#[test]
fn an_anchored_pattern_is_its_text_between_two_ends() {
    let matches = |text: &str, subject: &str| {
        Pattern::anchored(text, &Budget::default()).unwrap().matches(subject)
    };
    assert!(matches("", "anything"));
    assert!(matches("a|bc", "bc"));
    assert!(!matches("a|bc", "abc"));
    assert!(
        matches("a)|(?:b", "ax") && matches("a)|(?:b", "xb"),
        "each end belongs to one alternative"
    );
    assert!(Pattern::anchored(r"\Qa", &Budget::default()).is_err(), "a quote swallows the end");
}

/// Texts without metacharacters give the same results as a regular expression.
#[test]
fn plain_texts_are_compared_as_patterns_would() {
    for text in ["web", "a-b_c/d:e@f#g", "é", " ", "&&", "a,b", "-", "~!%\"'<>=;"] {
        assert!(is_plain(text), "{text}");
        let anywhere = Pattern::compile(text, text, &Budget::default()).unwrap();
        let whole = Pattern::compile(&format!("^(?:{text})$"), text, &Budget::default()).unwrap();
        for subject in [
            "",
            text,
            "web",
            "my-web",
            &format!("x{text}"),
            &format!("{text}\n"),
            &text.to_uppercase(),
        ] {
            assert_eq!(
                Pattern::anchored(text, &Budget::default()).unwrap().matches(subject),
                whole.matches(subject),
                "{text} {subject}"
            );
            assert_eq!(
                Pattern::unanchored(text, &Budget::default()).unwrap().matches(subject),
                anywhere.matches(subject),
                "{text} {subject}"
            );
        }
    }
}

/// Text with `.` and `.*` gives the same results as a regular expression.
#[test]
fn wildcards_match_as_patterns_would() {
    for text in [
        ".", ".*", "web.*", ".*web", "aba.*aba", "é.*é", "a.*a", "a.*b.*", ".*a.*b", ".*.*",
        "...*", "a..*a", "a.b", ".é", "a.a.*a.a",
    ] {
        let fast = Pattern::anchored(text, &Budget::default()).unwrap();
        assert!(matches!(fast.0, Matcher::Whole(_)), "{text}");
        let slow = Pattern::compile(&format!("^(?:{text})$"), text, &Budget::default()).unwrap();
        for subject in [
            "",
            "a",
            "aa",
            "aba",
            "ababa",
            "abaaba",
            "aba-aba",
            "web",
            "my-web",
            "webs",
            "é",
            "éé",
            "aé",
            "é é",
            "\n",
            "web\n",
            "web\nweb",
            "a\n",
            "a\na",
            "a\n\n",
            "aab",
            "abb",
            "a.b",
            "ab",
            "aaaaaa",
            "axa-axaa-a",
            "axa-axa-aya",
        ] {
            assert_eq!(fast.matches(subject), slow.matches(subject), "{text} {subject:?}");
        }
    }
    for text in ["a.*?", "a.*+b", "(.*)", ".+", ".**", "a*", "a.*\n", "a\\.b"] {
        let pattern = Pattern::anchored(text, &Budget::default());
        assert!(!matches!(pattern, Ok(Pattern(Matcher::Whole(_)))), "{text}");
    }
}

/// Image names give the same results as a regular expression.
#[test]
fn images_match_as_patterns_would() {
    let digest = "@sha256:0123456789abcdef";
    let behind = [
        "",
        ":",
        ":1.2_3-{x}",
        ":1:2",
        ":é",
        ":1 ",
        "@",
        "@sha256",
        "@sha256:",
        digest,
        "@a.b+c_d-e:f",
        "@a..b:f",
        "@-a:f",
        "@a-:f",
        "@:f",
        "@é:f",
        "@a:b:c",
        "@a:b@c:d",
        ":1@sha256:{}",
        ":1@",
        ":1@a:é",
        "/more",
        "\n",
    ];
    for name in ["", "nginx", "gcr.io/a/b", "n.", "localhost:5000/a", "é.", "a@b"] {
        let fast = Pattern::image(name, &Budget::default()).unwrap();
        assert!(matches!(fast.0, Matcher::Image(_)), "{name}");
        let slow = Pattern::image_slowly(name, &Budget::default()).unwrap();
        for found in [
            "",
            "nginx",
            "gcr.io/a/b",
            "gcrXio/a/b",
            "nx",
            "n\n",
            "localhost:5000/a",
            "éé",
            "a@b",
            "xnginx",
        ] {
            for behind in behind {
                let subject = format!("{found}{behind}");
                assert_eq!(fast.matches(&subject), slow.matches(&subject), "{name} {subject:?}");
            }
        }
    }
    for name in ["a.*", "a|b", "a\\.b", "a\nb"] {
        assert!(
            matches!(Pattern::image(name, &Budget::default()).unwrap().0, Matcher::Regex { .. }),
            "{name}"
        );
    }
}

/// Uses a small stack and little time.
#[test]
fn hostile_patterns_end_in_an_error_or_a_match() {
    let work = || {
        let many = 50_000;
        let nested = |inner: &str, depth: usize| {
            format!("{}{inner}{}", "(".repeat(depth), ")".repeat(depth))
        };
        for text in [
            "(".repeat(many),
            nested("a", many),
            format!("{}a{}", "(a|".repeat(many), ")".repeat(many)),
            format!("{}a{}", "(a|".repeat(900), ")".repeat(900)),
            format!("{}a{}", "(a".repeat(300), ")*".repeat(300)),
            format!("a{}", "(?i)*".repeat(many)),
            "[[:".repeat(many),
            "(?:a{10}b{10}){10}".repeat(10_000),
            r"\pL{1000}".repeat(10),
        ] {
            let error = Pattern::anchored(&text, &Budget::default()).expect_err(&text[..20]);
            assert!(error.message().len() < 400, "{error}");
        }
        assert!(Pattern::anchored(&nested("a", 900), &Budget::default()).unwrap().matches("a"));
        assert!(
            !Pattern::anchored("(a*)*b", &Budget::default()).unwrap().matches(&"a".repeat(100_000))
        );
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(work).unwrap().join().unwrap();
}

const TABLE: &[Row] = &[
    // Names, as selectors have them.
    ("web", &["web", "my-web-1"], &["we"]),
    ("^web$", &["web"], &["web1"]),
    ("web|api", &["web", "my-api"], &["db"]),
    ("^(?:web|api)-.*$", &["web-1", "api-"], &["api", "my-web-1"]),
    ("^web|api$", &["web-1", "my-api"], &["my-web"]),
    ("^(?:a)|(?:b)$", &["ax", "xb"], &["xa"]),
    (".", &["a", "é"], &["", "\n"]),
    ("^.*$", &["", "a"], &["a\nb"]),
    (r"^.+\.example\.com$", &["a.example.com"], &["a.exampleXcom", ".example.com"]),
    ("^(my-)?app(-[0-9]+)?$", &["app", "my-app-12"], &["app-"]),
    ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", &["a-b"], &["a-", "A"]),
    ("", &["", "a"], &[]),
    // Counts; a malformed brace is literal.
    ("^a{2}$", &["aa"], &["a", "aaa"]),
    ("^a{2,}$", &["aaaa"], &["a"]),
    ("^a{1,2}$", &["a", "aa"], &["aaa"]),
    ("^a{0}$", &[""], &["a"]),
    ("^a{0,1}$", &["", "a"], &["aa"]),
    ("^a{,1}$", &["a{,1}"], &["a", ""]),
    ("a{", &["a{"], &["a"]),
    ("a{1", &["a{1"], &["a"]),
    ("a{1,x}", &["a{1,x}"], &["a"]),
    ("a{01}", &["a{01}"], &["a"]),
    ("a{ 1}", &["a{ 1}"], &["a"]),
    ("{", &["{"], &["a"]),
    ("{1", &["{1"], &["1"]),
    ("}", &["}"], &["a"]),
    ("^a{1000}$", &[], &["a"]),
    ("^(?:a{30}){2}$", &[], &["a"]),
    ("^(?:a{999}){0}$", &[""], &["a"]),
    // Operands of repetitions. Greediness has no effect.
    ("^ab*$", &["a", "abb"], &["abab"]),
    ("^(ab)*$", &["", "abab"], &["aba"]),
    ("^a*?$", &["aa"], &["b"]),
    ("^a+?$", &["aa"], &[""]),
    ("^a??$", &["", "a"], &["aa"]),
    ("^a{2}?$", &["aa"], &["a", ""]),
    ("^(?:a*)*$", &["", "aa"], &[]),
    ("^a(?i)*$", &["", "aaa"], &["A"]),
    ("^a*(?i)?b$", &["aab", "B"], &["A"]),
    (r"^\Qab\E*$", &["a", "abb"], &["abab"]),
    ("^(?:)*a$", &["a"], &["b"]),
    ("^*a", &["a", "ba"], &["b"]),
    ("(|a)+$", &["", "a", "b"], &[]),
    (r"\b+a", &["a", "-a"], &["ba"]),
    // Anchors and boundaries.
    ("a$", &["a"], &["a\n", "a\nb"]),
    ("^b", &["b"], &["a\nb"]),
    ("(?m)a$", &["a\n", "a\nb"], &["ab"]),
    ("(?m)^b", &["a\nb"], &["ab"]),
    (r"\Aa\z", &["a"], &["a\n"]),
    (r"\bé", &["aé"], &["é"]),
    (r"a\b", &["aé", "a-"], &["ab"]),
    (r"\B", &["", "ab", "é", "aé"], &["a"]),
    (r"é\B", &["é", "é-"], &["éa"]),
    // Escapes and quotes.
    (r"^\.\*\-\_\/$", &[".*-_/"], &["a"]),
    (r"^\x41\x{62}\103$", &["AbC"], &["abc"]),
    (r"^\x{1F600}$", &["\u{1f600}"], &["a"]),
    (r"^\0\07$", &["\u{0}\u{7}"], &["0"]),
    (r"^\a\f\t\n\r\v$", &["\u{7}\u{c}\t\n\u{d}\u{b}"], &[" "]),
    (r"^\Qa.b*(\E$", &["a.b*("], &["axb*("]),
    (r"\Q[", &["["], &["a"]),
    (r"\Q\E", &["", "a"], &[]),
    ("#a b", &["#a b"], &["ab"]),
    // Classes: between brackets only `^`, `-`, `]`, `\` and `[:` have a meaning.
    ("^[abc]$", &["a"], &["d"]),
    ("^[^abc]$", &["d", "\n"], &["a"]),
    ("^[]a]$", &["]", "a"], &["b"]),
    ("^[^]a]$", &["b"], &["]"]),
    ("^[a-]$", &["a", "-"], &["b"]),
    ("^[-a]$", &["-"], &["b"]),
    ("^[a&&b]$", &["a", "&"], &["c"]),
    ("^[+--b]$", &[",", "-", "b"], &["."]),
    (r"^[a\-\-b]$", &["a", "-"], &["c"]),
    ("^[a~~b]$", &["a", "~"], &["c"]),
    ("^[[a]$", &["[", "a"], &["b"]),
    ("^[[a]]$", &["a]", "[]"], &["a"]),
    ("^[a^]$", &["^", "a"], &["b"]),
    (r"^[a-\x{63}]$", &["b", "c"], &["d"]),
    (r"^[\d-z]$", &["5", "-", "z"], &["a"]),
    (r"^[\]\\]$", &["]", r"\"], &["a"]),
    ("^[.*+?{}()|$]$", &[".", "$"], &["a"]),
    ("^[[:alpha:]]$", &["a"], &["1", "é"]),
    ("^[[:^alpha:]1]$", &["1", "é"], &["a"]),
    ("^[^[:space:]]$", &["a"], &[" ", "\u{b}"]),
    ("^[[:word:]-]$", &["_", "-"], &["."]),
    ("^[[:alpha]$", &["[", ":", "p"], &["b"]),
    ("^[:alpha:]$", &["a", ":"], &["b"]),
    ("^[ #]$", &[" ", "#"], &["a"]),
    ("^[a-é]$", &["z", "é"], &["A"]),
    // Perl classes are ASCII only.
    (r"^\d$", &["1"], &["\u{661}", "a"]),
    (r"^\D$", &["\u{661}"], &["1"]),
    (r"^\w$", &["a", "_"], &["é", "-"]),
    (r"^\W$", &["é"], &["a"]),
    (r"^\s$", &[" ", "\n"], &["\u{b}", "\u{85}", "\u{a0}"]),
    (r"^\S$", &["\u{b}", "a"], &[" "]),
    (r"^[^\W]$", &["a"], &["é"]),
    // Unicode classes.
    (r"^\pL$", &["é", "世"], &["1"]),
    (r"^\PL$", &["1"], &["é"]),
    (r"^\p{Lu}$", &["É"], &["é"]),
    (r"^\p{^Lu}$", &["é"], &["É"]),
    (r"^\P{^Lu}$", &["É"], &["é"]),
    (r"^[\p{Lu}x]$", &["É", "x"], &["y"]),
    (r"^[\P{Lu}X]$", &["é", "X"], &["É"]),
    (r"^\p{Uppercase_Letter}$", &["É"], &["é"]),
    (r"^\p{uppercase letter}$", &["É"], &["é"]),
    (r"^\p{Han}$", &["世"], &["é"]),
    (r"^\p{Cs}$", &[], &["a", "\u{fffd}"]),
    (r"^\P{Cs}$", &["a"], &[]),
    (r"^\p{Any}$", &["a", "\n"], &[]),
    (r"^\P{Any}$", &[], &["a"]),
    (r"^\p{ASCII}$", &["a"], &["é"]),
    (r"^\p{Cn}$", &["\u{378}"], &["a"]),
    (r"^[\x{D7FF}-\x{E000}]$", &["\u{e000}"], &["\u{e001}"]),
    (r"^[^\x{0}-\x{10FFFF}]$", &[], &["a", "\u{e000}"]),
    // Flags and their scope. Case folding follows Unicode.
    ("(?i)^web$", &["WEB", "Web"], &["we"]),
    ("^(?i:w)eb$", &["Web"], &["WEB"]),
    ("^(?:(?i)w)eb$", &["Web"], &["WEB"]),
    ("^((?i)w)eb$", &["Web"], &["wEB"]),
    ("^(?i)a|b$", &["A", "B"], &[]),
    ("^(?i)a(?-i)b$", &["Ab"], &["aB"]),
    ("(?i)^k$", &["k", "K", "K"], &[]),
    ("(?i)^[a-s]$", &["ſ", "S"], &["T"]),
    ("(?i)^[^s]$", &["t"], &["ſ", "S"]),
    ("(?i)^É$", &["é"], &["E"]),
    ("(?i)^ß$", &["ß"], &["SS"]),
    (r"(?i)^\w$", &["ſ", "K"], &["é"]),
    (r"(?i)^\W$", &["é"], &["ſ"]),
    (r"(?i)^[\W]$", &[], &["ſ", "s"]),
    ("(?i)^[[:^lower:]]$", &["1"], &["A"]),
    (r"(?i)^\p{Lu}$", &["a"], &["1"]),
    (r"(?i)^\P{Lu}$", &["1"], &["a", "A"]),
    ("(?s)^.$", &["\n"], &["ab"]),
    ("(?-s)^.$", &["a"], &["\n"]),
    ("(?U)^a+$", &["aa"], &["b"]),
    ("(?is-m:^A.$)", &["a\n"], &["b"]),
    ("(?)a", &["a"], &[]),
    // Groups.
    ("^(?P<n>a)(?<m>b)$", &["ab"], &["a"]),
    ("^(?P<n>a)(?P<n>b)$", &["ab"], &["a"]),
    ("^(?<1>a)$", &["a"], &[]),
    ("^()$", &[""], &["a"]),
    ("^(|a)b$", &["b", "ab"], &["aab"]),
    ("^(((a)))(b|(c))$", &["ab", "ac"], &["a"]),
    ("a||b", &["", "c"], &[]),
];
const REFUSED: &[&str] = &[
    "(",
    ")",
    "a)",
    "(a",
    "(?:a",
    "[",
    "[]",
    "[a",
    "[^]",
    "[b-a]",
    r"[a-\d]",
    "[[:foo:]]",
    r"[\Q]",
    "*",
    "a|*",
    "(+)",
    "?a",
    "{2}",
    "|{2}",
    "a**",
    "a*+",
    "a+*",
    "a?{2}",
    "a{2}{3}",
    "a*??",
    "a{1001}",
    "a{1001,}",
    "a{0,1001}",
    "a{2,1}",
    "a{99999999999999999999}",
    "(a{500}){3}",
    "((a{10}){11}){10}",
    "(?i)*",
    "(?x)a",
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "(?<!a)b",
    "(?>a)",
    "(?#a)",
    "(?P=n)",
    "(?P>n)",
    "(?'n'a)",
    "(?P<n",
    "(?P<>a)",
    "(?P<a-b>c)",
    "(?<é>a)",
    "(?i",
    "(?i-)",
    "(?--i)",
    "(?-)",
    "(?",
    r"\",
    r"a\",
    r"\1",
    r"\8",
    r"\y",
    r"\Z",
    r"\G",
    r"\h",
    r"\R",
    r"\X",
    r"\N",
    r"\K",
    r"\C",
    r"\E",
    r"\e",
    r"\cA",
    r"\k<n>",
    r"\é",
    r"\x",
    r"\x4",
    r"\xg1",
    r"\x{}",
    r"\x{g}",
    r"\x{110000}",
    r"\u0041",
    r"\p",
    r"\p{",
    r"\p{}",
    r"\pX",
    r"\p{X}",
    r"\p{Grek}",
    r"\p{IsGreek}",
    r"\p{InGreek}",
    r"\p{Alphabetic}",
    r"\p{Script=Greek}",
    r"\p{gc=Lu}",
    r"[\b]",
];
