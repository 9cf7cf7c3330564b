"""What starts the agent by itself: a logon task or a service on Windows, a user unit on Linux, a launch agent on macOS.

`task`, `unit` and `plist` render what the operating system is told (pure); `logon_task`, `user_unit`, `launch_agent`
and `service` tell it; `command` is what a person types.
"""
