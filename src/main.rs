//! The `inkstream` program; see [`inkstream::server::cli`].

fn main() -> std::process::ExitCode {
    inkstream::server::cli::main()
}
