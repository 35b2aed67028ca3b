"""Makes python.safetensors with the format's reference library.

pip install safetensors==0.8.0 && python make.py
"""
import ctypes
import struct

from safetensors import TensorSpec, serialize_file

alive = []  # the library takes addresses


def tensor(dtype, shape, data):
    alive.append(ctypes.create_string_buffer(data, max(len(data), 1)))
    return TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(alive[-1]), data_len=len(data))


serialize_file({
    "f64": tensor("float64", [2], struct.pack("<2d", 1 / 3, -1e300)),
    "f32": tensor("float32", [2, 3], struct.pack("<6f", 0, 1, -2.5, 3e38, 1e-45, 6)),
    "f16": tensor("float16", [6], struct.pack("<6e", 1, -2, 65504, 6e-8, 1 / 3, float("inf"))),
    "bf16": tensor("bfloat16", [3], struct.pack("<3H", 0x3F80, 0xC049, 0x7F80)),
    "e4m3": tensor("float8_e4m3fn", [5], bytes([0x38, 0xB8, 0x7E, 0x01, 0x78])),
    "e5m2": tensor("float8_e5m2", [5], bytes([0x3C, 0xBC, 0x7B, 0x01, 0xFC])),
    "i64": tensor("int64", [2], struct.pack("<2q", -2**63, 2**63 - 1)),
    "i32": tensor("int32", [2], struct.pack("<2i", -2**31, 2**31 - 1)),
    "i16": tensor("int16", [2], struct.pack("<2h", -2**15, 2**15 - 1)),
    "i8": tensor("int8", [2], struct.pack("<2b", -128, 127)),
    "u64": tensor("uint64", [2], struct.pack("<2Q", 0, 2**63 - 1)),
    "u32": tensor("uint32", [2], struct.pack("<2I", 0, 2**32 - 1)),
    "u16": tensor("uint16", [2], struct.pack("<2H", 0, 2**16 - 1)),
    "u8": tensor("uint8", [2], bytes([0, 255])),
    "bool": tensor("bool", [3], bytes([1, 0, 1])),
    "scalar": tensor("float32", [], struct.pack("<f", 42)),
    "empty": tensor("float32", [0, 7], b""),
    "naïve \"λ\"": tensor("float32", [1], struct.pack("<f", -1)),
}, "python.safetensors", {"format": "pt", "said": "\"héllo\" \\ <b>\n"})
