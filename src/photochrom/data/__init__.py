"""From folders and shards of pictures to batches."""
