"""Reads an export with a reader that others wrote. Usage: exchange_readers.py bencher|openmetrics < export

Needs the Python packages jsonschema and prometheus-client.
"""
import json
import sys

if sys.argv[1] == "bencher":
    import jsonschema

    # The schema that Bencher publishes as bmf.json.
    figure = {
        "type": "object",
        "properties": {k: {"type": "number"} for k in ("value", "lower_value", "upper_value")},
        "required": ["value"],
    }
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema",
        "type": "object",
        "patternProperties": {".+": {"type": "object", "patternProperties": {".+": figure}}},
    }
    read = json.load(sys.stdin)
    jsonschema.validate(read, schema)
    print(sum(len(measures) for measures in read.values()))
else:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    print(sum(len(family.samples) for family in text_string_to_metric_families(sys.stdin.read())))
