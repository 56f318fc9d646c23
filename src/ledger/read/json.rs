//! JSON of other people, taken as it comes: a field of the wrong type is a field that is not there.
//!
//! Text is borrowed from the line wherever it has no escapes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::ledger::money::Usd;

/// Implements the visits that every lenient type answers with "nothing".
macro_rules! nothing {
    ($empty:expr; $($name:ident: $ty:ty),* $(,)?) => {
        $(fn $name<E>(self, _: $ty) -> Result<Self::Value, E> {
            Ok($empty)
        })*

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }
    };
}

/// Drains an array that is not wanted.
fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Drains an object that is not wanted.
fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Text; empty for anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Str<'_> {
    /// The text, unless it is empty.
    pub(crate) fn some(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&*self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }

            nothing!(Str::default(); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                drain_seq(seq).map(|()| Str::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                drain_map(map).map(|()| Str::default())
            }
        }
        deserializer.deserialize_any(V)
    }
}

/// Text of a field that may be left out: `None` then, and empty text for null and whatever else is no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given<'a>(pub(crate) Option<Str<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Str::deserialize(deserializer).map(|text| Self(Some(text)))
    }
}

/// A count of tokens; 0 for anything that is not a number, and for negative ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Num(pub(crate) u64);

/// A number with a fraction; nothing for anything else.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Float(pub(crate) Option<f64>);

impl Float {
    /// The number as an amount of dollars.
    pub(crate) fn usd(self) -> Option<Usd> {
        self.0.and_then(Usd::from_float)
    }

    /// The number of milliseconds that so many seconds are.
    pub(crate) fn seconds_ms(self) -> Option<i64> {
        self.0.filter(|s| *s > 0.0 && *s < 1e12).map(|s| (s * 1000.0).round() as i64)
    }
}

/// Anything that holds is true; the rest is false.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

/// Implements `Deserialize` for a `Copy` type made from scalars only.
macro_rules! scalar {
    ($ty:ident, $empty:expr, $($visit:ident($arg:ident: $from:ty) => $value:expr),*; $($skip:ident: $skip_ty:ty),*) => {
        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct V;
                impl<'de> Visitor<'de> for V {
                    type Value = $ty;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a value")
                    }

                    $(fn $visit<E>(self, $arg: $from) -> Result<Self::Value, E> {
                        Ok($value)
                    })*

                    nothing!($empty; $($skip: $skip_ty),*);

                    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                        drain_seq(seq).map(|()| $empty)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        drain_map(map).map(|()| $empty)
                    }
                }
                deserializer.deserialize_any(V)
            }
        }
    };
}

scalar!(Num, Num(0),
    visit_u64(n: u64) => Num(n),
    visit_i64(n: i64) => Num(u64::try_from(n).unwrap_or(0)),
    visit_f64(n: f64) => Num(if n > 0.0 { n as u64 } else { 0 });
    visit_bool: bool, visit_str: &str);
scalar!(Float, Float(None),
    visit_u64(n: u64) => Float(Some(n as f64)),
    visit_i64(n: i64) => Float(Some(n as f64)),
    visit_f64(n: f64) => Float(Some(n));
    visit_bool: bool, visit_str: &str);
scalar!(Flag, Flag(false),
    visit_bool(b: bool) => Flag(b);
    visit_u64: u64, visit_i64: i64, visit_f64: f64, visit_str: &str);

/// An object; nothing for anything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Obj<T>(pub(crate) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Obj<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = Obj<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|v| Obj(Some(v)))
            }

            nothing!(Obj(None); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                drain_seq(seq).map(|()| Obj(None))
            }
        }
        deserializer.deserialize_any(V(PhantomData))
    }
}

/// The objects of an array; empty for anything else.
#[derive(Debug, Clone)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for V<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element::<Obj<T>>()? {
                    items.extend(item.0);
                }
                Ok(List(items))
            }

            nothing!(List(Vec::new()); visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                drain_map(map).map(|()| List(Vec::new()))
            }
        }
        deserializer.deserialize_any(V(PhantomData))
    }
}

/// Reads one line. What a crash leaves behind is mended: NULs inside, and a torn record with a whole one after it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    match serde_json::from_slice(line) {
        Ok(value) => return Some(value),
        // JSON all the same: a key stands twice, and the last one holds.
        Err(err) if err.is_data() => {
            let value: serde_json::Value = serde_json::from_slice(line).ok()?;
            return T::deserialize(value).ok();
        }
        Err(_) => {}
    }
    if memchr::memchr(0, line).is_some() {
        let parts = line.rsplit(|b| *b == 0).map(super::super::scan::trim);
        return parts.filter(|p| !p.is_empty()).find_map(whole_tail);
    }
    whole_tail(line)
}

