"""Asking people: surveys of real and synthesized pictures, their votes and what they mean."""
