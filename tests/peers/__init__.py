"""The platforms and services on loopback, as strict as they are."""

ACK = 9.0  # seconds; really three, which a busy machine may miss: whether they are kept is measured by `make bench`
