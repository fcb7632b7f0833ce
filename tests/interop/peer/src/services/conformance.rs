//! The service of the conformance kit, of which the kit asks here what needs no tasks.

use hardlight::*;

#[codable]
#[derive(Debug, Clone)]
pub enum ConformanceEvent {
    Note {
        text: String,
    },
    #[allow(dead_code)]
    Stop,
}

#[rpc]
pub trait Conformance {
    async fn exchange(&self, text: String) -> HandlerResult<String>;
    async fn double(&self, value: u32) -> HandlerResult<u32>;
    async fn fail(&self, code: u8) -> HandlerResult<()>;
    async fn change(&self, count: u32, text: String) -> HandlerResult<()>;
    async fn emit(&self, is_text: bool, topic: Vec<u8>, text: String) -> HandlerResult<()>;
}

#[connection_state]
pub struct State {
    pub count: u32,
    pub text: String,
}

#[rpc_handler]
impl Conformance for Handler {
    async fn exchange(&self, text: String) -> HandlerResult<String> {
        Ok(text)
    }

    async fn double(&self, value: u32) -> HandlerResult<u32> {
        Ok(value.wrapping_mul(2))
    }

    async fn fail(&self, code: u8) -> HandlerResult<()> {
        Err(crate::services::echo::error(code))
    }

    async fn change(&self, count: u32, text: String) -> HandlerResult<()> {
        let mut state = self.state.write().await;
        state.count = count;
        state.text = text;
        Ok(())
    }

    async fn emit(&self, is_text: bool, topic: Vec<u8>, text: String) -> HandlerResult<()> {
        let topic: Topic = if is_text {
            String::from_utf8(topic).map_err(|_| RpcHandlerError::ServerDecodeError)?.into()
        } else {
            topic.into()
        };
        self.subscriptions.add(&topic);
        self.events.emit(&topic, ConformanceEvent::Note { text }).await;
        Ok(())
    }
}
