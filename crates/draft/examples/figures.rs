//! Scratch.
fn main() {
    for f in std::env::args().skip(1) {
        let bytes = std::fs::read(&f).unwrap();
        match servanda_draft::read(&bytes, None) {
            Err(e) => println!("{f}: {e} / {}", e.remedy),
            Ok(s) => {
                let d = servanda_draft::draft(&s, None);
                let v = servanda_draft::survey::survey(&d);
                let g = v.figures(&d);
                println!("{f} {g:?} {:?} {:?} {} signed {:?}", v.parties.iter().map(|p| &p.name).collect::<Vec<_>>(), v.consultations, v.locale.shown(), d.signed);
                if std::env::var("OUT").is_ok() { println!("{}", servanda_draft::skeleton::write(&d, &v, "x")); }
                if std::env::var("HEADS").is_ok() { for c in &d.clauses { println!("{}{} {} | {:?} {:?} {}", " ".repeat(c.level as usize*2), c.id, c.eid, c.kind, c.number, c.heading.chars().take(70).collect::<String>()); } }
                let t = servanda_draft::skeleton::write(&d, &v, "x");
                let c = servanda_lang::check(&t);
                for x in c.diagnostics.iter().filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error) { println!("ERROR {x:?}"); }
                let ids: Vec<String> = c.parse.document.clauses.iter().map(|c| c.id.to_string()).collect();
                let own: Vec<String> = d.clauses.iter().map(|c| c.id.clone()).collect();
                if ids != own { println!("IDS DIFFER {} {}", ids.len(), own.len()); for (a,b) in ids.iter().zip(&own) { if a!=b { println!("{a} {b}"); break; } } }
                for (a,b) in c.parse.document.clauses.iter().zip(&d.clauses) { if a.words.trim()!=b.words() { println!("WORDS DIFFER {}\n{}\n{}", b.id, a.words, b.words()); break; } }
            }
        }
    }
}
