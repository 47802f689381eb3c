#!/usr/bin/python3
"""Our JSON against that of google.protobuf.json_format: of random messages with every kind of field, both write the same
JSON value, and each reads what the other wrote as the message it was. Then texts that one of them could take otherwise.
usage: json_mapping_test.py JSON_CONVERT DESCRIPTOR_SET
"""
import json
import random
import struct
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field

MESSAGES = 400
SEED = 20261126

TIME_FIRST, TIME_LAST = -62135596800, 253402300799  # 0001-01-01T00:00:00Z, 9999-12-31T23:59:59Z
DURATION_MAX = 315576000000
FLOAT_MAX = 3.4028234663852886e38
MASK_PATHS = ["int32_value", "leaf.name", "time", "choice_leaf.leaves"]
TEXTS = ["", "a", "Zoë", "\"\\/\b\f\n\r\t\x01\x7f", "\u2028\u2029", "\U0001f600", "<script>&'", "0", "null"]
ANY_OF = ["purvey.testing.v1.Leaf", "purvey.testing.v1.Everything", "google.protobuf.Timestamp",
          "google.protobuf.Duration", "google.protobuf.StringValue", "google.protobuf.FieldMask",
          "google.protobuf.Empty", "google.protobuf.Any", "purvey.testing.v1.Decimal"]


def narrow(number):
    return struct.unpack("f", struct.pack("f", number))[0]


class Maker:
    """Random messages: fields set or not, with values of the edges and between them."""

    def __init__(self, pool, factory, seed):
        self.pool, self.factory, self.random = pool, factory, random.Random(seed)
        self.packing = 0  # messages of Any around what is filled

    def integer(self, low, high):
        pick = self.random
        return pick.choice([low, high, 0, 1, max(low, -1), pick.randint(low, high), pick.randint(max(low, -99), 99)])

    def real(self, single):
        pick = self.random
        number = pick.choice([0.1, 1.0, -2.5, 1e-7, 1e16, 123456789.0, float("inf"), float("-inf"), float("nan"),
                              pick.uniform(-1e6, 1e6), pick.random() * 10.0 ** pick.randint(-37, 37)])
        if single:
            return narrow(pick.choice([number, 3.4e38, 1e-45]))
        return pick.choice([number, sys.float_info.max, 5e-324])

    def scalar(self, field):
        pick = self.random
        kind = field.cpp_type
        if kind == Field.CPPTYPE_INT32:
            return self.integer(-2**31, 2**31 - 1)
        if kind == Field.CPPTYPE_UINT32:
            return self.integer(0, 2**32 - 1)
        if kind == Field.CPPTYPE_INT64:
            return self.integer(-2**63, 2**63 - 1)
        if kind == Field.CPPTYPE_UINT64:
            return self.integer(0, 2**64 - 1)
        if kind in (Field.CPPTYPE_FLOAT, Field.CPPTYPE_DOUBLE):
            return self.real(kind == Field.CPPTYPE_FLOAT)
        if kind == Field.CPPTYPE_BOOL:
            return pick.random() < 0.5
        if kind == Field.CPPTYPE_ENUM:
            return pick.choice(field.enum_type.values).number
        if field.type == Field.TYPE_BYTES:
            return pick.randbytes(pick.randint(0, 9))
        return pick.choice(TEXTS)

    def fill(self, message, depth):
        name = message.DESCRIPTOR.full_name
        if name == "google.protobuf.Timestamp":
            message.seconds, message.nanos = self.integer(TIME_FIRST, TIME_LAST), self.nanos()
        elif name == "google.protobuf.Duration":
            message.seconds = self.integer(-DURATION_MAX, DURATION_MAX)
            if abs(message.seconds) < DURATION_MAX:
                message.nanos = self.nanos() * (-1 if message.seconds < 0 else 1)
        elif name == "google.protobuf.FieldMask":
            message.paths.extend(self.random.sample(MASK_PATHS, self.random.randint(0, 3)))
        elif name == "google.protobuf.Any":
            self.fill_any(message, depth)
        else:
            self.fill_fields(message, depth)
        return message

    def nanos(self):
        return self.random.choice([0, 1, 999999999, 500000000, 1000, 120000, self.random.randint(0, 999999999)])

    def fill_any(self, message, depth):
        if depth > 0 and self.random.random() < 0.9:
            type_name = self.random.choice(ANY_OF)
            inner = self.factory.GetPrototype(self.pool.FindMessageTypeByName(type_name))()
            self.packing += 1
            message.Pack(self.fill(inner, depth - 1))
            self.packing -= 1

    def fill_fields(self, message, depth):
        wrapper = message.DESCRIPTOR.full_name.startswith("google.protobuf.")
        for field in message.DESCRIPTOR.fields:
            if not wrapper and self.random.random() < 0.6:
                continue
            if field.type == Field.TYPE_MESSAGE and depth == 0:
                continue
            self.fill_field(message, field, depth)

    def fill_field(self, message, field, depth):
        if field.label != Field.LABEL_REPEATED:
            if field.type == Field.TYPE_MESSAGE:
                getattr(message, field.name).SetInParent()
                self.fill(getattr(message, field.name), depth - 1)
            else:
                setattr(message, field.name, self.scalar(field))
            return
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        # Not in an Any, whose bytes are compared: maps have more than one packing.
        for _ in range(0 if is_map and self.packing > 0 else self.random.randint(0, 4)):
            place = getattr(message, field.name)
            if is_map:
                key, value = field.message_type.fields
                if value.type == Field.TYPE_MESSAGE:
                    self.fill(place[self.scalar(key)], depth - 1)
                else:
                    place[self.scalar(key)] = self.scalar(value)
            elif field.type == Field.TYPE_MESSAGE:
                self.fill(place.add(), depth - 1)
            else:
                place.append(self.scalar(field))


