//! Stable, versioned documents for programs: board, card, duties, records, terms, agreement.
//!
//! Every document names itself first (`"servanda": "board/1"`), then the agreement, the question and whether it is an
//! exercise. Fields may be added within a version; none changes its meaning or goes away. `docs/reference/json.md`
//! describes each field, and a test compares that page with what is produced.
//!
//! The shapes live here and not in `model`: renaming a field of the engine's changes nobody's files.

use crate::rows::main_step;
use crate::timeline::terms_of;
use crate::{Answer, Duty, State, Tone, View, explained, wording};
use serde::Serialize;
use servanda_model::agreement::{FactKind, Status};
use servanda_model::explanation::{Change, Deed, Explanation, Watch, What};
use servanda_model::grade::Truth;
use servanda_model::record::{Phase, Says};
use servanda_model::verdict::{Bearer, Cited, Standing, TermState};
use servanda_model::{Instant, Name, Place, Record, Verdict, When};
use std::collections::BTreeMap;

/// A document as indented text with a line end.
pub fn text<T: Serialize>(document: &T) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// A time: first and last instant that it may be (UTC), and how people read it in the agreement's zone.
#[derive(Serialize, Clone, Debug)]
pub struct WhenJson {
    earliest: String,
    latest: String,
    local: String,
}

/// A time.
pub fn when(view: &View<'_>, when: When) -> WhenJson {
    WhenJson {
        earliest: when.earliest.to_string(),
        latest: when.latest.to_string(),
        local: view.agreement.calendar.show_when(when),
    }
}

/// What every document begins with.
#[derive(Serialize)]
pub struct Header {
    servanda: &'static str,
    agreement: AgreementHead,
    question: QuestionJson,
    exercise: bool,
    note: &'static str,
}

#[derive(Serialize)]
struct AgreementHead {
    name: String,
    title: String,
    version: Option<String>,
    status: &'static str,
    time_zone: String,
}

#[derive(Serialize)]
struct QuestionJson {
    at: String,
    at_local: String,
    known_at: String,
    known_at_local: String,
    readings: BTreeMap<String, String>,
}

impl Header {
    /// For a document of that name and version.
    pub fn of(servanda: &'static str, view: &View<'_>) -> Header {
        let agreement = view.agreement;
        let question = &view.board.question;
        let local = |at: Instant| agreement.calendar.show(at);
        Header {
            servanda,
            agreement: AgreementHead {
                name: agreement.name.clone(),
                title: agreement.title.clone(),
                version: agreement.version.clone(),
                status: match agreement.status {
                    Status::Binding => "binding",
                    Status::Political => "political",
                    Status::Mixed => "mixed",
                },
                time_zone: agreement.calendar.zone_name().to_string(),
            },
            question: QuestionJson {
                at: question.at.to_string(),
                at_local: local(question.at),
                known_at: question.known_at.to_string(),
                known_at_local: local(question.known_at),
                readings: question.readings.iter().map(|(r, o)| (r.to_string(), o.to_string())).collect(),
            },
            exercise: view.is_exercise(),
            note: wording::CAVEAT,
        }
    }
}

#[derive(Serialize)]
struct StateJson {
    word: &'static str,
    tone: &'static str,
    sign: String,
}

fn state(state: State) -> StateJson {
    StateJson { word: state.word, tone: state.tone.word(), sign: state.tone.sign().to_string() }
}

#[derive(Serialize)]
struct BearerJson {
    kind: &'static str,
    name: String,
    phrase: String,
    members: Vec<String>,
}

fn bearer(view: &View<'_>, bearer: &Bearer) -> BearerJson {
    let (kind, members) = match bearer {
        Bearer::Party(name) => ("party", vec![name.to_string()]),
        Bearer::Jointly(names) => ("jointly", strings(names)),
        Bearer::Unstated => ("unstated", Vec::new()),
        Bearer::NotEstablished(names) => ("not-established", strings(names)),
    };
    BearerJson { kind, name: bearer.to_string(), phrase: wording::bearer(view.agreement, bearer), members }
}

