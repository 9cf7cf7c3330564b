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

from chalicelib import bodies, contract, edge, health, limits, log, origin, page
from chalicelib.auth import accounts, admin, callers, closures, credentials, devices, me, mfa, pairings, user_pool
from chalicelib.bodies import Id
from chalicelib.cloud import cloud
from chalicelib.config import Settings
from chalicelib.contract import (
    ADMINS,
    ANYBODY,
    DEVICES,
    EVERYBODY_KNOWN,
    OWNERS,
    OWNERS_AND_DEVICES,
    OWNERS_AND_PCS,
    PCS,
    READERS,
    SENDERS,
)
from chalicelib.debts import holdings, laps, losses, owed, recalls, receipts
from chalicelib.errors import BadCursorError, NotAllowedError, NotFoundError
from chalicelib.incoming import arrivals, missing, quota, under_way, uploads, wanted
from chalicelib.keeping import home_sweep, trash
from chalicelib.library import activity, albums, analytics, changes, edits, files, links, places, search, usage
from chalicelib.media import tasks
from chalicelib.presign import Link
from chalicelib.upkeep import lookout, reports, rounds, sweeps

if "AWS_CHALICE_CLI_MODE" in os.environ:
    from infra import deploy_hooks

    deploy_hooks.install()

here = Settings.from_env()
cors = CORSConfig(allow_origin="*", expose_headers=["Retry-After"], max_age=3600)

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


def read(kind: type[bodies.Body]) -> bodies.Body:
    """Read what is asked: the query of a GET, the body of anything else."""
    if request().method == "GET":
        return bodies.convert(dict(request().query_params or {}), kind)
    raw = request().raw_body
    return bodies.parse(raw.encode() if isinstance(raw, str) else raw, kind)


open_to = contract.opener(read)


def caller() -> callers.Caller:
    """Return who asks, as the authorizer found."""
    return callers.caller_of(request().context)


def address() -> str:
    """Return where the question came from."""
    return origin.address_of(request().context)


def base_url() -> str:
    """Return the address that people and PCs reach us at."""
    return origin.base_url(request().context, here.public_url)


def access_token() -> str:
    """Return the token a person asks with, for what the user pool itself must judge."""
    return origin.bearer(request().headers)


# ---- Who may call --------------------------------------------------------------------------------------------------


@app.authorizer(ttl_seconds=60)
def caller_token(request: AuthRequest) -> AuthResponse:
    """Let in who shows an access token of the user pool or a device's key."""
    return callers.admit(cloud(), request.token)


# ---- What they may ask ---------------------------------------------------------------------------------------------


@app.route("/health", methods=["GET"])
@open_to(ANYBODY)
def show_health() -> health.Health:
    """Tell that the service answers, and which."""
    return health.tell(here.stage)


@app.route("/openapi.json", methods=["GET"])
@open_to(ANYBODY)
def describe_api() -> Response:
    """Describe all of this for programs: OpenAPI 3.1."""
    from chalicelib import openapi  # noqa: PLC0415 (no other request pays for it)

    return openapi.answer(app.routes, base_url(), request().headers)


@app.route("/", methods=["GET"])
@open_to(ANYBODY)
def show_page() -> page.Page:
    """Open the page: a phone's browser is enough."""
    return page.opened(here, request().headers)


@app.route("/pair", methods=["GET"])
@open_to(ANYBODY)
def show_pairing_page() -> page.Page:
    """Open the page where a device asks to be paired: the link that devices show."""
    return page.opened(here, request().headers)


@app.route("/web/{name}", methods=["GET"])
@open_to(ANYBODY)
def show_page_file(name: page.FileName) -> page.Page:
    """Serve a file that the page is made of."""
    return page.answer(here, name, request().headers)


@app.route("/uploads", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS, refuses=[limits.TooManyRequestsError])
def begin_uploads(asked: wanted.Batch) -> uploads.Beginnings:
    """Begin to bring in up to a hundred files."""
    return uploads.begin(cloud(), caller(), asked)


@app.route("/upload-url", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS, refuses=[limits.TooManyRequestsError, uploads.KnownContentsError, quota.QuotaExceededError])
def begin_simple_upload(asked: wanted.Simple) -> uploads.SimpleLink:
    """Begin to bring in one file, for a client that sends nothing but its type."""
    return uploads.begin_simple(cloud(), caller(), asked)


