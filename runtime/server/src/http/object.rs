//! A JSON object as the body of a request.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;

/// What a JSON object holds. A list of the same values in their order, which `serde` would take as well, is none.
pub struct Object<T>(pub T);

/// Why a body is no such object.
pub struct Wrong {
    status: StatusCode,
    text: String,
}

impl Wrong {
    /// As an answer, with what to do.
    pub fn problem(&self, hint: &str) -> Problem {
        Problem::new(self.status, format!("{}; {hint}", self.text))
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        self.problem("give a JSON object").into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Object<T> {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        let wrong = |error: JsonRejection| Wrong { status: error.status(), text: error.body_text() };
        let Json(object) = Json::<Map<String, Value>>::from_request(request, state).await.map_err(wrong)?;
        let wrong = |error: serde_json::Error| Wrong {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            text: format!("the body is not as wanted: {error}"),
        };
        T::deserialize(Value::Object(object)).map(Self).map_err(wrong)
    }
}
