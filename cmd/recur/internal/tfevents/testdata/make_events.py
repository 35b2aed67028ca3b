"""Writes scalars.tfevents as TensorFlow does (tensorflow==2.21.0): a version, then two scalars
of step 7."""

import os

import tensorflow as tf
from tensorflow.core.util import event_pb2

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    first = event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2")
    second = event_pb2.Event(wall_time=1700000001.25, step=7)
    second.summary.value.add(tag="train/loss", simple_value=0.625)
    second.summary.value.add(tag="epoch/손실", simple_value=-3e-5)
    with tf.io.TFRecordWriter(os.path.join(HERE, "scalars.tfevents")) as w:
        for e in (first, second):
            w.write(e.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
