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

from chalicelib import (
    VERSION,
    accounts,
    admin,
    arrivals,
    auth,
    bodies,
    catch_up,
    closures,
    credentials,
    devices,
    edge,
    files,
    log,
    me,
    mfa,
    missing,
    origin,
    owed,
    pairings,
    receipts,
    sweeps,
    uploads,
    wanted,
)
from chalicelib.bodies import to_json
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


def request() -> Request:
    """Return the request that is being answered."""
    assert app.current_request is not None
    return app.current_request


def body(kind: type[bodies.Body]) -> bodies.Body:
    """Read what is asked."""
    raw = request().raw_body
    return bodies.parse(raw.encode() if isinstance(raw, str) else raw, kind)


def query(kind: type[bodies.Body]) -> bodies.Body:
    """Read which page of a list is asked."""
    return bodies.convert(dict(request().query_params or {}), kind)


def caller() -> auth.Caller:
    """Return who asks, as the authorizer found."""
    return auth.caller_of(request().context)


def address() -> str:
    """Return where the question came from."""
    return origin.address_of(request().context)


def access_token() -> str:
    """Return the token a person asks with, for what the user pool itself must judge."""
    return origin.bearer(request().headers)


# ---- Who may call --------------------------------------------------------------------------------------------------


@app.authorizer(ttl_seconds=60)
def caller_token(request: AuthRequest) -> AuthResponse:
    """Let in who shows an access token of the user pool or a device's key."""
    return auth.admit(cloud(), request.token)


# ---- What they may ask ---------------------------------------------------------------------------------------------


@app.route("/health", methods=["GET"])
def health() -> dict[str, str]:
    """Tell that the service answers, and which."""
    return {"status": "ok", "stage": here.stage, "version": VERSION}


@app.route("/uploads", methods=["POST"], authorizer=caller_token)
def begin_uploads() -> Any:
    """Begin to bring in up to a hundred files."""
    return to_json(uploads.begin(cloud(), caller(), body(wanted.Batch)))


@app.route("/upload-url", methods=["POST"], authorizer=caller_token)
def begin_simple_upload() -> Any:
    """Begin to bring in one file, for a client that sends nothing but its type."""
    return to_json(uploads.begin_simple(cloud(), caller(), body(wanted.Simple)))


@app.route("/uploads/{file_id}", methods=["DELETE"], authorizer=caller_token)
def abort_upload(file_id: str) -> Any:
    """Call an upload off."""
    uploads.abort(cloud(), caller(), file_id)
    return {}


@app.route("/files/missing", methods=["POST"], authorizer=caller_token)
def find_missing() -> Any:
    """Tell which of up to a thousand contents have not arrived yet."""
    return to_json(missing.find(cloud(), caller(), body(missing.Hashes)))


@app.route("/files", methods=["GET"], authorizer=caller_token)
def list_files() -> Any:
    """List files, the newest first."""
    return to_json(files.page(cloud(), caller(), query(files.Asked)))


@app.route("/files/{file_id}", methods=["GET"], authorizer=caller_token)
def show_file(file_id: str) -> Any:
    """Tell how far a file has come on its way home."""
    return to_json(files.get(cloud(), caller(), file_id))


@app.route("/auth/register", methods=["POST"])
def register() -> Any:
    """Make an account that waits for the code mailed to its address."""
    accounts.register(cloud(), body(accounts.Register), address())
    return {}


@app.route("/auth/confirm", methods=["POST"])
def confirm() -> Any:
    """Take the mailed code."""
    accounts.confirm(cloud(), body(accounts.Confirm), address())
    return {}


@app.route("/auth/resend", methods=["POST"])
def resend() -> Any:
    """Mail a fresh code."""
    accounts.resend(cloud(), body(accounts.Address), address())
    return {}


@app.route("/auth/login", methods=["POST"])
def login() -> Any:
    """Sign in with e-mail address and password."""
    return to_json(accounts.login(cloud(), body(accounts.Login), address()))


@app.route("/auth/challenge", methods=["POST"])
def answer_challenge() -> Any:
    """Go on with a sign-in by what the authenticator app shows."""
    return to_json(accounts.answer_challenge(cloud(), body(accounts.Challenge), address()))


@app.route("/auth/refresh", methods=["POST"])
def refresh() -> Any:
    """Stay signed in."""
    return to_json(accounts.refresh(cloud(), body(accounts.Refresh)))


@app.route("/auth/logout", methods=["POST"])
def logout() -> Any:
    """Revoke a refresh token."""
    accounts.logout(cloud(), body(accounts.Refresh))
    return {}


@app.route("/auth/forgot", methods=["POST"])
def forgot() -> Any:
    """Mail a code that allows a new password."""
    accounts.forgot(cloud(), body(accounts.Address), address())
    return {}


