//! What is to be said about a text: the checker's answers in a browser's counting of places.
//!
//! What it deliberately does not do: check, find, word or compare anything itself: `lang` and `report` do.
//!
//! Invariants
//! - every place is a number of UTF-16 units from the beginning of the text that was sent, with its lines ended by `\n`;
//! - what was not decided stands beside what was found.
//!
//! Where to start reading: [`check`], then [`changes`].

use super::units::Units;
use super::{Wanted, text_of, within};
use crate::sheets::Lang;
use crate::{Problem, Served};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use servanda_lang::Checked;
use servanda_lang::changes::{Change, Version};
use servanda_lang::diagnostic::{Diagnostic, Severity, title};
use servanda_lang::editor::{Item, Outline, Sheet, Sort};
use servanda_lang::findings::{Finding, Findings, findings};
use servanda_lang::{readback, readback::ONES};
use servanda_model::verdict::{Board, Verdict};
use servanda_model::{Agreement, Name, Places, Question};
use servanda_report::View;
use servanda_report::json::Header;
use std::collections::{BTreeMap, BTreeSet};

/// So many mistakes and findings are told at most; how many there are is told too.
const MOST_TOLD: usize = 500;
/// So many lines of what one analysis could not decide; how many more there are is told too.
const MOST_UNDECIDED: usize = 200;
/// So many completions.
const MOST_OFFERED: usize = 200;
/// So many verdicts that change.
const MOST_VERDICTS: usize = 1_000;

// ---- the agreement in force ----

#[derive(Serialize)]
pub(super) struct HeadJson<'a> {
    #[serde(flatten)]
    header: Header,
    text: &'a str,
    most_bytes: usize,
    /// Histories that a text can be replayed over.
    histories: [&'static str; 2],
}

/// What the pages begin with.
pub(super) fn head<'a>(served: &'a Served, question: &Question) -> HeadJson<'a> {
    let board = empty(question);
    let matter = served.known.matter();
    HeadJson {
        header: Header::of("draft-text/1", &matter.view(&board)),
        text: text_of(served),
        most_bytes: super::LONGEST_TEXT,
        histories: ["workspace", "exercise"],
    }
}

/// A board on which nothing stands.
pub(super) fn empty(question: &Question) -> Board {
    Board { question: question.clone(), verdicts: Vec::new(), terms: Vec::new(), acts: Vec::new() }
}

// ---- mistakes and findings ----

/// A text to be looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextAsked {
    text: String,
}

/// A text to be said back, and in which language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadAsked {
    text: String,
    #[serde(default)]
    language: Lang,
}

#[derive(Serialize)]
pub(super) struct CheckJson {
    servanda: &'static str,
    name: String,
    title: String,
    exercise: bool,
    counts: CountsJson,
    diagnostics: Vec<TroubleJson>,
    findings: Vec<FoundJson>,
    looked: Vec<LookedJson>,
    about: String,
    rules: Vec<RuleJson>,
    outline: Vec<OutlineJson>,
    dates: Vec<DateJson>,
    /// Stretches of the clauses' words that no rule quotes.
    uncovered: Vec<(usize, usize)>,
}

#[derive(Serialize)]
struct CountsJson {
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: usize,
    accepted: usize,
    rules: usize,
    words: usize,
    words_covered: usize,
}

#[derive(Serialize)]
struct TroubleJson {
    code: &'static str,
    severity: &'static str,
    message: String,
    help: Option<String>,
    from: usize,
    to: usize,
    labels: Vec<LabelJson>,
    fix: Option<FixJson>,
}

#[derive(Serialize)]
struct LabelJson {
    from: usize,
    to: usize,
    text: String,
}

#[derive(Serialize)]
struct FixJson {
    from: usize,
    to: usize,
    insert: String,
    title: String,
}

#[derive(Serialize)]
struct FoundJson {
    #[serde(flatten)]
    trouble: TroubleJson,
    title: &'static str,
    about: Option<String>,
    accepted: Option<String>,
}

#[derive(Serialize)]
struct LookedJson {
    analysis: &'static str,
    bound: &'static str,
    at: usize,
    undecided: Vec<String>,
}

#[derive(Serialize)]
struct RuleJson {
    from: usize,
    to: usize,
    kind: &'static str,
    name: String,
    sentence: String,
}

#[derive(Serialize)]
struct OutlineJson {
    name: String,
    detail: String,
    kind: &'static str,
    from: usize,
    depth: usize,
}

#[derive(Serialize)]
struct DateJson {
    at: usize,
    shown: String,
}