fn strings(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

fn phrases(view: &View<'_>, names: &[Name]) -> Vec<String> {
    names.iter().map(|n| view.agreement.phrase(n).to_string()).collect()
}

#[derive(Serialize)]
struct StandingJson {
    word: &'static str,
    why: Option<String>,
}

fn standing(standing: &Standing) -> StandingJson {
    let why = match standing {
        Standing::Waiting(why) | Standing::Suspended(why) => Some(why.clone()),
        _ => None,
    };
    StandingJson { word: standing.word(), why }
}

#[derive(Serialize)]
struct ReadingJson {
    reading: String,
    option: String,
    words: Option<String>,
}

fn readings(view: &View<'_>, readings: &[(Name, Name)]) -> Vec<ReadingJson> {
    let one = |(reading, option): &(Name, Name)| ReadingJson {
        reading: reading.to_string(),
        option: option.to_string(),
        words: view.agreement.readings.get(reading).map(|r| r.words.clone()),
    };
    readings.iter().map(one).collect()
}

#[derive(Serialize)]
struct ClauseJson {
    id: String,
    heading: String,
    line: u32,
}

fn clause(view: &View<'_>, index: Option<usize>) -> Option<ClauseJson> {
    let clause = view.agreement.clauses.get(index?)?;
    Some(ClauseJson { id: clause.id.to_string(), heading: clause.heading.clone(), line: clause.line })
}

// ---- board/1 -------------------------------------------------------------------------------------------------------

/// The document `board/1`.
#[derive(Serialize)]
pub struct BoardJson {
    #[serde(flatten)]
    header: Header,
    answer: AnswerJson,
    summary: BTreeMap<&'static str, usize>,
    rows: Vec<RowJson>,
    verdicts: Vec<VerdictJson>,
    terms: Vec<TermJson>,
    acts: Vec<ActJson>,
}

#[derive(Serialize)]
struct AnswerJson {
    question: &'static str,
    word: &'static str,
    sentence: String,
}

#[derive(Serialize)]
struct RowJson {
    norm: String,
    phrase: String,
    kind: &'static str,
    clause: Option<ClauseJson>,
    bearer: BearerJson,
    owed_to: Vec<String>,
    state: StateJson,
    performance: &'static str,
    grade: &'static str,
    due: Option<WhenJson>,
    next_due: Option<WhenJson>,
    reason: String,
    instance: String,
    instances: usize,
    counts: BTreeMap<&'static str, usize>,
    marking: String,
}

#[derive(Serialize)]
struct VerdictJson {
    norm: String,
    bearer: String,
    instance: String,
    state: StateJson,
    performance: &'static str,
    standing: StandingJson,
    grade: &'static str,
    triggered: Option<WhenJson>,
    due: Option<WhenJson>,
    fulfilled: Option<WhenJson>,
    breached: Option<WhenJson>,
    performed_late: Option<WhenJson>,
    episodes: usize,
    reason: String,
    codes: Vec<String>,
    marking: String,
}

fn verdict(view: &View<'_>, v: &Verdict) -> VerdictJson {
    VerdictJson {
        norm: v.norm.to_string(),
        bearer: v.bearer.to_string(),
        instance: v.instance.to_string(),
        state: state(State::of(v)),
        performance: v.performance.word(),
        standing: standing(&v.standing),
        grade: v.grade.word(),
        triggered: v.triggered.map(|w| when(view, w)),
        due: v.due.map(|w| when(view, w)),
        fulfilled: v.fulfilled.map(|w| when(view, w)),
        breached: v.breached.map(|w| when(view, w)),
        performed_late: v.performed_late.map(|w| when(view, w)),
        episodes: v.episodes.len(),
        reason: main_step(v).to_string(),
        codes: v.reasons().because.iter().map(|b| b.code.word()).collect(),
        marking: wording::marking(view.agreement, &v.marking),
    }
}

#[derive(Serialize)]
struct TermJson {
    term: String,
    phrase: String,
    readings: Vec<ReadingJson>,
    now: &'static str,
    supported: &'static str,
    opposed: &'static str,
    episodes: Vec<TermEpisodeJson>,
    gauges: Vec<GaugeJson>,
}

#[derive(Serialize)]
struct TermEpisodeJson {
    anchor: String,
    began: WhenJson,
    ended: Option<WhenJson>,
    grade: &'static str,
    found: Option<WhenJson>,
}

#[derive(Serialize)]
struct GaugeJson {
    what: String,
    value: String,
    threshold: String,
    /// For drawing only.
    share: Option<f64>,
}

fn term(view: &View<'_>, t: &TermState) -> TermJson {
    let declared = view.agreement.terms.get(&t.term);
    let phrase = declared.map(|d| d.phrase.as_str()).filter(|p| !p.is_empty()).unwrap_or(t.term.as_str());
    TermJson {
        term: t.term.to_string(),
        phrase: phrase.to_string(),
        readings: readings(view, &t.readings),
        now: match t.now {
            Truth::True => "true",
            Truth::False => "false",
            Truth::Unknown => "unknown",
            Truth::Contested => "contested",
        },
        supported: t.support.supported.word(),
        opposed: t.support.opposed.word(),
        episodes: t
            .episodes
            .iter()
            .map(|e| TermEpisodeJson {
                anchor: e.anchor.to_string(),
                began: when(view, e.began),
                ended: e.ended.map(|w| when(view, w)),
                grade: e.grade.word(),
                found: e.found.map(|w| when(view, w)),
            })
            .collect(),
        gauges: t
            .gauges
            .iter()
            .map(|g| GaugeJson {
                what: g.what.clone(),
                value: wording::number(&g.value),
                threshold: wording::number(&g.threshold),
                share: g.value.over(&g.threshold).map(|n| n.to_f64()),
            })
            .collect(),
    }
}

#[derive(Serialize)]
struct ActJson {
    power: String,
    actor: Option<String>,
    record: String,
    when: WhenJson,
    effect: Option<String>,
    purported: bool,
    because: String,
}

/// The board: a row for each norm and bearer, and every instance behind them.
pub fn board(view: &View<'_>) -> BoardJson {
    let rows = view.rows();
    let mut summary: BTreeMap<&'static str, usize> = Tone::ALL.iter().map(|t| (t.word(), 0)).collect();
    for row in &rows {
        *summary.entry(row.state().tone.word()).or_default() += 1;
    }
    let answer = Answer::of(view);
    let row_json = |row: &crate::Row<'_>| {
        let shown = row.shown();
        RowJson {
            norm: row.name.to_string(),
            phrase: wording::norm(row.norm, row.name).to_string(),
            kind: wording::kind(shown.kind),
            clause: clause(view, shown.reasons().clause.or(row.norm.and_then(|n| n.clause))),
            bearer: bearer(view, row.bearer),
            owed_to: phrases(view, &shown.owed_to),
            state: state(row.state()),
            performance: shown.performance.word(),
            grade: shown.grade.word(),
            due: shown.due.map(|w| when(view, w)),
            next_due: row.next_due().map(|w| when(view, w)),
            reason: main_step(shown).to_string(),
            instance: shown.instance.to_string(),
            instances: row.instances.len(),
            counts: row.counts().into_iter().map(|(p, n)| (p.word(), n)).collect(),
            marking: wording::marking(view.agreement, &shown.marking),
        }
    };
    BoardJson {
        header: Header::of("board/1", view),
        answer: AnswerJson {
            question: "Is the agreement kept?",
            word: answer.word,
            sentence: answer.sentence,
        },
        summary,
        rows: rows.iter().map(row_json).collect(),
        verdicts: view.board.verdicts.iter().map(|v| verdict(view, v)).collect(),
        terms: view.board.terms.iter().map(|t| term(view, t)).collect(),
        acts: view
            .board
            .acts
            .iter()
            .map(|a| ActJson {
                power: a.power.to_string(),
                actor: a.actor.as_ref().map(|n| view.agreement.phrase(n).to_string()),
                record: a.record.to_string(),
                when: when(view, a.when),
                effect: a.effect.map(|e| e.to_string()),
                purported: a.purported,
                because: a.because.clone(),
            })
            .collect(),
    }
}

