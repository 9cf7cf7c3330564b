"""What Chalice has to be told for plain `chalice deploy` to be right; `app.py` imports it in the command line only.

Chalice imports `app.py` before it plans and before it makes any client, so what is installed here holds for the
whole run. Each patch says why it is there; all of them are written against chalice 1.34.0.
"""

import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NoReturn

from chalice.awsclient import TypedAWSClient
from chalice.config import Config
from chalice.deploy.deployer import PolicyGenerator
from chalice.deploy.packager import (
    BaseLambdaDeploymentPackager,
    DependencyBuilder,
    LambdaDeploymentPackager,
    MissingDependencyError,
)
from chalice.deploy.planner import PlanStage
from chalice.deploy.swagger import SwaggerGenerator

from infra import bytecode, gateway, host, mappings, outputs, plan, policies, runtime, tracing
from infra.chalice import MAY_CHANGE_PYTHON
from infra.errors import InfraError, UnknownStageError, UnpackagedError
from infra.outputs import Outputs
from infra.patches import Patches
from infra.place import plain_refusals
from infra.stages import known_stages

PROJECT = Path(__file__).resolve().parents[1]
# Loads the translator of the two calls the embedded cloud lacks into every client botocore makes.
LOCAL_PLUGIN = {"BOTOCORE_EXPERIMENTAL__PLUGINS": "backhaul=local.chalice_plugin"}
_Call = Callable[..., Any]


def install(environ: MutableMapping[str, str] = os.environ, project: Path = PROJECT) -> Patches:
    """Hand the stage's outputs to Chalice, or stop the command with one sentence."""
    try:
        recorded = outputs.read(project, _stage_of(environ, project))
    except InfraError as error:
        _stop(error)
    _settle_in(environ, recorded)
    return patch(recorded, may_change_python=MAY_CHANGE_PYTHON in environ)


def _stage_of(environ: Mapping[str, str], project: Path) -> str:
    """Read the stage that config.json put into the environment; it does so only for a stage it has."""
    stage = environ.get("BACKHAUL_STAGE", "")
    known = known_stages(project)
    if stage not in known:
        raise UnknownStageError(stage, known)
    return stage


def patch(recorded: Outputs, *, may_change_python: bool = False) -> Patches:
    """Change Chalice's classes for one stage; the answer can take it back."""
    patches = Patches()
    _give_outputs_to_functions(patches, recorded)
    _complete_the_api(patches, recorded)
    _report_single_failures(patches)
    is_local = recorded.stage == "local"
    _plan_what_chalice_cannot(patches, recorded, any_python=is_local or may_change_python)
    _package_honestly(patches, for_this_machine=is_local)
    _finish_the_zip(patches, for_this_machine=is_local)
    if is_local:
        _run_on_this_machine(patches)
    return patches


def _settle_in(environ: MutableMapping[str, str], recorded: Outputs) -> None:
    """Let this process see the stage as its functions will; app.py reads its settings right after."""
    if recorded.stage == "local":
        # A profile meant for AWS would be looked up, and its keys preferred.
        environ.pop("AWS_PROFILE", None)
        environ.update(LOCAL_PLUGIN)
    environ.update(recorded.environment)
    environ.update(recorded.cli)
    # Chalice deploys to where the profile points; the resources are where they were put up.
    environ.update({"AWS_REGION": recorded.region, "AWS_DEFAULT_REGION": recorded.region})


def _give_outputs_to_functions(patches: Patches, recorded: Outputs) -> None:
    def with_outputs(merged: _Call) -> _Call:
        def environment_variables(self: Config) -> dict[str, str]:
            return {**merged(self), **recorded.environment}

        return environment_variables

    def rendered(read: _Call) -> _Call:
        def read_document(self: PolicyGenerator, filename: str) -> Any:
            document = read(self, filename)
            return _or_stop(lambda: policies.render(Path(filename), document, recorded.policy))

        return read_document

    def traced(handle: _Call) -> _Call:
        def handle_filebasediampolicy(self: PolicyGenerator, config: Config, resource: Any) -> None:
            handle(self, config, resource)
            if config.xray_enabled:
                resource.document = tracing.allowed(resource.document)

        return handle_filebasediampolicy

    # Chalice adds the right to send traces to no policy that comes from a file.
    patches.wrap(PolicyGenerator, "handle_filebasediampolicy", traced)
    # config.json is committed and static, what the stage's resources are called is not.
    patches.wrap(Config, "environment_variables", with_outputs)
    patches.wrap(PolicyGenerator, "_read_document_from_file", rendered)