fn trouble(d: &Diagnostic, units: &Units<'_>) -> TroubleJson {
    let (from, to) = units.range(&d.span);
    let label = |(span, text): &(std::ops::Range<usize>, String)| {
        let (from, to) = units.range(span);
        LabelJson { from, to, text: text.clone() }
    };
    let fix = d.fix.as_ref().map(|fix| {
        let (from, to) = units.range(&fix.span);
        FixJson { from, to, insert: fix.replacement.clone(), title: fix.title.clone() }
    });
    TroubleJson {
        code: d.code,
        severity: d.severity.word(),
        message: d.message.clone(),
        help: d.help.clone(),
        from,
        to,
        labels: d.labels.iter().map(label).collect(),
        fix,
    }
}

/// What is to be said about a text as it is being written.
pub(super) fn check(asked: &ReadAsked) -> Result<CheckJson, Problem> {
    let text = &asked.text;
    within(text)?;
    let checked = servanda_lang::check(text);
    let found = findings(text, &checked);
    let units = Units::of(text);
    let language = asked.language.of_rules();
    let sheet = Sheet::new(text, &checked).in_language(language);
    let agreement = &checked.agreement;
    let count = |severity| checked.diagnostics.iter().filter(|d| d.severity == severity).count();
    let stretches = sheet.coverage();
    let words = |covered: bool| -> usize {
        let of = stretches.iter().filter(|s| s.covered == covered);
        of.filter_map(|s| Some(text.get(s.span.clone())?.split_whitespace().count())).sum()
    };
    let rules = rules(&sheet, &units);
    let found_json = |f: &Finding| FoundJson {
        trouble: trouble(&f.diagnostic, &units),
        title: title(f.diagnostic.code),
        about: f.about.as_ref().map(Name::to_string),
        accepted: f.accepted.clone(),
    };
    let accepted = found.findings.iter().filter(|f| f.accepted.is_some()).count();
    let mut outline = Vec::new();
    flatten(&sheet.outline(), 0, &units, &mut outline);
    Ok(CheckJson {
        servanda: "draft/1",
        name: agreement.name.clone(),
        title: agreement.title.clone(),
        exercise: agreement.exercise,
        counts: CountsJson {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Info),
            findings: found.findings.len() - accepted,
            accepted,
            rules: agreement.norms.len(),
            words: words(true) + words(false),
            words_covered: words(true),
        },
        diagnostics: checked.diagnostics.iter().take(MOST_TOLD).map(|d| trouble(d, &units)).collect(),
        findings: found.findings.iter().take(MOST_TOLD).map(found_json).collect(),
        looked: looked(found),
        about: readback::agreement_in(language, agreement),
        rules,
        outline,
        dates: sheet.dates().into_iter().map(|d| DateJson { at: units.unit(d.at), shown: d.shown }).collect(),
        uncovered: stretches.iter().filter(|s| !s.covered).map(|s| units.range(&s.span)).collect(),
    })
}

fn looked(found: Findings) -> Vec<LookedJson> {
    let one = |mut l: servanda_lang::findings::Looked| {
        let more = l.undecided.len().saturating_sub(MOST_UNDECIDED);
        l.undecided.truncate(MOST_UNDECIDED);
        if more > 0 {
            l.undecided.push(format!("and {more} more, which `servanda check --findings` lists"));
        }
        LookedJson { analysis: l.analysis, bound: l.bound, at: l.at, undecided: l.undecided }
    };
    found.looked.into_iter().map(one).collect()
}

/// The read-back of every declaration that has one, with the place of the declaration.
fn rules(sheet: &Sheet<'_>, units: &Units<'_>) -> Vec<RuleJson> {
    let agreement = &sheet.checked.agreement;
    let language = sheet.language;
    let sentence = |name: &str| -> Option<String> {
        if let Some(norm) = agreement.norm(name) {
            return Some(readback::norm_in(language, agreement, norm));
        }
        if let Some((name, term)) = agreement.terms.get_key_value(name) {
            return Some(readback::term_in(language, agreement, name, term));
        }
        if let Some((name, reading)) = agreement.readings.get_key_value(name) {
            return Some(readback::reading_in(language, agreement, name, reading));
        }
        let power = agreement.powers.iter().find(|p| p.name == *name);
        power.map(|power| readback::power_in(language, agreement, power))
    };
    let of = |decl: &servanda_lang::ast::Decl| {
        let name = decl.name.as_ref()?.text.to_string();
        let (from, to) = units.range(&decl.span);
        Some(RuleJson { from, to, kind: decl.keyword.word(), sentence: sentence(&name)?, name })
    };
    sheet.checked.file.decls.iter().filter_map(of).collect()
}

