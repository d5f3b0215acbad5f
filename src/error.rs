//! The error type: a message with a code, positions in the input, steps, and advice.

use std::fmt;

use crate::source::Span;

/// The result of everything that can fail.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+) => {
        /// The kind of failure of an [`Error`]. The text of a code never changes: people search for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
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
    /// The command line is invalid.
    InvalidArgument = "invalid-argument",
    /// A file or folder does not exist.
    FileNotFound = "file-not-found",
    /// A file or folder exists and cannot be read.
    ReadFailed = "read-failed",
    /// A file could not be written.
    WriteFailed = "write-failed",
    /// A directory was expected, and a file found.
    NotADirectory = "not-a-directory",
    /// A file was expected, and a directory (or a device, a pipe) found.
    NotAFile = "not-a-file",
    /// A directory has no kustomization file.
    KustomizationNotFound = "kustomization-not-found",
    /// A pattern that selects targets or objects matches none.
    NothingSelected = "nothing-selected",
    /// A directory has several kustomization files.
    KustomizationAmbiguous = "kustomization-ambiguous",
    /// A kustomization file has no content.
    KustomizationEmpty = "kustomization-empty",
    /// A file is outside the root that files may be read from.
    OutsideRoot = "outside-root",
    /// An invalid path: empty, absolute where it must be relative, or ambiguous.
    InvalidPath = "invalid-path",
    /// Kustomizations include each other in a cycle.
    Cycle = "cycle",
    /// A budget is spent: the input requires more work than allowed.
    LimitExceeded = "limit-exceeded",
    /// The caller of the library ended the build, for example at a deadline.
    Cancelled = "cancelled",
    /// A text is larger than supported.
    TooLarge = "too-large",
    /// Bytes are not UTF-8.
    InvalidUtf8 = "invalid-utf8",
    /// A text is not YAML.
    MalformedYaml = "malformed-yaml",
    /// An alias refers to an anchor that does not exist.
    UnknownAnchor = "unknown-anchor",
    /// An anchor contains itself.
    AnchorCycle = "anchor-cycle",
    /// Aliases expand to more than supported.
    AliasExpansion = "alias-expansion",
    /// Collections are nested too deeply.
    NestingTooDeep = "nesting-too-deep",
    /// A merge key (`<<`) merges a value that is not a mapping.
    InvalidMerge = "invalid-merge",
    /// A mapping has a duplicate key.
    DuplicateKey = "duplicate-key",
    /// A mapping key is not a string.
    InvalidKey = "invalid-key",
    /// A value cannot be written as YAML: not a number, or a character that YAML does not allow.
    UnrepresentableValue = "unrepresentable-value",
    /// An unknown field.
    UnknownField = "unknown-field",
    /// A field has a value of the wrong type.
    InvalidType = "invalid-type",
    /// A field has a value that is not allowed.
    InvalidValue = "invalid-value",
    /// An invalid pattern (regular expression).
    InvalidPattern = "invalid-pattern",
    /// An expression in CEL with a mistake.
    InvalidExpression = "invalid-expression",
    /// An invalid label or annotation selector.
    InvalidSelector = "invalid-selector",
    /// A resource has no kind.
    MissingKind = "missing-kind",
    /// A resource has no name.
    MissingName = "missing-name",
    /// A document is not a resource.
    NotAResource = "not-a-resource",
    /// Two resources have the same id.
    DuplicateId = "duplicate-id",
    /// An invalid patch: wrong form, or unknown operation.
    InvalidPatch = "invalid-patch",
    /// The target of a patch does not exist.
    PatchTargetNotFound = "patch-target-not-found",
    /// A patch matches several resources.
    PatchTargetAmbiguous = "patch-target-ambiguous",
    /// An entry of `replicas` matches no workload of the build.
    ReplicaTargetNotFound = "replica-target-not-found",
    /// A patch refers to a field, an index or a list element that does not exist.
    PatchPathNotFound = "patch-path-not-found",
    /// A `test` of a JSON patch failed.
    PatchTestFailed = "patch-test-failed",
    /// A patch has a value of another kind than the value that it changes.
    PatchConflict = "patch-conflict",
    /// An OpenAPI document is not a schema.
    InvalidSchema = "invalid-schema",
    /// Field specs contradict each other.
    FieldSpecConflict = "field-spec-conflict",
    /// The resource that a generator replaces or merges into does not exist.
    GeneratorTargetNotFound = "generator-target-not-found",
    /// A generator with behavior `replace` or `merge` matches several resources.
    GeneratorTargetAmbiguous = "generator-target-ambiguous",
    /// Two variables have the same name.
    DuplicateVar = "duplicate-var",
    /// The resource that a variable refers to does not exist.
    VarTargetNotFound = "var-target-not-found",
    /// The field that a variable refers to does not exist.
    VarFieldNotFound = "var-field-not-found",
    /// A variable matches several resources.
    VarAmbiguous = "var-ambiguous",
    /// The source of a replacement does not exist.
    ReplacementSourceNotFound = "replacement-source-not-found",
    /// The source of a replacement matches several resources.
    ReplacementSourceAmbiguous = "replacement-source-ambiguous",
    /// A field that a replacement reads or sets does not exist.
    ReplacementFieldNotFound = "replacement-field-not-found",
    /// No object of a build has the name that is asked for.
    ObjectNotFound = "object-not-found",
    /// No object has the field or the value that is asked for.
    FieldNotFound = "field-not-found",
    /// A name reference matches several resources.
    ReferenceAmbiguous = "reference-ambiguous",
    /// A component was expected, and another kustomization found.
    ExpectedComponent = "expected-component",
    /// A base was expected, and a component found.
    UnexpectedComponent = "unexpected-component",
    /// A plugin that runs programs, without permission.
    PluginNotEnabled = "plugin-not-enabled",
    /// An unknown builtin plugin.
    UnknownPlugin = "unknown-plugin",
    /// A function or another plugin failed, or its output cannot be used.
    PluginFailed = "plugin-failed",
    /// A validator changed a resource that it must only check.
    ValidatorChange = "validator-change",
    /// A deprecated feature, in a strict build.
    Deprecated = "deprecated",
    /// A field without effect, in a strict build.
    NoEffect = "no-effect",
    /// A rendered object violates a rule.
    RuleViolated = "rule-violated",
    /// An input of `krender check` without objects.
    NoObjects = "no-objects",
    /// An edit that would change text around the edited place.
    EditRefused = "edit-refused",
    /// A program took too long, and was ended.
    TimedOut = "timed-out",
    /// Remote content could not be fetched.
    FetchFailed = "fetch-failed",
    /// Remote content may not be fetched.
    FetchRefused = "fetch-refused",
    /// Helm could not fetch or render a chart.
    HelmFailed = "helm-failed",
    /// A chart that does not exist.
    ChartNotFound = "chart-not-found",
    /// A field that krender reads but does not support yet.
    NotSupportedYet = "not-supported-yet",
}

