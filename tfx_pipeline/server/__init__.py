"""The local model server: TensorFlow Serving's REST and gRPC API over one data plane."""
