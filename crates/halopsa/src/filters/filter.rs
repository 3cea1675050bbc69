//! How a filter is declared: its parameters once, and from them a setter for each.

/// Declares a filter. `name = "wire"` gives the parameter's name where it can't be ours.
macro_rules! filter {
    (
        $(#[$doc:meta])*
        $name:ident of $path:literal {
            $( $(#[$param_doc:meta])* $param:ident $(= $wire:literal)? : $kind:ty, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            query: crate::query::Query,
        }

        impl $name {
            /// No filter: every row the agent may see.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[$param_doc])*
                #[must_use]
                pub fn $param(mut self, value: impl Into<$kind>) -> Self {
                    let value: $kind = value.into();
                    self.query.set(crate::models::wire_name!($param $(= $wire)?), value);
                    self
                }
            )*

            /// Sets a parameter that has no name here. HaloPSA ignores it silently if it is misspelt.
            #[must_use]
            pub fn with(mut self, param: impl Into<String>, value: impl ToString) -> Self {
                self.query.set(param, value);
                self
            }

            /// The parameters this filter offers, and the list they are for.
            #[cfg(test)]
            pub(crate) const DESCRIBED: (&'static str, &'static [&'static str]) =
                ($path, &[$(crate::models::wire_name!($param $(= $wire)?)),*]);
        }

        impl From<$name> for crate::query::Query {
            fn from(filter: $name) -> Self {
                filter.query
            }
        }
    };
}

pub(crate) use filter;
