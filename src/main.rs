//! The `inkstream` program; see [`inkstream::server::cli`].

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    inkstream::server::cli::main()
}
