//! The plans that a workspace shows on its page: what `[plans]` in `servanda.toml` asks of `servanda plan`, computed when somebody
//! looks, and again where a file has changed.
//!
//! What it deliberately does not do: know the kinds of plans (the command line reads them), or show where on this machine the
//! workspace lies.
//!
//! Invariants
//! - a plan without a marking of its own is AMBER+STRICT: it says what somebody will be able to do;
//! - what is asked for is known by the length and the time of every file that it names.
//!
//! Where to start reading: [`Plans::of`].

use crate::commands::plan;
use crate::failure::Failure;
use crate::pages::lock;
use crate::session::{Color, Session};
use servanda_model::Name;
use servanda_model::record::{Marking, Tlp};
use servanda_plan::Answer;
use servanda_server::{Planned, Problem, StatusCode};
use servanda_store::Workspace;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Files of a folder that is asked about, at most, to see whether they changed.
const LOOKED_AT: usize = 200;

/// What tells whether anything changed: the day, and each file's length and time.
type Stamp = (String, Vec<(PathBuf, u64, Option<SystemTime>)>);

/// The plans of a workspace.
pub struct Plans {
    root: PathBuf,
    /// In order of their names, each with the words that are asked.
    all: Vec<(Planned, Vec<String>)>,
    kept: Mutex<BTreeMap<String, (Stamp, Arc<Answer>)>>,
}

impl Plans {
    /// Reads what the settings say of them; nothing is computed yet.
    ///
    /// # Errors
    /// A name that is none, a question without words, a marking that is none.
    pub fn of(workspace: &Workspace) -> Result<Plans, Failure> {
        let mut all = Vec::new();
        for (id, plan) in &workspace.settings().plans {
            let wrong = |what: String, help: &str| {
                Failure::new(format!("`servanda.toml`, `[plans.{id}]`: {what}")).help(help.to_string())
            };
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if id.is_empty() || id.len() > 64 || !id.chars().all(fine) {
                return Err(wrong(
                    "the name stands in an address, and cannot".into(),
                    "use letters, digits, `-` and `_`",
                ));
            }
            let Some(asks) = plan.ask.first() else {
                return Err(wrong(
                    "`ask` is empty".into(),
                    "write for example ask = [\"forces\", \"plans/force.toml\"]",
                ));
            };
            let level = match &plan.marking {
                None => Tlp::AmberStrict,
                Some(word) => Tlp::parse(word).ok_or_else(|| {
                    wrong(format!("`{word}` is no marking"), "write CLEAR, GREEN, AMBER, AMBER+STRICT or RED")
                })?,
            };
            let names = |all: &[String]| all.iter().map(|name| Name::from(name.as_str())).collect();
            let marking = Marking {
                releasable_to: plan.releasable_to.as_deref().map(names),
                caveats: names(&plan.caveats),
                ..Marking::of(level)
            };
            let title = plan.title.clone().unwrap_or_else(|| id.clone());
            all.push((Planned { id: id.clone(), title, asks: asks.clone(), marking }, plan.ask.clone()));
        }
        // Whole, so that a short name of a folder is not taken out of the middle of words.
        let root = std::path::absolute(workspace.root()).unwrap_or_else(|_| workspace.root().to_path_buf());
        Ok(Plans { root, all, kept: Mutex::default() })
    }

    /// The words with the files of the workspace by their whole paths, and what tells whether those changed.
    fn placed(&self, words: &[String], session: &Session) -> (Vec<String>, Stamp) {
        let mut files = Vec::new();
        let mut place = |text: &str| -> String {
            let path = self.root.join(text);
            if text.is_empty() || !path.exists() {
                return text.to_string();
            }
            look(&path, &mut files);
            path.display().to_string()
        };
        let mut out = Vec::new();
        for (n, word) in words.iter().enumerate() {
            out.push(match word.split_once('=') {
                // The first word says what is asked, and is no file.
                _ if n == 0 => word.clone(),
                Some((flag, value)) if flag.starts_with("--") => format!("{flag}={}", place(value)),
                _ if word.starts_with('-') => word.clone(),
                _ => place(word),
            });
        }
        let day = session.now.to_string().chars().take(10).collect();
        (out, (day, files))
    }

