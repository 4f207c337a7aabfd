//! `docs/reference/json.md` against what is produced: every field is documented, every documented field is produced, and
//! each has the kind that the page gives.

mod hand_built;

use hand_built::hand_built;
use serde_json::Value;
use servanda_report::{Owed, json, map, timeline};
use std::collections::{BTreeMap, BTreeSet};

/// Shape → field → kind.
type Page = BTreeMap<String, BTreeMap<String, String>>;

fn page() -> Page {
    let text = include_str!("../../../docs/reference/json.md");
    let mut page = Page::new();
    let mut shape = String::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            shape = title.trim_matches('`').to_string();
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [field, kind, _] = cells[..] {
            let field = field.trim_matches('`').to_string();
            let is_field = field == "…" || line.starts_with("| `");
            let is_shape = shape != "Errors" && shape != "The address";
            if is_field && is_shape {
                let before = page.entry(shape.clone()).or_default().insert(field.clone(), kind.to_string());
                assert_eq!(before, None, "`{field}` of `{shape}` is documented twice");
            }
        }
    }
    page
}

struct Comparison {
    page: Page,
    seen: BTreeSet<(String, String)>,
    wrong: Vec<String>,
}

impl Comparison {
    /// Fields of a shape, those of the shapes that it includes put in.
    fn fields(&self, shape: &str) -> BTreeMap<String, (String, String)> {
        let Some(own) = self.page.get(shape) else { return BTreeMap::new() };
        let mut fields = BTreeMap::new();
        for (field, kind) in own {
            if field == "…" {
                fields.extend(self.fields(kind));
            } else {
                fields.insert(field.clone(), (shape.to_string(), kind.clone()));
            }
        }
        fields
    }

    fn object(&mut self, shape: &str, value: &Value, at: &str) {
        let Some(object) = value.as_object() else {
            self.wrong.push(format!("{at} is not a `{shape}`: {value}"));
            return;
        };
        let fields = self.fields(shape);
        if fields.is_empty() {
            self.wrong.push(format!("the shape `{shape}` of {at} is not documented"));
        }
        for field in fields.keys().filter(|f| !object.contains_key(*f)) {
            self.wrong.push(format!("{at} has no `{field}`"));
        }
        for (field, value) in object {
            match fields.get(field).cloned() {
                None => self.wrong.push(format!("{at} has `{field}`, which is not documented")),
                Some((owner, kind)) => {
                    self.seen.insert((owner, field.clone()));
                    self.kind(&kind, value, &format!("{at}.{field}"));
                }
            }
        }
    }

    fn kind(&mut self, kind: &str, value: &Value, at: &str) {
        if let Some(kind) = kind.strip_suffix(" or null") {
            if !value.is_null() {
                self.kind(kind, value, at);
            }
        } else if let Some(kind) = kind.strip_prefix("list of ") {
            match value.as_array() {
                Some(items) => items.iter().for_each(|v| self.kind(kind, v, &format!("{at}[]"))),
                None => self.wrong.push(format!("{at} is not a list: {value}")),
            }
        } else if let Some(kind) = kind.strip_prefix("map of ") {
            match value.as_object() {
                Some(entries) => entries.values().for_each(|v| self.kind(kind, v, &format!("{at}{{}}"))),
                None => self.wrong.push(format!("{at} is not a map: {value}")),
            }
        } else if kind == "zone or incident" {
            let layer = value["layer"].as_str().unwrap_or_default().to_string();
            self.object(&layer, value, &format!("{at}({layer})"));
        } else {
            let right = match kind {
                "text" => value.is_string(),
                "number" => value.is_number(),
                "flag" => value.is_boolean(),
                "any" => true,
                shape => return self.object(shape, value, at),
            };
            if !right {
                self.wrong.push(format!("{at} is not a {kind}: {value}"));
            }
        }
    }
}

#[test]
fn the_page_and_the_documents_agree() {
    let built = hand_built();
    let view = built.view();
    let everything: Vec<_> = built.board.verdicts.iter().collect();
    let documents = [
        json::text(&json::board(&view)),
        json::text(&json::cards(&view, &everything)),
        json::text(&json::cards_explained(&view, &[(everything[0], hand_built::explanation(everything[0]))])),
        json::text(&json::duties(&view, &view.duties(&Owed { all: true, ..Owed::default() }))),
        json::text(&json::records(&view)),
        json::text(&json::terms(&view)),
        json::text(&json::agreement(&view, "# Text\n")),
        json::text(&map::map(&view)),
        json::text(&timeline::timeline(&view)),
    ];
    let mut comparison = Comparison { page: page(), seen: BTreeSet::new(), wrong: Vec::new() };
    let mut named = BTreeSet::new();
    for text in documents {
        assert!(text.starts_with("{\n  \"servanda\": "), "a document names itself first: {}", &text[..60]);
        let value: Value = serde_json::from_str(&text).unwrap();
        let name = value["servanda"].as_str().unwrap().to_string();
        comparison.object(&name, &value, &name);
        named.insert(name);
    }
    for (shape, fields) in &comparison.page {
        if shape.contains('/') {
            assert!(named.contains(shape), "`{shape}` is documented and not produced");
        }
        for field in fields.keys().filter(|f| *f != "…") {
            if !comparison.seen.contains(&(shape.clone(), field.clone())) {
                comparison.wrong.push(format!("`{field}` of `{shape}` is documented and never produced"));
            }
        }
    }
    assert!(comparison.wrong.is_empty(), "{:#?}", comparison.wrong);
}

#[test]
fn the_page_is_read() {
    let page = page();
    assert!(page.len() > 30, "{} shapes", page.len());
    assert_eq!(page["when"]["latest"], "text");
}
