//! `[启动时间]: [6 ms] | 来源: [基准测试] | 版本: [WasmEdge 0.14.0] | 日期: [2025-01]`

use std::{fmt, str::FromStr};

use super::{
    Language, NotationError, NotationField, NotationProblem, amount,
    cursor::{COLON, COMMA, Cursor},
    folded,
};
use crate::{Bound, Component, Date, Indicator, Metric, Quantity, Range, SourceKind, metric::Stated};

/// A figure with its origin on one line.
///
/// ```
/// use runtime_baseline::{Citation, Indicator, Language};
///
/// let text = "[启动时间]: [6 ms] | 来源: [基准测试] | 版本: [WasmEdge 0.14.0] | 日期: [2025-01]";
/// let citation: Citation = text.parse()?;
/// assert_eq!(citation.indicator(), Indicator::StartupTime);
/// assert_eq!(citation.to_string(), text);
/// assert_eq!(
///     citation.display(Language::English).to_string(),
///     "[startup time]: [6 ms] | source: [benchmark] | version: [WasmEdge 0.14.0] | date: [2025-01]"
/// );
///
/// let error = "启动时间: 6 ms | 来源: 博客".parse::<Citation>().unwrap_err();
/// assert_eq!((error.line(), error.column()), (1, 18));
/// # Ok::<(), runtime_baseline::NotationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Citation {
    indicator: Indicator,
    stated: Stated,
    kind: SourceKind,
    /// Never empty: a metric's provenance has one, and the parser asks for one.
    components: Vec<Component>,
    date: Date,
}

impl Citation {
    /// The citation of a metric.
    #[must_use]
    pub fn of(metric: &Metric) -> Self {
        let provenance = metric.provenance();
        Self {
            indicator: metric.indicator(),
            stated: metric.stated(),
            kind: provenance.source().kind(),
            components: provenance.components().to_vec(),
            date: provenance.date(),
        }
    }

    /// What was measured.
    #[must_use]
    pub fn indicator(&self) -> Indicator {
        self.indicator
    }

    /// Whether the quantity is exact, about, above or below.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.stated.bound
    }

    /// How much; of a range, its middle.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.stated.quantity
    }

    /// The range, where one is given in place of a value.
    #[must_use]
    pub fn range(&self) -> Option<Range> {
        self.stated.range
    }

    /// The kind of source.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// What was measured, and what took part. Never empty.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// When.
    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    /// The citation in `language`; it parses back to the same citation. For people, see [`CitationText::rounded`].
    #[must_use]
    pub fn display(&self, language: Language) -> CitationText<'_> {
        CitationText { citation: self, language, is_rounded: false }
    }
}

impl From<&Metric> for Citation {
    fn from(metric: &Metric) -> Self {
        Self::of(metric)
    }
}

/// In Chinese.
impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(Language::Chinese).fmt(f)
    }
}

/// A citation in one language. See [`Citation::display`].
#[derive(Debug, Clone, Copy)]
pub struct CitationText<'a> {
    citation: &'a Citation,
    language: Language,
    is_rounded: bool,
}

impl CitationText<'_> {
    /// The same with the figure to three significant digits, as [`Quantity::rounded`] has it. What is lost is lost: this
    /// is to be read, and parses to the rounded figure.
    ///
    /// ```
    /// use runtime_baseline::{Citation, Language};
    ///
    /// let exact = "[startup time]: [20.390797 ms] | source: [benchmark] | version: [crun 1.8.1] | date: [2025-01]";
    /// let citation: Citation = exact.parse()?;
    /// assert_eq!(citation.display(Language::English).to_string(), exact);
    /// let rounded = citation.display(Language::English).rounded().to_string();
    /// assert!(rounded.starts_with("[startup time]: [20.4 ms] |"), "{rounded}");
    /// # Ok::<(), runtime_baseline::NotationError>(())
    /// ```
    #[must_use]
    pub const fn rounded(mut self) -> Self {
        self.is_rounded = true;
        self
    }
}

impl fmt::Display for CitationText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { citation: c, language, is_rounded } = *self;
        let label = |field: NotationField| field.label(language);
        let indicator = language.pick(c.indicator.label_zh(), c.indicator.label());
        let versions: Vec<String> = c.components.iter().map(Component::to_string).collect();
        let stated = if is_rounded { c.stated.rounded() } else { c.stated.exact() };
        write!(f, "[{indicator}]: [{stated}]")?;
        write!(f, " | {}: [{}]", label(NotationField::Source), c.kind.label(language))?;
        write!(f, " | {}: [{}]", label(NotationField::Version), versions.join(", "))?;
        write!(f, " | {}: [{}]", label(NotationField::Date), c.date)
    }
}

