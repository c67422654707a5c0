//! Many streams at once against one target, and what was seen of them.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::Error;
use crate::client::{Connection, Dialect, Reading};
use crate::clock::{ms, now_ns};
use crate::plan::{Mode, Plan};
use crate::process::{Server, own_cpu_ns};
use crate::upstream::Records;

/// How much longer than planned a stream may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a server gets after the last stream to finish its own work, such as storing.
const SETTLE: Duration = Duration::from_millis(400);
/// From the planned end of a stream to the next one of its connection, in milliseconds.
const REST_MS: u64 = 200;
/// Between the moment at which all streams should run and the window in which CPU is measured.
const MARGIN: Duration = Duration::from_millis(150);

/// Something that can be asked for streams.
pub struct Target {
    /// Its name in the report.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// How it is spoken to.
    pub dialect: Dialect,
    /// Its process; none for the direct connection.
    pub server: Option<Server>,
}

/// A load: `streams` connections, each of which reads `rounds` streams one after the other.
#[derive(Clone, Copy)]
pub struct Load {
    /// Streams at once.
    pub streams: usize,
    /// Streams in a row on each connection.
    pub rounds: usize,
    /// Milliseconds over which the connections begin, evenly.
    pub spread_ms: u64,
    /// Milliseconds from the beginning of one stream of a connection to that of its next; 0: it begins when the one
    /// before has ended.
    pub period_ms: u64,
    /// What each stream is; the key is set for each, or for all of a round.
    pub plan: Plan,
    /// Whether all connections ask for the same.
    pub same: bool,
}

impl Load {
    /// Connections that begin together, each with its next stream when the one before has ended.
    pub fn at_once(streams: usize, rounds: usize, plan: Plan) -> Self {
        Self { streams, rounds, spread_ms: 0, period_ms: 0, plan, same: false }
    }

    /// Streams that begin evenly, whenever others end: the steady state of a server. One that tells several ends at
    /// once would otherwise get as many beginnings at once.
    pub fn steady(streams: usize, rounds: usize, plan: Plan) -> Self {
        let period_ms = plan.duration_ms() + REST_MS;
        Self { streams, rounds, spread_ms: period_ms, period_ms, plan, same: false }
    }
}

/// A paced plan as most scenarios use it: 50 ms to the first token, then one every `gap_ms`.
pub fn paced(gap_ms: u64, tokens: u64) -> Plan {
    Plan { key: 0, ttft_ms: 50, gap_ms, tokens, mode: Mode::Speak }
}

/// What was seen of a load.
pub struct Outcome {
    /// Every stream that was read to its end.
    pub readings: Vec<(Plan, Reading)>,
    /// Why the others were not, in the order of events.
    pub errors: Vec<String>,
    /// What the upstream did, by key.
    pub records: Records,
    /// From the first request to the last byte.
    pub elapsed: Duration,
    /// The server's CPU time for the whole load, with what it does before and after streaming.
    pub cpu_ns: u64,
    /// The client's own CPU time.
    pub client_cpu_ns: u64,
    /// The upstream's CPU time.
    pub upstream_cpu_ns: u64,
    /// The server's CPU time and the tokens read while all streams were open, if there was such a time.
    pub streaming: Option<(u64, u64)>,
}

impl Outcome {
    /// Tokens that arrived, of whole and of torn streams that were read to an end.
    pub fn tokens(&self) -> u64 {
        self.readings.iter().map(|(_, reading)| reading.tokens() as u64).sum()
    }

    /// Streams that were not complete and right to the last byte, or failed.
    pub fn incomplete(&self) -> usize {
        self.errors.len() + self.readings.iter().filter(|(_, it)| !it.complete()).count()
    }

    /// Milliseconds from request to first token, without the upstream's own time.
    pub fn first_token_ms(&self) -> Vec<f64> {
        let added = self.readings.iter().filter_map(|(plan, reading)| {
            let record = self.records.get(&plan.key)?;
            let seen = reading.arrived_ns.first()?.checked_sub(reading.sent_ns)?;
            let upstream = record.sent_ns.first()?.checked_sub(record.received_ns)?;
            Some(ms(seen.saturating_sub(upstream)))
        });
        added.collect()
    }

    /// The part of that before the upstream had the request.
    pub fn request_ms(&self) -> Vec<f64> {
        let added = self.readings.iter().filter_map(|(plan, reading)| {
            Some(ms(self.records.get(&plan.key)?.received_ns.saturating_sub(reading.sent_ns)))
        });
        added.collect()
    }

    /// Milliseconds that each token after the first was under way.
    pub fn token_delays_ms(&self) -> Vec<f64> {
        let delays = self.readings.iter().flat_map(|(plan, reading)| {
            let sent = self.records.get(&plan.key).map_or(&[][..], |it| &it.sent_ns);
            sent.iter().zip(&reading.arrived_ns).skip(1)
        });
        delays.map(|(sent, arrived)| ms(arrived.saturating_sub(*sent))).collect()
    }
}

/// The parts of a run that every load needs.
pub struct Field {
    /// The upstream's process.
    pub upstream: Server,
    next_key: Cell<u64>,
}

