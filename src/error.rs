//! The one error type: what was found, where, on the way to what, and what to do next.

use std::fmt;

use crate::source::Span;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+) => {
        /// What kind of failure an [`Error`] is. The text of a code is final: people search for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code as it is shown, in kebab-case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The command line does not make sense.
    InvalidArgument = "invalid-argument",
    /// A file or folder is not there.
    FileNotFound = "file-not-found",
    /// A file or folder is there and could not be read.
    ReadFailed = "read-failed",
    /// A file could not be written.
    WriteFailed = "write-failed",
    /// A directory was expected, a file found.
    NotADirectory = "not-a-directory",
    /// A file was expected, a directory (or a device, a pipe) found.
    NotAFile = "not-a-file",
    /// A directory has no kustomization file.
    KustomizationNotFound = "kustomization-not-found",
    /// A directory has several kustomization files.
    KustomizationAmbiguous = "kustomization-ambiguous",
    /// A kustomization file says nothing.
    KustomizationEmpty = "kustomization-empty",
    /// A file leaves the root that it may be read from.
    OutsideRoot = "outside-root",
    /// A path that is no path: empty, absolute where it must be relative, or written ambiguously.
    InvalidPath = "invalid-path",
    /// Kustomizations include each other in a circle.
    Cycle = "cycle",
    /// A budget is spent: input asks for more work than is allowed.
    LimitExceeded = "limit-exceeded",
    /// Text is larger than can be handled.
    TooLarge = "too-large",
    /// Bytes are no UTF-8.
    InvalidUtf8 = "invalid-utf8",
    /// Text is no YAML.
    MalformedYaml = "malformed-yaml",
    /// An alias names an anchor that is not there.
    UnknownAnchor = "unknown-anchor",
    /// An anchor contains itself.
    AnchorCycle = "anchor-cycle",
    /// Aliases expand to more than can be handled.
    AliasExpansion = "alias-expansion",
    /// Collections are nested too deeply.
    NestingTooDeep = "nesting-too-deep",
    /// A merge key (`<<`) merges something that is no mapping.
    InvalidMerge = "invalid-merge",
    /// A mapping has a key twice.
    DuplicateKey = "duplicate-key",
    /// A mapping key is no string.
    InvalidKey = "invalid-key",
    /// A value has no form in the output: not a number, or a character that YAML does not allow.
    UnrepresentableValue = "unrepresentable-value",
    /// A field that does not exist.
    UnknownField = "unknown-field",
    /// A field has a value of the wrong type.
    InvalidType = "invalid-type",
    /// A field has a value that is not one of those allowed.
    InvalidValue = "invalid-value",
    /// A pattern (a regular expression) cannot be read.
    InvalidPattern = "invalid-pattern",
    /// A label or annotation selector cannot be read.
    InvalidSelector = "invalid-selector",
    /// A resource says nothing of its kind.
    MissingKind = "missing-kind",
    /// A resource has no name.
    MissingName = "missing-name",
    /// A document is no resource.
    NotAResource = "not-a-resource",
    /// Two resources have one id.
    DuplicateId = "duplicate-id",
    /// A patch that is none: the wrong form, or an operation that does not exist.
    InvalidPatch = "invalid-patch",
    /// A patch names a resource that is not there.
    PatchTargetNotFound = "patch-target-not-found",
    /// A patch names several resources.
    PatchTargetAmbiguous = "patch-target-ambiguous",
    /// An entry of `replicas` names no workload of the build.
    ReplicaTargetNotFound = "replica-target-not-found",
    /// A patch names a field, an index or a list element that is not there.
    PatchPathNotFound = "patch-path-not-found",
    /// A `test` of a JSON patch does not hold.
    PatchTestFailed = "patch-test-failed",
    /// A patch has a value of another kind than what it changes.
    PatchConflict = "patch-conflict",
    /// An OpenAPI document is no schema.
    InvalidSchema = "invalid-schema",
    /// Field specs contradict each other.
    FieldSpecConflict = "field-spec-conflict",
    /// A generator is to change a resource that is not there.
    GeneratorTargetNotFound = "generator-target-not-found",
    /// A generator is to change one of several resources.
    GeneratorTargetAmbiguous = "generator-target-ambiguous",
    /// Two variables have one name.
    DuplicateVar = "duplicate-var",
    /// A variable looks at a resource that is not there.
    VarTargetNotFound = "var-target-not-found",
    /// A variable looks at a field that is not there.
    VarFieldNotFound = "var-field-not-found",
    /// A variable looks at several resources.
    VarAmbiguous = "var-ambiguous",
    /// A replacement takes its value from a resource that is not there.
    ReplacementSourceNotFound = "replacement-source-not-found",
    /// A replacement may take its value from several resources.
    ReplacementSourceAmbiguous = "replacement-source-ambiguous",
    /// A replacement reads or sets a field that is not there.
    ReplacementFieldNotFound = "replacement-field-not-found",
    /// A name may mean several resources.
    ReferenceAmbiguous = "reference-ambiguous",
    /// Something else stands where a component is expected.
    ExpectedComponent = "expected-component",
    /// A component stands where a base is expected.
    UnexpectedComponent = "unexpected-component",
    /// A plugin that runs programs, which nobody allowed.
    PluginNotEnabled = "plugin-not-enabled",
    /// A builtin plugin that does not exist.
    UnknownPlugin = "unknown-plugin",
    /// A validator changed what it was to look at.
    ValidatorChange = "validator-change",
    /// Something that is deprecated, in a build that is strict.
    Deprecated = "deprecated",
    /// Something that changes nothing, in a build that is strict.
    NoEffect = "no-effect",
    /// What was rendered violates a rule.
    RuleViolated = "rule-violated",
    /// An input of `krender check` in which there is no object.
    NoObjects = "no-objects",
    /// A text cannot be changed as asked without a change of what is around the place.
    EditRefused = "edit-refused",
    /// A field that krender reads and does not act on yet.
    NotSupportedYet = "not-supported-yet",
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A failure: one word wide, and built up where it happens.
///
/// The message is a phrase in lower case without a full stop, with literals in backticks: what was found, and what
/// was expected. [`Error::at`] adds the place, [`Error::step`] what was being done, [`Error::help`] what to do
/// next. [`Error::all`] collects failures that have nothing to do with each other.
///
/// The wording is krender's own; the cause is the one that the reference names.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    code: Code,
    rule: String,
    message: String,
    span: Span,
    label: String,
    notes: Vec<Note>,
    steps: Vec<String>,
    help: Vec<String>,
    targets: Vec<String>,
    others: Vec<Error>,
}

