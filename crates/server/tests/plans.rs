//! Plans on the page: for whom, in which forms, and that planned or simulated stands above every figure.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use team::{clear, world};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_there_for_those_who_may_see_it_and_for_nobody_else() {
    let world = world(&clear());
    for (name, sees) in [("reader-South", true), ("reader-North", false), ("reader-low", false)] {
        let mut browser = world.signed_in(name).await;
        let list = browser.get("/plans").await.text();
        assert_eq!(list.contains("Support of South"), sees, "{name}");
        assert!(list.contains(if sees { "2 plans" } else { "1 plan" }), "{name}: {list}");
        let (hidden, none) = (browser.get("/plans/secret").await, browser.get("/plans/neither").await);
        assert_eq!(hidden.status == StatusCode::OK, sees, "{name}");
        if !sees {
            let (a, b) = (hidden.text().replace("secret", "neither"), none.text());
            assert_eq!((hidden.status, a), (none.status, b), "as if it were not there");
            assert_eq!(browser.get("/plans/secret/bands.csv").await.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_simulated_with_its_seed_assumptions_gaps_plots_and_tables() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    for (lang, words) in [
        ("en", ["SIMULATED", "Of 2 milestones 1 are kept", "Seed 7", "What is assumed", "No plan"]),
        ("uk", ["ЗМОДЕЛЬОВАНО", "Із 2 рубежів 1 досягнуто", "Зерно 7", "Припущення", "Планів немає"]),
    ] {
        let page = browser.get(&format!("/plans/force?lang={lang}")).await.text();
        for word in &words[..4] {
            assert!(page.contains(word), "{lang}: no `{word}`: {page}");
        }
        assert!(!page.contains(words[4]));
        assert!(page.contains("nothing &lt;script&gt;") && page.contains("&lt;i&gt;all"), "text is text");
        assert!(page.contains("Growth &lt;b&gt;of the force&lt;/b&gt;") && page.contains("no losses"));
        // Drawn in the page, without a style or a script of its own.
        assert!(page.contains("<polygon class=\"band\"") && !page.contains("<style"));
        assert!(
            page.contains(&format!("href=\"/plans/force/bands-1.svg?lang={lang}\""))
                && page.contains("href=\"/plans/force/milestones.csv\"")
        );
        // Heads, plots and what the planner says are in the page's language; names of a plan's own are nobody's.
        let (said, other) = match lang {
            "en" => (["kept_pct</th>", "median, and the middle 80", "nothing is late</li>"], "медіана"),
            _ => (["дотримано, %</th>", "медіана і середні 80", "нічого не прострочено</li>"], "median"),
        };
        for word in said {
            assert!(page.contains(word), "{lang}: no `{word}`: {page}");
        }
        assert!(!page.contains(other), "{lang}: `{other}`: {page}");
        let marked = page.contains("<span lang=\"en\">no losses</span>");
        assert_eq!(marked, lang == "uk", "what the book does not have is said to be English: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plot_as_a_file_is_in_the_language_of_whoever_asks() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let ukrainian = browser.get("/plans/force/bands-1.svg?lang=uk").await;
    assert_eq!(ukrainian.headers["vary"], "accept-language, cookie");
    assert!(ukrainian.text().contains("<desc>змодельовано, зерно 7</desc>"), "{}", ukrainian.text());
    let english = browser.get("/plans/force/bands-1.svg?lang=en").await.text();
    assert!(english.contains("<desc>simulated, seed 7</desc>"), "{english}");
    let csv = browser.get("/plans/force/milestones.csv?lang=uk").await.text();
    assert!(csv.contains("milestone,kept_pct,basis\nfirst,80,simulated"), "for programs: {csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_plan_say_what_it_is_in_every_form() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let mut file = async |name: &str| {
        let answer = browser.get(&format!("/plans/force/{name}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text());
        let saved = answer.headers["content-disposition"].to_str().unwrap().to_string();
        assert_eq!(saved, format!("attachment; filename=\"force-{name}\""));
        answer.text()
    };
    let json = file("plan.json").await;
    assert!(json.contains("\"plan/1\"") && json.contains("\"simulated\"") && json.contains("\"seed\": 7"));
    let csv = file("milestones.csv").await;
    assert!(csv.starts_with("# simulated: ") && csv.contains("\nfirst,80,simulated\n"), "{csv}");
    let svg = file("bands-1.svg").await;
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("<desc>simulated, seed 7</desc>"), "{svg}");
    for name in ["bands-2.svg", "bands-0.svg", "milestones-1.svg", "nothing.csv", "plan.txt", "x"] {
        let answer = browser.get(&format!("/plans/force/{name}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{name}");
        assert!(answer.text().contains("milestones"), "it says what there is: {}", answer.text());
    }
    // Each file was written down before it was given.
    let views = world.views.all.lock().unwrap();
    assert_eq!(views.iter().filter(|view| view.is_file && view.route == "/plans/{id}/{file}").count(), 3);
}