@app.route("/uploads/{file_id}/links", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS)
def renew_links(file_id: Id, asked: under_way.AskedParts) -> under_way.Standing:
    """Tell what has come of a file, and give fresh links for the rest."""
    return under_way.links(cloud(), caller(), file_id, asked)


@app.route("/uploads/{file_id}/complete", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS, refuses=[under_way.PartsMissingError])
def complete_upload(file_id: Id) -> under_way.Completed:
    """Put a large file's parts together."""
    return under_way.complete(cloud(), caller(), file_id)


@app.route("/uploads/{file_id}", methods=["DELETE"], authorizer=caller_token)
@open_to(SENDERS, refuses=[uploads.AlreadyUploadedError])
def abort_upload(file_id: Id) -> None:
    """Call an upload off."""
    uploads.abort(cloud(), caller(), file_id)


@app.route("/files/missing", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS)
def find_missing(asked: missing.Hashes) -> missing.Missing:
    """Tell which of up to a thousand contents have not arrived yet."""
    return missing.find(cloud(), caller(), asked)


@app.route("/files", methods=["GET"], authorizer=caller_token)
@open_to(READERS)
def list_files(asked: files.Asked) -> files.FilesShown:
    """List files: those captured last come first, or those begun last."""
    return files.page(cloud(), caller(), asked)


@app.route("/files/search", methods=["POST"], authorizer=caller_token)
@open_to(READERS)
def search_files(asked: search.Search) -> files.FilesShown:
    """Find files by words, the last of which may be a beginning: those captured last come first."""
    return search.page(cloud(), caller(), asked)


@app.route("/changes", methods=["GET"], authorizer=caller_token)
@open_to(READERS, refuses=[BadCursorError, changes.OutdatedCursorError])
def list_changes(asked: changes.Asked) -> changes.ChangesShown:
    """List files that changed since the last time, for who keeps a list of their own; without `since`, all of them."""
    return changes.page(cloud(), caller(), asked)


@app.route("/files/{file_id}", methods=["GET"], authorizer=caller_token)
@open_to(READERS)
def show_file(file_id: Id) -> files.FileShown:
    """Tell how far a file has come on its way home."""
    return files.get(cloud(), caller(), file_id)


@app.route("/files/{file_id}", methods=["PATCH"], authorizer=caller_token)
@open_to(SENDERS, refuses=[edits.ChangedMeanwhileError])
def edit_file(file_id: Id, asked: edits.Edit) -> files.FileShown:
    """Rename a file or call it a favourite, unless somebody else edited it since it was shown."""
    return edits.edit(cloud(), caller(), file_id, asked)


@app.route("/files/{file_id}/link", methods=["GET"], authorizer=caller_token)
@open_to(READERS, refuses=[links.NothingToShowError, links.OnlyAtHomeError, links.NoPreviewError])
def link_to_file(file_id: Id, asked: links.AskedVariant) -> Link:
    """Link to a file or a preview of it, for fifteen minutes."""
    return links.get(cloud(), caller(), file_id, asked)


@app.route("/files/links", methods=["POST"], authorizer=caller_token)
@open_to(READERS)
def link_to_files(asked: links.AskedLinks) -> links.LinkAnswers:
    """Link to up to a hundred files or previews."""
    return links.get_all(cloud(), caller(), asked)


@app.route("/files/{file_id}", methods=["DELETE"], authorizer=caller_token)
@open_to(SENDERS, refuses=[trash.NotHereError, trash.PurgedError])
def trash_file(file_id: Id) -> trash.TrashAnswer:
    """Put a file into the trash for thirty days; what is at home stays there."""
    return trash.throw_away(cloud(), caller(), file_id)


@app.route("/files/{file_id}/restore", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS, refuses=[trash.NotHereError, trash.PurgedError])
def restore_file(file_id: Id) -> trash.TrashAnswer:
    """Have a file back from the trash."""
    return trash.restore(cloud(), caller(), file_id)


@app.route("/files/{file_id}/purge", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS, refuses=[trash.NotHereError, trash.NotTrashedError])
def purge_file(file_id: Id) -> trash.TrashAnswer:
    """Throw a file of the trash away for good; its bytes are deleted within the hour."""
    return trash.purge(cloud(), caller(), file_id)


