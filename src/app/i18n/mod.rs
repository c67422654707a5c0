//! The words of the interface, in two languages.
//!
//! A table is a value of [`Texts`]: a text that is missing in one language does not compile.

mod en;
mod operations;
mod problems;
mod texts;
mod zh;

pub use en::TEXTS as ENGLISH;
pub use operations::OperationsTexts;
pub use texts::{FieldText, IDEAS, Idea, StageState, Texts};
pub use zh::TEXTS as CHINESE;

/// A language of the interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Chinese as written on the mainland.
    Zh,
}

impl Locale {
    /// Its words. The browser has those of one language only, and gets them as a part of the
    /// client (`app::parts`).
    #[cfg(not(feature = "hydrate"))]
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::En => &ENGLISH,
            Self::Zh => &CHINESE,
        }
    }

    /// BCP 47, for `<html lang>` and the cookie.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }

    /// Any tag of a language that the interface speaks.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }

    /// The known language with the highest weight (RFC 9110, §12.5.4); English where there is none.
    pub fn from_accept_language(header: &str) -> Self {
        let weighted = header.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let locale = Self::parse(parts.next()?)?;
            let weight: f32 = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.parse().ok())?;
            (weight > 0.0).then_some((locale, weight))
        });
        // The first of equals wins, so a later one has to be strictly better.
        let best = weighted.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(Self::En, |(locale, _)| locale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::event::{Notice, NoticeKind};

    #[test]
    fn a_notice_says_why_and_after_which_wait() {
        let mut notice = Notice::new(NoticeKind::Retry, "").about("a");
        notice.reason = Some("upstream_rate_limited".to_owned());
        notice.wait_ms = Some(2_950);
        let said = (Locale::En.texts().notice)(&notice);
        assert!(said.ends_with("asked. a is asked again after 3.0 s."), "{said}");
        let said = (Locale::Zh.texts().notice)(&notice);
        assert!(said.ends_with("3.0 s 后再次请求 a。"), "{said}");
        notice.wait_ms = Some(300);
        let said = (Locale::En.texts().notice)(&notice);
        assert!(said.ends_with("a is asked again."), "{said}");
    }
}