// ---- terms/1 -------------------------------------------------------------------------------------------------------

/// The document `terms/1`.
#[derive(Serialize)]
pub struct TermsJson {
    #[serde(flatten)]
    header: Header,
    terms: Vec<TermJson>,
}

/// The terms as they stand.
pub fn terms(view: &View<'_>) -> TermsJson {
    let terms = view.board.terms.iter().map(|t| term(view, t)).collect();
    TermsJson { header: Header::of("terms/1", view), terms }
}

// ---- card/1 --------------------------------------------------------------------------------------------------------

/// The document `card/1`.
#[derive(Serialize)]
pub struct CardsJson {
    #[serde(flatten)]
    header: Header,
    cards: Vec<CardJson>,
}

impl CardsJson {
    /// The same with each rule said back otherwise, by its name: in another language. What gives nothing stays.
    pub fn with_rules(mut self, said: impl Fn(&str) -> Option<String>) -> CardsJson {
        for card in &mut self.cards {
            if let Some(rule) = said(&card.norm) {
                card.rule = rule;
            }
        }
        self
    }
}

#[derive(Serialize)]
struct CardJson {
    norm: String,
    phrase: String,
    kind: &'static str,
    clause: Option<ClauseJson>,
    words: Vec<String>,
    rule: String,
    force: Option<String>,
    standard: Option<&'static str>,
    bearer: BearerJson,
    owed_to: Vec<String>,
    instance: String,
    readings: Vec<ReadingJson>,
    state: StateJson,
    performance: &'static str,
    standing: StandingJson,
    grade: &'static str,
    triggered: Option<WhenJson>,
    due: Option<WhenJson>,
    time_left: Option<String>,
    fulfilled: Option<WhenJson>,
    breached: Option<WhenJson>,
    performed_late: Option<WhenJson>,
    because: Vec<StepJson>,
    episodes: Vec<EpisodeJson>,
    decided_by: Vec<CitedJson>,
    against: Vec<CitedJson>,
    missing: Vec<String>,
    coverage: Vec<CoverageJson>,
    elsewhere: Vec<ElsewhereJson>,
    judgement: Vec<String>,
    evidence: Vec<String>,
    terms: Vec<TermJson>,
    siblings: Vec<SiblingJson>,
    marking: String,
    explanation: Option<ExplanationJson>,
}

