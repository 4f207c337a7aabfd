//! Exact rational numbers. A change of exactly 10 % is 10 %.
//!
//! Nearly all counts and shares fit into two machine words and are kept there; what does not is kept at any size.
//!
//! Invariants:
//! - a value that fits the small form is in the small form, so equal values are equal form by form;
//! - fractions are reduced, and the denominator is positive;
//! - no operation rounds, wraps or panics on overflow.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

/// An exact rational number of any size.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Number(Form);

/// A number as it is written and read: numerator and denominator.
#[derive(Serialize, Deserialize)]
enum Written {
    Small(i64, i64),
    Big(String, String),
}

impl From<Number> for Written {
    fn from(number: Number) -> Written {
        match number.0 {
            Small(n, d) => Written::Small(n, d),
            Big(value) => Written::Big(value.numer().to_string(), value.denom().to_string()),
        }
    }
}

impl TryFrom<Written> for Number {
    type Error = &'static str;

    /// One number has one form; another is refused.
    fn try_from(written: Written) -> Result<Number, &'static str> {
        let number = match &written {
            Written::Small(n, d) => Number::ratio(*n, *d).filter(|r| r.0 == Small(*n, *d)),
            Written::Big(n, d) => {
                let parts = n.parse::<BigInt>().ok().zip(d.parse::<BigInt>().ok());
                let number =
                    parts.filter(|(_, d)| !d.is_zero()).map(|(n, d)| Number::of_big(BigRational::new(n, d)));
                number.filter(|r| match &r.0 {
                    Small(..) => false,
                    Big(value) => value.numer().to_string() == *n && value.denom().to_string() == *d,
                })
            }
        };
        number.ok_or("a number that is not in its own form")
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    /// Numerator, denominator.
    Small(i64, i64),
    /// Where either does not fit.
    Big(Box<BigRational>),
}

use Form::{Big, Small};

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while let (Err(_), _) | (_, Err(_)) = (u64::try_from(a), u64::try_from(b)) {
        if b == 0 {
            return a;
        }
        (a, b) = (b, a % b);
    }
    let (mut a, mut b) = (a as u64, b as u64);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.into()
}

impl Number {
    /// `numerator / denominator`, of which neither is `i128::MIN` and the latter not zero.
    fn reduced(numerator: i128, denominator: i128) -> Number {
        let divisor =
            if denominator == 1 { 1 } else { gcd(numerator.unsigned_abs(), denominator.unsigned_abs()) };
        let divisor = if denominator < 0 { -(divisor as i128) } else { divisor as i128 };
        let (n, d) = (numerator / divisor, denominator / divisor);
        match (i64::try_from(n), i64::try_from(d)) {
            (Ok(n), Ok(d)) => Number(Small(n, d)),
            _ => Number(Big(Box::new(BigRational::new_raw(n.into(), d.into())))),
        }
    }

    fn of_big(value: BigRational) -> Number {
        match (value.numer().to_i64(), value.denom().to_i64()) {
            (Some(n), Some(d)) => Number(Small(n, d)),
            _ => Number(Big(Box::new(value))),
        }
    }

