//! Webhooks: what HaloPSA calls when something happens, and how the calls went.

use super::record;
use crate::date::DateTime;
use crate::id::WebhookId;

record! {
    /// A webhook.
    Webhook is "Webhook" {
        /// Its id, a UUID.
        id: WebhookId,
        /// Its name.
        name: String,
        /// Where it calls.
        url: String,
        /// The HTTP method, as HaloPSA numbers them.
        method: i64,
        /// The media type of what it sends.
        content_type: String,
        /// How it proves who is calling, as HaloPSA numbers it.
        authentication_type: i64,
        /// The user name it sends.
        basic_username: String,
        /// False once it has been switched off, which HaloPSA does by itself after too many failures.
        active: bool,
        /// The status of its last call.
        last_status: i64,
        /// How many days its calls are kept.
        log_retention_policy_days: i64,
    }
}

record! {
    /// One call of a webhook.
    WebhookEvent is "WebhookEvent" {
        /// Its id, a UUID.
        id: String,
        /// The webhook.
        webhook_id: WebhookId,
        /// When it was made.
        timestamp: DateTime,
        /// How it went, as HaloPSA numbers it.
        status: i64,
        /// How long it took.
        duration: f64,
        /// What was sent.
        requestbody: String,
        /// The HTTP status it was answered with.
        responsestatus: i64,
        /// What it was answered with.
        responsebody: String,
    }
}
