//! Every kind that is only stored, as the API serves it.

mod billing;
mod integration;
mod organisation;
mod picklists;

use super::resource::Resource;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Resource> {
    organisation::ALL.iter().chain(picklists::ALL).chain(billing::ALL).chain(integration::ALL)
}

/// The one at a path after `/api/`.
pub(crate) fn by_path(path: &str) -> Option<&'static Resource> {
    all().find(|resource| resource.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::tests::description;

    #[test]
    fn every_filter_is_a_parameter_of_the_contract() {
        let Some(description) = description() else { return };
        let paths = description["paths"].as_object().unwrap();
        for resource in all() {
            let path = format!("/{}", resource.path);
            let (_, methods) = paths.iter().find(|(known, _)| known.eq_ignore_ascii_case(&path)).unwrap();
            let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
            for (filter, _) in resource.filters {
                let known = |parameter: &serde_json::Value| {
                    parameter["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(filter))
                };
                assert!(parameters.iter().any(known), "{path} has no {filter}");
            }
        }
    }
}
