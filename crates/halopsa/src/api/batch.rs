//! Many records in one request.
//!
//! One request instead of a hundred, at a price: HaloPSA doesn't say whether a refused batch was refused whole. Where
//! its answer shows that nothing was written (it couldn't read some elements, or the sender may not write at all) the
//! rest is sent again; otherwise the caller decides, see [`IfRefused`].

use std::collections::VecDeque;

use serde_json::Value;

use super::Resource;
use super::record::{Record, Written};
use super::write::{to_json, with_id, write_one};
use crate::date::DateTime;
use crate::error::{Error, Reply, RequestLine};
use crate::outcome::{Outcome, UnknownReason, UnknownWrite};
use crate::query::Query;

/// LIMIT: the largest batch seen to work; longer ones are sent as several.
pub const LARGEST_BATCH: usize = 100;

/// What to do with a batch that HaloPSA refused without showing that nothing of it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IfRefused {
    /// Report every element as unknown, for the caller to look for. Nothing is written twice.
    #[default]
    ReportUnknown,
    /// Write the elements one by one, so that only the culprits fail. For creating, elements that had been written
    /// before the refusal are written a second time.
    WriteSingly,
}

/// What became of each element, in the order they were given.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "every element has an outcome of its own"]
#[non_exhaustive]
pub struct Batch<T> {
    /// One result per element.
    pub elements: Vec<Result<Outcome<T>, Error>>,
}

impl<T> Batch<T> {
    /// The elements that were written.
    pub fn done(&self) -> impl Iterator<Item = &T> {
        self.elements.iter().filter_map(|element| match element {
            Ok(Outcome::Done(value)) => Some(value),
            _ => None,
        })
    }

    /// True if every element was written.
    pub fn is_all_done(&self) -> bool {
        self.elements.iter().all(|element| matches!(element, Ok(Outcome::Done(_))))
    }
}

impl<R: Written> Resource<R> {
    /// Creates many records, [`LARGEST_BATCH`] at a time. Mind that some installs can't number tickets created at
    /// once: "Next Ticket ID Calculation Method" must be "Auto-incrementing key" there.
    ///
    /// # Errors
    ///
    /// Only if a draft can't be written as JSON. What HaloPSA refuses is the element's result.
    pub async fn create(&self, drafts: &[R::Draft], if_refused: IfRefused) -> Result<Batch<R>, Error> {
        let records = drafts.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
        Ok(self.write_all(records, if_refused).await)
    }

    /// Updates many records, [`LARGEST_BATCH`] at a time. Updating twice does no harm, so a refused batch is always
    /// written singly.
    ///
    /// # Errors
    ///
    /// Only if a draft can't be written as JSON. What HaloPSA refuses is the element's result.
    pub async fn update(&self, changes: &[(R::Id, R::Draft)]) -> Result<Batch<R>, Error> {
        let records = changes.iter().map(|(id, draft)| with_id::<R>(id, to_json(draft)?));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        Ok(self.write_all(records, IfRefused::WriteSingly).await)
    }

    /// Writes several records, at most [`LARGEST_BATCH`], in exactly one request, and answers with the records that
    /// HaloPSA says it wrote. Neither their order nor their number is promised: tell them apart by something they carry.
    /// A record without an `id` is created, one with an `id` is changed.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then nothing was written. A refusal that does not exclude that part of it was written is
    /// [`Outcome::Unknown`]: look for each of them before writing it again.
    pub async fn write_together_raw(&self, records: &[Value]) -> Result<Outcome<Vec<R>>, Error> {
        if records.is_empty() || records.len() > LARGEST_BATCH || !records.iter().all(Value::is_object) {
            return Err(Error::Invalid {
                problem: format!("records to write together are 1 to {LARGEST_BATCH} JSON objects"),
            });
        }
        let body = Value::Array(records.to_vec());
        let sent_at = DateTime::now();
        let query = Query::new().with("returnall", true);
        match self.client.write(R::PATH, &query, &body, read_all).await {
            Ok(answer) => Ok(answer.map(|answer: Answer<R>| match answer {
                Answer::Several(records) => records,
                Answer::Last(record) => vec![record],
            })),
            Err(error) => match what_next(&error, records.len(), IfRefused::ReportUnknown) {
                AfterRefusal::Unknown(reply) if records.len() > 1 => {
                    Ok(Outcome::Unknown(unknown::<R>(sent_at, UnknownReason::BatchRefused(reply))))
                }
                _ => Err(error),
            },
        }
    }

