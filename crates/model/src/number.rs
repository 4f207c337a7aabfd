//! Exact rational numbers. A change of exactly 10 % is 10 %.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

/// An exact rational number of any size.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigRational);

impl Number {
    /// Zero.
    pub fn zero() -> Number {
        Number(BigRational::zero())
    }

    /// `numerator / denominator`; `None` where the denominator is zero.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Number> {
        (denominator != 0).then(|| Number(BigRational::new(numerator.into(), denominator.into())))
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
        let all = format!("{whole}{part}");
        if whole.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let scale = BigInt::from(10).pow(u32::try_from(part.len()).ok()?);
        let value = BigRational::new(all.parse::<BigInt>().ok()?, scale);
        Some(Number(if negative { -value } else { value }))
    }

    /// The quotient; `None` where `by` is zero.
    pub fn over(&self, by: &Number) -> Option<Number> {
        (!by.0.is_zero()).then(|| Number(&self.0 / &by.0))
    }

    /// The least whole number not below it.
    pub fn ceil(&self) -> Number {
        Number(self.0.ceil())
    }

    /// The greatest whole number not above it.
    pub fn floor(&self) -> Number {
        Number(self.0.floor())
    }

    /// Without its sign.
    pub fn abs(&self) -> Number {
        Number(self.0.abs())
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// As a whole number, where it is one and fits.
    pub fn to_i64(&self) -> Option<i64> {
        if self.0.is_integer() { self.0.to_integer().to_i64() } else { None }
    }

    /// The nearest floating-point number: for drawing and for distances on the ground, never for a comparison of
    /// quantities.
    pub fn to_f64(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// The exact value of a finite floating-point number.
    pub fn from_f64(value: f64) -> Option<Number> {
        BigRational::from_float(value).map(Number)
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
        Number(BigRational::from_integer(value.into()))
    }
}

impl Add for Number {
    type Output = Number;
    fn add(self, other: Number) -> Number {
        Number(self.0 + other.0)
    }
}

impl Sub for Number {
    type Output = Number;
    fn sub(self, other: Number) -> Number {
        Number(self.0 - other.0)
    }
}

impl Mul for Number {
    type Output = Number;
    fn mul(self, other: Number) -> Number {
        Number(self.0 * other.0)
    }
}

impl Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number(-self.0)
    }
}

impl fmt::Display for Number {
    /// A finite decimal where there is one, else a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_integer() {
            return f.pad(&self.0.to_integer().to_string());
        }
        let mut rest = self.0.denom().clone();
        let mut places = [0u32, 0];
        for (i, prime) in [2, 5].into_iter().enumerate() {
            while (&rest % BigInt::from(prime)).is_zero() {
                rest /= BigInt::from(prime);
                places[i] += 1;
            }
        }
        if !rest.is_one() {
            return f.pad(&format!("{}/{}", self.0.numer(), self.0.denom()));
        }
        let places = places[0].max(places[1]);
        let scaled = (&self.0 * BigRational::from_integer(BigInt::from(10).pow(places))).to_integer();
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

    #[test]
    fn decimal_commas_and_rubbish_are_refused() {
        for text in ["74,4", "1,00", "", "-", "1.", ".5", "1e6", "1/0", "12,34,567", ","] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }
}
