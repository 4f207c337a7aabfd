#[test]
fn all() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> = std::fs::read_dir(root.join("examples"))
        .unwrap()
        .flatten()
        .flat_map(|d| std::fs::read_dir(d.path()).into_iter().flatten().flatten().map(|e| e.path()))
        .filter(|p| p.to_string_lossy().ends_with(".pact.md"))
        .collect();
    files.push(root.join("docs/guides/drafting-patterns.md"));
    files.push(root.join("docs/guides/drafting-defects.md"));
    files.push(root.join("crates/servanda/src/new/river-truce.pact.md"));
    for f in files {
        let text = std::fs::read_to_string(&f).unwrap();
        let checked = servanda_lang::check(&text);
        println!("=== {} errors {} bytes {}", f.display(), checked.has_errors(), text.len());
        let t = std::time::Instant::now();
        let found = servanda_lang::findings::findings(&text, &checked);
        println!("took {:?}", t.elapsed());
        for x in &found.findings {
            println!(
                "{} {} {:?}: {}",
                x.diagnostic.severity.word(),
                x.diagnostic.code,
                x.about.as_ref().map(|a| a.to_string()),
                x.diagnostic.message
            );
        }
        for u in found.undecided() {
            println!("   undecided: {u}");
        }
    }
}
