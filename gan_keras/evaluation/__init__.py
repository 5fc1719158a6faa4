"""Measuring: where images come from, what is measured, and the report.

A *ruler* is the network whose features and logits the metrics use: values from two rulers do not compare. The *floor*
of a metric is the value that real training images get with the same number of samples.
"""
