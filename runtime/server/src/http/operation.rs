//! Completes an operation's documentation with what follows from its rule and from the framework.

use framebox_auth::scope::{Access, Scope};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};

use super::auth_layer::Rule;

/// Adds the tokens that `operation` takes and the errors of the authentication layer and the framework; gives every error
/// a body.
pub fn complete(mut operation: Operation, rule: Rule) -> Operation {
    operation.security = Some(security(rule));
    for (status, description) in errors(&operation, rule) {
        let entry = operation.responses.responses.entry(status.to_owned());
        entry.or_insert_with(|| ResponseBuilder::new().description(description).build().into());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            let problem = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
        }
    }
    operation
}

fn security(rule: Rule) -> Vec<SecurityRequirement> {
    let scopes = match rule.access {
        Access::Nothing => return Vec::new(),
        Access::Anyone | Access::Token => Scope::ALL.map(Scope::name).to_vec(),
        Access::Scope(scope) => vec![scope.name()],
    };
    let mut security = vec![SecurityRequirement::new("token", scopes)];
    if rule.is_stream {
        security.push(SecurityRequirement::new::<_, _, &str>("query", []));
    }
    if rule.access == Access::Anyone {
        security.push(SecurityRequirement::default());
    }
    security
}

/// Allows the operation without a token, too.
pub fn open(operation: &mut Operation) {
    if let Some(security) = operation.security.as_mut().filter(|security| !security.is_empty()) {
        security.push(SecurityRequirement::default());
    }
}

fn errors(operation: &Operation, rule: Rule) -> Vec<(&'static str, &'static str)> {
    let mut errors = Vec::new();
    if rule.access != Access::Nothing {
        errors.push(("401", "There is no valid token"));
        errors.push(("403", "The token does not allow it"));
        errors.push(("503", "The server cannot read its tokens"));
    }
    if operation.parameters.is_some() || rule.is_stream {
        errors.push(("400", "The address cannot be read"));
    }
    if operation.request_body.is_some() {
        errors.push(("400", "The body cannot be read"));
        errors.push(("413", "The body is too large"));
        errors.push(("415", "The body is of another kind"));
    }
    errors
}
