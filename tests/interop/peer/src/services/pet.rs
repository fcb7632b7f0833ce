//! The reference's `examples/pet.rs`.

use crate::driver::drive;
use crate::json::json_enum;
use hardlight::*;

#[codable]
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Pet {
    Dog { name: String, age: u8, breed: String },
    Cat { name: String, age: u8, breed: String },
}
json_enum!(Pet { Dog { name, age, breed }, Cat { name, age, breed } });

#[rpc]
pub trait PetService {
    async fn become_dog(&self, name: String, age: u8, breed: String) -> HandlerResult<()>;
    async fn become_cat(&self, name: String, age: u8, breed: String) -> HandlerResult<()>;
    async fn make_a_noise(&self) -> HandlerResult<Option<String>>;
}

#[connection_state]
pub struct State {
    pub pet: Option<Pet>,
}

drive!(
    PetServiceClient,
    state { pet },
    event(),
    become_dog(name, age, breed),
    become_cat(name, age, breed),
    make_a_noise()
);

#[rpc_handler]
impl PetService for Handler {
    async fn become_dog(&self, name: String, age: u8, breed: String) -> HandlerResult<()> {
        self.state.write().await.pet = Some(Pet::Dog { name, age, breed });
        Ok(())
    }

    async fn become_cat(&self, name: String, age: u8, breed: String) -> HandlerResult<()> {
        self.state.write().await.pet = Some(Pet::Cat { name, age, breed });
        Ok(())
    }

    async fn make_a_noise(&self) -> HandlerResult<Option<String>> {
        Ok(self.state.read().await.pet.as_ref().map(|pet| match pet {
            Pet::Dog { name, .. } => format!("{name} says woof!"),
            Pet::Cat { name, .. } => format!("{name} says meow!"),
        }))
    }
}
