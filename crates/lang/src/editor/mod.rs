//! Editor queries: what stands under the cursor, where a name is declared and used, what may be written here, which words of the
//! text are covered by rules.
//!
//! What they deliberately do not do: know an editor's protocol, touch files, decide anything. The command line, the language
//! server and a page ask the same ones. Places are bytes of the text; an offset that does not exist has no answer.
//!
//! Invariants
//! - every query answers for any text and any offset, and never fails;
//! - a renaming leaves the meaning as it is, or is refused with the reason.
//!
//! Where to start reading: [`Sheet`]. What a name stands for where: [`names`]. Tests: `tests/editor.rs` of this crate.

mod complete;
mod dates;
pub mod names;
mod show;
mod words;

pub use complete::{Completion, Sort};
pub use dates::{Dated, fixed};
pub use show::{Hover, Item, Outline};
pub use words::{Quoted, Stretch};

use crate::Checked;
use crate::ast::{Decl, FieldValue, Span};
use crate::diagnostic::{Diagnostic, Fix};
use crate::lower::names::is_reserved;
use crate::parser::vocabulary;
use crate::surface::Language;
use crate::syntax::SyntaxKind;
use names::{Names, Place, Symbol};
use servanda_model::Name;

/// A text on the desk, with what was understood of it: the queries are its methods.
///
/// # Example
/// ```
/// let text = "# Peace\n\n```pact\nparty A\nparty B\ngroup both\n  members     A, B\n```\n";
/// let checked = servanda_lang::check(text);
/// let sheet = servanda_lang::editor::Sheet::new(text, &checked);
/// let used = text.find("A, B").unwrap();
/// assert_eq!(sheet.definition(used), [text.find("A\n").unwrap()..text.find("A\n").unwrap() + 1]);
/// assert_eq!(sheet.rename(used, "Arland").unwrap().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Sheet<'a> {
    /// The text.
    pub text: &'a str,
    /// What [`check`](crate::check) made of it.
    pub checked: &'a Checked,
    /// Its names.
    pub names: Names,
    /// The quotes of its rules.
    pub quoted: Vec<Quoted>,
    /// The language in which rules are said back.
    pub language: Language,
}

