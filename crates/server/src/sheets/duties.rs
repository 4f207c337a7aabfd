//! The duty ledger: who owes what to whom by when, and where it stands. Each line leads to its verdict card.
//!
//! Where to start reading: [`page`].

use super::frame::{Made, Page, e, engine_text, options, table};
use crate::Problem;
use crate::asked::moment;
use servanda_model::agreement::NormKind;
use servanda_model::verdict::Bearer;
use servanda_model::{Instant, Name};
use servanda_report::duties::{Duty, Owed};
use std::collections::BTreeSet;

/// What the ledger may be asked.
pub(crate) const ALLOWED: &[&str] = &["party", "side", "from", "until", "all", "skip"];
/// Lines of one page.
const SHOWN: usize = 100;

struct Filter {
    party: Option<String>,
    owed_to: bool,
    from: Option<Instant>,
    until: Option<Instant>,
    all: bool,
    skip: usize,
}

fn filter(page: &Page) -> Result<Filter, Problem> {
    let calendar = &page.seen.matter.agreement.calendar;
    let given = |name: &str| page.asked.rest.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let edge = |name: &str| given(name).map(|text| moment(text, calendar)).transpose();
    // A date means its end; from a date on means from its start.
    let from = match given("from") {
        Some(text) => match text.parse::<jiff::civil::Date>() {
            Ok(date) => Some(calendar.start_of_day(date)),
            Err(_) => edge("from")?,
        },
        None => None,
    };
    let skip = match given("skip").map(str::parse::<usize>) {
        Some(Ok(skip)) => skip,
        Some(Err(_)) => return Err(Problem::bad("bad-skip", "`skip` is a number of lines")),
        None => 0,
    };
    let side = given("side").unwrap_or("owes");
    if !matches!(side, "owes" | "owed") {
        return Err(Problem::bad("bad-side", "`side` is `owes` or `owed`"));
    }
    Ok(Filter {
        party: given("party").map(String::from),
        owed_to: side == "owed",
        from,
        until: edge("until")?,
        all: given("all").is_some(),
        skip,
    })
}

/// Who can be asked for: whoever owes anything, or is owed anything.
fn parties(page: &Page) -> Vec<(String, String)> {
    let mut names: BTreeSet<&Name> = BTreeSet::new();
    for verdict in &page.seen.board.verdicts {
        if matches!(verdict.kind, NormKind::Duty | NormKind::Remedy) {
            names.extend(&verdict.owed_to);
            match &verdict.bearer {
                Bearer::Party(name) => drop(names.insert(name)),
                Bearer::Jointly(all) | Bearer::NotEstablished(all) => names.extend(all),
                Bearer::Unstated => {}
            }
        }
    }
    let agreement = &page.seen.matter.agreement;
    let mut all: Vec<(String, String)> =
        names.into_iter().map(|name| (name.to_string(), agreement.phrase(name).to_string())).collect();
    all.sort_by(|a, b| a.1.cmp(&b.1));
    all
}

fn form(page: &Page, filter: &Filter) -> String {
    let parties = parties(page);
    let all = std::iter::once(("", page.words.t("all")));
    let parties = all.chain(parties.iter().map(|(name, phrase)| (&**name, &**phrase)));
    let sides = [("owes", page.words.t("side-owes")), ("owed", page.words.t("side-owed"))];
    format!(
        "<form class=\"filters\" method=\"get\" action=\"/duties\" role=\"search\" aria-label=\"{}\">\n{}\
         <label>{}<select name=\"party\">{}</select></label>\n<label>{}<select name=\"side\">{}</select></label>\n{}{}\
         <label class=\"check\"><input type=\"checkbox\" name=\"all\" value=\"yes\"{}> {}</label>\n\
         <div class=\"ends\"><button>{}</button> <a href=\"{}\">{}</a></div>\n</form>\n",
        page.e("filters"),
        page.hidden(&["at", "known", "reading", "lang"]),
        page.e("party"),
        options(parties, filter.party.as_deref().unwrap_or_default()),
        page.e("side"),
        options(sides, if filter.owed_to { "owed" } else { "owes" }),
        page.date_field("from", "due-from"),
        page.date_field("until", "due-until"),
        if filter.all { " checked" } else { "" },
        page.e("also-done"),
        page.e("apply"),
        page.link("/duties", &[]),
        page.e("clear-filters"),
    )
}

