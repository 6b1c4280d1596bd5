"""Reads YAML into strict, frozen models; an error names file, field and what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from utils.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

ModelT = TypeVar("ModelT")
# What tables, columns and rules are called.
IDENTIFIER = r"^[a-z][a-z0-9_]*$"


class StrictModel(BaseModel):
    """Base of every configuration model: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML 1.2 says that the keys of a mapping are unique; the library keeps the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.MarkedYAMLError(problem=f"line {line}: `{key}` is written twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


def load_yaml(text: str, where: str) -> object:
    """Parses YAML safely.

    Raises:
        ConfigError: the text is no YAML, or a key is written twice.
    """
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise ConfigError("This is not valid YAML", where=f"{where}: {error}") from error


def load_model(path: Path, model: TypeAdapter[ModelT]) -> ModelT:
    """Reads one file into one model.

    Raises:
        ConfigError: the file is missing, is not YAML, or does not fit the model.
    """
    if not path.is_file():
        raise ConfigError("A configuration file is missing", where=str(path), remedy="Create it")
    return validate(load_yaml(path.read_text(encoding="utf-8"), path.name), model, path.name)


def validate(content: object, model: TypeAdapter[ModelT], where: str) -> ModelT:
    """Fits parsed YAML to a model.

    Raises:
        ConfigError: the content does not fit; the message names `where` and every wrong field.
    """
    try:
        return model.validate_python(content)
    except ValidationError as error:
        raise ConfigError(_explain(error), where=where) from error


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in problem["loc"]) or "file"
        lines.append(f"field `{field}`: {_MESSAGES.get(problem['type'], problem['msg'])}")
    return "; ".join(lines)


_MESSAGES = {
    "extra_forbidden": "unknown key; remove it or correct its spelling",
    "string_type": "this is not a text; put it between quotes",
    "missing": "required key is missing; add it",
}
