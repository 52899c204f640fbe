"""Filter patterns, by the examples of AWS's page on their syntax.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_emulator.logs import patterns

ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
EVENT = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "latency": 120.5,
    "cluster.name": "c",
}


@pytest.mark.parametrize(
    ("pattern", "line", "matches"),
    [
        ("", "anything", True),
        ("[]", "anything", True),
        ("[ ]", "", True),
        ("ERROR", "[ERROR] no", True),
        ("ERROR", "[error] no", False),
        ("ERROR ARGUMENTS", "ERROR: wrong ARGUMENTS", True),
        ("ERROR ARGUMENTS", "ERROR", False),
        ("?ERROR ?ARGUMENTS", "wrong ARGUMENTS", True),
        ("?ERROR ?ARGUMENTS", "fine", False),
        ('"INTERNAL SERVER ERROR"', "500 INTERNAL SERVER ERROR", True),
        ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR SERVER", False),
        ("ERROR -ARGUMENTS", "ERROR ARGUMENTS", False),
        ("ERROR -ARGUMENTS", "ERROR", True),
        (r"%\d{3}-4\d%", "code 123-45", True),
        (r"%^\d{3}%", "code 123", False),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", ACCESS, True),
        ("[ip, user, username, timestamp, request, status_code = 5*, bytes]", ACCESS, False),
        ("[..., status_code >= 404, bytes > 1000]", ACCESS, True),
        ("[..., status_code >= 404, bytes > 2000]", ACCESS, False),
        ("[ip=%127\\.0\\.0\\.[1-9]%, ...]", ACCESS, True),
        ("[ip, user]", ACCESS, False),
        ("[w1=ERROR || w1=%WARN%, w2]", "WARNING x", True),
        ("[w1!=ERROR && w1!=WARN, w2]", "INFO x", True),
    ],
)
def test_words_and_columns(pattern: str, line: str, matches: bool) -> None:
    assert (patterns.parse(pattern).match(line) is not None) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{ $.eventType = %Trail$% }", True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[9].id = 2 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.latency > 1.2e2 }", True),
        ("{ $.eventType > 1 }", False),
        ("{ $['cluster.name'] = c }", True),
        ("{ $.a = 1 || $.ThisFlag IS TRUE && $.latency < 200 }", True),
        ("{ ($.a = 1 || $.ThisFlag IS TRUE) && $.latency > 200 }", False),
        ("{ (($.latency >= 100)) }", True),
        ("{ $.missing != 1 }", False),
        ("{ $.latency = * }", True),
        ("{ $.eventType = * }", True),
        ("{ $.missing = * }", False),
        ("{ $.SomeObject = * }", False),
    ],
)
def test_conditions_on_json(pattern: str, matches: bool) -> None:
    assert (patterns.parse(pattern).match(json.dumps(EVENT)) is not None) is matches


@pytest.mark.parametrize("line", ["", "START", "[1]", '"a"', "{", "[" * 100_000])
def test_what_is_no_json_object_matches_no_condition(line: str) -> None:
    assert patterns.parse("{ $.a NOT EXISTS }").match(line) is None


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "{",
            "[",
            '"a',
            "{ }",
            "{ $.a }",
            "{ $.a = }",
            "{ a = 1 }",
            '{ $.a > "x" }',
            "{ $.a IS MAYBE }",
            "{ $.a NOT }",
        ),
        *("{ $.a = 1 && }", "{ ($.a = 1 }", "{ $.a = 1) }", "[..., a, ...]", "[a,,b]", "[1]", "%(%", "{ $.a = %(% }"),
        "{ " + "(" * 100 + "$.a = 1" + ")" * 100 + " }",
    ],
)
def test_invalid_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.parse(pattern)


@pytest.mark.parametrize(
    ("pattern", "character"),
    [
        ("Status: timeout", ":"),
        ("a,b", ","),
        ("ERROR (x)", "("),
        ("x[1]", "["),
        ("a {b}", "{"),
        ("ERROR*", "*"),
        ("?`x`", "`"),
        (r"-a\b", "\\"),
        ("%(a|b)%", "("),
        (r"%a\(b\)%", "("),
        ("%something!%", "!"),
        ("%two words%", " "),
        ("%größer%", "ö"),
        ("{ $.a = %(x)% }", "("),
        ("[ip=%<x>%, ...]", "<"),
    ],
)
def test_characters_that_need_quotes_or_an_escape(pattern: str, character: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html for regular expressions.

    The same error for words was reported, too.
    """
    with pytest.raises(patterns.TermError) as refused:
        patterns.parse(pattern)
    assert str(refused.value) == f"Invalid character(s) in term '{character}'"


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ('"Status: (x) [1] {2} a,b* `c`"', "Status: (x) [1] {2} a,b* `c`"),
        ('-"a:b" ok', "ok"),
        ("Token=", "Token=x"),
        ("a.b a/b a@b a-b a_b a+b a#b", "a.b a/b a@b a-b a_b a+b a#b"),
        (r"%\x28a|b\x29%", "(a"),
        (r"%\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}%", "10.0.0.1"),
        ("%[Ee]rror|[Ff]ail%", "Fail"),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST"),
        ("%^[hc]at%", "hat"),
        ("%colou?r%", "color"),
        (r"%\sERROR\s%", "an ERROR it is"),
        ("%a:b_#=@/;,-%", "a:b_#=@/;,-"),
    ],
)
def test_characters_that_are_allowed(pattern: str, line: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html"""
    assert patterns.parse(pattern).match(line) is not None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_pattern_or_refused(pattern: str, line: str) -> None:
    try:
        parsed = patterns.parse(pattern)
    except patterns.PatternError:
        return
    parsed.match(line)


@given(st.sampled_from([*"{}[]()$.%\"'=!<>&|*?-, ", "$.a", "[a,b]", "NOT EXISTS", "1", "IS NULL"]).map(str), st.data())
def test_any_mixture_of_syntax_is_a_pattern_or_refused(first: str, data: Any) -> None:
    parts = data.draw(st.lists(st.sampled_from([*'{}[]()$.%"=!<>&|*?-, ', "$.a", "a", "NOT EXISTS", "1"]), max_size=12))
    for pattern in (first + "".join(parts), "{" + "".join(parts) + "}", "[" + "".join(parts) + "]"):
        try:
            parsed = patterns.parse(pattern)
        except patterns.PatternError:
            continue
        parsed.match('{"a": [1, {"b": null}]}')
