//! Slows down those who guess: a few wrong tokens are free, then each has to be waited for.
//!
//! There is one allowance per client address and one for all of them together. When that of all is
//! used up, an address that never was wrong still gets its try, so that guesses from elsewhere lock
//! nobody out; one that was wrong waits.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

/// How long a client has to wait before it may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

/// Wrong tokens from one address that cost nothing.
const EACH: Allowance = Allowance { burst: 10.0, per_second: 1.0 / 6.0 };
/// Wrong tokens from all addresses together.
const ALL: Allowance = Allowance { burst: 100.0, per_second: 1.0 };
/// How many addresses are remembered.
const REMEMBERED: usize = 4096;

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

/// Remembers who was wrong.
#[derive(Debug)]
pub struct Throttle {
    all: Bucket,
    each: HashMap<IpAddr, Bucket>,
}

impl Throttle {
    /// Nobody was wrong yet.
    pub fn new(now: Instant) -> Self {
        Self { all: Bucket::full(ALL, now), each: HashMap::new() }
    }

    /// Whether a token from this address is looked at.
    ///
    /// # Errors
    /// Not before some time has passed.
    pub fn check(&self, address: IpAddr, now: Instant) -> Result<(), Wait> {
        match self.each.get(&network(address)) {
            None => Ok(()),
            Some(bucket) => {
                bucket.check(EACH, now)?;
                if bucket.left(EACH, now) >= EACH.burst {
                    return Ok(());
                }
                self.all.check(ALL, now)
            }
        }
    }

    /// Counts a wrong token.
    pub fn failed(&mut self, address: IpAddr, now: Instant) {
        self.all.take(ALL, now);
        let address = network(address);
        if self.each.len() >= REMEMBERED && !self.each.contains_key(&address) {
            self.forget(now);
        }
        self.each.entry(address).or_insert_with(|| Bucket::full(EACH, now)).take(EACH, now);
    }

    /// Forgets those who have waited long enough, or else the one whose last try is oldest.
    fn forget(&mut self, now: Instant) {
        self.each.retain(|_, bucket| bucket.left(EACH, now) < EACH.burst);
        if self.each.len() >= REMEMBERED
            && let Some(oldest) =
                self.each.iter().min_by_key(|(_, bucket)| bucket.at).map(|(address, _)| *address)
        {
            self.each.remove(&oldest);
        }
    }
}

/// What one guesser has: an IPv4 address, or the /64 that every host of IPv6 can choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
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

    #[test]
    fn after_ten_wrong_tokens_each_further_one_takes_six_seconds() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for _ in 0..10 {
            throttle.check(address(1), now).unwrap();
            throttle.failed(address(1), now);
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
            throttle.failed(address(last), now);
        }
        throttle.check(address(5), now).unwrap_err();
        throttle.check(address(1000), now).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_a_whole_network_of_ipv6_counts_as_one() {
        let now = Instant::now();
        let mut throttle = Throttle::new(now);
        for last in 0..10_000 {
            throttle.failed(address(last), now);
        }
        assert_eq!(throttle.each.len(), REMEMBERED);
        let v6 = |text: &str| network(text.parse().unwrap());
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
        assert_eq!(v6("::ffff:10.0.0.1"), v6("10.0.0.1"));
    }
}
