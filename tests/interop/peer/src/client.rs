//! Reads commands as JSON lines on stdin, answers each with one JSON line on stdout.

use crate::driver::{Driver, Outcome};
use crate::json::{hex, Json};
use crate::{fail, Options};
use futures_util::future::join_all;
use hardlight::Event;
use serde_json::{json, Value};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{timeout, timeout_at, Instant};

/// A call or an event that takes longer is given up, unless the command says otherwise.
const DEFAULT_TIMEOUT_MS: u64 = 10_000;

pub async fn run<C: Driver>(options: &Options) {
    let address = options.address(options.number("port", 8080));
    let dialled = C::dial(&address, options.number("level", 6), options.get("ca").is_none()).await;
    let mut client = match dialled {
        Ok(client) => Some(Arc::new(client)),
        Err(reason) => fail(&reason),
    };
    let mut events = match &client {
        Some(client) => collect::<C>(client.events().await),
        None => return,
    };
    println!("{}", json!({ "ready": true }));

    let mut seen = VecDeque::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let command: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        let limit = Duration::from_millis(command["timeoutMs"].as_u64().unwrap_or(DEFAULT_TIMEOUT_MS));
        let answer = if let Some(count) = command["events"].as_u64() {
            json!({ "events": take(&mut events, &mut seen, count as usize, limit).await })
        } else if command["disconnect"] == true {
            client = None;
            json!({ "ok": null })
        } else if let Some(client) = &client {
            if command["call"].is_string() {
                call(client.clone(), command.clone(), limit).await
            } else if let Some(calls) = command["burst"].as_array() {
                let calls = calls.iter().map(|command| call(client.clone(), command.clone(), limit));
                json!({ "burst": join_all(calls).await })
            } else if command["state"] == true {
                json!({ "state": client.state().await })
            } else {
                json!({ "failed": format!("no such command: {line}") })
            }
        } else {
            json!({ "failed": "disconnected" })
        };
        println!("{answer}");
    }
}

/// In a task of its own, because the reference panics when its connection is gone.
async fn call<C: Driver>(client: Arc<C>, command: Value, limit: Duration) -> Value {
    let task =
        tokio::spawn(async move { client.call(command["call"].as_str().unwrap_or_default(), &command["args"]).await });
    let abort = task.abort_handle();
    match timeout(limit, task).await {
        Ok(Ok(outcome)) => Outcome::to_json(&outcome),
        Ok(Err(_)) => json!({ "failed": "panicked" }),
        Err(_) => {
            abort.abort();
            json!({ "failed": "timed out" })
        }
    }
}

/// Keeps up with the reference's channel, which holds 32 events and drops the oldest.
fn collect<C: Driver>(mut from: hardlight::tokio::sync::broadcast::Receiver<Event>) -> mpsc::UnboundedReceiver<Value> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let event = match from.recv().await {
                Ok(Event { topic, payload }) => {
                    json!({ "topic": topic.to_json(), "event": C::event(&payload), "payload": hex(&payload) })
                }
                Err(RecvError::Lagged(count)) => json!({ "lagged": count }),
                Err(RecvError::Closed) => return,
            };
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next `count` events, or fewer if they don't come in time.
async fn take(
    from: &mut mpsc::UnboundedReceiver<Value>,
    seen: &mut VecDeque<Value>,
    count: usize,
    limit: Duration,
) -> Vec<Value> {
    let end = Instant::now() + limit;
    while seen.len() < count {
        match timeout_at(end, from.recv()).await {
            Ok(Some(event)) => seen.push_back(event),
            _ => break,
        }
    }
    seen.drain(..count.min(seen.len())).collect()
}