#[derive(Serialize)]
struct ExplanationJson {
    rests_on: Vec<CitedJson>,
    against: Vec<ChangeJson>,
    would_change: Vec<ChangeJson>,
    pending_on: Option<String>,
    rests_on_in_all: usize,
    capped: bool,
    may_rest_on_less: bool,
    more_may_change: bool,
    left_open: Option<&'static str>,
}

#[derive(Serialize)]
struct ChangeJson {
    kind: &'static str,
    words: String,
    records: Vec<String>,
    coverage: Vec<WatchJson>,
    deeds: Vec<DeedJson>,
    actor: Option<String>,
    moment: Option<String>,
    leads_to: String,
    state: StateJson,
    performance: &'static str,
    standing: StandingJson,
    due: Option<WhenJson>,
}

#[derive(Serialize)]
struct WatchJson {
    zone: String,
    from: String,
    to: String,
    local: String,
}

#[derive(Serialize)]
struct DeedJson {
    fact: String,
    says: &'static str,
    by: Vec<String>,
    of: Option<String>,
    times: u32,
    until: Option<String>,
    over: Option<GapJson>,
}

fn says(says: Says) -> &'static str {
    match says {
        Says::Affirms => "affirms",
        Says::Denies => "denies",
    }
}

fn change(view: &View<'_>, v: &Verdict, c: &Change) -> ChangeJson {
    let calendar = &view.agreement.calendar;
    let watch = |w: &Watch| WatchJson {
        zone: w.zone.to_string(),
        from: w.over.from.to_string(),
        to: w.over.to.to_string(),
        local: format!("{} to {}", calendar.show(w.over.from), calendar.show(w.over.to)),
    };
    let deed = |d: &Deed| DeedJson {
        fact: d.fact.to_string(),
        says: says(d.says),
        by: strings(&d.by),
        of: d.of.as_ref().map(Name::to_string),
        times: d.times,
        until: d.until.map(|u| u.to_string()),
        over: d.over.map(|over| GapJson {
            from: over.from.to_string(),
            to: over.to.to_string(),
            local: format!("{} to {}", calendar.show(over.from), calendar.show(over.to)),
        }),
    };
    let (coverage, deeds) = match &c.what {
        What::Watched(watches) => (watches.iter().map(watch).collect(), Vec::new()),
        What::Deeds(deeds) => (Vec::new(), deeds.iter().map(deed).collect()),
        _ => (Vec::new(), Vec::new()),
    };
    let (actor, moment) = match &c.what {
        What::Actor(_, name) => (Some(name.to_string()), None),
        What::Moment(_, at) => (None, Some(at.to_string())),
        _ => (None, None),
    };
    ChangeJson {
        kind: explained::kind(&c.what),
        words: explained::words(view, &c.what),
        records: strings(explained::records(&c.what)),
        coverage,
        deeds,
        actor,
        moment,
        leads_to: explained::leads_to(view, v, c),
        state: state(State::of_performance(c.performance)),
        performance: c.performance.word(),
        standing: standing(&c.standing),
        due: c.due.map(|w| when(view, w)),
    }
}

