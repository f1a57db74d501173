"""How the tables, indexes, constraints, functions and sequences are made: what migrations make, and what is there.

What migrations make lies in `catalog.json`. A test holds the file equal to a database that was just migrated, and
`tests/catalog.py` writes it anew.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

from holdfast.database.connections import Connection

TABLES = """
SELECT 'table ' || c.relname, concat_ws(' ',
    CASE c.relpersistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' ELSE 'relation' END,
    CASE WHEN c.relrowsecurity THEN 'with row security' END,
    CASE WHEN EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid)) THEN 'with heirs' END)
FROM pg_class c WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""

COLUMNS = """
SELECT format('column %s.%s', c.relname, a.attname), concat_ws(' ',
    format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || l.collname END,
    CASE WHEN a.attnotnull THEN 'NOT NULL' END,
    CASE a.attidentity WHEN 'd' THEN 'identity' WHEN 'a' THEN 'identity always' END,
    CASE a.attgenerated WHEN '' THEN 'DEFAULT ' ELSE 'GENERATED ' END || pg_get_expr(d.adbin, d.adrelid))
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""

# Constraints of other tables that point at ours, too. That a column is not null is told with the column.
CONSTRAINTS = """
SELECT format('constraint %s.%s', c.relname, n.conname), pg_get_constraintdef(n.oid)
FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid LEFT JOIN pg_class f ON f.oid = n.confrelid
WHERE (c.relnamespace = $1 OR f.relnamespace = $1) AND n.contype <> 'n'
"""

INDEXES = """
SELECT format('index %s.%s', c.relname, x.relname), concat_ws(' ',
    pg_get_indexdef(i.indexrelid),
    CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'INVALID' END)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE c.relnamespace = $1 AND c.relkind = 'r'
"""

TRIGGERS = """
SELECT format('trigger %s.%s', c.relname, t.tgname), concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1 AND NOT t.tgisinternal
UNION ALL
SELECT format('trigger %s.foreign keys', c.relname), 'switched off'
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = $1 AND t.tgisinternal AND t.tgenabled <> 'O' GROUP BY c.relname
UNION ALL
SELECT format('rule %s.%s', c.relname, r.rulename), pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = $1 AND c.relkind = 'r'
UNION ALL
SELECT format('policy %s.%s', c.relname, p.polname), p.polcmd::text
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = $1
"""

FUNCTIONS = """
SELECT format('function %s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), concat_ws(' ',
    l.lanname, p.prorettype::regtype, CASE WHEN p.prosecdef THEN 'security definer' END, p.provolatile::text,
    (SELECT string_agg(s, ' ' ORDER BY s) FROM unnest(p.proconfig) s), md5(replace(p.prosrc, E'\\r', '')))
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = $1
"""

SEQUENCES = """
SELECT 'sequence ' || c.relname, concat_ws(' ',
    s.seqtypid::regtype, 'from', s.seqstart, 'by', s.seqincrement, 'until', s.seqmax,
    CASE WHEN s.seqcycle THEN 'and again' END, CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
    'of', t.relname || '.' || a.attname)
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refobjsubid > 0
    AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE c.relnamespace = $1
"""

KINDS = (TABLES, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS, SEQUENCES)
NAMESPACE = "SELECT relnamespace FROM pg_class WHERE oid = to_regclass('places')"
SCHEMA = "SELECT quote_ident(nspname), nspname FROM pg_namespace WHERE oid = $1"


def expected() -> dict[str, str]:
    """What migrations make."""
    found: dict[str, str] = json.loads(files("holdfast.upkeep").joinpath("catalog.json").read_text(encoding="utf-8"))
    return found


async def there(connection: Connection) -> dict[str, str]:
    """What is there in the schema of our tables; nothing when there are none."""
    namespace = await connection.fetchval(NAMESPACE)
    if namespace is None:
        # Not even `places` can be found: look where it should be.
        namespace = await connection.fetchval("SELECT to_regnamespace(current_schema())::oid")
    if namespace is None:
        return {}
    quoted = await connection.fetchval(SCHEMA, namespace)
    found: dict[str, str] = {}
    for query in KINDS:
        found.update({row[0]: row[1].replace(f"{quoted}.", "") for row in await connection.fetch(query, namespace)})
    return found


def differences(expected: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """A line for each thing that is missing, is another, or is there and does harm."""
    gone = {name.partition(" ")[2] for name in expected if name.startswith("table ") and name not in there}
    found = [f"table {name} is missing" for name in sorted(gone)]
    for name, wanted in expected.items():
        if _table(name) in gone:
            continue
        if name not in there:
            found.append(f"{name} is missing: {wanted}")
        elif _plain(there[name]) != _plain(wanted):
            found.append(f"{name} is another: {there[name]}; it should be {wanted}")
    ours = {name.partition(" ")[2] for name in expected if name.startswith("table ")}
    found += [
        f"{name} should not be there: {what}"
        for name, what in there.items()
        if name not in expected and _does_harm(name, what, ours)
    ]
    return found


def _plain(definition: str) -> str:
    """A definition without doubled parentheses: versions of PostgreSQL print more or fewer of them."""
    return re.sub(r"\)+", ")", re.sub(r"\(+", "(", definition))


def _table(name: str) -> str:
    """The table that something belongs to; a function and a sequence belong to none."""
    kind, _, rest = name.partition(" ")
    return "" if kind in {"function", "sequence"} else rest.partition(".")[0]


def _does_harm(name: str, what: str, ours: set[str]) -> bool:
    """Whether something that no migration made can change what is written. Columns and indexes for reports cannot."""
    kind = name.partition(" ")[0]
    if kind == "function":
        # With other parameters it may be taken for ours.
        return any(each.partition("(")[0] == name.partition("(")[0] for each in expected())
    if kind == "constraint" and what.startswith("FOREIGN KEY"):
        target = what.partition("REFERENCES ")[2].partition("(")[0]
        return _table(name) in ours or target in ours
    if _table(name) not in ours:
        return False
    if kind == "column":
        return "NOT NULL" in what and "DEFAULT" not in what and "identity" not in what and "GENERATED" not in what
    return kind in {"constraint", "trigger", "rule", "policy"} or (kind == "index" and "UNIQUE" in what)
