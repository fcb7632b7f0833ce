//! A handler written by hand, as in the reference's `tests/custom-handler.rs`: `handle()` archives
//! the whole `HandlerResult`, not only its value.

use crate::driver::drive;
use hardlight::*;
use std::sync::Arc;

#[rpc(no_server_handler)]
pub trait Counter {
    async fn increment(&self, amount: u32) -> HandlerResult<u32>;
    async fn decrement(&self, amount: u32) -> HandlerResult<u32>;
    async fn get(&self) -> HandlerResult<u32>;
    async fn test_overhead(&self) -> HandlerResult<()>;
}

#[connection_state]
pub struct State {
    pub counter: u32,
}

drive!(CounterClient, state { counter }, event(), increment(amount), decrement(amount), get(), test_overhead());

pub struct Handler {
    state: Arc<StateController>,
}

impl Handler {
    async fn change(&self, to: impl Fn(u32) -> u32) -> HandlerResult<u32> {
        let mut state = self.state.write().await;
        state.counter = to(state.counter);
        Ok(state.counter)
    }
}

#[rpc_handler]
impl ServerHandler for Handler {
    fn new(updates: StateUpdateChannel, _: HandlerSubscriptionManager, _: EventEmitter) -> Self {
        Self { state: Arc::new(StateController::new(updates)) }
    }

    async fn handle_rpc_call(&self, input: &[u8]) -> HandlerResult<Vec<u8>> {
        match deserialize(input)? {
            RpcCall::Increment { amount } => handle(self.change(|from| from.wrapping_add(amount))).await,
            RpcCall::Decrement { amount } => handle(self.change(|from| from.wrapping_sub(amount))).await,
            RpcCall::Get {} => handle(async { HandlerResult::Ok(self.state.read().await.counter) }).await,
            RpcCall::TestOverhead {} => Ok(vec![]),
        }
    }
}