def _complete_the_api(patches: Patches, recorded: Outputs) -> None:
    def completed(generate: _Call) -> _Call:
        def generate_swagger(self: SwaggerGenerator, app: Any, rest_api: Any = None) -> dict[str, Any]:
            return gateway.completed(generate(self, app, rest_api), recorded.stack)

        return generate_swagger

    # Hand edits of the gateway's responses are wiped by the next deploy; and every stage's API would bear one name.
    patches.wrap(SwaggerGenerator, "generate_swagger", completed)


def _report_single_failures(patches: Patches) -> None:
    def watched(make: _Call) -> _Call:
        def make_client(self: TypedAWSClient, service_name: str) -> Any:
            client = make(self, service_name)
            if service_name == "lambda":
                mappings.report_single_failures(client)
            return client

        return make_client

    # Without the flag Lambda takes a batch of which some messages failed for done, and those messages are lost.
    patches.wrap(TypedAWSClient, "_client", watched)


def _plan_what_chalice_cannot(patches: Patches, recorded: Outputs, *, any_python: bool) -> None:
    def planned(plan_for: _Call) -> _Call:
        def execute(self: PlanStage, resources: list[Any]) -> Any:
            state = self._remote_state
            clients = state._client._client  # noqa: SLF001 (Chalice has no way in for this)
            _or_stop(lambda: plan.check_account(clients, recorded))
            if not any_python:
                _or_stop(lambda: runtime.check(clients("lambda"), recorded.stage))
            _or_stop(lambda: plan.adopt_what_stands(state, resources, clients, recorded.stack))
            return plan.extended(plan_for(self, resources), resources, recorded)

        return execute

    # Chalice's plan is where a missing state file would become a second API. Deleting plans by another class.
    patches.wrap(PlanStage, "execute", planned)
    for name, method in plan.METHODS.items():
        patches.add(TypedAWSClient, name, method)


def _package_honestly(patches: Patches, *, for_this_machine: bool) -> None:
    def complete(build: _Call) -> _Call:
        def build_site_packages(self: Any, abi: str, requirements: str, target: str) -> None:
            if for_this_machine:
                host.install(requirements, target)
                return
            try:
                build(self, abi, requirements, target)
            except MissingDependencyError as error:
                _stop(UnpackagedError([package.identifier for package in error.missing]))

        return build_site_packages

    def sources_only(walk: _Call) -> _Call:
        def iter_files(self: Any, project_dir: str) -> Iterator[tuple[str, str]]:
            return (pair for pair in walk(self, project_dir) if "__pycache__" not in Path(pair[0]).parts)

        return iter_files

    # Chalice prints a warning and deploys without the package; the function then fails at its first request.
    patches.wrap(DependencyBuilder, "build_site_packages", complete)
    # This machine's byte-code is not the app, and makes every zip another one.
    patches.wrap(BaseLambdaDeploymentPackager, "_iter_chalice_lib_if_needed", sources_only)


def _finish_the_zip(patches: Patches, *, for_this_machine: bool) -> None:
    def apart(name: _Call) -> _Call:
        def deployment_package_filename(self: Any, project_dir: str, python_version: str) -> str:
            file: str = name(self, project_dir, python_version)
            return f"{file.removesuffix('.zip')}-here.zip" if for_this_machine else file

        return deployment_package_filename

    def whole(make: _Call) -> _Call:
        def create_deployment_package(self: Any, project_dir: str, python_version: str) -> str:
            file = Path(self.deployment_package_filename(project_dir, python_version))
            # What a kill left is none; opened to be added to, it would become one that lacks everything.
            if file.exists() and not zipfile.is_zipfile(file):
                file.unlink()
            try:
                made: str = make(self, project_dir, python_version)
                # A function can write none for itself, and would compile every module at every cold start.
                if not for_this_machine:
                    bytecode.add(Path(made))
            except BaseException:
                file.unlink(missing_ok=True)
                raise
            return made

        return create_deployment_package

    # Chalice takes a zip of that name for the one it would make, also one that holds another system's libraries.
    patches.wrap(BaseLambdaDeploymentPackager, "deployment_package_filename", apart)
    # And one that somebody's Ctrl-C left with half of what belongs into it.
    patches.wrap(LambdaDeploymentPackager, "create_deployment_package", whole)


def _run_on_this_machine(patches: Patches) -> None:
    def here(_configured: _Call) -> _Call:
        def lambda_architecture(_self: Config) -> str:
            return host.architecture()

        return lambda_architecture

    # The embedded cloud has no other processor to offer.
    patches.wrap(Config, "lambda_architecture", here)


def _or_stop(deed: Callable[[], Any]) -> Any:
    try:
        with plain_refusals():
            return deed()
    except InfraError as error:
        _stop(error)


def _stop(error: InfraError) -> NoReturn:
    """End the command with a sentence: Chalice shows the traceback of any ordinary exception."""
    sys.exit(error.told())