#[derive(Serialize)]
struct StepJson {
    code: String,
    text: String,
}

#[derive(Serialize)]
struct EpisodeJson {
    from: WhenJson,
    to: Option<WhenJson>,
    size: String,
    grade: &'static str,
    records: Vec<String>,
}

#[derive(Serialize)]
struct CitedJson {
    grade: &'static str,
    record: RecordJson,
}

#[derive(Serialize)]
struct CoverageJson {
    what: String,
    from: String,
    to: String,
    local: String,
    share: String,
    grade: &'static str,
    gaps: Vec<GapJson>,
}

#[derive(Serialize)]
struct GapJson {
    from: String,
    to: String,
    local: String,
}

#[derive(Serialize)]
struct ElsewhereJson {
    readings: Vec<ReadingJson>,
    state: StateJson,
    performance: &'static str,
    grade: &'static str,
    due: Option<WhenJson>,
}

#[derive(Serialize)]
struct SiblingJson {
    instance: String,
    state: StateJson,
    performance: &'static str,
    triggered: Option<WhenJson>,
    due: Option<WhenJson>,
}

/// Instances of the same row that a card names at most, the latest first.
const SIBLINGS: usize = 60;
/// Records that a card spells out at most on each side.
const CITED: usize = 100;

/// Verdict cards, as [`View::find`] gives their verdicts.
pub fn cards(view: &View<'_>, verdicts: &[&Verdict]) -> CardsJson {
    let records = view.by_id();
    CardsJson {
        header: Header::of("card/1", view),
        cards: verdicts.iter().map(|v| card(view, v, None, &records)).collect(),
    }
}

/// Verdict cards, each with its explanation.
pub fn cards_explained(view: &View<'_>, verdicts: &[(&Verdict, Explanation)]) -> CardsJson {
    let records = view.by_id();
    CardsJson {
        header: Header::of("card/1", view),
        cards: verdicts.iter().map(|(v, why)| card(view, v, Some(why), &records)).collect(),
    }
}

