"""Writes old.h5.gz, latest.h5.gz, user.h5.gz and two tiny ones: every layout that the reader knows,
in the oldest form of HDF5, in the newest, and behind a block of the user's.

Value i of an array is (7 i + n) mod 23 - 11, n being the letters of its path, or its
absolute value where the type has no sign, or whether it is positive for bool.
"""
import gzip
import os
import sys

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t


def values(path, shape, dtype):
    i = np.arange(int(np.prod(shape)))
    v = (7 * i + len(path)) % 23 - 11
    if dtype == "?":
        v = v > 0
    elif dtype[0] == "u":
        v = np.abs(v)
    return v.astype(dtype).reshape(shape)


def put(f, path, shape, dtype="f4", **options):
    f.create_dataset(path, data=values(path, shape, dtype), **options)


def raw(f, path, shape, set_options):
    create = h5p.create(h5p.DATASET_CREATE)
    set_options(create)
    group, name = path.rsplit("/", 1)
    d = h5d.create(f[group].id, name.encode(), h5t.IEEE_F32LE, h5s.create_simple(shape), create)
    d.write(h5s.ALL, h5s.ALL, values(path, shape, "f4"))


def early(create):
    create.set_chunk((4, 4))
    create.set_alloc_time(h5d.ALLOC_TIME_EARLY)


def fill(f, latest):
    f.attrs["config"] = "{" + "x" * 3000 + "}"
    f.attrs["fixed"] = np.array([b"one", b"three"])
    f.attrs["strings"] = ["alpha", "β", ""]
    for i in range(300):
        put(f, f"many/d{i}", (2,))
    for t in ("f2", "f4", "f8", "i1", "i4", "i8", "u2", ">f4", ">i4", "?"):
        put(f, "types/" + t, (3, 4), t)
    put(f, "types/scalar", ())
    put(f, "types/empty", (0, 4))
    z = dict(compression="gzip")
    put(f, "chunks/plain", (37, 23), chunks=(8, 5))
    put(f, "chunks/packed", (37, 23), chunks=(8, 5), shuffle=True, **z)
    put(f, "chunks/checked", (37, 23), chunks=(8, 5), fletcher32=True, **z)
    put(f, "chunks/one", (37, 23), chunks=(37, 23), **z)
    put(f, "chunks/oneplain", (9, 3), chunks=(9, 3))
    put(f, "chunks/grow", (37, 23), chunks=(2, 23), maxshape=(None, 23), **z)
    put(f, "chunks/growplain", (37, 3), chunks=(1, 3), maxshape=(None, 3))
    put(f, "chunks/both", (37, 23), chunks=(3, 4), maxshape=(None, None), shuffle=True, **z)
    put(f, "chunks/bothplain", (7, 9), chunks=(3, 4), maxshape=(None, None))
    put(f, "chunks/pages", (3000,), chunks=(2,))
    put(f, "chunks/growpages", (3000,), chunks=(1,), maxshape=(None,))
    put(f, "chunks/cube", (5, 6, 7), chunks=(2, 3, 4), **z)
    raw(f, "chunks/compact", (3, 2), lambda create: create.set_layout(h5d.COMPACT))
    raw(f, "chunks/early", (9, 9), early)
    for i in range(60):
        f["types"].attrs[f"a{i}"] = "v" * i
    if latest:
        f["types"].attrs["huge"] = "h" * 100000


def tiny(f):
    """Seeds for fuzzing: a little of everything."""
    f.attrs["strings"] = ["alpha", "β"]
    for i in range(10):
        f.create_dataset(f"g/d{i}", data=np.float32(i))
        f["g"].attrs[f"a{i}"] = "v"
    for i in range(3):
        shape = (5, 3)
        f.create_dataset(f"c{i}", data=np.ones(shape, "f4"), chunks=(2, 3), compression="gzip", shuffle=True,
                         maxshape=[shape, (None, 3), (None, None)][i])


def write(name, fill, **options):
    path = f"{sys.path[0]}/{name}.h5"
    with h5py.File(path, "w", **options) as f:
        fill(f)
    with open(path, "rb") as f, open(path + ".gz", "wb") as z:
        z.write(gzip.compress(f.read(), 9, mtime=0))
    os.remove(path)


write("old", lambda f: fill(f, False))
write("latest", lambda f: fill(f, True), libver="latest")
write("user", lambda f: fill(f, False), userblock_size=1024)
write("tiny_old", tiny)
write("tiny_latest", tiny, libver="latest")