@app.route("/files/{file_id}/recall", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS, refuses=[recalls.NotToRecallError, quota.QuotaExceededError, limits.TooManyRequestsError])
def recall_file(file_id: Id) -> recalls.Recalled:
    """Have a file that is only at home brought back to the cloud, by a PC that has it."""
    return recalls.ask(cloud(), caller(), file_id)


@app.route("/files/trash", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS)
def trash_files(asked: trash.FileIds) -> trash.TrashAnswers:
    """Put up to a hundred files into the trash."""
    return trash.throw_all_away(cloud(), caller(), asked)


@app.route("/files/restore", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS)
def restore_files(asked: trash.FileIds) -> trash.TrashAnswers:
    """Have up to a hundred files back from the trash."""
    return trash.restore_all(cloud(), caller(), asked)


@app.route("/files/purge", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS)
def purge_files(asked: trash.FileIds) -> trash.TrashAnswers:
    """Throw up to a hundred files of the trash away for good."""
    return trash.purge_all(cloud(), caller(), asked)


@app.route("/albums", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS, refuses=[albums.TooManyAlbumsError])
def make_album(asked: albums.NewAlbum) -> albums.AlbumShown:
    """Make an album."""
    return albums.make(cloud(), caller(), asked)


@app.route("/albums", methods=["GET"], authorizer=caller_token)
@open_to(READERS)
def list_albums(asked: albums.AskedAlbums) -> albums.AlbumsShown:
    """List albums, those made last first."""
    return albums.page(cloud(), caller(), asked)


@app.route("/albums/{album_id}", methods=["PATCH"], authorizer=caller_token)
@open_to(SENDERS, refuses=[albums.AlbumChangedError])
def rename_album(album_id: Id, asked: albums.RenamedAlbum) -> albums.AlbumShown:
    """Rename an album, unless somebody else did since it was shown."""
    return albums.rename(cloud(), caller(), album_id, asked)


@app.route("/albums/{album_id}", methods=["DELETE"], authorizer=caller_token)
@open_to(SENDERS)
def remove_album(album_id: Id) -> None:
    """Remove an album; its files stay."""
    albums.remove(cloud(), caller(), album_id)


@app.route("/albums/{album_id}/files", methods=["GET"], authorizer=caller_token)
@open_to(READERS)
def list_album(album_id: Id, asked: albums.AskedAlbums) -> files.FilesShown:
    """List an album's files: those begun last come first."""
    return albums.show_files(cloud(), caller(), album_id, asked)


@app.route("/albums/{album_id}/files", methods=["POST"], authorizer=caller_token)
@open_to(SENDERS)
def change_album(album_id: Id, asked: albums.Membership) -> albums.MembershipAnswers:
    """Put up to a hundred files into an album, and take as many out."""
    return albums.change_files(cloud(), caller(), album_id, asked)


@app.route("/auth/register", methods=["POST"])
@open_to(ANYBODY, refuses=[*user_pool.ALWAYS, user_pool.WeakPasswordError, user_pool.SignUpClosedError])
def register(asked: accounts.Register) -> None:
    """Make an account that waits for the code mailed to its address."""
    accounts.register(cloud(), asked, address())


@app.route("/auth/confirm", methods=["POST"])
@open_to(ANYBODY, refuses=[*user_pool.ALWAYS, user_pool.WrongCodeError])
def confirm(asked: accounts.Confirm) -> None:
    """Take the mailed code."""
    accounts.confirm(cloud(), asked, address())


@app.route("/auth/resend", methods=["POST"])
@open_to(ANYBODY, refuses=user_pool.ALWAYS)
def resend(asked: accounts.Address) -> None:
    """Mail a fresh code."""
    accounts.resend(cloud(), asked, address())


@app.route("/auth/login", methods=["POST"])
@open_to(ANYBODY, refuses=[*user_pool.ALWAYS, user_pool.WrongCredentialsError, user_pool.NewPasswordNeededError])
def login(asked: accounts.Login) -> accounts.SignedIn | accounts.Challenged:
    """Sign in with e-mail address and password."""
    return accounts.login(cloud(), asked, address())


