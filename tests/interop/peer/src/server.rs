//! Serves one service until stdin ends.

use crate::services::{conformance, counter, custom, echo, pet, todo};
use crate::{fail, Options};
use hardlight::{factory, Server, ServerConfig, ServerHandler};
use rustls_pemfile::Item;
use std::io::BufReader;
use std::net::TcpListener;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::rustls::{Certificate, PrivateKey, ServerConfig as TlsConfig};

pub async fn run(service: &str, options: &Options) {
    let port = match options.number("port", 0) {
        0 => free_port(options),
        port => port,
    };
    let address = options.address(port);
    let config = match (options.get("cert"), options.get("key")) {
        (Some(cert), Some(key)) => ServerConfig::new(&address, tls(cert, key)),
        _ => ServerConfig::new_self_signed(&address),
    };
    match service {
        "counter" => {
            let mut server = Server::new(config, factory!(counter::Handler));
            let topics = server.get_topic_notifier().expect("taken once");
            tokio::spawn(counter::greet(topics, server.get_event_emitter()));
            tokio::spawn(server.run());
        }
        "conformance" => drop(tokio::spawn(Server::new(config, factory!(conformance::Handler)).run())),
        "echo" => {
            let mut server = Server::new(config, factory!(echo::Handler));
            tokio::spawn(echo::log(server.get_topic_notifier().expect("taken once")));
            tokio::spawn(server.run());
        }
        "pet" => drop(tokio::spawn(Server::new(config, factory!(pet::Handler)).run())),
        "todo" => drop(tokio::spawn(Server::new(config, factory!(todo::Handler)).run())),
        "custom" => drop(tokio::spawn(Server::new(config, factory!(custom::Handler)).run())),
        other => fail(&format!("no service {other}")),
    }
    await_listening(&address).await;
    println!("listening {port}");
    let mut rest = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut rest).await;
}

/// The reference can't tell which port it got, so port 0 is resolved here.
fn free_port(options: &Options) -> u32 {
    let listener = TcpListener::bind(options.address(0)).unwrap_or_else(|error| fail(&error.to_string()));
    listener.local_addr().map_or_else(|error| fail(&error.to_string()), |address| address.port().into())
}

/// Nor does it say when it listens: try until it does, or give up after five seconds.
async fn await_listening(address: &str) {
    for _ in 0..250 {
        if TcpStream::connect(address).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    fail(&format!("cannot listen on {address}"))
}

fn tls(cert: &str, key: &str) -> TlsConfig {
    let certs = items(cert).into_iter().filter_map(|item| match item {
        Item::X509Certificate(der) => Some(Certificate(der)),
        _ => None,
    });
    let key = items(key).into_iter().find_map(|item| match item {
        Item::PKCS8Key(der) | Item::ECKey(der) | Item::RSAKey(der) => Some(PrivateKey(der)),
        _ => None,
    });
    TlsConfig::builder()
        .with_safe_defaults()
        .with_no_client_auth()
        .with_single_cert(certs.collect(), key.unwrap_or_else(|| fail("no private key in --key")))
        .unwrap_or_else(|error| fail(&error.to_string()))
}

fn items(file: &str) -> Vec<Item> {
    let pem = std::fs::read(file).unwrap_or_else(|error| fail(&format!("cannot read {file}: {error}")));
    rustls_pemfile::read_all(&mut BufReader::new(&pem[..])).unwrap_or_else(|error| fail(&error.to_string()))
}
