"""Starts the emulator with the replacements in place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local_bigquery import cli
from local_bigquery.catalog import tabledata, tables
from local_bigquery.engine import database, results
from local_bigquery.jobs import merge, query, runner, store
from local_bigquery.sql import script
from local_bigquery.sql.rules import ddl, partitions
from sqlglot.expressions import core

from local.bigquery import answers, catalogue, jobs, scripts, translations, trees

if __name__ == "__main__":
    # DuckDB looks for pandas at every value that it binds, and it is not installed.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    translations.recall(Path(os.environ.get("RCM_TRANSLATIONS", os.devnull)))
    database._connect = catalogue.connect
    database.objects = catalogue.objects
    tables.columns = tabledata.columns = catalogue.columns
    partitions._hidden = lambda table: False  # no table here is partitioned by ingestion time
    tables.physical = answers.physical
    results.materialise = answers.materialise
    store.save, store.load, store.list_ = jobs.save, jobs.load, jobs.list_jobs
    runner.submit = jobs.submit
    ddl.split = scripts.split
    script.parse_script, script.parse = scripts.parse_script, scripts.parse
    query._ddl, query._execute = scripts.described, scripts.execute
    script.translate = query.translate = merge.translate = translations.translate
    core.deepcopy = trees.copied  # type: ignore[attr-defined,assignment]
    cli.main()