@app.route("/auth/challenge", methods=["POST"])
@open_to(
    ANYBODY,
    refuses=[
        *user_pool.ALWAYS,
        user_pool.WrongCodeError,
        user_pool.SessionEndedError,
        user_pool.NewPasswordNeededError,
    ],
)
def answer_challenge(asked: accounts.Challenge) -> accounts.SignedIn | accounts.Challenged:
    """Go on with a sign-in by what the authenticator app shows."""
    return accounts.answer_challenge(cloud(), asked, address())


@app.route("/auth/refresh", methods=["POST"])
@open_to(ANYBODY, refuses=[*user_pool.ALWAYS, user_pool.SessionEndedError])
def refresh(asked: accounts.Refresh) -> accounts.SignedIn:
    """Stay signed in."""
    return accounts.refresh(cloud(), asked)


@app.route("/auth/logout", methods=["POST"])
@open_to(ANYBODY, refuses=user_pool.ALWAYS)
def logout(asked: accounts.Refresh) -> None:
    """Revoke a refresh token."""
    accounts.logout(cloud(), asked)


@app.route("/auth/forgot", methods=["POST"])
@open_to(ANYBODY, refuses=user_pool.ALWAYS)
def forgot(asked: accounts.Address) -> None:
    """Mail a code that allows a new password."""
    accounts.forgot(cloud(), asked, address())


@app.route("/auth/reset", methods=["POST"])
@open_to(ANYBODY, refuses=[*user_pool.ALWAYS, user_pool.WeakPasswordError, user_pool.WrongCodeError])
def reset(asked: accounts.Reset) -> None:
    """Set a new password with the mailed code."""
    accounts.reset(cloud(), asked, address())


@app.route("/auth/password", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS, refuses=[*user_pool.ALWAYS, user_pool.WeakPasswordError, user_pool.WrongPasswordError])
def change_password(asked: accounts.ChangePassword) -> None:
    """Replace the password, knowing the old one."""
    accounts.change_password(cloud(), caller(), access_token(), asked)


@app.route("/auth/mfa", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS, refuses=[*user_pool.ALWAYS, user_pool.SessionEndedError])
def set_up_mfa() -> mfa.Secret:
    """Begin to ask for an authenticator app at sign-in."""
    return mfa.set_up(cloud(), caller(), access_token())


@app.route("/auth/mfa/verify", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS, refuses=[*user_pool.ALWAYS, user_pool.WrongCodeError, user_pool.SessionEndedError])
def verify_mfa(asked: mfa.Verify) -> None:
    """Show that the authenticator app took the secret."""
    mfa.verify(cloud(), caller(), access_token(), asked)


@app.route("/auth/mfa", methods=["DELETE"], authorizer=caller_token)
@open_to(
    OWNERS,
    refuses=[
        *user_pool.ALWAYS,
        user_pool.WrongPasswordError,
        user_pool.SessionEndedError,
        user_pool.NewPasswordNeededError,
    ],
)
def turn_off_mfa(asked: mfa.TurnOff) -> None:
    """Ask for the password alone again."""
    mfa.turn_off(cloud(), caller(), access_token(), asked)


@app.route("/me", methods=["GET"], authorizer=caller_token)
@open_to(EVERYBODY_KNOWN, refuses=[NotAllowedError, NotFoundError, *user_pool.ALWAYS, user_pool.SessionEndedError])
def show_me(asked: me.AskedMe) -> me.Me:
    """Tell the caller who it is; a person who asks `with=mfa` also whether sign-in asks for an app's code."""
    return me.show_with(cloud(), caller(), access_token(), asked)


@app.route("/me", methods=["PATCH"], authorizer=caller_token)
@open_to(OWNERS, refuses=[NotFoundError])
def change_me(asked: me.OwnerSettings) -> me.Me:
    """Set for how long cloud copies stay once all PCs have their files."""
    return me.change(cloud(), caller(), asked)


@app.route("/me", methods=["DELETE"], authorizer=caller_token)
@open_to(OWNERS, refuses=[*user_pool.ALWAYS, user_pool.WrongPasswordError, user_pool.NewPasswordNeededError])
def close_account(asked: closures.Close) -> None:
    """Close the caller's account and remove everything it owns."""
    closures.close(cloud(), caller(), access_token(), asked)


