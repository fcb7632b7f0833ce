//! How a service's client is driven by name.

use crate::json::Bad;
use hardlight::{Compression, Event, RpcHandlerError};
use serde_json::{json, Value};
use tokio::sync::broadcast;

/// What came of a call.
pub enum Outcome {
    Ok(Value),
    Err(RpcHandlerError),
    /// The command made no sense to this peer: no such method, or an argument of another type.
    Bad(Bad),
}

impl Outcome {
    pub fn to_json(&self) -> Value {
        match self {
            Outcome::Ok(value) => json!({ "ok": value }),
            Outcome::Err(error) => json!({ "err": format!("{error:?}") }),
            Outcome::Bad(reason) => json!({ "failed": reason }),
        }
    }
}

/// A client of one service, whichever.
#[async_trait::async_trait]
pub trait Driver: Send + Sync + Sized + 'static {
    async fn dial(host: &str, level: u32, self_signed: bool) -> Result<Self, String>;
    async fn call(&self, method: &str, args: &Value) -> Outcome;
    async fn state(&self) -> Value;
    async fn events(&self) -> broadcast::Receiver<Event>;
    /// An event's payload in JSON, or null if it is none of the service's events.
    fn event(payload: &[u8]) -> Value;
}

pub fn compression(level: u32) -> Compression {
    Compression::new(level)
}

/// Implements [`Driver`] for the client a service's macros made.
macro_rules! drive {
    ($client:ident, state { $($field:ident),* }, event $event:ty, $($method:ident($($arg:ident),*)),* $(,)?) => {
        #[async_trait::async_trait]
        impl $crate::driver::Driver for $client {
            async fn dial(host: &str, level: u32, self_signed: bool) -> Result<Self, String> {
                let compression = $crate::driver::compression(level);
                let mut client = if self_signed {
                    $client::new_self_signed(host, compression)
                } else {
                    $client::new(host, compression)
                };
                client.connect().await.map_err(|error| format!("{error:?}"))?;
                Ok(client)
            }

            async fn call(&self, method: &str, args: &serde_json::Value) -> $crate::driver::Outcome {
                use $crate::driver::Outcome;
                match method {
                    $(stringify!($method) => {
                        $(let $arg = match $crate::json::field(args, stringify!($arg)) {
                            Ok(value) => value,
                            Err(reason) => return Outcome::Bad(reason),
                        };)*
                        match self.$method($($arg),*).await {
                            Ok(output) => Outcome::Ok($crate::json::Json::to_json(&output)),
                            Err(error) => Outcome::Err(error),
                        }
                    })*
                    _ => { let _ = args; Outcome::Bad(format!("no method {method}")) }
                }
            }

            async fn state(&self) -> serde_json::Value {
                let state = hardlight::ApplicationClient::state(self).await.expect("connected");
                $crate::json::object([$((stringify!($field), $crate::json::Json::to_json(&state.$field))),*])
            }

            async fn events(&self) -> hardlight::tokio::sync::broadcast::Receiver<hardlight::Event> {
                self.subscribe().await.expect("connected")
            }

            fn event(payload: &[u8]) -> serde_json::Value {
                hardlight::rkyv::from_bytes::<$event>(payload)
                    .map_or(serde_json::Value::Null, |event| $crate::json::Json::to_json(&event))
            }
        }
    };
}
pub(crate) use drive;
