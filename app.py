"""Backhaul in AWS, as a table of contents: who may call, what they may ask, what runs by itself.

Importing this module touches no AWS. Handlers that are not routes name Lambda functions: never rename them.
"""

import os
from typing import Any

from chalice.app import (
    AuthRequest,
    AuthResponse,
    Chalice,
    CloudWatchEvent,
    CORSConfig,
    Rate,
    Request,
    Response,
    S3Event,
    SQSEvent,
)

from chalicelib import VERSION, arrivals, catch_up, edge, log, sweeps
from chalicelib.cloud import cloud
from chalicelib.config import Settings

if "AWS_CHALICE_CLI_MODE" in os.environ:
    from infra import deploy_hooks

    deploy_hooks.install()

here = Settings.from_env()
cors = CORSConfig(allow_origin="*", allow_headers=["Idempotency-Key"], expose_headers=["Retry-After"], max_age=3600)

log.set_up()
app = Chalice("backhaul", configure_logs=False)
app.api.cors = cors


@app.middleware("http")
def answer(request: Request, get_response: edge.GetResponse) -> Response:
    """Turn refusals into JSON and tell each request to the log."""
    return edge.answer(request, get_response, cors.get_access_control_headers())


@app.middleware("s3")
@app.middleware("sqs")
@app.middleware("scheduled")
def hear(event: Any, handle: edge.Handle) -> Any:
    """Name the event that the log lines belong to."""
    return edge.hear(event, handle)


# ---- Who may call --------------------------------------------------------------------------------------------------


@app.authorizer(ttl_seconds=60)
def caller_token(request: AuthRequest) -> AuthResponse:
    """Let nobody in."""
    return AuthResponse(routes=[], principal_id="nobody")


# ---- What they may ask ---------------------------------------------------------------------------------------------


@app.route("/health", methods=["GET"])
def health() -> dict[str, str]:
    """Tell that the service answers, and which."""
    return {"status": "ok", "stage": here.stage, "version": VERSION}


# ---- What runs by itself -------------------------------------------------------------------------------------------


@app.on_s3_event(bucket=here.bucket, events=["s3:ObjectCreated:*"], prefix="originals/")
def object_arrived(event: S3Event) -> None:
    """Mark files whose objects arrived as uploaded, write what is owed, ring the PCs."""
    arrivals.object_arrived(cloud(), event.to_dict())


object_arrived.event_class = edge.WholeS3Event


@app.on_sqs_message(queue_arn=here.paired_queue, batch_size=10)
def pc_paired(event: SQSEvent) -> dict[str, Any]:
    """Owe a new PC all there is; only what failed comes again."""
    return catch_up.pc_paired(cloud(), event.to_dict())


@app.schedule(Rate(15, unit=Rate.MINUTES))
def sweep_pending(_event: CloudWatchEvent) -> None:
    """Repair arrivals whose event was lost, release uploads that never came."""
    sweeps.sweep_pending(cloud())
