//! `Duration`, ranges and addresses.

use crate::define;
use crate::vectors::Vectors;
use rkyv::{Archive, Deserialize, Serialize};
use std::net::*;
use std::time::Duration;

define! {
    #![derive(Archive, Serialize, Deserialize)]
    struct Peer { a: u8, s: SocketAddr, i: IpAddr, n: Ipv4Addr }
}

const V4: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

pub fn add(vectors: &mut Vectors) {
    let (socket4, socket6) = (SocketAddrV4::new(V4, 8080), SocketAddrV6::new(V6, 443, 1, 2));
    vectors.add(
        "duration",
        [
            Duration::ZERO,
            Duration::new(1, 1),
            Duration::from_millis(1_500),
            Duration::new(0, 999_999_999),
            Duration::MAX,
        ],
    );
    vectors.add("range/u32", [1u32..5, 0..0]);
    vectors.add("range/u8", [1u8..255]);
    vectors.add("range/i64", [-1i64..1]);
    vectors.add("range/string", [String::from("aaaaaaaaaa")..String::from("b")]);
    vectors.add("range_inclusive/u32", [1u32..=5, 0..=0]);
    vectors.add("range_inclusive/string", [String::from("a")..=String::from("bbbbbbbbbb")]);
    vectors.add("range_from/u16", [7u16..]);
    vectors.add("range_to/u64", [..7u64]);
    vectors.add("range_to_inclusive/char", [..='z']);
    vectors.add("range_full", [..]);
    vectors.add("ipv4", [V4, Ipv4Addr::BROADCAST]);
    vectors.add("ipv6", [V6, Ipv6Addr::LOCALHOST]);
    vectors.add("ip", [IpAddr::V4(V4), IpAddr::V6(V6)]);
    vectors.add("socket_v4", [socket4]);
    vectors.add("socket_v6", [socket6]);
    vectors.add("socket", [SocketAddr::V4(socket4), SocketAddr::V6(socket6)]);
    vectors.add("socket/struct", [Peer { a: 1, s: SocketAddr::V4(socket4), i: IpAddr::V6(V6), n: V4 }]);
    vectors.add("socket/vec", [vec![SocketAddr::V6(socket6), SocketAddr::V4(socket4)]]);
}
