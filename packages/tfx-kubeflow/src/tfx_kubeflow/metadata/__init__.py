"""TFX's artifacts and ML Metadata, as KFP keeps them."""
