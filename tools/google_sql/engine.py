"""Google's evaluator as a WebAssembly module: one query with text and date parameters at a time.

Runs in an environment of its own, whose packages do not go with Airflow's.
"""

from __future__ import annotations

import ctypes
import json
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import wasmtime
from zetasql.core import wasm_client
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public
from zetasql.wasi._pb2.zetasql.public import type_pb2
from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2 as kinds

# What BigQuery's reference documents, not all that the language can do.
FEATURES = """
    ANALYTIC_FUNCTIONS NUMERIC_TYPE BIGNUMERIC_TYPE JSON_TYPE INTERVAL_TYPE PARAMETERIZED_TYPES
    NAMED_ARGUMENTS WITH_RECURSIVE WITH_ON_SUBQUERY SELECT_STAR_EXCEPT_REPLACE ORDER_BY_IN_AGGREGATE
    LIMIT_IN_AGGREGATE HAVING_IN_AGGREGATE NULL_HANDLING_MODIFIER_IN_AGGREGATE
    NULL_HANDLING_MODIFIER_IN_ANALYTIC NULLS_FIRST_LAST_IN_ORDER_BY CIVIL_TIME DATE_ARITHMETICS
    DATE_TIME_CONSTRUCTORS EXTENDED_DATE_TIME_SIGNATURES WEEK_WITH_WEEKDAY SAFE_FUNCTION_CALL
    ADDITIONAL_STRING_FUNCTIONS FORMAT_IN_CAST CONCAT_MIXED_TYPES IS_DISTINCT QUALIFY PIVOT UNPIVOT
    GROUP_BY_ROLLUP GROUPING_SETS GROUPING_BUILTIN GROUP_BY_ALL GROUP_BY_STRUCT GROUP_BY_ARRAY
    DML_UPDATE_WITH_JOIN CREATE_TABLE_AS_SELECT_COLUMN_LIST OMIT_INSERT_COLUMN_LIST
    LIKE_ANY_SOME_ALL JSON_ARRAY_FUNCTIONS JSON_VALUE_EXTRACTION_FUNCTIONS DISALLOW_GROUP_BY_FLOAT
"""
EPOCH = date(1970, 1, 1).toordinal()


class Engine:
    """The evaluator; compiling the module takes a minute, so it is kept in a folder."""

    def __init__(self, cache: Path) -> None:
        self._client = _client(cache)
        self.language = _language()
        self.options = options_pb2.AnalyzerOptionsProto(language_options=self.language)
        self.options.default_timezone = "UTC"
        self.catalog = simple_catalog_pb2.SimpleCatalogProto(name="bigquery")
        self.catalog.builtin_function_options.language_options.CopyFrom(_language())

    def rows(self, query: str, parameters: dict[str, str | date]) -> list[dict[str, Any]]:
        """Evaluates a query; every row is what TO_JSON_STRING makes of it.

        Raises:
            zetasql.core.exceptions.ZetaSQLError: the query is wrong, or a value overflows.
        """
        request = service.EvaluateQueryRequest(
            sql=f"SELECT TO_JSON_STRING(answer) FROM (\n{query}\n) AS answer",  # noqa: S608
            options=self.options,
            simple_catalog=self.catalog,
        )
        for name, value in parameters.items():
            kind = type_pb2.TYPE_DATE if isinstance(value, date) else type_pb2.TYPE_STRING
            declared = request.options.query_parameters.add(name=name)
            declared.type.type_kind = kind
            given = request.params.add(name=name)
            if isinstance(value, date):
                given.value.date_value = value.toordinal() - EPOCH
            else:
                given.value.string_value = value
        answer = self.call("EvaluateQuery", request, service.EvaluateQueryResponse)
        return [json.loads(row.cell[0].string_value) for row in answer.content.table_data.row]

    def call(self, method: str, request: Any, response: Any) -> Any:
        """Calls a method of the module's service."""
        return self._client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, response)


def _language() -> options_pb2.LanguageOptionsProto:
    return options_pb2.LanguageOptionsProto(
        product_mode=public.PRODUCT_EXTERNAL,
        name_resolution_mode=public.NAME_RESOLUTION_DEFAULT,
        reserved_keywords=["QUALIFY"],
        enabled_language_features=[
            public.LanguageFeature.Value(f"FEATURE_{name}") for name in FEATURES.split()
        ],
        supported_statement_kinds=[
            kinds.ResolvedNodeKind.Value(name)
            for name in kinds.ResolvedNodeKind.keys()  # noqa: SIM118 (no mapping)
            if name.endswith("_STMT")
        ],
    )


def _client(cache: Path) -> wasm_client.WasmClient:
    """The package's client, on a module that is compiled once, and without its loops over bytes."""
    compiled = cache / f"{version('zetasql')}-{version('wasmtime')}.cwasm"

    class Compiled:
        """Stands for `wasmtime.Module` while the client starts."""

        @staticmethod
        def from_file(engine: wasmtime.Engine, path: str) -> wasmtime.Module:
            if not compiled.exists():
                cache.mkdir(parents=True, exist_ok=True)
                part = compiled.with_suffix(".part")
                part.write_bytes(wasmtime.Module.from_file(engine, path).serialize())
                part.replace(compiled)
            return wasmtime.Module.deserialize_file(engine, str(compiled))

    wasm_client.Module = Compiled

    class Client(wasm_client.WasmClient):  # type: ignore[misc]
        def write_bytes(self, ptr: int, data: bytes) -> None:
            ctypes.memmove(self._place(ptr), data, len(data))

        def read_bytes(self, ptr: int, size: int) -> bytes:
            return ctypes.string_at(self._place(ptr), size)

        def _place(self, ptr: int) -> int:
            base = ctypes.addressof(self.memory.data_ptr().contents)
            return base + (ptr & 0xFFFFFFFF)

    return Client(get_wasm_path())
