//! Scratch.
fn main() {
    for f in std::env::args().skip(1) {
        let s = servanda_draft::read(&std::fs::read(&f).unwrap(), None).unwrap();
        let d = servanda_draft::draft(&s, None);
        let v = servanda_draft::survey::survey(&d);
        println!("##### {f}");
        for (c, found) in d.clauses.iter().zip(&v.clauses) {
            println!("C{} {:?} {} ({} passages)", c.level, c.kind, c.heading.chars().take(90).collect::<String>(), c.passages.len());
            for (p, g) in c.passages.iter().zip(found) {
                for r in servanda_draft::words::sentences(&p.text) {
                    let m = g.modals.iter().find(|m| m.sentence == r);
                    let t = &p.text[r.clone()];
                    let k = match m { Some(m) => format!("{}<{}>", m.firmness.name(), &p.text[m.word.clone()]), None => "--".into() };
                    let short: String = if t.chars().count() > 170 { t.chars().take(150).collect::<String>() + "…" } else { t.to_string() };
                    println!("  {k} {short}");
                }
                for r in &g.references { println!("    REF {} {:?}", r.written, r.target); }
                for (r, x) in &g.days { println!("    DAY {} {x}", &p.text[r.clone()]); }
                for a in &g.amounts { println!("    AMT {} = {} {:?} {:?}", a.written, a.value, a.unit, a.other); }
                let lost: Vec<&str> = p.text.split_whitespace().filter(|w| w.chars().any(|c| c.is_ascii_digit())).filter(|w| { let at = w.as_ptr() as usize - p.text.as_ptr() as usize; !g.days.iter().map(|x| &x.0).chain(g.amounts.iter().map(|a| &a.at)).chain(g.references.iter().map(|r| &r.at)).any(|x| x.start <= at + w.len() && at < x.end) }).collect();
                if !lost.is_empty() { println!("    LOST {lost:?}"); }
            }
        }
    }
}
