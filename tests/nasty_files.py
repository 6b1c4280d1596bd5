"""What must become of each file of a collection that is made to break CSV readers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.spark_support import ROOT

NASTY = ROOT.parent / "shared" / "data" / "08_nasty"
SPECTRUM, FRICTIONLESS, NAUGHTY = "csv-spectrum/csvs", "frictionless", "naughty_strings"


@dataclass(frozen=True)
class Sound:
    """A file that is landed under the contract `columns`: so many rows, and these lines rejected.

    `rejects` are numbers of lines whose fields are more or fewer than the header's.
    """

    columns: str
    rows: int
    rejects: tuple[int, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A file that is held as a whole; `hint` is what the message must say."""

    columns: str
    reason: str
    hint: str = ""


TITLE = "Write `has_title: true`"
NO_HEADER = "The first line names none"
SEMICOLON, PIPE, TAB = (f"separated by {mark!r}" for mark in ";|\t")
WIDE = "numberOfLikes,snMsgId,message,actualText,location"
SPENDING = "INCISO,NOMBREINCISO,DESCRIPCIONAP,presupuestado,pfi,pbi"

OUTCOMES: dict[str, Sound | Refused] = {
    f"{SPECTRUM}/comma_in_quotes.csv": Sound("first,last,address,city,zip", 1),
    f"{SPECTRUM}/empty.csv": Sound("a,b,c", 2),
    f"{SPECTRUM}/empty_crlf.csv": Sound("a,b,c", 2),
    f"{SPECTRUM}/escaped_quotes.csv": Sound("a,b", 2),
    f"{SPECTRUM}/json.csv": Sound("key,val", 1),
    f"{SPECTRUM}/newlines.csv": Sound("a,b,c", 3),
    f"{SPECTRUM}/newlines_crlf.csv": Sound("a,b,c", 3),
    f"{SPECTRUM}/quotes_and_newlines.csv": Sound("a,b", 2),
    f"{SPECTRUM}/simple.csv": Sound("a,b,c", 1),
    f"{SPECTRUM}/simple_crlf.csv": Sound("a,b,c", 1),
    f"{SPECTRUM}/utf8.csv": Sound("a,b,c", 2),
    f"{FRICTIONLESS}/Table With Data.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/[table].csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/accent.csv": Refused("id_station,id_pdc", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/analysis-data.csv": Sound("type_school,gender,parent_salary,in_college", 9),
    f"{FRICTIONLESS}/ascii-notvalid.csv": Sound("A,B,C", 1),
    f"{FRICTIONLESS}/ascii.csv": Sound("A,B,C", 1),
    f"{FRICTIONLESS}/blank-cells.csv": Sound("id,name", 5),
    f"{FRICTIONLESS}/blank-headers.csv": Sound("id,age", 2),
    f"{FRICTIONLESS}/blank-rows-multiple.csv": Sound("id,name,age", 13),
    f"{FRICTIONLESS}/blank-rows-no-fields.csv": Sound("id,name,age", 2),
    f"{FRICTIONLESS}/blank-rows.csv": Sound("id,name,age", 3),
    f"{FRICTIONLESS}/bom.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/capital-3.csv": Sound("id,name", 5),
    f"{FRICTIONLESS}/capital-invalid.csv": Refused("id,name", "header_ambiguous"),
    f"{FRICTIONLESS}/capital-valid.csv": Sound("id,name", 5),
    f"{FRICTIONLESS}/capitals.csv": Sound("id,cid,name", 5),
    f"{FRICTIONLESS}/chunk1.csv": Sound("id,name", 1),
    f"{FRICTIONLESS}/chunk2.csv": Sound("id,name", 1),
    f"{FRICTIONLESS}/chunk2.headless.csv": Refused("id,name", "header_mismatch", NO_HEADER),
    f"{FRICTIONLESS}/chunk3.csv": Refused("id,name", "header_mismatch", NO_HEADER),
    f"{FRICTIONLESS}/countries-cleaned.csv": Sound("id,neighbor_id,name,population", 4),
    f"{FRICTIONLESS}/countries-truefalsevalues.csv": Sound("id,value", 2),
    f"{FRICTIONLESS}/countries.csv": Refused("id,name", "header_mismatch", TITLE),
    f"{FRICTIONLESS}/country-1.csv": Sound("id,neighbor_id,name,population", 5),
    f"{FRICTIONLESS}/country-2.csv": Refused("id,name", "header_mismatch", NO_HEADER),
    f"{FRICTIONLESS}/country-3.csv": Sound("id,capital_id,name,population", 5),
    f"{FRICTIONLESS}/data.csv": Sound("id,name,description,amount", 2),
    f"{FRICTIONLESS}/data2.csv": Sound("parent,comment", 3),
    f"{FRICTIONLESS}/defective-rows.csv": Sound("id,name,age", 0, rejects=(2, 3)),
    f"{FRICTIONLESS}/delimiter.csv": Refused("id,name", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/dialect.csv": Refused("id,name", "header_mismatch", PIPE),
    f"{FRICTIONLESS}/doublequote.csv": Sound(SPENDING, 5),
    f"{FRICTIONLESS}/duplicate-column.csv": Refused("A,B,C", "header_ambiguous"),
    f"{FRICTIONLESS}/duplicate-headers.csv": Refused("id,name,age", "header_ambiguous"),
    f"{FRICTIONLESS}/duplicate-rows.csv": Sound("id,name,age", 3),
    f"{FRICTIONLESS}/empty.csv": Refused("id", "empty_file"),
    f"{FRICTIONLESS}/escaping.csv": Sound("ID,Test", 3),
    f"{FRICTIONLESS}/floats.csv": Sound("number", 5),
    f"{FRICTIONLESS}/invalid.csv": Refused("id,name", "header_ambiguous"),
    f"{FRICTIONLESS}/issue-1004-data1.csv": Sound(
        "id,neighbor_id,name,population", 3, rejects=(3, 6)
    ),
    f"{FRICTIONLESS}/issue-1004-data2.csv": Sound("id,name,country,city", 0, rejects=(2, 3, 5)),
    f"{FRICTIONLESS}/issue-1009-comma.csv": Sound("fieldNameA,fieldNameB", 1),
    f"{FRICTIONLESS}/issue-1009-semicolon.csv": Refused(
        "fieldNameA,fieldNameB", "header_mismatch", SEMICOLON
    ),
    f"{FRICTIONLESS}/issue-1100.csv": Refused("id,timestamp", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/issue-1105-timezone.csv": Refused(
        "id,timestamp", "header_mismatch", SEMICOLON
    ),
    # The blank before a quote makes the quote part of the name: number is not there.
    f"{FRICTIONLESS}/issue-1109.csv": Refused("int,number", "missing_column", 'number to "number"'),
    f"{FRICTIONLESS}/issue-1138.csv": Refused("Wasserstand", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/issue-1232.csv": Refused("comune", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/issue-1341.csv": Sound("location_id,iso_code,sex,c1980,c2019", 99),
    # Texts of several lines: 9 rows on 31 lines.
    f"{FRICTIONLESS}/issue-493.csv": Sound(WIDE, 9),
    f"{FRICTIONLESS}/issue-825.csv": Sound("Musei", 2),
    f"{FRICTIONLESS}/issue-833.csv": Sound("id,value", 3),
    f"{FRICTIONLESS}/issue-844.csv": Sound("nome,età", 2),
    f"{FRICTIONLESS}/issue-991.csv": Sound("Excel time", 1),
    f"{FRICTIONLESS}/latin1.csv": Refused("id,name", "encoding", "not UTF-8"),
    f"{FRICTIONLESS}/leading-zeros.csv": Sound("value", 3),
    f"{FRICTIONLESS}/long.csv": Sound("id,name", 6),
    f"{FRICTIONLESS}/matrix-with-comment.csv": Refused("f1,f2", "header_mismatch", TITLE),
    f"{FRICTIONLESS}/matrix.csv": Sound("f1,f2,f3,f4", 4),
    f"{FRICTIONLESS}/nested-invalid.csv": Sound("id,cat,name", 5),
    f"{FRICTIONLESS}/nested.csv": Sound("id,cat,name", 4),
    f"{FRICTIONLESS}/numeric-labels.csv": Sound("id,100022,100171", 3),
    f"{FRICTIONLESS}/package-dialect-no-header.csv": Sound("details,key,score", 2),
    f"{FRICTIONLESS}/primary-file-types.csv": Sound("id,integer_minmax,boolean", 2),
    f"{FRICTIONLESS}/schema-errors.csv": Sound("id,name,age", 3, rejects=(5,)),
    f"{FRICTIONLESS}/skip-blank-at-the-end.csv": Sound("test1,test2", 1, rejects=(2,)),
    f"{FRICTIONLESS}/skip-rows-before-headers.csv": Refused("id,name", "header_mismatch", TITLE),
    f"{FRICTIONLESS}/skip-rows.csv": Refused("id,name", "header_mismatch", TITLE),
    f"{FRICTIONLESS}/structure-errors.csv": Sound("id,name,age", 3, rejects=(5,)),
    f"{FRICTIONLESS}/sync-schema.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/table-delimiter.csv": Refused("id,name", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/table-infer-increase-limit.csv": Sound("a,b", 199),
    f"{FRICTIONLESS}/table-infer-iso-8859-7.csv": Refused("id,name", "encoding", "not UTF-8"),
    f"{FRICTIONLESS}/table-infer-missing-values.csv": Sound("id,age,name", 7),
    f"{FRICTIONLESS}/table-infer-row-limit.csv": Sound("id,age,name", 11),
    f"{FRICTIONLESS}/table-infer-utf8.csv": Sound("id,age,name", 5),
    f"{FRICTIONLESS}/table-infer.csv": Sound("id,age,name", 4),
    f"{FRICTIONLESS}/table-limits.csv": Sound("field1,field2,field3,field4", 3),
    f"{FRICTIONLESS}/table-output.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/table-reverse.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/table-unicode-headers.csv": Sound("id,国人", 2),
    f"{FRICTIONLESS}/table-with-accents.csv": Refused("Quartier,Date", "encoding", "not UTF-8"),
    f"{FRICTIONLESS}/table.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/table.tsv": Refused("id,name", "header_mismatch", TAB),
    f"{FRICTIONLESS}/table_with_data.csv": Sound("id,name", 2),
    f"{FRICTIONLESS}/timezone-with-id.csv": Sound("id,datetime,time", 4),
    f"{FRICTIONLESS}/timezone.csv": Sound("datetime,time", 4),
    f"{FRICTIONLESS}/transform-groups.csv": Sound("id,name,population,year", 6),
    f"{FRICTIONLESS}/transform-pivot.csv": Sound("region,gender,style,units", 12),
    f"{FRICTIONLESS}/transform.csv": Sound("id,name,population", 3),
    f"{FRICTIONLESS}/transpose.csv": Sound("id,1,2,3", 2),
    f"{FRICTIONLESS}/unique-field.csv": Sound("id,name,slug", 9),
    f"{FRICTIONLESS}/vix.csv": Refused("Date,VIXClose", "header_mismatch", SEMICOLON),
    f"{FRICTIONLESS}/without-headers-extra.csv": Refused("id,name", "header_mismatch", NO_HEADER),
    f"{FRICTIONLESS}/without-headers.csv": Refused("id,name", "header_mismatch", NO_HEADER),
    f"{FRICTIONLESS}/without-rows.csv": Sound("id,name", 0),
    f"{FRICTIONLESS}/Таблица.csv": Sound("id,name", 2),
    f"{NAUGHTY}/blns.txt": Refused("string", "header_mismatch", NO_HEADER),
    f"{NAUGHTY}/blns.json": Refused("string", "header_mismatch", NO_HEADER),
}

SPECTRUM_TRUTH = tuple(name for name in OUTCOMES if name.startswith(SPECTRUM))
# What the author's JSON says of them was written before the line ends became LF.
OUTCOMES |= {
    f"csv-spectrum/json/{Path(name).stem}.json": Refused(
        OUTCOMES[name].columns, "header_mismatch", NO_HEADER
    )
    for name in SPECTRUM_TRUTH
}
