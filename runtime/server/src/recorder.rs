//! The recorder: writes the catalog's events to the audit log.

use std::sync::Arc;
use std::time::SystemTime;

use framebox_auth::Auth;
use framebox_auth::audit::{Action, Entry, Outcome};
use framebox_catalog::{CatalogEvent, Change, Subscription};

/// The principal of entries without a token.
pub const ANYONE: &str = "anyone";
/// The principal of what the server does by itself.
const SERVER: &str = "framebox";

/// Records events until the subscription ends.
pub async fn run(auth: Arc<Auth>, mut events: Subscription) {
    while let Some(event) = events.next().await {
        let auth = auth.clone();
        // The event counts as handled once it is recorded, when the closure drops it.
        let record = move || auth.audit.write(&entry(&event), SystemTime::now());
        if let Err(error) = tokio::task::spawn_blocking(record).await {
            tracing::error!(%error, "an event of the catalog could not be recorded");
        }
    }
}

/// The line of the audit log for an event.
fn entry(event: &CatalogEvent) -> Entry {
    let (action, status) = match &event.change {
        Change::Uploaded { created, .. } => (Action::Upload, Some(if *created { 201 } else { 200 })),
        Change::Promoted { replaced: Some(replaced), .. } if event.version < Some(*replaced) => {
            (Action::Rollback, Some(200))
        }
        Change::RolledBack { .. } => (Action::Rollback, None),
        Change::Deleted => (Action::Delete, Some(204)),
        _ => (Action::Promote, Some(200)),
    };
    let (principal, address) = match &event.actor {
        Some(actor) => (actor.principal.as_deref().unwrap_or(ANYONE), actor.address.clone()),
        None => (SERVER, None),
    };
    Entry {
        principal: principal.to_owned(),
        address,
        action,
        name: event.handler.clone(),
        version: event.version,
        digest: event.digest.map(|digest| digest.to_string()),
        outcome: Outcome::Done,
        status,
    }
}

#[cfg(test)]
mod tests {
    use framebox_catalog::Actor;

    use super::*;

    #[test]
    fn an_event_is_one_line_that_says_who_did_what() {
        let actor =
            |name: &str| Some(Actor { principal: Some(name.to_owned()), address: Some("::1".to_owned()), key: None });
        let promoted = |replaced| Change::Promoted { replaced, canary: None };
        for (change, actor, who, action, status) in [
            (Change::Uploaded { created: true, active: true }, actor("ci"), "ci", Action::Upload, Some(201)),
            (Change::Uploaded { created: false, active: true }, actor("ci"), "ci", Action::Upload, Some(200)),
            (promoted(Some(1)), Some(Actor::default()), "anyone", Action::Promote, Some(200)),
            (promoted(None), actor("ci"), "ci", Action::Promote, Some(200)),
            (promoted(Some(5)), actor("ci"), "ci", Action::Rollback, Some(200)),
            (Change::RolledBack { reason: "no".to_owned() }, None, "framebox", Action::Rollback, None),
            (Change::Deleted, actor("ci"), "ci", Action::Delete, Some(204)),
        ] {
            let event =
                CatalogEvent { handler: "mine".to_owned(), version: Some(2), digest: None, bytes: 7, actor, change };
            let line = entry(&event);
            assert_eq!((line.principal.as_str(), line.action, line.status), (who, action, status), "{event:?}");
            assert_eq!((line.name.as_str(), line.version, line.outcome), ("mine", Some(2), Outcome::Done));
        }
    }
}
