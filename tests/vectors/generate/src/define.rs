//! `define!` and `shape!`: Rust definitions that can describe themselves.
//!
//! They are written as in Rust, but positional fields carry a name, which the macro needs to bind
//! them and nobody sees: `struct Pair(a: u8, b: u32)`. The derives are named at the top, not by the
//! macro: rkyv's derive of an enum mixes names of its own with the variants' spans, and the two must
//! come from the same place to see each other.

/// Definitions with rkyv's derives and [`Describe`](crate::describe::Describe).
#[macro_export]
macro_rules! define {
    (#![$derive:meta] $($items:tt)*) => {
        $crate::define!(@[$derive] $($items)*);
    };
    (@[$derive:meta]) => {};
    (@[$derive:meta] $(#[$meta:meta])* struct $name:ident; $($rest:tt)*) => {
        #[$derive]
        #[archive(check_bytes)]
        $(#[$meta])*
        pub struct $name;
        $crate::describe_struct!($name);
        $crate::value_of!(struct $name);
        $crate::define!(@[$derive] $($rest)*);
    };
    (@[$derive:meta] $(#[$meta:meta])* struct $name:ident($($field:ident: $type:ty),* $(,)?); $($rest:tt)*) => {
        #[$derive]
        #[archive(check_bytes)]
        $(#[$meta])*
        pub struct $name($(pub $type),*);
        $crate::describe_struct!($name ($($field: $type),*));
        $crate::value_of!(struct $name ($($field),*));
        $crate::define!(@[$derive] $($rest)*);
    };
    (@[$derive:meta] $(#[$meta:meta])* struct $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
    } $($rest:tt)*) => {
        #[$derive]
        #[archive(check_bytes)]
        $(#[$meta])*
        pub struct $name { $($(#[$field_meta])* pub $field: $type),* }
        $crate::describe_struct!($name { $($field: $type),* });
        $crate::value_of!(struct $name { $($field),* });
        $crate::define!(@[$derive] $($rest)*);
    };
    (@[$derive:meta] #[repr(u8)] $(#[$meta:meta])* enum $name:ident { $($variants:tt)* } $($rest:tt)*) => {
        $crate::define_enum!([#[$derive] #[repr(u8)] $(#[$meta])*] true, $name, $($variants)*);
        $crate::define!(@[$derive] $($rest)*);
    };
    (@[$derive:meta] $(#[$meta:meta])* enum $name:ident { $($variants:tt)* } $($rest:tt)*) => {
        $crate::define_enum!([#[$derive] $(#[$meta])*] false, $name, $($variants)*);
        $crate::define!(@[$derive] $($rest)*);
    };
}

#[macro_export]
macro_rules! define_enum {
    ([$(#[$meta:meta])*] $repr:literal, $name:ident, $($variant:ident
        $(($($(#[$tm:meta])* $tf:ident: $tt:ty),* $(,)?))?
        $({$($(#[$sm:meta])* $sf:ident: $st:ty),* $(,)?})?
        $(= $number:literal)?
    ),* $(,)?) => {
        $(#[$meta])*
        #[archive(check_bytes)]
        pub enum $name {
            $($variant $(($($(#[$tm])* $tt),*))? $({$($(#[$sm])* $sf: $st),*})? $(= $number)?),*
        }
        $crate::describe_enum!($repr, $name, $($variant $(($($tf: $tt),*))? $({$($sf: $st),*})? $(= $number)?),*);
        $crate::value_of!(enum $name, $($variant $(($($tf),*))? $({$($sf),*})?),*);
    };
}

/// Definitions of which only the layout matters: no values, hence fewer derives to compile.
#[macro_export]
macro_rules! shape {
    ($(#[$meta:meta])* struct $name:ident { $($field:ident: $type:ty),* }) => {
        $(#[$meta])*
        #[allow(dead_code)]
        pub struct $name { $(pub $field: $type),* }
        $crate::describe_struct!($name { $($field: $type),* });
    };
    ($(#[$meta:meta])* struct $name:ident($($field:ident: $type:ty),*)) => {
        $(#[$meta])*
        #[allow(dead_code)]
        pub struct $name($(pub $type),*);
        $crate::describe_struct!($name ($($field: $type),*));
    };
    ($(#[$meta:meta])* enum $name:ident { $($variant:ident $(($($tf:ident: $tt:ty),*))? $({$($sf:ident: $st:ty),*})?),* }) => {
        $(#[$meta])*
        #[allow(dead_code)]
        pub enum $name { $($variant $(($($tt),*))? $({$($sf: $st),*})?),* }
        $crate::describe_enum!(false, $name, $($variant $(($($tf: $tt),*))? $({$($sf: $st),*})?),*);
    };
}

#[macro_export]
macro_rules! describe_struct {
    (@shape $name:ident, [$($type:ty),*], $text:expr, |$within:ident| $schema:expr) => {
        impl $crate::describe::Shape for $name {
            fn rust() -> String {
                stringify!($name).into()
            }
            fn define(into: &mut $crate::describe::Definitions) {
                if into.enter(stringify!($name)) {
                    $(<$type as $crate::describe::Shape>::define(into);)*
                    into.text.push($text);
                }
            }
            fn schema(within: &mut Vec<&'static str>) -> serde_json::Value {
                $crate::describe::named(stringify!($name), within, |$within| $schema)
            }
        }
    };
    ($name:ident) => {
        $crate::describe_struct!(@shape $name, [], format!("struct {};", stringify!($name)),
            |_within| serde_json::json!({ "k": "ustruct", "name": stringify!($name) }));
    };
    ($name:ident ($($field:ident: $type:ty),*)) => {
        $crate::describe_struct!(@shape $name, [$($type),*], {
            let fields: Vec<String> = vec![$(<$type as $crate::describe::Shape>::rust()),*];
            format!("struct {}({});", stringify!($name), fields.join(", "))
        }, |_within| serde_json::json!({ "k": "tstruct", "name": stringify!($name), "fields": [
            $(<$type as $crate::describe::Shape>::schema(_within)),*
        ] }));
    };
    ($name:ident {$($field:ident: $type:ty),*}) => {
        $crate::describe_struct!(@shape $name, [$($type),*], {
            let fields: Vec<String> = vec![$(format!(
                "{}: {}", stringify!($field), <$type as $crate::describe::Shape>::rust()
            )),*];
            format!("struct {} {{ {} }}", stringify!($name), fields.join(", "))
        }, |_within| serde_json::json!({ "k": "struct", "name": stringify!($name), "fields": [
            $([stringify!($field), <$type as $crate::describe::Shape>::schema(_within)]),*
        ] }));
    };
}

#[macro_export]
macro_rules! describe_enum {
    ($repr:literal, $name:ident, $($variant:ident
        $(($($tf:ident: $tt:ty),*))? $({$($sf:ident: $st:ty),*})? $(= $number:literal)?
    ),*) => {
        $crate::describe_struct!(@shape $name, [$($($($tt,)*)? $($($st,)*)?)* ()], {
            let variants: Vec<String> = vec![$({
                let mut _text = String::from(stringify!($variant));
                $(
                    let types: Vec<String> = vec![$(<$tt as $crate::describe::Shape>::rust()),*];
                    _text += &format!("({})", types.join(", "));
                )?
                $(
                    let fields: Vec<String> = vec![$(format!(
                        "{}: {}", stringify!($sf), <$st as $crate::describe::Shape>::rust()
                    )),*];
                    _text += &format!(" {{ {} }}", fields.join(", "));
                )?
                $(_text += &format!(" = {}", $number);)?
                _text
            }),*];
            format!("{}enum {} {{ {} }}", if $repr { "#[repr(u8)] " } else { "" },
                stringify!($name), variants.join(", "))
        }, |_within| {
            let variants: Vec<serde_json::Value> = vec![$({
                let mut _parts = vec![serde_json::json!(stringify!($variant))];
                $(
                    _parts.push("t".into());
                    _parts.push(serde_json::json!([$(<$tt as $crate::describe::Shape>::schema(_within)),*]));
                )?
                $(
                    _parts.push("s".into());
                    _parts.push(serde_json::json!([
                        $([stringify!($sf), <$st as $crate::describe::Shape>::schema(_within)]),*
                    ]));
                )?
                serde_json::Value::from(_parts)
            }),*];
            let numbers: Vec<u64> = vec![$($($number,)?)*];
            let mut schema = serde_json::json!({ "k": "enum", "name": stringify!($name), "variants": variants });
            if $repr {
                schema["repr"] = true.into();
            }
            if !numbers.is_empty() {
                schema["disc"] = numbers.into();
            }
            schema
        });
    };
}

#[macro_export]
macro_rules! value_of {
    (@impl $name:ident, |$this:ident| $value:expr) => {
        impl $crate::describe::Describe for $name {
            fn value(&self) -> serde_json::Value {
                #[allow(unused_imports)]
                use $crate::describe::Describe;
                let $this = self;
                $value
            }
        }
    };
    (struct $name:ident) => {
        $crate::value_of!(@impl $name, |_this| serde_json::Value::Null);
    };
    (struct $name:ident ($($field:ident),*)) => {
        $crate::value_of!(@impl $name, |this| {
            let Self($($field),*) = this;
            serde_json::json!([$($field.value()),*])
        });
    };
    ($(#[$meta:meta])* struct $name:ident {$($field:ident),*}) => {
        $crate::value_of!(@impl $name, |_this| serde_json::json!({
            $(stringify!($field): _this.$field.value()),*
        }));
    };
    (enum $name:ident, $($variant:ident $(($($tf:ident),*))? $({$($sf:ident),*})?),*) => {
        $crate::value_of!(@impl $name, |this| match this {$(
            Self::$variant $(($($tf),*))? $({$($sf),*})? => {
                let mut _value = serde_json::json!({ "v": stringify!($variant) });
                $(_value["t"] = serde_json::json!([$($tf.value()),*]);)?
                $(_value["f"] = serde_json::json!({ $(stringify!($sf): $sf.value()),* });)?
                _value
            }
        )*});
    };
}
