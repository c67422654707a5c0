//! The processes under test: how they are started, measured and ended.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::Error;

/// How long a process may take to listen.
const START: Duration = Duration::from_secs(30);
/// How long a process may take to end after SIGTERM.
const END: Duration = Duration::from_secs(10);

/// A child process that listens on loopback. It ends when this value is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its log, data and configuration.
    directory: TempDir,
}

impl Server {
    /// Starts this very program in another role.
    pub fn role(role: &str, upstream: Option<SocketAddr>) -> Result<Self, Error> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--role", role]);
        if let Some(upstream) = upstream {
            command.arg(upstream.to_string());
        }
        Self::start(command, tempfile::tempdir()?)
    }

    /// Starts Inkstream on a fresh data directory, with `upstream` as its only provider.
    pub fn inkstream(upstream: SocketAddr) -> Result<Self, Error> {
        Self::configured(&format!(
            "[[providers]]\nname = \"bench\"\nprotocol = \"openai\"\n\
             base_url = \"http://{upstream}/v1\"\n\n\
             [[models]]\nname = \"bench/speaker\"\nprovider = \"bench\"\nid = \"bench\"\n\
             context_window = 131072\nmax_output = 65536\n\n\
             [routes]\ndefault = [\"bench/speaker\"]\n"
        ))
    }

    /// Starts Inkstream on a fresh data directory with a configuration.
    pub fn configured(configuration: &str) -> Result<Self, Error> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("inkstream.toml");
        fs::write(&file, configuration)?;
        // Elsewhere than the tests' default: BENCH_SERVER compares another build of the server.
        let program = std::env::var_os("BENCH_SERVER")
            .unwrap_or_else(|| env!("CARGO_BIN_EXE_inkstream").into());
        let mut command = Command::new(program);
        command.arg("serve").arg("--config").arg(&file);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("INKSTREAM_") || name.ends_with("_API_KEY") {
                command.env_remove(&*name);
            }
        }
        command
            .env("INKSTREAM_LISTEN", "127.0.0.1:0")
            .env("INKSTREAM_DATA_DIR", directory.path().join("data"));
        Self::start(command, directory)
    }

    fn start(mut command: Command, directory: TempDir) -> Result<Self, Error> {
        let log = directory.path().join("log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let mut child = command.spawn()?;
        let begun = Instant::now();
        loop {
            let text = fs::read_to_string(&log)?;
            if let Some(address) = listening_address(&text) {
                return Ok(Self { child, address, directory });
            }
            if child.try_wait()?.is_some() || begun.elapsed() > START {
                let _ = child.kill();
                return Err(format!("{command:?} does not listen:\n{text}").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// CPU time so far in nanoseconds, user and system, all threads.
    pub fn cpu_ns(&self) -> Result<u64, Error> {
        cpu_ns(&format!("/proc/{}/stat", self.child.id()))
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> Result<Memory, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Result<u64, Error> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.ok_or_else(|| format!("{name} is missing"))?.parse()?)
        };
        Ok(Memory { resident_kib: field("VmRSS:")?, own_kib: field("RssAnon:")? })
    }

    /// The last lines of its log, for an error's text.
    pub fn log_tail(&self) -> String {
        let text = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }

    /// Bytes that it has stored.
    pub fn stored_bytes(&self) -> u64 {
        directory_bytes(&self.directory.path().join("data"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // Fails only for a process that has ended.
            let _ = kill_process(pid, Signal::TERM);
        }
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > END {
                eprintln!("a server did not end within {END:?} and was killed");
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A process's resident memory in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// All of it, as `ps` shows it.
    pub resident_kib: u64,
    /// What is its own: heap and stacks, without the program's file.
    pub own_kib: u64,
}

/// CPU time of this process so far in nanoseconds.
pub fn own_cpu_ns() -> Result<u64, Error> {
    cpu_ns("/proc/self/stat")
}

fn cpu_ns(path: &str) -> Result<u64, Error> {
    let stat = fs::read_to_string(path)?;
    // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
    let (_, fields) = stat.rsplit_once(')').ok_or("no process name in stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || -> Result<u64, Error> { Ok(fields.next().ok_or("a short stat")?.parse()?) };
    Ok((ticks()? + ticks()?) * 1_000_000_000 / rustix::param::clock_ticks_per_second())
}

fn listening_address(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("listening on http://")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')?;
    rest[..end].parse().ok()
}

fn directory_bytes(path: &Path) -> u64 {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}
