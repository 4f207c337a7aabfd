//! Alerts in the Common Alerting Protocol, version 1.2: a record that somebody warned, never that it came true.
//!
//! The mapping is data (`crates/evidence/data/cap.map.toml`). This module holds its choices:
//!
//! - `status` *Exercise* makes a record of an exercise; *System*, *Test* and *Draft* are no alerts and are refused, so that they lie
//!   in the quarantine and nowhere else;
//! - `msgType` *Update* supersedes what it refers to, *Cancel* withdraws it; *Ack* and *Error* are refused. Of several references the
//!   first is superseded and each other one withdrawn;
//! - the identity is the protocol's own: sender, identifier and moment of sending together;
//! - the place is the smallest circle drawn here around all its circles and polygons; without any, the area's name where
//!   the gazetteer knows it. An alert covers an area: the circle says "somewhere in here".
//! - of several `info` blocks (languages, stages) the first is read; the others are counted, with a warning in the record.
//!
//! # Source
//! OASIS Common Alerting Protocol 1.2, sections 3.2.1 to 3.2.4.

use super::{Builder, Context, Import, MAX_COLUMNS, Refused, xml};
use crate::codes;
use crate::gazetteer;
use crate::geo;
use crate::mapping::Mapping;
use roxmltree::Node;
use servanda_model::{Name, Point};
use std::collections::BTreeMap;

/// Most corners of all polygons of an alert.
pub const MAX_CORNERS: usize = 100_000;

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|c| c.is_element() && c.tag_name().name() == name)
}

fn refused(code: &'static str, column: &str, value: &str, reason: &str, remedy: &str) -> Refused {
    Refused {
        column: column.to_string(),
        value: value.to_string(),
        ..Refused::of_file(code, 0, reason, remedy)
    }
}

/// Sender, identifier and moment of sending as one name.
fn identity(sender: &str, identifier: &str, sent: &str) -> String {
    Name::slug(&format!("{sender} {identifier} {}", sent.replace('+', "p"))).to_string()
}

pub(super) fn read(text: &str, mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let document = xml::parse(text)?;
    let mut builder = Builder::new(mapping, context);
    let mut known = (0, 1);
    for alert in document.descendants().filter(|n| n.is_element() && n.tag_name().name() == "alert") {
        let line = xml::line_of(&document, alert, &mut known);
        match cells(alert) {
            Err(refused) => {
                let id = child(alert, "identifier").and(id_of(alert));
                let id = id.and_then(|id| super::name_of(&format!("cap-{id}")));
                builder.refuse(line, refused, id)?;
            }
            Ok((cells, more)) => {
                builder.row(line, &cells, &|| cells.clone().into_iter().collect())?;
                // Only where the alert itself became a record do its other references lose their standing.
                let made =
                    builder.out.records.last().filter(|r| builder.seen.get(&r.id) == Some(&line)).cloned();
                if let Some(made) = made {
                    for (n, reference) in more.iter().enumerate() {
                        let mut withdrawal = made.clone();
                        withdrawal.id = Name::from(format!("{}-also-{}", made.id, n + 2));
                        withdrawal.supersedes = None;
                        withdrawal.withdraws = super::name_of(&format!("cap-{reference}"));
                        builder.out.records.push(withdrawal);
                    }
                }
            }
        }
    }
    if builder.out.rows_read == 0 {
        return Err(vec![Refused::of_file(
            codes::NOT_XML,
            1,
            "the file has no element `alert`",
            "give alerts of the Common Alerting Protocol, version 1.2",
        )]);
    }
    builder.finish()
}

fn id_of(alert: Node<'_, '_>) -> Option<String> {
    let text = |name| child(alert, name).map(xml::text_of).filter(|t| !t.is_empty());
    Some(identity(&text("sender")?, &text("identifier")?, &text("sent")?))
}

type Cells = (BTreeMap<String, String>, Vec<String>);

