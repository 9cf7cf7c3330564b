"""A logon task, as Windows Task Scheduler reads it. Pure.

Windows does not call a program that ended badly a failed task: `RestartOnFailure` is for one that could not be started.
The trigger is therefore repeated, and `IgnoreNew` makes that nothing while the agent runs.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from agent.startup.entry import Entry

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
FOLDER = "\\Backhaul\\"
SETTINGS = {
    "MultipleInstancesPolicy": "IgnoreNew",
    "DisallowStartIfOnBatteries": "false",
    "StopIfGoingOnBatteries": "false",
    "AllowHardTerminate": "true",
    "StartWhenAvailable": "true",
    "RunOnlyIfNetworkAvailable": "false",
    "AllowStartOnDemand": "true",
    "Enabled": "true",
    "Hidden": "false",
    "RunOnlyIfIdle": "false",
    "WakeToRun": "false",
    "ExecutionTimeLimit": "PT0S",
    "Priority": "7",
}
"""`PT0S`: no limit (the default ends it after 72 hours). Priority 7 is a little below what the person works with."""
IDLE = {"StopOnIdleEnd": "false", "RestartOnIdle": "false"}
RESTART = {"Interval": "PT1M", "Count": "255"}
REPETITION = {"Interval": "PT10M", "StopAtDurationEnd": "false"}
"""Elements stand in the order in which Windows itself exports them."""


def task_name(entry: Entry) -> str:
    """Return the task's full name."""
    return FOLDER + entry.name


def render(entry: Entry, user: str) -> str:
    r"""Render the task of one user (`DOMAIN\name`): who logs on is named, so that nobody has to be an administrator."""
    program, *arguments = entry.command
    task = ET.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    _put(task, "RegistrationInfo", {"Author": "Backhaul", "Description": f"Brings files home to {entry.home}"})
    trigger = _put(ET.SubElement(task, "Triggers"), "LogonTrigger", {})
    _put(trigger, "Repetition", REPETITION)
    _fill(trigger, {"Enabled": "true", "UserId": user})
    who = {"UserId": user, "LogonType": "InteractiveToken", "RunLevel": "LeastPrivilege"}
    _put(ET.SubElement(task, "Principals"), "Principal", who).set("id", "Owner")
    settings = _put(task, "Settings", SETTINGS)
    _put(settings, "IdleSettings", IDLE)
    _put(settings, "RestartOnFailure", RESTART)
    actions = ET.SubElement(task, "Actions", {"Context": "Owner"})
    told = {"Command": program, "Arguments": subprocess.list2cmdline(arguments), "WorkingDirectory": entry.folder}
    _put(actions, "Exec", told)
    ET.indent(task)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(task, encoding="unicode") + "\n"


def _put(parent: ET.Element, name: str, words: dict[str, str]) -> ET.Element:
    made = ET.SubElement(parent, name)
    _fill(made, words)
    return made


def _fill(element: ET.Element, words: dict[str, str]) -> None:
    for name, word in words.items():
        ET.SubElement(element, name).text = word
