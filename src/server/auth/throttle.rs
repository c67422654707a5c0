//! Slows down those who guess: a few wrong tokens are free, then each has to be waited for.
//!
//! There is one allowance per client network and one for all of them together. When that of all is
//! used up, a network that never was wrong still gets its try, so that guesses from elsewhere lock
//! nobody out; one that was wrong waits. Only so many networks are remembered: while there are more,
//! an unknown one waits for the allowance of all, so that rotating addresses gains nothing.
//!
//! Colleagues share addresses, with one another and with programs that were left behind. So the same
//! wrong token counts once, and where the right one lately came from the allowance is larger.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// How long a client has to wait before it may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

/// Wrong tokens from one network that cost nothing.
const EACH: Allowance = Allowance { burst: 10.0, per_second: 1.0 / 6.0 };
/// Wrong tokens from a network that the right one came from, too.
const KNOWN: Allowance = Allowance { burst: 100.0, per_second: 1.0 };
/// Wrong tokens from all networks together.
const ALL: Allowance = Allowance { burst: 100.0, per_second: 1.0 };
/// How long it is remembered that a network was wrong.
const WRONG_FOR: Duration = Duration::from_secs(10 * 60);
/// How many networks are remembered that were wrong.
const REMEMBERED: usize = 4096;
/// How many networks are remembered that were right.
const RIGHT: usize = 1024;
/// How long it is remembered that a network was right.
const RIGHT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// How many wrong tokens of a network are told apart from new ones.
const REPEATS: usize = 4;

/// How many wrong tokens at once, and how many more with time.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    burst: f64,
    per_second: f64,
}

/// What is left of an allowance.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(allowance: Allowance, now: Instant) -> Self {
        Self { left: allowance.burst, at: now }
    }

    fn left(&self, allowance: Allowance, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * allowance.per_second;
        (self.left + gained).min(allowance.burst)
    }

    fn check(&self, allowance: Allowance, now: Instant) -> Result<(), Wait> {
        let missing = 1.0 - self.left(allowance, now);
        if missing <= 0.0 {
            return Ok(());
        }
        Err(Wait(Duration::from_secs_f64(missing / allowance.per_second)))
    }

    fn take(&mut self, allowance: Allowance, now: Instant) {
        *self = Self { left: (self.left(allowance, now) - 1.0).max(0.0), at: now };
    }
}

/// A wrong token, as far as it has to be known again.
pub type Fingerprint = [u8; 8];

/// Where wrong tokens came from.
#[derive(Clone, Debug)]
struct Guesser {
    bucket: Bucket,
    /// The last of them, the newest first.
    wrong: [Option<Fingerprint>; REPEATS],
}

impl Guesser {
    fn is_forgiven(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.bucket.at) >= WRONG_FOR
    }
}

/// Remembers who was wrong, and who was right.
#[derive(Debug)]
pub struct Throttle {
    all: Bucket,
    each: HashMap<IpAddr, Guesser>,
    right: HashMap<IpAddr, Instant>,
}

impl Throttle {
    /// Nobody was wrong yet.
    pub fn new(now: Instant) -> Self {
        Self { all: Bucket::full(ALL, now), each: HashMap::new(), right: HashMap::new() }
    }

    /// Whether a token from this address is looked at.
    ///
    /// # Errors
    /// Not before some time has passed.
    pub fn check(&self, address: IpAddr, now: Instant) -> Result<(), Wait> {
        let network = network(address);
        let allowance = self.allowance(network, now);
        let known = self.is_known(network, now);
        match self.each.get(&network) {
            None if known || self.each.len() < REMEMBERED => Ok(()),
            None => self.all.check(ALL, now),
            Some(guesser) => {
                guesser.bucket.check(allowance, now)?;
                match known || guesser.is_forgiven(now) {
                    true => Ok(()),
                    false => self.all.check(ALL, now),
                }
            }
        }
    }

    /// Counts a wrong token, unless it was counted before.
    pub fn failed(&mut self, address: IpAddr, token: Fingerprint, now: Instant) {
        let network = network(address);
        let allowance = self.allowance(network, now);
        if self.each.len() >= REMEMBERED && !self.each.contains_key(&network) {
            self.each.retain(|_, guesser| !guesser.is_forgiven(now));
            if self.each.len() >= REMEMBERED {
                self.all.take(ALL, now);
                return;
            }
        }
        let guesser = self.each.entry(network).or_insert_with(|| Guesser {
            bucket: Bucket::full(allowance, now),
            wrong: [None; REPEATS],
        });
        if guesser.wrong.contains(&Some(token)) {
            return;
        }
        guesser.wrong.rotate_right(1);
        guesser.wrong[0] = Some(token);
        guesser.bucket.take(allowance, now);
        self.all.take(ALL, now);
    }

