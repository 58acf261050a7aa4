"""What OpenAPI says, and whether the service keeps to it, whatever is sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from serving_pictures import Client, open_client

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import CHECKS  # noqa: E402

from photochrom.server.limits import Limits  # noqa: E402

NAMED = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
         "response_headers_conformance", "response_schema_conformance")  # fmt: skip
EXAMPLES = 8


@pytest.fixture
def told(client: Client) -> dict:
    response = client.get("/openapi.json")
    assert response.status_code == 200
    return response.json()


def test_every_address_is_described(told):
    assert set(told["paths"]) == {
        "/healthz", "/api/models", "/api/limits", "/api/colorize", "/api/zip",
        "/api/pictures", "/api/pictures/{id}", "/api/pictures/{id}/grey",
        "/api/pictures/{id}/preview", "/api/pictures/{id}/variants",
        "/api/pictures/{id}/confidence", "/api/pictures/{id}/suggestions",
        "/api/pictures/{id}/result", "/api/jobs", "/api/jobs/{id}", "/api/jobs/{id}/events",
        "/api/jobs/{id}/files/{index}", "/api/jobs/{id}/zip",
    }  # fmt: skip
    for path, methods in told["paths"].items():
        for method, said in methods.items():
            assert said.get("summary") and said.get("description"), (method, path)


def test_the_description_has_examples_and_loads_nothing_from_elsewhere(told):
    text = json.dumps(told)
    assert text.count('"examples"') >= 5
    assert "cdn" not in text.lower()
    form = told["paths"]["/api/colorize"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert {"file", "vividness", "hints"} <= set(form["schema"]["properties"])
    for path, methods in told["paths"].items():
        content = methods.get("post", {}).get("requestBody", {}).get("content", {})
        fields = content.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
        takes_reference = path in ("/api/colorize", "/api/jobs")
        assert (fields.get("reference", {}).get("format") == "binary") == takes_reference
    assert "pattern" in json.dumps(
        told["components"]["schemas"]["Options"]["properties"]["reference"]
    )


@pytest.mark.slow
def test_whatever_is_sent_the_service_keeps_to_its_description(models_folder, tmp_path):
    """Schemathesis makes requests up from the description: right ones, and wrong ones."""
    with open_client(tmp_path / "data", Limits(requests=1_000_000)) as client:
        schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
        checks = CHECKS.get_by_names(list(NAMED))
        keep = settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip

        answers: dict[str, set[int]] = {}

        def send(case):
            response = case.call_and_validate(checks=checks)
            answers.setdefault(case.operation.label, set()).add(response.status_code)

        for result in schema.get_all_operations():
            operation = result.ok()
            said = operation.definition.raw
            can_be_wrong = "parameters" in said or "requestBody" in said
            for mode in GenerationMode if can_be_wrong else [GenerationMode.POSITIVE]:
                keep(given(case=operation.as_strategy(generation_mode=mode))(send))()

        assert len(answers) == 20
        for label, statuses in answers.items():
            assert all(status < 500 for status in statuses), label
        # it did reach beyond the gate: some requests were right, some wrong, some of unknown ids
        assert set().union(*answers.values()) >= {200, 404, 415, 422}
