"""What local-bigquery 0.3.2 lacks. Python loads this before the server when its folder is in PYTHONPATH.

- A MERGE in a transaction. It begins a transaction for every MERGE, to find out whether one is open already. With DuckDB
  1.5 the question alone ends the one that is.
- Loads into an empty table under WRITE_EMPTY. It makes the table anew, with the columns of the file; BigQuery keeps it.
- `ignoreUnknownValues` of Avro files: columns that the table does not have.
- DIV of NUMERIC. It divides in binary floats, and a quotient of more than 15 digits comes out one too small or too large.
- Speed. For every statement, every table of it and every result it lists all tables, those of old results too, and all
  their columns. For every statement of a script it keeps a job, which nobody of ours asks for. It has DuckDB evaluate
  the description of every column.
"""

import duckdb
from local_bigquery.catalog import names, tabledata, tables
from local_bigquery.engine import database, types
from local_bigquery.engine.database import quote
from local_bigquery.jobs import load, merge, query, runner
from local_bigquery.sql.rules import math, partitions
from sqlglot import exp


class Within:
    """A cursor in a transaction. It answers as DuckDB would to beginning another, without asking."""

    def __init__(self, cursor):
        self._cursor = cursor

    def execute(self, sql, *bound):
        if sql == "BEGIN":
            raise duckdb.TransactionException("in a transaction already")
        return self._cursor.execute(sql, *bound)

    def __getattr__(self, name):
        return getattr(self._cursor, name)


def is_within(cursor):
    """Whether two statements are of the same transaction: `now()` is the microsecond in which theirs began."""
    begun = [cursor.execute("SELECT epoch_us(now())").fetchone() for _ in range(2)]
    return begun[0] == begun[1]


alone = merge.run


def run_merge(cursor, tree, context):
    return alone(Within(cursor) if is_within(cursor) else cursor, tree, context)


merge.run = run_merge


decimal = math._numeric


def whole_or_decimal(node):
    """For DIV it is asked for the whole part of a quotient. Ours are of whole numbers."""
    quotient = node.this if isinstance(node.this, exp.Div) else next(iter(node.expressions), None)
    if isinstance(node, exp.Div) or not isinstance(quotient, exp.Div):
        return decimal(node)
    whole = [exp.cast(side.copy(), "HUGEINT") for side in (quotient.this, quotient.expression)]
    return decimal(exp.IntDiv(this=whole[0], expression=whole[1]))


math._numeric = whole_or_decimal


def is_empty(cursor, reference):
    name = tables.name(*reference)
    return tables.exists(*reference) and not cursor.sql(f"SELECT 1 FROM {name} LIMIT 1").fetchone()


load_anew = load.run


def run_load(cursor, config, upload):
    reference = tables.reference(config.destinationTable)
    if config.writeDisposition == "WRITE_EMPTY" and is_empty(cursor, reference):
        config = config.replace(writeDisposition="WRITE_APPEND")
    return load_anew(cursor, config, upload)


runner.HANDLERS["load"] = run_load

all_columns = load._projection


def known_columns(config, fields, columns):
    reference = tables.reference(config.destinationTable)
    if fields or not config.ignoreUnknownValues or not tables.exists(*reference):
        return all_columns(config, fields, columns)
    known = {field.name.casefold() for field in tables.columns(*reference)}
    return ", ".join(quote(name) for name in columns if name.casefold() in known), "false"


load._projection = known_columns


list_objects = database.objects


def objects(project, dataset, table=None):
    """A table is there if it can be asked for a row of its own; a view has none. Nobody asks how large it is."""
    if table is None:
        return list_objects(project, dataset)
    try:
        database.fetch(f"SELECT rowid FROM {quote(project, dataset, table)} LIMIT 0")
        return [(table, "TABLE", 0)]
    except duckdb.CatalogException:
        return []
    except duckdb.Error as error:
        if 'column "rowid" not found' in str(error):
            return [(table, "VIEW", 0)]
        return list_objects(project, dataset, table)


def columns(project, dataset, table):
    name = tables.name(project, dataset, table)
    with database.cursor() as cursor:
        try:
            relation = cursor.sql(f"SELECT * FROM {name} LIMIT 0")
            told = cursor.execute(f"DESCRIBE {name}").fetchall()
        except duckdb.CatalogException:
            raise tables.not_found("Table", names.label(project, dataset, table)) from None
        required = {column for column, _, nullable, *_ in told if nullable == "NO"}
        return [types.field(c, t, c in required) for c, t in zip(relation.columns, relation.types)]


database.objects = objects
tables.columns = tabledata.columns = columns


class Fresh:
    """A cursor that has made no temporary table yet. To ask for them lists all tables there are."""

    def __init__(self, cursor):
        self._cursor = cursor

    def sql(self, sql, **bound):
        if sql == "SELECT table_name FROM duckdb_tables() WHERE temporary":
            sql = "SELECT '' AS table_name LIMIT 0"
        return self._cursor.sql(sql, **bound)

    def __getattr__(self, name):
        return getattr(self._cursor, name)


execute_keeping_all = query.execute


def execute(cursor, *arguments, session=None, **named):
    if session is None:
        cursor = Fresh(cursor)
    statistics, _, result = execute_keeping_all(cursor, *arguments, session=session, **named)
    return statistics, [], result


query.execute = execute

evaluator_that_asks = query._evaluator


def evaluator(cursor):
    """The description of a column says what it says."""
    ask = evaluator_that_asks(cursor)
    return lambda node: node.this if isinstance(node, exp.Literal) and node.is_string else ask(node)


query._evaluator = evaluator
# No table of ours is partitioned by the time at which its rows came.
partitions._hidden = lambda table: False