    /// Remembers that the right token came from there.
    pub fn succeeded(&mut self, address: IpAddr, now: Instant) {
        let network = network(address);
        if self.right.len() >= RIGHT && !self.right.contains_key(&network) {
            let oldest = self.right.iter().min_by_key(|(_, at)| **at).map(|(network, _)| *network);
            oldest.map(|oldest| self.right.remove(&oldest));
        }
        if !self.is_known(network, now)
            && let Some(guesser) = self.each.get_mut(&network)
        {
            // What it has left counts in the larger allowance.
            guesser.bucket = Bucket::full(KNOWN, now);
        }
        self.right.insert(network, now);
    }

    fn is_known(&self, network: IpAddr, now: Instant) -> bool {
        self.right.get(&network).is_some_and(|at| now.saturating_duration_since(*at) < RIGHT_FOR)
    }

    fn allowance(&self, network: IpAddr, now: Instant) -> Allowance {
        if self.is_known(network, now) { KNOWN } else { EACH }
    }
}

/// What one guesser has: an IPv4 address, or the /48 that a customer of IPv6 usually gets.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + last).to_be_bytes())
    }

    fn token(number: u64) -> Fingerprint {
        number.to_le_bytes()
    }

    #[test]
    fn after_ten_wrong_tokens_each_further_one_takes_six_seconds() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for number in 0..10 {
            throttle.check(address(1), now).unwrap();
            throttle.failed(address(1), token(number), now);
        }
        let Wait(wait) = throttle.check(address(1), now).unwrap_err();
        assert!((5.9..6.1).contains(&wait.as_secs_f64()), "{wait:?}");
        throttle.check(address(1), now + Duration::from_secs(7)).unwrap();
        throttle.check(address(2), now).unwrap();
    }

    #[test]
    fn many_addresses_together_are_slowed_and_one_that_was_never_wrong_is_not() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for last in 0..200 {
            throttle.failed(address(last), token(1), now);
        }
        throttle.check(address(5), now).unwrap_err();
        throttle.check(address(1000), now).unwrap();
    }

    #[test]
    fn rotating_addresses_gains_nothing_and_who_was_right_still_gets_in() {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        throttle.succeeded(address(9_999), start);
        let mut looked_at = 0;
        for number in 0..20_000_u32 {
            let now = start + Duration::from_millis(u64::from(number));
            let [a, b] = [(number >> 8) as u16, (number & 0xff) as u16];
            let from = IpAddr::V6(Ipv6Addr::new(0x2001, a, b, number as u16, 0, 0, 0, 1));
            if throttle.check(from, now).is_ok() {
                looked_at += 1;
                throttle.failed(from, token(number.into()), now);
            }
        }
        // The first of each network are free until the table is full; then it is one a second.
        assert_eq!(throttle.each.len(), REMEMBERED);
        assert!(looked_at <= REMEMBERED + 120, "{looked_at}");
        let now = start + Duration::from_secs(20);
        throttle.check(address(9_999), now).unwrap();
    }

    #[test]
    fn the_same_wrong_token_counts_once() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for _ in 0..1_000 {
            throttle.check(address(1), now).unwrap();
            throttle.failed(address(1), token(7), now);
        }
        throttle.check(address(1), now).unwrap();
    }

    #[test]
    fn colleagues_of_one_who_was_right_may_be_wrong_more_often_but_not_without_end() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for number in 0..9 {
            throttle.failed(address(1), token(number), now);
        }
        throttle.succeeded(address(1), now);
        for number in 100..200 {
            throttle.check(address(1), now).unwrap();
            throttle.failed(address(1), token(number), now);
        }
        throttle.check(address(1), now).unwrap_err();
        throttle.check(address(1), now + Duration::from_secs(2)).unwrap();
        // A day later it is as everyone.
        let later = now + RIGHT_FOR;
        for number in 300..310 {
            throttle.check(address(1), later).unwrap();
            throttle.failed(address(1), token(number), later);
        }
        throttle.check(address(1), later).unwrap_err();
    }

    #[test]
    fn memory_is_bounded_and_a_whole_network_of_ipv6_counts_as_one() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for last in 0..10_000 {
            throttle.failed(address(last), token(1), now);
            throttle.succeeded(address(last), now);
        }
        assert_eq!((throttle.each.len(), throttle.right.len()), (REMEMBERED, RIGHT));
        let v6 = |text: &str| network(text.parse().unwrap());
        assert_eq!(v6("2001:db8::1"), v6("2001:db8:0:ffff::1"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:1::1"));
        assert_eq!(v6("::ffff:10.0.0.1"), v6("10.0.0.1"));
    }
}
