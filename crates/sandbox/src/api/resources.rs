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
