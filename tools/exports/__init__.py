"""Exports of models against the program: tools/check-onnx and tools/check-code."""