impl Field {
    /// Starts the upstream.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { upstream: Server::role("upstream", None)?, next_key: Cell::new(1) })
    }

    /// A key that no other stream of this run has.
    pub fn key(&self) -> u64 {
        self.next_key.replace(self.next_key.get() + 1)
    }

    /// The upstream's records so far, which it then forgets.
    pub async fn drain(&self) -> Result<Records, Error> {
        Connection::open(self.upstream.address).await?.get("/control/drain").await
    }

    /// Puts `load` on `target` and waits until all of it has ended.
    pub async fn run(&self, target: &Target, load: Load) -> Result<Outcome, Error> {
        self.drain().await?;
        let mut connections = Vec::new();
        for _ in 0..load.streams {
            connections.push(Connection::open(target.address).await?);
        }
        let cpu = || target.server.as_ref().map_or(Ok(0), Server::cpu_ns);
        let before = (cpu()?, own_cpu_ns()?, self.upstream.cpu_ns()?);
        let tokens = Rc::new(Cell::new(0));
        let begun = Instant::now() + Duration::from_millis(20);
        let mut workers = JoinSet::new();
        let same: Vec<u64> = (0..load.rounds).map(|_| self.key()).collect();
        let key = |round: usize| if load.same { same[round] } else { self.key() };
        for (index, connection) in connections.into_iter().enumerate() {
            let offset = load.spread_ms * 1_000 * index as u64 / load.streams as u64;
            let worker = Worker {
                address: target.address,
                dialect: target.dialect,
                plans: (0..load.rounds)
                    .map(|round| Plan { key: key(round), ..load.plan })
                    .collect(),
                tokens: Rc::clone(&tokens),
            };
            let begin = begun + Duration::from_micros(offset);
            workers.spawn_local(worker.run(connection, begin, load.period_ms));
        }
        let streaming = self.while_streaming(load, begun, cpu, &tokens).await?;
        let (mut readings, mut errors) = (Vec::new(), Vec::new());
        while let Some(done) = workers.join_next().await {
            for result in done? {
                match result {
                    Ok(reading) => readings.push(reading),
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
        let elapsed = begun.elapsed();
        sleep(SETTLE).await;
        Ok(Outcome {
            readings,
            errors,
            elapsed,
            cpu_ns: cpu()? - before.0,
            client_cpu_ns: own_cpu_ns()? - before.1,
            upstream_cpu_ns: self.upstream.cpu_ns()? - before.2,
            records: self.drain().await?,
            streaming,
        })
    }

    /// CPU time and tokens of the window in which every stream is open and none begins or ends.
    async fn while_streaming(
        &self,
        load: Load,
        begun: Instant,
        cpu: impl Fn() -> Result<u64, Error>,
        tokens: &Cell<u64>,
    ) -> Result<Option<(u64, u64)>, Error> {
        let from = begun + Duration::from_millis(load.spread_ms + load.plan.ttft_ms) + MARGIN;
        let to = begun + Duration::from_millis(load.plan.duration_ms());
        if load.plan.gap_ms == 0 || from + MARGIN * 4 > to {
            return Ok(None);
        }
        sleep_until(from).await;
        let first = (cpu()?, tokens.get());
        sleep_until(to - MARGIN).await;
        Ok(Some((cpu()? - first.0, tokens.get() - first.1)))
    }
}

struct Worker {
    address: SocketAddr,
    dialect: Dialect,
    plans: Vec<Plan>,
    tokens: Rc<Cell<u64>>,
}

impl Worker {
    async fn run(
        self,
        mut connection: Connection,
        begin: Instant,
        period_ms: u64,
    ) -> Vec<Result<(Plan, Reading), Error>> {
        let mut results = Vec::new();
        for (round, plan) in (0..).zip(&self.plans) {
            sleep_until(begin + Duration::from_millis(period_ms * round)).await;
            let limit = Duration::from_millis(plan.duration_ms()) + PATIENCE;
            let result = match timeout(limit, self.read(&mut connection, *plan)).await {
                Ok(result) => result,
                Err(_) => Err(format!("a stream did not end within {limit:?}").into()),
            };
            if result.is_err() {
                match Connection::open(self.address).await {
                    Ok(fresh) => connection = fresh,
                    Err(error) => {
                        results.push(Err(error));
                        break;
                    }
                }
            }
            results.push(result.map(|reading| (*plan, reading)));
        }
        results
    }

    async fn read(&self, connection: &mut Connection, plan: Plan) -> Result<Reading, Error> {
        let mut reading = Reading::new(plan, self.dialect);
        reading.start(connection).await?;
        let mut seen = 0;
        loop {
            let more = reading.step(connection).await?;
            self.tokens.set(self.tokens.get() + (reading.tokens() - seen) as u64);
            seen = reading.tokens();
            if !more {
                return Ok(reading);
            }
        }
    }
}

/// Waits for something to become true, asking every 2 ms, for at most `limit`.
pub async fn wait_for(
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Result<bool, Error>,
) -> Result<(), Error> {
    let deadline = now_ns() + limit.as_nanos() as u64;
    while !probe().await? {
        if now_ns() > deadline {
            return Err(format!("did not happen within {limit:?}").into());
        }
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}