@app.route("/auth/reset", methods=["POST"])
def reset() -> Any:
    """Set a new password with the mailed code."""
    accounts.reset(cloud(), body(accounts.Reset), address())
    return {}


@app.route("/auth/password", methods=["POST"], authorizer=caller_token)
def change_password() -> Any:
    """Replace the password, knowing the old one."""
    accounts.change_password(cloud(), caller(), access_token(), body(accounts.ChangePassword))
    return {}


@app.route("/auth/mfa", methods=["POST"], authorizer=caller_token)
def set_up_mfa() -> Any:
    """Begin to ask for an authenticator app at sign-in."""
    return to_json(mfa.set_up(cloud(), caller(), access_token()))


@app.route("/auth/mfa/verify", methods=["POST"], authorizer=caller_token)
def verify_mfa() -> Any:
    """Show that the authenticator app took the secret."""
    mfa.verify(cloud(), caller(), access_token(), body(mfa.Verify))
    return {}


@app.route("/auth/mfa", methods=["DELETE"], authorizer=caller_token)
def turn_off_mfa() -> Any:
    """Ask for the password alone again."""
    mfa.turn_off(cloud(), caller(), access_token(), body(mfa.TurnOff))
    return {}


@app.route("/me", methods=["GET"], authorizer=caller_token)
def show_me() -> Any:
    """Tell the caller who it is."""
    return to_json(me.show(cloud(), caller()))


@app.route("/me", methods=["DELETE"], authorizer=caller_token)
def close_account() -> Any:
    """Close the caller's account and remove everything it owns."""
    closures.close(cloud(), caller(), access_token(), body(closures.Close))
    return {}


@app.route("/admin/owners", methods=["GET"], authorizer=caller_token)
def list_owners() -> Any:
    """List owners with their usage and the devices that have gone silent."""
    return to_json(admin.list_owners(cloud(), caller(), query(admin.Wanted)))


@app.route("/pairings", methods=["POST"])
def ask_to_pair() -> Any:
    """Begin a pairing for a device that nobody knows yet."""
    base_url = origin.base_url(request().context, here.public_url)
    return to_json(pairings.ask(cloud(), body(pairings.Ask), address(), base_url))


@app.route("/pairings/{user_code}", methods=["GET"], authorizer=caller_token)
def show_pairing(user_code: str) -> Any:
    """Show what asks to be paired."""
    return to_json(pairings.show(cloud(), caller(), user_code, address()))


@app.route("/pairings/approve", methods=["POST"], authorizer=caller_token)
def decide_pairing() -> Any:
    """Say yes or no to a device."""
    return to_json(pairings.decide(cloud(), caller(), body(pairings.Decide), address()))


@app.route("/pairings/claim", methods=["POST"])
def claim_pairing() -> Any:
    """Hand a device its key once its owner said yes."""
    return to_json(pairings.claim(cloud(), body(pairings.Claim), address()))


@app.route("/devices", methods=["GET"], authorizer=caller_token)
def list_devices() -> Any:
    """List the owner's phones and PCs."""
    return to_json(devices.every(cloud(), caller()))


@app.route("/devices/{device_id}", methods=["PATCH"], authorizer=caller_token)
def rename_device(device_id: str) -> Any:
    """Call a device otherwise."""
    return to_json(devices.rename(cloud(), caller(), device_id, body(devices.Rename)))


@app.route("/devices/{device_id}", methods=["DELETE"], authorizer=caller_token)
def revoke_device(device_id: str) -> Any:
    """Stop a device for good."""
    devices.revoke(cloud(), caller(), device_id)
    return {}


@app.route("/devices/{device_id}/heartbeat", methods=["POST"], authorizer=caller_token)
def beat(device_id: str) -> Any:
    """Note that a device lives."""
    devices.beat(cloud(), caller(), device_id, body(devices.Heartbeat))
    return {}


@app.route("/devices/{device_id}/credentials", methods=["POST"], authorizer=caller_token)
def lend_credentials(device_id: str) -> Any:
    """Lend a PC what it reaches its files and its queue with, for an hour."""
    return to_json(credentials.lend(cloud(), caller(), device_id))


@app.route("/devices/{device_id}/owed", methods=["GET"], authorizer=caller_token)
def list_owed(device_id: str) -> Any:
    """List what a PC has not got yet, the oldest first."""
    return to_json(owed.page(cloud(), caller(), device_id, query(owed.Asked)))


@app.route("/devices/{device_id}/receipts", methods=["POST"], authorizer=caller_token)
def take_receipts(device_id: str) -> Any:
    """Take a PC's word that files are at home."""
    return to_json(receipts.take(cloud(), caller(), device_id, body(receipts.Batch)))


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
    closures.remove_closed(cloud())