impl Code {
    /// True for errors after which all further work fails too.
    const fn ends_the_build(self) -> bool {
        matches!(self, Self::LimitExceeded | Self::Cancelled)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A failure. One word wide, so that results stay small; its parts are added where they are known.
///
/// The message is a phrase in lower case without a full stop, with literals in backticks: what was found, and what was
/// expected. [`Error::at`] adds the position, [`Error::step`] the action, [`Error::help`] advice. [`Error::all`]
/// collects independent failures.
///
/// The wording is krender's own; the cause is the one that kustomize reports.
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

/// A second position that explains the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The position.
    pub span: Span,
    /// The text next to it.
    pub label: String,
}

impl Error {
    /// Creates an error.
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

    /// Combines errors into one that shows them one after the other; `None` if there are none.
    #[must_use]
    pub fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        for mut error in errors {
            if error.0.code.ends_the_build() && first.is_spent() {
                continue;
            }
            let others = std::mem::take(&mut error.0.others);
            first.0.others.push(error);
            first.0.others.extend(others);
        }
        Some(first)
    }

    /// The values of all results, or the errors of all that failed.
    ///
    /// # Errors
    /// Those of the results, combined by [`Error::all`].
    pub fn collect<T>(results: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(value) => values.push(value),
                Err(error) => errors.push(error),
            }
        }
        Self::all(errors).map_or(Ok(values), Err)
    }

    /// Sets the position unless it is set already: the innermost one counts.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        if self.0.span.is_none() {
            self.0.span = span;
        }
        self
    }

    /// The same error at a position of a text that is shown, in place of those in another text.
    #[must_use]
    pub fn moved_to(mut self, span: Span) -> Self {
        self.0.span = span;
        self.0.label.clear();
        self.0.notes.clear();
        self
    }

    /// Sets the name of the violated rule, which is shown in place of the code.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.0.rule = rule.into();
        self
    }

    /// Sets a short text next to the position.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.label = bounded(label.into());
        self
    }

    /// Adds a second position that explains the first one.
    #[must_use]
    pub fn note(mut self, span: Span, label: impl Into<String>) -> Self {
        self.0.notes.push(Note { span, label: bounded(label.into()) });
        self
    }

    /// Adds an action, from the inside out: "while reading `base.yaml`". Applies to all combined errors.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        let step = bounded(step.into());
        for other in &mut self.0.others {
            other.0.steps.push(step.clone());
        }
        self.0.steps.push(step);
        self
    }

    /// Truncates the steps to those that another error starts with as well, from the inside out.
    pub fn share_steps(&mut self, other: &Self) {
        let is_same = |(one, other): &(&String, &String)| one == other;
        let shared = self.0.steps.iter().zip(&other.0.steps).take_while(is_same).count();
        self.0.steps.truncate(shared);
    }

    /// Sets the targets whose build failed. Applies to all combined errors without targets.
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

    /// The targets whose build failed, as they were given or found; empty if the error concerns none.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.0.targets
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.push(bounded(help.into()));
        self
    }

    /// Removes the position with its label and notes: they are shown with another error.
    #[must_use]
    pub fn without_place(mut self) -> Self {
        self.0.span = Span::NONE;
        self.0.label.clear();
        self.0.notes.clear();
        self
    }

    /// Removes the advice, to replace it by better advice.
    #[must_use]
    pub fn without_help(mut self) -> Self {
        self.0.help.clear();
        self
    }

    /// Adds "did you mean" if one of the `known` names is similar to `found`.
    #[must_use]
    pub fn did_you_mean<'a>(self, found: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(found, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// True if a budget is spent or the build was cancelled: later errors would only repeat that.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.iter().any(|error| error.code().ends_the_build())
    }

    /// The same error, and those combined with it, with all texts passed through `reword`.
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

    /// The error code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The violated rule; `None` for other errors.
    #[must_use]
    pub fn rule_name(&self) -> Option<&str> {
        Some(&*self.0.rule).filter(|rule| !rule.is_empty())
    }

    /// The message, without position and advice.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The position, or [`Span::NONE`].
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// The text next to the position; may be empty.
    #[must_use]
    pub fn label_text(&self) -> &str {
        &self.0.label
    }

    /// The positions that explain the first one.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.0.notes
    }

    /// The actions, from the inside out.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.0.steps
    }

    /// The advice.
    #[must_use]
    pub fn helps(&self) -> &[String] {
        &self.0.help
    }

    /// The errors combined with this one.
    #[must_use]
    pub fn others(&self) -> &[Self] {
        &self.0.others
    }

    /// Splits into this error and those combined with it.
    #[must_use]
    pub fn into_each(mut self) -> Vec<Self> {
        let others = std::mem::take(&mut self.0.others);
        std::iter::once(self).chain(others).collect()
    }

    /// This error and those combined with it.
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

