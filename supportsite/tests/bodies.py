"""What no honest client sends: a fixed collection, and seeded random bodies."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Body:
    """``data`` is sent as ``content_type``; ``name`` says what is wrong with it."""

    name: str
    data: bytes
    content_type: str = JSON


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def nested_objects(levels: int) -> bytes:
    return b'{"message":' * levels + b"1" + b"}" * levels


# JSON texts of values that a field may hold; most are of the wrong type or beyond all bounds.
VALUES = {
    **{
        text: text.encode() for text in ("null", "true", "0", "-1", "1.5", "[]", "{}", "[[]]", '""')
    },
    **{text: text.encode() for text in ("NaN", "Infinity", "-Infinity", "1e999", "-0", '{"a":{}}')},
    "an int beyond 64 bits": b"9" * 30,
    "an int of 4,000 digits": b"9" * 4_000,
    "an int of 5,000 digits": b"9" * 5_000,
    "spaces": b'"   "',
    "zero-width text": '"\u200b\u200d\u2060\ufeff"'.encode(),
    "emoji alone": '"\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467"'.encode(),
    "text from right to left": '"\u202e\u0627\u0628\u067e"'.encode(),
    "a ligature of 18 letters, often": ('"' + "\ufdfa" * 3_999 + '"').encode(),
    "digits and spaces": ('"' + "4 " * 1_999 + '"').encode(),
    "combining marks": ('"e' + "\u0301" * 3_000 + '"').encode(),
    "an escaped NUL": b'"a\\u0000b"',
    "a raw NUL": b'"a\x00b"',
    "an escaped high surrogate": b'"a\\ud800b"',
    "an escaped low surrogate": b'"a\\udfffb"',
    "a raw surrogate": b'"a\xed\xa0\x80b"',
    "an overlong encoding": b'"a\xc0\x80b"',
    "line breaks and escapes": b'"a\\r\\nb\\u001b[31m"',
    "a C1 control": b'"a\\u0085b"',
    "a quarter of a megabyte": b'"' + b"a" * 250_000 + b'"',
    "a megabyte": b'"' + b"a" * MEGABYTE + b'"',
    "deep in the middle": nested(500),
    "just below the deepest stack": nested(950),
    "a formula": b"\"=cmd|'/c calc'!A1\"",
    "markup": b'"<script>alert(1)</script>"',
    "SQL": b'"\' OR 1=1; --"',
    "a template": b'"{{7*7}} {message} %s ${x}"',
}

RAW = (
    Body("empty", b""),
    Body("a space", b" "),
    Body("one NUL", b"\x00"),
    Body("an open brace", b"{"),
    Body("a key alone", b'{"message"'),
    Body("a key without value", b'{"message":}'),
    Body("a trailing comma", b'{"message":"a",}'),
    Body("single quotes", b"{'message':'a'}"),
    Body("a comment", b'{"message":"a"} // why'),
    Body("two documents", b'{"message":"a"}{"message":"b"}'),
    Body("a key twice", b'{"message":"a","message":[],"role":"admin","role":1}'),
    Body("a key that is a surrogate", b'{"\\ud800":1}'),
    Body("a key that is NUL", b'{"\\u0000":1}'),
    Body("an empty key", b'{"":1}'),
    Body("a prototype", b'{"__proto__":{"admin":true},"constructor":1,"__class__":1}'),
    Body("a byte order mark", b'\xef\xbb\xbf{"message":[]}'),
    Body("UTF-16", '{"message":"a"}'.encode("utf-16")),
    Body("UTF-32", '{"message":"a"}'.encode("utf-32")),
    Body("Latin-1", '{"message":"\xe9"}'.encode("latin-1")),
    Body("gzip", gzip.compress(b'{"message":"a"}', mtime=0)),
    Body("nested 33 deep", nested(33)),
    Body("nested 1,000 deep", nested(1_000)),
    Body("nested 100,000 deep", nested(100_000)),
    Body("objects nested 1,000 deep", nested_objects(1_000)),
    Body("objects nested 20,000 deep", nested_objects(20_000)),
    Body("nested and never closed", b"[" * 100_000),
    Body("a hundred thousand elements", b"[" + b"1," * 100_000 + b"1]"),
    Body("ten thousand keys", json.dumps({str(n): n for n in range(10_000)}).encode()),
    Body("a megabyte of spaces", b" " * MEGABYTE),
    Body("a megabyte that is no JSON", b"\xff" * MEGABYTE),
    Body("no type", b'{"message":"a"}', ""),
    *(
        Body(f"a type: {named[:50]}", b'{"message":[],"file":1,"role":1}', named)
        for named in (
            *("text/plain", "text/html", "application/xml", "application/octet-stream", "*/*", "/"),
            *(";", ",", "application/json,application/json", "APPLICATION/JSON", "json"),
            *(f"{JSON};charset={name}" for name in ("utf-16", "zlib", "bz2", "hex", "undefined")),
            *(f"{JSON};charset={name}" for name in ("nonsense", '"', "\xe9", "utf-7", "idna", "")),
            *("application/json;charset*=nonsense''x", "application/json;charset*0*=a;charset*1=b"),
            *("application/" + "x" * 9_000, "application/json;" + "a=b;" * 2_000, "\xff\xfe"),
        )
    ),
    Body("a form", b"message=&file=a&role=", FORM),
    Body("a form with NUL", b"message=%00&file=%00&role=%00&username=%00", FORM),
    Body("a form with a surrogate", b"username=%ed%a0%80&role=%ed%a0%80&file=%ed%a0%80", FORM),
    Body("a form with broken escapes", b"%zz=%&file=%u0000&role", FORM),
    Body("a form with 2,000 fields", b"&".join(b"f%d=1" % n for n in range(2_000)), FORM),
    Body("a form that is JSON", b'{"message":"a"}', FORM),
    Body("a form of a megabyte", b"file=" + b"a" * MEGABYTE, FORM),
    Body("a form in a codec", b"file=a", f"{FORM};charset=zlib"),
    Body("multipart without a boundary", b"--b\r\n", "multipart/form-data"),
    Body("multipart, an empty boundary", b"----", "multipart/form-data; boundary="),
    Body("multipart, a long boundary", b"--", "multipart/form-data; boundary=" + "b" * 300),
    Body("multipart, a foreign boundary", b"--b--", "multipart/form-data; boundary=\xe9"),
    Body("multipart, a boundary in no charset", b"", "multipart/form-data; boundary*=nonsense''b"),
    Body("multipart, another boundary", b"--c\r\n\r\n--c--\r\n", MULTIPART),
    Body("multipart that is JSON", b'{"message":"a"}', MULTIPART),
    Body("multipart of another kind", b"--b--", "multipart/mixed; boundary=b"),
    Body("multipart that never ends", b"--b\r\n" * 200, MULTIPART),
    Body(
        "multipart, 2,000 parts",
        b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" * 2_000 + b"--b--",
        MULTIPART,
    ),
)


def part(disposition: bytes, content: bytes, *, ended: bool = True, more: bytes = b"") -> bytes:
    """A multipart form of one part."""
    head = b"--b\r\nContent-Disposition: form-data; " + disposition + more
    return head + b"\r\n\r\n" + content + (b"\r\n--b--\r\n" if ended else b"")


HEADER_ROW = b"id,question,answer,category\n"

PARTS = tuple(
    Body(f"an upload: {name}", data, MULTIPART)
    for name, data in {
        "no file name": part(b'name="file"', b"id"),
        "an empty file": part(b'name="file"; filename="a.csv"', b""),
        "NUL bytes": part(b'name="file"; filename="a.csv"', HEADER_ROW + b"\x00" * 9),
        "no CSV": part(b'name="file"; filename="a.csv"', b"\x89PNG\r\n\x1a\n" * 9),
        "UTF-16": part(b'name="file"; filename="a.csv"', "id,question".encode("utf-16")),
        "an unclosed quote": part(b'name="file"; filename="a.csv"', HEADER_ROW + b'a,"b,c,d'),
        "broken off": part(b'name="file"; filename="a.csv"', HEADER_ROW, ended=False),
        "a path for a name": part(b'name="file"; filename="../../../etc/passwd"', b"x"),
        "NUL in its name": part(b'name="file"; filename="a\x00.csv"', b"x"),
        "no name at all": part(b'filename="a.csv"', b"x"),
        "a name in no charset": part(b"name=\"file\"; filename*=nonsense''a.csv", b"x"),
        "broken base64": part(
            b'name="file"; filename="a.csv"', b"!", more=b"\r\nContent-Transfer-Encoding: base64"
        ),
        "a long header": part(b'name="file"; x="' + b"a" * 20_000 + b'"', b"x"),
        "half a megabyte of text": part(b'name="retire_missing"', b"a" * 500_000),
        "a wrong flag": part(b'name="retire_missing"', b"perhaps"),
        "alternates alone, broken": part(b'name="alternates"; filename="a.csv"', b"\xff"),
    }.items()
)


Sound = Mapping[str, object]
"""The fields an endpoint takes, with values that it accepts."""

Turns = Mapping[str, tuple[int, int]]
"""By field: the number of an endpoint among those that take the field, and how many they are."""

AT_EVERY_ENDPOINT = {
    *("null", "NaN", "{}", "[[]]", "an int of 5,000 digits", "an escaped NUL"),
    *("an escaped high surrogate", "a quarter of a megabyte"),
}
"""Names of ``VALUES`` that each field of each endpoint gets."""

NUMBERS = {"NaN", "an int of 5,000 digits"}
"""Names of ``VALUES`` that each parameter of each endpoint gets."""

QUERY_VALUES = (
    *("9999-99-99", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("2026-02-30", "٣", "1e5", "0x10", "1_000"),
)

READ_BY_ITS_VIEW = {"message"}
"""Fields that each endpoint treats in its own way: it gets all values."""


def turns(sounds: Iterable[Sound]) -> list[Turns]:
    """Endpoints that take a field of one name share the values, since its type is the same."""
    fields = [list(sound) for sound in sounds]
    counts = Counter(chain.from_iterable(fields))
    before: Counter[str] = Counter()
    shared = []
    for names in fields:
        shared.append({name: (before[name], counts[name]) for name in names})
        before.update(names)
    return shared


def _part(
    field: str, turn: tuple[int, int], *, always: Collection[str]
) -> Iterator[tuple[str, bytes]]:
    """The values of one endpoint's turn and those of these names, with their names."""
    position, count = turn
    for number, (name, value) in enumerate(VALUES.items()):
        if number % count == position or name in always or field in READ_BY_ITS_VIEW:
            yield name, value