fn flatten(all: &[Outline], depth: usize, units: &Units<'_>, out: &mut Vec<OutlineJson>) {
    for one in all {
        let kind = match one.item {
            Item::Clause => "clause",
            Item::Declaration(keyword) => keyword.word(),
        };
        out.push(OutlineJson {
            name: one.name.clone(),
            detail: one.detail.clone(),
            kind,
            from: units.unit(one.selection.start),
            depth,
        });
        flatten(&one.children, depth + 1, units, out);
    }
}

// ---- a place ----

/// What is asked about a place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceAsked {
    text: String,
    at: usize,
    want: Wish,
    #[serde(default)]
    language: Lang,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wish {
    Hover,
    Definition,
    References,
    Complete,
}

#[derive(Default, Serialize)]
pub(super) struct PlaceJson {
    servanda: &'static str,
    hover: Option<HoverJson>,
    places: Vec<(usize, usize)>,
    offers: Vec<OfferJson>,
}

#[derive(Serialize)]
struct HoverJson {
    from: usize,
    to: usize,
    title: String,
    body: Vec<String>,
}

#[derive(Serialize)]
struct OfferJson {
    text: String,
    detail: String,
    sort: &'static str,
    from: usize,
    to: usize,
}

/// What stands at a place, where it is declared or used, or what may be written there.
pub(super) fn at(asked: &PlaceAsked) -> Result<PlaceJson, Problem> {
    within(&asked.text)?;
    let checked = servanda_lang::check(&asked.text);
    let sheet = Sheet::new(&asked.text, &checked).in_language(asked.language.of_rules());
    let units = Units::of(&asked.text);
    let at = units.byte(asked.at);
    let mut out = PlaceJson { servanda: "draft-place/1", ..PlaceJson::default() };
    match asked.want {
        Wish::Hover => {
            out.hover = sheet.hover(at).map(|hover| {
                let (from, to) = units.range(&hover.span);
                HoverJson { from, to, title: hover.title, body: hover.body }
            });
        }
        Wish::Definition => out.places = sheet.definition(at).iter().map(|span| units.range(span)).collect(),
        Wish::References => {
            out.places = sheet.references(at, true).iter().map(|span| units.range(span)).collect();
        }
        Wish::Complete => {
            let offer = |offer: servanda_lang::editor::Completion| {
                let (from, to) = units.range(&offer.replaces);
                let sort = match offer.sort {
                    Sort::Declaration => "declaration",
                    Sort::Field => "field",
                    Sort::Word => "word",
                    Sort::Name => "name",
                    Sort::Quote => "quote",
                };
                OfferJson { text: offer.text, detail: offer.detail, sort, from, to }
            };
            out.offers = sheet.complete(at).into_iter().take(MOST_OFFERED).map(offer).collect();
        }
    }
    Ok(out)
}

#[derive(Serialize)]
pub(super) struct FormattedJson {
    servanda: &'static str,
    text: String,
}

/// The canonical form.
pub(super) fn format(asked: &TextAsked) -> Result<FormattedJson, Problem> {
    within(&asked.text)?;
    Ok(FormattedJson { servanda: "draft-formatted/1", text: servanda_lang::format::format(&asked.text) })
}

// ---- the enforceability page ----

/// A text that can be asked about verdicts: without errors, because part of one with errors has no effect.
pub(super) fn sound(text: &str) -> Result<Checked, Problem> {
    within(text)?;
    let checked = servanda_lang::check(text);
    let mut errors = checked.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let Some(first) = errors.next() else { return Ok(checked) };
    let line = text.get(..first.span.start).unwrap_or_default().matches('\n').count() + 1;
    let more = match errors.count() {
        0 => String::new(),
        n => format!(", and {}", few(n, "more error")),
    };
    let message =
        format!("the draft has errors, and part of it has no effect; line {line}: {}{more}", first.message);
    Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "draft-has-errors", message))
}

fn few(n: usize, what: &str) -> String {
    let number = ONES.get(n).map_or_else(|| n.to_string(), |word| word.to_string());
    format!("{number} {what}{}", if n == 1 { "" } else { "s" })
}

/// Whether the draft can be enforced: the page of `servanda audit`, as a document.
pub(super) fn audit(asked: &TextAsked) -> Result<Vec<u8>, Problem> {
    let checked = sound(&asked.text)?;
    let document = crate::enforceability(&asked.text, &checked, "").checked();
    document.map(|checked| checked.json().into_bytes()).map_err(|wrong| Problem::bug(&wrong))
}

// ---- differences from the agreement in force ----

