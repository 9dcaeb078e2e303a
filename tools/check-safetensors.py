"""What tools/check-safetensors runs: see there."""

import collections, hashlib, json, math, os, random, re, struct, subprocess, sys, unicodedata
import numpy as np
import safetensors
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save

exchange, folder, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

ENTRY = r"file: the header's entry '.*' "
HEADER = r"file: is not a safetensors file: byte \d+, in its header: "


def header(file, hook=None):
    """The header of a file that one of the two reads."""
    return json.loads(file[8 : 8 + struct.unpack("<Q", file[:8])[0]], object_pairs_hook=hook)


def entries(file):
    return [entry for name, entry in header(file).items() if name != "__metadata__"]


def has_key_twice(file):
    """Whether an object has a key twice, up to its form in Unicode."""
    found = []

    def keep(pairs):
        keys = [unicodedata.normalize("NFC", key) for key, _ in pairs]
        found.append(len(set(keys)) < len(keys))
        return dict(pairs)

    header(file, keep)
    return any(found)


def overflows(shape):
    """Whether the product of the sizes before the first 0 has more than 64 bits."""
    return 0 in shape and math.prod(shape[: shape.index(0)]) >= 2**64


# Files that only one of the two reads: the other's whole message, and what must be true of the
# file. docs/formats.md says why.
KNOWN = {
    "python reads": {
        "another dtype than F32": (
            r"file: tensor '.*' holds (?!F32)\w+ numbers, weights must be F32; .*"
            + "|" + ENTRY + r"has the unknown dtype '(F4|F6_E2M3|F6_E3M2)'\.",
            lambda file: any(entry["dtype"] != "F32" for entry in entries(file)),
        ),
        "white space before '{'": (
            HEADER + r"'\{' must be the first\.", lambda file: file[8] in b" \t\r\n"),
        "an unknown member of an entry": (
            ENTRY + r"has the unknown member '.*'\.",
            lambda file: any(entry.keys() - MEMBERS for entry in entries(file)),
        ),
        "a key twice": (HEADER + r'the key ".*" appears twice\.', has_key_twice),
        "a number or a depth beyond what is read, in a member that Python skips": (
            HEADER + r"(nested more than 8 deep|the number is out of range)\.",
            lambda file: any(entry.keys() - MEMBERS for entry in entries(file)),
        ),
        "metadata null": (
            ENTRY + r"is not an object\.", lambda file: header(file)["__metadata__"] is None),
        "a size beyond 2^63 beside a 0": (
            ENTRY + r"has no shape, or one that is not a list of sizes\.",
            lambda file: any(
                0 in entry["shape"] and max(entry["shape"]) >= 2**63 for entry in entries(file)),
        ),
    },
    "phidias reads": {
        "sizes whose product overflows before a 0": (
            r"Error while deserializing: overflow computing buffer size from shape and/or element type",
            lambda file: any(overflows(entry["shape"]) for entry in entries(file)),
        ),
    },
}
MEMBERS = {"dtype", "shape", "data_offsets"}


def pack(files):
    return b"".join(struct.pack("<Q", len(file)) + file for file in files)


def unpack(stream):
    files, start = [], 0
    while start < len(stream):
        (length,) = struct.unpack_from("<Q", stream, start)
        files.append(stream[start + 8 : start + 8 + length])
        start += 8 + length
    return files


