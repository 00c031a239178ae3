"""How many threads computing takes: every core to learn from the corpus, one to answer.

To answer, texts are short and matrices small. Two threads are sooner there by some milliseconds only, and wait for each
other by turning round and round: it takes twice the work, which the rest of the bot then lacks.
"""

import os

from threadpoolctl import threadpool_limits

OPERATORS = "OMP_NUM_THREADS"  # what libraries that compute read at their start


def answer_with_one() -> None:
    """From here on this process computes with one thread, unless its operator has set how many."""
    if OPERATORS in os.environ:
        return
    import torch

    torch.set_num_threads(1)
    threadpool_limits(1)
