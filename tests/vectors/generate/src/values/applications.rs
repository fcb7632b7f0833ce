//! The calls, events and state of the counter, pet and todo examples, as their macros define them.

use crate::vectors::Vectors;
use std::collections::HashMap;

mod counter {
    use rkyv::{Archive, Deserialize, Serialize};
    crate::define! {
        #![derive(Archive, Serialize, Deserialize)]
        #[repr(u8)] enum RpcCall { NewCounter {}, Increment { amount: u32 }, Decrement { amount: u32 }, Get {} }
        enum CounterEvent { Incremented { to: u32, from: u32 }, Decremented { to: u32, from: u32 }, ServerSentTest }
    }
}

mod pet {
    use rkyv::{Archive, Deserialize, Serialize};
    crate::define! {
        #![derive(Archive, Serialize, Deserialize)]
        #[repr(u8)] enum RpcCall {
            BecomeDog { name: String, age: u8, breed: String },
            BecomeCat { name: String, age: u8, breed: String },
            MakeANoise {},
        }
        enum Pet { Dog { name: String, age: u8, breed: String }, Cat { name: String, age: u8, breed: String } }
    }
}

mod todo {
    use rkyv::{Archive, Deserialize, Serialize};
    use std::collections::HashMap;
    crate::define! {
        #![derive(Archive, Serialize, Deserialize)]
        #[repr(u8)] enum RpcCall {
            Create { task: Task },
            MarkAsDone { id: Vec<u32> },
            Get { ids: Vec<u32> },
            GetAll {},
            Delete { ids: Vec<u32> },
            DeleteAll {},
            DeleteDoneTasks {},
        }
        struct Task { text: String, status: TaskStatus }
        enum TaskStatus { Todo, Done }
        struct State { tasks: HashMap<u32, Task>, next_id: u32 }
    }
}

fn task(text: &str, done: bool) -> todo::Task {
    todo::Task { text: text.into(), status: if done { todo::TaskStatus::Done } else { todo::TaskStatus::Todo } }
}

pub fn add(vectors: &mut Vectors) {
    use {counter::CounterEvent, pet::Pet};

    vectors.add(
        "counter/call",
        [
            counter::RpcCall::NewCounter {},
            counter::RpcCall::Increment { amount: 5 },
            counter::RpcCall::Decrement { amount: u32::MAX },
            counter::RpcCall::Get {},
        ],
    );
    vectors.add(
        "counter/event",
        [
            CounterEvent::Incremented { to: 5, from: 4 },
            CounterEvent::Decremented { to: 3, from: 9 },
            CounterEvent::ServerSentTest,
        ],
    );

    let (name, breed) = (String::from("Rex"), String::from("German Shepherd"));
    vectors.add(
        "pet/call",
        [
            pet::RpcCall::BecomeDog { name: name.clone(), age: 3, breed: breed.clone() },
            pet::RpcCall::BecomeCat { name: "Mittens the Great".into(), age: 2, breed: "Tabby".into() },
            pet::RpcCall::MakeANoise {},
        ],
    );
    vectors.add(
        "pet/state",
        [
            None,
            Some(Pet::Dog { name, age: 3, breed }),
            Some(Pet::Cat { name: "Mittens".into(), age: 2, breed: "Tabby".into() }),
        ],
    );

    vectors.add(
        "todo/call",
        [
            todo::RpcCall::Create { task: task("Buy milk", false) },
            todo::RpcCall::Create { task: task("Nap", true) },
            todo::RpcCall::MarkAsDone { id: vec![0, 1] },
            todo::RpcCall::Get { ids: vec![] },
            todo::RpcCall::GetAll {},
            todo::RpcCall::Delete { ids: vec![7] },
            todo::RpcCall::DeleteAll {},
            todo::RpcCall::DeleteDoneTasks {},
        ],
    );
    let tasks =
        || HashMap::from([(0, task("Buy milk", true)), (1, task("Buy eggs", false)), (9, task("use arch btw", false))]);
    vectors.add("todo/tasks", [HashMap::new(), tasks()]);
    vectors.add("todo/state", [todo::State { tasks: tasks(), next_id: 10 }]);
}