/// A second place that explains the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub span: Span,
    /// What is there.
    pub label: String,
}

impl Error {
    /// A failure of the given kind.
    #[cold]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            rule: String::new(),
            message: bounded(message.into()),
            span: Span::NONE,
            label: String::new(),
            notes: Vec::new(),
            steps: Vec::new(),
            help: Vec::new(),
            targets: Vec::new(),
            others: Vec::new(),
        }))
    }

    /// One error for several failures, shown one after the other; nothing when there were none.
    #[must_use]
    pub fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        for mut error in errors {
            if error.code() == Code::LimitExceeded && first.is_spent() {
                continue;
            }
            let others = std::mem::take(&mut error.0.others);
            first.0.others.push(error);
            first.0.others.extend(others);
        }
        Some(first)
    }

    /// Says where: the innermost place wins, so a place that is known already stays.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        if self.0.span.is_none() {
            self.0.span = span;
        }
        self
    }

    /// Names the rule that is violated, which is shown in the place of the code.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.0.rule = rule.into();
        self
    }

    /// A few words beside the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.label = bounded(label.into());
        self
    }

    /// A second place that explains the first one.
    #[must_use]
    pub fn note(mut self, span: Span, label: impl Into<String>) -> Self {
        self.0.notes.push(Note { span, label: bounded(label.into()) });
        self
    }

    /// Says what was being done, from the inside out: "while reading `base.yaml`". Reaches every failure held here.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        let step = bounded(step.into());
        for other in &mut self.0.others {
            other.0.steps.push(step.clone());
        }
        self.0.steps.push(step);
        self
    }

    /// Keeps of the steps, from the inside out, those that led to another failure as well.
    pub fn share_steps(&mut self, other: &Self) {
        let is_same = |(one, other): &(&String, &String)| one == other;
        let shared = self.0.steps.iter().zip(&other.0.steps).take_while(is_same).count();
        self.0.steps.truncate(shared);
    }

    /// Names the targets that the failure ends the build of. Reaches every failure held here that names none.
    #[must_use]
    pub fn for_targets(mut self, targets: &[String]) -> Self {
        for other in &mut self.0.others {
            if other.0.targets.is_empty() {
                targets.clone_into(&mut other.0.targets);
            }
        }
        if self.0.targets.is_empty() {
            targets.clone_into(&mut self.0.targets);
        }
        self
    }

    /// The targets that the failure ends the build of, as they were named or found; empty if it is about none.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.0.targets
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(bounded(help.into()));
        self
    }

    /// Drops what was said to do next, for better advice.
    #[must_use]
    pub fn without_help(mut self) -> Self {
        self.0.help.clear();
        self
    }

    /// Adds "did you mean" when one of the `known` names is near to the one `found`.
    #[must_use]
    pub fn did_you_mean<'a>(self, found: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(found, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Whether a budget is spent: what comes after it would only say the same.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.iter().any(|error| error.code() == Code::LimitExceeded)
    }

    /// The same failure, and those beside it, in other words.
    #[must_use]
    pub fn reworded(&self, reword: &dyn Fn(&str) -> String) -> Self {
        let inner = &self.0;
        let all = |texts: &[String]| texts.iter().map(|text| reword(text)).collect();
        let note = |note: &Note| Note { span: note.span, label: reword(&note.label) };
        Self(Box::new(Inner {
            message: reword(&inner.message),
            label: reword(&inner.label),
            notes: inner.notes.iter().map(note).collect(),
            steps: all(&inner.steps),
            help: all(&inner.help),
            others: inner.others.iter().map(|other| other.reworded(reword)).collect(),
            ..(**inner).clone()
        }))
    }

    /// The kind of failure.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The rule that is violated; nothing where it is something else that failed.
    #[must_use]
    pub fn rule_name(&self) -> Option<&str> {
        Some(&*self.0.rule).filter(|rule| !rule.is_empty())
    }

    /// The message, without place and help.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The place, or [`Span::NONE`].
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// The words beside the place; may be empty.
    #[must_use]
    pub fn label_text(&self) -> &str {
        &self.0.label
    }

    /// The places that explain the first one.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.0.notes
    }

    /// What was being done, from the inside out.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.0.steps
    }

    /// What to do next.
    #[must_use]
    pub fn helps(&self) -> &[String] {
        &self.0.help
    }

    /// The failures beside this one.
    #[must_use]
    pub fn others(&self) -> &[Self] {
        &self.0.others
    }

    /// This failure and those beside it, each as an error of its own.
    #[must_use]
    pub fn into_each(mut self) -> Vec<Self> {
        let others = std::mem::take(&mut self.0.others);
        std::iter::once(self).chain(others).collect()
    }

    /// This failure and those beside it.
    pub fn iter(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.0.others)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error[{}]: {} at {:?}", self.0.code, self.0.message, self.0.span)?;
        for step in &self.0.steps {
            write!(formatter, "; {step}")?;
        }
        for help in &self.0.help {
            write!(formatter, "; help: {help}")?;
        }
        for other in &self.0.others {
            write!(formatter, "\n{other:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// What is said of a failure holds names and values of the input, which may be of any length: of more than a thousand
/// bytes, the beginning and the end are kept.
fn bounded(text: String) -> String {
    const LONGEST: usize = 1000;
    const END: usize = 200;
    if text.len() <= LONGEST {
        return text;
    }
    let begin = text.floor_char_boundary(LONGEST - END);
    format!("{}…{}", &text[..begin], &text[text.ceil_char_boundary(text.len() - END)..])
}

/// The known name that is near enough to be what was meant: a third of its letters may differ, and case never counts.
#[must_use]
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer text is no slip of the pen, and comparing it takes long.
    const LONGEST: usize = 100;
    if found.len() > LONGEST {
        return None;
    }
    /// Names of more bytes have too many letters to be near.
    const LONGEST_NAME: usize = 4000;
    let lower = found.to_lowercase();
    let letters = Letters::of(&lower);
    let bounded = |(place, name): (usize, &'a str)| {
        (letters.apart(&Letters::of(&name.to_lowercase())), place, name)
    };
    let known = known.into_iter().enumerate().filter(|(_, name)| name.len() <= LONGEST_NAME);
    let mut known: Vec<(usize, usize, &str)> = known.map(bounded).collect();
    // What may be nearest comes first: the others need not be compared in full.
    known.sort_unstable();
    let mut best: Option<(usize, usize, &str)> = None;
    for (bound, place, name) in known {
        if best.is_some_and(|(distance, ..)| bound > distance) {
            break;
        }
        let distance = strsim::damerau_levenshtein(&lower, &name.to_lowercase());
        let is_near = distance * 3 <= name.chars().count().max(3) && name != found;
        if is_near && best.is_none_or(|(least, first, _)| (distance, place) < (least, first)) {
            best = Some((distance, place, name));
        }
    }
    best.map(|(_, _, name)| name)
}

/// How often each letter occurs in a text. Letters share a count with others.
struct Letters([u32; 64]);

impl Letters {
    fn of(text: &str) -> Self {
        let mut counts = [0; 64];
        for letter in text.chars() {
            counts[letter as usize % 64] += 1;
        }
        Self(counts)
    }

    /// A number of edits that texts are at least apart: each adds, removes or replaces one letter, or swaps two.
    fn apart(&self, other: &Self) -> usize {
        let (mut more, mut fewer) = (0, 0);
        for (here, there) in self.0.iter().zip(&other.0) {
            more += here.saturating_sub(*there);
            fewer += there.saturating_sub(*here);
        }
        more.max(fewer) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let mut texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        for text in &texts {
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()),
                "{text}"
            );
        }
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Code::ALL.len());
    }

    #[test]
    fn long_text_is_cut_in_the_middle() {
        let error = Error::new(Code::FileNotFound, format!("`{}`", "ü".repeat(5000)));
        assert_eq!(error.message().matches('ü').count(), 498);
        assert!(error.message().starts_with("`ü") && error.message().ends_with("ü`"));
    }

    #[test]
    fn the_nearest_name_is_near() {
        let known = ["resources", "replicas", "replacements"];
        assert_eq!(nearest("resorces", known), Some("resources"));
        assert_eq!(nearest("Replica", known), Some("replicas"));
        assert_eq!(nearest("images", known), None);
    }

    /// All names compared in full find the same name.
    #[test]
    fn the_nearest_name_is_the_first_of_those_that_are_nearest() {
        let mut seed = 1_u32;
        let mut text = |letters: u32, longest: u32| {
            let mut next = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed >> 16
            };
            let length = next() % longest;
            (0..length)
                .map(|_| char::from_u32(u32::from(b'A') + next() % letters).unwrap_or('a'))
                .collect::<String>()
        };
        for round in 0..3_000 {
            let found = text(3 + round % 60, 12);
            let known: Vec<String> = (0..20).map(|_| text(3 + round % 60, 12)).collect();
            let slow = known
                .iter()
                .map(|name| {
                    (strsim::damerau_levenshtein(&found.to_lowercase(), &name.to_lowercase()), name)
                })
                .filter(|(distance, name)| {
                    distance * 3 <= name.chars().count().max(3) && **name != found
                })
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, name)| name.as_str());
            assert_eq!(
                nearest(&found, known.iter().map(String::as_str)),
                slow,
                "{found} {known:?}"
            );
        }
        assert_eq!(nearest("abc", ["x".repeat(5_000_000).as_str(), "abd"]), Some("abd"));
    }

    #[test]
    fn several_failures_share_the_steps_around_them() {
        let errors = ["a", "b"].map(|name| Error::new(Code::FileNotFound, name));
        let error = Error::all(errors).unwrap().step("while reading");
        assert_eq!(error.iter().map(|error| error.steps().len()).collect::<Vec<_>>(), [1, 1]);
        let each = error.into_each();
        assert_eq!(each.iter().map(|error| error.iter().count()).collect::<Vec<_>>(), [1, 1]);
    }
}