/// How many places in a torn line are tried as the beginning of a whole record, on each side of the first error.
const RESTARTS: usize = 8;

/// The whole record at the end of a line that begins with a torn one. The reader stumbles soon after the place where
/// one ends and the other begins.
fn whole_tail<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    let stumble = match serde_json::from_slice(line) {
        Ok(value) => return Some(value),
        Err(err) => err.column().min(line.len()),
    };
    if !line.ends_with(b"}") {
        return None;
    }
    let (before, after) = line.split_at(stumble);
    let before = memchr::memrchr_iter(b'{', before).take(RESTARTS);
    let after = memchr::memchr_iter(b'{', after).take(RESTARTS).map(|at| stumble + at);
    before.chain(after).filter(|at| *at > 0).find_map(|at| serde_json::from_slice(&line[at..]).ok())
}

/// Milliseconds since 1970 of an RFC 3339 time; the common form without going through a general parser.
pub(crate) fn timestamp_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        bytes
            .get(range)?
            .iter()
            .try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let plain = bytes.len() >= 20
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && bytes[16] == b':'
        && bytes[bytes.len() - 1] == b'Z'
        && (bytes.len() == 20 || (bytes.len() >= 24 && bytes[19] == b'.'));
    if plain {
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        let millis = if bytes.len() == 20 { 0 } else { number(20..23)? };
        let sane =
            (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
        if sane {
            return Some(
                (days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1000
                    + millis,
            );
        }
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Record<'a> {
        #[serde(borrow)]
        id: Str<'a>,
        n: Num,
        inner: Obj<Inner>,
        list: List<Inner>,
        on: Flag,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Inner {
        n: Num,
    }

    #[test]
    fn a_field_of_the_wrong_type_is_not_there() {
        for wrong in ["null", "true", "-3", "1.5", "\"x\"", "[1,{\"n\":2}]", "{\"n\":[3]}"] {
            for field in ["id", "n", "inner", "list", "on", "other"] {
                let line = format!("{{ \"{field}\" : {wrong} }}");
                let record: Option<Record<'_>> = parse(line.as_bytes());
                assert!(record.is_some(), "{line}");
            }
        }
        let record: Record<'_> =
            parse(br#"{"id":"a\nb","n":1.0,"inner":{"n":2},"list":[null,{"n":3},4],"on":true}"#).unwrap();
        assert_eq!((&*record.id, record.n.0, record.on.0), ("a\nb", 1, true));
        assert_eq!((record.inner.0.unwrap().n.0, record.list.0.len()), (2, 1));
    }

    #[test]
    fn whole_records_are_found_after_torn_ones() {
        let id = |line: &[u8]| parse::<Record<'_>>(line).map(|r| r.id.0.into_owned());
        assert_eq!(id(b"{\"id\":\"a\",\"inn{\"id\":\"b\"}").as_deref(), Some("b"));
        assert_eq!(id(b"{\"id\":\"a\0\0\0\0{\"id\":\"b\"}").as_deref(), Some("b"));
        assert_eq!(id(b"{\"id\":\"a\"}\0\0\0").as_deref(), Some("a"));
        assert_eq!(id(b"{\"id\":\"a\",\"inner\":"), None);
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_holds() {
        let line = br#"{"id":"a","n":1,"inner":{"n":1,"n":2},"id":"b"}"#;
        let record: Record<'_> = parse(line).unwrap();
        assert_eq!((&*record.id, record.n.0, record.inner.0.unwrap().n.0), ("b", 1, 2));
    }

    #[test]
    fn times_are_read_with_and_without_offset() {
        assert_eq!(timestamp_ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(timestamp_ms("2026-11-20T20:41:51.904Z"), Some(1_795_207_311_904));
        assert_eq!(timestamp_ms("2026-11-20T21:41:51.904123+01:00"), Some(1_795_207_311_904));
        assert_eq!(timestamp_ms("2024-02-29T12:00:00.000Z"), Some(1_709_208_000_000));
        for bad in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T99:00:00Z"] {
            assert_eq!(timestamp_ms(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_fast_reading_of_times_agrees_with_the_general_one(ms in 0_i64..4_000_000_000_000) {
            let text = jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
            prop_assert_eq!(timestamp_ms(&text), Some(ms));
        }

        #[test]
        fn any_bytes_are_answered(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Record<'_>>(&line);
        }
    }
}
