//! Tables and charts, without a format.

/// Tables and charts of a summary.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The name of the report: `qos`.
    pub(super) name: &'static str,
    /// The heading.
    pub(super) title: &'static str,
    /// Figures at the top: a number, and its meaning.
    pub(super) figures: Vec<(String, String)>,
    /// The charts; only pages show them.
    pub(super) charts: Vec<Chart>,
    /// The tables. The first one is the CSV.
    pub(super) tables: Vec<Table>,
    /// Explanations of signs in the tables.
    pub(super) notes: Vec<&'static str>,
    /// Targets that could not be rendered.
    pub(super) failed: Vec<String>,
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
    /// True if only pages show it.
    pub(super) is_of_page: bool,
    /// True if a chart shows it on pages.
    pub(super) is_drawn: bool,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) is_number: bool,
}

/// A column of words.
pub(super) const fn words(title: &'static str) -> Column {
    Column { title, is_number: false }
}

/// A column of numbers.
pub(super) const fn numbers(title: &'static str) -> Column {
    Column { title, is_number: true }
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) form: Form,
}

/// The form of a chart, with its rows: each has a label.
#[derive(Debug)]
pub(super) enum Form {
    /// Bars of several parts.
    Parts {
        /// The names of the parts, each with its tone.
        series: Vec<(&'static str, Tone)>,
        rows: Vec<(String, Vec<u64>)>,
    },
    /// Bars from zero over a least to a most.
    Ranges(Vec<Range>),
    /// Bars of ranges, each with a limit.
    Meters(Vec<Meter>),
    /// Cells with numbers of errors, warnings and notes, behind columns of words.
    Heat { words: Vec<&'static str>, columns: Vec<&'static str>, rows: Vec<HeatRow> },
}

/// The words and the cells of a row.
pub(super) type HeatRow = (Vec<String>, Vec<[usize; 3]>);

#[derive(Debug)]
pub(super) struct Range {
    pub(super) label: String,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) words: String,
}

#[derive(Debug)]
pub(super) struct Meter {
    pub(super) label: String,
    pub(super) least: f64,
    pub(super) most: f64,
    pub(super) hard: f64,
    pub(super) words: String,
}

/// The colour of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Middle,
    Bad,
}

impl Tone {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Middle => "middle",
            Self::Bad => "bad",
        }
    }
}

/// A range of whole numbers: `2–6`, or `2`.
pub(super) fn range(least: &impl ToString, most: &impl ToString) -> String {
    let (least, most) = (least.to_string(), most.to_string());
    if least == most { least } else { format!("{least}–{most}") }
}
