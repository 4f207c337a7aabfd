//! `servanda release`: what goes out of a workspace. Redacted for an account, with every withheld portion named; or for the public:
//! late, on a coarse grid, counted, and no small number said.
//!
//! The store decides what may be shown; here it is only written as JSON, CSV or GeoJSON. That it goes out is an entry of the log
//! before the file is there, and so is which marked records were handed to whom.

use super::Answer;
use super::signing_in::person_or_keeper;
use crate::failure::Failure;
use crate::session::Session;
use crate::source;
use clap::ValueEnum;
use serde_json::{Value, json};
use servanda_model::time::HOUR;
use servanda_model::{Instant, Place, Record};
use servanda_report::incidents::cell;
use servanda_store::policy::Viewer;
use servanda_store::{
    Portion, PublicRules, PublicTable, Released, Store, files, public_levels, public_table, sha256,
};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// The records as an account may get them; what is withheld says so, with category, authority and commitment
    Redacted(Redacted),
    /// Counts of what is public, by period, fact and cell of a grid
    Public(Public),
    /// Show what went out, when and for whom
    List {
        /// Sign in with this account, a releaser or auditor; without it, the keeper of the folder asks
        #[arg(long = "as", value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(clap::Args)]
struct Going {
    /// Form of the file
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// What for; it is kept in the log
    #[arg(long, value_name = "WORDS")]
    purpose: String,
    /// Sign in with this account, a releaser; without it, the keeper of the folder lets it out
    #[arg(long = "as", value_name = "NAME")]
    by: Option<String>,
    /// File to write
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct Redacted {
    /// The account that gets it; `public` is anybody
    #[arg(long = "for", value_name = "ACCOUNT")]
    audience: String,
    #[command(flatten)]
    going: Going,
}

#[derive(clap::Args)]
struct Public {
    /// Nothing younger is counted
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=87_600))]
    delay_hours: i64,
    /// Length of a period
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=87_600))]
    period_hours: i64,
    /// Side of a cell of the grid
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    cell_km: u32,
    /// No smaller number is said, nor given away by a total
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    least: u64,
    #[command(flatten)]
    going: Going,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// A document for programs (docs/reference/json.md)
    #[default]
    Json,
    /// A table for spreadsheets, guarded against formulas
    Csv,
    /// A map
    Geojson,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Form::Json => "JSON",
            Form::Csv => "CSV",
            Form::Geojson => "GeoJSON",
        }
    }
}

