//! A method for every type, and for whatever a handler can do to its connection.

use super::echo_types::*;
use crate::driver::drive;
use hardlight::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

#[connection_state]
pub struct State {
    pub counter: u32,
    pub name: String,
    pub items: Vec<u32>,
    pub pet: Option<Shape>,
    pub flags: (bool, u8),
    pub tags: HashMap<String, u32>,
    pub ratio: f64,
    pub big: u64,
}

#[rpc]
pub trait Echo {
    async fn nothing(&self) -> HandlerResult<()>;
    async fn echo_bool(&self, v: bool) -> HandlerResult<bool>;
    async fn echo_u8(&self, v: u8) -> HandlerResult<u8>;
    async fn echo_i8(&self, v: i8) -> HandlerResult<i8>;
    async fn echo_u16(&self, v: u16) -> HandlerResult<u16>;
    async fn echo_i16(&self, v: i16) -> HandlerResult<i16>;
    async fn echo_u32(&self, v: u32) -> HandlerResult<u32>;
    async fn echo_i32(&self, v: i32) -> HandlerResult<i32>;
    async fn echo_u64(&self, v: u64) -> HandlerResult<u64>;
    async fn echo_i64(&self, v: i64) -> HandlerResult<i64>;
    async fn echo_u128(&self, v: u128) -> HandlerResult<u128>;
    async fn echo_i128(&self, v: i128) -> HandlerResult<i128>;
    async fn echo_usize(&self, v: usize) -> HandlerResult<usize>;
    async fn echo_f32(&self, v: f32) -> HandlerResult<f32>;
    async fn echo_f64(&self, v: f64) -> HandlerResult<f64>;
    async fn echo_char(&self, v: char) -> HandlerResult<char>;
    async fn echo_string(&self, v: String) -> HandlerResult<String>;
    async fn echo_bytes(&self, v: Vec<u8>) -> HandlerResult<Vec<u8>>;
    async fn echo_vec_u32(&self, v: Vec<u32>) -> HandlerResult<Vec<u32>>;
    async fn echo_vec_string(&self, v: Vec<String>) -> HandlerResult<Vec<String>>;
    async fn echo_vec_u64(&self, v: Vec<u64>) -> HandlerResult<Vec<u64>>;
    async fn echo_opt_string(&self, v: Option<String>) -> HandlerResult<Option<String>>;
    async fn echo_opt_u32(&self, v: Option<u32>) -> HandlerResult<Option<u32>>;
    async fn echo_tuple(&self, v: (u8, u32)) -> HandlerResult<(u8, u32)>;
    async fn echo_tuple3(&self, v: (String, u64, bool)) -> HandlerResult<(String, u64, bool)>;
    async fn echo_array(&self, v: [u16; 4]) -> HandlerResult<[u16; 4]>;
    async fn echo_inner(&self, v: Inner) -> HandlerResult<Inner>;
    async fn echo_outer(&self, v: Outer) -> HandlerResult<Outer>;
    async fn echo_shape(&self, v: Shape) -> HandlerResult<Shape>;
    async fn echo_shapes(&self, v: Vec<Shape>) -> HandlerResult<Vec<Shape>>;
    async fn echo_cstyle(&self, v: CStyle) -> HandlerResult<CStyle>;
    async fn echo_newtype(&self, v: Newtype) -> HandlerResult<Newtype>;
    async fn echo_unit_struct(&self, v: UnitStruct) -> HandlerResult<UnitStruct>;
    async fn echo_mixed(&self, v: Mixed) -> HandlerResult<Mixed>;
    async fn echo_map(&self, v: HashMap<String, u32>) -> HandlerResult<HashMap<String, u32>>;
    async fn echo_map_u32(&self, v: HashMap<u32, String>) -> HandlerResult<HashMap<u32, String>>;
    async fn echo_set(&self, v: HashSet<u32>) -> HandlerResult<HashSet<u32>>;
    async fn echo_btree(&self, v: BTreeMap<String, u32>) -> HandlerResult<BTreeMap<String, u32>>;
    async fn echo_box(&self, v: Box<Inner>) -> HandlerResult<Box<Inner>>;
    async fn echo_result(&self, v: Result<u32, String>) -> HandlerResult<Result<u32, String>>;
    async fn echo_many(
        &self,
        a: u8,
        b: u64,
        c: String,
        d: Option<u32>,
        e: Vec<u8>,
    ) -> HandlerResult<(u8, u64, String, Option<u32>, Vec<u8>)>;
    async fn sleep_ms(&self, ms: u32, tag: u32) -> HandlerResult<u32>;
    async fn fail(&self, code: u8) -> HandlerResult<u32>;
    async fn panic_now(&self, message: String) -> HandlerResult<u32>;
    async fn panic_dirty(&self, n: u32) -> HandlerResult<u32>;
    async fn set_counter(&self, n: u32) -> HandlerResult<u32>;
    async fn set_name(&self, name: String) -> HandlerResult<()>;
    async fn set_many(&self, n: u32, name: String, items: Vec<u32>) -> HandlerResult<()>;
    async fn push_item(&self, n: u32) -> HandlerResult<u32>;
    async fn set_rest(
        &self,
        pet: Option<Shape>,
        flags: (bool, u8),
        tags: HashMap<String, u32>,
        ratio: f64,
        big: u64,
    ) -> HandlerResult<()>;
    async fn touch(&self) -> HandlerResult<()>;
    async fn flip_flop(&self) -> HandlerResult<()>;
    async fn two_writes(&self, n: u32) -> HandlerResult<u32>;
    async fn get_counter(&self) -> HandlerResult<u32>;
    async fn subscribe_to(&self, topic: String) -> HandlerResult<()>;
    async fn unsubscribe_from(&self, topic: String) -> HandlerResult<()>;
    async fn subscribe_bytes(&self, topic: Vec<u8>) -> HandlerResult<()>;
    async fn emit(&self, topic: String, n: u32) -> HandlerResult<()>;
    async fn emit_bytes(&self, topic: Vec<u8>, payload: Vec<u8>) -> HandlerResult<()>;
    async fn burst(&self, topic: String, count: u32) -> HandlerResult<()>;
    async fn change_and_emit(&self, topic: String, n: u32) -> HandlerResult<u32>;
    async fn change_then_emit(&self, topic: String, n: u32) -> HandlerResult<u32>;
    async fn subscribe_and_emit(&self, topic: String, n: u32) -> HandlerResult<()>;
    async fn topic_log(&self) -> HandlerResult<Vec<String>>;
}