fn card(
    view: &View<'_>,
    v: &Verdict,
    why: Option<&Explanation>,
    records: &BTreeMap<&str, &Record>,
) -> CardJson {
    let reasons = v.reasons();
    let norm = view.agreement.norm(v.norm.as_str());
    let calendar = &view.agreement.calendar;
    let some = |w: Option<When>| w.map(|w| when(view, w));
    let period = |from: Instant, to: Instant| format!("{} to {}", calendar.show(from), calendar.show(to));
    let cited = |cited: &[Cited]| {
        let one = |c: &Cited| CitedJson {
            grade: c.grade.word(),
            record: records
                .get(c.record.as_str())
                .map_or_else(|| unknown_record(&c.record), |r| record(view, r)),
        };
        cited.iter().take(CITED).map(one).collect()
    };
    let same_row = view.board.verdicts.iter().rev().filter(|o| o.norm == v.norm && o.bearer == v.bearer);
    CardJson {
        norm: v.norm.to_string(),
        phrase: wording::norm(norm, &v.norm).to_string(),
        kind: wording::kind(v.kind),
        clause: clause(view, reasons.clause.or(norm.and_then(|n| n.clause))),
        words: reasons.words.clone(),
        rule: reasons.rule.clone(),
        force: norm.map(|n| wording::force(view.agreement, &n.force)),
        standard: norm.map(|n| n.standard.word()),
        bearer: bearer(view, &v.bearer),
        owed_to: phrases(view, &v.owed_to),
        instance: v.instance.to_string(),
        readings: readings(view, &reasons.readings),
        state: state(State::of(v)),
        performance: v.performance.word(),
        standing: standing(&v.standing),
        grade: v.grade.word(),
        triggered: some(v.triggered),
        due: some(v.due),
        time_left: v.due.map(|d| wording::left(view.board.question.at, d)),
        fulfilled: some(v.fulfilled),
        breached: some(v.breached),
        performed_late: some(v.performed_late),
        because: reasons
            .because
            .iter()
            .map(|b| StepJson { code: b.code.word(), text: b.text.clone() })
            .collect(),
        episodes: v
            .episodes
            .iter()
            .map(|e| EpisodeJson {
                from: when(view, e.from),
                to: some(e.to),
                size: wording::number(&e.size),
                grade: e.grade.word(),
                records: strings(&e.records),
            })
            .collect(),
        decided_by: cited(&reasons.decided_by),
        against: cited(&reasons.against),
        missing: reasons.missing.clone(),
        coverage: reasons
            .coverage
            .iter()
            .map(|w| CoverageJson {
                what: w.what.clone(),
                from: w.period.from.to_string(),
                to: w.period.to.to_string(),
                local: period(w.period.from, w.period.to),
                share: wording::percent(&w.share),
                grade: w.grade.word(),
                gaps: w
                    .gaps
                    .iter()
                    .map(|g| GapJson {
                        from: g.from.to_string(),
                        to: g.to.to_string(),
                        local: period(g.from, g.to),
                    })
                    .collect(),
            })
            .collect(),
        elsewhere: reasons
            .elsewhere
            .iter()
            .map(|e| ElsewhereJson {
                readings: readings(view, &e.readings),
                state: state(State::of_performance(e.performance)),
                performance: e.performance.word(),
                grade: e.grade.word(),
                due: some(e.due),
            })
            .collect(),
        judgement: strings(&reasons.judgement),
        evidence: norm.map(|n| view.evidence_needed(n)).unwrap_or_default(),
        terms: terms_of(view, v.norm.as_str()).into_iter().map(|t| term(view, t)).collect(),
        siblings: same_row
            .take(SIBLINGS)
            .map(|o| SiblingJson {
                instance: o.instance.to_string(),
                state: state(State::of(o)),
                performance: o.performance.word(),
                triggered: some(o.triggered),
                due: some(o.due),
            })
            .collect(),
        marking: wording::marking(view.agreement, &v.marking),
        explanation: why.map(|why| ExplanationJson {
            rests_on: cited(&why.rests_on),
            against: why.against.iter().map(|c| change(view, v, c)).collect(),
            would_change: why.would_change.iter().map(|c| change(view, v, c)).collect(),
            pending_on: explained::pending_on(view, v, why),
            rests_on_in_all: why.rests_on.len(),
            capped: why.may_rest_on_less || why.more_may_change,
            may_rest_on_less: why.may_rest_on_less,
            more_may_change: why.more_may_change,
            left_open: explained::left_open(why),
        }),
    }
}

// ---- duties/1 ------------------------------------------------------------------------------------------------------

/// The document `duties/1`.
#[derive(Serialize)]
pub struct DutiesJson {
    #[serde(flatten)]
    header: Header,
    duties: Vec<DutyJson>,
}

#[derive(Serialize)]
struct DutyJson {
    norm: String,
    phrase: String,
    kind: &'static str,
    clause: Option<String>,
    bearer: BearerJson,
    owed_to: Vec<String>,
    instance: String,
    triggered: Option<WhenJson>,
    due: Option<WhenJson>,
    time_left: Option<String>,
    evidence: Vec<String>,
    waits_for: Option<String>,
    state: StateJson,
    performance: &'static str,
    standing: StandingJson,
    grade: &'static str,
    reason: String,
    marking: String,
}

