//! The counter of the reference's README.

use crate::driver::drive;
use crate::json::json_enum;
use hardlight::*;

#[codable]
#[derive(Debug, Clone)]
pub enum CounterEvent {
    Incremented { to: u32, from: u32 },
    Decremented { to: u32, from: u32 },
    ServerSentTest,
}
json_enum!(CounterEvent { Incremented { to, from }, Decremented { to, from }, ServerSentTest });

#[rpc]
pub trait Counter {
    async fn new_counter(&self) -> HandlerResult<()>;
    async fn increment(&self, amount: u32) -> HandlerResult<()>;
    async fn decrement(&self, amount: u32) -> HandlerResult<()>;
    async fn get(&self) -> HandlerResult<u32>;
}

#[connection_state]
pub struct State {
    pub counter: u32,
    pub topic: Topic,
}

drive!(CounterClient, state { counter, topic }, event CounterEvent,
    new_counter(), increment(amount), decrement(amount), get());

impl Handler {
    /// Changes the counter and tells its topic, all under one write guard.
    async fn change(&self, to: impl Fn(u32) -> u32, event: impl Fn(u32, u32) -> CounterEvent) {
        let mut state = self.state.write().await;
        let from = state.counter;
        state.counter = to(from);
        self.events.emit(&state.topic, event(state.counter, from)).await;
    }
}

#[rpc_handler]
impl Counter for Handler {
    async fn new_counter(&self) -> HandlerResult<()> {
        let mut state = self.state.write().await;
        self.subscriptions.remove(&state.topic);
        state.topic = vec![rand::random::<u8>()].into();
        state.counter = 0;
        self.subscriptions.add(&state.topic);
        Ok(())
    }

    async fn increment(&self, amount: u32) -> HandlerResult<()> {
        self.change(|from| from.wrapping_add(amount), |to, from| CounterEvent::Incremented { to, from }).await;
        Ok(())
    }

    async fn decrement(&self, amount: u32) -> HandlerResult<()> {
        self.change(|from| from.wrapping_sub(amount), |to, from| CounterEvent::Decremented { to, from }).await;
        Ok(())
    }

    async fn get(&self) -> HandlerResult<u32> {
        Ok(self.state.read().await.counter)
    }
}

/// Greets every new topic, as the README's application does.
pub async fn greet(topics: tokio::sync::mpsc::UnboundedReceiver<TopicNotification>, events: EventEmitter) {
    let mut topics = topics;
    while let Some(notification) = topics.recv().await {
        if let TopicNotification::Created(topic) = notification {
            events.emit(&topic, CounterEvent::ServerSentTest).await;
        }
    }
}
