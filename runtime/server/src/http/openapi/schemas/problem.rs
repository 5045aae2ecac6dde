//! What goes wrong.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// An error (RFC 9457). It says what to do; further members are for programs.
#[derive(ToSchema)]
pub struct Problem {
    /// The status in words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request, for people.
    detail: String,
    /// What is wrong with parameters, by id.
    #[schema(nullable = false)]
    parameters: Option<BTreeMap<String, String>>,
}

/// An error as FastRTC's clients know it.
#[derive(ToSchema)]
pub struct Failure {
    /// `failed`
    status: String,
    meta: FailureMeta,
}

#[derive(ToSchema)]
pub struct FailureMeta {
    /// For programs.
    error: String,
    /// For people.
    message: String,
    /// Sessions that the server carries at once, when it is full.
    #[schema(nullable = false)]
    limit: Option<u32>,
}
