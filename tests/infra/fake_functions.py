"""Lambda with the API's function and the Python it runs, or without. Touches nothing."""

from types import SimpleNamespace

from fake_aws import ResourceNotFoundException


class FakeFunctions:
    exceptions = SimpleNamespace(ResourceNotFoundException=ResourceNotFoundException)

    def __init__(self, runtime: str | None = None) -> None:
        self.runtime = runtime

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, str]:  # noqa: N803 (boto3's name)
        assert FunctionName == "backhaul-dev"
        if self.runtime is None:
            raise ResourceNotFoundException
        return {"Runtime": self.runtime}
