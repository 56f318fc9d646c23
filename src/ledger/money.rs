//! Money as an integer of pico-dollars (10⁻¹² USD): every list price is exact, and sums hold to 9.2 million dollars.
//!
//! Amounts enter as decimal text and leave as decimal text. A float never touches them.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Pico-dollars in one US dollar.
pub const PICO: i64 = 1_000_000_000_000;

/// An amount in pico-dollars. Sums saturate instead of wrapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(pub i64);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads decimal text as JSON writes numbers (`12`, `0.034`, `1.5e-7`), rounding half up at the 13th place.
    /// `None` for anything else, for negative amounts and for more than 9.2 million dollars.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((m, e)) => (m, e.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut digits: u128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() || digits > 10_u128.pow(30) {
                return None;
            }
            digits = digits * 10 + u128::from(byte - b'0');
        }
        let shift = 12 + exponent - i32::try_from(fraction.len()).ok()?;
        let pico = if shift >= 0 {
            digits.checked_mul(10_u128.checked_pow(shift.unsigned_abs())?)?
        } else {
            match 10_u128.checked_pow(shift.unsigned_abs()) {
                Some(unit) => (digits + unit / 2) / unit,
                None => 0,
            }
        };
        i64::try_from(pico).ok().map(Self)
    }

    /// An amount that another program keeps as a binary float (SQLite `REAL`), read by its shortest decimal form.
    pub fn from_float(value: f64) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then(|| Self::parse(&format!("{value}")))?
    }

    /// In dollars with two decimal places, for people (`$0.03`); amounts below a cent keep two significant digits.
    pub fn short(self) -> String {
        if self.0 < 0 {
            return format!("-{}", Self(-self.0).short());
        }
        if self.0 == 0 || self.0 >= PICO / 100 {
            let cents = (i128::from(self.0) + i128::from(PICO) / 200) / (i128::from(PICO) / 100);
            return format!("${}.{:02}", cents / 100, cents % 100);
        }
        let text = format!("{:012}", self.0);
        let first = text.find(|c| c != '0').unwrap_or(0);
        format!("$0.{}", &text[..(first + 2).min(12)])
    }
}

/// The shortest decimal text with at least two places: `20.00`, `0.000003`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let fraction = format!("{:012}", magnitude % PICO.unsigned_abs());
        let kept = fraction.trim_end_matches('0').len().max(2);
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{}", magnitude / PICO.unsigned_abs(), &fraction[..kept])
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not an amount of dollars")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_text_is_read_exactly() {
        for (text, pico) in [
            ("20", 20 * PICO),
            ("0.642068", 642_068_000_000),
            ("0.034251199999999996", 34_251_200_000),
            ("1.5e-7", 150_000),
            ("3e-06", 3_000_000),
            ("1E2", 100 * PICO),
            ("0", 0),
            ("0.0000000000004", 0),
            ("0.0000000000005", 1),
        ] {
            assert_eq!(Usd::parse(text), Some(Usd(pico)), "{text}");
        }
        for bad in ["", ".", "-1", "x", "1,5", "NaN", "1e40", "99999999999999999999", "1e", "0x10"] {
            assert_eq!(Usd::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn people_see_cents_and_small_amounts_keep_two_digits() {
        assert_eq!(Usd(1_234_567_000_000).short(), "$1.23");
        assert_eq!(Usd(12_345_000).short(), "$0.000012");
        assert_eq!(Usd(0).short(), "$0.00");
        assert_eq!(Usd(-1_500_000_000_000).short(), "-$1.50");
    }

    proptest! {
        #[test]
        fn amounts_read_back(pico in 0..=i64::MAX) {
            prop_assert_eq!(Usd::parse(&Usd(pico).to_string()), Some(Usd(pico)));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Usd::parse(&text);
        }
    }
}
