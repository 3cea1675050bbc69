//! The files themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Resource;
use crate::error::Error;
use crate::id::{AttachmentId, TicketId};
use crate::models::Attachment;
use crate::outcome::Outcome;
use crate::query::Query;

impl Resource<Attachment> {
    /// Puts a file on a ticket.
    ///
    /// # Errors
    ///
    /// Any [`Error`], and then the file isn't there.
    pub async fn upload(
        &self,
        ticket: TicketId,
        filename: impl Into<String> + Send,
        contents: &[u8],
    ) -> Result<Outcome<Attachment>, Error> {
        let file =
            Attachment::new().ticket_id(ticket).filename(filename).data_base64(STANDARD.encode(contents));
        self.create_one(&file).await
    }

    /// Reads a file's contents: at most 32 MiB.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] for larger files; otherwise any [`Error`].
    pub async fn download(&self, attachment: AttachmentId) -> Result<Vec<u8>, Error> {
        self.client.download(&format!("/Attachment/{attachment}"), &Query::new()).await
    }
}
