"""From a recipe and pictures to a model file."""
