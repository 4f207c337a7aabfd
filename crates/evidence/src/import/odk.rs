//! Submissions of field forms: ODK and Kobo, as XForms instances (XML) and as their servers give them (JSON).
//!
//! Both become the same cells. A question is a column named by its path, groups joined by `/`: `place/where`. What the two
//! servers call differently has one name here:
//!
//! - `@instance`: the submission's `instanceID`, without `uuid:`; it makes importing again harmless, from whichever server;
//! - `@submitted`: when the server got it; `@form` and `@version`: which form it is;
//! - a point `X` ("latitude longitude altitude accuracy", or GeoJSON) also gives `X.lat`, `X.lon`, `X.alt` and `X.accuracy`;
//! - where the mapping names a group with `each`, every turn of it makes a record that also sees the questions around it;
//!   `@turn` numbers them. Without `each` a repeated group is kept as `group[1]/question`;
//! - a file that a question names (a photo) is looked up in what was given beside the submissions.
//!
//! It reads no form definition: an answer is the text that was sent.
//!
//! # Source
//! ODK XForms Specification, "Instance"; ODK Central OData feed; KoboToolbox data API, version 2.

use super::{Builder, Context, Import, MAX_COLUMNS, Refused, json_rows, xml};
use crate::codes;
use crate::geo;
use crate::mapping::Mapping;
use roxmltree::Node;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most turns of a repeated group in one submission.
pub const MAX_TURNS: usize = 10_000;

/// An answer or a group of them, from either form.
enum Answer {
    Text(String),
    Group(Vec<(String, Answer)>),
}

pub(super) fn read(text: &str, mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let mut builder = Builder::new(mapping, context);
    if text.trim_start().starts_with('<') {
        let document = xml::parse(text)?;
        let root = document.root_element();
        // Several instances may lie in one element of any name: then that one has no `meta`, and they have.
        let is_instance =
            |node: &Node<'_, '_>| node.children().any(|c| c.is_element() && c.tag_name().name() == "meta");
        let all: Vec<Node<'_, '_>> = if is_instance(&root) {
            vec![root]
        } else {
            root.children().filter(|c| c.is_element()).filter(is_instance).collect()
        };
        if all.is_empty() {
            let reason =
                "no submission is here: an instance of a form has an element `meta` with its `instanceID`";
            let remedy = "give the submission and not the form itself";
            return Err(vec![Refused::of_file(codes::NOT_XML, 1, reason, remedy)]);
        }
        let mut known = (0, 1);
        for node in all {
            let line = xml::line_of(&document, node, &mut known);
            let mut top = of_xml(node);
            for (from, to) in [("id", "@form"), ("version", "@version")] {
                if let Some(value) = node.attributes().find(|a| a.name() == from) {
                    top.push((to.to_string(), Answer::Text(value.value().to_string())));
                }
            }
            submission(&mut builder, line, top)?;
        }
    } else {
        for (line, row) in json_rows::rows(text, &["results", "value"])? {
            match row {
                Ok(Value::Object(members)) => {
                    let top = members.into_iter().filter_map(|(key, value)| Some((key, of_json(value)?)));
                    let top = top.collect();
                    submission(&mut builder, line, top)?;
                }
                Ok(_) => {}
                Err(refused) => builder.refuse(line, refused, None)?,
            }
        }
    }
    builder.finish()
}

fn of_xml(node: Node<'_, '_>) -> Vec<(String, Answer)> {
    let elements = node.children().filter(|c| c.is_element());
    elements
        .map(|child| {
            let name = child.tag_name().name().to_string();
            let answer = if child.children().any(|c| c.is_element()) {
                Answer::Group(of_xml(child))
            } else {
                Answer::Text(xml::text_of(child))
            };
            (name, answer)
        })
        .collect()
}

/// The parser has bounded the depth.
fn of_json(value: Value) -> Option<Answer> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => Answer::Text(text),
        Value::Bool(yes) => Answer::Text(if yes { "true" } else { "false" }.to_string()),
        Value::Number(number) => Answer::Text(number.to_string()),
        Value::Object(members) => {
            if let Some(point) = geojson_point(&members) {
                return Some(Answer::Text(point));
            }
            let all = members.into_iter().filter_map(|(key, value)| Some((key, of_json(value)?)));
            Answer::Group(all.collect())
        }
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            let text = |item: &Value| item.as_str().map_or(item.to_string(), String::from);
            Answer::Text(items.iter().filter(|i| !i.is_null()).map(text).collect::<Vec<_>>().join(" "))
        }
        // Turns of a repeated group: the same name again and again, as in XML.
        Value::Array(items) => {
            let all = items.into_iter().filter_map(|item| Some(("".to_string(), of_json(item)?)));
            Answer::Group(all.collect())
        }
    })
}

/// "latitude longitude altitude accuracy" of a GeoJSON point with its accuracy.
fn geojson_point(members: &serde_json::Map<String, Value>) -> Option<String> {
    if members.get("type")?.as_str()? != "Point" {
        return None;
    }
    let at = members.get("coordinates")?.as_array()?;
    let (lon, lat) = (at.first()?.as_f64()?, at.get(1)?.as_f64()?);
    let alt = at.get(2).and_then(Value::as_f64).unwrap_or(0.0);
    let accuracy =
        members.get("properties").and_then(|p| p.get("accuracy")).and_then(Value::as_f64).unwrap_or(0.0);
    Some(format!("{lat} {lon} {alt} {accuracy}"))
}

