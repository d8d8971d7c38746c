"""Finds a config by path, or by the name of one that ships with the package."""

from importlib.resources import files
from pathlib import Path

from .errors import ConfigError, nearest


def config_root() -> Path:
    """Return the folder of the shipped configs: inside an installed package, or beside ``src`` in a checkout."""
    packaged = Path(str(files("emojudge"))) / "lightning_configs"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "lightning_configs"


def shipped_configs() -> list[str]:
    """Return the names of all shipped configs, such as ``trainer/cpu.yaml``."""
    root = config_root()
    return sorted(path.relative_to(root).as_posix() for path in root.glob("*/*.yaml"))


def find_config(name: str) -> Path:
    """Return the path of a config file: as given if there is one, else the shipped config of that name.

    Raises:
        ConfigError: If there is neither, naming the nearest shipped config, or if the name is a URL.
    """
    if "://" in name:
        raise ConfigError(f"{name}: configs are read from files only; a config can name code to import, so none is fetched")
    if Path(name).is_file():
        return Path(name)
    for candidate in (name, f"{name}.yaml", name.removeprefix("lightning_configs/")):
        if (config_root() / candidate).is_file():
            return config_root() / candidate
    raise ConfigError(f"there is no config '{name}', neither a file nor a shipped one.{nearest(name, shipped_configs())}")
