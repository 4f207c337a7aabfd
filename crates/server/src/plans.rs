//! Plans that a workspace shows: what is asked of the planner, and the answer, for those who may see it.
//!
//! What it deliberately does not do: compute a plan or read its files (a [`Plans`] does), or show one to anybody whom its marking shuts
//! out: to them it is not there.
//!
//! It knows no kind of plan: it shows the tables, plots, assumptions and gaps of any `servanda_plan::Answer`.
//!
//! | address | gives |
//! |---|---|
//! | `/plans`, `/plans/NAME` | the pages (`sheets/plans.rs`) |
//! | `/plans/NAME/plan.json` | the answer, whole (`plan/1`) |
//! | `/plans/NAME/TABLE.csv` | a table, with all its rows |
//! | `/plans/NAME/TABLE-1.svg` | its first plot |
//!
//! Invariants
//! - every form says whether it is planned or simulated;
//! - a plan that somebody may not see is answered as one that does not exist.
//!
//! Where to start reading: [`Plans`], then [`file`].

use crate::Problem;
use crate::front::{Front, Who};
use crate::sheets::Lang;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use servanda_model::record::Marking;
use servanda_plan::{Answer, Language};
use servanda_store::policy::Viewer;
use std::sync::Arc;

/// A plan, before it is computed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// Its name, in addresses.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// What is asked of the planner, in its words: `forces`, `support`, …
    pub asks: String,
    /// Who may see it.
    pub marking: Marking,
}

/// Whoever computes plans.
pub trait Plans: Send + Sync {
    /// All plans, in order of their names.
    fn list(&self) -> Vec<Planned>;

    /// The answer to one of them; computed again only where what it is made of has changed. It blocks.
    ///
    /// # Errors
    /// Where a file is missing or broken, with what to do about it.
    fn answer(&self, id: &str) -> Result<Arc<Answer>, Problem>;
}

/// The plans that somebody may see.
pub(crate) fn seen_by(front: &Front, viewer: Option<&Viewer>) -> Vec<Planned> {
    let all = front.0.plans.as_ref().map_or(Vec::new(), |plans| plans.list());
    all.into_iter().filter(|plan| viewer.is_some_and(|viewer| viewer.may_see(&plan.marking))).collect()
}

/// One of them with its answer.
pub(crate) async fn one(
    front: &Front,
    viewer: Option<&Viewer>,
    id: &str,
) -> Result<(Planned, Arc<Answer>), Problem> {
    let missing = || {
        Problem::missing(
            "no-such-plan",
            format!("there is no plan `{id}`; those that there are stand at `/plans`"),
        )
    };
    let plan = seen_by(front, viewer).into_iter().find(|plan| plan.id == id).ok_or_else(missing)?;
    let plans = front.0.plans.clone().ok_or_else(missing)?;
    let name = plan.id.clone();
    let answer = tokio::task::spawn_blocking(move || plans.answer(&name)).await;
    Ok((plan, answer.map_err(|e| Problem::bug(&e))??))
}

/// The planner's name for a language of the pages.
pub(crate) fn language(lang: Lang) -> Language {
    match lang {
        Lang::En => Language::English,
        Lang::Uk => Language::Ukrainian,
    }
}

/// A file of a plan: tables and the answer as they are for programs, a plot in the language of whoever asks.
pub(crate) async fn file(
    State(front): State<Front>,
    Who(caller): Who,
    Path((id, name)): Path<(String, String)>,
) -> Response {
    let made = async {
        let (plan, answer) = one(&front, caller.viewer.as_ref(), &id).await?;
        let missing = || {
            let tables: Vec<&str> = answer.tables.iter().map(|table| table.name).collect();
            let message = format!(
                "the plan `{}` has no file `{name}`; it has `plan.json`, and of its tables `{}` for example `{}.csv`",
                plan.id,
                tables.join("`, `"),
                tables.first().unwrap_or(&"plan")
            );
            Problem::missing("no-such-file", message)
        };
        let (mime, body) = match name.rsplit_once('.') {
            Some(("plan", "json")) => ("application/json", answer.json()),
            Some((table, "csv")) => {
                ("text/csv; charset=utf-8", answer.csv(Some(table)).map_err(|_| missing())?)
            }
            Some((plot, "svg")) => {
                let (table, number) = plot.rsplit_once('-').ok_or_else(missing)?;
                let number =
                    number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(missing)?;
                let table = answer.tables.iter().find(|shown| shown.name == table).ok_or_else(missing)?;
                let language = language(caller.lang);
                let plot =
                    table.plot_alone(number, &answer.basis_line(language), language).ok_or_else(missing)?;
                ("image/svg+xml", plot)
            }
            _ => return Err(missing()),
        };
        let mut response = ([(header::CONTENT_TYPE, mime)], body).into_response();
        let saved = format!("attachment; filename=\"{}-{name}\"", plan.id);
        let saved = HeaderValue::from_str(&saved).map_err(|e| Problem::bug(&e))?;
        response.headers_mut().insert(header::CONTENT_DISPOSITION, saved);
        // A plot has words.
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        Ok(response)
    };
    made.await.unwrap_or_else(IntoResponse::into_response)
}