    fn big(&self) -> Cow<'_, BigRational> {
        match &self.0 {
            Small(n, d) => Cow::Owned(BigRational::new_raw((*n).into(), (*d).into())),
            Big(value) => Cow::Borrowed(value),
        }
    }

    /// Zero.
    pub fn zero() -> Number {
        Number(Small(0, 1))
    }

    /// `numerator / denominator`; `None` where the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Number> {
        (denominator != 0).then(|| Number::reduced(numerator.into(), denominator.into()))
    }

    /// Reads `800000`, `800,000`, `1_000`, `-2.5` or `3/4`. A comma groups thousands and nothing else: `74,4` is
    /// refused, because it is a decimal comma in half of the world.
    ///
    /// # Example
    /// ```
    /// use servanda_model::Number;
    /// assert_eq!(Number::parse("800,000"), Some(Number::from(800_000)));
    /// assert_eq!(Number::parse("0.1").unwrap() + Number::parse("0.2").unwrap(), Number::parse("0.3").unwrap());
    /// assert_eq!(Number::parse("74,4"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Number> {
        let text = text.trim();
        if let Some((n, d)) = text.split_once('/') {
            let (n, d) = (Number::parse(n)?, Number::parse(d)?);
            return n.over(&d);
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if digits.ends_with('.') {
            return None;
        }
        let whole = if whole.contains(',') {
            let groups: Vec<&str> = whole.split(',').collect();
            let well = (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|g| g.len() == 3);
            if !well {
                return None;
            }
            groups.concat()
        } else {
            whole.replace('_', "")
        };
        let scale_of = |part: &str| 10i128.checked_pow(u32::try_from(part.len()).ok()?);
        let all = format!("{whole}{part}");
        if whole.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if let (Ok(n), Some(scale)) = (all.parse::<i128>(), scale_of(part)) {
            return Some(Number::reduced(if negative { -n } else { n }, scale));
        }
        let scale = BigInt::from(10).pow(u32::try_from(part.len()).ok()?);
        let value = BigRational::new(all.parse::<BigInt>().ok()?, scale);
        Some(Number::of_big(if negative { -value } else { value }))
    }

    /// The quotient; `None` where `by` is zero.
    pub fn over(&self, by: &Number) -> Option<Number> {
        if by.is_zero() {
            return None;
        }
        Some(match (&self.0, &by.0) {
            (Small(a, b), Small(c, d)) => {
                Number::reduced(i128::from(*a) * i128::from(*d), i128::from(*b) * i128::from(*c))
            }
            _ => Number::of_big(&*self.big() / &*by.big()),
        })
    }

    /// The least whole number not below it.
    pub fn ceil(&self) -> Number {
        -(-self.clone()).floor()
    }

    /// The greatest whole number not above it.
    pub fn floor(&self) -> Number {
        match &self.0 {
            Small(n, d) => Number(Small(n.div_euclid(*d), 1)),
            Big(value) => Number::of_big(value.floor()),
        }
    }

    /// Without its sign.
    pub fn abs(&self) -> Number {
        if self.0 < Form::ZERO { -self.clone() } else { self.clone() }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0 == Form::ZERO
    }

    /// As a whole number, where it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self.0 {
            Small(n, 1) => Some(n),
            _ => None,
        }
    }

    /// Numerator and denominator, the latter above zero, where both fit.
    pub fn as_ratio(&self) -> Option<(i64, i64)> {
        match self.0 {
            Small(n, d) => Some((n, d)),
            Form::Big(_) => None,
        }
    }

    /// The nearest floating-point number: for drawing and for distances on the ground, never for a comparison of
    /// quantities.
    pub fn to_f64(&self) -> f64 {
        const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
        match &self.0 {
            Small(n, 1) => *n as f64,
            Small(n, d) if n.unsigned_abs() <= EXACT && d.unsigned_abs() <= EXACT => *n as f64 / *d as f64,
            _ => self.big().to_f64().unwrap_or(f64::NAN),
        }
    }

    /// The exact value of a finite floating-point number.
    pub fn from_f64(value: f64) -> Option<Number> {
        BigRational::from_float(value).map(Number::of_big)
    }

    /// With thousands grouped, for people: `800,000`.
    pub fn grouped(&self) -> String {
        let plain = self.to_string();
        let (sign, digits) = plain.strip_prefix('-').map_or(("", &*plain), |d| ("-", d));
        let end = digits.find(['.', '/']).unwrap_or(digits.len());
        if digits.contains('/') || end < 5 {
            return plain;
        }
        let mut out = String::from(sign);
        for (i, c) in digits[..end].chars().enumerate() {
            if i > 0 && (end - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        out + &digits[end..]
    }
}

impl Default for Number {
    fn default() -> Self {
        Number::zero()
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Number(Small(value, 1))
    }
}

impl Form {
    const ZERO: Form = Small(0, 1);
}

impl Ord for Form {
    fn cmp(&self, other: &Form) -> Ordering {
        match (self, other) {
            (Small(a, b), Small(c, d)) if b == d => a.cmp(c),
            (Small(a, b), Small(c, d)) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            (Big(a), Big(b)) => a.cmp(b),
            (Small(n, d), Big(b)) => BigRational::new_raw((*n).into(), (*d).into()).cmp(b),
            (Big(_), Small(..)) => other.cmp(self).reverse(),
        }
    }
}

impl PartialOrd for Form {
    fn partial_cmp(&self, other: &Form) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Add for Number {
    type Output = Number;
    fn add(self, other: Number) -> Number {
        match (&self.0, &other.0) {
            (Small(a, 1), Small(c, 1)) => Number::reduced(i128::from(*a) + i128::from(*c), 1),
            (Small(a, b), Small(c, d)) => {
                // Each product is below 2^126, so their sum stays within an i128.
                let (b, d) = (i128::from(*b), i128::from(*d));
                Number::reduced(i128::from(*a) * d + i128::from(*c) * b, b * d)
            }
            _ => Number::of_big(&*self.big() + &*other.big()),
        }
    }
}

impl Sub for Number {
    type Output = Number;
    fn sub(self, other: Number) -> Number {
        self + -other
    }
}

impl Mul for Number {
    type Output = Number;
    fn mul(self, other: Number) -> Number {
        match (&self.0, &other.0) {
            (Small(a, b), Small(c, d)) => {
                Number::reduced(i128::from(*a) * i128::from(*c), i128::from(*b) * i128::from(*d))
            }
            _ => Number::of_big(&*self.big() * &*other.big()),
        }
    }
}

impl Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        match self.0 {
            Small(n, d) => match n.checked_neg() {
                Some(n) => Number(Small(n, d)),
                None => Number::reduced(-i128::from(n), d.into()),
            },
            Big(value) => Number::of_big(-*value),
        }
    }
}