# Texts by hand: what both read as the same message, and what both refuse.
SAME = [
    '{"int32_value": "5", "uint64Value": 7, "int64Value": "-1"}',
    '{"int32Value": 5.0, "doubleValue": "1e3", "floatValue": 3}',
    '{"int32Value": null, "leaf": null, "stringList": null, "choiceText": null, "wrappedString": null}',
    '{"color": 2, "colorList": ["COLOR_RED", -1]}',
    '{"bytesValue": "AAH-_w=="}', '{"bytesValue": "AAH+/w=="}',
    '{"time": "2026-11-22T21:00:00+01:00"}', '{"time": "0001-01-01T00:00:00Z"}',
    '{"time": "9999-12-31T23:59:59.999999999Z"}', '{"time": "1969-12-31T23:59:59.5Z"}',
    '{"duration": "315576000000s"}', '{"duration": "-315576000000s"}', '{"duration": "-0.5s"}', '{"duration": "1.0s"}',
    '{"mask": "int32Value,leaf.name"}', '{"mask": ""}', '{"any": {}}', '{"empty": {}}',
    '{"textByText": {"": "", "\\u006b": "\\ud83d\\ude00"}}', '{"colorByBool": {"true": "COLOR_BLUE"}}',
    '{"any": {"@type": "type.googleapis.com/google.protobuf.Int64Value", "value": "9"}}',
]
REFUSED = [
    '{"int32Value": 1.5}', '{"int32Value": 2147483648}', '{"uint32Value": -1}', '{"uint64Value": "18446744073709551616"}',
    '{"int64Value": ""}', '{"int64Value": "1 "}', '{"boolValue": "true"}', '{"color": "COLOR_GREEN"}',
    '{"stringValue": 5}', '{"floatValue": 1e300}', '{"doubleValue": "x"}', '{"noSuch": 1}', '{"stringList": "a"}',
    '{"stringList": [null]}', '{"textByText": []}', '{"time": "10000-01-01T00:00:00Z"}', '{"time": 5}',
    '{"time": "0000-12-31T23:59:59Z"}', '{"duration": "315576000001s"}', '{"duration": "1"}',
    '{"choiceText": "", "choiceNumber": "1"}', '{"any": {"@type": "type.googleapis.com/no.Such"}}', '{"mask": 5}', '{',
    '{"leafByNumber": {"x": {}}}',
]


def main():
    convert, set_path = sys.argv[1:]
    pool = descriptor_pool.DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet()
    with open(set_path, "rb") as opened:
        files.ParseFromString(opened.read())
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    everything = factory.GetPrototype(pool.FindMessageTypeByName("purvey.testing.v1.Everything"))
    counts = {True: 0, False: 0}

    def check(good, rule, *shown):
        counts[bool(good)] += 1
        if not good and counts[False] <= 20:
            print("FAIL", rule, *shown, sep="\n  ")

    def ours(what, lines):
        done = subprocess.run([convert, what], input="".join(line + "\n" for line in lines), capture_output=True,
                              encoding="utf-8", check=True)
        answers = done.stdout.split("\n")[:-1]
        assert len(answers) == len(lines), done.stderr
        return answers

    def canonical(message):
        return message.SerializeToString(deterministic=True)

    def read_ours(text):
        """The message that we read from the text, as bytes; None when refused."""
        return None if text.startswith("!") else canonical(everything.FromString(bytes.fromhex(text)))

    def read_theirs(text):
        try:
            return canonical(json_format.Parse(text, everything(), descriptor_pool=pool))
        except (json_format.ParseError, ValueError):
            return None

    maker = Maker(pool, factory, SEED)
    messages = [maker.fill(everything(), 4) for _ in range(MESSAGES)]
    unset = {field.name for field in everything.DESCRIPTOR.fields} - {f.name for m in messages for f, _ in m.ListFields()}
    check(not unset, "every kind of field occurs", unset)
    packed = [canonical(message) for message in messages]
    theirs = [json_format.MessageToJson(message, descriptor_pool=pool, indent=None) for message in messages]
    written = ours("write", [data.hex() for data in packed])
    for data, text, our_text in zip(packed, theirs, written):
        same = not our_text.startswith("!") and json.loads(our_text) == json.loads(text)
        check(same, "both write the same value", text, our_text)
        check(read_theirs(our_text) == data, "theirs reads ours", our_text)
    for data, text, answer in zip(packed, theirs, ours("read", theirs)):
        check(read_ours(answer) == data, "ours reads theirs", text, answer)
    # The greatest float, which json_format itself writes as a number that it then refuses to read.
    for greatest in (FLOAT_MAX, -FLOAT_MAX):
        message = everything(float_value=greatest)
        [text] = ours("write", [canonical(message).hex()])
        check(read_theirs(text) == canonical(message), "theirs reads our greatest float", text)
        check(read_ours(ours("read", [text])[0]) == canonical(message), "and ours does", text)
    for text, answer in zip(SAME, ours("read", SAME)):
        check(read_theirs(text) is not None and read_ours(answer) == read_theirs(text), "both read the same", text, answer)
    for text, answer in zip(REFUSED, ours("read", REFUSED)):
        check(read_theirs(text) is None and read_ours(answer) is None, "both refuse", text, answer)
    print("%d passed, %d failed" % (counts[True], counts[False]))
    return 0 if counts[False] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
