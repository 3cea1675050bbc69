//! Reading records: one, a page, or all of them.

use ::http::Method;

use super::page::Page;
use super::record::{Record, Single};
use super::{Resource, paging};
use crate::error::{Error, RequestLine};
use crate::query::Query;

impl<R: Record> Resource<R> {
    pub(super) fn unreadable(path: &str, problem: &impl ToString) -> Error {
        Error::Unreadable { request: RequestLine::new(Method::GET, path), problem: problem.to_string() }
    }

    /// Reads one page. HaloPSA cuts it at 100 rows without a word: compare `rows.len()` with `record_count`.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. What the agent may not see is missing, not refused: see [`Page::hint`].
    pub async fn list(&self, filter: &R::Filter) -> Result<Page<R>, Error> {
        let mut query: Query = filter.clone().into();
        if R::PAGED && (query.get("page_size").is_some() || query.get("page_no").is_some()) {
            query.set("pageinate", true);
        }
        let answer = self.client.get(R::PATH, &query).await?;
        Page::read(answer).map_err(|problem| Self::unreadable(R::PATH, &problem))
    }

    /// Reads every row, page by page, as they are wanted. The stream ends at the first error.
    ///
    /// Rows that move between pages while they are read come once. Sort by something that doesn't change, such as
    /// `order("id")` for tickets, so that none is missed.
    pub fn stream(&self, filter: R::Filter) -> impl futures::Stream<Item = Result<R, Error>> + Send + use<R> {
        paging::stream(self.clone(), filter)
    }

    /// Reads every row into one list, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// The first error of any page.
    pub async fn all(&self, filter: R::Filter, limit: usize) -> Result<Vec<R>, Error> {
        use futures::{StreamExt, TryStreamExt};
        self.stream(filter).take(limit).try_collect().await
    }
}

impl<R: Single> Resource<R> {
    /// Reads one record, with all its fields.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with status 404 if there is none, or the agent may not see it.
    pub async fn get(&self, id: R::Id) -> Result<R, Error> {
        self.get_at(&format!("{}/{id}", R::PATH), &Query::new().with("includedetails", true)).await
    }
}

impl<R: Record> Resource<R> {
    pub(super) async fn get_at(&self, path: &str, query: &Query) -> Result<R, Error> {
        let answer = self.client.get(path, query).await?;
        serde_json::from_value(answer).map_err(|problem| Self::unreadable(path, &problem))
    }
}
