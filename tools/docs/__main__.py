"""`python -m tools.docs`, or `make docs`: writes the parts of the README that are made from the code."""

from tools.docs.generated import README, renewed

if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