/// The duty ledger.
pub fn duties(view: &View<'_>, duties: &[Duty<'_>]) -> DutiesJson {
    let one = |d: &Duty<'_>| DutyJson {
        norm: d.verdict.norm.to_string(),
        phrase: d.title.clone(),
        kind: wording::kind(d.verdict.kind),
        clause: d.clause.map(str::to_string),
        bearer: bearer(view, &d.verdict.bearer),
        owed_to: phrases(view, &d.verdict.owed_to),
        instance: d.verdict.instance.to_string(),
        triggered: d.verdict.triggered.map(|w| when(view, w)),
        due: d.verdict.due.map(|w| when(view, w)),
        time_left: d.time_left.clone(),
        evidence: d.evidence.clone(),
        waits_for: d.open_precondition.map(str::to_string),
        state: state(d.state),
        performance: d.verdict.performance.word(),
        standing: standing(&d.verdict.standing),
        grade: d.verdict.grade.word(),
        reason: main_step(d.verdict).to_string(),
        marking: wording::marking(view.agreement, &d.verdict.marking),
    };
    DutiesJson { header: Header::of("duties/1", view), duties: duties.iter().map(one).collect() }
}

// ---- records/1 -----------------------------------------------------------------------------------------------------

/// The document `records/1`.
#[derive(Serialize)]
pub struct RecordsJson {
    #[serde(flatten)]
    header: Header,
    records: Vec<RecordJson>,
}

#[derive(Serialize)]
struct RecordJson {
    id: String,
    fact: String,
    says: &'static str,
    phase: &'static str,
    title: String,
    when: Option<WhenJson>,
    until: Option<String>,
    roles: BTreeMap<String, String>,
    place: Option<String>,
    point: Option<PointJson>,
    value: Option<String>,
    sent: Option<String>,
    received: Option<String>,
    recorded: Option<String>,
    source: String,
    sources: u32,
    admiralty: String,
    grade: &'static str,
    basis: &'static str,
    incident: Option<String>,
    supersedes: Option<String>,
    withdraws: Option<String>,
    disputes: Option<String>,
    attachments: Vec<String>,
    marking: String,
    exercise: bool,
}

#[derive(Serialize)]
struct PointJson {
    lat: f64,
    lon: f64,
    radius_m: f64,
}

fn record(view: &View<'_>, r: &Record) -> RecordJson {
    let name = |n: &Option<Name>| n.as_ref().map(Name::to_string);
    let instant = |i: Option<Instant>| i.map(|i| i.to_string());
    RecordJson {
        id: r.id.to_string(),
        fact: r.fact.to_string(),
        says: says(r.says),
        phase: match r.phase {
            Phase::Stands => "stands",
            Phase::Begins => "begins",
            Phase::Ends => "ends",
        },
        title: wording::record_line(view.agreement, r),
        when: Some(when(view, r.when)),
        until: instant(r.until),
        roles: r.roles.iter().map(|(k, v)| (k.to_string(), wording::role(view.agreement, v))).collect(),
        place: r.place.as_ref().map(wording::place),
        point: match &r.place {
            Some(Place::Point { at, radius_m }) => {
                Some(PointJson { lat: at.lat, lon: at.lon, radius_m: *radius_m })
            }
            _ => None,
        },
        value: r.value.as_ref().map(wording::number),
        sent: instant(r.sent),
        received: instant(r.received),
        recorded: Some(r.recorded.to_string()),
        source: r.source.clone(),
        sources: r.sources,
        admiralty: wording::admiralty(r),
        grade: r.grade().word(),
        basis: r.basis.word(),
        incident: name(&r.incident),
        supersedes: name(&r.supersedes),
        withdraws: name(&r.withdraws),
        disputes: name(&r.disputes),
        attachments: r.attachments.clone(),
        marking: wording::marking(view.agreement, &r.marking),
        exercise: r.exercise,
    }
}

