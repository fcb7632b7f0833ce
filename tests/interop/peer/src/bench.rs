//! Measures a running `custom` server: its calls one after another, 256 at once, and changing state.

use crate::driver::Driver;
use crate::services::custom::{Counter, CounterClient};
use crate::{fail, Options};
use futures_util::future::join_all;
use serde_json::{json, Value};
use std::time::Instant;

const IN_FLIGHT: usize = 256;

pub async fn run(options: &Options) {
    let address = options.address(options.number("port", 8080));
    let level = options.number("level", 6);
    let calls = options.number("calls", 2_000) as usize;
    let client =
        CounterClient::dial(&address, level, options.get("ca").is_none()).await.unwrap_or_else(|reason| fail(&reason));
    // Unmeasured: the first calls pay for what later ones reuse.
    for _ in 0..200 {
        overhead(&client).await;
    }

    let start = Instant::now();
    let mut sequential = Vec::with_capacity(calls);
    for _ in 0..calls {
        sequential.push(overhead(&client).await);
    }
    println!("{}", summary("sequential", level, sequential, start));

    let start = Instant::now();
    let each = calls.div_ceil(IN_FLIGHT);
    let lanes = (0..IN_FLIGHT).map(|_| async {
        let mut lane = Vec::with_capacity(each);
        for _ in 0..each {
            lane.push(overhead(&client).await);
        }
        lane
    });
    println!("{}", summary("in_flight_256", level, join_all(lanes).await.concat(), start));

    // Few: the reference never sets TCP_NODELAY, so such calls often wait 40 ms.
    let start = Instant::now();
    let mut changing = Vec::new();
    for _ in 0..calls / 10 {
        let from = Instant::now();
        client.increment(1).await.unwrap_or_else(|error| fail(&format!("{error:?}")));
        changing.push(micros(from));
    }
    println!("{}", summary("state_changing", level, changing, start));
}

async fn overhead(client: &CounterClient) -> f64 {
    let from = Instant::now();
    client.test_overhead().await.unwrap_or_else(|error| fail(&format!("{error:?}")));
    micros(from)
}

fn micros(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1e6
}

fn summary(case: &str, level: u32, mut times: Vec<f64>, start: Instant) -> Value {
    let seconds = start.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    let percentile = |part: f64| times.get((times.len() as f64 * part) as usize).map_or(0.0, |time| time.round());
    json!({
        "case": case,
        "level": level,
        "calls": times.len(),
        "p50Us": percentile(0.5),
        "p99Us": percentile(0.99),
        "callsPerSecond": (times.len() as f64 / seconds).round(),
    })
}
