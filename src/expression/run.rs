//! The cost of evaluations: steps, memory and patterns.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::limits::{Budget, Limit};
use crate::resource::Pattern;
use crate::source::Span;

/// A range of the text of an expression, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

/// The reason why an expression has no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The description.
    pub message: String,
    /// The range of the text of the expression, in bytes.
    pub at: At,
    /// True if a limit is exceeded: no other part of the expression hides that.
    pub is_spent: bool,
    /// The field that does not exist, if that is the reason.
    pub absent: Option<Box<str>>,
}

impl Failure {
    /// A failure whose place is added later.
    #[cold]
    pub(super) fn new(message: impl Into<String>) -> Box<Self> {
        let (at, message) = (At::default(), message.into());
        Box::new(Self { message, at, is_spent: false, absent: None })
    }

    #[cold]
    pub(super) fn absent(field: &str) -> Box<Self> {
        let message = format!("there is no field `{field}`");
        Box::new(Self { absent: Some(field.into()), ..*Self::new(message) })
    }

    #[cold]
    fn spent(message: impl Into<String>) -> Box<Self> {
        Box::new(Self { is_spent: true, ..*Self::new(message) })
    }
}

/// The account of all evaluations of a check.
pub struct Run {
    budget: Budget,
    patterns: RefCell<BTreeMap<Box<str>, Rc<Pattern>>>,
    /// Steps that are not charged yet.
    steps: Cell<u64>,
    /// Bytes of the values made for the current object.
    bytes: Cell<usize>,
    /// The depth of the current node, within all expressions that define variables for one another.
    depth: Cell<u32>,
    /// True once the budget is spent.
    is_over: Cell<bool>,
    /// True once that was told.
    is_told: Cell<bool>,
}

/// The number of steps that are charged together.
const TOGETHER: u64 = 1 << 10;

/// The maximum size of the values that are made for one object, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// The maximum depth of nodes, and of collections that are compared: each takes a part of the stack.
const DEEPEST: u32 = 400;

/// The maximum number of patterns that are kept.
const MOST_PATTERNS: usize = 1000;

impl Run {
    /// An account that is charged to a budget.
    #[must_use]
    pub fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            patterns: RefCell::default(),
            steps: Cell::new(0),
            bytes: Cell::new(0),
            depth: Cell::new(0),
            is_over: Cell::new(false),
            is_told: Cell::new(false),
        }
    }

    /// Begins the judgement of another object: the values made for the one before are gone.
    pub fn begin(&self) {
        self.bytes.set(0);
    }

    /// True if the budget is spent: no further evaluation succeeds.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// True if it was told before that the budget is spent: one finding about that suffices.
    pub fn is_told_spent(&self) -> bool {
        self.is_told.replace(true)
    }

    /// Does work one level deeper, which is a step.
    #[inline]
    pub(super) fn deeper<T>(
        &self,
        work: impl FnOnce() -> Result<T, Box<Failure>>,
    ) -> Result<T, Box<Failure>> {
        self.step(1)?;
        let depth = self.depth.get();
        if depth == DEEPEST {
            return Err(Failure::new(format!("it is nested more than {DEEPEST} levels deep")));
        }
        self.depth.set(depth + 1);
        let result = work();
        self.depth.set(depth);
        result
    }

    /// Charges steps.
    #[inline]
    pub(super) fn step(&self, count: usize) -> Result<(), Box<Failure>> {
        let steps = self.steps.get() + count as u64;
        if steps < TOGETHER {
            self.steps.set(steps);
            return Ok(());
        }
        self.steps.set(0);
        self.budget.spend(Limit::Expressions, steps, Span::NONE).map_err(|error| {
            // The next step fails, too.
            self.is_over.set(true);
            self.steps.set(TOGETHER);
            let help = error.helps().first().map(|help| format!("; {help}"));
            Failure::spent(error.message().to_owned() + &help.unwrap_or_default())
        })
    }

    /// Charges the making of a value, by its size in bytes.
    pub(super) fn make(&self, size: usize) -> Result<(), Box<Failure>> {
        let bytes = self.bytes.get().saturating_add(size);
        self.bytes.set(bytes);
        if bytes > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            return Err(Failure::spent(format!("its values need more than {most} MiB of memory")));
        }
        self.step(size / 32)
    }

    /// A compiled pattern.
    pub(super) fn pattern(&self, text: &str) -> Result<Rc<Pattern>, Box<Failure>> {
        if let Some(known) = self.patterns.borrow().get(text) {
            return Ok(Rc::clone(known));
        }
        let pattern = Pattern::unanchored(text, &self.budget);
        let pattern = Rc::new(pattern.map_err(|error| match error.is_spent() {
            true => {
                self.is_over.set(true);
                Failure::spent(error.message())
            }
            false => Failure::new(error.message()),
        })?);
        let mut patterns = self.patterns.borrow_mut();
        if patterns.len() < MOST_PATTERNS {
            patterns.insert(text.into(), Rc::clone(&pattern));
        }
        Ok(pattern)
    }
}
