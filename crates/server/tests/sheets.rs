//! The sheets: duty ledger, triggers with decisions of two people, cases with replies, bulletin with complaints, reports, audit; in both
//! languages, with everything that is typed coming back as text.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use http_body_util::BodyExt;
use servanda_model::record::{Basis, Marking, Tlp};
use servanda_model::{Name, Record};
use servanda_server::Standing;
use servanda_store::Account;
use servanda_store::policy::{Role, TLP, Viewer};
use std::collections::BTreeSet;
use std::time::Duration;
use team::{Browser, PASSWORD, World, clear, only_to, record, token_of, world_of};

const SCRIPT: &str = "<script>alert('x')</script>";

fn account(name: &str, party: Option<&str>, roles: &[Role], level: Tlp) -> Account {
    let mut account = Account::new(name);
    account.party = party.map(Name::from);
    account.roles = roles.iter().copied().collect();
    account.clearances = [(TLP.into(), level)].into();
    account
}

/// Two officers, one who is cleared for less, and a liaison of each party.
fn accounts() -> Vec<Account> {
    let (reader, officer, reporter) = (Role::Reader, Role::Officer, Role::Reporter);
    vec![
        account("anna", None, &[reader, officer], Tlp::Red),
        account("ben", None, &[reader, officer], Tlp::Red),
        account("low", None, &[reader, officer], Tlp::Clear),
        account("liaison-North", Some("North"), &[reader, reporter], Tlp::Red),
        account("liaison-South", Some("South"), &[reader, reporter], Tlp::Red),
        account("clerk", None, &[reader, reporter], Tlp::Red),
        account("auditor", None, &[reader, Role::Auditor], Tlp::Red),
    ]
}

fn claim(id: &str, marking: Marking) -> Record {
    let mut claim = record(id, "fire", "North", "2026-02-20T08:00:00Z", marking);
    claim.basis = Basis::Claimed;
    claim.title = format!("a claim {SCRIPT}");
    claim.source = "South".into();
    claim
}

fn records() -> Vec<Record> {
    let mut all = clear();
    all.push(claim("c1", Marking::default()));
    all.push(claim("c2", only_to("South", Tlp::Amber)));
    all
}

fn world() -> World {
    world_of(&records(), &accounts(), Standing::default())
}

async fn page(browser: &mut Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    let text = answer.text();
    assert!(!text.contains(SCRIPT), "{path} has markup of a record");
    assert!(text.starts_with("<!doctype html>"), "{path}");
    text
}

