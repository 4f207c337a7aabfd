//! The long search: `cargo run --release -p servanda-sim -- --seed N --worlds M`, or `cargo xtask sim`.
//!
//! Prints how far it is, what was compared, and what was found. A finding is made smaller and written as a scenario.

#![allow(clippy::disallowed_methods, reason = "the edge: the clock says how long it took and when to stop")]

use servanda_sim::compare::{Compared, engine};
use servanda_sim::regression;
use servanda_sim::search::{Families, Searched, compare, next};
use servanda_sim::shrink::shrink;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const HELP: &str = "\
servanda-sim --seed N --worlds M [--from K] [--minutes T] [--only FAMILY] [--into FOLDER]
             [--stop-after F] [--show K] [--streams L]

  --seed N        the seed (1)
  --worlds M      how many worlds (1,000)
  --from K        the number of the first world (0)
  --minutes T     no longer than this
  --only FAMILY   only these comparisons: reference, identity, boards, history, engine (both of the last)
  --into FOLDER   where a finding is written (tests/regressions)
  --stop-after F  how many findings are enough (1)
  --show K        prints the world of that number, and nothing else
  --streams L     instead of worlds: all streams of up to L records of the tiny vocabularies
";

struct Options {
    seed: u64,
    worlds: u64,
    from: u64,
    minutes: u64,
    families: Families,
    into: PathBuf,
    stop_after: u64,
    show: Option<u64>,
    streams: Option<u64>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        seed: 1,
        worlds: 1_000,
        from: 0,
        minutes: u64::MAX / 120,
        families: Families::ALL,
        into: PathBuf::from("tests/regressions"),
        stop_after: 1,
        show: None,
        streams: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("`{option}` needs a value\n\n{HELP}"))?;
        let number =
            || value.replace([',', '_'], "").parse::<u64>().map_err(|_| format!("`{option}` takes a number"));
        let none = Families { reference: false, identity: false, boards: false, history: false };
        match option.as_str() {
            "--seed" => options.seed = number()?,
            "--worlds" => options.worlds = number()?,
            "--from" => options.from = number()?,
            "--minutes" => options.minutes = number()?,
            "--stop-after" => options.stop_after = number()?.max(1),
            "--show" => options.show = Some(number()?),
            "--streams" => options.streams = Some(number()?),
            "--into" => options.into = PathBuf::from(&value),
            "--only" => {
                options.families = match value.as_str() {
                    "reference" => Families { reference: true, ..none },
                    "identity" => Families { reference: true, identity: true, ..none },
                    "engine" => Families { boards: true, history: true, ..none },
                    "boards" => Families { boards: true, ..none },
                    "history" => Families { history: true, ..none },
                    _ => return Err("`--only` takes reference, identity, boards, history or engine".into()),
                }
            }
            _ => return Err(format!("`{option}` is not known here\n\n{HELP}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if let Some(number) = options.show {
        let world = servanda_sim::story::world(options.seed, number);
        print!("{}", world.scenario("", ""));
        if let Err(why) = world.read() {
            println!("{}", why.join("\n"));
        }
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let found = match options.streams {
        Some(longest) => streams(&options, longest),
        None => search(&options),
    };
    match found {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// All streams up to a length; how many vocabularies showed something.
fn streams(options: &Options, longest: u64) -> Result<u64, String> {
    let mut found = 0;
    let longest = usize::try_from(longest).unwrap_or(usize::MAX);
    for vocabulary in &servanda_sim::streams::ALL {
        let began = Instant::now();
        let mut compared = Compared::default();
        match vocabulary.compare(longest, options.families, engine, &mut compared) {
            Ok(streams) => println!(
                "{}: {streams} streams in {:.0} s, {} boards, {} instants of histories",
                vocabulary.name,
                began.elapsed().as_secs_f64(),
                compared.boards,
                compared.instants
            ),
            Err(difference) => {
                found += 1;
                let (world, finding) = *difference;
                println!("{}: {:?}: {}", world.name, finding.family, finding.what);
                let path = regression::write(&options.into, &world, &finding).map_err(|e| e.to_string())?;
                println!("  written to {}", path.display());
            }
        }
    }
    Ok(found)
}

/// Ends the program where one world takes longer than two minutes: then something does not come to an end.
fn watch(seed: u64, current: Arc<AtomicU64>) {
    std::thread::spawn(move || {
        let (mut last, mut since) = (u64::MAX, Instant::now());
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = current.load(Ordering::Relaxed);
            if now != last {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > Duration::from_secs(120) {
                println!(
                    "world {seed}-{} does not come to an end; see it with --show {}",
                    now >> 16,
                    now >> 16
                );
                std::process::exit(1);
            }
        }
    });
}

fn search(options: &Options) -> Result<u64, String> {
    let current = Arc::new(AtomicU64::new(0));
    watch(options.seed, current.clone());
    let (began, mut told, mut found) = (Instant::now(), Instant::now(), 0);
    let mut searched = Searched::default();
    let mut number = options.from;
    while searched.worlds < options.worlds && began.elapsed() < Duration::from_secs(60 * options.minutes) {
        let (world, read) = next(options.seed, &mut number, &mut searched);
        searched.worlds += 1;
        current.store((number - 1) << 16, Ordering::Relaxed);
        let one = Instant::now();
        let outcome = compare(&world, &read, options.families, engine, &mut searched.compared);
        if one.elapsed() > Duration::from_secs(20) {
            println!("world {} took {:.0} s", world.name, one.elapsed().as_secs_f64());
        }
        if let Err(finding) = outcome {
            found += 1;
            println!("world {}: {:?}: {}", world.name, finding.family, finding.what);
            let (small, finding) = shrink(world, *finding, options.families, engine, 4_000);
            let path = regression::write(&options.into, &small, &finding).map_err(|e| e.to_string())?;
            println!(
                "  made smaller: {} declarations, {} records: {}",
                small.declarations.len(),
                small.rows.len(),
                finding.what
            );
            println!("  written to {}", path.display());
            if found >= options.stop_after {
                break;
            }
        }
        if told.elapsed() > Duration::from_secs(20) {
            told = Instant::now();
            tell(&searched, found, began);
        }
    }
    tell(&searched, found, began);
    for (code, (times, example)) in &searched.why {
        println!("  refused {times:>6} × {code}: {example}");
    }
    Ok(found)
}

fn tell(searched: &Searched, found: u64, began: Instant) {
    let c = &searched.compared;
    println!(
        "{} worlds in {:.0} s ({} texts refused), {} boards with {} verdicts, {} instants and {} rows of histories; found {found}",
        searched.worlds,
        began.elapsed().as_secs_f64(),
        searched.refused,
        c.boards,
        c.verdicts,
        c.instants,
        c.rows
    );
}
