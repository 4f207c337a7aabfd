//! Texts that would like to be markup, a formula, a line of a calendar, a header or a query, in every field that somebody can fill: of
//! records, replies, complaints, decisions, accounts, feeds and passkeys; and every route's answer looked at, in every form.
//!
//! The log of the server is looked at in `crates/servanda/tests/strangers`, the PDF in `pdf`, what the binary writes in its own tests.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use servanda_model::record::{Basis, Marking, RoleValue, Tlp};
use servanda_model::{Name, Place, Record};
use servanda_server::{ROUTES, Standing};
use servanda_store::Account;
use servanda_store::policy::{Role, TLP, Viewer};
use std::collections::BTreeSet;
use team::{Answer, Browser, PASSWORD, World, record, token_of, world_of};

/// What strangers write. Each has the word `evil` in it, so that it can be found again.
const PAYLOADS: [&str; 14] = [
    "<script>alert('evil')</script>",
    "\"><img src=x onerror=alert('evil')>",
    "' onmouseover='evil()' x='",
    "</script><svg/onload=evil()>",
    "</title></textarea></style><evil>",
    "javascript:evil()",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "+evil|' /C calc'!A0",
    "-2+3+cmd|evil",
    "@SUM(evil)",
    " \t=evil()",
    "a\r\nEND:VEVENT\r\nBEGIN:VALARM\r\nACTION:EVIL\r\nset-cookie: evil=1",
    "]]><evil xmlns='x'/><!-- ${evil} {{evil}} %s %n",
    "'; DROP TABLE record; -- evil \u{202e}\u{0}\u{1b}[31m",
];

fn account(name: &str, party: Option<&str>, roles: &[Role]) -> Account {
    let mut account = Account::new(name);
    account.party = party.map(Name::from);
    account.roles = roles.iter().copied().collect();
    account.clearances = [(TLP.into(), Tlp::Red)].into();
    account
}

/// The store refuses a zero byte in a record; what is left of the text.
fn recorded(payload: &str) -> String {
    payload.replace('\0', "")
}

/// A record with a payload in every field that is a text.
fn with(i: usize, payload: &str, fact: &str) -> Record {
    let payload = recorded(payload);
    let payload = payload.as_str();
    let when = format!("2026-02-20T08:{i:02}:00Z");
    let mut one = record(&format!("{payload}-{fact}"), fact, "North", &when, Marking::default());
    one.title = payload.into();
    one.source = payload.into();
    one.incident = Some(payload.into());
    one.roles.insert("detail".into(), RoleValue::Text(payload.into()));
    one.roles.insert(payload.into(), RoleValue::Text(payload.into()));
    one.extra.insert(payload.into(), payload.into());
    one.extra.insert("note".into(), payload.into());
    one.attachments = vec![payload.into()];
    if i.is_multiple_of(2) {
        one.place = Some(Place::Named(payload.into()));
    }
    if i.is_multiple_of(3) {
        one.basis = Basis::Claimed;
    }
    one
}

fn world() -> World {
    let mut records = team::clear();
    for (i, payload) in PAYLOADS.iter().enumerate() {
        records.push(with(i, payload, "fire"));
        records.push(with(i + 20, payload, "shelling"));
    }
    let mut claim = record("c1", "fire", "North", "2026-02-20T09:00:00Z", Marking::default());
    claim.basis = Basis::Claimed;
    claim.source = "South".into();
    records.push(claim);
    let (reader, officer) = (Role::Reader, Role::Officer);
    let accounts = [
        account("anna", None, &[reader, officer, Role::Auditor]),
        account("ben", None, &[reader, officer]),
        account("liaison", Some("North"), &[reader, Role::Reporter]),
    ];
    world_of(&records, &accounts, Standing::default())
}

/// The tags of a page, as a browser would take them: name and what stands in it.
fn tags(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let opens = rest.starts_with(|c: char| c.is_ascii_alphabetic());
        if !opens {
            continue;
        }
        // To its end, outside of quotes.
        let (mut quote, mut end) = (None, rest.len());
        for (i, c) in rest.char_indices() {
            match (quote, c) {
                (None, '>') => {
                    end = i;
                    break;
                }
                (None, '"' | '\'') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                _ => {}
            }
        }
        let tag = &rest[..end];
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        found.push((name.to_ascii_lowercase(), tag[name.len()..].to_string()));
        rest = &rest[end..];
    }
    found
}