/// A verdict may cite a record that the view was not given; it is named all the same.
fn unknown_record(id: &Name) -> RecordJson {
    RecordJson {
        id: id.to_string(),
        fact: String::new(),
        says: "affirms",
        phase: "stands",
        title: format!("record {id}, which is not at hand"),
        when: None,
        until: None,
        roles: BTreeMap::new(),
        place: None,
        point: None,
        value: None,
        sent: None,
        received: None,
        recorded: None,
        source: String::new(),
        sources: 0,
        admiralty: String::new(),
        grade: "none",
        basis: "observed",
        incident: None,
        supersedes: None,
        withdraws: None,
        disputes: None,
        attachments: Vec::new(),
        marking: String::new(),
        exercise: false,
    }
}

/// Records as known at the moment asked for, in order of time.
pub fn records(view: &View<'_>) -> RecordsJson {
    let mut known = view.known();
    known.sort_by(|a, b| (a.when.earliest, &a.id).cmp(&(b.when.earliest, &b.id)));
    RecordsJson {
        header: Header::of("records/1", view),
        records: known.into_iter().map(|r| record(view, r)).collect(),
    }
}

// ---- agreement/1 ---------------------------------------------------------------------------------------------------

/// The document `agreement/1`.
#[derive(Serialize)]
pub struct AgreementJson {
    #[serde(flatten)]
    header: Header,
    signed: Option<String>,
    parties: Vec<PartyJson>,
    clauses: Vec<ClauseTextJson>,
    norms: Vec<NormJson>,
    readings: Vec<ReadingOptionsJson>,
    facts: Vec<FactJson>,
    text: String,
}

#[derive(Serialize)]
struct PartyJson {
    name: String,
    phrase: String,
    outside: bool,
}

#[derive(Serialize)]
struct ClauseTextJson {
    id: String,
    heading: String,
    words: String,
    line: u32,
}

#[derive(Serialize)]
struct NormJson {
    name: String,
    phrase: String,
    kind: &'static str,
    clause: Option<String>,
    words: Vec<String>,
    rule: String,
}

#[derive(Serialize)]
struct ReadingOptionsJson {
    reading: String,
    words: String,
    options: Vec<String>,
}

#[derive(Serialize)]
struct FactJson {
    name: String,
    kind: &'static str,
    phrase: String,
    says: String,
}

/// The agreement: its text, clauses, norms in plain words, readings and facts.
pub fn agreement(view: &View<'_>, text: &str) -> AgreementJson {
    let a = view.agreement;
    AgreementJson {
        header: Header::of("agreement/1", view),
        signed: a.signed.map(|d| d.to_string()),
        parties: a
            .parties
            .iter()
            .map(|(n, p)| PartyJson {
                name: n.to_string(),
                phrase: a.phrase(n).to_string(),
                outside: p.outside,
            })
            .collect(),
        clauses: a
            .clauses
            .iter()
            .map(|c| ClauseTextJson {
                id: c.id.to_string(),
                heading: c.heading.clone(),
                words: c.words.clone(),
                line: c.line,
            })
            .collect(),
        norms: a
            .norms
            .iter()
            .map(|n| NormJson {
                name: n.name.to_string(),
                phrase: wording::norm(Some(n), &n.name).to_string(),
                kind: wording::kind(n.kind),
                clause: n.clause.and_then(|c| a.clauses.get(c)).map(|c| c.id.to_string()),
                words: n.per.clone(),
                rule: n.readback.clone(),
            })
            .collect(),
        readings: a
            .readings
            .iter()
            .map(|(n, r)| ReadingOptionsJson {
                reading: n.to_string(),
                words: r.words.clone(),
                options: r.options.iter().map(|(o, _)| o.to_string()).collect(),
            })
            .collect(),
        facts: a
            .facts
            .iter()
            .map(|(n, f)| FactJson {
                name: n.to_string(),
                kind: match f.kind {
                    FactKind::Event => "event",
                    FactKind::State => "state",
                    FactKind::Object => "object",
                    FactKind::Measure => "measure",
                },
                phrase: f.phrase.clone(),
                says: f.says.clone(),
            })
            .collect(),
        text: text.to_string(),
    }
}
