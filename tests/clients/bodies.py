"""Bodies that schemathesis does not know: texts, sent as they are. Loaded by `SCHEMATHESIS_HOOKS`."""

import schemathesis


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def text(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()