fn row(page: &Page, duty: &Duty<'_>) -> String {
    let verdict = duty.verdict;
    let due = match verdict.due {
        Some(due) => format!(
            "{}<div class=\"small\">{}<br>{}</div>",
            page.when(due),
            e(&page.words.left(page.at(), due)),
            e(&due.latest.to_string())
        ),
        None => page.e("no-due"),
    };
    let open = duty.open_precondition.map(|what| {
        format!("<div class=\"small\">{} {}</div>", page.e("waits-for"), engine_text(page.words, what))
    });
    let triggered = verdict
        .triggered
        .map(|when| format!("<div class=\"small\">{} {}</div>", page.e("triggered"), page.when(when)));
    let evidence: String =
        duty.evidence.iter().map(|text| format!("<li>{}</li>", engine_text(page.words, text))).collect();
    let evidence = match evidence.is_empty() {
        true => String::new(),
        false => {
            format!("<details><summary>{}</summary><ul>{evidence}</ul></details>", page.e("evidence-needed"))
        }
    };
    let marking = servanda_report::wording::marking(&page.seen.matter.agreement, &verdict.marking);
    let marking = match marking.is_empty() {
        true => String::new(),
        false => format!("<div class=\"small marking\">{}</div>", e(&marking)),
    };
    format!(
        "<tr><td>{due}</td><th scope=\"row\" class=\"what\"><a href=\"{}\">{}</a>\
         <div class=\"small\">{}</div>{}{evidence}</th><td>{}</td><td>{}</td><td>{}{}{marking}</td></tr>\n",
        page.card(verdict),
        e(&duty.title),
        e(duty.clause.unwrap_or_default()),
        triggered.unwrap_or_default(),
        page.bearer(&verdict.bearer),
        e(&page.phrases(&verdict.owed_to)),
        page.state(duty.state),
        open.unwrap_or_default(),
    )
}

pub(crate) fn page(page: &Page) -> Result<Made, Problem> {
    let filter = filter(page)?;
    let view = page.seen.view();
    let by_party = filter.party.clone().filter(|_| !filter.owed_to);
    let mut duties = view.duties(&Owed { party: by_party, until: filter.until, all: filter.all });
    if let (true, Some(party)) = (filter.owed_to, &filter.party) {
        duties.retain(|duty| duty.verdict.owed_to.iter().any(|name| name.as_str() == party));
    }
    if let Some(from) = filter.from {
        duties.retain(|duty| duty.verdict.due.is_some_and(|due| due.latest >= from));
    }
    let at = page.at();
    let overdue = duties.iter().filter(|d| d.verdict.due.is_some_and(|due| due.latest < at)).count();
    let next = duties.iter().find_map(|d| d.verdict.due.filter(|due| due.latest >= at).map(|due| (d, due)));
    let sentence = match next {
        Some((duty, due)) => {
            let title = format!("<a href=\"{}\">{}</a>", page.card(duty.verdict), e(&duty.title));
            let bearer = page.bearer(&duty.verdict.bearer);
            page.words.with(
                "next-due",
                &[
                    ("bearer", &bearer),
                    ("what", &title),
                    ("when", &page.when(due)),
                    ("left", &e(&page.words.left(at, due))),
                ],
            )
        }
        None => page.e("nothing-ahead"),
    };
    let late = match overdue {
        0 => String::new(),
        n => format!(" {}", e(&page.words.count("overdue", n))),
    };
    let word = match duties.len() {
        0 => page.e("nothing-owed"),
        n => e(&page.words.count("duties", n)),
    };
    let shown: String = duties.iter().skip(filter.skip).take(SHOWN).map(|duty| row(page, duty)).collect();
    let w = page.words;
    let list = match shown.is_empty() {
        true => format!("<p class=\"empty\">{}</p>\n", page.e("no-duty-fits")),
        false => table(
            w.t("title-duties"),
            &[w.t("h-due"), w.t("h-duty"), w.t("h-bearer"), w.t("h-owed-to"), w.t("h-state")],
            &shown,
        ),
    };
    let left = duties.len().saturating_sub(filter.skip + SHOWN);
    let pager = match left {
        0 => String::new(),
        n => format!(
            "<p class=\"pager\"><a href=\"{}\">{}</a></p>\n",
            page.again(&[("skip", &(filter.skip + SHOWN).to_string())]),
            e(&w.count("more-duties", n))
        ),
    };
    let party = filter.party.as_deref().filter(|_| !filter.owed_to).unwrap_or_default();
    let asked = [("party", party), ("until", page.asks("until"))];
    let main = format!(
        "<section class=\"sheet\"><h2>{}</h2>\n{}{list}{pager}\
         <p class=\"downloads\"><a href=\"{}\">{}</a> <a href=\"{}\">JSON</a></p></section>\n",
        page.e("s-duties"),
        form(page, &filter),
        page.data("/api/duties.ics", &asked),
        page.e("calendar-file"),
        page.data("/api/duties", &asked),
    );
    Ok(Made { title: "title-duties", word, sentence: format!("{sentence}{late}"), main })
}