@app.route("/usage", methods=["GET"], authorizer=caller_token)
@open_to(READERS)
def show_usage() -> usage.Usage:
    """Tell how much there is by status, and how much more there may be."""
    return usage.show(cloud(), caller())


@app.route("/analytics/overview", methods=["GET"], authorizer=caller_token)
@open_to(OWNERS)
def show_overview() -> analytics.Overview:
    """Tell how things stand: what is in, how far behind each PC is, what this month costs."""
    return analytics.overview(cloud(), caller())


@app.route("/analytics/storage", methods=["GET"], authorizer=caller_token)
@open_to(OWNERS)
def show_storage() -> analytics.Storage:
    """Tell what files add up to by status, kind, device and month."""
    return analytics.storage(cloud(), caller())


@app.route("/activity", methods=["GET"], authorizer=caller_token)
@open_to(OWNERS)
def show_activity(asked: activity.Asked) -> activity.Deeds:
    """Tell who did what when in the last 90 days, the latest first."""
    return activity.page(cloud(), caller(), asked)


@app.route("/admin/owners", methods=["GET"], authorizer=caller_token)
@open_to(ADMINS)
def list_owners(asked: admin.Wanted) -> admin.ShownOwners:
    """List owners with their usage and the devices that have gone silent."""
    return admin.list_owners(cloud(), caller(), asked)


@app.route("/pairings", methods=["POST"])
@open_to(ANYBODY, refuses=[limits.TooManyRequestsError])
def ask_to_pair(asked: pairings.Ask) -> pairings.Asked:
    """Begin a pairing for a device that nobody knows yet."""
    return pairings.ask(cloud(), asked, address(), base_url())


@app.route("/pairings/{user_code}", methods=["GET"], authorizer=caller_token)
@open_to(OWNERS, refuses=[limits.TooManyRequestsError])
def show_pairing(user_code: pairings.UserCode) -> pairings.ShownPairing:
    """Show what asks to be paired."""
    return pairings.show(cloud(), caller(), user_code, address())


@app.route("/pairings/approve", methods=["POST"], authorizer=caller_token)
@open_to(OWNERS, refuses=[NotFoundError, limits.TooManyRequestsError, pairings.TooManyPcsError])
def decide_pairing(asked: pairings.Decide) -> pairings.Decided:
    """Say yes or no to a device."""
    return pairings.decide(cloud(), caller(), asked, address())


@app.route("/pairings/claim", methods=["POST"])
@open_to(
    ANYBODY,
    refuses=[
        limits.TooManyRequestsError,
        pairings.AuthorizationPendingError,
        pairings.SlowDownError,
        pairings.ExpiredCodeError,
        pairings.AccessDeniedError,
    ],
)
def claim_pairing(asked: pairings.Claim) -> pairings.Claimed:
    """Hand a device its key once its owner said yes."""
    return pairings.claim(cloud(), asked, address())


@app.route("/devices", methods=["GET"], authorizer=caller_token)
@open_to(OWNERS)
def list_devices() -> devices.ShownDevices:
    """List the owner's phones and PCs."""
    return devices.every(cloud(), caller())


@app.route("/devices/{device_id}", methods=["PATCH"], authorizer=caller_token)
@open_to(OWNERS)
def rename_device(device_id: Id, asked: devices.Rename) -> devices.ShownDevice:
    """Call a device otherwise."""
    return devices.rename(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}", methods=["DELETE"], authorizer=caller_token)
@open_to(OWNERS_AND_DEVICES)
def revoke_device(device_id: Id) -> None:
    """Stop a device for good; a device may stop itself."""
    devices.revoke(cloud(), caller(), device_id)


@app.route("/devices/{device_id}/heartbeat", methods=["POST"], authorizer=caller_token)
@open_to(DEVICES)
def beat(device_id: Id, asked: devices.Heartbeat) -> devices.Beaten:
    """Note that a device lives; tell a PC how many files it is asked to send back."""
    return devices.beat(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}/credentials", methods=["POST"], authorizer=caller_token)
@open_to(PCS)
def lend_credentials(device_id: Id) -> credentials.Lent:
    """Lend a PC what it reaches its files and its queue with, for an hour."""
    return credentials.lend(cloud(), caller(), device_id)


