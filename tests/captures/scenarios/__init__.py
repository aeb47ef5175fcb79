"""Every scenario of the lab: importing a group's file puts its functions into the table."""

from scenarios import apache, mail, manage, naming, reach, secure, store, talk, tunnels, web
from scenarios.table import SCENARIOS, Scenario

__all__ = [
    "SCENARIOS",
    "Scenario",
    "apache",
    "mail",
    "manage",
    "naming",
    "reach",
    "secure",
    "store",
    "talk",
    "tunnels",
    "web",
]
