//! The reference's `examples/todo.rs`.

use crate::driver::drive;
use crate::json::{json_enum, json_struct};
use hardlight::*;
use std::collections::HashMap;

#[codable]
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum TaskStatus {
    Todo,
    Done,
}
json_enum!(TaskStatus { Todo, Done });

#[codable]
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Task {
    pub text: String,
    pub status: TaskStatus,
}
json_struct!(Task { text, status });

#[rpc]
pub trait Todo {
    async fn create(&self, task: Task) -> HandlerResult<u32>;
    async fn mark_as_done(&self, id: Vec<u32>) -> HandlerResult<()>;
    async fn get(&self, ids: Vec<u32>) -> HandlerResult<HashMap<u32, Task>>;
    async fn get_all(&self) -> HandlerResult<HashMap<u32, Task>>;
    async fn delete(&self, ids: Vec<u32>) -> HandlerResult<()>;
    async fn delete_all(&self) -> HandlerResult<()>;
    async fn delete_done_tasks(&self) -> HandlerResult<()>;
}

#[connection_state]
pub struct State {
    pub tasks: HashMap<u32, Task>,
    pub next_id: u32,
}

drive!(
    TodoClient,
    state { tasks, next_id },
    event(),
    create(task),
    mark_as_done(id),
    get(ids),
    get_all(),
    delete(ids),
    delete_all(),
    delete_done_tasks()
);

#[rpc_handler]
impl Todo for Handler {
    async fn create(&self, task: Task) -> HandlerResult<u32> {
        let mut state = self.state.write().await;
        let id = state.next_id;
        state.next_id += 1;
        state.tasks.insert(id, task);
        Ok(id)
    }

    async fn mark_as_done(&self, id: Vec<u32>) -> HandlerResult<()> {
        let mut state = self.state.write().await;
        for id in id {
            if let Some(task) = state.tasks.get_mut(&id) {
                task.status = TaskStatus::Done;
            }
        }
        Ok(())
    }

    async fn get(&self, ids: Vec<u32>) -> HandlerResult<HashMap<u32, Task>> {
        let state = self.state.read().await;
        Ok(ids.into_iter().filter_map(|id| Some((id, state.tasks.get(&id)?.clone()))).collect())
    }

    async fn get_all(&self) -> HandlerResult<HashMap<u32, Task>> {
        Ok(self.state.read().await.tasks.clone())
    }

    async fn delete(&self, ids: Vec<u32>) -> HandlerResult<()> {
        self.state.write().await.tasks.retain(|id, _| !ids.contains(id));
        Ok(())
    }

    async fn delete_all(&self) -> HandlerResult<()> {
        self.state.write().await.tasks.clear();
        Ok(())
    }

    async fn delete_done_tasks(&self) -> HandlerResult<()> {
        self.state.write().await.tasks.retain(|_, task| task.status != TaskStatus::Done);
        Ok(())
    }
}
