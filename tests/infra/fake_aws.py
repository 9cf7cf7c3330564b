"""Small AWS services with a memory: just what finding a deployed stage asks them."""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

Pages = Sequence[Mapping[str, Any]]


class ResourceNotFoundException(Exception):  # noqa: N818 (AWS's name)
    """No such function."""


class NoSuchEntityException(Exception):  # noqa: N818 (AWS's name)
    """No such role."""


class Paginated:
    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def get_paginator(self, _: str) -> "Paginated":
        return self

    def paginate(self, **_: Any) -> Iterator[Mapping[str, Any]]:
        yield from self.pages


class NotFoundException(Exception):  # noqa: N818 (AWS's name)
    """No such domain."""


def is_private(domain: str) -> bool:
    return domain.endswith(".private")


class FakeGateway:
    """APIs by id, a page each, and domains, each with the API that it leads to; one that ends in `.private` is so."""

    exceptions = SimpleNamespace(NotFoundException=NotFoundException)

    def __init__(self, apis: Mapping[str, str], domains: Mapping[str, str] | None = None) -> None:
        self.apis = apis
        self.domains = domains or {}

    def get_paginator(self, what: str) -> "Paginated | FakeMappings":
        if what == "get_base_path_mappings":
            return FakeMappings(self.domains)
        if what == "get_domain_names":
            named = [{"domainName": one} for one in self.domains]
            shown = [one if is_private(one["domainName"]) else {**one, "regionalDomainName": "x.aws"} for one in named]
            # Where there is none AWS leaves the list out.
            return Paginated([{"items": shown} if shown else {}])
        return Paginated([{"items": [{"id": key, "name": name}]} for key, name in self.apis.items()])

    def get_domain_name(self, domainName: str) -> dict[str, str]:  # noqa: N803
        if domainName not in self.domains:
            raise NotFoundException
        names = ("regionalHostedZoneId", "regionalDomainName", "regionalCertificateArn", "securityPolicy")
        return dict(zip(names, ("Z1", f"{domainName}.aws", "arn:cert", "TLS_1_2"), strict=True))


class FakeMappings:
    def __init__(self, domains: Mapping[str, str]) -> None:
        self.domains = domains

    def paginate(self, domainName: str) -> Iterator[Mapping[str, Any]]:  # noqa: N803
        if is_private(domainName):
            raise NotFoundException
        yield {"items": [{"basePath": "(none)", "restApiId": self.domains[domainName], "stage": "api"}]}


class FakeEvents:
    def __init__(self, rules: Sequence[str]) -> None:
        self.rules = rules
        self.prefix = ""

    def get_paginator(self, _: str) -> "FakeEvents":
        return self

    def paginate(self, NamePrefix: str) -> Iterator[Mapping[str, Any]]:  # noqa: N803
        yield {"Rules": [{"Name": name} for name in self.rules if name.startswith(NamePrefix)]}


class _Exceptions:
    ResourceNotFoundException = ResourceNotFoundException
    NoSuchEntityException = NoSuchEntityException


class FakeFunctions:
    """Functions by name, each with the queues it reads, as id -> queue."""

    exceptions = _Exceptions

    def __init__(self, functions: Mapping[str, Mapping[str, str]]) -> None:
        self.functions = functions

    def get_function_configuration(self, FunctionName: str) -> dict[str, str]:  # noqa: N803
        if FunctionName not in self.functions:
            raise ResourceNotFoundException
        return {"FunctionArn": f"arn:{FunctionName}"}

    def get_paginator(self, _: str) -> "FakeFunctions":
        return self

    def paginate(self, FunctionName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        if FunctionName not in self.functions:
            raise ResourceNotFoundException
        for uuid, queue in self.functions[FunctionName].items():
            mapping = {"UUID": uuid, "EventSourceArn": f"arn:aws:sqs:r:1:{queue}", "FunctionArn": f"arn:{FunctionName}"}
            yield {"EventSourceMappings": [mapping]}


class FakeRoles:
    exceptions = _Exceptions

    def __init__(self, roles: Sequence[str]) -> None:
        self.roles = roles

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803
        if RoleName not in self.roles:
            raise NoSuchEntityException
        return {"Role": {"Arn": f"arn:{RoleName}"}}