    /// A text without where this machine has the workspace.
    fn shown(&self, text: &str) -> String {
        let root = self.root.display().to_string();
        text.replace(&format!("{root}{}", std::path::MAIN_SEPARATOR), "").replace(&root, ".")
    }
}

/// Length and time of a file, or of those of a folder.
fn look(path: &Path, files: &mut Vec<(PathBuf, u64, Option<SystemTime>)>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        all.sort();
        all.iter().take(LOOKED_AT).for_each(|path| look(path, files));
    } else if let Ok(about) = path.metadata() {
        files.push((path.to_path_buf(), about.len(), about.modified().ok()));
    }
}

impl servanda_server::Plans for Plans {
    fn list(&self) -> Vec<Planned> {
        self.all.iter().map(|(plan, _)| plan.clone()).collect()
    }

    fn answer(&self, id: &str) -> Result<Arc<Answer>, Problem> {
        let Some((_, words)) = self.all.iter().find(|(plan, _)| plan.id == id) else {
            return Err(Problem::bug(&"a plan that is not listed"));
        };
        let session = Session { watched: false, ..Session::begin(Color::Never) };
        let (words, stamp) = self.placed(words, &session);
        // One is computed at a time: who asks for the same waits for it.
        let mut kept = lock(&self.kept);
        if let Some((of, answer)) = kept.get(id)
            && *of == stamp
        {
            return Ok(answer.clone());
        }
        let mut answer = plan::answer(&words, &session).map_err(|failure| {
            let help = failure.help_text().map(|help| format!("; {help}")).unwrap_or_default();
            let message =
                self.shown(&format!("the plan `{id}` cannot be computed: {}{help}", failure.message()));
            Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "bad-plan", message)
        })?;
        for text in answer.sources.iter_mut().chain(&mut answer.assumptions).chain(&mut answer.gaps) {
            *text = self.shown(text);
        }
        let answer = Arc::new(answer);
        kept.insert(id.to_string(), (stamp, answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_server::Plans as _;

    const FORCE: &str = r#"
from = "2026-01"
months = 6
[[category]]
name = "soldiers"
serving = 1000
recruits = { low = 10, likely = 20, high = 30 }
places = 40
training-months = 1
[[milestone]]
name = "1,050 serving"
measure = "serving"
at-least = 1050
by = "2026-06"
"#;

    fn workspace(folder: &Path, settings: &str) -> Workspace {
        let settings = format!("agreement = \"a.pact.md\"\n{settings}");
        std::fs::create_dir_all(folder).unwrap();
        let files: [(&str, &[u8]); 3] = [
            ("servanda.toml", settings.as_bytes()),
            ("a.pact.md", b""),
            ("plans/force.toml", FORCE.as_bytes()),
        ];
        Workspace::create(folder, &files).unwrap()
    }

    #[test]
    fn a_plan_is_computed_once_and_again_where_its_file_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        let asked =
            "[plans.force]\nask = [\"forces\", \"plans/force.toml\", \"--futures\", \"50\", \"--seed=3\"]\n";
        let plans = Plans::of(&workspace(&root, asked)).unwrap();
        let list = plans.list();
        assert_eq!(
            (list[0].id.as_str(), list[0].title.as_str(), list[0].asks.as_str()),
            ("force", "force", "forces")
        );
        assert_eq!(list[0].marking, Marking::of(Tlp::AmberStrict), "nobody said who may see it");
        let first = plans.answer("force").unwrap();
        assert_eq!((first.asked, first.seed), ("forces", Some(3)));
        assert!(!first.json().contains(root.to_str().unwrap()), "{}", first.json());
        assert!(Arc::ptr_eq(&first, &plans.answer("force").unwrap()));
        std::fs::write(root.join("plans/force.toml"), FORCE.replace("1050", "100500")).unwrap();
        let second = plans.answer("force").unwrap();
        assert_ne!(first.tables, second.tables);
        std::fs::write(root.join("plans/force.toml"), "months = \"six\"\n").unwrap();
        let refused = plans.answer("force").unwrap_err().to_string();
        assert!(
            refused.contains("the plan `force` cannot be computed") && refused.contains("force.toml"),
            "{refused}"
        );
        assert!(!refused.contains(root.to_str().unwrap()), "{refused}");
    }

    #[test]
    fn a_short_name_of_the_folder_is_not_taken_out_of_words() {
        let here = std::env::current_dir().unwrap();
        let folder = tempfile::Builder::new().prefix("r").rand_bytes(0).tempdir_in(&here).unwrap();
        let root = folder.path().strip_prefix(&here).unwrap();
        assert_eq!(root, Path::new("r"));
        let asked = "[plans.force]\nask = [\"forces\", \"plans/force.toml\", \"--futures\", \"20\"]\n";
        let answer = Plans::of(&workspace(root, asked)).unwrap().answer("force").unwrap();
        assert_eq!(answer.sources, ["plans/force.toml"]);
        assert!(answer.gaps.iter().any(|gap| gap.starts_with("ranges are as stated")), "{:?}", answer.gaps);
    }

    #[test]
    fn communities_stand_on_the_page_and_the_engine_is_not_asked_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        let words =
            "\"communities\", \"plans/near.toml\", \"--futures\", \"50\", \"--complaints\", \"plans/c.csv\"";
        let force = "\"forces\", \"plans/force.toml\", \"--ask\"";
        let asked = format!(
            "[plans.near]\nask = [{words}]\n[plans.asks]\nask = [{words}, \"--ask\"]\n[plans.force]\nask = [{force}]\n"
        );
        let plans = Plans::of(&workspace(&root, &asked)).unwrap();
        let near = "from = \"2026-07\"\nmonths = 3\n[[community]]\nname = \"North\"\nlevel = \"hromada\"\ndisplaced = 500\n\
                    in-need = { low = 0.1, likely = 0.2, high = 0.3 }\nhousing = 90\n";
        std::fs::write(root.join("plans/near.toml"), near).unwrap();
        std::fs::write(root.join("plans/c.csv"), "case,place,received\n1,North,2026-07-01\n").unwrap();
        let answer = plans.answer("near").unwrap();
        assert_eq!((answer.asked, answer.seed), ("communities", Some(1)));
        assert!(!answer.json().contains(root.to_str().unwrap()), "{}", answer.json());
        std::fs::write(root.join("plans/c.csv"), "case,place,received\n1,12 High Street,2026-07-01\n")
            .unwrap();
        let refused = plans.answer("near").unwrap_err().to_string();
        assert!(refused.contains("is no community of the plan"), "{refused}");
        for id in ["asks", "force"] {
            let refused = plans.answer(id).unwrap_err().to_string();
            assert!(refused.contains("`--ask` takes all records of the workspace"), "{refused}");
        }
    }

