"""The web page and the service: upload, see, steer, download."""
