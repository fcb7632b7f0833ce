//! The messages of `hl/2` with the variants that the extension `x1` puts behind them. What they carry is
//! an archive of the service's own, as bytes, so that the roots stay as large as they were.

use super::protocol::{errors, payloads, RpcHandlerError, StateUpdate, Topic};
use crate::define;
use crate::vectors::Vectors;
use rkyv::{Archive, Deserialize, Serialize};

define! {
    #![derive(Archive, Serialize, Deserialize)]
    enum ClientMessage {
        RPCRequest { id: u8, internal: Vec<u8> },
        Cancel { id: u8 },
        Item { id: u8, archive: Vec<u8> },
        End { id: u8, failed: bool },
        Grant { id: u8, bytes: u32 },
        Reply { id: u8, archive: Vec<u8> },
        Failed { id: u8, code: RpcHandlerError },
    }
    enum ServerMessage {
        RPCResponse { id: u8, output: Result<Vec<u8>, RpcHandlerError> },
        NewEvent { topic: Topic, payload: Vec<u8> },
        StateChange(a: Vec<StateUpdate>),
        Item { id: u8, archive: Vec<u8> },
        Grant { id: u8, bytes: u32 },
        Call { id: u8, internal: Vec<u8> },
        Cancel { id: u8 },
    }
}

/// Ids at both ends, and one in between.
const IDS: [u8; 3] = [0, 1, 255];
/// What may be granted: the least, half a window, a window, the most.
const GRANTS: [u32; 4] = [0, 131_072, 262_144, 4_294_967_295];

/// An id with each number of bytes to carry.
fn carried() -> impl Iterator<Item = (u8, Vec<u8>)> {
    (0u8..).step_by(17).zip(payloads())
}

pub fn add(vectors: &mut Vectors) {
    use {ClientMessage as Client, ServerMessage as Server};
    vectors.add("x1/client/request", [Client::RPCRequest { id: 7, internal: vec![1, 2, 3] }]);
    vectors.add("x1/client/cancel", IDS.map(|id| Client::Cancel { id }));
    vectors.add("x1/client/item", carried().map(|(id, archive)| Client::Item { id, archive }));
    vectors.add("x1/client/end", IDS.map(|id| Client::End { id, failed: id == 1 }));
    vectors.add("x1/client/grant", GRANTS.map(|bytes| Client::Grant { id: 9, bytes }));
    vectors.add("x1/client/reply", carried().map(|(id, archive)| Client::Reply { id, archive }));
    vectors.add("x1/client/failed", errors().map(|code| Client::Failed { id: 255, code }));
    vectors.add("x1/server/response", [Server::RPCResponse { id: 7, output: Ok(vec![1, 2, 3]) }]);
    vectors.add("x1/server/item", carried().map(|(id, archive)| Server::Item { id, archive }));
    vectors.add("x1/server/grant", GRANTS.map(|bytes| Server::Grant { id: 9, bytes }));
    vectors.add("x1/server/call", carried().map(|(id, internal)| Server::Call { id, internal }));
    vectors.add("x1/server/cancel", IDS.map(|id| Server::Cancel { id }));
}