impl<'a> Sheet<'a> {
    /// Lays a text on the desk. `checked` is what [`check`](crate::check) made of it.
    pub fn new(text: &'a str, checked: &'a Checked) -> Sheet<'a> {
        let names = Names::of(text, &checked.file);
        let quoted = words::quoted(&checked.file, &checked.parse.document);
        Sheet { text, checked, names, quoted, language: Language::English }
    }

    /// The same, with rules said back in a language.
    pub fn in_language(self, language: Language) -> Sheet<'a> {
        Sheet { language, ..self }
    }

    /// Where what stands at an offset is declared: for a name its declaration, for quoted words the place in the clause, for words
    /// of a clause the rules that quote them.
    pub fn definition(&self, offset: usize) -> Vec<Span> {
        if let Some(place) = self.names.at(offset) {
            return self.names.declared(&place.symbol).map(|p| p.span.clone()).into_iter().collect();
        }
        if let Some(quote) = self.quoted.iter().find(|q| touches(&q.text, offset)) {
            return quote.words.clone().into_iter().collect();
        }
        self.rules_quoting(offset).map(|(_, quote)| quote.text.clone()).collect()
    }

    /// All places of the name at an offset; without its declarations where they are not wanted.
    pub fn references(&self, offset: usize, declarations: bool) -> Vec<Span> {
        match self.names.at(offset) {
            Some(place) => {
                let all = self.names.places_of(&place.symbol);
                all.filter(|p| declarations || !p.declares).map(|p| p.span.clone()).collect()
            }
            None => self.rules_quoting(offset).map(|(_, quote)| quote.text.clone()).collect(),
        }
    }

    /// The name at an offset, where it can be renamed.
    ///
    /// # Errors
    /// Why it cannot, in words for the drafter.
    pub fn renamable(&self, offset: usize) -> Result<&Place, String> {
        let place = self.names.at(offset).ok_or("there is no name here that the text declares")?;
        let name = place.symbol.name();
        match &place.symbol {
            Symbol::Role(..) => Err(format!(
                "`{name}` is a role: records on file name it, and rules compare roles of different facts by it; change it by hand"
            )),
            Symbol::Attribute(_) => {
                Err(format!("`{name}` is an attribute that values of several classes may have; change it by hand"))
            }
            Symbol::Thing(fact) if self.names.delivers && *fact == "delivery" => Err(
                "`delivery` is the event that rows of a delivery count where they name none; write `fact delivery` there first"
                    .to_string(),
            ),
            _ => Ok(place),
        }
    }

    /// The places to be replaced by `new` so that the name at an offset is renamed, in order of the text.
    ///
    /// # Errors
    /// Why it is refused, in words for the drafter: no name stands here, `new` is no name, is reserved or taken, part of the text
    /// that mentions the name cannot be read, or the text would mean something else.
    pub fn rename(&self, offset: usize, new: &str) -> Result<Vec<Span>, String> {
        let place = self.renamable(offset)?;
        let old = place.symbol.name();
        let tokens = crate::lexer::tokens(new);
        if !matches!(&tokens[..], [(SyntaxKind::Word, word)] if *word == new) {
            return Err(format!(
                "`{new}` is no name: a name is one word of letters, digits, `-`, `_` and `/` with at least one letter"
            ));
        }
        if is_reserved(new) {
            return Err(format!("`{new}` is a word of the language; choose another name"));
        }
        let name = Name::from(new);
        if *old == name {
            return Ok(Vec::new());
        }
        if self.names.is_taken(&place.symbol, &name) {
            return Err(format!("`{new}` is already declared; choose another name"));
        }
        if let Some(line) = self.unreadable_use(old) {
            return Err(format!("line {line} cannot be read and mentions `{old}`; correct it first"));
        }
        let spans: Vec<Span> = self.names.places_of(&place.symbol).map(|p| p.span.clone()).collect();
        match self.means_the_same(place, &spans, &name) {
            true => Ok(spans),
            false => Err(format!(
                "with `{new}` in place of `{old}` the text would mean something else; choose another name"
            )),
        }
    }

    /// The line, from 1, of a part that cannot be read and mentions a name.
    fn unreadable_use(&self, name: &Name) -> Option<usize> {
        let line = |at: usize| self.text[..at].matches('\n').count() + 1;
        let mentions = |span: &Span| {
            let text = self.text.get(span.clone()).unwrap_or_default();
            let row = |word: &str| word.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'));
            crate::lexer::tokens(text)
                .iter()
                .any(|(kind, word)| *kind == SyntaxKind::Word && (*word == name.as_str() || row(word)))
        };
        let fields = self.checked.file.decls.iter().flat_map(|d| &d.fields);
        let unread = fields.filter(|f| f.value == FieldValue::Unreadable).map(|f| f.span.clone());
        let errors = self.checked.parse.trees.iter().flat_map(|tree| {
            let nodes: Vec<Span> = tree
                .root()
                .descendants()
                .filter(|n| n.kind() == SyntaxKind::Error)
                .map(|n| tree.in_file(n.text_range()))
                .collect();
            nodes
        });
        unread.chain(errors).filter(mentions).map(|span| line(span.start)).min()
    }

    /// Whether the text with the new name in these places has its names in the same places, and the same mistakes.
    fn means_the_same(&self, place: &Place, spans: &[Span], new: &Name) -> bool {
        let text = replaced(self.text, spans, new.as_str());
        let checked = crate::check(&text);
        let codes = |all: &[Diagnostic]| {
            let mut codes: Vec<&str> = all.iter().map(|d| d.code).collect();
            codes.sort_unstable();
            codes
        };
        if codes(&checked.diagnostics) != codes(&self.checked.diagnostics) {
            return false;
        }
        let names = Names::of(&text, &checked.file);
        let mut shift = 0isize;
        let moved = self.names.places.iter().map(|p| {
            let start = p.span.start.saturating_add_signed(shift);
            if p.symbol == place.symbol {
                shift += new.as_str().len() as isize - p.span.len() as isize;
            }
            (start, p.declares)
        });
        names.places.iter().map(|p| (p.span.start, p.declares)).eq(moved)
    }

    /// The repairs of diagnostics that touch a stretch of the text.
    pub fn fixes<'d>(
        &self,
        diagnostics: &'d [Diagnostic],
        stretch: Span,
    ) -> impl Iterator<Item = (&'d Diagnostic, &'d Fix)> {
        let near = move |d: &Diagnostic| d.span.start <= stretch.end && stretch.start <= d.span.end;
        diagnostics.iter().filter(move |d| near(d)).filter_map(|d| Some((d, d.fix.as_ref()?)))
    }

    /// The declaration at an offset: the last one that begins before it in the same fence.
    pub(crate) fn decl_at(&self, offset: usize) -> Option<&'a Decl> {
        let fence = self.checked.parse.document.fences.iter().find(|f| touches(&f.content, offset))?;
        let before = self.checked.file.decls.iter().take_while(|d| d.keyword_span.start <= offset);
        before.last().filter(|d| d.keyword_span.start >= fence.content.start)
    }

    /// The word of the field at an offset, where it stands on a field word.
    fn field_word_at(&self, offset: usize) -> Option<&'static str> {
        let decl = self.decl_at(offset)?;
        let field = decl.fields.iter().find(|f| touches(&f.word_span, offset))?;
        vocabulary::field(decl.keyword, field.word).map(|rule| rule.word)
    }
}

/// The text with `new` in the place of each of these stretches, which stand in order and do not overlap.
pub fn replaced(text: &str, spans: &[Span], new: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in spans {
        out.push_str(text.get(at..span.start).unwrap_or_default());
        out.push_str(new);
        at = span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn touches(span: &Span, offset: usize) -> bool {
    span.start <= offset && offset <= span.end
}