impl fmt::Display for Number {
    /// A finite decimal where there is one, else a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Small(n, 1) = self.0 {
            return f.pad(&n.to_string());
        }
        let value = self.big();
        if value.is_integer() {
            return f.pad(&value.to_integer().to_string());
        }
        let mut rest = value.denom().clone();
        let mut places = [0u32, 0];
        for (i, prime) in [2, 5].into_iter().enumerate() {
            while (&rest % BigInt::from(prime)).is_zero() {
                rest /= BigInt::from(prime);
                places[i] += 1;
            }
        }
        if !rest.is_one() {
            return f.pad(&format!("{}/{}", value.numer(), value.denom()));
        }
        let places = places[0].max(places[1]);
        let scaled = (&*value * BigRational::from_integer(BigInt::from(10).pow(places))).to_integer();
        let digits = format!("{:0>width$}", scaled.abs(), width = places as usize + 1);
        let (whole, part) = digits.split_at(digits.len() - places as usize);
        f.pad(&format!("{}{whole}.{part}", if scaled.is_negative() { "-" } else { "" }))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_percent_of_110_is_exactly_11() {
        let tenth = Number::ratio(10, 100).unwrap();
        assert_eq!(tenth * Number::from(110), Number::from(11));
    }

    #[test]
    fn shown_as_it_is_read() {
        for text in ["0", "-1", "800000", "0.5", "-2.05", "1/3", "12.125"] {
            assert_eq!(Number::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Number::parse("1,234,567.5").unwrap().grouped(), "1,234,567.5");
        assert_eq!(Number::from(-15_000).grouped(), "-15,000");
        assert_eq!(Number::from(2014).grouped(), "2014");
    }

    /// Edges of the small form and of what its products reach, as numerator and denominator.
    fn edges() -> Vec<(i64, i64)> {
        let parts = [
            0,
            1,
            -1,
            2,
            3,
            -7,
            10,
            97,
            1 << 31,
            -(1 << 32),
            3_037_000_499,
            3_037_000_500,
            (1 << 53) + 1,
            1 << 62,
            i64::MAX - 1,
            i64::MAX,
            i64::MIN + 1,
            i64::MIN,
        ];
        parts.iter().flat_map(|n| parts.iter().filter(|d| **d != 0).map(|d| (*n, *d))).collect()
    }

    /// Pairs from a fixed sequence (a 64-bit linear congruence), of all magnitudes.
    fn drawn(count: usize) -> Vec<(i64, i64)> {
        let mut state = 20_260_301_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state as i64) >> (state >> 58)
        };
        (0..count).map(|_| (draw(), draw())).filter(|(_, d)| *d != 0).collect()
    }

    fn big_of((n, d): (i64, i64)) -> BigRational {
        BigRational::new(n.into(), d.into())
    }

    /// The value is right, and in the form in which it belongs.
    fn same(number: &Number, value: &BigRational, what: &str) {
        assert_eq!(&*number.big(), value, "{what}");
        let fits = value.numer().to_i64().is_some() && value.denom().to_i64().is_some();
        assert_eq!(matches!(number.0, Small(..)), fits, "{what}: not in its form");
        assert!(value.denom().is_positive(), "{what}");
    }

    fn hash_of(number: &Number) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        number.hash(&mut hasher);
        hasher.finish()
    }

    fn agree(p: (i64, i64), q: (i64, i64)) {
        let (a, b) = (Number::ratio(p.0, p.1).unwrap(), Number::ratio(q.0, q.1).unwrap());
        let (x, y) = (big_of(p), big_of(q));
        let what = format!("{x} and {y}");
        same(&(a.clone() + b.clone()), &(&x + &y), &what);
        same(&(a.clone() - b.clone()), &(&x - &y), &what);
        same(&(a.clone() * b.clone()), &(&x * &y), &what);
        match a.over(&b) {
            Some(quotient) => same(&quotient, &(&x / &y), &what),
            None => assert!(y.is_zero(), "{what}"),
        }
        assert_eq!(a.cmp(&b), x.cmp(&y), "{what}");
        assert_eq!(a == b, x == y, "{what}");
        // Through the big form and back: the same value, by whatever way it was reached.
        let there = a.clone() * b.clone();
        if let Some(back) = there.over(&b) {
            assert_eq!(back, a, "{what}");
            assert_eq!(hash_of(&back), hash_of(&a), "{what}");
            assert_eq!(there.cmp(&a), (&x * &y).cmp(&x), "{what}");
        }
    }

    #[test]
    fn small_and_big_arithmetic_agree_at_the_edges() {
        let edges = edges();
        for p in &edges {
            let (a, x) = (Number::ratio(p.0, p.1).unwrap(), big_of(*p));
            same(&a, &x, "as given");
            same(&-a.clone(), &-x.clone(), "negated");
            same(&a.abs(), &x.abs(), "abs");
            same(&a.floor(), &x.floor(), "floor");
            same(&a.ceil(), &x.ceil(), "ceil");
            assert_eq!(a.is_zero(), x.is_zero());
            assert_eq!(a.to_f64(), x.to_f64().unwrap(), "{x}");
            let whole = x.is_integer().then(|| x.to_integer().to_i64()).flatten();
            assert_eq!(a.to_i64(), whole, "{x}");
            assert_eq!(Number::parse(&a.to_string()), Some(a.clone()), "{x}");
            edges.iter().step_by(5).for_each(|q| agree(*p, *q));
        }
    }

    #[test]
    fn small_and_big_arithmetic_agree_on_drawn_numbers() {
        let drawn = drawn(4_000);
        drawn.iter().zip(&drawn[1..]).for_each(|(p, q)| agree(*p, *q));
    }

    #[test]
    fn beyond_the_small_form_and_back() {
        let (most, least, one) = (Number::from(i64::MAX), Number::from(i64::MIN), Number::from(1));
        assert_eq!((most.clone() + one.clone()).to_string(), "9223372036854775808");
        assert_eq!((most.clone() + one.clone() - one.clone()), most);
        assert_eq!((-least.clone()), most.clone() + one.clone());
        assert_eq!(-(-least.clone()), least);
        assert_eq!(least.abs() - one.clone(), most);
        assert_eq!((most.clone() * most.clone()).over(&most), Some(most.clone()));
        assert!(least < -most.clone() && most.clone() * most.clone() > most);
        assert_eq!(Number::ratio(1, i64::MIN).unwrap() * least, one);
        let text = "123456789012345678901234567890123456789012.5";
        assert_eq!(Number::parse(text).unwrap().to_string(), text);
        assert_eq!(Number::parse("9223372036854775807.5").unwrap().floor(), most);
    }

    #[test]
    fn decimal_commas_and_rubbish_are_refused() {
        for text in ["74,4", "1,00", "", "-", "1.", ".5", "1e6", "1/0", "12,34,567", ","] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