drive!(EchoClient, state { counter, name, items, pet, flags, tags, ratio, big }, event Tick,
    nothing(), echo_bool(v), echo_u8(v), echo_i8(v), echo_u16(v), echo_i16(v), echo_u32(v), echo_i32(v),
    echo_u64(v), echo_i64(v), echo_u128(v), echo_i128(v), echo_usize(v), echo_f32(v), echo_f64(v), echo_char(v),
    echo_string(v), echo_bytes(v), echo_vec_u32(v), echo_vec_string(v), echo_vec_u64(v), echo_opt_string(v),
    echo_opt_u32(v), echo_tuple(v), echo_tuple3(v), echo_array(v), echo_inner(v), echo_outer(v), echo_shape(v),
    echo_shapes(v), echo_cstyle(v), echo_newtype(v), echo_unit_struct(v), echo_mixed(v), echo_map(v),
    echo_map_u32(v), echo_set(v), echo_btree(v), echo_box(v), echo_result(v), echo_many(a, b, c, d, e),
    sleep_ms(ms, tag), fail(code), panic_now(message), panic_dirty(n), set_counter(n), set_name(name),
    set_many(n, name, items), push_item(n), set_rest(pet, flags, tags, ratio, big), touch(), flip_flop(),
    two_writes(n), get_counter(), subscribe_to(topic), unsubscribe_from(topic), subscribe_bytes(topic),
    emit(topic, n), emit_bytes(topic, payload), burst(topic, count), change_and_emit(topic, n),
    change_then_emit(topic, n), subscribe_and_emit(topic, n), topic_log(),
);

/// Every code by its number; the type can't be cloned.
const ERRORS: [fn() -> RpcHandlerError; 11] = [
    || RpcHandlerError::ClientNotConnected,
    || RpcHandlerError::TooManyCallsInFlight,
    || RpcHandlerError::ClientEncodeError,
    || RpcHandlerError::ClientDecodeError,
    || RpcHandlerError::ServerEncodeError,
    || RpcHandlerError::ServerDecodeError,
    || RpcHandlerError::ClientCompressError,
    || RpcHandlerError::ClientDecompressError,
    || RpcHandlerError::ServerCompressError,
    || RpcHandlerError::ServerDecompressError,
    || RpcHandlerError::HandlerPanicked,
];

/// The error of a number.
pub fn error(code: u8) -> RpcHandlerError {
    ERRORS.get(usize::from(code)).map_or(RpcHandlerError::HandlerPanicked, |error| error())
}

/// What the topic notifier reported, `+name` and `-name`, in order.
static TOPICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Fills the topic log.
pub async fn log(mut topics: UnboundedReceiver<TopicNotification>) {
    while let Some(notification) = topics.recv().await {
        TOPICS.lock().expect("never poisoned").push(match notification {
            TopicNotification::Created(topic) => format!("+{topic:?}"),
            TopicNotification::Removed(topic) => format!("-{topic:?}"),
        });
    }
}

