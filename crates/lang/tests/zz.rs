#[test]
fn all() {
    let text = std::fs::read_to_string("/tmp/stn-600.pact.md").unwrap();
    let checked = servanda_lang::check(&text);
    println!("errors {} norms {}", checked.has_errors(), checked.agreement.norms.len());
    for _ in 0..5 {
        let t = std::time::Instant::now();
        let found = servanda_lang::findings::findings(&text, &checked);
        println!(
            "took {:?}, {} findings {} undecided",
            t.elapsed(),
            found.findings.len(),
            found.undecided().len()
        );
    }
}
