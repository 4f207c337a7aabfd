use servanda_model::*;
use servanda_scenario::{World, parse, run, show};
use std::collections::BTreeMap;
struct W;
impl World for W {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(path.to_string())
    }
    fn places(
        &self,
        _: &Agreement,
        _: &BTreeMap<String, Vec<u8>>,
        _: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        (Places::default(), Vec::new())
    }
    fn findings(&self, text: &str) -> Vec<servanda_lang::findings::Finding> {
        let f = servanda_lang::findings::findings(text, &servanda_lang::check(text));
        if std::env::var("ALL").is_ok() {
            for x in &f.findings {
                println!(
                    "{} {} {:?}: {}",
                    x.diagnostic.severity.word(),
                    x.diagnostic.code,
                    x.about.as_ref().map(|a| a.to_string()),
                    x.diagnostic.message
                );
            }
            for u in f.undecided() {
                println!("   undecided: {u}");
            }
        }
        f.findings
    }
}
#[test]
fn all() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agreed");
    let mut n = 0;
    let mut bad = 0;
    for e in std::fs::read_dir(dir).unwrap().flatten() {
        let p = e.path();
        let name = p.file_name().unwrap().to_string_lossy().to_string();
        if !name.starts_with("holes-") {
            continue;
        }
        if let Ok(o) = std::env::var("ONLY")
            && !name.contains(&o)
        {
            continue;
        }
        println!("=== {name}");
        let text = std::fs::read_to_string(&p).unwrap();
        for o in run(&parse(&text), &name, &W) {
            n += o.compared;
            if !o.passed() {
                bad += 1;
                println!("{}", show(&name, &o));
            }
        }
    }
    println!("{n} compared, {bad} scenarios failed");
}
