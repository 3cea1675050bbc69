//! Creating, updating and deleting single records.

use ::http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::Resource;
use super::record::{Deleted, Record, Written};
use crate::client::Client;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::query::Query;

impl<R: Written> Resource<R> {
    /// Creates a record.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was created. If it may have been created, the outcome is
    /// [`Outcome::Unknown`]: look for it before creating it again.
    pub async fn create_one(&self, draft: &R::Draft) -> Result<Outcome<R>, Error> {
        self.create_raw(&to_json(draft)?).await
    }

    /// Changes the fields of a record that the draft sets; the others stay as they are.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was changed.
    pub async fn update_one(&self, id: R::Id, draft: &R::Draft) -> Result<Outcome<R>, Error> {
        self.update_raw(id, &to_json(draft)?).await
    }

    /// Creates a record from JSON: one object, without `id`.
    ///
    /// # Errors
    ///
    /// As for [`create_one`](Self::create_one).
    pub async fn create_raw(&self, record: &Value) -> Result<Outcome<R>, Error> {
        write_one(&self.client, R::PATH, record).await
    }

    /// Changes a record by JSON: one object with the fields to change.
    ///
    /// # Errors
    ///
    /// As for [`update_one`](Self::update_one).
    pub async fn update_raw(&self, id: R::Id, record: &Value) -> Result<Outcome<R>, Error> {
        let record = with_id::<R>(&id, record.clone())?;
        write_one(&self.client, R::PATH, &record).await
    }
}

impl<R: Deleted> Resource<R> {
    /// Deletes a record. Tickets can be recovered in HaloPSA, most others can't.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was deleted.
    pub async fn delete(&self, id: R::Id) -> Result<Outcome<()>, Error> {
        let path = format!("{}/{id}", R::PATH);
        let outcome = self.client.request(Method::DELETE, &path, &Query::new(), None).await?;
        Ok(outcome.map(|_| ()))
    }
}

/// Posts one record. HaloPSA wants an array all the same, and answers with an object.
pub(super) async fn write_one<R: Record>(
    client: &Client,
    path: &str,
    record: &Value,
) -> Result<Outcome<R>, Error> {
    if !record.is_object() {
        return Err(Error::Invalid {
            problem: format!("a record to write is one JSON object, not `{record}`"),
        });
    }
    client.write(path, &Query::new(), &json!([record]), read_one).await
}

/// Reads what was written: an object, or an array whose last element it is.
fn read_one<R: Record>(body: &[u8]) -> Result<R, String> {
    let answer = match crate::exchange::read_json(body)? {
        Value::Array(mut several) => several.pop().unwrap_or(Value::Null),
        one => one,
    };
    if answer.is_null() {
        return Err(format!("it is empty instead of one of the {}", R::PLURAL));
    }
    let record: R = serde_json::from_value(answer).map_err(|problem| problem.to_string())?;
    match record.id() {
        Some(_) => Ok(record),
        None => Err(format!("it is one of the {} without an `id`", R::PLURAL)),
    }
}

pub(super) fn to_json<D: Serialize>(draft: &D) -> Result<Value, Error> {
    serde_json::to_value(draft)
        .map_err(|problem| Error::Invalid { problem: format!("it can't be written: {problem}") })
}

pub(super) fn with_id<R: Record>(id: &R::Id, mut record: Value) -> Result<Value, Error> {
    let id = to_json(id)?;
    if let Some(fields) = record.as_object_mut() {
        fields.insert("id".to_owned(), id);
    }
    Ok(record)
}
