//! The program itself: what it prints where, how it ends, and what signals do to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// The program in an empty directory with an environment of its own.
struct Program(TempDir);

impl Program {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inkstream"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("INKSTREAM_LISTEN", "127.0.0.1:0")
            .env("INKSTREAM_DISCOVER", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Running {
        Running(self.command(arguments).spawn().unwrap())
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Running {
    /// Reads standard error up to the line that holds the mark, and returns that line.
    fn line_with(&mut self, mark: &str) -> String {
        let mut seen = String::new();
        let mut reader = BufReader::new(self.0.stderr.as_mut().unwrap());
        loop {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "no {mark} in: {seen}");
            if line.contains(mark) {
                return line.trim_end().to_owned();
            }
            seen.push_str(&line);
        }
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn end(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn serve_says_where_it_listens_answers_and_ends_cleanly_on_sigterm() {
    let program = Program::new();
    let mut server = program.start(&["serve"]);
    let line = server.line_with("listening on");
    let port = line.strip_prefix("listening on http://127.0.0.1:").expect("the real port");
    assert_ne!(port, "0");
    let answer = get(port, "/health");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("{\"status\":\"ok\",\"timestamp\":"), "{answer}");
    server.signal("-TERM");
    assert_eq!(server.end(), Some(0));
}

fn get(port: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_server_whose_log_nobody_reads_any_more_goes_on() {
    let program = Program::new();
    let mut server = program.start(&["serve"]);
    let line = server.line_with("listening on");
    let port = line.strip_prefix("listening on http://127.0.0.1:").unwrap();
    drop(server.0.stderr.take());
    for _ in 0..3 {
        let answer = get(port, "/api/v1/nothing");
        assert!(answer.starts_with("HTTP/1.1 404"), "it logs this one: {answer}");
    }
    server.signal("-TERM");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_first_goes_on() {
    let program = Program::new();
    let mut first = program.start(&["serve"]);
    first.line_with("listening on");
    let second = program.run(&["serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("INKSTREAM_DATA_DIR"), "{}", text(&second.stderr));
    first.signal("-INT");
    assert_eq!(first.end(), Some(0));
}

#[test]
fn serve_refuses_what_it_cannot_do_and_names_the_remedy() {
    let program = Program::new();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    std::fs::write(program.0.path().join("typo.toml"), "[server]\nlisen = \"x\"\n").unwrap();
    let refused = |arguments: &[&str], variable: (&str, &str)| {
        let output = program.command(arguments).env(variable.0, variable.1).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        text(&output.stderr)
    };
    let open = refused(&["serve"], ("INKSTREAM_LISTEN", "0.0.0.0:3000"));
    assert!(open.contains("refusing to listen") && open.contains("ssh -L"), "{open}");
    let typo = refused(&["serve", "--config", "typo.toml"], ("A", "b"));
    assert!(typo.contains("typo.toml:2") && typo.contains("`listen`"), "{typo}");
    let filter = refused(&["serve"], ("INKSTREAM_LOG", "inkstream=shout"));
    assert!(filter.contains("log filter"), "{filter}");
    let port = refused(&["serve"], ("INKSTREAM_LISTEN", &taken));
    assert!(port.contains("in use") && port.contains(&taken), "{port}");
}

#[test]
fn generate_prints_the_text_and_nothing_else_on_standard_output() {
    let program = Program::new();
    let output = program.run(&["generate", "How DNS works", "--model", "demo/instant"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let article = text(&output.stdout);
    assert!(article.starts_with("# How DNS works\n"), "{article:.80}");
    let told = text(&output.stderr);
    for line in ["writing", "demo/instant", "tokens of prompt", "done"] {
        assert!(told.contains(line), "{line} in {told}");
    }
}

#[test]
fn generate_in_json_prints_one_event_per_line_without_holes() {
    let program = Program::new();
    let output = program.run(&["generate", "DNS", "--model", "demo/instant", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let events: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events[0]["event"], "accepted");
    assert_eq!(events[0]["seq"], 1);
    assert_eq!(events.last().unwrap()["event"], "done");
    assert!(events.iter().any(|event| event["data"]["text"].is_string()));
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
}

#[test]
fn an_interrupt_stops_the_article_and_keeps_its_beginning() {
    let program = Program::new();
    let mut run = program.start(&["generate", "DNS", "--model", "demo/steady"]);
    let mut beginning = [0; 20];
    run.0.stdout.as_mut().unwrap().read_exact(&mut beginning).unwrap();
    run.signal("-INT");
    let told = run.line_with("stopped");
    assert!(told.contains("the text so far is kept"), "{told}");
    assert_eq!(run.end(), Some(130));
}

#[test]
fn a_reader_that_goes_away_stops_the_article() {
    let program = Program::new();
    let mut run = program.start(&["generate", "DNS", "--model", "demo/steady"]);
    let mut beginning = [0; 20];
    let mut stdout = run.0.stdout.take().unwrap();
    stdout.read_exact(&mut beginning).unwrap();
    drop(stdout);
    run.line_with("stopped");
    assert_eq!(run.end(), Some(1));
    // As in `inkstream generate … 2>&1 | head`: standard error is gone as well.
    let mut run = program.start(&["generate", "DNS", "--model", "demo/steady"]);
    let mut stdout = run.0.stdout.take().unwrap();
    stdout.read_exact(&mut beginning).unwrap();
    drop((stdout, run.0.stderr.take()));
    assert_eq!(run.end(), Some(1));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_behind_standard_output_is_a_failure_with_a_reason() {
    let program = Program::new();
    for arguments in [
        vec!["generate", "DNS", "--model", "demo/instant"],
        vec!["generate", "DNS", "--model", "demo/instant", "--json"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program.command(&arguments).stdout(full).output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("No space left on device") && told.contains("is kept"), "{told}");
    }
}

#[test]
fn generate_refuses_a_brief_that_cannot_be_written() {
    let program = Program::new();
    for (arguments, complaint) in [
        (vec!["generate", "  "], "`topic` is empty"),
        (vec!["generate", "DNS", "--model", "nobody"], "not a configured model"),
        (vec!["generate", "DNS", "--temperature", "3"], "`temperature` is outside"),
    ] {
        let output = program.run(&arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let told = text(&output.stderr);
        assert!(told.contains(complaint), "{complaint} in {told}");
    }
}

#[test]
fn migrate_makes_the_database_and_is_harmless_to_repeat() {
    let program = Program::new();
    for _ in 0..2 {
        let output = program.run(&["migrate"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    assert!(program.0.path().join("data").is_dir());
}