    #[test]
    fn what_the_settings_say_wrongly_is_refused_with_its_place() {
        for (settings, words) in [
            ("[plans.\"../x\"]\nask = [\"forces\"]\n", "the name stands in an address"),
            ("[plans.x]\nask = []\n", "`ask` is empty"),
            ("[plans.x]\nask = [\"forces\"]\nmarking = \"SECRET\"\n", "`SECRET` is no marking"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let refused = Plans::of(&workspace(&folder.path().join("w"), settings)).err().unwrap();
            assert!(refused.message().contains(words), "{}", refused.message());
        }
        let folder = tempfile::tempdir().unwrap();
        let marked = "[plans.x]\nask = [\"nonsense\"]\nmarking = \"GREEN\"\nreleasable-to = [\"North\"]\ncaveats = [\"PLANS\"]\n";
        let plans = Plans::of(&workspace(&folder.path().join("w"), marked)).unwrap();
        let marking = &plans.list()[0].marking;
        assert_eq!((marking.level, marking.caveats.len()), (Tlp::Green, 1));
        assert_eq!(marking.releasable_to, Some([Name::from("North")].into()));
        let refused = plans.answer("x").unwrap_err().to_string();
        assert!(refused.contains("cannot be asked") && refused.contains("servanda plan"), "{refused}");
    }
}