def bodies(sound: Sound, shared: Turns, *, count: int, seed: str) -> Iterator[Body]:
    """Wrong values for these fields, and ``count`` random bodies; the same ones for the same
    seed."""
    yield from _wrong_values(sound, shared)
    dice = random.Random(seed)
    for number in range(count):
        make = dice.choice((_random_bytes, _random_object, _mutated))
        yield Body(f"random {number}, {make.__name__}", make(dice, sound))


def queries(shared: Turns) -> Iterator[str]:
    """Query strings as hostile as the bodies."""
    yield from ("", "%", "%00", "&&&", "=", "%ff=%ff", "a[b]=1", "=" * 500, "format=xml")
    yield "&".join(f"f{number}=1" for number in range(2_000))
    for field, turn in shared.items():
        # A list of all that there is would take most of the time.
        end = "&limit=1" if "limit" in shared and field != "limit" else ""
        for _, value in _part(field, turn, always=NUMBERS):
            text = quote(value.strip(b'"')[:2_000])
            yield f"{field}={text}{end}"
        for value in ("%00", "%ed%a0%80", "%ff%fe"):
            yield f"{field}={value}{end}"
        position, count = turn
        for value in QUERY_VALUES[position::count]:
            yield f"{field}={quote(value)}{end}"
            yield f"{field}={quote(value)}&{field}=2&{field}="


