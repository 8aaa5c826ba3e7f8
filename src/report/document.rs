//! What a report says, apart from how it is written: sections of paragraphs, tables and plots, in one language.

#![cfg_attr(not(feature = "html"), allow(dead_code, reason = "only the page draws, and names what it shows"))]

use super::{forest::Forest, plot::Plot};
use crate::Language;

/// A whole report.
pub(super) struct Document {
    pub language: Language,
    pub title: String,
    /// On what it was measured.
    pub place: String,
    pub sections: Vec<Section>,
    /// How many of the sections stand before the list of them: the answers.
    pub opening: usize,
}

/// A part with a heading of its own.
pub(super) struct Section {
    /// Its address within the page.
    pub id: String,
    pub title: String,
    pub blocks: Vec<Block>,
}

pub(super) enum Block {
    Paragraph(String),
    /// A paragraph that is said loudly.
    Strong(String),
    /// A heading below the section's.
    Heading(String),
    /// Text that keeps its lines: commands, environments.
    Verbatim(String),
    List(Vec<Item>),
    Table(Table),
    Plots(Vec<Plot>),
    Forest(Forest),
    Fold(Fold),
    /// A line for each name: what belongs to it, and where that stands.
    Index(Vec<Entry>),
}

/// What is shown where somebody asks for it.
pub(super) struct Fold {
    /// Its address within the page, if something leads there.
    pub id: Option<String>,
    pub title: String,
    /// Said after the title, and less loudly.
    pub detail: String,
    pub blocks: Vec<Block>,
}

/// A line of an index.
pub(super) struct Entry {
    pub name: String,
    /// The words of each link, and the address that it leads to.
    pub links: Vec<(String, String)>,
}

/// A line of a list: a few words that name it, and the rest.
pub(super) struct Item {
    pub name: String,
    pub text: Text,
}

/// Words of the report's own language, or as they stand in the baseline.
#[derive(Default)]
pub(super) struct Text {
    pub words: String,
    /// Whether they are in English whatever the report's language: what adapters say is.
    pub english: bool,
}

#[derive(Default)]
pub(super) struct Table {
    pub caption: String,
    pub columns: Vec<Column>,
    pub groups: Vec<Rows>,
    /// How many rows were left out: a page must stay one that a browser can show.
    pub left_out: usize,
    /// Whether a row may be shown as a card of its own where the page is narrow.
    pub cards: bool,
    /// The word that opens what cells hold folded, where one does.
    pub folds: &'static str,
}

/// Rows under a title, or all of a table.
#[derive(Default)]
pub(super) struct Rows {
    pub title: String,
    pub rows: Vec<Vec<Cell>>,
}

pub(super) struct Column {
    pub title: String,
    pub numeric: bool,
}

#[derive(Default)]
pub(super) struct Cell {
    pub text: Text,
    /// Said after it, and less loudly.
    pub detail: Text,
    pub tone: Tone,
    /// Its address within the page, if something leads there.
    pub id: Option<String>,
    /// Lines that are shown where somebody asks for them.
    pub folded: Vec<Text>,
}

/// How a cell is to be read; each has words of its own, so that no tone is told by its colour alone.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    Strong,
    Good,
    Bad,
    Open,
    Warning,
}

impl Section {
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), blocks: Vec::new() }
    }
}

impl Fold {
    pub fn new(title: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { id: None, title: title.into(), detail: String::new(), blocks }
    }

    pub fn at(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl Text {
    pub fn english(words: impl Into<String>) -> Self {
        Self { words: words.into(), english: true }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(words: T) -> Self {
        Self { words: words.into(), english: false }
    }
}

impl Cell {
    pub fn new(text: impl Into<Text>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn detail(mut self, detail: impl Into<Text>) -> Self {
        self.detail = detail.into();
        self
    }

    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub fn at(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }

    pub fn folded(mut self, lines: Vec<Text>) -> Self {
        self.folded = lines;
        self
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.detail.is_empty()
    }
}

impl Column {
    pub fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), numeric: false }
    }

    pub fn number(title: impl Into<String>) -> Self {
        Self { title: title.into(), numeric: true }
    }
}

impl Table {
    /// A table of one group.
    pub fn new(caption: impl Into<String>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Self {
        let groups = vec![Rows { title: String::new(), rows }];
        Self { caption: caption.into(), columns, groups, ..Self::default() }
    }

    /// Rows become cards where the page is narrow.
    pub fn cards(mut self) -> Self {
        self.cards = true;
        self
    }

    /// Keeps the first `most` rows, and says how many there were.
    pub fn at_most(mut self, most: usize) -> Self {
        let mut room = most;
        for group in &mut self.groups {
            self.left_out += group.rows.len().saturating_sub(room);
            group.rows.truncate(room);
            room -= group.rows.len();
        }
        self.groups.retain(|group| !group.rows.is_empty());
        self
    }

    /// Drops the columns in which no row says anything.
    pub fn without_empty_columns(mut self) -> Self {
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let said: Vec<bool> = (0..self.columns.len())
            .map(|i| rows().any(|row| row.get(i).is_some_and(|cell| !cell.is_empty())))
            .collect();
        let keep = |i: &mut usize| {
            *i += 1;
            said[*i - 1]
        };
        let mut index = 0;
        self.columns.retain(|_| keep(&mut index));
        for row in self.groups.iter_mut().flat_map(|group| &mut group.rows) {
            let mut index = 0;
            row.retain(|_| keep(&mut index));
        }
        self
    }
}