@app.route("/devices/{device_id}/owed", methods=["GET"], authorizer=caller_token)
@open_to(OWNERS_AND_PCS)
def list_owed(device_id: Id, asked: owed.Asked) -> owed.Owed:
    """List what a PC has not got yet, the oldest first."""
    return owed.page(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}/receipts", methods=["POST"], authorizer=caller_token)
@open_to(PCS)
def take_receipts(device_id: Id, asked: receipts.Receipts) -> receipts.Answers:
    """Take a PC's word that files are at home."""
    return receipts.take(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}/losses", methods=["POST"], authorizer=caller_token)
@open_to(PCS)
def take_losses(device_id: Id, asked: losses.Losses) -> losses.LossAnswers:
    """Take a PC's word that files are damaged or gone at home; what is still in the cloud is owed to it again."""
    return losses.take(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}/holdings", methods=["POST"], authorizer=caller_token)
@open_to(PCS)
def take_holdings(device_id: Id, asked: holdings.Holdings) -> holdings.HoldingAnswers:
    """Take a PC's word for what it has at home; what the table has lost is written down again."""
    return holdings.take(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}/recalls", methods=["GET"], authorizer=caller_token)
@open_to(PCS)
def list_recalls(device_id: Id, asked: recalls.Asked) -> recalls.Recalls:
    """List the files that a PC is asked to send back."""
    return recalls.page(cloud(), caller(), device_id, asked)


@app.route("/devices/{device_id}/recalls/{file_id}/links", methods=["POST"], authorizer=caller_token)
@open_to(PCS)
def link_to_recalled(device_id: Id, file_id: Id, asked: under_way.AskedParts) -> under_way.Standing:
    """Give a PC links for what lacks of a file that it is asked to send back, and of no other."""
    return recalls.links(cloud(), caller(), device_id, file_id, asked)


@app.route("/devices/{device_id}/recalls/{file_id}/complete", methods=["POST"], authorizer=caller_token)
@open_to(PCS, refuses=[under_way.PartsMissingError])
def complete_recalled(device_id: Id, file_id: Id) -> under_way.Completed:
    """Put the parts together that a PC sent back of a large file."""
    return recalls.complete(cloud(), caller(), device_id, file_id)


# ---- What runs by itself -------------------------------------------------------------------------------------------


@app.on_s3_event(bucket=here.bucket, events=["s3:ObjectCreated:*"], prefix="originals/")
def object_arrived(event: S3Event) -> None:
    """Mark files whose objects arrived as uploaded, write what is owed, ring the PCs."""
    arrivals.object_arrived(cloud(), event.to_dict())


object_arrived.event_class = edge.WholeS3Event


@app.on_sqs_message(queue_arn=here.paired_queue, batch_size=10)
def pcs_changed(event: SQSEvent) -> dict[str, Any]:
    """Owe a new PC all there is, clear what a revoked one was owed; only what failed comes again."""
    return laps.pcs_changed(cloud(), event.to_dict())


@app.on_sqs_message(queue_arn=here.media_queue, batch_size=4, maximum_concurrency=4)
def media_queued(event: SQSEvent) -> dict[str, Any]:
    """Look into what arrived: when it was taken, with what, and previews; only what failed comes again."""
    from chalicelib.media import work  # noqa: PLC0415 (no other function pays for it)

    return work.media_queued(cloud(), event.to_dict())


@app.schedule(Rate(15, unit=Rate.MINUTES))
def sweep_pending(_event: CloudWatchEvent) -> None:
    """Repair arrivals whose event was lost, release uploads that never came, ask again for what stands still."""
    parts = laps.ring_for_the_silent, sweeps.sweep_pending, tasks.sweep, closures.remove_closed, places.forget
    rounds.run(cloud(), "sweep_pending", *parts)


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep_home(_event: CloudWatchEvent) -> None:
    """Let cloud copies go whose grace is over and trash that is old enough; see whether the others still run."""
    rounds.run(cloud(), "sweep_home", lookout.sweeps, home_sweep.sweep_home)


@app.schedule(Rate(1, unit=Rate.HOURS))
def watch(_event: CloudWatchEvent) -> None:
    """Tell what has stopped: PCs that do not take files home, silent phones, dead letters, sweeps that do not run."""
    rounds.run(cloud(), "watch", lookout.devices, lookout.dead_letters, lookout.sweeps, reports.send)
