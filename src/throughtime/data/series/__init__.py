"""Series on a regular grid of time, and the windows out of them that a forecaster learns from and is measured by."""
