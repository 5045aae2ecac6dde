//! Extracts a JSON object from the body of a request.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;

/// A value that was read from a JSON object. Rejects an array of the same values in order, which `serde` would accept.
pub struct JsonObject<T>(pub T);

/// Why a body cannot be read as such an object.
pub struct BodyError {
    status: StatusCode,
    text: String,
}

impl BodyError {
    /// Returns the error as an answer that ends with `hint`.
    pub fn problem(&self, hint: &str) -> Problem {
        Problem::new(self.status, format!("{}; {hint}", self.text))
    }
}

impl IntoResponse for BodyError {
    fn into_response(self) -> Response {
        self.problem("give a JSON object").into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonObject<T> {
    type Rejection = BodyError;

    async fn from_request(request: Request, state: &S) -> Result<Self, BodyError> {
        let unreadable = |error: JsonRejection| BodyError { status: error.status(), text: error.body_text() };
        let Json(object) = Json::<Map<String, Value>>::from_request(request, state).await.map_err(unreadable)?;
        let invalid = |error: serde_json::Error| BodyError {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            text: format!("the body is invalid: {error}"),
        };
        T::deserialize(Value::Object(object)).map(Self).map_err(invalid)
    }
}
