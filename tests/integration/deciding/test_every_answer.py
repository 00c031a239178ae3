"""The rule against every way to answer the shipped framework."""

from itertools import product

import numpy as np

from bot.deciding.framework import Framework
from bot.deciding.outlook import Outlook
from tests.support.frameworks import CODE, every_approach, values, ways


def test_the_approach_is_the_rule_for_every_combination_of_answers(framework: Framework, outlook: Outlook) -> None:
    """Over all combinations, one by one."""
    approaches = every_approach(framework)
    names = tuple(framework.questions)
    every = product(*values(framework))
    found = [CODE[outlook.approach(dict(zip(names, chosen, strict=True)))] for chosen in every]
    assert len(found) == approaches.size == ways(framework, {})
    assert np.array_equal(np.reshape(found, approaches.shape), approaches)