/// The attributes of a tag, by name and value.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (taken, left) = match quote {
                Some(q) => after[1..].split_once(q).unwrap_or((&after[1..], "")),
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            (value, rest) = (taken.to_string(), left);
        }
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if !name.is_empty() {
            found.push((name, value));
        }
    }
    found
}

fn page_is_plain(what: &str, page: &str) {
    for (name, rest) in tags(page) {
        assert!(!["evil", "svg/onload"].contains(&name.as_str()), "{what}: <{name}{rest}>");
        for (attribute, value) in attributes(&rest) {
            assert!(!attribute.starts_with("on"), "{what}: <{name} {attribute}={value}>");
            let leads = ["href", "src", "action", "formaction"].contains(&attribute.as_str());
            let scheme = value.trim_start().to_ascii_lowercase();
            assert!(!(leads && scheme.starts_with("javascript:")), "{what}: {attribute}={value}");
            assert!(
                name != "script" || attribute != "src" || value.starts_with("/assets/"),
                "{what}: {value}"
            );
        }
        assert!(name != "script" || rest.contains("src=\"/assets/"), "{what}: <{name}{rest}>");
        assert!(!(name == "img" && rest.contains("src=x")), "{what}: <{name}{rest}>");
    }
}

/// The cells of a table, as a spreadsheet reads them.
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' | '\n' | '\r' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    assert!(!quoted, "a quote stays open");
    cells.push(cell);
    cells
}

fn table_runs_nothing(what: &str, text: &str) {
    for cell in cells(text) {
        let begins = cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '＝', '＋', '－', '＠']);
        let number = cell.parse::<f64>().is_ok();
        assert!(!begins || number || cell.len() == 1, "{what}: a spreadsheet would run `{cell}`");
    }
}

fn calendar_has_own_lines_only(what: &str, text: &str) {
    for line in text.split("\r\n").filter(|line| !line.is_empty() && !line.starts_with(' ')) {
        let name = line.split([':', ';']).next().unwrap_or_default();
        let fine = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
        assert!(fine && !line.contains('\n') && !line.contains('\r'), "{what}: {line:?}");
    }
    assert!(!text.contains("\nACTION:EVIL"), "{what}");
}

fn feed_is_plain(what: &str, text: &str) {
    assert!(
        !text.contains("<evil")
            && !text.contains("<script")
            && !text.contains("<img")
            && !text.contains("<svg"),
        "{what}"
    );
    assert!(!text.contains('\u{0}') && !text.contains('\u{1b}'), "{what}: XML has no such characters");
}

/// Looks at an answer as its type says; gives whether a payload is in it.
fn look(what: &str, answer: &Answer) -> bool {
    assert!(!answer.status.is_server_error(), "{what}: {} {}", answer.status, answer.text());
    assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{what}");
    for (name, value) in &answer.headers {
        assert_ne!(name, "evil", "{what}");
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        assert!(name != "set-cookie" || !value.starts_with("evil"), "{what}: {value}");
    }
    let kind = answer.headers.get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_string();
    let text = answer.text();
    match kind.split(';').next().unwrap_or_default() {
        "text/html" => page_is_plain(what, &text),
        "text/csv" => table_runs_nothing(what, &text),
        "text/calendar" => calendar_has_own_lines_only(what, &text),
        "application/atom+xml" => feed_is_plain(what, &text),
        kind if kind.contains("json") => {
            serde_json::from_slice::<serde_json::Value>(&answer.body)
                .unwrap_or_else(|e| panic!("{what}: {e}"));
        }
        "" => assert!(answer.body.is_empty(), "{what}: a body without a type"),
        _ => {}
    }
    text.contains("evil")
}

