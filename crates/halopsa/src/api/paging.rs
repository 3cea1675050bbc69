//! Walking through the pages of a list.
//!
//! The number of pages is never computed, because the size asked for isn't the size that comes: rows are counted
//! until all have come, or until a page brings none that is new.

use std::collections::{HashSet, VecDeque};

use futures::Stream;
use futures::stream::try_unfold;

use super::Resource;
use super::page::Page;
use super::record::Record;
use crate::error::Error;
use crate::query::Query;

/// LIMIT: HaloPSA cuts larger pages to this size.
const PAGE_SIZE: u32 = 100;

struct Walk<R: Record> {
    resource: Resource<R>,
    query: Query,
    /// The next page, from 1; `None` after the last.
    next_page: Option<u32>,
    ready: VecDeque<R>,
    seen: HashSet<String>,
    came: u64,
}

pub(super) fn stream<R: Record>(
    resource: Resource<R>,
    filter: R::Filter,
) -> impl Stream<Item = Result<R, Error>> + Send + use<R> {
    let query: Query = filter.into();
    let first = query.get("page_no").and_then(|page| page.parse().ok()).unwrap_or(1);
    let walk = Walk {
        resource,
        query,
        next_page: Some(first),
        ready: VecDeque::new(),
        seen: HashSet::new(),
        came: 0,
    };
    try_unfold(walk, |mut walk| async move {
        while walk.ready.is_empty() {
            let Some(page_no) = walk.next_page else { return Ok(None) };
            walk.fetch(page_no).await?;
        }
        Ok(walk.ready.pop_front().map(|row| (row, walk)))
    })
}

impl<R: Record> Walk<R> {
    async fn fetch(&mut self, page_no: u32) -> Result<(), Error> {
        let mut query = self.query.clone();
        if R::PAGED {
            query.set("pageinate", true);
            query.set("page_no", page_no);
            if query.get("page_size").is_none() {
                query.set("page_size", PAGE_SIZE);
            }
        }
        let answer = self.resource.client.get(R::PATH, &query).await?;
        let page = Page::<R>::read(answer).map_err(|problem| Resource::<R>::unreadable(R::PATH, &problem))?;
        self.next_page = self.take(page).then_some(page_no.saturating_add(1));
        Ok(())
    }

    /// Keeps the rows that are new; answers whether there may be more.
    fn take(&mut self, page: Page<R>) -> bool {
        self.came += page.rows.len() as u64;
        let mut any_new = false;
        for row in page.rows {
            if row.id().is_none_or(|id| self.seen.insert(id.to_string())) {
                any_new = true;
                self.ready.push_back(row);
            }
        }
        // Whoever starts at a later page never sees them all, and a list that doesn't say how many there are may have
        // more: there the walk ends at the first page that brings nothing new.
        R::PAGED && any_new && page.record_count.is_none_or(|count| self.came < count)
    }
}