/// The cells of an alert, and the references beyond the first.
fn cells(alert: Node<'_, '_>) -> Result<Cells, Refused> {
    let mut out = BTreeMap::new();
    for name in ["identifier", "sender", "sent", "status", "msgType", "scope"] {
        let value = child(alert, name).map(xml::text_of).unwrap_or_default();
        if value.is_empty() {
            return Err(refused(
                codes::NO_VALUE,
                name,
                "",
                &format!("the alert has no `{name}`, which the protocol requires"),
                "ask its sender for the whole alert",
            ));
        }
        out.insert(name.to_string(), value);
    }
    match out["status"].as_str() {
        "Actual" => {}
        "Exercise" => {
            out.insert("@exercise".to_string(), "true".to_string());
        }
        "System" | "Test" | "Draft" => {
            return Err(refused(
                codes::NO_ALERT,
                "status",
                &out["status"],
                "the message is no alert: it tests the line or was not sent out",
                "nothing; it is kept apart in the quarantine file",
            ));
        }
        other => {
            let remedy = "the protocol has `Actual`, `Exercise`, `System`, `Test` and `Draft`";
            return Err(refused(codes::WORD, "status", other, "the status is not known", remedy));
        }
    }
    let references: Vec<String> = child(alert, "references")
        .map(xml::text_of)
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|one| {
            let mut parts = one.split(',');
            Some(identity(parts.next()?, parts.next()?, parts.next()?))
        })
        .take(1000)
        .collect();
    let needs_reference = |column: &str| {
        refused(
            codes::NO_VALUE,
            "references",
            column,
            "the message changes an alert and does not say which",
            "it needs `references` with sender, identifier and moment of sending",
        )
    };
    match out["msgType"].as_str() {
        "Alert" => {}
        kind @ ("Update" | "Cancel") => {
            let first = references.first().ok_or_else(|| needs_reference(kind))?;
            let column = if kind == "Update" { "@supersedes" } else { "@withdraws" };
            out.insert(column.to_string(), first.clone());
        }
        kind @ ("Ack" | "Error") => {
            return Err(refused(
                codes::NO_ALERT,
                "msgType",
                kind,
                "the message answers an alert and is none",
                "nothing; it is kept apart in the quarantine file",
            ));
        }
        other => {
            let remedy = "the protocol has `Alert`, `Update`, `Cancel`, `Ack` and `Error`";
            return Err(refused(codes::WORD, "msgType", other, "the type of message is not known", remedy));
        }
    }
    let more = if out["msgType"] == "Alert" { Vec::new() } else { references.into_iter().skip(1).collect() };
    out.insert("@id".to_string(), identity(&out["sender"], &out["identifier"], &out["sent"]));
    for name in ["source", "restriction", "note", "incidents", "code"] {
        if let Some(value) = child(alert, name).map(xml::text_of).filter(|v| !v.is_empty()) {
            out.insert(name.to_string(), value);
        }
    }
    let infos: Vec<Node<'_, '_>> =
        alert.children().filter(|c| c.is_element() && c.tag_name().name() == "info").take(1000).collect();
    if infos.len() > 1 {
        out.insert("@infos".to_string(), infos.len().to_string());
    }
    let Some(info) = infos.first() else { return Ok((out, more)) };
    for node in info.children().filter(|c| c.is_element()) {
        let name = node.tag_name().name();
        if ["area", "resource", "parameter", "eventCode"].contains(&name) || out.len() > MAX_COLUMNS {
            continue;
        }
        let cell = out.entry(format!("info.{name}")).or_default();
        if !cell.is_empty() {
            cell.push(';');
        }
        cell.push_str(&xml::text_of(node));
    }
    area(*info, &mut out)?;
    Ok((out, more))
}

/// Names and the circle of the areas.
fn area(info: Node<'_, '_>, out: &mut BTreeMap<String, String>) -> Result<(), Refused> {
    let mut names = Vec::new();
    let mut points: Vec<(Point, f64)> = Vec::new();
    let areas = info.children().filter(|c| c.is_element() && c.tag_name().name() == "area");
    for node in areas.flat_map(|a| a.children().filter(|c| c.is_element())) {
        let text = xml::text_of(node);
        match node.tag_name().name() {
            "areaDesc" => names.push(text),
            "polygon" => {
                for pair in text.split_whitespace() {
                    if points.len() >= MAX_CORNERS {
                        let reason = format!("the areas have more than {MAX_CORNERS} corners");
                        let remedy = "ask its sender for a coarser area";
                        return Err(refused(codes::TOO_LONG, "polygon", pair, &reason, remedy));
                    }
                    points.push((point(pair).ok_or_else(|| no_point("polygon", pair))?, 0.0));
                }
            }
            "circle" => {
                let (middle, km) = text.split_once(' ').ok_or_else(|| no_point("circle", &text))?;
                let at = point(middle).ok_or_else(|| no_point("circle", &text))?;
                let km = geo::decimal(km.trim()).filter(|km| (0.0..=20_100.0).contains(km));
                points.push((at, km.ok_or_else(|| no_point("circle", &text))? * 1000.0));
            }
            _ => {}
        }
        if points.len() > MAX_CORNERS || names.len() > 10_000 {
            return Err(refused(
                codes::TOO_LONG,
                "area",
                "",
                "the alert has too many areas",
                "ask for fewer",
            ));
        }
    }
    if let Some((at, radius_m)) = geo::circle_around(&points) {
        out.insert("@lat".to_string(), at.lat.to_string());
        out.insert("@lon".to_string(), at.lon.to_string());
        out.insert("@radius".to_string(), radius_m.to_string());
    } else if let [one] = names.as_slice()
        && gazetteer::canonical(one).is_some()
    {
        out.insert("@place".to_string(), one.clone());
    }
    if !names.is_empty() {
        out.insert("info.areaDesc".to_string(), names.join("; "));
    }
    Ok(())
}

fn no_point(column: &str, value: &str) -> Refused {
    let remedy = "a polygon is pairs of `latitude,longitude`, a circle such a pair, a blank and a radius in kilometres";
    refused(codes::COORDINATE, column, value, "this is no place of the protocol", remedy)
}

fn point(pair: &str) -> Option<Point> {
    let (lat, lon) = pair.split_once(',')?;
    let (lat, lon) = (geo::decimal(lat.trim())?, geo::decimal(lon.trim())?);
    ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Point { lat, lon })
}
