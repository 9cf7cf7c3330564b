"""Two ways to fetch that have no program of their own: one file after the other, and AWS's C client.

    python bench/fetchers.py {loop|crt} ENDPOINT BUCKET PREFIX FOLDER

The loop is what a first script does. `crt` is the transfer client that `aws` of version 2 uses where it is told to
(`preferred_transfer_client crt`); PyPI has version 1 of `aws` alone, which has no such client, so its own library is
driven here, with the settings that it chooses by itself.
"""

import os
import sys
from pathlib import Path
from typing import Any


def loop(client: Any, bucket: str, prefix: str, folder: Path) -> None:
    """Read each object into memory, write it, go on to the next."""
    for key in _keys(client, bucket, prefix):
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        (folder / key.rpartition("/")[2]).write_bytes(body)


def crt(client: Any, bucket: str, prefix: str, folder: Path) -> None:
    """Hand all to the C client, and wait for all."""
    import botocore.session  # noqa: PLC0415 (what is measured brings it)
    from botocore.config import Config  # noqa: PLC0415 - as above
    from s3transfer import crt as transfer  # noqa: PLC0415 - as above

    session = botocore.session.get_session()
    adapter = transfer.BotocoreCRTCredentialsWrapper(session.get_credentials())
    provider = adapter.to_crt_credentials_provider()
    made = transfer.create_s3_crt_client("us-east-1", crt_credentials_provider=provider, use_ssl=False)
    path_style = Config(s3={"addressing_style": "path"})
    told = {"endpoint_url": client.meta.endpoint_url, "region_name": "us-east-1", "config": path_style}
    with transfer.CRTTransferManager(made, transfer.BotocoreCRTRequestSerializer(session, told)) as manager:
        waited = [
            manager.download(bucket, key, str(folder / key.rpartition("/")[2])) for key in _keys(client, bucket, prefix)
        ]
        for one in waited:
            one.result()


def _keys(client: Any, bucket: str, prefix: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix + "/")
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


def main() -> None:
    """Fetch."""
    import boto3  # noqa: PLC0415 (the one that belongs to the way)

    way, endpoint, bucket, prefix, folder = sys.argv[1:]
    client = boto3.client("s3", endpoint_url=endpoint, region_name=os.environ["AWS_REGION"])
    {"loop": loop, "crt": crt}[way](client, bucket, prefix, Path(folder))


if __name__ == "__main__":
    main()