impl FromStr for Citation {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        let (first, more) = text.trim_end().split_once('\n').unwrap_or((text.trim_end(), ""));
        if !more.is_empty() {
            let after = Cursor::new(more, 2);
            return Err(after.unexpected(NotationField::Indicator, "a citation on one line, and nothing below it"));
        }
        let mut line = Cursor::new(first, 1);

        let (name, at) = part(&mut line, NotationField::Indicator)?;
        let unknown = || at.error(NotationField::Indicator, NotationProblem::UnknownIndicator(name.to_owned()));
        let indicator = Indicator::from_label(name).ok_or_else(unknown)?;
        let (value, at) = value(&mut line, NotationField::Quantity)?;
        let stated = amount::read(value, indicator).map_err(|p| at.error(NotationField::Quantity, p))?;

        let (value, at) = labelled(&mut line, NotationField::Source)?;
        let kind = SourceKind::named(value).ok_or_else(|| {
            let names =
                SourceKind::ALL.map(|k| format!("{} ({})", k.label(Language::Chinese), k.label(Language::English)));
            at.expected(NotationField::Source, names.join(" or "), value)
        })?;

        let (value, at) = labelled(&mut line, NotationField::Version)?;
        let components = components(value, &at)?;

        let (value, at) = labelled(&mut line, NotationField::Date)?;
        let date = value.parse().map_err(|e| at.error(NotationField::Date, NotationProblem::Date(e)))?;
        if !line.is_done() {
            return Err(line.unexpected(NotationField::Date, "the end of the citation"));
        }
        Ok(Self { indicator, stated, kind, components, date })
    }
}

/// ` | label: value`
fn labelled<'a>(line: &mut Cursor<'a>, field: NotationField) -> Result<(&'a str, Cursor<'a>), NotationError> {
    let expected = || format!("| {}: or | {}:", field.label(Language::Chinese), field.label(Language::English));
    if !line.eat(&BARS) {
        return Err(line.unexpected(field, expected()));
    }
    let (name, at) = part(line, field)?;
    if !Language::ALL.iter().any(|l| folded(field.label(*l)) == folded(name)) {
        return Err(at.expected(field, expected(), name));
    }
    value(line, field)
}

const BARS: [char; 2] = ['|', '｜'];

/// What stands before a colon, without its brackets.
fn part<'a>(line: &mut Cursor<'a>, field: NotationField) -> Result<(&'a str, Cursor<'a>), NotationError> {
    let (name, at) = line.until(&[COLON[0], COLON[1], BARS[0], BARS[1]]);
    let colon = line.clone();
    if !line.eat(&COLON) {
        return Err(colon.unexpected(field, "a colon after the field's name"));
    }
    unwrapped(name, at, field)
}

/// What stands before the next bar, without its brackets.
fn value<'a>(line: &mut Cursor<'a>, field: NotationField) -> Result<(&'a str, Cursor<'a>), NotationError> {
    let (value, at) = line.until(&BARS);
    unwrapped(value, at, field)
}

/// Takes off one pair of brackets. No field of a citation can hold an ASCII bracket or a bar, so nothing is escaped.
fn unwrapped<'a>(
    text: &'a str,
    mut at: Cursor<'a>,
    field: NotationField,
) -> Result<(&'a str, Cursor<'a>), NotationError> {
    const PAIRS: [(char, char); 3] = [('[', ']'), ('［', '］'), ('【', '】')];
    let Some((open, close)) = PAIRS.into_iter().find(|(open, _)| text.starts_with(*open)) else {
        return Ok((text, at));
    };
    let inner = text[open.len_utf8()..].strip_suffix(close);
    let inner = inner.ok_or_else(|| at.error(field, NotationProblem::Unclosed))?;
    at.eat(&[open]);
    at.skip_space();
    Ok((inner.trim(), at))
}

fn components(text: &str, at: &Cursor<'_>) -> Result<Vec<Component>, NotationError> {
    let mut rest = at.clone();
    text.split(COMMA)
        .map(|item| {
            rest.skip_space();
            let here = rest.clone();
            rest.until(&COMMA);
            rest.eat(&COMMA);
            item.parse().map_err(|e| here.error(NotationField::Version, NotationProblem::Component(e)))
        })
        .collect()
}
