"""What a seed of splits may be."""

from ...errors import ConfigError

_MOST = 2**32 - 1
"""Largest seed that numpy's and scikit-learn's generators both take."""


def check_seed(seed: int) -> None:
    """Check the seed of a draw.

    Raises:
        ConfigError: If it is negative or too large for a generator.
    """
    if not 0 <= seed <= _MOST:
        raise ConfigError(f"seed is {seed}, expected 0 to {_MOST}")
