//! Verdicts and duties as text, JSON and iCalendar.
