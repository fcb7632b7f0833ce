//! `peer server|client|bench …`: see ../README.md.

mod bench;
mod client;
mod driver;
mod json;
mod json_std;
mod server;
mod services;

use services::{counter, custom, echo, pet, todo};
use std::collections::HashMap;

const USAGE: &str =
    "peer server --service counter|pet|todo|custom|echo [--port N] [--host NAME] [--cert FILE --key FILE]
peer client --service … --port N [--host NAME] [--level 0..9] [--ca FILE]
peer bench --port N [--host NAME] [--level 0..9] [--ca FILE] [--calls N]";

/// The options of one run, by name, with their defaults.
pub struct Options(HashMap<String, String>);

impl Options {
    fn parse(args: impl Iterator<Item = String>) -> Option<Self> {
        let args: Vec<String> = args.collect();
        let pairs = args.chunks(2).map(|pair| match pair {
            [name, value] => Some((name.strip_prefix("--")?.to_string(), value.clone())),
            _ => None,
        });
        pairs.collect::<Option<_>>().map(Options)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn number(&self, name: &str, otherwise: u32) -> u32 {
        self.get(name)
            .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| fail(&format!("--{name} must be a number"))))
    }

    /// `host:port` as the reference wants it.
    fn address(&self, port: u32) -> String {
        format!("{}:{port}", self.get("host").unwrap_or("localhost"))
    }
}

/// Ends the process with a plain reason on stderr.
pub fn fail(reason: &str) -> ! {
    eprintln!("{reason}");
    std::process::exit(1)
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(mode), Some(options)) = (args.next(), Options::parse(args)) else { fail(USAGE) };
    if let Some(file) = options.get("ca") {
        // The reference trusts the system's roots; this is where it looks for them.
        std::env::set_var("SSL_CERT_FILE", file);
    }
    let service = options.get("service").unwrap_or("counter");
    match (mode.as_str(), service) {
        ("server", _) => server::run(service, &options).await,
        ("bench", _) => bench::run(&options).await,
        ("client", "counter") => client::run::<counter::CounterClient>(&options).await,
        ("client", "pet") => client::run::<pet::PetServiceClient>(&options).await,
        ("client", "todo") => client::run::<todo::TodoClient>(&options).await,
        ("client", "custom") => client::run::<custom::CounterClient>(&options).await,
        ("client", "echo") => client::run::<echo::EchoClient>(&options).await,
        _ => fail(USAGE),
    }
}
