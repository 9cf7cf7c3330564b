"""The obvious one-file version: clients at the top, the token checked in each handler, a write for each step.

Written to be compared with, not to be used: no proof, no ledger, no retries. It is as short as such an app is.
"""

import json
import os
import uuid
from datetime import UTC, datetime
from urllib.parse import unquote_plus

import boto3
import jwt
from boto3.dynamodb.conditions import Key
from chalice import Chalice, Rate, UnauthorizedError

app = Chalice("obvious")
s3 = boto3.client("s3")
sqs = boto3.client("sqs")
table = boto3.resource("dynamodb").Table(os.environ["BACKHAUL_TABLE"])
BUCKET = os.environ["BACKHAUL_BUCKET"]
QUEUE = os.environ["BACKHAUL_DEAD_NOTICES"].rpartition(":")[2]
POOL = os.environ["BACKHAUL_USER_POOL"]
KEYS = jwt.PyJWKClient(os.environ["OBVIOUS_KEYS_URL"])


def owner():
    token = app.current_request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        key = KEYS.get_signing_key_from_jwt(token).key
        issuer = f"https://cognito-idp.{os.environ['AWS_REGION']}.amazonaws.com/{POOL}"
        return jwt.decode(token, key, algorithms=["RS256"], issuer=issuer)["sub"]
    except jwt.PyJWTError as error:
        raise UnauthorizedError("Unauthorized") from error


@app.route("/files", methods=["GET"])
def list_files():
    found = table.query(KeyConditionExpression=Key("pk").eq(f"OWNER#{owner()}"), Limit=100)
    return {"files": json.loads(json.dumps(found["Items"], default=str))}


@app.route("/uploads", methods=["POST"])
def begin_uploads():
    who, links = owner(), []
    for file in app.current_request.json_body["files"]:
        file_id = uuid.uuid4().hex
        key = f"originals/{who}/{file_id}-{file['name']}"
        at = datetime.now(UTC).isoformat()
        table.put_item(Item={"pk": f"OWNER#{who}", "sk": file_id, "key": key, "status": "pending", "at": at, **file})
        asked = {"Bucket": BUCKET, "Key": key, "ContentType": file["type"]}
        links.append({"fileId": file_id, "url": s3.generate_presigned_url("put_object", Params=asked)})
    return {"files": links}


@app.on_s3_event(bucket=BUCKET, events=["s3:ObjectCreated:*"])
def object_arrived(event):
    key = unquote_plus(event.key)
    _, who, name = key.split("/")
    table.update_item(
        Key={"pk": f"OWNER#{who}", "sk": name.partition("-")[0]},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": "uploaded"},
    )
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], MessageBody=json.dumps({"key": key}))


@app.schedule(Rate(1, unit=Rate.HOURS))
def sweep(event):
    table.query(KeyConditionExpression=Key("pk").eq("PENDING"), Limit=100)
