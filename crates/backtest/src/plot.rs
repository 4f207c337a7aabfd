//! Plots as SVG text: lines over a threshold, lanes over time, bars by month.
//!
//! They are drawn here and not by a library: colours must be the page's (light, dark and print follow the reader's choice),
//! marks need a pattern beside the colour, and every plot says in words what it shows. Coordinates are whole tenths, so the
//! same figures give the same bytes.
//!
//! What it does not do: decide what is shown.

use servanda_model::time::CalendarPeriod;
use servanda_model::{Calendar, Instant, Period};
use std::fmt::Write;

/// Width of every plot, in its own units.
const WIDTH: f64 = 760.0;
/// Room for labels on the left.
const LEFT: f64 = 150.0;
const RIGHT: f64 = 16.0;

/// Text made safe for HTML and SVG.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => {}
            c => out.push(c),
        }
    }
    out
}

fn begin(id: &str, height: f64, title: &str, words: &str) -> String {
    format!(
        "<div class=\"plot\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><svg viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{0}</title><desc id=\"{id}-d\">{1}</desc>",
        escaped(title),
        escaped(words)
    )
}

const END: &str = "</svg></div>";

fn label(out: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", escaped(text));
}

fn line(out: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = write!(
        out,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn cut(text: &str, most: usize) -> String {
    servanda_report::text::short(text, most)
}

/// Round numbers from 0 to `most` or a little above, at most six steps.
fn ticks(most: f64) -> Vec<f64> {
    let mut unit = 1.0;
    loop {
        for step in [unit, unit * 2.0, unit * 5.0] {
            if most / step <= 5.0 {
                let count = (most / step).ceil().max(1.0);
                return (0..=count as usize).map(|i| i as f64 * step).collect();
            }
        }
        unit *= 10.0;
    }
}

fn figure(x: f64) -> String {
    if x == x.floor() { crate::text::grouped(x.abs() as usize) } else { format!("{x:.2}") }
}

/// A line of a plot.
pub struct Line {
    /// What it is.
    pub name: String,
    /// Its heights, one for each place of the axis.
    pub heights: Vec<f64>,
}

/// Lines over an axis of numbers or words. `draft` is the place of the draft as it stands.
pub struct Lines<'a> {
    /// Identity on the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// The same in a sentence or two, for who does not see it.
    pub words: &'a str,
    /// What the axis is.
    pub axis: &'a str,
    /// Places on it: where, and how it is written there.
    pub places: &'a [(f64, String)],
    /// The lines, at most six.
    pub lines: &'a [Line],
    /// The draft as it stands.
    pub draft: Option<usize>,
}

/// Draws lines; the first six.
pub fn lines(plot: &Lines<'_>) -> String {
    let (top, bottom, left) = (22.0, 256.0, 56.0);
    let count = plot.lines.len().min(6);
    let height = bottom + 58.0 + 18.0 * count as f64;
    let mut out = begin(plot.id, height, plot.title, plot.words);
    let most = plot.lines.iter().flat_map(|l| l.heights.iter().copied()).fold(1.0, f64::max);
    let scale = ticks(most);
    let peak = scale.last().copied().unwrap_or(1.0);
    let y = |v: f64| bottom - v / peak * (bottom - top);
    for tick in &scale {
        line(&mut out, "grid", (left, y(*tick)), (WIDTH - RIGHT, y(*tick)));
        label(&mut out, left - 8.0, y(*tick) + 4.0, "tick end", &figure(*tick));
    }
    let (first, last) = (plot.places.first().map_or(0.0, |p| p.0), plot.places.last().map_or(1.0, |p| p.0));
    let (low, high) = (first.min(last), first.max(last));
    let inset = 14.0;
    let x = |v: f64| {
        let share = if high > low { (v - low) / (high - low) } else { 0.5 };
        left + inset + share * (WIDTH - RIGHT - left - 2.0 * inset)
    };
    let every = plot.places.len().div_ceil(12).max(1);
    for (at, words) in plot.places.iter().step_by(every) {
        line(&mut out, "axis", (x(*at), bottom), (x(*at), bottom + 5.0));
        label(&mut out, x(*at), bottom + 20.0, "tick mid", &cut(words, 12));
    }
    line(&mut out, "axis", (left, bottom), (WIDTH - RIGHT, bottom));
    label(&mut out, (left + WIDTH - RIGHT) / 2.0, bottom + 40.0, "name mid", plot.axis);
    if let Some((at, _)) = plot.draft.and_then(|i| plot.places.get(i)) {
        line(&mut out, "draft", (x(*at), top - 14.0), (x(*at), bottom));
        let (class, dx) = if x(*at) > WIDTH * 0.8 { ("tick end", -6.0) } else { ("tick", 6.0) };
        label(&mut out, x(*at) + dx, top - 6.0, class, "the draft");
    }
    for (n, l) in plot.lines.iter().take(6).enumerate() {
        let points: Vec<(f64, f64)> =
            plot.places.iter().zip(&l.heights).map(|((at, _), v)| (x(*at), y(*v))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(out, "<polyline class=\"line l{n}\" points=\"{}\"/>", path.join(" "));
        if points.len() <= 60 {
            for (x, y) in &points {
                mark(&mut out, n, *x, *y);
            }
        }
        let key = bottom + 62.0 + 18.0 * n as f64;
        let _ = write!(
            out,
            "<polyline class=\"line l{n}\" points=\"{:.1},{key:.1} {:.1},{key:.1}\"/>",
            left,
            left + 34.0
        );
        mark(&mut out, n, left + 17.0, key);
        label(&mut out, left + 44.0, key + 4.0, "name", &cut(&l.name, 90));
    }
    out.push_str(END);
    out
}

/// The mark of a line: a shape of its own beside the colour.
fn mark(out: &mut String, n: usize, x: f64, y: f64) {
    let _ = match n {
        0 => write!(out, "<circle class=\"dot l{n}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"),
        1 => write!(
            out,
            "<rect class=\"dot l{n}\" x=\"{:.1}\" y=\"{:.1}\" width=\"7\" height=\"7\"/>",
            x - 3.5,
            y - 3.5
        ),
        2 => write!(out, "<path class=\"dot l{n}\" d=\"M{x:.1} {:.1}l4.5 8h-9z\"/>", y - 5.0),
        3 => {
            write!(out, "<path class=\"dot l{n}\" d=\"M{x:.1} {:.1}l4.5 4.5l-4.5 4.5l-4.5-4.5z\"/>", y - 4.5)
        }
        4 => write!(out, "<path class=\"dot l{n}\" d=\"M{x:.1} {:.1}l4.5-8h-9z\"/>", y + 5.0),
        _ => write!(out, "<circle class=\"ring l{n}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"),
    };
}

/// A lane of a plot over time.
pub struct Lane {
    /// What it is.
    pub name: String,
    /// Behind the name, small.
    pub note: String,
    /// What it holds.
    pub holds: Held,
}

/// What a lane holds.
pub enum Held {
    /// Stretches, each with the class of its look.
    Stretches(Vec<(Period, &'static str)>),
    /// Moments to be counted per bar, each with the class of its look; classes are stacked in this order.
    Moments(Vec<(Instant, usize)>, &'static [&'static str]),
}

/// Draws lanes over a period.
pub fn lanes(
    id: &str,
    title: &str,
    words: &str,
    calendar: &Calendar,
    period: Period,
    lanes: &[Lane],
) -> String {
    let lane_height = 52.0;
    let (top, bars) = (10.0, 110);
    let bottom = top + lane_height * lanes.len() as f64;
    let mut out = begin(id, bottom + 34.0, title, words);
    let x = |at: Instant| {
        let share = (at - period.from) as f64 / ((period.to - period.from).max(1)) as f64;
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - RIGHT - LEFT)
    };
    time_axis(&mut out, calendar, period, top, bottom, &x);
    for (i, lane) in lanes.iter().enumerate() {
        let base = top + lane_height * (i as f64 + 1.0) - 6.0;
        let room = lane_height - 16.0;
        label(&mut out, 0.0, base - 18.0, "name", &cut(&lane.name, 22));
        label(&mut out, 0.0, base - 4.0, "tick", &cut(&lane.note, 26));
        line(&mut out, "axis", (LEFT, base), (WIDTH - RIGHT, base));
        match &lane.holds {
            Held::Stretches(all) => {
                for (stretch, class) in all {
                    let (from, to) = (x(stretch.from), x(stretch.to));
                    let _ = write!(
                        out,
                        "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                        base - room * 0.75,
                        (to - from).max(1.4),
                        room * 0.75
                    );
                }
            }
            Held::Moments(all, classes) => {
                let mut counts = vec![vec![0usize; classes.len()]; bars];
                let length = (period.to - period.from).max(1);
                for (at, class) in all.iter().filter(|(at, _)| period.from <= *at && *at <= period.to) {
                    let place =
                        ((at.0 - period.from.0) as i128 * bars as i128 / (length as i128 + 1)) as usize;
                    counts[place.min(bars - 1)][*class] += 1;
                }
                let peak = counts.iter().map(|c| c.iter().sum::<usize>()).max().unwrap_or(0).max(1);
                let width = (WIDTH - RIGHT - LEFT) / bars as f64;
                for (b, of) in counts.iter().enumerate() {
                    let mut y = base;
                    for (class, n) in classes.iter().zip(of).filter(|(_, n)| **n > 0) {
                        let high = (*n as f64 / peak as f64 * room).max(1.2);
                        y -= high;
                        let _ = write!(
                            out,
                            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{high:.1}\"/>",
                            LEFT + b as f64 * width,
                            (width - 0.8).max(0.8)
                        );
                    }
                }
                label(&mut out, LEFT - 6.0, base - room + 6.0, "tick end", &crate::text::grouped(peak));
            }
        }
    }
    out.push_str(END);
    out
}

fn time_axis(
    out: &mut String,
    calendar: &Calendar,
    period: Period,
    top: f64,
    bottom: f64,
    x: &dyn Fn(Instant) -> f64,
) {
    let days = (period.to - period.from) / servanda_model::time::DAY;
    let per = match days {
        0..=13 => CalendarPeriod::Day,
        14..=330 => CalendarPeriod::Month,
        331..=900 => CalendarPeriod::Quarter,
        _ => CalendarPeriod::Year,
    };
    let mut starts = Vec::new();
    let mut at = calendar.next_period_start(period.from, per);
    while at <= period.to && starts.len() < 400 {
        starts.push(at);
        at = calendar.next_period_start(at, per);
    }
    let every = starts.len().div_ceil(10).max(1);
    for at in starts.iter().step_by(every) {
        line(out, "grid", (x(*at), top), (x(*at), bottom));
        let date = calendar.date(*at).to_string();
        let words = match per {
            CalendarPeriod::Year => &date[..4],
            CalendarPeriod::Day => &date[5..],
            _ => &date[..7],
        };
        let class = if x(*at) > WIDTH - RIGHT - 24.0 { "tick end" } else { "tick mid" };
        label(out, x(*at), bottom + 20.0, class, words);
    }
}

/// A row of bars by month.
pub struct Months {
    /// Whose.
    pub name: String,
    /// Month, the whole bar, and its dark part.
    pub bars: Vec<(Instant, usize, usize)>,
}

/// Draws rows of bars by month, all to one scale.
pub fn months(
    id: &str,
    title: &str,
    words: &str,
    calendar: &Calendar,
    period: Period,
    rows: &[Months],
) -> String {
    let row_height = 56.0;
    let top = 10.0;
    let bottom = top + row_height * rows.len() as f64;
    let mut out = begin(id, bottom + 34.0, title, words);
    let from = calendar.period_start(period.from, CalendarPeriod::Month);
    let to = calendar.next_period_start(period.to, CalendarPeriod::Month);
    let x = |at: Instant| LEFT + ((at - from) as f64 / (to - from).max(1) as f64) * (WIDTH - RIGHT - LEFT);
    time_axis(&mut out, calendar, Period { from, to }, top, bottom, &x);
    let peak = rows.iter().flat_map(|r| r.bars.iter().map(|b| b.1.max(b.2))).max().unwrap_or(0).max(1);
    for (i, row) in rows.iter().enumerate() {
        let base = top + row_height * (i as f64 + 1.0) - 8.0;
        let room = row_height - 18.0;
        label(&mut out, 0.0, base - 4.0, "name", &cut(&row.name, 22));
        line(&mut out, "axis", (LEFT, base), (WIDTH - RIGHT, base));
        label(&mut out, LEFT - 6.0, base - room + 6.0, "tick end", &crate::text::grouped(peak));
        for (month, whole, dark) in &row.bars {
            let next = calendar.next_period_start(*month, CalendarPeriod::Month);
            let (left, width) = (x(*month), (x(next) - x(*month) - 0.6).max(0.8));
            for (class, n) in [("open-bar", whole), ("begun-bar", dark)] {
                let high = *n as f64 / peak as f64 * room;
                if *n > 0 {
                    let _ = write!(
                        out,
                        "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\"/>",
                        base - high.max(1.2),
                        high.max(1.2)
                    );
                }
            }
        }
    }
    out.push_str(END);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_top() {
        for (most, last) in [(1.0, 1.0), (3.0, 3.0), (7.0, 8.0), (43.0, 50.0), (980.0, 1000.0), (0.4, 1.0)] {
            let ticks = ticks(most);
            assert_eq!(ticks.last(), Some(&last), "{most}: {ticks:?}");
            assert!(ticks.len() <= 7, "{most}: {ticks:?}");
        }
    }

    #[test]
    fn what_others_wrote_is_no_markup() {
        assert_eq!(escaped("<b a=\"1\">&\u{7}"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