/// Whoever gets something: an account, or anybody.
pub(super) fn audience(store: &Store, name: &str) -> Result<Viewer, Failure> {
    if name == "public" {
        return Ok(Viewer::public());
    }
    match store.accounts()?.remove(name) {
        Some(account) if !account.closed => Ok(account.viewer()),
        Some(_) => Err(Failure::new(format!("the account `{name}` is closed"))
            .help("`servanda account set` opens it again, with what it may see")),
        None => Err(Failure::new(format!("there is no account `{name}`"))
            .help("`servanda account list` shows all; `public` is anybody")),
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    match &arguments.what {
        What::Redacted(redacted) => {
            let by = person_or_keeper(&store, session, redacted.going.by.as_deref())?;
            let audience_of = audience(&store, &redacted.audience)?;
            let portions = store.view(&by).redacted(&audience_of)?;
            let rows: Vec<Row> = portions.iter().map(row).collect::<Result<_, _>>()?;
            let text = match redacted.going.format {
                Form::Json => redacted_json(&redacted.audience, session.now, &rows),
                Form::Csv => redacted_csv(&rows),
                Form::Geojson => redacted_map(&rows),
            };
            let shown = portions.iter().filter_map(|portion| match portion {
                Portion::Shown(record) => Some(record),
                Portion::Withheld { .. } => None,
            });
            let shown: Vec<_> = shown.collect();
            let form = format!(
                "redacted, {}; {} shown, {} withheld",
                redacted.going.format.word(),
                shown.len(),
                rows.len() - shown.len()
            );
            let why = format!("release: {}", redacted.going.purpose);
            store.looked_at(&audience_of, &why, shown.iter().copied(), session.now)?;
            goes_out(&store, session, &redacted.going, &by, &redacted.audience, &form, &text)?;
            session.say(&format!(
                "wrote {} for {}: {} records shown, {} withheld, each with category, authority and commitment\n",
                redacted.going.out.display(),
                redacted.audience,
                shown.len(),
                rows.len() - shown.len(),
            ))?;
        }
        What::Public(public) => {
            let by = person_or_keeper(&store, session, public.going.by.as_deref())?;
            let rules = PublicRules {
                delay_ms: public.delay_hours * HOUR,
                cell_m: f64::from(public.cell_km) * 1000.0,
                period_ms: public.period_hours * HOUR,
                least: public.least,
            };
            // What the public sees, and nothing else, goes into the counting.
            let stored = store.view(&Viewer::public()).records()?;
            let records: Vec<Record> = stored.iter().map(source::decoded).collect::<Result<_, _>>()?;
            let table = public_table(&records, &rules, session.now);
            let text = match public.going.format {
                Form::Json => public_json(&table, &rules),
                Form::Csv => public_csv(&table),
                Form::Geojson => public_map(&table, &rules),
            };
            let form = format!(
                "public, {}; until {}, {} h late, cells of {} km, periods of {} h, no number under {}",
                public.going.format.word(),
                table.until,
                public.delay_hours,
                public.cell_km,
                public.period_hours,
                public.least
            );
            goes_out(&store, session, &public.going, &by, "public", &form, &text)?;
            let unsaid = table.cells.iter().filter(|cell| cell.count.is_none()).count();
            session.say(&format!(
                "wrote {}: {} numbers up to {}, {unsaid} of them not said because they are small or would give a small one away\n",
                public.going.out.display(),
                table.cells.len(),
                table.until,
            ))?;
        }
        What::List { by } => {
            let by = person_or_keeper(&store, session, by.as_deref())?;
            let mut out = String::new();
            for (one, who) in store.view(&by).released()? {
                out.push_str(&format!(
                    "for {}: {}\n  {}; by {who}\n  SHA-256 {}\n",
                    one.audience, one.purpose, one.form, one.sha256
                ));
            }
            session.say(if out.is_empty() { "nothing went out\n" } else { &out })?;
        }
    }
    Ok(Answer::Yes)
}

/// The entries of the log first, then the file.
fn goes_out(
    store: &Store,
    session: &Session,
    going: &Going,
    by: &Viewer,
    audience: &str,
    form: &str,
    text: &str,
) -> Result<(), Failure> {
    let released = Released {
        audience: audience.to_string(),
        purpose: going.purpose.clone(),
        form: form.to_string(),
        sha256: sha256(text.as_bytes()),
    };
    store.release(&released, session.now, by)?;
    store.settle_looks(session.now)?;
    Ok(files::write(&going.out, text.as_bytes())?)
}

/// A portion, ready to be written.
enum Row {
    Shown(Box<Record>, Value),
    Withheld { category: String, authority: String, commitment: String },
}

fn row(portion: &Portion) -> Result<Row, Failure> {
    Ok(match portion {
        Portion::Shown(stored) => {
            let json = serde_json::from_str(&stored.json)
                .map_err(|e| Failure::new(format!("the record `{}` cannot be read: {e}", stored.id)))?;
            Row::Shown(Box::new(source::decoded(stored)?), json)
        }
        Portion::Withheld { commitment, category, authority } => Row::Withheld {
            category: category.clone(),
            authority: authority.clone(),
            commitment: commitment.iter().map(|byte| format!("{byte:02x}")).collect(),
        },
    })
}

fn withheld(category: &str, authority: &str, commitment: &str) -> Value {
    json!({ "category": category, "authority": authority, "commitment": commitment })
}

fn redacted_json(audience: &str, now: Instant, rows: &[Row]) -> String {
    let portions: Vec<Value> = rows
        .iter()
        .map(|row| match row {
            Row::Shown(_, json) => json!({ "record": json }),
            Row::Withheld { category, authority, commitment } => {
                json!({ "withheld": withheld(category, authority, commitment) })
            }
        })
        .collect();
    let document =
        json!({ "servanda": "redacted/1", "for": audience, "made": now.to_string(), "portions": portions });
    format!("{document:#}\n")
}

fn place(record: &Record) -> (String, Option<(f64, f64, f64)>) {
    match &record.place {
        Some(Place::Named(name)) => (name.to_string(), None),
        Some(Place::Point { at, radius_m }) => (String::new(), Some((at.lat, at.lon, *radius_m))),
        None => (String::new(), None),
    }
}

/// The table as CSV; what is not said is empty, and `said` tells it from nothing.
fn public_csv(table: &PublicTable) -> String {
    let mut out = String::from("from,fact,lat,lon,count,said\r\n");
    let count = |count: Option<u64>| count.map_or((String::new(), "no"), |n| (n.to_string(), "yes"));
    for one in &table.cells {
        let (number, said) = count(one.count);
        let (lat, lon) = one.at.map_or_else(Default::default, |at| (at.lat.to_string(), at.lon.to_string()));
        let fact = cell(one.fact.as_str());
        out.push_str(&format!("{},{fact},{lat},{lon},{number},{said}\r\n", one.from));
    }
    out
}

fn redacted_csv(rows: &[Row]) -> String {
    let mut out = String::from(
        "id,fact,from,to,place,lat,lon,radius_m,source,title,marking,exercise,withheld,authority,commitment\r\n",
    );
    for row in rows {
        let cells: Vec<String> = match row {
            Row::Shown(record, _) => {
                let (name, point) = place(record);
                let number = |n: Option<f64>| n.map_or(String::new(), |n| n.to_string());
                vec![
                    cell(record.id.as_str()),
                    cell(record.fact.as_str()),
                    record.when.earliest.to_string(),
                    record.when.latest.to_string(),
                    cell(&name),
                    number(point.map(|p| p.0)),
                    number(point.map(|p| p.1)),
                    number(point.map(|p| p.2)),
                    cell(&record.source),
                    cell(&record.title),
                    cell(&record.marking.show()),
                    if record.exercise { "yes".into() } else { String::new() },
                    String::new(),
                    String::new(),
                    String::new(),
                ]
            }
            Row::Withheld { category, authority, commitment } => {
                let mut cells = vec![String::new(); 12];
                cells.extend([cell(category), cell(authority), commitment.clone()]);
                cells
            }
        };
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

fn feature(geometry: Value, properties: Value) -> Value {
    json!({ "type": "Feature", "geometry": geometry, "properties": properties })
}

fn point(lat: f64, lon: f64) -> Value {
    json!({ "type": "Point", "coordinates": [lon, lat] })
}

fn redacted_map(rows: &[Row]) -> String {
    let features: Vec<Value> = rows
        .iter()
        .map(|row| match row {
            Row::Shown(record, _) => {
                let (name, at) = place(record);
                let geometry = at.map_or(Value::Null, |(lat, lon, _)| point(lat, lon));
                let properties = json!({
                    "id": record.id.as_str(),
                    "fact": record.fact.as_str(),
                    "from": record.when.earliest.to_string(),
                    "to": record.when.latest.to_string(),
                    "place": if name.is_empty() { Value::Null } else { name.into() },
                    "radius_m": at.map(|(_, _, radius)| radius),
                    "source": record.source,
                    "title": record.title,
                    "marking": record.marking.show(),
                    "exercise": record.exercise,
                });
                feature(geometry, properties)
            }
            Row::Withheld { category, authority, commitment } => {
                feature(Value::Null, json!({ "withheld": withheld(category, authority, commitment) }))
            }
        })
        .collect();
    format!("{:#}\n", json!({ "type": "FeatureCollection", "features": features }))
}

fn rules_json(rules: &PublicRules) -> Value {
    json!({
        "delay_hours": rules.delay_ms / HOUR,
        "period_hours": rules.period_ms / HOUR,
        "cell_m": rules.cell_m,
        "least": rules.least,
        "levels": public_levels().into_iter().map(|level| level.word()).collect::<Vec<_>>(),
    })
}

fn public_json(table: &PublicTable, rules: &PublicRules) -> String {
    let cells: Vec<Value> = table
        .cells
        .iter()
        .map(|cell| {
            json!({
                "from": cell.from.to_string(),
                "fact": cell.fact.as_str(),
                "lat": cell.at.map(|at| at.lat),
                "lon": cell.at.map(|at| at.lon),
                "count": cell.count,
            })
        })
        .collect();
    let totals: Vec<Value> = table
        .totals
        .iter()
        .map(|(from, fact, count)| json!({ "from": from.to_string(), "fact": fact.as_str(), "count": count }))
        .collect();
    let document = json!({
        "servanda": "public/1",
        "until": table.until.to_string(),
        "rules": rules_json(rules),
        "cells": cells,
        "totals": totals,
    });
    format!("{document:#}\n")
}

fn public_map(table: &PublicTable, rules: &PublicRules) -> String {
    let features: Vec<Value> = table
        .cells
        .iter()
        .map(|cell| {
            let geometry = cell.at.map_or(Value::Null, |at| point(at.lat, at.lon));
            let properties = json!({
                "from": cell.from.to_string(),
                "fact": cell.fact.as_str(),
                "count": cell.count,
                "said": cell.count.is_some(),
            });
            feature(geometry, properties)
        })
        .collect();
    let document = json!({
        "type": "FeatureCollection",
        "until": table.until.to_string(),
        "rules": rules_json(rules),
        "features": features,
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_model::{Instant, Name};
    use servanda_store::PublicCell;

    #[test]
    fn a_spreadsheet_takes_no_name_of_a_public_table_for_a_formula() {
        let one =
            |fact: &str, count| PublicCell { from: Instant(0), fact: Name::from(fact), at: None, count };
        let cells = vec![one("fire", Some(6)), one("=HYPERLINK(1)", None), one(" ＝1", Some(9))];
        let table = public_csv(&PublicTable { until: Instant(0), cells, totals: Vec::new() });
        let rows: Vec<&str> = table.lines().skip(1).collect();
        let from = Instant(0);
        assert_eq!(
            rows,
            [
                format!("{from},fire,,,6,yes"),
                format!("{from},'=HYPERLINK(1),,,,no"),
                format!("{from},' ＝1,,,9,yes")
            ]
        );
    }
}