#[rustfmt::skip] // A line for each type.
#[rpc_handler]
impl Echo for Handler {
    async fn nothing(&self) -> HandlerResult<()> {
        Ok(())
    }
    async fn echo_bool(&self, v: bool) -> HandlerResult<bool> { Ok(v) }
    async fn echo_u8(&self, v: u8) -> HandlerResult<u8> { Ok(v) }
    async fn echo_i8(&self, v: i8) -> HandlerResult<i8> { Ok(v) }
    async fn echo_u16(&self, v: u16) -> HandlerResult<u16> { Ok(v) }
    async fn echo_i16(&self, v: i16) -> HandlerResult<i16> { Ok(v) }
    async fn echo_u32(&self, v: u32) -> HandlerResult<u32> { Ok(v) }
    async fn echo_i32(&self, v: i32) -> HandlerResult<i32> { Ok(v) }
    async fn echo_u64(&self, v: u64) -> HandlerResult<u64> { Ok(v) }
    async fn echo_i64(&self, v: i64) -> HandlerResult<i64> { Ok(v) }
    async fn echo_u128(&self, v: u128) -> HandlerResult<u128> { Ok(v) }
    async fn echo_i128(&self, v: i128) -> HandlerResult<i128> { Ok(v) }
    async fn echo_usize(&self, v: usize) -> HandlerResult<usize> { Ok(v) }
    async fn echo_f32(&self, v: f32) -> HandlerResult<f32> { Ok(v) }
    async fn echo_f64(&self, v: f64) -> HandlerResult<f64> { Ok(v) }
    async fn echo_char(&self, v: char) -> HandlerResult<char> { Ok(v) }
    async fn echo_string(&self, v: String) -> HandlerResult<String> { Ok(v) }
    async fn echo_bytes(&self, v: Vec<u8>) -> HandlerResult<Vec<u8>> { Ok(v) }
    async fn echo_vec_u32(&self, v: Vec<u32>) -> HandlerResult<Vec<u32>> { Ok(v) }
    async fn echo_vec_string(&self, v: Vec<String>) -> HandlerResult<Vec<String>> { Ok(v) }
    async fn echo_vec_u64(&self, v: Vec<u64>) -> HandlerResult<Vec<u64>> { Ok(v) }
    async fn echo_opt_string(&self, v: Option<String>) -> HandlerResult<Option<String>> { Ok(v) }
    async fn echo_opt_u32(&self, v: Option<u32>) -> HandlerResult<Option<u32>> { Ok(v) }
    async fn echo_tuple(&self, v: (u8, u32)) -> HandlerResult<(u8, u32)> { Ok(v) }
    async fn echo_tuple3(&self, v: (String, u64, bool)) -> HandlerResult<(String, u64, bool)> { Ok(v) }
    async fn echo_array(&self, v: [u16; 4]) -> HandlerResult<[u16; 4]> { Ok(v) }
    async fn echo_inner(&self, v: Inner) -> HandlerResult<Inner> { Ok(v) }
    async fn echo_outer(&self, v: Outer) -> HandlerResult<Outer> { Ok(v) }
    async fn echo_shape(&self, v: Shape) -> HandlerResult<Shape> { Ok(v) }
    async fn echo_shapes(&self, v: Vec<Shape>) -> HandlerResult<Vec<Shape>> { Ok(v) }
    async fn echo_cstyle(&self, v: CStyle) -> HandlerResult<CStyle> { Ok(v) }
    async fn echo_newtype(&self, v: Newtype) -> HandlerResult<Newtype> { Ok(v) }
    async fn echo_unit_struct(&self, v: UnitStruct) -> HandlerResult<UnitStruct> { Ok(v) }
    async fn echo_mixed(&self, v: Mixed) -> HandlerResult<Mixed> { Ok(v) }
    async fn echo_map(&self, v: HashMap<String, u32>) -> HandlerResult<HashMap<String, u32>> { Ok(v) }
    async fn echo_map_u32(&self, v: HashMap<u32, String>) -> HandlerResult<HashMap<u32, String>> { Ok(v) }
    async fn echo_set(&self, v: HashSet<u32>) -> HandlerResult<HashSet<u32>> { Ok(v) }
    async fn echo_btree(&self, v: BTreeMap<String, u32>) -> HandlerResult<BTreeMap<String, u32>> { Ok(v) }
    async fn echo_box(&self, v: Box<Inner>) -> HandlerResult<Box<Inner>> { Ok(v) }
    async fn echo_result(&self, v: Result<u32, String>) -> HandlerResult<Result<u32, String>> { Ok(v) }
    async fn echo_many(&self, a: u8, b: u64, c: String, d: Option<u32>, e: Vec<u8>) -> HandlerResult<(u8, u64, String, Option<u32>, Vec<u8>)> {
        Ok((a, b, c, d, e))
    }
    async fn sleep_ms(&self, ms: u32, tag: u32) -> HandlerResult<u32> {
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
        Ok(tag)
    }
    async fn fail(&self, code: u8) -> HandlerResult<u32> {
        Err(error(code))
    }
    async fn panic_now(&self, message: String) -> HandlerResult<u32> {
        panic!("{message}")
    }
    async fn panic_dirty(&self, n: u32) -> HandlerResult<u32> {
        let mut state = self.state.write().await;
        state.counter = n;
        panic!("with the guard held")
    }
    async fn set_counter(&self, n: u32) -> HandlerResult<u32> {
        let mut state = self.state.write().await;
        Ok(std::mem::replace(&mut state.counter, n))
    }
    async fn set_name(&self, name: String) -> HandlerResult<()> {
        self.state.write().await.name = name;
        Ok(())
    }
    async fn set_many(&self, n: u32, name: String, items: Vec<u32>) -> HandlerResult<()> {
        let mut state = self.state.write().await;
        (state.counter, state.name, state.items) = (n, name, items);
        Ok(())
    }
    async fn push_item(&self, n: u32) -> HandlerResult<u32> {
        let mut state = self.state.write().await;
        state.items.push(n);
        Ok(state.items.len() as u32)
    }
    async fn set_rest(&self, pet: Option<Shape>, flags: (bool, u8), tags: HashMap<String, u32>, ratio: f64, big: u64) -> HandlerResult<()> {
        let mut state = self.state.write().await;
        (state.pet, state.flags, state.tags, state.ratio, state.big) = (pet, flags, tags, ratio, big);
        Ok(())
    }
    async fn touch(&self) -> HandlerResult<()> {
        let _guard = self.state.write().await;
        Ok(())
    }
    async fn flip_flop(&self) -> HandlerResult<()> {
        let mut state = self.state.write().await;
        state.counter = state.counter.wrapping_add(1);
        state.counter = state.counter.wrapping_sub(1);
        Ok(())
    }
    async fn two_writes(&self, n: u32) -> HandlerResult<u32> {
        self.state.write().await.counter = n;
        self.state.write().await.counter = n.wrapping_add(1);
        Ok(n)
    }
    async fn get_counter(&self) -> HandlerResult<u32> {
        Ok(self.state.read().await.counter)
    }
    async fn subscribe_to(&self, topic: String) -> HandlerResult<()> {
        self.subscriptions.add(&topic.into());
        Ok(())
    }
    async fn unsubscribe_from(&self, topic: String) -> HandlerResult<()> {
        self.subscriptions.remove(&topic.into());
        Ok(())
    }
    async fn subscribe_bytes(&self, topic: Vec<u8>) -> HandlerResult<()> {
        self.subscriptions.add(&topic.into());
        Ok(())
    }
    async fn emit(&self, topic: String, n: u32) -> HandlerResult<()> {
        self.events.emit(&topic.into(), Tick::Tick { n }).await;
        Ok(())
    }
    async fn emit_bytes(&self, topic: Vec<u8>, payload: Vec<u8>) -> HandlerResult<()> {
        self.events.emit(&topic.into(), payload).await;
        Ok(())
    }
    async fn burst(&self, topic: String, count: u32) -> HandlerResult<()> {
        let topic = topic.into();
        for n in 0..count {
            self.events.emit(&topic, Tick::Tick { n }).await;
        }
        Ok(())
    }
    async fn change_and_emit(&self, topic: String, n: u32) -> HandlerResult<u32> {
        let mut state = self.state.write().await;
        state.counter = n;
        self.events.emit(&topic.into(), Tick::Tick { n }).await;
        Ok(n)
    }
    async fn change_then_emit(&self, topic: String, n: u32) -> HandlerResult<u32> {
        self.state.write().await.counter = n;
        self.events.emit(&topic.into(), Tick::Tick { n }).await;
        Ok(n)
    }
    async fn subscribe_and_emit(&self, topic: String, n: u32) -> HandlerResult<()> {
        let topic = topic.into();
        self.subscriptions.add(&topic);
        self.events.emit(&topic, Tick::Tick { n }).await;
        Ok(())
    }
    async fn topic_log(&self) -> HandlerResult<Vec<String>> {
        Ok(TOPICS.lock().expect("never poisoned").clone())
    }
}
