fn main() {
    let fence = |inside: &str| format!("# T\n\n> Words.\n\n```pact\n{inside}\n```\n");
    let hostile = [
        fence(&format!("term t\n  means {}a = 1{}", "(".repeat(100_000), ")".repeat(100_000))),
        fence(&format!("term t\n  means {}a", "not ".repeat(60_000))),
        fence(&"duty d\n".repeat(20_000)),
        fence(&format!("duty d\n{}", "  must do fire by North\n".repeat(8_000))),
        fence(&(0..9_000).map(|n| format!("party P{n}\n")).collect::<String>()),
        "> \"a\" ".repeat(60_000),
        "```pact\n".repeat(40_000),
        "🕊".repeat(100_000),
        "\u{0}\u{1}\u{feff}".repeat(40_000),
        (0..20_000).map(|n| format!("# H{n}\n\n> w\n\n")).collect::<String>(),
        fence(&(0..1_500).map(|n| format!("party P{n}\n")).collect::<String>()),
        fence(&"duty d\n".repeat(1_500)),
        fence(&(0..1_000).map(|n| format!("duty d{n}\n  bearer P{n}\n  when fire{n}\n  must do fire{n} by P{n}\n  within 1 day\n  per \"Words\"\n")).collect::<String>()),
        fence(&format!("duty d\n{}", "  must do fire by North\n".repeat(2_000))),
        fence(&format!("term t\n  means {}", "a and ".repeat(3_000))),
    ];
    for (n, text) in hostile.iter().enumerate() {
        let t = std::time::Instant::now();
        let w = servanda_lang::weight::Weight::of(text);
        let a = t.elapsed();
        let t = std::time::Instant::now();
        let c = servanda_lang::check(text);
        let b = t.elapsed();
        let t = std::time::Instant::now();
        let f = servanda_lang::findings::findings(text, &c);
        println!("{n} {} kB {w:?} weigh {a:?} check {b:?} findings {:?} {}", text.len() / 1000, t.elapsed(), f.findings.len());
    }
}