/// Truncates a text in the middle to about a thousand bytes: it contains names and values of the input, which may have
/// any length.
fn bounded(text: String) -> String {
    const LONGEST: usize = 1000;
    const END: usize = 200;
    if text.len() <= LONGEST {
        return text;
    }
    let begin = text.floor_char_boundary(LONGEST - END);
    format!("{}…{}", &text[..begin], &text[text.ceil_char_boundary(text.len() - END)..])
}

/// The known name most similar to `found`, if any is similar enough: up to a third of the letters may differ, ignoring
/// case.
#[must_use]
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer text is not a typing error, and takes long to compare.
    const LONGEST: usize = 100;
    if found.len() > LONGEST {
        return None;
    }
    /// Names of more bytes have too many letters to be similar.
    const LONGEST_NAME: usize = 4000;
    let lower = found.to_lowercase();
    let letters = Letters::of(&lower);
    let bounded = |(place, name): (usize, &'a str)| {
        (letters.apart(&Letters::of(&name.to_lowercase())), place, name)
    };
    let known = known.into_iter().enumerate().filter(|(_, name)| name.len() <= LONGEST_NAME);
    let mut known: Vec<(usize, usize, &str)> = known.map(bounded).collect();
    // The most promising names first: the others need not be compared in full.
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

/// Number of occurrences of each letter in a text. Letters share counters.
struct Letters([u32; 64]);

impl Letters {
    fn of(text: &str) -> Self {
        let mut counts = [0; 64];
        for letter in text.chars() {
            counts[letter as usize % 64] += 1;
        }
        Self(counts)
    }

    /// A lower bound for the edit distance of two texts. An edit adds, removes or replaces a letter, or swaps two.
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
    fn results_are_collected_with_all_their_errors() {
        let failed = |message| Err(Error::new(Code::InvalidValue, message));
        assert_eq!(Error::collect([Ok(1), Ok(2)]).unwrap(), [1, 2]);
        let inner = Error::collect([failed("b"), Ok(3), failed("c")]).map(|values| values[0]);
        let error = Error::collect([failed("a"), Ok(1), inner]).unwrap_err();
        assert_eq!(error.message(), "a");
        let others: Vec<&str> = error.others().iter().map(Error::message).collect();
        assert_eq!(others, ["b", "c"]);
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

    /// Comparing all names in full gives the same result.
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