def digest(metadata, tensors):
    """As in SafetensorsExchange.swift. tensors: (name, shape, bytes)."""
    parts = []
    for key in sorted(metadata, key=str.encode):
        parts += [key.encode(), b"\0", metadata[key].encode(), b"\0"]
    for name, shape, data in sorted(tensors, key=lambda tensor: tensor[0].encode()):
        parts += [name.encode(), b"\0", ",".join(map(str, shape)).encode(), b"\0", bytes(data)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def read(file):
    """Python's verdict on a file: as Phidias's, the digest of its content or why it is refused."""
    try:
        tensors = deserialize(file)
        path = os.path.join(folder, "one")
        with open(path, "wb") as output:
            output.write(file)
        with safe_open(path, "numpy") as opened:
            metadata = opened.metadata() or {}
    except SafetensorError as error:
        return "reject", str(error)
    return "accept", digest(metadata, [(name, t["shape"], t["data"]) for name, t in tensors])


def phidias(files):
    """Phidias's verdict on each file."""
    paths = [os.path.join(folder, name) for name in ("files", "verdicts")]
    with open(paths[0], "wb") as output:
        output.write(pack(files))
    subprocess.run([exchange, "read", *paths], check=True)
    with open(paths[1], encoding="utf-8", newline="\n") as verdicts:
        return [line.rstrip("\n").partition(" ")[::2] for line in verdicts]


def text(rng):
    ranges = [(0, 0x1F), (0x20, 0x7F), (0x20, 0x7F), (0x80, 0x7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)]
    return "".join(chr(rng.randint(*rng.choice(ranges))) for _ in range(rng.randint(0, 5)))


def make(rng):
    """A valid file of F32 tensors, written by Python, and its digest."""
    tensors = {}
    for index in range(rng.randint(0, 5)):
        shape = [rng.randint(0, 5) for _ in range(rng.randint(0, 4))]
        data = rng.randbytes(4 * int(np.prod(shape, dtype=int)))
        tensors[text(rng) + str(index)] = np.frombuffer(data, "<f4").reshape(shape)
    metadata = {text(rng) + str(index): text(rng) for index in range(rng.randint(0, 3))}
    file = save(tensors, metadata or None)
    return file, digest(metadata, [(n, t.shape, t.tobytes()) for n, t in tensors.items()])


NUMBERS = ["0", "-1", "-0", "1.0", "1e0", "01", "4", "8", "null", '"4"', "4294967296",
           "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e999"]
DTYPES = ["F64", "F16", "BF16", "U8", "BOOL", "I64", "C64", "F8_E4M3", "F4", "f32", "X", ""]
VALUES = ["null", "[]", "{}", "1", '""', '"\\ud800"', "true", "[" * 9 + "]" * 9, "1e999"]


def change_header(rng, header):
    """A change to the header's text."""
    kind = rng.randrange(9)
    numbers = list(re.finditer(r"(?<=[\[,])\d+(?=[\],])", header))
    if kind <= 1 and numbers:
        place = rng.choice(numbers)
        new = rng.choice(NUMBERS) if kind else str(int(place[0]) + rng.choice([-4, -1, 1, 4]))
        return header[: place.start()] + new + header[place.end() :]
    if kind == 2:
        return header.replace('"F32"', json.dumps(rng.choice(DTYPES)), rng.randint(1, 2))
    if kind == 3 and numbers:  # another size, so that a product is 0 or overflows
        place = rng.choice(numbers)
        return header[: place.start()] + rng.choice(NUMBERS) + "," + header[place.start() :]
    if kind == 4:
        return header.replace('{"dtype"', '{"%s":%s,"dtype"' % (rng.choice(["x", "dtype", "shape"]), rng.choice(VALUES)), 1)
    if kind == 5:  # a member twice
        first = re.match(r'\{("(?:[^"\\]|\\.)*":\{[^{}]*\}),?', header)
        return "{" + first[1] + "," + header[1:] if first else header
    if kind == 6:
        return '{"__metadata__":%s,' % rng.choice(VALUES + ['{"a":1}', '{"a":"b","a":"c"}']) + header.lstrip()[1:]
    if kind == 7:
        space = rng.choice([" ", "\t", "\n", "\r", "\x0b", "\x00", "\u00a0"])
        place = rng.choice([0, len(header), rng.randint(0, len(header))])
        return header[:place] + space + header[place:]
    return header.rstrip(" ") + rng.choice(["", " ", "}", ",", "\n\n", "  {}"])


def change(rng, file):
    """The file after one to three changes at random."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        kind = rng.randrange(10)
        length = struct.unpack("<Q", file[:8])[0] if len(file) >= 8 else 0
        if kind < 6 and 0 < length <= len(file) - 8:
            header = file[8 : 8 + length].decode("utf-8", "surrogateescape")
            new = change_header(rng, header).encode("utf-8", "surrogateescape")
            file = struct.pack("<Q", len(new)) + new + file[8 + length :]
        elif kind == 6 and file:
            place = rng.randrange(len(file))
            file = file[:place] + bytes([file[place] ^ 1 << rng.randrange(8)]) + file[place + 1 :]
        elif kind == 7:
            file = file[: rng.randint(0, len(file))]
        elif kind == 8:
            file += rng.randbytes(rng.choice([1, 4, 8]))
        elif len(file) >= 8:
            length = rng.choice([length + 1, max(length, 1) - 1, 0, 10**8, 10**8 + 1, 2**63, 2**64 - 1])
            file = struct.pack("<Q", length % 2**64) + file[8:]
    return file


def reason(side, file, message):
    """The known reason why one side reads the file alone, and the other says `message`."""
    for name, (pattern, is_true) in KNOWN[side].items():
        if re.fullmatch(pattern, message, re.DOTALL) and is_true(file):
            return name
    return None


def main():
    print(f"safetensors {safetensors.__version__}, numpy {np.__version__}, seed {seed}")
    failures = 0
    rng = random.Random(seed)

    paths = [os.path.join(folder, name) for name in ("written", "digests")]
    subprocess.run([exchange, "write", str(count), str(seed), *paths], check=True)
    with open(paths[0], "rb") as stream:
        written = unpack(stream.read())
    with open(paths[1], encoding="ascii") as lines:
        digests = [line.split()[1] for line in lines]
    wrong = sum(read(file) != ("accept", expected) for file, expected in zip(written, digests, strict=True))
    print(f"written by Phidias, read by Python: {len(written)} files, {wrong} differ")
    failures += wrong

    made = [make(rng) for _ in range(count)]
    verdicts = phidias([file for file, _ in made])
    wrong = sum(v != ("accept", d) for v, (_, d) in zip(verdicts, made, strict=True))
    print(f"written by Python, read by Phidias: {count} files, {wrong} differ")
    failures += wrong

    valid = written + [file for file, _ in made]
    changed = [change(rng, rng.choice(valid)) for _ in range(count)]
    counts = collections.Counter()
    for file, ours, theirs in zip(changed, phidias(changed), map(read, changed), strict=True):
        if ours[0] == theirs[0] == "reject":
            counts["both refuse"] += 1
        elif ours == theirs:
            counts["both read"] += 1
        elif ours[0] == theirs[0]:
            counts["both read, as something else"] += 1
            failures += 1
        else:
            side, message = (
                ("phidias reads", theirs[1]) if ours[0] == "accept" else ("python reads", ours[1]))
            known = reason(side, file, message)
            counts[f"{side} alone: {known or 'UNKNOWN'}"] += 1
            if known is None:
                failures += 1
                if failures <= 10:
                    print(f"  {side} alone, the other: {message}\n    {file[:300]!r}")
    print(f"changed: {len(changed)} files")
    for name, number in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"  {number:6} {name}")
    if failures:
        print(f"{failures} files are treated differently in a way that docs/formats.md does not list")
    sys.exit(failures > 0)


main()