    async fn write_all(&self, records: Vec<Value>, if_refused: IfRefused) -> Batch<R> {
        let mut work = Work::of(records);
        while let Some(chunk) = work.todo.pop_front() {
            if let [(place, record)] = chunk.as_slice() {
                work.settle(*place, write_one(&self.client, R::PATH, record).await);
                continue;
            }
            let body = Value::Array(chunk.iter().map(|(_, record)| record.clone()).collect());
            let sent_at = self.client.sending_at();
            let query = Query::new().with("returnall", true);
            match self.client.write(R::PATH, &query, &body, read_all).await {
                Ok(Outcome::Done(answer)) => {
                    let missing = unknown::<R>(sent_at, UnknownReason::NotInAnswer);
                    for ((place, _), record) in chunk.iter().zip(match_up(answer, &body)) {
                        work.settle(
                            *place,
                            Ok(record.map_or(Outcome::Unknown(missing.clone()), Outcome::Done)),
                        );
                    }
                }
                Ok(Outcome::Unknown(unknown)) => work.settle_all(&chunk, &Ok(Outcome::Unknown(unknown))),
                Err(error) => match what_next(&error, chunk.len(), if_refused) {
                    AfterRefusal::AllFailed => work.settle_all(&chunk, &Err(error)),
                    AfterRefusal::Without(at_fault) => work.without(chunk, &at_fault, &error),
                    AfterRefusal::Singly => work.singly(chunk),
                    AfterRefusal::Unknown(reply) => {
                        let unknown = unknown::<R>(sent_at, UnknownReason::BatchRefused(reply));
                        work.settle_all(&chunk, &Ok(Outcome::Unknown(unknown)));
                    }
                },
            }
        }
        // Every element was in some chunk, and every chunk settled its elements or put them back.
        Batch { elements: work.elements.into_iter().flatten().collect() }
    }
}

fn unknown<R: Record>(sent_at: DateTime, reason: UnknownReason) -> UnknownWrite {
    UnknownWrite { request: RequestLine::new(::http::Method::POST, R::PATH), sent_at, reason }
}

/// Elements with their places among those given.
type Chunk = Vec<(usize, Value)>;

/// What is settled, and what is still to be sent.
struct Work<R> {
    elements: Vec<Option<Result<Outcome<R>, Error>>>,
    todo: VecDeque<Chunk>,
}

impl<R: Clone> Work<R> {
    fn of(records: Vec<Value>) -> Self {
        let elements = vec![None; records.len()];
        let placed: Chunk = records.into_iter().enumerate().collect();
        Self { elements, todo: placed.chunks(LARGEST_BATCH).map(<[_]>::to_vec).collect() }
    }

    fn settle(&mut self, place: usize, result: Result<Outcome<R>, Error>) {
        if let Some(element) = self.elements.get_mut(place) {
            *element = Some(result);
        }
    }

    fn settle_all(&mut self, chunk: &[(usize, Value)], result: &Result<Outcome<R>, Error>) {
        for (place, _) in chunk {
            self.settle(*place, result.clone());
        }
    }

    /// Settles the elements at fault and puts the others back.
    fn without(&mut self, chunk: Chunk, at_fault: &[usize], error: &Error) {
        let mut rest = Vec::new();
        for (number, (place, record)) in chunk.into_iter().enumerate() {
            if at_fault.contains(&number) {
                self.settle(place, Err(error.clone()));
            } else {
                rest.push((place, record));
            }
        }
        if !rest.is_empty() {
            self.todo.push_front(rest);
        }
    }

    fn singly(&mut self, chunk: Chunk) {
        for element in chunk.into_iter().rev() {
            self.todo.push_front(vec![element]);
        }
    }
}

enum AfterRefusal {
    /// Nothing was written, and nothing will be.
    AllFailed,
    /// Nothing was written because of these elements.
    Without(Vec<usize>),
    Singly,
    Unknown(Box<Reply>),
}

fn what_next(error: &Error, sent: usize, if_refused: IfRefused) -> AfterRefusal {
    let Error::Refused { reply, .. } = error else { return AfterRefusal::AllFailed };
    // Refused before any element was looked at: rights, path, size, media type.
    if matches!(reply.status, 300..=399 | 401 | 403 | 404 | 405 | 413 | 415) {
        return AfterRefusal::AllFailed;
    }
    match reply.said.elements_at_fault() {
        Some(at_fault) if at_fault.iter().all(|place| *place < sent) => AfterRefusal::Without(at_fault),
        _ if if_refused == IfRefused::WriteSingly => AfterRefusal::Singly,
        _ => AfterRefusal::Unknown(reply.clone()),
    }
}

/// The answer to a batch: every record, or without `returnall` the last one alone.
enum Answer<R> {
    Several(Vec<R>),
    Last(R),
}

fn read_all<R: Record>(body: &[u8]) -> Result<Answer<R>, String> {
    let answer = match crate::exchange::read_json(body)? {
        Value::Array(several) => Value::Array(several),
        object @ Value::Object(_) => {
            return serde_json::from_value(object).map(Answer::Last).map_err(|problem| problem.to_string());
        }
        other => return Err(format!("it is `{other}` instead of a list of {}", R::PLURAL)),
    };
    serde_json::from_value(answer).map(Answer::Several).map_err(|problem| problem.to_string())
}

/// The record for each element of the batch, where it is certain which one that is.
fn match_up<R: Record>(answer: Answer<R>, sent: &Value) -> Vec<Option<R>> {
    let sent = sent.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let mut matched: Vec<Option<R>> = sent.iter().map(|_| None).collect();
    match answer {
        Answer::Several(records) if records.len() == sent.len() => {
            return records.into_iter().map(Some).collect();
        }
        Answer::Several(records) => {
            for record in records {
                let id = record.id().map(|id| id.to_string());
                let place =
                    sent.iter().position(|element| id.is_some() && element.get("id").map(shown) == id);
                if let Some(slot) = place.and_then(|place| matched.get_mut(place)) {
                    *slot = Some(record);
                }
            }
        }
        Answer::Last(record) => {
            if let Some(last) = matched.last_mut() {
                *last = Some(record);
            }
        }
    }
    matched
}

fn shown(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}