type Cells = BTreeMap<String, String>;

/// One submission: one record, or one for each turn of the group that the mapping names.
fn submission(builder: &mut Builder<'_>, line: u64, top: Vec<(String, Answer)>) -> Result<(), Vec<Refused>> {
    let mut cells = Cells::new();
    let mut turns: Vec<Cells> = Vec::new();
    let each = builder.mapping.each.clone();
    flatten(&top, "", each.as_deref(), &mut cells, &mut turns);
    name_alike(&mut cells);
    if cells.len() > MAX_COLUMNS || turns.len() > MAX_TURNS {
        let reason =
            format!("the submission has more than {MAX_COLUMNS} answers or {MAX_TURNS} turns of a group");
        let refused = Refused::of_file(codes::TOO_LONG, line, &reason, "split the submission");
        return builder.refuse(line, refused, None);
    }
    if !cells.contains_key("@instance") {
        let refused = Refused {
            column: "instanceID".to_string(),
            ..Refused::of_file(
                codes::NO_VALUE,
                line,
                "the submission has no `instanceID`, so it could not be told from another",
                "export it with its metadata",
            )
        };
        return builder.refuse(line, refused, None);
    }
    if each.is_none() {
        return builder.row(line, &cells, &|| cells.clone().into_iter().collect());
    }
    for (n, mut turn) in turns.into_iter().enumerate() {
        turn.insert("@turn".to_string(), (n + 1).to_string());
        for (key, value) in &cells {
            turn.entry(key.clone()).or_insert_with(|| value.clone());
        }
        if let Some(instance) = cells.get("@instance") {
            turn.insert("@instance".to_string(), format!("{instance}-{}", n + 1));
        }
        builder.row(line, &turn, &|| turn.clone().into_iter().collect())?;
    }
    Ok(())
}

/// All answers by their paths; the turns of the group `each` on their own.
fn flatten(
    answers: &[(String, Answer)],
    path: &str,
    each: Option<&str>,
    cells: &mut Cells,
    turns: &mut Vec<Cells>,
) {
    for (n, (name, answer)) in answers.iter().enumerate() {
        if cells.len() > MAX_COLUMNS || turns.len() > MAX_TURNS {
            return;
        }
        let again = name.is_empty() || answers.iter().filter(|(other, _)| other == name).nth(1).is_some();
        let plain = match (path, name.as_str()) {
            (path, "") => path.to_string(),
            ("", name) => name.to_string(),
            (path, name) => format!("{path}/{name}"),
        };
        if plain.len() > 1000 {
            continue;
        }
        match answer {
            Answer::Text(text) if !text.trim().is_empty() => {
                points(&plain, text, cells);
                let cell = cells.entry(plain).or_default();
                if !cell.is_empty() {
                    cell.push(';');
                }
                cell.push_str(text.trim());
            }
            Answer::Text(_) => {}
            Answer::Group(inner) if each == Some(plain.as_str()) && !is_list(inner) => {
                let mut turn = Cells::new();
                flatten(inner, &plain, None, &mut turn, &mut Vec::new());
                turns.push(turn);
            }
            Answer::Group(inner) if each.is_some_and(|e| e == plain) => {
                flatten(inner, &plain, each, cells, turns);
            }
            Answer::Group(inner) => {
                let before = answers.iter().take(n).filter(|(other, _)| other == name).count();
                // Groups in a list, or a group of one name several times, are numbered.
                let path = if again { format!("{plain}[{}]", before + 1) } else { plain };
                flatten(inner, &path, each, cells, turns);
            }
        }
    }
}

/// A list of JSON: its members have no names.
fn is_list(group: &[(String, Answer)]) -> bool {
    group.first().is_some_and(|(name, _)| name.is_empty())
}

/// The parts of what reads as a point.
fn points(path: &str, text: &str, cells: &mut Cells) {
    let parts: Vec<&str> = text.split_whitespace().collect();
    if !(2..=4).contains(&parts.len()) || parts.iter().any(|part| geo::decimal(part).is_none()) {
        return;
    }
    for (part, value) in ["lat", "lon", "alt", "accuracy"].into_iter().zip(parts) {
        cells.insert(format!("{path}.{part}"), value.to_string());
    }
}

/// What ODK Central, Kobo and the instance itself call differently.
fn name_alike(cells: &mut Cells) {
    let first = |cells: &Cells, names: &[&str]| {
        names.iter().find_map(|n| cells.get(*n)).map(|t| t.trim().to_string()).filter(|t| !t.is_empty())
    };
    let instance = first(cells, &["meta/instanceID", "__id", "_uuid", "instanceID", "KEY"]);
    if let Some(instance) = instance {
        cells.insert("@instance".to_string(), instance.trim_start_matches("uuid:").to_string());
    }
    if let Some(at) = first(cells, &["_submission_time", "__system/submissionDate", "SubmissionDate"]) {
        // Kobo writes UTC without saying so.
        let bare = at.len() >= 16 && !at.ends_with('Z') && !at.get(16..).unwrap_or("").contains(['+', '-']);
        cells.insert("@submitted".to_string(), if bare { format!("{at}Z") } else { at });
    }
    for (to, names) in [
        ("@form", &["_xform_id_string", "__system/formId"][..]),
        ("@version", &["__version__", "__system/formVersion"]),
    ] {
        if !cells.contains_key(to)
            && let Some(value) = first(cells, names)
        {
            cells.insert(to.to_string(), value);
        }
    }
}
