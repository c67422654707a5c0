//! Notices that events arrive in lumps: something on the way gathers what the server sends at once.

/// How long nothing comes before a lump, in milliseconds.
const GAP_MS: f64 = 600.0;
/// How many events a lump has at least. A server that only writes slowly sends few at a time.
const MANY: usize = 20;
/// After so many lumps one after the other it is no accident.
const IN_A_ROW: u8 = 3;
/// What a connection begins with, it has missed before: no lump, in milliseconds.
const CATCHING_UP_MS: f64 = 1000.0;

/// What came over one connection.
#[derive(Clone, Copy, Debug)]
pub struct Lumps {
    connected: f64,
    last: f64,
    in_a_row: u8,
}

impl Lumps {
    /// A connection that begins; moments are milliseconds of any clock.
    pub fn new(now: f64) -> Self {
        Self { connected: now, last: now, in_a_row: 0 }
    }

    /// Takes note of one read of the connection. `true` once, when it is plain that they are lumps.
    pub fn read(&mut self, now: f64, events: usize) -> bool {
        let gap = now - self.last;
        self.last = now;
        if now - self.connected < CATCHING_UP_MS || events == 0 {
            return false;
        }
        self.in_a_row = match events >= MANY && gap >= GAP_MS {
            true => self.in_a_row.saturating_add(1),
            // The end of a lump that was read in pieces.
            false if gap < 50.0 => self.in_a_row,
            false => 0,
        };
        self.in_a_row == IN_A_ROW && events >= MANY && gap >= GAP_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noticed(reads: &[(f64, usize)]) -> usize {
        let mut lumps = Lumps::new(0.0);
        reads.iter().filter(|(at, events)| lumps.read(*at, *events)).count()
    }

    #[test]
    fn a_proxy_that_gathers_is_noticed_once() {
        let lumps: Vec<_> = (1..9).map(|i| (f64::from(i) * 1500.0, 80)).collect();
        assert_eq!(noticed(&lumps), 1);
        // Each comes in two pieces.
        let torn: Vec<_> = (1..9)
            .flat_map(|i| [(f64::from(i) * 1500.0, 60), (f64::from(i) * 1500.0 + 3.0, 20)])
            .collect();
        assert_eq!(noticed(&torn), 1);
    }

    #[test]
    fn what_comes_steadily_or_slowly_or_at_first_is_none() {
        let steady: Vec<_> = (1..500).map(|i| (f64::from(i) * 20.0, 1)).collect();
        let slow: Vec<_> = (1..20).map(|i| (f64::from(i) * 2000.0, 3)).collect();
        let caught_up = [(10.0, 900), (700.0, 50), (720.0, 1), (740.0, 1)];
        let hiccup = [(1500.0, 90), (1600.0, 1), (3000.0, 90), (3100.0, 1), (4500.0, 90)];
        for reads in [&steady[..], &slow, &caught_up, &hiccup] {
            assert_eq!(noticed(reads), 0, "{reads:?}");
        }
    }
}