/// Every `href` and `action` of a page that leads to this server.
fn links(page: &str) -> BTreeSet<String> {
    let of = |mark: &str| -> Vec<String> {
        page.split(mark)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(|l| l.replace("&amp;", "&"))
            .collect()
    };
    of("href=\"").into_iter().filter(|link| link.starts_with('/')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sheet_stands_in_both_languages_and_its_links_lead_somewhere() {
    let world = world();
    let mut anna = world.signed_in("anna").await;
    let mut auditor = world.signed_in("auditor").await;
    let mut followed = BTreeSet::new();
    for path in [
        "/duties",
        "/triggers",
        "/triggers/under-fire",
        "/cases",
        "/cases/c1",
        "/bulletin",
        "/reports",
        "/audit",
    ] {
        let browser = if path == "/audit" { &mut auditor } else { &mut anna };
        let english = page(browser, path).await;
        assert!(english.contains("<html lang=\"en\">"), "{path}");
        let ukrainian = page(browser, &format!("{path}?lang=uk")).await;
        assert!(ukrainian.contains("<html lang=\"uk\">"), "{path}");
        assert!(ukrainian.contains("Сторінки") && !ukrainian.contains(">Pages<"), "{path}");
        // A label for each field, one heading of the first rank, and the moments that it speaks of.
        assert_eq!(english.matches("<h1>").count(), 1, "{path}");
        assert!(english.contains("name=\"at\"") && english.contains("name=\"known\""), "{path}");
        for link in links(&english) {
            if !link.starts_with("/assets/") && link != "/account" && followed.insert(link.clone()) {
                let answer = browser.get(&link).await;
                let right =
                    answer.status == StatusCode::OK || (link.starts_with("/audit") && path != "/audit");
                assert!(right, "{path} leads to {link}: {}", answer.text());
            }
        }
    }
    assert!(followed.len() > 20, "{followed:?}");
    // The browser's preference counts where the address says nothing.
    anna.headers.push(("accept-language".into(), "uk-UA,uk;q=0.9".into()));
    assert!(page(&mut anna, "/duties").await.contains("<html lang=\"uk\">"));
    assert!(page(&mut anna, "/duties?lang=en").await.contains("<html lang=\"en\">"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_filters_by_party_side_and_time_and_leads_to_cards() {
    let world = world();
    let mut anna = world.signed_in("anna").await;
    let rows = |page: &str| page.matches("<th scope=\"row\" class=\"what\">").count();
    // North reported on time for the fire of 1 February; the claim of the 20th is not established.
    let done = page(&mut anna, "/duties?all=yes").await;
    assert!(done.contains("report-fire"), "{done}");
    let all = rows(&done);
    assert!(all >= 1);
    let north = page(&mut anna, "/duties?all=yes&party=North").await;
    let south = page(&mut anna, "/duties?all=yes&party=South").await;
    assert_eq!(rows(&north) + rows(&south), all);
    assert!(rows(&north) >= 1);
    assert_eq!(rows(&page(&mut anna, "/duties?all=yes&party=commission&side=owed").await), all);
    assert_eq!(rows(&page(&mut anna, "/duties?all=yes&party=commission").await), 0);
    assert_eq!(rows(&page(&mut anna, "/duties?all=yes&until=2026-01-15").await), 0);
    assert!(rows(&page(&mut anna, "/duties?all=yes&from=2026-02-01&until=2026-02-10").await) >= 1);
    assert!(north.contains("href=\"/?norm=report-fire&amp;bearer=North&amp;instance=r1\""), "{north}");
    for (query, code) in
        [("side=x", "side"), ("skip=x", "skip"), ("until=soon", "soon"), ("colour=red", "colour")]
    {
        let answer = anna.get(&format!("/duties?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text().contains("role=\"alert\"") && answer.text().contains(code), "{query}");
    }
}

async fn step(browser: &mut Browser, fields: &[(&str, &str)]) -> team::Answer {
    let token = token_of(&browser.get("/triggers/under-fire").await.text());
    let mut all = vec![("token", token.as_str()), ("password", PASSWORD)];
    all.extend(fields);
    browser.post("/triggers/under-fire/decisions", &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_takes_two_accounts_with_their_passwords_and_sends_nothing() {
    let world = world();
    let (mut anna, mut ben) = (world.signed_in("anna").await, world.signed_in("ben").await);
    let before = page(&mut anna, "/triggers/under-fire").await;
    assert!(before.contains("What is missing") && before.contains("Nothing is started or sent"), "{before}");
    assert!(before.contains("&lt;script&gt;"), "the claim is among its facts");
    let words = format!("we ask for consultations {SCRIPT}");
    let propose =
        [("form", "propose"), ("step", "propose"), ("words", words.as_str()), ("marking", "TLP:AMBER")];
    let count = || world.workspace.store().view(&Viewer::keeper()).decisions().unwrap().len();
    // Without the password, or with a wrong one, nothing is signed; what was typed is not lost.
    let token = token_of(&before);
    for password in ["", "another bridge over it"] {
        let mut fields = vec![("token", token.as_str()), ("password", password)];
        fields.extend(propose);
        let answer = anna.post("/triggers/under-fire/decisions", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer.text().contains("role=\"alert\"") && answer.text().contains("we ask for consultations")
        );
    }
    assert_eq!(count(), 0);
    // Neither with a token of another, nor without words, nor with a marking that there is not.
    let stranger = anna.post("/triggers/under-fire/decisions", &[("token", "x"), ("step", "propose")]).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    for (words, marking) in [("", "TLP:AMBER"), ("x", "secret")] {
        let fields = [("form", "propose"), ("step", "propose"), ("words", words), ("marking", marking)];
        assert!(step(&mut anna, &fields).await.status.is_client_error());
    }
    assert!(step(&mut anna, &[("step", "jump")]).await.status.is_client_error());
    assert_eq!(count(), 0);
    let answer = step(&mut anna, &propose).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/triggers/under-fire"));
    let waits = page(&mut ben, "/triggers/under-fire").await;
    assert!(waits.contains("waits for a second person") && waits.contains("we ask for consultations"));
    let id = world.workspace.store().view(&Viewer::keeper()).decisions().unwrap()[0].id.to_string();
    let form = format!("decision {id}");
    let sign = |step: &'static str, words: &'static str| {
        [("form", form.as_str()), ("decision", id.as_str()), ("step", step), ("words", words)]
    };
    // Who proposed does not confirm; the other dissents, then confirms.
    assert_eq!(step(&mut anna, &sign("confirm", "")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(step(&mut ben, &sign("dissent", "")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(step(&mut ben, &sign("dissent", "too early")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(step(&mut ben, &sign("confirm", "after all")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(step(&mut ben, &sign("confirm", "")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let signed = page(&mut anna, "/triggers/under-fire?lang=uk").await;
    // The condition is read back in the language of the page.
    for text in ["підписали двоє", "незгода", "too early", "after all", "anna", "ben", "«heavy fire» означає"]
    {
        assert!(signed.contains(text), "{text}");
    }
    // Whoever is not cleared for it does not learn that there is one.
    let mut low = world.signed_in("low").await;
    assert!(page(&mut low, "/triggers/under-fire").await.contains("Nobody has proposed anything"));
    assert_eq!(step(&mut low, &sign("dissent", "x")).await.status, StatusCode::NOT_FOUND);
    let decision = world.workspace.store().view(&Viewer::keeper()).decisions().unwrap().remove(0);
    assert_eq!(decision.confirmed.as_ref().map(|step| step.by.as_str()), Some("ben"));
    let shown: serde_json::Value = serde_json::from_str(&decision.shown).unwrap();
    // r1 and c1: what is South's alone is not among what the two were shown.
    assert_eq!(shown["newest"], serde_json::json!(["c1", "r1"]));
    // A role that is no officer's is refused at the door.
    let mut clerk = world.signed_in("clerk").await;
    assert_eq!(clerk.post("/triggers/under-fire/decisions", &[]).await.status, StatusCode::FORBIDDEN);
}

/// What came on a stream of news within half a second.
async fn heard(response: axum::response::Response) -> String {
    let mut body = response.into_body();
    let (mut text, until) = (String::new(), tokio::time::Instant::now() + Duration::from_millis(500));
    while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, body.frame()).await {
        text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap()));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_told_at_once_to_those_who_may_see_it() {
    let world = world();
    let (mut anna, ben) = (world.signed_in("anna").await, world.signed_in("ben").await);
    let low = world.signed_in("low").await;
    let (to_ben, to_low) = (ben.begin("/events").await, low.begin("/events").await);
    // The label of what only South may see is in use; TLP:GREEN is not, so nobody's audience has it.
    let fields = [("form", "propose"), ("step", "propose"), ("words", "x"), ("marking", "TLP:GREEN")];
    assert_eq!(step(&mut anna, &fields).await.status, StatusCode::SEE_OTHER);
    let (by_ben, by_low) = tokio::join!(heard(to_ben), heard(to_low));
    assert_eq!((by_ben.as_str(), by_low.as_str()), ("retry: 3000\n\n", "retry: 3000\n\n"));
    let (to_ben, to_low) = (ben.begin("/events").await, low.begin("/events").await);
    let fields = [("form", "propose"), ("step", "propose"), ("words", "x"), ("marking", "TLP:CLEAR")];
    assert_eq!(step(&mut anna, &fields).await.status, StatusCode::SEE_OTHER);
    let (by_ben, by_low) = tokio::join!(heard(to_ben), heard(to_low));
    assert!(by_ben.contains("event: all") && by_low.contains("event: all"), "{by_ben} {by_low}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_ogc_api_features_say_https_under_its_own_tls() {
    for (is_tls, begins) in [(true, "https://127.0.0.1:7400/ogc"), (false, "http://127.0.0.1:7400/ogc")] {
        let world = world_of(&records(), &[], Standing { is_public: true, is_tls, ..Standing::default() });
        let landing = world.browser().get("/ogc").await.text();
        assert!(landing.contains(&format!("\"{begins}")), "{landing}");
    }
}

async fn reply(browser: &mut Browser, case: &str, words: &str) -> team::Answer {
    let token = token_of(&browser.get("/account").await.text());
    let fields = [("token", token.as_str()), ("form", "reply"), ("words", words)];
    browser.post(&format!("/cases/{case}/reply"), &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_replies_in_its_own_words_and_only_to_what_it_may_see() {
    let world = world();
    let mut north = world.signed_in("liaison-North").await;
    let list = page(&mut north, "/cases").await;
    assert!(
        list.contains("1 case waits for a reply")
            && list.contains("/cases/c1")
            && !list.contains("/cases/c2")
    );
    let case = page(&mut north, "/cases/c1").await;
    assert!(case.contains("Reply for North") && case.contains("No party has replied"));
    let store = world.workspace.store();
    let count = || store.view(&Viewer::keeper()).records().unwrap().len();
    let before = count();
    assert_eq!(reply(&mut north, "c1", "  ").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (unseen, none) = (reply(&mut north, "c2", "x").await, reply(&mut north, "c9", "x").await);
    assert_eq!((unseen.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let masked = |text: String, id: &str| {
        let token = token_of(&case);
        text.replace(id, "(id)").replace(&token, "(token)")
    };
    assert_eq!(masked(unseen.text(), "c2"), masked(none.text(), "c9"));
    let mut clerk = world.signed_in("clerk").await;
    let of_none = reply(&mut clerk, "c1", "x").await;
    assert_eq!(of_none.status, StatusCode::FORBIDDEN);
    assert!(of_none.text().contains("of no party"));
    let stranger = north.post("/cases/c1/reply", &[("token", "x"), ("words", "x")]).await;
    assert_eq!(stranger.status, StatusCode::FORBIDDEN);
    assert_eq!(count(), before);
    let words = format!("we deny it {SCRIPT}\r\nand ask for a visit");
    let answer = reply(&mut north, "c1", &words).await;
    assert_eq!((answer.status, answer.to()), (StatusCode::SEE_OTHER, "/cases/c1"));
    let stored = store.view(&Viewer::keeper()).records().unwrap();
    let new = servanda_evidence::record_json::from_json(&stored.last().unwrap().json).unwrap();
    assert_eq!(
        (count(), new.fact.as_str(), new.source.as_str()),
        (before + 1, "incident-reply", "North (liaison-North)")
    );
    assert_eq!(new.marking, Marking::default(), "seen by whoever may see the allegation");
    world.tell(&[new]);
    let mut south = world.signed_in("liaison-South").await;
    let later = "at=2026-04-01T00:00&known=2026-04-01T00:00";
    let case = page(&mut south, &format!("/cases/c1?{later}")).await;
    assert!(case.contains("we deny it &lt;script&gt;") && case.contains("North (liaison-North)"), "{case}");
    let list = page(&mut south, &format!("/cases?{later}&lang=uk")).await;
    assert!(list.contains("є відповідь") && list.contains("/cases/c2"));
    assert!(!page(&mut south, &format!("/cases?{later}&state=open")).await.contains("/cases/c1?"));
    assert_eq!(south.get("/cases?state=odd").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bulletin_is_the_publics_and_takes_complaints_with_a_number() {
    let mut all = records();
    for i in 0..7 {
        all.push(record(&format!("p{i}"), "fire", "South", "2026-02-10T08:00:00Z", Marking::default()));
    }
    for i in 0..9 {
        all.push(record(
            &format!("q{i}"),
            "report",
            "South",
            "2026-02-10T08:00:00Z",
            only_to("South", Tlp::Amber),
        ));
    }
    let standing = || Standing { is_public: true, ..Standing::default() };
    let world = world_of(&all, &accounts(), standing());
    let mut anybody = world.browser();
    let public = page(&mut anybody, "/bulletin").await;
    let numbers =
        |page: &str| page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap().to_string();
    let table = numbers(&public);
    assert!(table.contains("2026-02-10") && table.contains(">7<"), "{table}");
    assert!(table.contains("under five") && !table.contains(">1<") && !table.contains(">9<"), "{table}");
    // Whoever may see more is told the same here.
    let mut south = world.signed_in("liaison-South").await;
    assert_eq!(numbers(&page(&mut south, "/bulletin").await), table);
    // What happened within the last 24 hours changes nothing, nor does asking about a later moment.
    world.tell(&[record("late", "fire", "South", "2026-02-28T12:00:00Z", Marking::default())]);
    let states = |page: &str| {
        page.split("<p class=\"counts\">").nth(1).unwrap().split("</p>").next().unwrap().to_string()
    };
    for path in
        ["/bulletin", "/bulletin?at=2026-03-02T00:00", "/bulletin?at=2026-02-28T23:00&known=2026-03-01T00:00"]
    {
        let later = page(&mut anybody, path).await;
        assert_eq!(states(&later), states(&public), "{path}");
        if !path.contains("23:00") {
            assert_eq!(numbers(&later), table, "{path}");
        }
    }
    assert!(!page(&mut anybody, "/bulletin?at=2026-02-08T00:00").await.contains(">7<"));
    // A complaint.
    let words = format!("our roof {SCRIPT}");
    let send = async |browser: &mut Browser, token: &str, words: &str| {
        let fields = [("token", token), ("form", "complaint"), ("words", words), ("place", "by the mill")];
        browser.post("/bulletin/complaint", &fields).await
    };
    assert_eq!(send(&mut anybody, "x", "a").await.status, StatusCode::FORBIDDEN);
    let token = token_of(&page(&mut anybody, "/bulletin").await);
    let empty = send(&mut anybody, &token, " ").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("role=\"alert\"") && empty.text().contains("by the mill"));
    let token = token_of(&empty.text());
    let taken = send(&mut anybody, &token, &words).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    let text = taken.text();
    assert!(text.contains("The agreement sets no time for an answer"), "{text}");
    let number =
        text.split("<p class=\"receipt\"><code>").nth(1).unwrap().split('<').next().unwrap().to_string();
    assert_eq!(number.len(), 12);
    let stored = world.workspace.store().view(&Viewer::keeper()).records().unwrap().pop().unwrap();
    assert_eq!(stored.id.as_str(), format!("complaint-{number}"));
    assert_eq!(stored.marking, Marking::of(Tlp::Amber));
    assert!(stored.json.contains("our roof"));
    // Not many from one place.
    let mut last = StatusCode::OK;
    for _ in 0..8 {
        let token = token_of(&page(&mut anybody, "/bulletin").await);
        last = send(&mut anybody, &token, "again").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_that_the_agreement_speaks_of_gets_the_day_of_its_answer() {
    let truce = team::TEXT;
    let more = "\n\n> Every complaint is answered within 30 days.\n\n```pact\nevent complaint\n  says        \"a complaint to {to} (case {case})\"\n  \
                carries     to: party, case: text\n  is          notice\nevent complaint-answer\n  says        \"{by} answers {case}\"\n  \
                carries     by: party, case: text\n\nduty answer-complaint\n  bearer      each of parties\n  owed to     commission\n  \
                when        complaint to bearer\n  must        do complaint-answer by bearer where (case = case of trigger)\n  \
                within      30 days\n  seen by     commission\n  per         \"Every complaint is answered within 30 days\"\n```\n";
    let standing = Standing { is_public: true, ..Standing::default() };
    let world = team::world_with(&format!("{truce}{more}"), &records(), &accounts(), standing);
    let mut anybody = world.browser();
    let public = page(&mut anybody, "/bulletin").await;
    assert!(public.contains("Every complaint is answered within 30 days") && public.contains("name=\"to\""));
    let token = token_of(&public);
    let send = async |browser: &mut Browser, to: &str| {
        let fields = [("token", token.as_str()), ("form", "complaint"), ("words", "our roof"), ("to", to)];
        browser.post("/bulletin/complaint", &fields).await
    };
    assert_eq!(send(&mut anybody, "Atlantis").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let token = token_of(&page(&mut anybody, "/bulletin").await);
    let fields = [("token", token.as_str()), ("form", "complaint"), ("words", "our roof"), ("to", "North")];
    let taken = anybody.post("/bulletin/complaint", &fields).await.text();
    // Taken on 1 March: the thirtieth day after it is the 31st, to its end.
    assert!(taken.contains("answer-complaint") && taken.contains("2026-03-31 24:00"), "{taken}");
    let number =
        taken.split("<p class=\"receipt\"><code>").nth(1).unwrap().split('<').next().unwrap().to_string();

    // Whoever has the number is told what became of it, and nobody else is.
    let ask = async |browser: &mut Browser, number: &str, path: &str| {
        let token = token_of(&page(browser, "/bulletin").await);
        let fields = [("token", token.as_str()), ("form", "number"), ("number", number)];
        browser.post(path, &fields).await
    };
    const STATE: &str = "/bulletin/complaint/state";
    let told = ask(&mut anybody, &format!(" Complaint-{number} "), STATE).await;
    assert_eq!(told.status, StatusCode::OK);
    let told = told.text();
    assert!(told.contains("2026-03-31 24:00") && told.contains("No answer is on record"), "{told}");
    assert!(!told.contains("our roof"), "what it says is not shown: {told}");
    let uk = ask(&mut anybody, &number, "/bulletin/complaint/state?lang=uk").await.text();
    assert!(
        uk.contains("Відповіді в записах немає") && uk.contains("до <span class=\"num\">2026-03-31 24:00"),
        "{uk}"
    );
    // An answer under its number, which only the party may see: that there is one is told.
    let answer = |id: &str, at: &str, title: &str, marking: Marking| {
        let mut one = record(id, "complaint-answer", "North", at, marking);
        one.roles.insert("case".into(), servanda_model::record::RoleValue::Text(number.clone()));
        one.title = title.into();
        one
    };
    let enter = |one: &servanda_model::Record, seen: usize| {
        let imported = servanda_store::Intake {
            file: "test".into(),
            sha256: String::new(),
            entered: one.recorded,
            read: 1,
            made: 1,
            refused: 0,
            quarantine: None,
        };
        world.workspace.enter(&imported, &[team::stored(one)], None, seen).unwrap();
    };
    let count = || world.workspace.store().view(&Viewer::keeper()).records().unwrap().len();
    enter(
        &answer("a1", "2026-03-05T10:00:00Z", "we look into it secretly", Marking::of(Tlp::Amber)),
        count(),
    );
    let told = ask(&mut anybody, &number, STATE).await.text();
    assert!(told.contains("It was answered") && told.contains("2026-03-05 10:00"), "{told}");
    assert!(told.contains("The answer is not public") && !told.contains("secretly"), "{told}");
    enter(&answer("a2", "2026-03-06T10:00:00Z", "the roof is paid <b>", Marking::default()), count());
    let told = ask(&mut anybody, &number, STATE).await.text();
    assert!(told.contains("the roof is paid &lt;b&gt;") && !told.contains("secretly"), "{told}");
    // Whatever is wrong with a number, the answer is the same; and after a few nobody tries on.
    let mut answers = BTreeSet::new();
    for wrong in ["abcdefghijkm", "complaint-zzzzzzzzzzzz", "a1", "'; --", "s1"] {
        let told = ask(&mut anybody, wrong, STATE).await;
        assert_eq!(told.status, StatusCode::NOT_FOUND, "{wrong}");
        let alert =
            told.text().split("role=\"alert\">").nth(1).unwrap().split("</p>").next().unwrap().to_string();
        answers.insert(alert);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(ask(&mut anybody, &number, STATE).await.status, StatusCode::TOO_MANY_REQUESTS);
    let fields = [("token", "x"), ("form", "number"), ("number", number.as_str())];
    assert_eq!(anybody.post(STATE, &fields).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_case_stands_still_a_reply_shows_at_once_as_of_when_it_is_known() {
    let world = team::still_world(&records(), &accounts(), Standing::default());
    world.now.fetch_add(86_400_000, std::sync::atomic::Ordering::SeqCst);
    let mut south = world.signed_in("liaison-South").await;
    let before = page(&mut south, "/cases/c1").await;
    let mut other = world.signed_in("liaison-North").await;
    let others = page(&mut other, "/cases/c1").await;
    let token = token_of(&before);
    let fields = [("token", token.as_str()), ("form", "reply"), ("words", "we were not there")];
    let taken = south.post("/cases/c1/reply", &fields).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    assert!(taken.to().starts_with("/cases/c1?known=2026-03-02T"), "{}", taken.to());
    let to = taken.to().to_string();
    assert!(page(&mut south, &to).await.contains("we were not there"));
    // As known before it, it is not known.
    assert_eq!(page(&mut south, "/cases/c1").await, before);
    // Whoever else may see it is shown it by the same address, and the case as it stood by the old one.
    assert!(page(&mut other, &to).await.contains("we were not there"));
    assert_eq!(page(&mut other, "/cases/c1").await, others);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_built_of_what_the_asker_may_see() {
    let world = world();
    let (mut north, mut south) =
        (world.signed_in("liaison-North").await, world.signed_in("liaison-South").await);
    let daily = "/reports/daily?cut-off=2026-02-20+20%3A00&since=2026-02-19&format=json";
    let answer = north.get(daily).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let name = answer.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"daily-2026-02-20-en.json\"");
    let of_north: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let of_south: serde_json::Value = serde_json::from_slice(&south.get(daily).await.body).unwrap();
    assert_eq!(of_north["schema"], "report/1");
    assert!(of_north.to_string().contains("c1") && !of_north.to_string().contains("c2"));
    assert!(of_south.to_string().contains("c2"));
    for (path, part) in [
        ("/reports/daily?cut-off=2026-02-20&format=html&lang=uk", "Щоденний звіт"),
        ("/reports/spot?cut-off=2026-02-21&incident=c1&format=html", "Spot report"),
        ("/reports/case?cut-off=2026-02-21&incident=c1&format=csv", "c1"),
        ("/reports/audit?cut-off=2026-02-21&format=geojson", "FeatureCollection"),
        ("/reports/bulletin?cut-off=2026-02-21&format=html", "Public bulletin"),
    ] {
        let answer = north.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let is_markup = path.contains("html") && answer.text().contains(SCRIPT);
        assert!(answer.text().contains(part) && !is_markup, "{path}: {}", answer.text());
    }
    // Without a form it is a page, in both languages, with what it can be saved as.
    for (path, parts) in [
        ("/reports/daily?cut-off=2026-02-20", ["<h2>Daily report", "format=csv", "format=geojson"]),
        ("/reports/spot?cut-off=2026-02-21&incident=c1", ["<h2>Spot report", "format=html", "value=\"c1\""]),
        (
            "/reports/case?cut-off=2026-02-21&incident=c1&lang=uk",
            ["<h2>Матеріали справи", "format=json", "lang=\"uk\""],
        ),
        ("/reports/audit?cut-off=2026-02-21&lang=uk", ["<h2>Звіт для перевірки", "Зберегти як", "lang=uk"]),
        ("/reports/bulletin?cut-off=2026-02-21", ["<h2>Public bulletin", "Save as", "format=html"]),
    ] {
        let sheet = page(&mut north, path).await;
        for part in parts {
            assert!(sheet.contains(part), "{path} without {part}: {sheet}");
        }
        let has_pdf = sheet.contains("format=pdf");
        assert_eq!(has_pdf, servanda_server::pdf::program().is_some(), "{path}");
        assert!(has_pdf || sheet.contains("cargo install --path pdf"), "{path}");
        assert!(!sheet.contains("data-live") && !sheet.contains("id=\"known\""), "{path}");
    }
    assert!(!page(&mut north, "/reports/audit?cut-off=2026-02-21").await.contains("c2"));
    assert!(page(&mut south, "/reports/audit?cut-off=2026-02-21").await.contains("c2"));
    if servanda_server::pdf::program().is_none() {
        let answer = north.get("/reports/daily?cut-off=2026-02-20&format=pdf").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.text().contains("save the report as HTML"), "{}", answer.text());
    }
    // The bulletin is the same for everybody.
    let bulletin = "/reports/bulletin?cut-off=2026-02-21&format=json";
    assert_eq!(north.get(bulletin).await.body, south.get(bulletin).await.body);
    for (path, status) in [
        ("/reports/weekly", StatusCode::NOT_FOUND),
        ("/reports/daily?format=docx", StatusCode::BAD_REQUEST),
        ("/reports/daily?cut-off=2026-02-20&since=2026-02-21", StatusCode::BAD_REQUEST),
        ("/reports/spot?cut-off=2026-02-21", StatusCode::BAD_REQUEST),
        ("/reports/case?cut-off=2026-02-21&incident=c2", StatusCode::NOT_FOUND),
        ("/reports/bulletin?cut-off=2026-03-01", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(north.get(path).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_gets_checkpoint_and_proofs_that_check() {
    let world = world();
    let mut auditor = world.signed_in("auditor").await;
    world.workspace.store().settle().unwrap();
    let log = world.workspace.store().log().unwrap();
    let sheet = page(&mut auditor, "/audit").await;
    assert!(sheet.contains(log.origin()) && sheet.contains("Cosigned by no witness"));
    assert_eq!(auditor.get("/audit/checkpoint").await.text(), log.checkpoint().unwrap());
    let proof = auditor.get("/audit/proof?entry=1").await;
    let proof = servanda_ledger::proof::Proof::parse(&proof.body).unwrap();
    assert_eq!(proof.index, 1);
    let policy =
        servanda_ledger::policy::Policy::parse(format!("log {}\nquorum none\n", log.key()).as_bytes())
            .unwrap();
    let entry = proof.extra.clone().unwrap_or_else(|| log.leaves(1..2).unwrap().remove(0));
    assert_eq!(proof.verify(&entry, &policy).unwrap().checkpoint.size, log.size());
    for (query, status) in [("", 400), ("?entry=x", 400), ("?entry=9999", 404)] {
        assert_eq!(auditor.get(&format!("/audit/proof{query}")).await.status.as_u16(), status, "{query}");
    }
    let mut anna = world.signed_in("anna").await;
    for path in ["/audit", "/audit/checkpoint", "/audit/proof?entry=1"] {
        assert_eq!(anna.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
