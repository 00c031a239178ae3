"""How long the platforms wait for an acknowledgement in tests."""

ACK = 9.0  # seconds; really three, which a busy machine may miss: whether they are kept is measured by `make bench`
