//! hardlight 2.0.0's own messages, defined again from what they look like on the wire.

use crate::define;
use crate::vectors::Vectors;
use rkyv::{Archive, Deserialize, Serialize};

define! {
    #![derive(Archive, Serialize, Deserialize)]
    enum ClientMessage { RPCRequest { id: u8, internal: Vec<u8> } }
    enum ServerMessage {
        RPCResponse { id: u8, output: Result<Vec<u8>, RpcHandlerError> },
        NewEvent { topic: Topic, payload: Vec<u8> },
        StateChange(a: Vec<StateUpdate>),
    }
    struct StateUpdate { index: usize, data: Vec<u8> }
    struct Topic { inner: Vec<u8>, is_string: bool }
    enum RpcHandlerError {
        ClientNotConnected, TooManyCallsInFlight, ClientEncodeError, ClientDecodeError, ServerEncodeError,
        ServerDecodeError, ClientCompressError, ClientDecompressError, ServerCompressError, ServerDecompressError,
        HandlerPanicked,
    }
}

/// Every code in the order of the wire.
pub fn errors() -> [RpcHandlerError; 11] {
    use RpcHandlerError::*;
    [
        ClientNotConnected,
        TooManyCallsInFlight,
        ClientEncodeError,
        ClientDecodeError,
        ServerEncodeError,
        ServerDecodeError,
        ClientCompressError,
        ClientDecompressError,
        ServerCompressError,
        ServerDecompressError,
        HandlerPanicked,
    ]
}

/// Bytes to carry: 0 to 64 of them, and enough that no length fits one byte.
pub fn payloads() -> impl Iterator<Item = Vec<u8>> {
    [0usize, 1, 2, 3, 4, 7, 8, 12, 64, 300].into_iter().map(|length| (0..length).map(|i| (i * 7) as u8).collect())
}

fn topic(text: &str) -> Topic {
    Topic { inner: text.into(), is_string: true }
}

fn bytes_topic(inner: &[u8]) -> Topic {
    Topic { inner: inner.into(), is_string: false }
}

fn update(index: usize, data: &[u8]) -> StateUpdate {
    StateUpdate { index, data: data.into() }
}

pub fn add(vectors: &mut Vectors) {
    vectors.add("protocol/error", errors());
    vectors.add(
        "protocol/topic",
        [topic(""), topic("counter"), topic("a longer topic"), bytes_topic(&[]), bytes_topic(&[0, 255])],
    );
    vectors.add("protocol/update", [update(0, &[]), update(3, &[1, 2, 3]), update(4_294_967_295, &[9])]);
    vectors.add(
        "protocol/request",
        (0u8..).step_by(17).zip(payloads()).map(|(id, internal)| ClientMessage::RPCRequest { id, internal }),
    );
    vectors.add("protocol/request/last_id", [ClientMessage::RPCRequest { id: 255, internal: vec![1] }]);
    vectors.add(
        "protocol/response",
        (0u8..).zip(payloads()).map(|(id, bytes)| ServerMessage::RPCResponse { id, output: Ok(bytes) }),
    );
    vectors.add(
        "protocol/response/error",
        (245u8..=255).zip(errors()).map(|(id, error)| ServerMessage::RPCResponse { id, output: Err(error) }),
    );
    vectors.add("protocol/event", payloads().map(|payload| ServerMessage::NewEvent { topic: topic("news"), payload }));
    vectors.add(
        "protocol/event/topics",
        [topic(""), bytes_topic(&[]), bytes_topic(&[1, 2, 3]), topic("Zürich/ö")]
            .map(|topic| ServerMessage::NewEvent { topic, payload: vec![1, 2, 3, 4, 5] }),
    );
    vectors.add(
        "protocol/state",
        [
            ServerMessage::StateChange(vec![]),
            ServerMessage::StateChange(vec![update(0, &[1, 0, 0, 0])]),
            ServerMessage::StateChange(vec![update(0, &[1, 2, 3]), update(2, &[]), update(300, &[4, 5, 6, 7, 8])]),
            ServerMessage::StateChange((0..20).map(|i| update(i, &vec![i as u8; i])).collect()),
        ],
    );
}
