//! Files on tickets and actions.

use super::record;
use crate::date::DateTime;
use crate::id::{ActionId, AttachmentId, TicketId};

record! {
    /// A file on a ticket or action.
    Attachment is "Attachment" {
        /// Its id.
        id: AttachmentId,
        /// The file's name.
        filename: String,
        /// What the file is.
        note: String,
        /// The file's size, in bytes.
        filesize: i64,
        /// The media type, such as `image/png`.
        content_type: String,
        /// The ticket it is on.
        ticket_id: TicketId,
        /// The action it is on.
        action_id: ActionId,
        /// When it was added.
        datecreated: DateTime,
        /// Whether the end user can see it.
        showforusers: bool,
        /// The file itself in Base64; for writing.
        data_base64: String,
    }
}