#[derive(Serialize)]
pub(super) struct ChangesJson {
    #[serde(flatten)]
    header: Header,
    same: bool,
    meaning: Vec<ChangeJson>,
    words: Vec<ChangeJson>,
    found: Vec<GapJson>,
    resolved: Vec<GapJson>,
    verdicts: Vec<OtherJson>,
    verdicts_left_out: usize,
    /// Zones and places of the draft that have no shape here.
    without_shape: Vec<String>,
}

#[derive(Serialize)]
struct ChangeJson {
    what: &'static str,
    name: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize)]
struct GapJson {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct OtherJson {
    norm: String,
    bearer: String,
    instance: String,
    before: Option<&'static str>,
    after: Option<&'static str>,
}

/// The draft beside the agreement in force: what it says differently, and of whom another verdict would be given. `before` is the
/// board of the agreement in force for the question.
pub(super) fn changes(
    asked: &ReadAsked,
    served: &Served,
    before: &Board,
    wanted: &Wanted,
) -> Result<ChangesJson, Problem> {
    let draft = sound(&asked.text)?;
    let text = text_of(served);
    let old = servanda_lang::check(text);
    let found = servanda_lang::changes::changes_in(
        asked.language.of_rules(),
        Version { text, checked: &old },
        Version { text: &asked.text, checked: &draft },
    );
    if !wanted.is_wanted() {
        return Err(super::turns::gone());
    }
    let matter = served.known.matter();
    let (places, without_shape) = places_for(&draft.agreement, &matter.places);
    let question =
        Question { readings: own_readings(&draft.agreement, &before.question), ..before.question.clone() };
    let after = (served.evaluate)(&draft.agreement, &places, &matter.records, &question);
    let (verdicts, verdicts_left_out) = others(before, &after);
    let change = |c: &Change| ChangeJson {
        what: c.what,
        name: c.name.to_string(),
        before: c.before.clone(),
        after: c.after.clone(),
    };
    let gap = |(code, message): &(&'static str, String)| GapJson { code, message: message.clone() };
    Ok(ChangesJson {
        header: Header::of(
            "draft-changes/1",
            &View {
                agreement: &matter.agreement,
                places: &matter.places,
                records: (&*matter.records).into(),
                sorted: None,
                board: before,
            },
        ),
        same: found.is_empty(),
        meaning: found.meaning.iter().map(change).collect(),
        words: found.words.iter().map(change).collect(),
        found: found.found.iter().map(gap).collect(),
        resolved: found.resolved.iter().map(gap).collect(),
        verdicts,
        verdicts_left_out,
        without_shape,
    })
}

fn others(before: &Board, after: &Board) -> (Vec<OtherJson>, usize) {
    let key = |v: &Verdict| (v.norm.to_string(), v.bearer.to_string(), v.instance.to_string());
    let of = |board: &Board| -> BTreeMap<(String, String, String), &'static str> {
        board.verdicts.iter().map(|v| (key(v), v.performance.word())).collect()
    };
    let (before, after) = (of(before), of(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let all: Vec<_> = keys.into_iter().filter(|k| before.get(*k) != after.get(*k)).collect();
    let left_out = all.len().saturating_sub(MOST_VERDICTS);
    let one = |k: &(String, String, String)| OtherJson {
        norm: k.0.clone(),
        bearer: k.1.clone(),
        instance: k.2.clone(),
        before: before.get(k).copied(),
        after: after.get(k).copied(),
    };
    (all.into_iter().take(MOST_VERDICTS).map(one).collect(), left_out)
}

/// The readings of a question that a draft has too.
pub(super) fn own_readings(draft: &Agreement, question: &Question) -> BTreeMap<Name, Name> {
    let has = |reading: &Name, option: &Name| {
        draft.readings.get(reading).is_some_and(|r| r.options.iter().any(|(name, _)| name == option))
    };
    let chosen = question.readings.iter().filter(|(reading, option)| has(reading, option));
    chosen.map(|(reading, option)| (reading.clone(), option.clone())).collect()
}

/// The places of the agreement in force, with those that the draft names besides and the gazetteer knows; and the names of those
/// that have no shape here: a file beside the draft is not sent.
pub(super) fn places_for(draft: &Agreement, known: &Places) -> (Places, Vec<String>) {
    let (found, problems) = servanda_evidence::zones::places(draft, &BTreeMap::new(), &[]);
    let mut places = known.clone();
    for (name, shape) in found.shapes {
        places.shapes.entry(name).or_insert(shape);
    }
    for (name, point) in found.points {
        places.points.entry(name).or_insert(point);
    }
    let missing = problems.into_iter().map(|p| p.name).filter(|name| !places.shapes.contains_key(name));
    let missing: BTreeSet<String> = missing.map(|name| name.to_string()).collect();
    (places, missing.into_iter().collect())
}