def _wrong_values(sound: Sound, shared: Turns) -> Iterator[Body]:
    for field, turn in shared.items():
        # Of a key given twice the last one holds.
        others = json.dumps(sound).encode()[:-1]
        for name, value in _part(field, turn, always=AT_EVERY_ENDPOINT):
            yield Body(f"{field}: {name}", others + b',"%s":%s}' % (field.encode(), value))


def _random_bytes(dice: random.Random, sound: Sound) -> bytes:
    return dice.randbytes(dice.randrange(300))


def _random_object(dice: random.Random, sound: Sound) -> bytes:
    small = [value for value in VALUES.values() if len(value) < 1_000]
    names = [*sound, "x", "id"]
    pairs = (
        b'"%s":%s' % (dice.choice(names).encode(), dice.choice(small))
        for _ in range(dice.randrange(1, 6))
    )
    return b"{" + b",".join(pairs) + b"}"


def _mutated(dice: random.Random, sound: Sound) -> bytes:
    """A sound body with a few bytes overwritten, taken out or repeated."""
    body = bytearray(json.dumps(sound or {"x": 1}).encode())
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(body))
        piece = dice.choice((b"", dice.randbytes(1), bytes(body[at:]), b'"', b"\\u", b"{", b","))
        body[at : at + dice.randrange(3)] = piece
    return bytes(body)
