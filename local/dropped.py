"""Set what the emulator's CloudFormation drops without a word. The one place that says so.

MiniStack 1.5.33 makes the bucket and the table of the template, but leaves away the bucket's lifecycle and the
table's time to live and point-in-time recovery. Their values are read from the template, so that there is one truth.
"""

from collections.abc import Mapping
from typing import Any

import yaml

Resource = Mapping[str, Any]


def set_dropped(session: Any, endpoint: str, template: str, names: Mapping[str, str]) -> None:
    """Set by API what the template asks for; `names` are the outputs of the stack."""
    resources = parse(template)
    rules = lifecycle_rules(resources["Bucket"]["Properties"])
    session.client("s3", endpoint_url=endpoint).put_bucket_lifecycle_configuration(
        Bucket=names["Bucket"], LifecycleConfiguration={"Rules": rules}
    )
    table, dynamodb = resources["Table"]["Properties"], session.client("dynamodb", endpoint_url=endpoint)
    _set_time_to_live(dynamodb, names["Table"], table["TimeToLiveSpecification"])
    dynamodb.update_continuous_backups(
        TableName=names["Table"], PointInTimeRecoverySpecification=table["PointInTimeRecoverySpecification"]
    )


def _set_time_to_live(dynamodb: Any, table: str, wanted: Resource) -> None:
    """Set it once: to set what is set already is an error, on AWS too."""
    now = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if (now["TimeToLiveStatus"], now.get("AttributeName")) != ("ENABLED", wanted["AttributeName"]):
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)


def parse(template: str) -> dict[str, Resource]:
    """Read the template's resources; intrinsic functions become their plain arguments."""
    resources: dict[str, Resource] = yaml.load(template, Loader=_Template)["Resources"]  # noqa: S506 - a SafeLoader
    return resources


def lifecycle_rules(bucket: Resource) -> list[dict[str, Any]]:
    """Say the lifecycle in the words of the S3 API, which are not those of CloudFormation.

    A rule that depends on a parameter is left away: there is nothing to pay for here.
    """
    return [_rule(rule) for rule in bucket["LifecycleConfiguration"]["Rules"] if isinstance(rule, Mapping)]


def _rule(rule: Resource) -> dict[str, Any]:
    said: dict[str, Any] = {"ID": rule["Id"], "Status": rule["Status"], "Filter": _filter(rule)}
    if "ExpirationInDays" in rule:
        said["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if rule.get("ExpiredObjectDeleteMarker"):
        said["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    for same in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if same in rule:
            said[same] = dict(rule[same])
    return said


def _filter(rule: Resource) -> dict[str, Any]:
    tags = [dict(tag) for tag in rule.get("TagFilters", ())]
    prefix = rule.get("Prefix", "")
    if not tags:
        return {"Prefix": prefix}
    if len(tags) == 1 and not prefix:
        return {"Tag": tags[0]}
    return {"And": {"Prefix": prefix, "Tags": tags}}


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's short intrinsic functions."""


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _plain)
