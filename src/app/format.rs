//! Figures as readers see them. The same on the server and in the browser: no clock, no time zone.

use super::i18n::Locale;
use crate::article::event::Usage;

/// A whole number with groups of three: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration with its unit: `240 ms`, `1.2 s`, `18 s`, `2 min 05 s`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        10_000..60_000 => format!("{} s", ms / 1000),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// Millionths of a currency: `¥0.0031`, `$1.20`. Four decimals below one unit, else two; and all
/// six for what four would show as nothing.
pub fn money(millionths: i64, currency: &str) -> String {
    let sign = match currency {
        "CNY" => "¥".to_owned(),
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        other => format!("{other} "),
    };
    // Whole numbers, as what prints fractions takes much room in the browser.
    let decimals = match millionths.unsigned_abs() {
        0 => return format!("{sign}0"),
        1..50 => 6,
        50..1_000_000 => 4,
        _ => 2,
    };
    let per_step = 10_u64.pow(6 - decimals);
    let steps = (millionths.unsigned_abs() + per_step / 2) / per_step;
    let per_unit = 10_u64.pow(decimals);
    let minus = if millionths < 0 { "-" } else { "" };
    let width = decimals as usize;
    format!("{sign}{minus}{}.{:0width$}", steps / per_unit, steps % per_unit)
}

/// What was used costs: an amount, or `None` where it costs nothing or the model has no price.
pub fn cost(usage: &Usage) -> Option<String> {
    let millionths = usage.cost.filter(|cost| *cost != 0)?;
    let amount = money(millionths, usage.currency.as_deref().unwrap_or_default().trim());
    Some(if usage.estimated { format!("≈ {amount}") } else { amount })
}

/// Tokens a second, or `None` while there is nothing to divide by.
pub fn speed(tokens: u64, ms: u64) -> Option<u64> {
    (tokens > 0 && ms >= 200).then(|| tokens * 1000 / ms)
}

/// A moment in UTC as `2026-11-21 08:07`, for machines and for readers without JavaScript.
pub fn utc(unix_ms: i64) -> String {
    let minutes = unix_ms.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minute / 60, minute % 60)
}

/// A moment in the reader's own time zone and language. Only in the browser, after hydration.
pub fn local(unix_ms: i64, locale: Locale) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
    let date = js_sys::Date::new(&(unix_ms as f64).into());
    let options = js_sys::Object::new();
    for (key, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        if js_sys::Reflect::set(&options, &key.into(), &value.into()).is_err() {
            return utc(unix_ms);
        }
    }
    date.to_locale_string(locale.tag(), &options).into()
}

/// Year, month, day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"].map(str::to_owned)
        );
    }

    #[test]
    fn durations_keep_to_the_digits_that_matter() {
        assert_eq!(
            [3, 240, 9_999, 18_400, 125_000].map(duration),
            ["3 ms", "240 ms", "9.9 s", "18 s", "2 min 05 s"].map(str::to_owned)
        );
    }

    #[test]
    fn small_amounts_show_four_decimals() {
        assert_eq!(money(3_100, "CNY"), "¥0.0031");
        assert_eq!(money(1_200_000, "USD"), "$1.20");
        assert_eq!(money(999_960, "USD"), "$1.0000");
        assert_eq!(money(12_345_678, "EUR"), "€12.35");
        assert_eq!(money(-3_150, "USD"), "$-0.0032");
        assert_eq!(money(0, "CHF"), "CHF 0");
        assert_eq!(money(49, "USD"), "$0.000049");
    }

    #[test]
    fn moments_are_civil_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00");
        assert_eq!(utc(1_709_210_096_000), "2024-02-29 12:34");
        assert_eq!(utc(-1), "1969-12-31 23:59");
    }
}