fn encoded(text: &str) -> String {
    // As a path has it: a blank is no plus there.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Addresses to ask of a route.
fn addresses(path: &str) -> Vec<String> {
    let mut all = BTreeSet::new();
    for (i, payload) in PAYLOADS.into_iter().enumerate() {
        let id = encoded(&format!("{}-fire", recorded(payload)));
        let base = path
            .replace("{*path}", &encoded(payload))
            .replace("{collection}", "incidents")
            .replace("{token}", &encoded(payload))
            .replace("{format}", &encoded(payload))
            .replace("{hash}", &encoded(payload));
        let base = match path {
            "/triggers/{id}" => base.replace("{id}", "under-fire"),
            "/reports/{id}" => base.replace("{id}", "daily"),
            _ => base.replace("{id}", &id),
        };
        all.insert(base.clone());
        // Three names with each: over all of them, each name has several.
        let names = ["norm", "text", "zone", "clause", "lang", "back", "at", "incident", "state", "nothing"];
        for j in 0..3 {
            all.insert(format!("{base}?{}={}", names[(3 * i + j) % names.len()], encoded(payload)));
        }
    }
    for kind in ["daily", "spot", "case", "audit", "bulletin"].iter().filter(|_| path == "/reports/{id}") {
        for format in ["html", "csv", "geojson", "json"] {
            for lang in ["en", "uk"] {
                let of = if ["spot", "case"].contains(kind) { "&incident=c1" } else { "" };
                all.insert(format!("/reports/{kind}?cut-off=2026-02-21&format={format}&lang={lang}{of}"));
            }
        }
    }
    all.into_iter().collect()
}

/// Everything that somebody can type, typed: gives how many payloads were taken.
async fn type_everywhere(world: &World) -> usize {
    let mut taken = 0;
    let mut anna = world.signed_in("anna").await;
    let mut ben = world.signed_in("ben").await;
    let mut north = world.signed_in("liaison").await;
    let store = world.workspace.store();
    let mut sent = async |browser: &mut Browser, path: &str, fields: &[(&str, &str)]| {
        let answer = browser.post(path, fields).await;
        look(path, &answer);
        taken += usize::from(answer.status == StatusCode::SEE_OTHER || answer.status == StatusCode::OK);
    };
    for payload in PAYLOADS {
        // Feeds and passkeys.
        let token = token_of(&anna.get("/account/feeds").await.text());
        sent(&mut anna, "/account/feeds", &[("token", &token), ("name", payload)]).await;
        sent(&mut anna, "/account/feeds/revoke", &[("token", &token), ("id", payload)]).await;
        let fields = [("token", token.as_str()), ("called", payload), ("password", PASSWORD)];
        sent(&mut anna, "/account/passkeys", &fields).await;
        sent(&mut anna, "/account/passkeys/revoke", &[("token", &token), ("id", payload)]).await;
        // Replies.
        let token = token_of(&north.get("/account").await.text());
        let fields = [("token", token.as_str()), ("form", "reply"), ("words", payload)];
        sent(&mut north, "/cases/c1/reply", &fields).await;
        // Decisions, and what another says to them.
        let token = token_of(&anna.get("/triggers/under-fire").await.text());
        let fields = [
            ("token", token.as_str()),
            ("password", PASSWORD),
            ("form", "propose"),
            ("step", "propose"),
            ("words", payload),
            ("marking", "TLP:CLEAR"),
        ];
        sent(&mut anna, "/triggers/under-fire/decisions", &fields).await;
        let decisions = store.view(&Viewer::keeper()).decisions().unwrap();
        if let Some(last) = decisions.last() {
            let (id, form) = (last.id.to_string(), format!("decision {}", last.id));
            let token = token_of(&ben.get("/triggers/under-fire").await.text());
            let fields = [
                ("token", token.as_str()),
                ("password", PASSWORD),
                ("form", &form),
                ("decision", &id),
                ("step", "dissent"),
                ("words", payload),
            ];
            sent(&mut ben, "/triggers/under-fire/decisions", &fields).await;
        }
        // Complaints: few from one place, so each comes from a place of its own.
        let mut anybody = world.signed_in("ben").await;
        let token = token_of(&anybody.get("/bulletin").await.text());
        let fields =
            [("token", token.as_str()), ("form", "complaint"), ("words", payload), ("place", payload)];
        sent(&mut anybody, "/bulletin/complaint", &fields).await;
        world.now.fetch_add(24 * 60 * 60_000, std::sync::atomic::Ordering::SeqCst);
        anna = world.signed_in("anna").await;
        ben = world.signed_in("ben").await;
        north = world.signed_in("liaison").await;
        // Who signs in, and by which name of a header.
        let mut browser = world.browser();
        look("/sign-in", &browser.sign_in(payload, payload).await);
        // What an account is called is held to letters and digits.
        let named = Account::new(payload);
        assert!(store.put_account(&named, servanda_model::Instant(5), &Viewer::keeper()).is_err());
    }
    // What was entered is told to those who are served.
    let stored = store.view(&Viewer::keeper()).records().unwrap();
    let read: Vec<Record> =
        stored.iter().filter_map(|one| servanda_evidence::record_json::from_json(&one.json).ok()).collect();
    let new: Vec<Record> = read
        .into_iter()
        .filter(|one| !one.id.as_str().contains("evil") && one.id.as_str().len() > 2)
        .collect();
    world.tell(&new);
    taken
}

/// 1.1.2, 1.2.1 (markup), 1.2.3 (JSON), 1.2.4 (queries), 1.2.10 (formulas), 1.3.7 (templates), 1.3.10 (format strings), 3.2.1 (types).
#[tokio::test(flavor = "multi_thread")]
async fn v1_1_2_v1_2_1_v1_2_3_v1_2_4_v1_2_10_v1_3_7_v1_3_10_and_v3_2_1_what_strangers_write_stays_text_everywhere()
 {
    let world = world();
    let taken = type_everywhere(&world).await;
    assert!(taken > 4 * PAYLOADS.len(), "{taken} payloads were taken");
    let mut anna = world.signed_in("anna").await;
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    let mut asked = 0;
    for route in ROUTES.iter().filter(|route| route.method == "GET") {
        for address in addresses(route.path) {
            let answer = anna.get(&address).await;
            if look(&address, &answer) {
                shown.insert(route.path);
            }
            asked += 1;
        }
    }
    // The feeds, by tokens that open them.
    let store = world.workspace.store();
    let (_, token) = store.make_feed("ben", "x", servanda_model::Instant(6)).unwrap();
    for ending in ["duties.ics", "changes.atom"] {
        let answer = world.browser().get(&format!("/feeds/{token}/{ending}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        look(ending, &answer);
    }
    assert!(asked > 500, "{asked}");
    // A look at nothing would find nothing: here the payloads do stand, as text.
    for path in [
        "/api/incidents",
        "/api/incidents.csv",
        "/api/incidents.geojson",
        "/api/incidents/{id}",
        "/api/map",
        "/cases",
        "/cases/{id}",
        "/triggers/{id}",
        "/reports/{id}",
        "/account/feeds",
        "/ogc/collections/{collection}/items",
    ] {
        assert!(shown.contains(path), "{path} shows no payload, so it was not looked at: {shown:?}");
    }
}

#[test]
fn the_looks_see_what_they_look_for() {
    let caught = |look: fn(&str, &str), text: &'static str| {
        std::panic::catch_unwind(|| look("", text)).expect_err(text);
    };
    for page in [
        "<p><script>x</script>",
        "<a href='javascript:evil()'>",
        "<img src=x>",
        "<p title=\"a\" onclick='b'>",
        "<input value=\"\"><img src=x onerror=alert(1)>",
        "<evil>",
    ] {
        caught(page_is_plain, page);
    }
    page_is_plain(
        "",
        "<p title=\"<script>\">a &lt;script&gt; onclick=b</p><script type=\"module\" src=\"/assets/a.js\"></script>",
    );
    for table in ["a,=1+1\n", "\"+x\"", "\" @x\"", "a\r\n-x,1"] {
        caught(table_runs_nothing, table);
    }
    table_runs_nothing("", "-1.5,'=x,a-b,\"x\n=y\",+3,-\r\n");
    caught(calendar_has_own_lines_only, "BEGIN:VEVENT\r\nset cookie: x\r\n");
    caught(calendar_has_own_lines_only, "SUMMARY:x\nACTION:EVIL\r\n");
    caught(feed_is_plain, "<entry><evil/></entry>");
}
